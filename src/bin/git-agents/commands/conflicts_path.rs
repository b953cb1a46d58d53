//! `git agents conflicts --path`: who else is changing this?

use std::path::PathBuf;

use git_agents::branch::touch::touches;
use git_agents::config;
use git_agents::git::head;
use git_agents::git::scratch::Scratch;
use git_agents::store::Scope;
use git_agents::work::candidates;
use git_agents::work::reserved::by_others;
use gix::bstr::BString;

use super::in_repository::in_repository;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::paths::PathsView;
use crate::view::reserved::ReservedView;

/// What is asked.
#[derive(Debug)]
pub(crate) struct PathQuestion<'a> {
    /// As the user gave them.
    pub(crate) paths: &'a [PathBuf],
    /// Not only agents, but every local branch.
    pub(crate) all_branches: bool,
    /// Leave uncommitted work out.
    pub(crate) committed: bool,
}

pub(crate) fn run(ctx: &Context, question: &PathQuestion<'_>) -> Result<Exit, CliError> {
    let (view, warnings) = judged(ctx, question)?;
    warnings.iter().for_each(|warning| ctx.ui.warn(warning));
    ctx.ui.answer(&view)?;
    Ok(if view.is_good() { Exit::Good } else { Exit::Negative })
}

/// The answer as of now, and what is not in the picture.
pub(crate) fn judged(ctx: &Context, question: &PathQuestion<'_>) -> Result<(PathsView, Vec<String>), CliError> {
    let repo = ctx.repo()?;
    let paths: Vec<BString> =
        question.paths.iter().map(|path| in_repository(ctx, repo, path)).collect::<Result<_, _>>()?;
    let target = config::target(repo)?;
    let snapshot = ctx.load(&Scope::open())?;
    let mut others = candidates::of_agents(repo, &snapshot.state)?;
    if question.all_branches {
        others.extend(candidates::of_other_branches(repo, &snapshot.state, &target)?);
    }
    let here =
        head::current_branch(repo).filter(|_| repo.worktree().is_some()).map(|name| format!("refs/heads/{name}"));
    others.retain(|one| {
        let is_here = one.worktree.is_some() && one.worktree.as_deref() == repo.worktree();
        !is_here && (here.is_none() || one.branch != here)
    });
    if question.committed {
        others.iter_mut().for_each(|one| (one.worktree, one.away) = (None, None));
    }
    let scratch = Scratch::new(repo)?;
    let touches = touches(repo, &scratch, target.commit, &others, &paths)?;
    let left_out =
        |(number, reason): &(usize, _)| format!("{} is judged by its commits: {reason}", others[*number].name);
    let warnings = touches.left_out.iter().map(left_out).collect();
    let mut view = PathsView::new(&target, &paths, &others, &snapshot.state, &touches);
    let own = ctx.agent_here(&snapshot.state);
    let reserved = by_others(&snapshot.state, own.as_ref(), ctx.world.now);
    let concerned = reserved.iter().filter(|one| paths.iter().any(|path| one.concerns(path.as_ref())));
    view.reserved = concerned.map(ReservedView::from).collect();
    Ok((view, warnings))
}
