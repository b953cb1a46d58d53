//! `git agents unassign`

use clap::Args;
use git_agents::agent::AgentName;
use git_agents::state::Action;
use git_agents::store::{Scope, Snapshot};

use super::complete_values::{agent_names, task_ids};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::done::TaskChanged;

/// Take a task back from its agent; it is open again.
///
/// Without TASK the agent's only assigned or current task is meant. The work on the branch stays where it is.
#[derive(Debug, Args)]
pub(crate) struct UnassignArgs {
    /// The agent; may be left out in its worktree.
    #[arg(add = agent_names())]
    agent: Option<String>,
    /// The task's id, or the beginning of it that no other has.
    #[arg(add = task_ids())]
    task: Option<String>,
}

/// Who has the task that `text` means.
fn holder(ctx: &Context, snapshot: &Snapshot, text: &str) -> Option<AgentName> {
    let id = ctx.task(snapshot, text).ok()?;
    snapshot.state.tasks.get(&id)?.agent.clone()
}

pub(crate) fn run(ctx: &Context, args: UnassignArgs) -> Result<Exit, CliError> {
    let words: Vec<String> = [args.agent, args.task].into_iter().flatten().collect();
    let snapshot = ctx.load(&Scope::open())?;
    let (agent, rest) = match (ctx.agent_and(&snapshot.state, &words), words.as_slice()) {
        // A task has one holder, so the task alone says it all.
        (Err(unknown), [task]) => (holder(ctx, &snapshot, task).ok_or(unknown)?, words.as_slice()),
        (found, _) => found?,
    };
    let id = match rest {
        [] => {
            let current = snapshot.state.in_progress(&agent).into_iter();
            let held: Vec<_> = current.chain(snapshot.state.assigned_to(&agent)).collect();
            match held.as_slice() {
                [only] => only.id.clone(),
                [] => {
                    return Err(CliError::refused("nothing-assigned", format!("{agent} has no task to take back"))
                        .hint(format!("git agents task list --agent {agent}")));
                }
                _ => {
                    return Err(CliError::usage(format!("{agent} has several tasks; say which"))
                        .hint(format!("git agents task list --agent {agent}")));
                }
            }
        }
        [task] => ctx.task(&snapshot, task)?,
        _ => return Err(CliError::usage("unassign takes [AGENT] [TASK]")),
    };
    let action = Action::Unassign { agent: agent.clone(), task: id.clone() };
    let committed = ctx.transact(&Scope::open(), |_, _| Ok(Some(action.clone().into())))?;
    let sentence = |task: &git_agents::task::Task| format!("took {} back from {agent}: {}", task.id, task.title);
    if let Some(view) = committed.and_then(|committed| TaskChanged::of(&committed.state, &id, sentence)) {
        ctx.ui.answer(&view)?;
    }
    Ok(Exit::Good)
}
