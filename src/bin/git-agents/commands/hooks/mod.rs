//! `git agents hooks …`

pub(crate) mod install;
pub(crate) mod uninstall;

use clap::{Args, Subcommand};
use git_agents::git::worktrees::{self, Worktree};
use git_agents::store::Scope;

use crate::context::Context;
use crate::error::{CliError, Exit};

/// Have git ask before every commit whether somebody else has claimed the files.
///
/// Nothing installs the hook by itself. It is one file in the repository's folder of hooks, and does nothing but in the
/// worktrees where it was installed. A hook of your own is never touched.
#[derive(Debug, Args)]
pub(crate) struct HooksArgs {
    #[command(subcommand)]
    command: HooksCommand,
}

#[derive(Debug, Subcommand)]
enum HooksCommand {
    Install(install::InstallArgs),
    Uninstall(uninstall::UninstallArgs),
}

pub(crate) fn run(ctx: &Context, args: &HooksArgs) -> Result<Exit, CliError> {
    match &args.command {
        HooksCommand::Install(args) => install::run(ctx, args),
        HooksCommand::Uninstall(args) => uninstall::run(ctx, args),
    }
}

/// The worktrees that are meant, and all that there are.
fn chosen(ctx: &Context, all_agents: bool) -> Result<(Vec<Worktree>, Vec<Worktree>), CliError> {
    let repo = ctx.repo()?;
    let all = worktrees::list(repo)?;
    if !all_agents {
        let here = all.iter().find(|worktree| Some(worktree.path.as_path()) == repo.worktree() && !worktree.is_bare);
        let here = here.cloned().ok_or_else(|| {
            CliError::refused("no-worktree", "this is not in a worktree").hint("the same command with --all")
        })?;
        return Ok((vec![here], all));
    }
    let state = ctx.load(&Scope::open())?.state;
    let branches: Vec<String> = state.agents.values().map(|agent| format!("refs/heads/{}", agent.branch)).collect();
    let is_agents = |worktree: &&Worktree| worktree.is_intact() && branches.iter().any(|branch| worktree.holds(branch));
    Ok((all.iter().filter(is_agents).cloned().collect(), all))
}
