//! Removing a worktree and its branch without losing anything.
//!
//! What would be lost is data: [`losses`] finds it, [`remove`] refuses because of it unless it is forced, and writes
//! it all to a backup ref first in either case. What a commit cannot hold (a repository inside, commits of a
//! submodule) is refused even then. The folder is renamed before it is deleted, and compared with the backup under
//! its new name: an agent that was still writing has its folder back.

use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::actor::Signature;
use gix::bstr::BString;
use serde::{Deserialize, Serialize};

pub use super::backup::BackupError;
use super::backup::{self, Content};
use super::discard;
use super::journal::{Entry, JournalError};
pub use super::losses::{Losses, losses};
use crate::git::merge_tree::MergeError;
use crate::git::refs::{self, Expected, RefError, RefUpdate};
use crate::git::repository::{RefStorage, path_text};
use crate::git::scratch::ScratchError;
use crate::git::worktrees::{self, Worktree};
use crate::git::{GitError, Repository};
use crate::git::{stale, status};

/// The kind of journal entry.
pub const KIND: &str = "worktree-removal";

/// What to remove.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whose it is; names the backup.
    pub name: String,
    /// The branch to delete, `refs/heads/…`; without it no branch is deleted.
    pub branch: Option<String>,
    /// The worktree to remove; without it only the branch is deleted.
    pub worktree: Option<PathBuf>,
    /// The commit that the branch's work should have reached; without it all of it counts as landed.
    pub target: Option<ObjectId>,
    /// Where the branch must be, of which the caller has decided something; without it, it may be anywhere.
    pub expected: Option<ObjectId>,
    /// Remove it although something would be lost that a backup can hold.
    pub force: bool,
}

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The ref that holds all of it.
    pub backup: String,
    /// Its commit: the files as they were; its first parent is the branch's tip.
    pub commit: ObjectId,
    /// What is in it besides the branch.
    pub losses: Losses,
    /// Whether the branch is gone; it stays when it moved meanwhile.
    pub branch_deleted: bool,
}

/// Why nothing was removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// Work would be gone.
    #[error("there is work that would be lost")]
    WouldLose {
        /// What.
        losses: Box<Losses>,
    },
    /// No linked worktree is at the path.
    #[error("{} is no linked worktree of this repository", .path.display())]
    NoSuchWorktree {
        /// The path.
        path: PathBuf,
    },
    /// The folder is not this worktree's any more.
    #[error("{} is not the worktree that git believes it to be", .path.display())]
    NotIntact {
        /// The path.
        path: PathBuf,
    },
    /// Somebody locked it.
    #[error("the worktree {} is locked", .path.display())]
    Locked {
        /// The path.
        path: PathBuf,
        /// Their reason, perhaps empty.
        reason: String,
    },
    /// Another worktree is inside.
    #[error("the worktree {} contains the worktree {}", .path.display(), .inner.display())]
    Contains {
        /// The path.
        path: PathBuf,
        /// What is inside.
        inner: PathBuf,
    },
    /// The branch is checked out in another worktree.
    #[error("{branch} is checked out at {}", .path.display())]
    CheckedOut {
        /// Its full name.
        branch: String,
        /// Where.
        path: PathBuf,
    },
    /// There is no such branch and no worktree.
    #[error("there is nothing to remove")]
    Nothing,
    /// Something was written to the worktree while it was being backed up.
    #[error("{} is being worked in", .path.display())]
    Busy {
        /// The path.
        path: PathBuf,
    },
    /// A folder could not be renamed or deleted.
    #[error("{} could not be removed: {source}", .path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The backup could not be written.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// A ref could not be read or written.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// Whether the branch has landed could not be found out.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// Whether the branch has landed could not be found out.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
    /// It could not be written down.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// What the journal knows of a removal.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Intent {
    path: PathBuf,
    git_dir: PathBuf,
    /// The tree of the backup.
    files: String,
    /// The files in it that are in folders which are ignored as a whole.
    #[serde(default)]
    included: Vec<String>,
    branch: Option<String>,
    tip: Option<String>,
    /// The folder was found to be as in the backup: it may be deleted.
    deleting: bool,
    /// All is gone, and what is left is for the caller to record it.
    #[serde(default)]
    gone: bool,
}

/// Remove it. `id` names the operation in the journal and in the backup.
///
/// # Errors
/// See [`RemoveError`]. Nothing is gone when there is one; a backup may have been written.
pub fn remove(repo: &Repository, request: &Request, id: &str, signature: &Signature) -> Result<Removed, RemoveError> {
    let (removed, entry) = remove_unrecorded(repo, request, id, signature)?;
    entry.finish()?;
    Ok(removed)
}

