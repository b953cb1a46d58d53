//! Who is to land.

use git_agents::agent::AgentName;
use git_agents::config::Target;
use git_agents::git::{Repository, refs, worktrees};
use git_agents::land::plan::{Stop, Stopped};
use git_agents::state::State;
use git_agents::task::TaskState;
use git_agents::work::candidates::CandidateError;
use git_agents::work::elsewhere;
use git_agents::work::landing;
use git_agents::work::place;

use super::super::stranger::refuse_stranger;
use super::super::terms::overtaken;
use super::MergeArgs;
use crate::context::{Context, known_agent};
use crate::error::{CliError, worktree_astray};
use crate::render::style::safe;

/// Who is to land: those that were named, else everybody who has something and works on nothing.
pub(super) fn chosen(
    ctx: &Context,
    state: &State,
    target: &Target,
    args: &MergeArgs,
) -> Result<Vec<AgentName>, CliError> {
    if !args.all && args.agents.is_empty() {
        return Err(CliError::usage("say who is to land").hint("git agents merge --all").hint("git agents status"));
    }
    for agent in state.agents.keys().filter(|_| args.all) {
        if let Some(task) = state.in_progress(agent) {
            ctx.ui.note(&format!("{agent} is left out: it works on {}", task.id));
        }
    }
    let astray = [astray(ctx, state)?, overtaken(ctx, state)?].concat();
    if args.all {
        for (agent, error) in &astray {
            ctx.ui.warn(&format!("{agent} is left out: {}", error.message));
        }
        let mut agents = landing::with_work(ctx.repo()?, state, target)?;
        agents.retain(|agent| !astray.iter().any(|(name, _)| name == agent));
        // Half of a work that failed is nobody's wish, unless somebody says so.
        let has_completed = |agent: &AgentName| state.tasks_of(agent).any(|task| task.state == TaskState::Completed);
        agents.retain(|agent| {
            let failed = state.tasks_of(agent).find(|task| task.state == TaskState::Failed);
            let Some(task) = failed.filter(|_| !has_completed(agent)) else { return true };
            let why = task.reason.as_deref().map(|reason| format!(" ({})", safe(reason))).unwrap_or_default();
            ctx.ui.warn(&format!(
                "{agent} is left out: it failed at {}{why}; git agents merge {agent} lands it",
                task.id
            ));
            false
        });
        return without_absent(ctx, state, target, agents);
    }
    let agents: Vec<AgentName> = args.agents.iter().map(|name| known_agent(state, name)).collect::<Result<_, _>>()?;
    for agent in &agents {
        if let Some((_, error)) = astray.iter().find(|(name, _)| name == agent) {
            return Err(error.clone());
        }
        if let Some(task) = state.in_progress(agent) {
            return Err(CliError::refused(
                "in-progress",
                format!("{agent} still works on {}: {}", task.id, task.title),
            )
            .hint(format!("git agents complete {agent}"))
            .hint(format!("git agents fail {agent} --reason \"…\"")));
        }
        if let Some(agent) = state.agents.get(agent) {
            refuse_stranger(ctx, agent, target)?;
        }
    }
    Ok(agents)
}

/// Leave out those whose branches are other clones', or nobody's that we know; one that is nowhere is told of where it is
/// looked for.
fn without_absent(
    ctx: &Context,
    state: &State,
    target: &Target,
    agents: Vec<AgentName>,
) -> Result<Vec<AgentName>, CliError> {
    let repo = ctx.repo()?;
    let mut here = Vec::new();
    for name in agents {
        let Some(agent) = state.agents.get(&name) else { continue };
        match refs::read(repo, &format!("refs/heads/{}", agent.branch))? {
            None if elsewhere::absent(repo, agent).is_some() => {
                let error = CliError::from(CandidateError::without(repo, agent));
                let hints = error.hints.join("; ");
                ctx.ui.warn(&format!("{name} is left out: {}; {hints}", error.message));
            }
            _ => match refuse_stranger(ctx, agent, target) {
                Ok(()) => here.push(name),
                Err(error) => {
                    ctx.ui.warn(&format!("{name} is left out: {}; {}", error.message, error.hints.join("; ")))
                }
            },
        }
    }
    Ok(here)
}

/// Those of the agents whose branch went away since they were chosen.
pub(super) fn gone(repo: &Repository, state: &State, agents: &[AgentName]) -> Result<Vec<Stopped>, CliError> {
    let mut gone = Vec::new();
    for agent in agents.iter().filter_map(|name| state.agents.get(name)) {
        let branch = format!("refs/heads/{}", agent.branch);
        if refs::read(repo, &branch)?.is_none() {
            gone.push(Stopped { name: agent.name.to_string(), branch, tip: None, reason: Stop::Missing });
        }
    }
    Ok(gone)
}

/// The agents whose worktree has something else checked out than their branch: what was done there is not on the branch,
/// and landing the branch without it would pass it over.
fn astray(ctx: &Context, state: &State) -> Result<Vec<(AgentName, CliError)>, CliError> {
    let repo = ctx.repo()?;
    let all = worktrees::list(repo)?;
    let error = |agent: &git_agents::agent::Agent| {
        let astray = place::astray(repo, &all, agent)?;
        // A branch that is gone is told as that.
        refs::read(repo, &format!("refs/heads/{}", agent.branch)).ok().flatten()?;
        Some((agent.name.clone(), worktree_astray(agent, &astray)))
    };
    Ok(state.agents.values().filter_map(error).collect())
}
