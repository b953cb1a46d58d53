//! `git agents conflicts`

use clap::Args;
use git_agents::branch::{Matrix, Options, Question, Work, matrix};
use git_agents::config;
use git_agents::git::scratch::Scratch;
use git_agents::store::Scope;
use git_agents::work::candidates;

use super::complete_values::agents_and_branches;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::conflicts::ConflictsView;

/// Show which branches collide, with each other and with the target, before anybody merges.
///
/// A pair's verdict answers: when one of the two has landed on the target, would git's own merge of the other stop?
/// Uncommitted work counts. Without names every agent is judged; one name is judged against the target and all agents;
/// several among each other. Exit status 1 when anything conflicts or cannot be told.
#[derive(Debug, Args)]
pub(crate) struct ConflictsArgs {
    /// Agents, branches or commits.
    #[arg(value_name = "BRANCH", add = agents_and_branches())]
    names: Vec<String>,
    /// Judge commits only; leave uncommitted work out.
    #[arg(long)]
    committed: bool,
    /// Ask whether the two tips merge with each other as they are.
    #[arg(long)]
    direct: bool,
}

pub(crate) fn run(ctx: &Context, args: &ConflictsArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    repo.require_git()?;
    let target = config::target(repo)?;
    let snapshot = ctx.load(&Scope::open())?;
    let mut candidates = candidates::named(repo, &snapshot.state, &args.names)?;
    let about = match args.names.as_slice() {
        [] => {
            candidates = candidates::of_agents(repo, &snapshot.state)?;
            None
        }
        [_] => {
            let given: Vec<_> = candidates.iter().filter_map(|candidate| candidate.branch.clone()).collect();
            let others = candidates::of_agents(repo, &snapshot.state)?;
            candidates.extend(others.into_iter().filter(|one| one.branch.as_ref().is_none_or(|b| !given.contains(b))));
            Some(0)
        }
        _ => None,
    };
    let options = Options {
        work: if args.committed { Work::Committed } else { Work::Uncommitted },
        question: if args.direct { Question::Direct } else { Question::AfterLanding },
        jobs: std::thread::available_parallelism().map_or(1, usize::from),
    };
    let scratch = Scratch::in_memory(repo)?;
    let matrix = matrix(repo, &scratch, target.commit, &candidates, &options)?;
    warn_of_left_out(ctx, &matrix);
    let view = ConflictsView::new(&target, &candidates, &matrix, about);
    ctx.ui.answer(&view)?;
    Ok(if view.is_good() { Exit::Good } else { Exit::Negative })
}

/// Say aloud whose uncommitted work is not in the picture.
pub(crate) fn warn_of_left_out(ctx: &Context, matrix: &Matrix) {
    use git_agents::branch::facts::Uncommitted;
    for branch in &matrix.branches {
        if let Uncommitted::LeftOut { reason } = &branch.uncommitted {
            ctx.ui.warn(&format!("{} is judged by its commits: {reason}", branch.name));
        }
    }
}
