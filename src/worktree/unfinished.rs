//! Undoing a creation: at once when it failed, or by the next command when its process died.
//!
//! The same steps for both, and every one can be repeated. A worktree that somebody has put anything into, or a branch
//! that has moved, stays.

use gix::ObjectId;
use gix::actor::Signature;

use super::create::{CreateError, Intent};
use super::discard;
use super::journal::{Entry, JournalError};
use crate::git::refs::{self, Expected, RefError, RefUpdate};
use crate::git::stale;
use crate::git::worktrees::{self, Worktree};
use crate::git::{Repository, status};

/// How undoing ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Undone {
    /// Nothing is left.
    Completely,
    /// Somebody's work is there by now.
    Kept {
        /// What was found, for people.
        reason: String,
    },
}

/// Take back what the intent says was to be made, as far as it was made.
pub(super) fn undo(
    repo: &Repository,
    entry: &mut Entry,
    mut intent: Intent,
    signature: &Signature,
) -> Result<Undone, CreateError> {
    let all = worktrees::list(repo)?;
    if let Some(path) = intent.worktree.clone() {
        let made = all.iter().find(|worktree| worktree.path == path && !worktree.is_main);
        if let Some(made) = made.filter(|_| !intent.undoing) {
            if let Some(reason) = why_keep(made)? {
                return Ok(Undone::Kept { reason });
            }
            intent.undoing = true;
            entry.update(&intent)?;
        }
        let failed = |source| JournalError::Io { path: path.clone(), source };
        let is_empty = path.read_dir().is_ok_and(|mut entries| entries.next().is_none());
        if intent.undoing || is_empty {
            discard::folder(&path, &entry.id).map_err(failed)?;
        } else if path.exists() {
            return Ok(Undone::Kept { reason: format!("{} is no worktree of this repository", path.display()) });
        }
        if let Some(git_dir) = made.and_then(|made| made.git_dir.as_deref()) {
            discard::entry(repo, git_dir).map_err(failed)?;
        }
        if intent.folder_was_there {
            std::fs::create_dir_all(&path).map_err(failed)?;
        }
        discard::empty_folders(&intent.parents);
    }
    if intent.made_branch { remove_branch(repo, &intent, signature) } else { Ok(Undone::Completely) }
}

/// Judge a creation that a dead process left: registered ones stand, others are taken back. Gives why something of it
/// was left in place.
///
/// # Errors
/// As [`super::create::Creation::undo`]; the entry stays and it can be tried again.
pub fn recover(
    repo: &Repository,
    mut entry: Entry,
    is_registered: &dyn Fn(&str) -> bool,
    signature: &Signature,
) -> Result<Option<String>, CreateError> {
    let Some(intent) = entry.content::<Intent>() else { return Ok(None) };
    let mut undone = Undone::Completely;
    if intent.undoing || !is_registered(&intent.name) {
        wait_for_orphan(repo, &intent)?;
        clear_locks(repo, &intent);
        undone = undo(repo, &mut entry, intent, signature)?;
    }
    entry.finish()?;
    Ok(match undone {
        Undone::Completely => None,
        Undone::Kept { reason } => Some(reason),
    })
}

/// git marks a worktree so until its files are there.
fn is_half_made(worktree: &Worktree) -> bool {
    worktree.locked.as_deref() == Some("initializing")
}

/// A `git worktree add` can outlive the process that started it: let it end, or be sure that it is dead too.
fn wait_for_orphan(repo: &Repository, intent: &Intent) -> Result<(), CreateError> {
    let Some(path) = &intent.worktree else { return Ok(()) };
    complete_common_dirs(repo);
    for _ in 0..10 {
        let all = worktrees::list(repo)?;
        let half_made = all.iter().find(|worktree| worktree.path == *path && is_half_made(worktree));
        let Some(git_dir) = half_made.and_then(|made| made.git_dir.as_ref()) else { return Ok(()) };
        let lock = git_dir.join("index.lock");
        let watched = if lock.exists() { &lock } else { git_dir };
        if stale::wait_until_still(repo, path) && stale::wait_until_still(repo, watched) && !stale::is_open(&lock) {
            return Ok(());
        }
    }
    Ok(())
}

/// A process that was killed while it made the branch, or took it back, left the lock of that write: nobody could move
/// the branch again, also not to take it back. What is no leftover stays, and the branch then says that it is locked.
fn clear_locks(repo: &Repository, intent: &Intent) {
    let is_ref = |content: &[u8]| content.is_empty() || content.trim_ascii() == intent.start.as_bytes();
    stale::clear(repo, &refs::lock_path(repo, &intent.branch), is_ref);
    stale::clear_packed_refs(repo);
}

/// git writes `gitdir`, creates `commondir` empty and then writes into it. Killed in between, it leaves a repository
/// in which no `git worktree` command works, for any worktree: so all of them are looked at.
fn complete_common_dirs(repo: &Repository) {
    let Ok(entries) = repo.common_dir().join("worktrees").read_dir() else { return };
    for git_dir in entries.flatten().map(|entry| entry.path()) {
        let common = git_dir.join("commondir");
        let is_unfinished = || {
            let is_empty = common.metadata().map_or(true, |data| data.len() == 0);
            is_empty && git_dir.join("gitdir").metadata().is_ok_and(|data| data.len() > 0)
        };
        if is_unfinished() && stale::wait_until_still(repo, &git_dir) && is_unfinished() {
            drop(std::fs::write(&common, "../..\n"));
        }
    }
}

/// What speaks against taking the worktree away.
fn why_keep(made: &Worktree) -> Result<Option<String>, CreateError> {
    if is_half_made(made) {
        return Ok(None);
    }
    if !made.is_intact() || made.locked.is_some() || made.operation.is_some() {
        return Ok(Some(format!("the worktree {} is in use", made.path.display())));
    }
    let (found, ignored) = (status::status(made)?, status::ignored(made)?);
    // A folder that cannot be looked into is somebody's as well.
    let no_repositories = || super::losses::repositories_in(made, &ignored).is_ok_and(|inside| inside.is_empty());
    let is_untouched = found.is_clean() && ignored.files.is_empty() && no_repositories();
    Ok((!is_untouched).then(|| format!("there is work in {}", made.path.display())))
}

fn remove_branch(repo: &Repository, intent: &Intent, signature: &Signature) -> Result<Undone, CreateError> {
    let start = ObjectId::from_hex(intent.start.as_bytes()).ok();
    let kept = |reason| Ok(Undone::Kept { reason });
    let held = worktrees::list(repo)?.into_iter().find(|worktree| worktree.holds(&intent.branch));
    if let Some(holder) = held {
        return kept(format!("{} is checked out at {}", intent.branch, holder.path.display()));
    }
    let (Some(start), Some(tip)) = (start, refs::read(repo, &intent.branch)?) else { return Ok(Undone::Completely) };
    let moved = || format!("{} has moved", intent.branch);
    if tip != start {
        return kept(moved());
    }
    let update = RefUpdate {
        name: intent.branch.clone(),
        expected: Expected::At(start),
        new: None,
        message: "creation undone".into(),
    };
    match refs::swap_one(repo, &update, signature) {
        Ok(()) => Ok(Undone::Completely),
        Err(RefError::OutOfDate { actual: None, .. }) => Ok(Undone::Completely),
        Err(RefError::OutOfDate { .. }) => kept(moved()),
        Err(error) => Err(error.into()),
    }
}
