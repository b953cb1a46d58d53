//! `git agents agent remove`

use clap::Args;
use git_agents::config;
use git_agents::git::worktrees;
use git_agents::run::list;
use git_agents::store::Scope;
use git_agents::work::enrol;
use git_agents::work::removal::{Belongings, Manner};

use crate::commands::complete_values::agent_names;
use crate::commands::init::check_text;
use crate::context::{Context, known_agent};
use crate::error::{CliError, Exit, removal_refused};
use crate::view::removed::RemovedView;

/// Remove an agent with its worktree and branch.
///
/// Refused while there is uncommitted, untracked or unlanded work. With --force a backup ref that holds all of it,
/// untracked files included, is written first, and how to get it back is printed.
#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// The agent.
    #[arg(add = agent_names())]
    name: String,
    /// Remove it although work has not landed; everything goes into a backup ref first.
    #[arg(long)]
    force: bool,
    /// Leave the branch where it is.
    #[arg(long)]
    keep_branch: bool,
}

pub(crate) fn run(ctx: &Context, args: &RemoveArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    ctx.recover()?;
    let target = config::target(repo)?;
    let snapshot = ctx.load(&Scope::open())?;
    let name = known_agent(&snapshot.state, &args.name)?;
    let agent = snapshot.state.agents.get(&name).ok_or_else(|| crate::error::unknown_agent(name.as_str()))?;
    if list::live_of(repo, &name)?.is_some() {
        return Err(CliError::refused("run-exists", format!("{name} is running in its worktree"))
            .hint(format!("git agents kill {name}")));
    }
    let is_ours = enrol::made_branch(repo, snapshot.tip, agent);
    let belongings = Belongings::of(repo, &worktrees::list(repo)?, agent, is_ours)?;
    let refused = |error| removal_refused(repo, &name, error);
    belongings.check(repo, &ctx.absolute(std::path::Path::new("."))?, args.keep_branch).map_err(refused)?;
    let worktree = belongings.worktree.as_ref().map(|worktree| worktree.path.as_path());
    if let Some(path) = worktree {
        check_text(path, "git worktree move WORKTREE NEW-PATH")?;
    }
    let manner =
        Manner { target: Some(target.commit), expected: None, force: args.force, keep_branch: args.keep_branch };
    let removed = belongings.remove(repo, &ctx.world, manner).map_err(refused)?;
    let mut view = RemovedView::new(&name, &agent.branch, worktree, removed.as_ref());
    view.foreign_branch = (!is_ours && belongings.tip.is_some()).then(|| agent.branch.clone());
    let elsewhere = belongings.elsewhere.as_ref().filter(|_| worktree.is_none());
    view.kept_folder = elsewhere.map(|path| path.display().to_string());
    ctx.ui.answer(&view)?;
    Ok(Exit::Good)
}
