//! What Tab offers for an argument: names and ids of this repository.

use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use git_agents::finding::FindingState;
use git_agents::git::{Repository, refs};
use git_agents::profile::{Call, Profile};
use git_agents::state::State;
use git_agents::store::{self, Scope};
use git_agents::text::printable;

/// Completes an agent's name, with what it works on beside it.
pub(crate) fn agent_names() -> ArgValueCandidates {
    ArgValueCandidates::new(|| state(&Scope::open()).map(|state| agents(&state)).unwrap_or_default())
}

/// Completes a task's id, with its title beside it.
pub(crate) fn task_ids() -> ArgValueCandidates {
    ArgValueCandidates::new(|| state(&Scope::open()).map(|state| tasks(&state)).unwrap_or_default())
}

/// Completes an agent's name or a task's id.
pub(crate) fn agents_and_tasks() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let both = |state: State| agents(&state).into_iter().chain(tasks(&state)).collect();
        state(&Scope::open()).map(both).unwrap_or_default()
    })
}

/// Completes an agent's name or a local branch.
pub(crate) fn agents_and_branches() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let mut offers = state(&Scope::open()).map(|state| agents(&state)).unwrap_or_default();
        offers.extend(branches());
        offers
    })
}

/// Completes how a branch lands.
pub(crate) fn strategy_words() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let words = [
            ("rebase", "its commits are replayed on top of the target"),
            ("merge", "a merge commit joins it to the target"),
            ("squash", "one commit holds all of its changes"),
        ];
        words.map(|(word, help)| offer(word, help)).into()
    })
}

/// Completes a profile, with the program that it calls beside it.
pub(crate) fn profile_names() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let Some(repo) = repository() else { return Vec::new() };
        let usable =
            git_agents::profile::all(&repo).into_iter().filter_map(|(name, profile)| Some((name, profile.ok()?)));
        let help = |profile: &Profile| match &profile.command {
            Call::Words(words) => words.join(" "),
            Call::Script(script) => script.clone(),
            Call::Given(_) => String::new(),
        };
        usable.map(|(name, profile)| offer(&name, &help(&profile))).collect()
    })
}

/// Completes a preset, with what it is for beside it.
pub(crate) fn preset_names() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let presets = repository().map(|repo| git_agents::preset::all(&repo)).unwrap_or_default();
        presets
            .iter()
            .filter_map(|(_, preset)| preset.as_ref().ok())
            .map(|preset| offer(&preset.name, preset.purpose))
            .collect()
    })
}

/// Completes a local branch.
pub(crate) fn branch_names() -> ArgValueCandidates {
    ArgValueCandidates::new(branches)
}

/// Completes a remote.
pub(crate) fn remote_names() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let Some(repo) = repository() else { return Vec::new() };
        repo.gix().remote_names().iter().map(|name| CompletionCandidate::new(printable(&name.to_string()))).collect()
    })
}

/// Completes the id of an open finding, with its message beside it.
pub(crate) fn finding_ids() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let Some(state) = state(&Scope::open().with_findings()) else { return Vec::new() };
        let open = state.findings.values().filter(|finding| finding.state == FindingState::Open);
        open.map(|finding| offer(finding.id.as_str(), &finding.message)).collect()
    })
}

fn agents(state: &State) -> Vec<CompletionCandidate> {
    let works_on = |agent: &git_agents::agent::Agent| match state.in_progress(&agent.name) {
        Some(task) => format!("{}: {}", task.id, task.title),
        None => agent.branch.clone(),
    };
    state.agents.values().map(|agent| offer(agent.name.as_str(), &works_on(agent))).collect()
}

fn tasks(state: &State) -> Vec<CompletionCandidate> {
    state.tasks.values().map(|task| offer(task.id.as_str(), &task.title)).collect()
}

fn branches() -> Vec<CompletionCandidate> {
    let Some(found) = repository().and_then(|repo| refs::list(&repo, "refs/heads/").ok()) else { return Vec::new() };
    let shorts = found.iter().filter_map(|(name, _)| name.strip_prefix("refs/heads/"));
    shorts.map(|name| CompletionCandidate::new(printable(name))).collect()
}

fn offer(value: &str, help: &str) -> CompletionCandidate {
    CompletionCandidate::new(value).help(Some(printable(help).into()))
}

/// Whatever stands in the way, there is nothing to offer then.
fn state(scope: &Scope) -> Option<State> {
    store::load(&repository()?, scope).ok().map(|snapshot| snapshot.state)
}

fn repository() -> Option<Repository> {
    Repository::discover(std::path::Path::new(".")).ok()
}
