//! Finishing a landing whose process died, or dropping it when it had not begun.
//!
//! Once one ref has moved, the others are moved as well and the worktrees follow: the objects are all there. A ref that
//! somebody has moved elsewhere since stays where it is and is reported. Lock files of exactly those refs are removed
//! when the dead process left them.

use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::actor::Signature;
use serde::{Deserialize, Serialize};

use super::execute::ExecuteError;
use crate::git::refs::{self, RefError};
use crate::git::repository::RefStorage;
use crate::git::stale;
use crate::git::{GitError, Repository, worktrees};
use crate::worktree::follow::{self, Blocked, FollowError, Followed};
use crate::worktree::journal::{self, Entry, JournalError};

/// The kind of journal entry.
pub const KIND: &str = "landing";

/// How often the rest of the refs is moved again when one of them moved in that very moment.
const ATTEMPTS: u32 = 5;

/// What the journal knows of a landing. Once its refs have moved, only the worktrees that are still to follow are left of
/// it: whoever moves the refs back must not see them moved again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Intent {
    pub(super) refs: Vec<RefIntent>,
    pub(super) worktrees: Vec<WorktreeIntent>,
    pub(super) message: String,
}

/// One ref of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RefIntent {
    pub(super) name: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    pub(super) is_backup: bool,
    pub(super) is_state: bool,
}

/// One worktree of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct WorktreeIntent {
    pub(super) path: PathBuf,
    pub(super) branch: String,
    pub(super) before: String,
    pub(super) after: String,
}

/// How a landing that was found ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finished {
    /// Nothing had moved, and nothing has.
    Dropped,
    /// It is complete, but for what is named.
    Completed {
        /// Refs that somebody has moved elsewhere since; they stay there.
        elsewhere: Vec<String>,
        /// The refs have moved, but the state does not know the operation and has gone on since: it is to be recorded
        /// anew.
        unrecorded: bool,
        /// How it went with each worktree.
        followed: Vec<(PathBuf, Followed)>,
    },
}

impl Intent {
    /// What is left to do once the refs have moved; none when all is done.
    pub(super) fn waiting<'a>(&self, followed: impl Iterator<Item = (&'a Path, &'a Followed)>) -> Option<Intent> {
        let later = followed.filter(|(_, result)| matches!(result, Followed::Later { .. }));
        let paths: Vec<&Path> = later.map(|(path, _)| path).collect();
        let mut worktrees = self.worktrees.clone();
        worktrees.retain(|one| paths.contains(&one.path.as_path()));
        let message = self.message.clone();
        (!worktrees.is_empty()).then_some(Intent { refs: Vec::new(), worktrees, message })
    }
}

impl WorktreeIntent {
    /// Whether a move of the branch is the way back.
    pub(super) fn is_undone_by(&self, branch: &str, before: ObjectId, after: ObjectId) -> bool {
        let is = |hex: &str, id| parse(hex) == Some(id);
        self.branch == branch && is(&self.after, before) && is(&self.before, after)
    }
}

impl RefIntent {
    pub(super) fn before_id(&self) -> Option<Option<ObjectId>> {
        id_of(self.before.as_deref())
    }

    pub(super) fn after_id(&self) -> Option<Option<ObjectId>> {
        id_of(self.after.as_deref())
    }

    fn moves(&self) -> bool {
        self.before != self.after
    }
}

/// Finish or drop what a dead process left. `is_recorded` says whether the state's chain has an operation. The entry
/// stays when a worktree can only follow later.
///
/// # Errors
/// See [`ExecuteError`]; the entry stays and it can be tried again.
pub fn recover(
    repo: &Repository,
    mut entry: Entry,
    is_recorded: &dyn Fn(&str) -> bool,
    signature: &Signature,
) -> Result<Finished, ExecuteError> {
    // Of a form that we do not know: somebody else's to judge.
    let Some(intent) = entry.content::<Intent>() else { return Ok(Finished::Dropped) };
    // A git that outlived its parent may still be about to move the refs.
    stale::wait_until_still(repo, entry.path());
    clear_locks(repo, &intent);
    if !intent.refs.is_empty() && !has_begun(repo, &intent)? && !is_recorded(&entry.id) {
        entry.finish()?;
        return Ok(Finished::Dropped);
    }
    let mut elsewhere = move_rest(repo, &intent, signature)?;
    let unrecorded = intent.refs.iter().any(|one| one.is_state && elsewhere.contains(&one.name));
    elsewhere.retain(|name| !intent.refs.iter().any(|one| one.is_state && one.name == *name));
    let followed = follow_all(repo, &intent)?;
    let unrecorded = unrecorded && !is_recorded(&entry.id);
    match intent.waiting(followed.iter().map(|(path, result)| (path.as_path(), result))) {
        Some(waiting) => entry.update(&waiting)?,
        None => entry.finish()?,
    }
    Ok(Finished::Completed { elsewhere, unrecorded, followed })
}

