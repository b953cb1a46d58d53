//! Where the state is kept: a linear chain of operations under `refs/agents/state`.
//!
//! Each commit's tree is the state after its operation, a small JSON document a thing; its message is a sentence for
//! people, an empty line, and the operation as one line of JSON. So `git log refs/agents/state` is the audit log. The
//! chain is never merged and never rewritten here; the ref only moves by compare-and-swap.

mod cache;
mod chain;
mod changed;
mod continues;
mod follow;
mod layout;
mod lock;
mod objects;
mod own;
mod read;
mod recompute;
mod replay;
mod single;
mod undo;
mod unmade;
mod vet;
mod write;

use chrono::{DateTime, Utc};
use gix::ObjectId;

use crate::git::refs::{self, RefError};
use crate::git::{GitError, Repository};
use crate::state::{Damaged, Document, State};
use crate::task::{Task, TaskId};

pub use chain::{Entry, History};
pub use continues::continues;
pub use follow::Difference;
pub(crate) use layout::FORMAT_PATH;
pub use layout::{STATE_REF, open_shard, shard};
pub use lock::StoreLock;
pub use own::Own;
pub use read::Scope;
pub use recompute::{Mismatch, recompute};
pub use replay::{NotReplayed, Replay, Replayed};
pub use undo::{Undoable, last_readable, last_undoable};
pub use vet::{Fault, VetError, Vetted, vet};
pub use write::{Change, Committed, Prepared, Refused, maintain, prepare, transact};

/// Why the state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The chain's newest commit or its tree cannot be read.
    #[error("the state at {commit} cannot be read: {reason}")]
    Unreadable {
        /// The commit.
        commit: ObjectId,
        /// What stood in the way.
        reason: String,
    },
    /// There is more of it than is ever read: somebody made it so.
    #[error("the state at {commit} is too large: {reason}")]
    TooLarge {
        /// The commit.
        commit: ObjectId,
        /// What there is too much of.
        reason: String,
    },
    /// More than is ever read would be written.
    #[error("{what} would be too large: {reason}")]
    Oversized {
        /// Which part of it.
        what: String,
        /// How large.
        reason: String,
    },
    /// Something that is no state.
    #[error("{commit} is no state of git-agents: {reason}")]
    NoFormat {
        /// The commit.
        commit: ObjectId,
        /// What shows it.
        reason: &'static str,
    },
    /// A newer program wrote it.
    #[error("the state has format {found}, and this program knows {known}")]
    NewerFormat {
        /// The version in the repository.
        found: u64,
        /// The newest that is known here.
        known: u64,
    },
    /// There was a state, and its ref is gone: deleted by hand, or by a fetch that prunes.
    #[error("{STATE_REF} is gone; it was at {last}")]
    Gone {
        /// The newest commit that is known to have been there.
        last: ObjectId,
    },
    /// git has no name and address for commits.
    #[error("git does not know who you are: user.name and user.email are not set")]
    NoIdentity,
    /// An object could not be written, or the lock file not opened.
    #[error("the state could not be written: {reason}")]
    Write {
        /// What stood in the way.
        reason: String,
    },
    /// The ref did not move.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// git did not do its part.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// A state and the commit that it was read from.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The newest commit of the chain; none before the first operation.
    pub tip: Option<ObjectId>,
    /// What it holds.
    pub state: State,
}

/// The newest commit of the chain; none before the first operation.
///
/// # Errors
/// The ref cannot be read.
pub fn tip(repo: &Repository) -> Result<Option<ObjectId>, StoreError> {
    Ok(refs::read(repo, STATE_REF)?)
}

/// The same, where a chain that was there and is gone is no beginning.
///
/// # Errors
/// The ref cannot be read, or is missed.
pub fn known_tip(repo: &Repository) -> Result<Option<ObjectId>, StoreError> {
    let tip = tip(repo)?;
    // A new chain in its place would hide it.
    match cached(repo).filter(|_| tip.is_none()) {
        Some(last) => Err(StoreError::Gone { last }),
        None => Ok(tip),
    }
}

/// Read the state as it is now.
///
/// # Errors
/// See [`StoreError`]; a single damaged document is none. Where a chain is missed that was there, that is one, too.
pub fn load(repo: &Repository, scope: &Scope) -> Result<Snapshot, StoreError> {
    let tip = known_tip(repo)?;
    let state = tip.map(|commit| state_of(repo, commit, scope)).transpose()?.unwrap_or_default();
    Ok(Snapshot { tip, state })
}

