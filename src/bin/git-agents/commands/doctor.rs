//! `git agents doctor`

use clap::Args;
use git_agents::work::doctor::{Manner, examine};

use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::doctor::DoctorView;

/// Check the repository, the state, worktrees, branches and leftovers.
///
/// Whatever is wrong is named, with how to mend it. Exit status 1 when something stays wrong.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Mend what can be mended without losing anything.
    #[arg(long)]
    fix: bool,
    /// Also apply every operation of the history anew, and compare.
    #[arg(long)]
    deep: bool,
}

pub(crate) fn run(ctx: &Context, args: &DoctorArgs) -> Result<Exit, CliError> {
    let view = DoctorView::new(examine(ctx.repo()?, &ctx.world, Manner { mend: args.fix, deep: args.deep }));
    ctx.ui.answer(&view)?;
    Ok(if view.is_good() { Exit::Good } else { Exit::Negative })
}
