//! `git agents agent add`

use std::path::PathBuf;

use clap::Args;
use git_agents::agent::{AgentName, is_branch_name};
use git_agents::config;
use git_agents::git::refs::{self, RefError};
use git_agents::git::worktrees;
use git_agents::work::enrol::{self, Enrolment, Making};
use git_agents::worktree::ready::Event;

use crate::commands::complete_values::branch_names;
use crate::commands::enrolling::{SetupArg, confirmed, warn_of_setup};
use crate::commands::init::check_text;
use crate::commands::narrator::Narrator;
use crate::context::{Context, agent_name};
use crate::error::{CliError, Exit, quoted};
use crate::sharing::{OfflineArg, Sharing};
use crate::view::enrolled::EnrolledView;
use crate::view::prepared::prepared_warnings;

/// Register one agent with a branch and a worktree, new or existing ones.
///
/// A new worktree gets the ignored files that .worktreeinclude names (patterns as in .gitignore, read from the main
/// worktree), and the commands of agents.setup are run in it. When one fails, nothing is left.
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// The agent's name.
    name: String,
    /// The name of its branch [default: agents/NAME].
    #[arg(long, value_name = "BRANCH", add = branch_names())]
    branch: Option<String>,
    /// Where a new branch begins [default: the target].
    #[arg(long, value_name = "REV", add = branch_names(), conflicts_with = "existing")]
    base: Option<String>,
    /// Where its worktree goes [default: ../REPOSITORY-worktrees/NAME].
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::DirPath)]
    path: Option<PathBuf>,
    /// Make only the branch.
    #[arg(long, conflicts_with = "path")]
    no_worktree: bool,
    /// Take a branch that is there already, and the worktree that has it checked out.
    #[arg(long)]
    existing: bool,
    #[command(flatten)]
    setup: SetupArg,
    #[command(flatten)]
    offline: OfflineArg,
}

pub(crate) fn run(ctx: &Context, args: AddArgs) -> Result<Exit, CliError> {
    let AddArgs { name, branch, base, path, no_worktree, existing, setup, offline } = args;
    let name = agent_name(&name)?;
    let repo = ctx.repo()?;
    repo.require_git()?;
    ctx.recover()?;
    let target = config::target(repo)?;
    let branch = branch.unwrap_or_else(|| format!("{}{name}", config::prefix(repo)));
    let branch = branch.strip_prefix("refs/heads/").unwrap_or(&branch).to_owned();
    if !is_branch_name(&branch) {
        return Err(CliError::usage(format!("{branch:?} cannot be the name of a branch")));
    }
    if branch == target.branch {
        return Err(CliError::refused("branch-is-target", format!("{branch} is the target, where all work lands"))
            .hint(format!("git agents agent add {name}")));
    }
    let full = format!("refs/heads/{branch}");
    let start = match (existing, base) {
        (true, _) => match refs::read_movable(repo, &full) {
            Err(RefError::Symbolic { .. }) => {
                let message = format!("{branch} is a symbolic ref, another name for another branch");
                return Err(CliError::refused("symbolic-ref", message)
                    .hint(format!("git symbolic-ref {}", quoted(&full)))
                    .hint(format!("git agents agent add {name} --existing --branch THAT-BRANCH")));
            }
            found => found?.ok_or_else(|| {
                CliError::refused("branch-missing", format!("there is no branch {branch} to take"))
                    .hint(format!("git agents agent add {name} --branch {branch}"))
            })?,
        },
        (false, Some(rev)) => ctx.commit(&rev)?,
        (false, None) => target.commit,
    };
    let checked_out = || -> Result<Option<PathBuf>, CliError> {
        let all = worktrees::list(repo)?;
        Ok(all.into_iter().find(|worktree| worktree.holds(&full)).map(|worktree| worktree.path))
    };
    let worktree = match path {
        _ if no_worktree => None,
        Some(path) => Some(ctx.absolute(&path)?),
        None if existing => Some(checked_out()?.unwrap_or_else(|| config::worktree_path(repo, &name))),
        None => Some(config::worktree_path(repo, &name)),
    };
    if let Some(path) = &worktree {
        check_text(path, &format!("git agents agent add {name} --path DIR"))?;
    }
    let enrolment = Enrolment { name, branch, start, existing, worktree, registered: false };
    let sharing = Sharing::of_new_agents(ctx, offline)?;
    warn_of_setup(ctx, setup)?;
    let narrator = Narrator::new(&ctx.ui, 1, ctx.ui.spinner());
    let observer = |agent: &AgentName, event: Event<'_>| narrator.tell(agent, &event);
    let making = Making { with_setup: !setup.no_setup, observer: &observer, made: &|_| {} };
    let enrolling = enrol::enrol(repo, &ctx.world, &[enrolment], making);
    narrator.done();
    let enrolled = confirmed(ctx, &sharing, enrolling?)?;
    for complaint in enrolled.iter().filter_map(|one| one.complaint.as_ref()) {
        ctx.ui.warn(&format!("a hook failed after the worktree was made: {complaint}"));
    }
    prepared_warnings(enrolled.iter().map(|one| &one.prepared)).iter().for_each(|warning| ctx.ui.warn(warning));
    ctx.ui.answer(&EnrolledView::new(target.branch, &enrolled, Vec::new()))?;
    Ok(Exit::Good)
}
