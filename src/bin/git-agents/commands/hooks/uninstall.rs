//! `git agents hooks uninstall`

use clap::Args;
use git_agents::work::commit_hook::uninstall;

use super::chosen;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::hooks::HooksView;

/// Have git ask no more before commits in this worktree; what was installed is taken away again.
#[derive(Debug, Args)]
pub(crate) struct UninstallArgs {
    /// In the worktrees of all agents, not in this one.
    #[arg(long)]
    all: bool,
}

pub(crate) fn run(ctx: &Context, args: &UninstallArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    let (chosen, all) = chosen(ctx, args.all)?;
    let mut view = HooksView::new(false);
    for worktree in &chosen {
        let changed = uninstall(repo, worktree, &all)?;
        view.add(worktree, changed);
    }
    ctx.ui.answer(&view)?;
    Ok(Exit::Good)
}