/// As [`remove`], for a caller that records it elsewhere: the entry is to be finished when that is done. Until then
/// whoever finds it knows that it is still to be recorded.
///
/// # Errors
/// See [`remove`].
pub fn remove_unrecorded(
    repo: &Repository,
    request: &Request,
    id: &str,
    signature: &Signature,
) -> Result<(Removed, Entry), RemoveError> {
    let all = worktrees::list(repo)?;
    let Examined { worktree, tip, losses } = examined(repo, request, &all)?;
    let present = worktree.filter(|worktree| worktree.exists());
    let head = worktree.and_then(|worktree| worktree.head);
    let content = match (present, tip.or(head)) {
        (Some(worktree), _) => content_of(repo, worktree, &losses.included)?,
        (None, Some(tip)) => backup::content_without_files(repo, worktree, tip)?,
        (None, None) => return Err(RemoveError::Nothing),
    };
    let (backup, commit) = backup::keep(repo, &request.name, &content, (tip, head), id, signature)?;
    let intent = Intent {
        path: worktree.map(|worktree| worktree.path.clone()).unwrap_or_default(),
        git_dir: worktree.and_then(|worktree| worktree.git_dir.clone()).unwrap_or_default(),
        files: content.files.to_string(),
        included: losses.included.iter().map(|path| path_text(path.as_ref())).collect(),
        branch: request.branch.clone(),
        tip: tip.map(|tip| tip.to_string()),
        deleting: worktree.is_none(),
        gone: false,
    };
    let mut entry = Entry::begin(repo, id, KIND, &intent)?;
    match take_away(repo, &mut entry, intent, signature) {
        Ok(branch_deleted) => Ok((Removed { backup, commit, losses, branch_deleted }, entry)),
        Err(error) => {
            // The folder is back where it was: nothing is left to be finished. Other errors leave it to the next command.
            if matches!(error, RemoveError::Busy { .. }) {
                entry.finish()?;
            }
            Err(error)
        }
    }
}

/// Refuse what [`remove`] would refuse at this moment.
///
/// # Errors
/// See [`remove`].
pub fn check(repo: &Repository, request: &Request) -> Result<(), RemoveError> {
    examined(repo, request, &worktrees::list(repo)?).map(drop)
}

/// What is to be removed, and may be.
struct Examined<'w> {
    worktree: Option<&'w Worktree>,
    tip: Option<ObjectId>,
    losses: Losses,
}

fn examined<'w>(repo: &Repository, request: &Request, all: &'w [Worktree]) -> Result<Examined<'w>, RemoveError> {
    let worktree = request.worktree.as_deref().map(|path| find(all, path)).transpose()?;
    let tip = request.branch.as_deref().map(|branch| refs::read(repo, branch)).transpose()?.flatten();
    if let Some(branch) = &request.branch {
        let other = all.iter().find(|other| other.holds(branch) && Some(&other.path) != worktree.map(|w| &w.path));
        if let Some(other) = other {
            return Err(RemoveError::CheckedOut { branch: branch.clone(), path: other.path.clone() });
        }
        if request.expected.is_some() && request.expected != tip {
            let expected = Expected::from(request.expected);
            return Err(RefError::OutOfDate { name: branch.clone(), expected, actual: tip }.into());
        }
    }
    let losses = losses(repo, &request.name, worktree, tip, request.target)?;
    if losses.is_beyond_backup() || (losses.is_work() && !request.force) {
        return Err(RemoveError::WouldLose { losses: Box::new(losses) });
    }
    Ok(Examined { worktree, tip, losses })
}

