//! `git agents conflicts --path`: who else is changing this?

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use git_agents::branch::touch::touches;
use git_agents::config;
use git_agents::git::scratch::Scratch;
use git_agents::git::worktrees::{self, canonical};
use git_agents::git::{Repository, head};
use git_agents::store::Scope;
use git_agents::work::candidates;
use gix::bstr::BString;

use crate::context::Context;
use crate::error::{CliError, Exit, quoted};
use crate::view::paths::PathsView;

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
    Ok((PathsView::new(&target, &paths, &others, &snapshot.state, &touches), warnings))
}

/// A path that the user gave, from the top of the repository. Literal: nothing in it is a pattern, and a symlink at its
/// end is not followed.
fn in_repository(ctx: &Context, repo: &Repository, given: &Path) -> Result<BString, CliError> {
    let Some(top) = repo.worktree() else { return in_bare(given) };
    let whole = ctx.absolute(given)?;
    let mut below = below(top, &whole);
    if below.is_none() && given.is_absolute() {
        // The same file in another worktree of the repository.
        let all = worktrees::list(repo)?;
        below = all.iter().filter(|other| other.exists()).find_map(|other| self::below(&other.path, &whole));
    }
    match below {
        Some(path) if path.starts_with(".git") => Err(not_in(given, "is inside the .git folder")),
        Some(path) => Ok(path.as_os_str().as_bytes().into()),
        None => Err(not_in(given, "is outside the repository")),
    }
}

/// Without files there is no folder to be in: paths are from the top.
fn in_bare(given: &Path) -> Result<BString, CliError> {
    let climbs = given.components().next().is_some_and(|part| part == std::path::Component::ParentDir);
    if given.is_absolute() || climbs {
        let shown = quoted(&given.display().to_string());
        let message = format!("{shown} cannot be found: the repository is bare, so give paths from its top");
        return Err(CliError::usage(message).hint("git ls-tree -r --name-only HEAD"));
    }
    Ok(config::normalise(given).as_os_str().as_bytes().into())
}

fn below(top: &Path, whole: &Path) -> Option<PathBuf> {
    if let Ok(path) = whole.strip_prefix(top) {
        return Some(path.to_owned());
    }
    // The way there may lead through a symlink; what the path ends in may be one that is meant itself.
    let (parent, name) = (whole.parent()?, whole.file_name()?);
    let resolved = canonical(parent).join(name);
    resolved.strip_prefix(top).map(Path::to_owned).ok().or_else(|| (canonical(whole) == top).then(PathBuf::new))
}

fn not_in(given: &Path, why: &str) -> CliError {
    CliError::usage(format!("{} {why}", quoted(&given.display().to_string()))).hint("git rev-parse --show-toplevel")
}
