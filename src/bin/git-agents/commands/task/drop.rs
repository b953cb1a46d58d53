//! `git agents task drop`

use clap::Args;
use git_agents::state::Action;

use super::change;
use crate::commands::complete_values::task_ids;
use crate::context::Context;
use crate::error::{CliError, Exit};

/// Drop a task that will not be done; it can be reopened.
#[derive(Debug, Args)]
pub(crate) struct DropArgs {
    /// The task's id, or the beginning of it that no other has.
    #[arg(add = task_ids())]
    task: String,
    /// Why it will not be done.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    reason: Option<String>,
}

pub(crate) fn run(ctx: &Context, args: &DropArgs) -> Result<Exit, CliError> {
    let reason = args.reason.as_deref().map(super::reason).transpose()?;
    change(ctx, &args.task, "dropped", |task| Action::DropTask { task, reason: reason.clone() })
}
