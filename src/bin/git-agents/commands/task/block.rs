//! `git agents task block`

use clap::Args;
use git_agents::state::Action;

use super::change;
use crate::commands::complete_values::task_ids;
use crate::context::Context;
use crate::error::{CliError, Exit};

/// Mark a task as waiting for something that is not a task.
#[derive(Debug, Args)]
pub(crate) struct BlockArgs {
    /// The task's id, or the beginning of it that no other has.
    #[arg(add = task_ids())]
    task: String,
    /// What it waits for.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    reason: String,
}

pub(crate) fn run(ctx: &Context, args: &BlockArgs) -> Result<Exit, CliError> {
    let reason = super::reason(&args.reason)?;
    change(ctx, &args.task, "blocked", |task| Action::BlockTask { task, reason: reason.clone() })
}
