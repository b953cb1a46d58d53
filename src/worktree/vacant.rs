//! Whether a branch and a folder are free for a new worktree.

use std::path::Path;

use super::create::{CreateError, Request};
use crate::git::Repository;
use crate::git::refs;
use crate::git::worktrees::Worktree;

/// Refuse a branch that cannot be made, or taken when it has to be there.
pub(super) fn check_branch(repo: &Repository, request: &Request) -> Result<(), CreateError> {
    let branch = &request.branch;
    let invalid = || CreateError::InvalidBranch { branch: branch.clone() };
    let short = branch.strip_prefix("refs/heads/").ok_or_else(invalid)?;
    // git takes these for options, or for the HEAD of a worktree.
    if short.starts_with('-') || short == "HEAD" || gix::refs::FullName::try_from(branch.as_str()).is_err() {
        return Err(invalid());
    }
    let exists = refs::read(repo, branch)?.is_some();
    match (exists, request.existing) {
        (true, true) => return Ok(()),
        (true, false) => return Err(CreateError::BranchExists { branch: branch.clone() }),
        (false, true) => return Err(CreateError::NoSuchBranch { branch: branch.clone() }),
        (false, false) => {}
    }
    let clash = |other: &str| CreateError::NameClash { branch: branch.clone(), other: other.to_owned() };
    if let Some((below, _)) = refs::list(repo, &format!("{branch}/"))?.first() {
        return Err(clash(below));
    }
    let prefixes = branch.match_indices('/').map(|(at, _)| &branch[..at]);
    for above in prefixes.filter(|above| above.len() > "refs/heads".len()) {
        if refs::read(repo, above)?.is_some() {
            return Err(clash(above));
        }
    }
    Ok(())
}

/// Refuse a folder that is somebody's, or is in a place where worktrees do not belong.
pub(super) fn check_path(repo: &Repository, path: &Path, all: &[Worktree]) -> Result<(), CreateError> {
    if all.iter().any(|worktree| worktree.path == path && !worktree.path.exists()) {
        return Err(CreateError::PathRegistered { path: path.to_owned() });
    }
    let inside = all.iter().filter(|worktree| !worktree.is_bare).map(|worktree| worktree.path.as_path());
    for folder in inside.chain([repo.common_dir()]) {
        if path != folder && path.starts_with(folder) {
            return Err(CreateError::PathInside { path: path.to_owned(), inside: folder.to_owned() });
        }
    }
    let is_free = match path.symlink_metadata() {
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        Ok(_) => path.read_dir().is_ok_and(|mut entries| entries.next().is_none()),
    };
    if is_free { Ok(()) } else { Err(CreateError::PathOccupied { path: path.to_owned() }) }
}
