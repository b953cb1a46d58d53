//! `git agents hooks install`

use clap::Args;
use git_agents::work::commit_hook::{check, install};

use super::chosen;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::hooks::HooksView;

/// Have git ask `git agents guard --staged` before every commit in this worktree (a pre-commit hook).
///
/// A commit is stopped only when somebody else has claimed one of its files exclusively; git commit --no-verify passes
/// over it. Where there is a pre-commit hook already, or core.hooksPath names another folder, nothing is changed, and the
/// answer is the line to put there by hand.
#[derive(Debug, Args)]
pub(crate) struct InstallArgs {
    /// In the worktrees of all agents, not in this one.
    #[arg(long)]
    all: bool,
}

pub(crate) fn run(ctx: &Context, args: &InstallArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    let (chosen, _) = chosen(ctx, args.all)?;
    chosen.iter().try_for_each(|worktree| check(repo, worktree))?;
    let mut view = HooksView::new(true);
    for worktree in &chosen {
        let changed = install(repo, worktree)?;
        view.add(worktree, changed);
    }
    ctx.ui.answer(&view)?;
    Ok(Exit::Good)
}