/// Finish a removal that a dead process left, or give the folder back when it is not as in the backup. Gives the entry,
/// which is to be finished once the removal is recorded, and whether anything was removed.
///
/// # Errors
/// As [`remove`]; the entry stays and it can be tried again.
pub fn recover(repo: &Repository, mut entry: Entry, signature: &Signature) -> Result<(Entry, bool), RemoveError> {
    let Some(intent) = entry.content::<Intent>() else { return Ok((entry, false)) };
    let trash = discard::trash_of(&intent.path, &entry.id);
    let mut is_gone = intent.gone;
    if !intent.gone && (intent.deleting || trash.exists()) {
        clear_locks(repo, &intent);
        match take_away(repo, &mut entry, intent, signature) {
            Ok(_) => is_gone = true,
            Err(RemoveError::Busy { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok((entry, is_gone))
}

/// A process that was killed while it deleted the branch left the locks of that: nobody could move the branch again.
fn clear_locks(repo: &Repository, intent: &Intent) {
    if repo.storage() == RefStorage::Reftable {
        stale::clear(repo, &repo.common_dir().join("reftable/tables.list.lock"), <[u8]>::is_empty);
        return;
    }
    if let Some(branch) = &intent.branch {
        stale::clear(repo, &refs::lock_path(repo, branch), <[u8]>::is_empty);
    }
    stale::clear_packed_refs(repo);
}

/// Rename, compare, delete. Every step can be repeated.
fn take_away(
    repo: &Repository,
    entry: &mut Entry,
    mut intent: Intent,
    signature: &Signature,
) -> Result<bool, RemoveError> {
    let path = intent.path.clone();
    let failed = |source| RemoveError::Io { path: path.clone(), source };
    if !intent.deleting {
        let trash = discard::trash_of(&path, &entry.id);
        let give_back = |error| {
            if trash.exists() {
                std::fs::rename(&trash, &path).map_err(failed)?;
            }
            Err(error)
        };
        // Submodules know the way back to their folders, so git cannot look at them under another name.
        let can_look_later = !intent.git_dir.join("modules").exists();
        if trash.exists() && !can_look_later {
            return give_back(RemoveError::Busy { path: path.clone() });
        }
        if path.exists() && !can_look_later {
            compare(repo, &intent, &path)?;
        }
        if path.exists() && !trash.exists() {
            std::fs::rename(&path, &trash).map_err(failed)?;
        }
        let compared = if trash.exists() && can_look_later { compare(repo, &intent, &trash) } else { Ok(()) };
        if let Err(error) = compared {
            return give_back(error);
        }
        intent.deleting = true;
        entry.update(&intent)?;
    }
    // Without a worktree only the branch goes.
    if !path.as_os_str().is_empty() {
        discard::deleted(&path, &entry.id).map_err(failed)?;
        discard::entry(repo, &intent.git_dir).map_err(failed)?;
    }
    let tip = intent.tip.as_deref().and_then(|tip| ObjectId::from_hex(tip.as_bytes()).ok());
    let branch_deleted = delete_branch(repo, intent.branch.as_deref(), tip, signature)?;
    // What somebody makes anew from here on is not taken away again.
    intent.gone = true;
    entry.update(&intent)?;
    Ok(branch_deleted)
}

/// Whether the files, which are at `place` now, are still those of the backup.
fn compare(repo: &Repository, intent: &Intent, place: &Path) -> Result<(), RemoveError> {
    let busy = || RemoveError::Busy { path: intent.path.clone() };
    let worktree = worktrees::list(repo)?.into_iter().find(|worktree| worktree.path == intent.path);
    let worktree = Worktree { path: place.to_owned(), ..worktree.ok_or_else(busy)? };
    let included: Vec<BString> = intent.included.iter().map(|path| path.as_str().into()).collect();
    let now = content_of(repo, &worktree, &included)?;
    let then = ObjectId::from_hex(intent.files.as_bytes()).ok();
    if then == Some(now.files) { Ok(()) } else { Err(busy()) }
}

fn find<'a>(all: &'a [Worktree], path: &Path) -> Result<&'a Worktree, RemoveError> {
    let path = worktrees::canonical(path);
    let found = all.iter().find(|worktree| worktree.path == path && !worktree.is_main && worktree.git_dir.is_some());
    let worktree = found.ok_or_else(|| RemoveError::NoSuchWorktree { path: path.clone() })?;
    if let Some(reason) = worktree.locked.clone() {
        return Err(RemoveError::Locked { path, reason });
    }
    if path.exists() && !worktree.is_intact() {
        return Err(RemoveError::NotIntact { path });
    }
    if let Some(inner) = all.iter().find(|other| other.path != path && other.path.starts_with(&path)) {
        return Err(RemoveError::Contains { path, inner: inner.path.clone() });
    }
    Ok(worktree)
}

/// What is in it, with these files though they are in folders that are ignored as a whole.
fn content_of(repo: &Repository, worktree: &Worktree, included: &[BString]) -> Result<Content, RemoveError> {
    let mut ignored = status::ignored(worktree)?;
    let more: Vec<BString> = included.iter().filter(|path| !ignored.files.contains(path)).cloned().collect();
    ignored.files.extend(more);
    Ok(backup::content(repo, worktree, &status::status(worktree)?, &ignored)?)
}

/// True when the branch is gone; one that moved stays.
fn delete_branch(
    repo: &Repository,
    branch: Option<&str>,
    tip: Option<ObjectId>,
    signature: &Signature,
) -> Result<bool, RemoveError> {
    let (Some(branch), Some(tip)) = (branch, tip) else { return Ok(false) };
    let update =
        RefUpdate { name: branch.to_owned(), expected: Expected::At(tip), new: None, message: "removed".into() };
    match refs::swap_one(repo, &update, signature) {
        Ok(()) => Ok(true),
        Err(RefError::OutOfDate { actual, .. }) => Ok(actual.is_none()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
#[path = "remove_test.rs"]
mod tests;
