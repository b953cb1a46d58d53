//! What Tab offers for an argument: the agents' names and the tasks' ids of this repository.

use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use git_agents::git::Repository;
use git_agents::state::State;
use git_agents::store::{self, Scope};

/// Completes an agent's name.
pub(crate) fn agent_names() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let candidate = |name: &git_agents::agent::AgentName| CompletionCandidate::new(name.as_str());
        state().map(|state| state.agents.keys().map(candidate).collect()).unwrap_or_default()
    })
}

/// Completes a task's id, with its title beside it.
pub(crate) fn task_ids() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let candidate = |task: &git_agents::task::Task| {
            let title = git_agents::text::printable(&task.title);
            CompletionCandidate::new(task.id.as_str()).help(Some(title.into()))
        };
        state().map(|state| state.tasks.values().map(candidate).collect()).unwrap_or_default()
    })
}

/// Whatever stands in the way, there is nothing to offer then.
fn state() -> Option<State> {
    let repo = Repository::discover(std::path::Path::new(".")).ok()?;
    store::load(&repo, &Scope::open()).ok().map(|snapshot| snapshot.state)
}
