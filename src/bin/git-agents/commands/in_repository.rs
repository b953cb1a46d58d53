//! Paths as users give them, as paths from the top of the repository.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use git_agents::claim::{ClaimedPath, InvalidPath};
use git_agents::config;
use git_agents::git::Repository;
use git_agents::git::repository::path_of;
use git_agents::git::worktrees::{self, canonical};
use gix::bstr::{BString, ByteSlice};

use crate::context::Context;
use crate::error::{CliError, quoted};

/// A path that can be claimed: as it is stored, so that a folder above it that is a symlink is followed.
pub(crate) fn claimable(ctx: &Context, given: &OsStr) -> Result<ClaimedPath, CliError> {
    let shown = || quoted(&given.to_string_lossy());
    let refused = |reason: &InvalidPath| CliError::usage(format!("{} cannot be claimed: {reason}", shown()));
    if given.is_empty() {
        return Err(refused(&InvalidPath::Path(git_agents::path::InvalidPath::Empty)));
    }
    let repo = ctx.repo()?;
    let path = stored(repo, in_repository(ctx, repo, Path::new(given))?);
    let text = match path.to_str() {
        Ok("") => ".",
        Ok(text) => text,
        Err(_) => {
            let message = format!("{} cannot be claimed: its name is no UTF-8 text", shown());
            return Err(CliError::usage(message).hint("claim the folder that it is in"));
        }
    };
    text.parse().map_err(|reason| refused(&reason))
}

/// The path under which git keeps what is at `path`, or will keep it: a folder above it may be a symlink to another one.
pub(crate) fn stored(repo: &Repository, path: BString) -> BString {
    let Some(top) = repo.worktree() else { return path };
    let whole = top.join(path_of(path.as_ref()));
    let (Some(parent), Some(name)) = (whole.parent(), whole.file_name()) else { return path };
    match canonical(parent).strip_prefix(top) {
        Ok(parent) if !path.is_empty() => parent.join(name).as_os_str().as_bytes().into(),
        _ => path,
    }
}

/// A path that the user gave, from the top of the repository. Literal: nothing in it is a pattern, and a symlink at its
/// end is not followed.
pub(crate) fn in_repository(ctx: &Context, repo: &Repository, given: &Path) -> Result<BString, CliError> {
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
