//! `git agents merge-order`

use clap::Args;
use git_agents::branch::order::plan;
use git_agents::branch::{Options, Work, matrix};
use git_agents::config;
use git_agents::git::scratch::Scratch;
use git_agents::store::Scope;
use git_agents::work::candidates;

use super::complete_values::agents_and_branches;
use super::conflicts::warn_of_left_out;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::merge_order::OrderView;

/// Compute the order in which the most branches land without manual work.
///
/// Dependencies and stacked branches come first. The order was tried out on the accumulated target before it is
/// given. Exit status 1 when a branch needs resolution or cannot be judged.
#[derive(Debug, Args)]
pub(crate) struct MergeOrderArgs {
    /// Agents, branches or commits [default: every agent that has something to land].
    #[arg(value_name = "BRANCH", add = agents_and_branches())]
    names: Vec<String>,
    /// Judge commits only; leave uncommitted work out.
    #[arg(long)]
    committed: bool,
}

pub(crate) fn run(ctx: &Context, args: &MergeOrderArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    repo.require_git()?;
    let target = config::target(repo)?;
    let snapshot = ctx.load(&Scope::open())?;
    let candidates = match args.names.as_slice() {
        [] => candidates::of_agents(repo, &snapshot.state)?,
        names => candidates::named(repo, &snapshot.state, names)?,
    };
    let options = Options {
        work: if args.committed { Work::Committed } else { Work::Uncommitted },
        jobs: std::thread::available_parallelism().map_or(1, usize::from),
        ..Options::default()
    };
    let scratch = Scratch::in_memory(repo)?;
    let matrix = matrix(repo, &scratch, target.commit, &candidates, &options)?;
    warn_of_left_out(ctx, &matrix);
    let plan = plan(repo, &scratch, &matrix, &candidates)?;
    for (first, then) in &plan.ignored {
        ctx.ui.warn(&format!("that {first} comes before {then} was left out: the dependencies contradict each other"));
    }
    let view = OrderView::new(&target, &candidates, &plan, args.names.is_empty());
    ctx.ui.answer(&view)?;
    Ok(if view.is_good() { Exit::Good } else { Exit::Negative })
}
