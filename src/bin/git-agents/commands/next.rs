//! `git agents next`

use clap::Args;
use git_agents::agent::AgentName;
use git_agents::store::{Scope, Snapshot};
use git_agents::task::TaskId;

use super::complete_values::agent_names;
use super::start::begin;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::sharing::{OfflineArg, Sharing};
use crate::view::started::{NothingReady, StartedView};

/// Give the agent the best task that can start now, and start it, in one step.
///
/// Its own assigned tasks come first, then the ready ones by priority and age. Two agents that ask at the same moment
/// never get the same task. Exit status 1 when nothing can start.
#[derive(Debug, Args)]
pub(crate) struct NextArgs {
    /// The agent; may be left out in its worktree.
    #[arg(add = agent_names())]
    agent: Option<String>,
    #[command(flatten)]
    offline: OfflineArg,
}

pub(crate) fn run(ctx: &Context, args: &NextArgs) -> Result<Exit, CliError> {
    ctx.recover()?;
    let sharing = Sharing::begin(ctx, args.offline)?;
    loop {
        let snapshot = ctx.load(&Scope::open())?;
        let agent = ctx.agent(&snapshot.state, args.agent.as_deref())?;
        if let Some(current) = snapshot.state.in_progress(&agent) {
            let (agent, task) = (agent.clone(), current.id.clone());
            return Err(git_agents::state::Rejected::Busy { agent, task }.into());
        }
        let Some(id) = best(&snapshot, &agent) else {
            let waiting = snapshot.state.count(git_agents::task::TaskState::Open);
            ctx.ui.answer(&NothingReady { agent: agent.to_string(), open: waiting })?;
            return Ok(Exit::Negative);
        };
        match begin(ctx, &sharing, &snapshot, &agent, &id) {
            Ok(started) => {
                ctx.ui.answer(&StartedView::new(&agent, &id, &started))?;
                return Ok(Exit::Good);
            }
            // Somebody else was faster with this one: look again.
            Err(error) if matches!(error.code, "task-held" | "task-state" | "moved-meanwhile") => {
                ctx.ui.detail(&format!("{id}: {}; looking again", error.message));
                let now = ctx.load(&Scope::open())?;
                if best(&now, &agent).as_ref() == Some(&id) {
                    // It is still the best one, so nobody took it and looking again would not end.
                    return Err(error);
                }
            }
            Err(error) => return Err(error),
        }
    }
}

fn best(snapshot: &Snapshot, agent: &AgentName) -> Option<TaskId> {
    let state = &snapshot.state;
    let can_start = |task: &&&git_agents::task::Task| git_agents::task::waiting_for(&state.tasks, task).is_empty();
    let own = state.assigned_to(agent).iter().find(can_start).map(|task| task.id.clone());
    own.or_else(|| state.ready().first().map(|task| task.id.clone()))
}