/// Whether the state at a commit names a document that cannot be read: its object is missing or damaged.
pub fn is_missing(repo: &Repository, commit: ObjectId, path: &str) -> bool {
    let tree = repo.gix().find_commit(commit).ok().and_then(|commit| commit.tree().ok());
    let entry = tree.and_then(|tree| tree.lookup_entry_by_path(path).ok().flatten());
    entry.is_some_and(|entry| entry.object().is_err())
}

/// The state at any commit of a chain, read anew.
///
/// # Errors
/// See [`StoreError`].
pub fn load_at(repo: &Repository, commit: ObjectId, scope: &Scope) -> Result<State, StoreError> {
    read::read(repo, commit, scope)
}

/// The commit before one of the chain; none for the first.
///
/// # Errors
/// It cannot be read.
pub fn parent_of(repo: &Repository, commit: ObjectId) -> Result<Option<ObjectId>, StoreError> {
    let parsed = objects::commit(repo, commit, &mut Vec::new()).map(|parsed| parsed.parents().next());
    parsed.map_err(|error| StoreError::Unreadable { commit, reason: error.to_string() })
}

/// When a commit was made, by its committer's clock; none where it cannot be read.
pub fn time_of(repo: &Repository, commit: ObjectId) -> Option<DateTime<Utc>> {
    let mut buffer = Vec::new();
    let time = objects::commit(repo, commit, &mut buffer).ok()?.committer().ok()?.time().ok()?;
    DateTime::from_timestamp(time.seconds, 0)
}

/// The commit whose state was copied last, whether or not it is there any more.
pub fn cached(repo: &Repository) -> Option<ObjectId> {
    cache::commit(repo)
}

/// Note where the ref stands now, so that it is missed when it is gone.
pub fn remember(repo: &Repository, tip: ObjectId) {
    cache::mark(repo, tip);
}

/// Keep a copy of what was written in a larger transaction.
pub fn keep_copy(repo: &Repository, committed: &Committed) {
    cache::write(repo, committed.commit, &committed.state);
}

/// Begin anew: there is no chain, and none is missed.
///
/// # Errors
/// [`StoreError::Write`].
pub fn forget(repo: &Repository) -> Result<(), StoreError> {
    cache::remove(repo).map_err(|error| StoreError::Write { reason: error.to_string() })
}

fn state_of(repo: &Repository, commit: ObjectId, scope: &Scope) -> Result<State, StoreError> {
    if scope.closed {
        return read::read(repo, commit, scope);
    }
    if let Some(state) = cache::read(repo, commit) {
        return read::extend(repo, commit, state, scope);
    }
    let state = read::read(repo, commit, scope)?;
    if !scope.without_tasks {
        cache::write(repo, commit, &state);
    }
    Ok(state)
}

/// What a user meant by an id that may be shortened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matched {
    /// Exactly one task: by its whole id, or by a beginning that only it has.
    One(TaskId),
    /// More than one begins like this.
    Several(Vec<TaskId>),
    /// None does.
    None,
}

/// Which task `text` means: the whole id first, then a unique beginning among the open tasks, then among all.
///
/// # Errors
/// The state cannot be read.
pub fn find_task(repo: &Repository, snapshot: &Snapshot, text: &TaskId) -> Result<Matched, StoreError> {
    if snapshot.state.tasks.contains_key(text) {
        return Ok(Matched::One(text.clone()));
    }
    let Some(tip) = snapshot.tip else { return Ok(Matched::None) };
    let exact = read::extend(repo, tip, State::default(), &Scope::open().with_tasks([text]))?;
    let broken = |damaged: &Damaged| damaged.document == Some(Document::Task(text.clone()));
    if exact.tasks.contains_key(text) || exact.damaged.iter().any(broken) {
        return Ok(Matched::One(text.clone()));
    }
    let open = beginning_with(&snapshot.state, text, |task| !task.state.is_closed());
    if !open.is_empty() {
        return Ok(one_of(open));
    }
    let all = read::read(repo, tip, &Scope::open().with_closed())?;
    Ok(one_of(beginning_with(&all, text, |_| true)))
}

fn beginning_with(state: &State, text: &TaskId, wanted: impl Fn(&Task) -> bool) -> Vec<TaskId> {
    let begins = |task: &&Task| task.id.as_str().starts_with(text.as_str()) && wanted(task);
    state.tasks.values().filter(begins).map(|task| task.id.clone()).collect()
}

fn one_of(mut ids: Vec<TaskId>) -> Matched {
    match ids.len() {
        0 => Matched::None,
        1 => Matched::One(ids.remove(0)),
        _ => Matched::Several(ids),
    }
}
