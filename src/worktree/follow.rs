//! Bringing a worktree along when the branch that it has checked out moves.
//!
//! What git does for a fast-forward: `git read-tree -m -u`, which takes only the paths that differ between the two
//! commits and keeps uncommitted edits elsewhere. [`check`](super::check) asks beforehand. [`follow`] does it, can be
//! repeated, and finishes what a kill interrupted.

use std::path::PathBuf;
use std::time::Duration;

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};

pub(crate) use super::finish::{clear_lock, take_back};

use super::finish;
use crate::git::worktrees::{OperationKind, Worktree, operation_in};
use crate::git::{Git, GitError, Repository, run};

/// How long an index that somebody else has locked is waited for.
const LOCK_TRIES: u32 = 50;
const LOCK_PAUSE: Duration = Duration::from_millis(100);

/// Why a worktree cannot come along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blocked {
    /// It is in the middle of something.
    Operation {
        /// Of what.
        kind: OperationKind,
    },
    /// Uncommitted work would be overwritten.
    InTheWay {
        /// Paths of edits, untracked and ignored files.
        paths: Vec<BString>,
    },
    /// Its folder is not this worktree's any more.
    NotIntact,
    /// Its files are still those of an earlier commit, because they could not be written when the branch moved.
    Behind,
    /// Its folder is not there: deleted, moved, or on a disk that is not mounted. Wherever it comes back, its files would
    /// be those of the old commit, and the next commit there would take back what landed.
    Missing,
    /// Somebody is writing its index, such as a commit whose hook runs or whose editor is open: it would be made of the
    /// old files, on top of the new commit.
    Locked {
        /// The lock.
        path: PathBuf,
    },
    /// A folder in which files change is read-only.
    ReadOnly {
        /// Which.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Some of the files cannot be written: an object cannot be read, a required filter fails.
    Unwritable {
        /// git's own words.
        reason: String,
    },
    /// git refuses for another reason.
    Refused {
        /// git's own words.
        reason: String,
    },
}

/// How following ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    /// The files are those of the new commit, but for uncommitted work.
    Done,
    /// They are, but for these, which somebody changed after the check: their content was kept and differs now from
    /// what the branch has.
    Kept {
        /// Those paths.
        paths: Vec<BString>,
    },
    /// The worktree has something else checked out by now, or is gone: there is nothing to bring along.
    Elsewhere,
    /// It cannot be done now and was not begun.
    Later {
        /// Why.
        reason: Blocked,
    },
}

/// Why following could not even be tried.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file of the worktree or a temporary index could not be read or written.
    #[error("{} could not be read or written: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// One path that differs between two commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) path: BString,
    pub(super) old: Option<Entry>,
    pub(super) new: Option<Entry>,
}

/// What a tree or an index has at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) mode: String,
    pub(super) id: ObjectId,
}

impl Entry {
    pub(super) fn is_submodule(&self) -> bool {
        self.mode == "160000"
    }
}

/// Bring `worktree` along after `branch`, which it has checked out, has moved from `old` to `new`. Can be repeated,
/// also after a kill.
///
/// # Errors
/// See [`FollowError`]; the files are the old ones again, as far as they could be written, and it can be tried again.
pub fn follow(
    repo: &Repository,
    worktree: &Worktree,
    branch: &str,
    old: ObjectId,
    new: ObjectId,
) -> Result<Followed, FollowError> {
    if let Some(ended) = not_now(worktree, branch)? {
        return Ok(ended);
    }
    let mut is_fresh = false;
    for _ in 0..LOCK_TRIES {
        let output = read_tree(worktree.git(), old, new).run()?;
        if output.status.success() {
            return Ok(Followed::Done);
        }
        if index_lock(worktree).exists() {
            std::thread::sleep(LOCK_PAUSE);
            continue;
        }
        // It has judged before it wrote anything, but takes a file whose time alone differs for an edit.
        if is_fresh {
            break;
        }
        refresh(worktree)?;
        is_fresh = true;
    }
    finish::finish(repo, worktree, old, new)
}

