//! `git agents fail`

use clap::Args;
use git_agents::state::Action;
use git_agents::store::Scope;
use git_agents::work::leases;

use super::complete_values::agent_names;
use super::task::reason;
use super::terms::lost;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::done::TaskChanged;

/// Give up the agent's task and say why; what is on the branch stays there.
#[derive(Debug, Args)]
pub(crate) struct FailArgs {
    /// The agent; may be left out in its worktree.
    #[arg(add = agent_names())]
    agent: Option<String>,
    /// Why, for whoever takes it next.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    reason: String,
}

pub(crate) fn run(ctx: &Context, args: &FailArgs) -> Result<Exit, CliError> {
    let reason = reason(&args.reason)?;
    let snapshot = ctx.load(&Scope::open())?;
    let agent = ctx.agent(&snapshot.state, args.agent.as_deref())?;
    let repo = ctx.repo()?;
    let mut given_up = None;
    let committed = ctx.transact(&Scope::open(), |state, _| {
        let Some(task) = state.in_progress(&agent) else {
            return Err(lost(ctx, &agent)?.unwrap_or_else(|| nothing_in_progress(&agent)));
        };
        let fence = leases::known(repo, &agent, task);
        let task = task.id.clone();
        given_up = Some(task.clone());
        Ok(Some(Action::Fail { agent: agent.clone(), task, reason: reason.clone(), fence }.into()))
    })?;
    leases::forget(repo, &agent);
    if let (Some(committed), Some(id)) = (committed, given_up) {
        let sentence = |task: &git_agents::task::Task| format!("{agent} gave up {}: {}", task.id, task.title);
        if let Some(view) = TaskChanged::of(&committed.state, &id, sentence) {
            ctx.ui.answer(&view)?;
        }
    }
    Ok(Exit::Good)
}

/// The agent works on nothing.
pub(crate) fn nothing_in_progress(agent: &git_agents::agent::AgentName) -> CliError {
    CliError::refused("nothing-in-progress", format!("{agent} has no task in progress"))
        .hint(format!("git agents start {agent}"))
        .hint(format!("git agents task list --agent {agent}"))
}
