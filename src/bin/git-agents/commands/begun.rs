//! What an agent of the same name has begun in another clone.

use git_agents::agent::Agent;
use git_agents::task::Task;
use git_agents::work::begun::{self, Begun};

use crate::context::Context;
use crate::error::{CliError, quoted};

/// The code of the refusal.
pub(crate) const ELSEWHERE: &str = "begun-elsewhere";

/// Refuse to act on what the agent has in progress when that is another clone's doing: what is on the branch here is
/// not its work.
pub(crate) fn refuse_elsewhere(ctx: &Context, agent: &Agent, task: &Task) -> Result<(), CliError> {
    let repo = ctx.repo()?;
    let Begun::Elsewhere { pushed } = begun::begun(repo, agent, task)? else { return Ok(()) };
    let (name, id, branch) = (&agent.name, &task.id, &agent.branch);
    let message = format!("{name} has begun {id} in another clone, and {branch} here has nothing of that work");
    let error = CliError::refused(ELSEWHERE, message)
        .hint(format!("git agents complete {name}, in the clone where it was begun"));
    let error = match pushed {
        Some(pushed) => {
            error.hint(format!("git merge {}, in the worktree of {name}, to go on with it here", quoted(&pushed)))
        }
        None => error,
    };
    Err(error.hint(format!("git agents unassign {name} {id} && git agents start {name} {id}, to begin it here")))
}