/// The same after a kill: nobody else's lock is waited for, and files that are half way are completed.
///
/// # Errors
/// See [`FollowError`]; as with [`follow`].
pub fn resume(
    repo: &Repository,
    worktree: &Worktree,
    branch: &str,
    old: ObjectId,
    new: ObjectId,
) -> Result<Followed, FollowError> {
    match not_now(worktree, branch)? {
        Some(ended) => Ok(ended),
        None => finish::finish(repo, worktree, old, new),
    }
}

/// The command that does it.
pub(super) fn read_tree(git: Git, old: ObjectId, new: ObjectId) -> Git {
    // Submodules stay as they are, as with `git merge` without --recurse-submodules.
    git.args(["read-tree", "-m", "-u", "--no-recurse-submodules"]).arg(old.to_string()).arg(new.to_string())
}

/// Look at the files again where only their times differ: read-tree takes those for edits.
pub(super) fn refresh(worktree: &Worktree) -> Result<(), GitError> {
    // It exits with 1 when there are edits, which is no failure.
    worktree.git().args(["update-index", "-q", "--refresh"]).run().map(drop)
}

/// The file that locks the worktree's index.
pub(crate) fn index_lock(worktree: &Worktree) -> PathBuf {
    worktree.git_dir.clone().unwrap_or_else(|| worktree.path.join(".git")).join("index.lock")
}

/// The paths that differ between two commits.
pub(super) fn changes(git: Git, old: ObjectId, new: ObjectId) -> Result<Vec<Change>, GitError> {
    let child = git.args(["diff-tree", "-r", "-z", "--raw", "--no-renames", "--ignore-submodules=none"]);
    let child = child.arg(old.to_string()).arg(new.to_string());
    let line = child.line();
    let output = child.stdout()?;
    let mut fields = output.split_str("\0").filter(|field| !field.is_empty());
    let mut found = Vec::new();
    // `:<old mode> <new mode> <old id> <new id> <letter>` NUL path NUL
    while let Some(head) = fields.next() {
        let change = fields.next().and_then(|path| {
            let mut words = head.strip_prefix(b":")?.to_str().ok()?.split(' ');
            let modes = (words.next()?, words.next()?);
            let mut entry = |mode: &str| {
                let id = ObjectId::from_hex(words.next()?.as_bytes()).ok()?;
                Some((mode != "000000").then(|| Entry { mode: mode.to_owned(), id }))
            };
            Some(Change { path: path.into(), old: entry(modes.0)?, new: entry(modes.1)? })
        });
        let unreadable = || GitError::Answer { command: line.clone(), detail: head.to_str_lossy().into_owned() };
        found.push(change.ok_or_else(unreadable)?);
    }
    Ok(found)
}

/// Whether there is nothing to do, or nothing that can be done now.
fn not_now(worktree: &Worktree, branch: &str) -> Result<Option<Followed>, FollowError> {
    if !worktree.exists() {
        return Ok(Some(Followed::Elsewhere));
    }
    if !worktree.is_intact() {
        return Ok(Some(Followed::Later { reason: Blocked::NotIntact }));
    }
    if let Some(operation) = worktree.git_dir.as_deref().and_then(operation_in) {
        return Ok(Some(Followed::Later { reason: Blocked::Operation { kind: operation.kind } }));
    }
    // Where HEAD is a file it may say so at once; a link, or what stands there with a reftable, is git's to read.
    let text = worktree.git_dir.as_ref().and_then(|dir| std::fs::read_to_string(dir.join("HEAD")).ok());
    if text.as_deref().and_then(|text| text.strip_prefix("ref: ")).is_some_and(|name| name.trim_end() == branch) {
        return Ok(None);
    }
    let head = worktree.git().args(["symbolic-ref", "-q", "HEAD"]).run()?;
    match head.status.code() {
        // It exits with 1 when HEAD is detached.
        Some(0 | 1) => Ok((head.stdout.trim_end() != branch.as_bytes()).then_some(Followed::Elsewhere)),
        _ => Err(run::failed("git symbolic-ref -q HEAD".to_owned(), &head).into()),
    }
}

#[cfg(test)]
#[path = "follow_test.rs"]
mod tests;