/// The worktrees whose branches have moved and whose files could not follow yet.
pub(super) fn waiting(repo: &Repository) -> Result<Vec<WorktreeIntent>, JournalError> {
    let entries = journal::abandoned(repo)?.into_iter().filter(|entry| entry.kind == KIND);
    let left = entries.filter_map(|entry| entry.content::<Intent>()).filter(|intent| intent.refs.is_empty());
    Ok(left.flat_map(|intent| intent.worktrees).collect())
}

/// How following ended that failed: the refs have moved, so that is no reason to stop.
pub(super) fn later(error: &FollowError) -> Followed {
    let reason = match error {
        FollowError::Git(GitError::Failed { stderr, .. }) => stderr.lines().collect::<Vec<_>>().join("; "),
        error => error.to_string(),
    };
    Followed::Later { reason: Blocked::Refused { reason } }
}

/// Whether one of the refs has moved. Backups do not count: alone they mean nothing. It may be that somebody else
/// brought a ref to the very commit where it was to go; then all of it has landed there, and going on is right too.
pub(super) fn has_begun(repo: &Repository, intent: &Intent) -> Result<bool, RefError> {
    for one in intent.refs.iter().filter(|one| !one.is_backup && one.moves()) {
        if Some(refs::read(repo, &one.name)?) == one.after_id() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Move those that have not moved yet. Gives the names of those that stand elsewhere.
pub(super) fn move_rest(repo: &Repository, intent: &Intent, signature: &Signature) -> Result<Vec<String>, RefError> {
    let mut attempt = 1;
    loop {
        let (mut updates, mut elsewhere) = (Vec::new(), Vec::new());
        for one in intent.refs.iter().filter(|one| one.moves()) {
            let now = Some(refs::read(repo, &one.name)?);
            if now == one.after_id() {
                continue;
            }
            match one.update(&intent.message).filter(|_| now == one.before_id()) {
                Some(update) => updates.push(update),
                None => elsewhere.push(one.name.clone()),
            }
        }
        match refs::transaction(repo, &updates, signature) {
            Ok(()) => return Ok(elsewhere),
            Err(RefError::OutOfDate { .. }) if attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

/// The locks that are there of those that moving the refs takes.
pub(super) fn locks(repo: &Repository, intent: &Intent) -> Vec<PathBuf> {
    let shared =
        ["reftable/tables.list.lock", "packed-refs.lock", "HEAD.lock"].map(|name| repo.common_dir().join(name));
    let own = intent.refs.iter().map(|one| refs::lock_path(repo, &one.name));
    own.chain(shared).filter(|path| path.exists()).collect()
}

/// The locks that a killed `git update-ref` left: empty, or with what the ref was to become.
pub(super) fn clear_locks(repo: &Repository, intent: &Intent) {
    if repo.storage() == RefStorage::Reftable {
        stale::clear(repo, &repo.common_dir().join("reftable/tables.list.lock"), <[u8]>::is_empty);
        return;
    }
    // Moving the branch that HEAD names locks HEAD too. It stays empty, as HEAD itself is not written.
    stale::clear(repo, &repo.common_dir().join("HEAD.lock"), <[u8]>::is_empty);
    // Only deleting locks the packed refs.
    if intent.refs.iter().any(|one| one.after.is_none()) {
        stale::clear_packed_refs(repo);
    }
    for one in &intent.refs {
        let after = one.after.clone().unwrap_or_default();
        stale::clear(repo, &refs::lock_path(repo, &one.name), |content| {
            content.is_empty() || content.trim_ascii_end() == after.as_bytes()
        });
    }
}

fn follow_all(repo: &Repository, intent: &Intent) -> Result<Vec<(PathBuf, Followed)>, ExecuteError> {
    let all = worktrees::list(repo)?;
    let mut followed = Vec::new();
    for one in &intent.worktrees {
        let worktree = all.iter().find(|worktree| worktree.path == one.path);
        let (Some(before), Some(after)) = (parse(&one.before), parse(&one.after)) else { continue };
        // Where the branch went elsewhere, the files are not ours to move.
        let is_there = refs::read(repo, &one.branch)? == Some(after);
        let result = match worktree.filter(|_| is_there) {
            Some(worktree) => {
                follow::resume(repo, worktree, &one.branch, before, after).unwrap_or_else(|error| later(&error))
            }
            None => Followed::Elsewhere,
        };
        followed.push((one.path.clone(), result));
    }
    Ok(followed)
}

fn parse(hex: &str) -> Option<ObjectId> {
    ObjectId::from_hex(hex.as_bytes()).ok()
}

/// `None` when it cannot be read; `Some(None)` when there is none.
fn id_of(hex: Option<&str>) -> Option<Option<ObjectId>> {
    match hex {
        None => Some(None),
        Some(hex) => parse(hex).map(Some),
    }
}
