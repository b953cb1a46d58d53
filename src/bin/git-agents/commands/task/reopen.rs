//! `git agents task reopen`

use clap::Args;
use git_agents::state::Action;

use super::change;
use crate::commands::complete_values::task_ids;
use crate::context::Context;
use crate::error::{CliError, Exit};

/// Make a blocked, failed or dropped task open again.
#[derive(Debug, Args)]
pub(crate) struct ReopenArgs {
    /// The task's id, or the beginning of it that no other has.
    #[arg(add = task_ids())]
    task: String,
}

pub(crate) fn run(ctx: &Context, args: &ReopenArgs) -> Result<Exit, CliError> {
    change(ctx, &args.task, "reopened", |task| Action::ReopenTask { task })
}
