//! `git agents trust`

use clap::Args;
use git_agents::config;
use git_agents::config::shared::{self, SharedFile};
use git_agents::config::trust;

use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::trust::TrustView;

/// Let the commands that `.agents.toml` proposes run, as long as it stays exactly as it is now.
///
/// It is the file in the tree of the target. What it runs is shown before anything is recorded, and once it has changed it
/// is asked for again. What is recorded is this clone's own.
#[derive(Debug, Args)]
pub(crate) struct TrustArgs {
    /// Only show what would run, and whether it is trusted. Exit status 1 when it is not.
    #[arg(long, conflicts_with = "revoke")]
    show: bool,
    /// Trust it no longer.
    #[arg(long)]
    revoke: bool,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
}

pub(crate) fn run(ctx: &Context, args: &TrustArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    let failed = |error: std::io::Error| {
        CliError::new(Exit::Outside, "write-failed", format!("what is trusted could not be recorded: {error}"))
            .hint("look at the permissions of .git/agents and at the free space: df .")
    };
    if args.revoke {
        let was_any = trust::revoke(repo).map_err(failed)?;
        // The file may be anything by now; that does not keep anybody from trusting it no longer.
        let file = shared::read(repo).ok().flatten();
        ctx.ui.answer(&TrustView::new(file.as_ref(), false, was_any))?;
        return Ok(Exit::Good);
    }
    let file = shared::read(repo)?;
    let Some(file) = file.filter(|file| file.commands().next().is_some()) else {
        warn_of_uncommitted(ctx)?;
        ctx.ui.answer(&TrustView::new(None, false, false))?;
        return Ok(Exit::Good);
    };
    let was_other = trust::is_any(repo) && !file.is_trusted;
    if args.show {
        ctx.ui.answer(&TrustView::new(Some(&file), file.is_trusted, was_other))?;
        return Ok(if file.is_trusted { Exit::Good } else { Exit::Negative });
    }
    if !file.is_trusted {
        show(ctx, &file);
        ctx.ui.confirm(&format!("Let what {} says run here?", shared::FILE), args.yes)?;
        trust::record(repo, &file.text).map_err(failed)?;
    }
    ctx.ui.answer(&TrustView::new(Some(&file), true, false))?;
    Ok(Exit::Good)
}

/// What only lies in the worktree does not count, which is easily overlooked.
fn warn_of_uncommitted(ctx: &Context) -> Result<(), CliError> {
    let repo = ctx.repo()?;
    let lies_here = repo.worktree().is_some_and(|top| top.join(shared::FILE).is_file());
    if let (true, Ok(None), Ok(target)) = (lies_here, shared::read(repo), config::target(repo)) {
        ctx.ui.warn(&format!("{} counts once {} has it: commit it there", shared::FILE, target.branch));
    }
    Ok(())
}

fn show(ctx: &Context, file: &SharedFile) {
    for (name, command) in file.commands() {
        ctx.ui.note(&format!("{name}: {command}"));
    }
}
