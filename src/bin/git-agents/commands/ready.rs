//! `git agents ready`

use clap::Args;
use git_agents::store::Scope;

use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::task::{TaskList, TaskView};

/// List the tasks that can start now, best first.
///
/// A task is ready when nobody has it and everything it waits for is completed or landed.
#[derive(Debug, Args)]
pub(crate) struct ReadyArgs {
    /// Show at most N tasks.
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<usize>,
}

pub(crate) fn run(ctx: &Context, args: &ReadyArgs) -> Result<Exit, CliError> {
    let snapshot = ctx.load(&Scope::open())?;
    let ready = snapshot.state.ready().into_iter().take(args.limit.unwrap_or(usize::MAX));
    let tasks: Vec<TaskView> = ready.map(|task| TaskView::new(&snapshot.state, task)).collect();
    ctx.ui.answer(&TaskList { tasks, none: "no task can start now" })?;
    Ok(Exit::Good)
}
