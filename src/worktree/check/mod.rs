//! Whether a worktree could come along when its branch moves, asked before anything does.
//!
//! Uncommitted work, untracked and ignored files in the way are named; so is what git would only find out in the middle
//! of writing files. Nothing is touched. What is certain is told without git: see `certain`.

mod certain;
mod files;
mod obstacles;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};

use super::finish;
use super::follow::{self, Blocked, Change, Entry, FollowError};
use super::index_copy::IndexCopy;
use crate::branch::changes::{between, tree_of};
use crate::git::merge_tree::Stage;
use crate::git::scratch::Scratch;
use crate::git::worktrees::Worktree;
use crate::git::{Git, GitError, Repository, run, status};

/// How long an index that somebody else has locked is waited for before anything has moved: long enough for a `git add`,
/// not for a commit whose editor is open.
const LOCK_TRIES: u32 = 15;
const LOCK_PAUSE: Duration = Duration::from_millis(100);

/// One look at worktrees that are to come along to what is planned.
#[derive(Debug)]
pub struct Check<'a> {
    repo: &'a Repository,
    scratch: Option<&'a Scratch>,
    /// Blobs that could be read.
    read: RefCell<HashSet<ObjectId>>,
}

impl<'a> Check<'a> {
    /// The commits may be in a scratch.
    pub fn new(repo: &'a Repository, scratch: Option<&'a Scratch>) -> Self {
        Check { repo, scratch, read: RefCell::default() }
    }

    /// Whether `worktree` could come along from `old` to `new`. `None` when it could. A lock on its index is waited for as
    /// long as a quick command holds one.
    ///
    /// # Errors
    /// See [`FollowError`].
    pub fn worktree(&self, worktree: &Worktree, old: ObjectId, new: ObjectId) -> Result<Option<Blocked>, FollowError> {
        if worktree.is_bare {
            return Ok(None);
        }
        if !worktree.exists() {
            return Ok(Some(Blocked::Missing));
        }
        if !worktree.is_intact() {
            return Ok(Some(Blocked::NotIntact));
        }
        if let Some(operation) = &worktree.operation {
            return Ok(Some(Blocked::Operation { kind: operation.kind }));
        }
        if let Some(locked) = locked(worktree) {
            return Ok(Some(locked));
        }
        let changes = self.changes(worktree, old, new)?;
        let mut paths: BTreeSet<BString> = obstacles::obstacles(worktree, &changes)?;
        let is_certain = certain::takes(self.repo, worktree, &changes);
        let reason = if is_certain { None } else { self.rehearse(worktree, old, new)? };
        if reason.is_some() {
            let status = status::status(worktree)?;
            let touched: BTreeSet<_> = changes.iter().map(|change| change.path.as_bstr()).collect();
            paths.extend(status.tracked().into_iter().filter(|path| touched.contains(path)).map(ToOwned::to_owned));
        }
        if !paths.is_empty() {
            return Ok(Some(Blocked::InTheWay { paths: paths.into_iter().collect() }));
        }
        match reason {
            None => self.unwritable(worktree, new, changes),
            Some(reason) => Ok(Some(Blocked::Refused { reason })),
        }
    }

    /// A git child in the worktree that sees what is planned.
    fn git(&self, worktree: &Worktree) -> Git {
        self.scratch.map_or_else(|| worktree.git(), |scratch| scratch.on(worktree.git()))
    }

    /// The paths that differ between two commits. git is asked where we cannot read them, and says why.
    fn changes(&self, worktree: &Worktree, old: ObjectId, new: ObjectId) -> Result<Vec<Change>, FollowError> {
        let trees = |scratch| Some((tree_of(scratch, old).ok()?, tree_of(scratch, new).ok()?));
        let found = self.scratch.and_then(|scratch| {
            let (old, new) = trees(scratch)?;
            between(scratch, old, new).ok()
        });
        let entry = |side: Option<Stage>| {
            side.map(|Stage { mode, id }| Entry { mode: mode.kind().as_octal_str().to_string(), id })
        };
        match found {
            None => Ok(follow::changes(self.git(worktree), old, new)?),
            Some(found) => {
                let changes = found.into_iter();
                Ok(changes.map(|one| Change { path: one.path, old: entry(one.old), new: entry(one.new) }).collect())
            }
        }
    }

    /// Let git try it on a copy of the index. Gives git's words when it would not do it.
    fn rehearse(&self, worktree: &Worktree, old: ObjectId, new: ObjectId) -> Result<Option<String>, FollowError> {
        let copy = IndexCopy::of(self.repo, worktree)
            .map_err(|source| FollowError::Io { path: follow::index_lock(worktree).with_extension(""), source })?;
        let on_copy = || copy.git(self.git(worktree));
        on_copy().args(["update-index", "-q", "--refresh"]).run()?;
        let child = follow::read_tree(on_copy(), old, new).arg("-n");
        let line = child.line();
        let output = child.run()?;
        match run::failed(line, &output) {
            _ if output.status.success() => Ok(None),
            GitError::Failed { stderr, .. } => Ok(Some(stderr)),
            error => Err(error.into()),
        }
    }

    /// Why not all of the files could be written. What the index has already is not written again.
    fn unwritable(
        &self,
        worktree: &Worktree,
        new: ObjectId,
        mut changes: Vec<Change>,
    ) -> Result<Option<Blocked>, FollowError> {
        let blocked = files::unwritable(self, worktree, new, &changes)?;
        let number = changes.len();
        if blocked.is_some() {
            let index = finish::index_of(worktree, &changes)?;
            changes.retain(|change| index.get(&change.path) != change.new.as_ref());
        }
        if changes.len() == number {
            return Ok(blocked);
        }
        files::unwritable(self, worktree, new, &changes)
    }
}

/// Whether somebody has the worktree's index locked for longer than a quick command does.
pub fn locked(worktree: &Worktree) -> Option<Blocked> {
    let path = follow::index_lock(worktree);
    for _ in 0..LOCK_TRIES {
        if !path.exists() {
            return None;
        }
        std::thread::sleep(LOCK_PAUSE);
    }
    path.exists().then_some(Blocked::Locked { path })
}

#[cfg(test)]
mod tests;
