//! Undoing a creation: at once when it failed, or by the next command when its process died.
//!
//! The same steps for both, and every one can be repeated. A worktree that somebody has put anything into, or a branch
//! that has moved, stays. What a worktree got to make it ready goes with it; when its process has died long ago, somebody
//! may have worked between that, so what is neither committed nor a copy is written to a backup ref first.

use std::path::PathBuf;

use gix::ObjectId;
use gix::actor::Signature;
use gix::bstr::BString;
use serde::{Deserialize, Serialize};

use super::create::{CreateError, Intent};
use super::journal::{Entry, JournalError};
use super::ready::born;
use super::remove::RemoveError;
use super::{backup, discard, losses, ready};
use crate::check::process;
use crate::git::refs::{self, Expected, RefError, RefUpdate};
use crate::git::stale;
use crate::git::worktrees::{self, Worktree};
use crate::git::{Repository, status};

/// What has been put into the worktree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Stage {
    /// What git checks out.
    #[default]
    CheckedOut,
    /// It is being made ready, and is nobody's yet.
    Preparing,
    /// It is ready.
    Prepared,
}

/// How undoing ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Undone {
    /// Nothing is left.
    Completely,
    /// Nothing is left here, and what was there is kept.
    SetAside {
        /// The ref that holds it.
        backup: String,
        /// Where it was.
        path: PathBuf,
    },
    /// Somebody's work is there by now.
    Kept {
        /// What was found, for people.
        reason: String,
    },
}

impl Undone {
    /// What is left, for people.
    pub(super) fn left(self) -> Option<String> {
        match self {
            Undone::Completely => None,
            Undone::SetAside { backup, path } => Some(format!("what was in {} is in {backup}", path.display())),
            Undone::Kept { reason } => Some(reason),
        }
    }
}

/// Who undoes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// The command that has made it, and told nobody of it.
    Ourselves,
    /// A later one, perhaps days later.
    AnotherCommand,
}

/// Take back what the intent says was to be made, as far as it was made.
pub(super) fn undo(
    repo: &Repository,
    entry: &mut Entry,
    mut intent: Intent,
    by: By,
    signature: &Signature,
) -> Result<Undone, CreateError> {
    let all = worktrees::list(repo)?;
    let mut undone = Undone::Completely;
    if let Some(path) = intent.worktree.clone() {
        let made = all.iter().find(|worktree| worktree.path == path && !worktree.is_main);
        if let Some(made) = made.filter(|_| !intent.undoing) {
            undone = match (intent.stage, by) {
                (Stage::CheckedOut, _) => why_keep(made)?.map_or(Undone::Completely, |reason| Undone::Kept { reason }),
                (_, By::Ourselves) => Undone::Completely,
                (_, By::AnotherCommand) => set_aside(repo, made, &entry.id, &intent, signature)?,
            };
            if matches!(undone, Undone::Kept { .. }) {
                return Ok(undone);
            }
            intent.undoing = true;
            let noted = entry.update(&intent);
            // What fills the disk may be what goes now.
            if intent.stage == Stage::CheckedOut || by == By::AnotherCommand {
                noted?;
            }
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
    if intent.stage != Stage::CheckedOut
        && !intent.registered
        && let Ok(name) = intent.name.parse()
    {
        ready::forget(repo, &name);
    }
    let branch = if intent.made_branch { remove_branch(repo, &intent, signature)? } else { Undone::Completely };
    Ok(if branch == Undone::Completely { undone } else { branch })
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
    // Whoever it belongs to, a worktree that was not made ready is made anew.
    if intent.undoing || intent.stage == Stage::Preparing || !is_registered(&intent.name) {
        // One that has only just begun to make the worktree is not to be seen in any list.
        if !intent.mark.is_empty() {
            process::end_left(&intent.mark);
        }
        wait_for_orphan(repo, &intent)?;
        clear_locks(repo, &intent);
        undone = undo(repo, &mut entry, intent, By::AnotherCommand, signature)?;
    }
    entry.finish()?;
    Ok(undone.left())
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
    let no_repositories = || losses::repositories_in(made, &ignored).is_ok_and(|inside| inside.is_empty());
    let is_untouched = found.is_clean() && ignored.files.is_empty() && no_repositories();
    Ok((!is_untouched).then(|| format!("there is work in {}", made.path.display())))
}

/// Keep what is in a worktree that was being made ready and is neither committed nor a copy.
fn set_aside(
    repo: &Repository,
    made: &Worktree,
    id: &str,
    intent: &Intent,
    signature: &Signature,
) -> Result<Undone, CreateError> {
    let kept = |what: &str| Ok(Undone::Kept { reason: format!("{what} {}", made.path.display()) });
    let failed = |source: RemoveError| CreateError::Aside { path: made.path.clone(), source: Box::new(source) };
    if !made.is_intact() || made.locked.is_some() || made.operation.is_some() {
        return kept("somebody is using the worktree");
    }
    let (found, mut ignored) = (status::status(made)?, status::ignored(made)?);
    let is_beyond = !found.embedded.is_empty() || !found.dirty_submodules.is_empty();
    if is_beyond || !losses::repositories_in(made, &ignored).map_err(failed)?.is_empty() {
        return kept("there is a repository in");
    }
    let main = worktrees::list(repo)?.into_iter().find(|worktree| worktree.is_main);
    let is_own =
        |path: &BString| !main.as_ref().is_some_and(|main| born::is_copy(&main.path, &made.path, path.as_ref()));
    ignored.files.retain(is_own);
    let content = backup::content(repo, made, &found, &ignored).map_err(|error| failed(error.into()))?;
    let Some(head) = made.head else { return Ok(Undone::Completely) };
    if content.index.is_none() && content.files == backup::tree_of(repo, head)? {
        return Ok(Undone::Completely);
    }
    let message = format!("{} before its creation was undone\n", intent.name);
    let commit = backup::commit(repo, &content, Some(head), None, &message, signature)?;
    // The id of an entry ends with the name.
    let operation = id.strip_suffix(&format!("-{}", intent.name)).unwrap_or(id);
    let name = format!("refs/agents-local/backup/{operation}/{}", intent.name);
    let expected = Expected::from(refs::read(repo, &name)?);
    let message = "backup before a creation is undone".into();
    refs::swap_one(repo, &RefUpdate { name: name.clone(), expected, new: Some(commit), message }, signature)?;
    Ok(Undone::SetAside { backup: name, path: made.path.clone() })
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
