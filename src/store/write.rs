//! Writing: one operation is one commit and one swap of the ref.

use std::collections::BTreeSet;

use gix::ObjectId;
use gix::actor::Signature;
use gix::objs::tree::EntryKind;

use super::layout::{self, FORMAT_PATH, FORMAT_VERSION, STATE_REF};
use super::objects::{LARGEST_DOCUMENT, LARGEST_OPERATION, Unusable};
use super::read::{self, MOST_DEPENDENCIES, Scope};
use super::{Snapshot, StoreError, StoreLock, objects, own};
use crate::git::refs::{self, Expected, RefError, RefUpdate};
use crate::git::{Repository, identity};
use crate::state::{Action, Document, Operation, OperationId, RefMove, Rejected, State};
use crate::world::World;

/// How often a swap that somebody else won is tried again. Writers that use this library queue on the lock, so only a
/// foreign writer can win one.
const TRIES: usize = 50;
/// After about so many operations git is asked to look after its object store; gix never does.
const OPERATIONS_PER_MAINTENANCE: usize = 200;

/// What a caller wants done.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The operation's action.
    pub action: Action,
    /// The refs that have moved, or are moved along with it.
    pub moved: Vec<RefMove>,
}

impl From<Action> for Change {
    fn from(action: Action) -> Self {
        Change { action, moved: Vec::new() }
    }
}

/// Why nothing was written.
#[derive(Debug)]
pub enum Refused<E> {
    /// A rule of the state does not hold.
    Rule(Rejected),
    /// The store could not be read or written.
    Store(StoreError),
    /// The caller looked at the state and decided against it.
    Caller(E),
}

impl<E> From<StoreError> for Refused<E> {
    fn from(error: StoreError) -> Self {
        Refused::Store(error)
    }
}

/// What was written.
#[derive(Debug, Clone)]
pub struct Committed {
    /// The operation, with its id.
    pub operation: Operation,
    /// The state after it.
    pub state: State,
    /// Its commit.
    pub commit: ObjectId,
}

/// An operation whose objects are written and whose ref has yet to move.
#[derive(Debug, Clone)]
#[must_use = "nothing is done until the ref moves"]
pub struct Prepared {
    /// What it will be.
    pub committed: Committed,
    /// The swap that makes it so; it may go into a larger transaction.
    pub update: RefUpdate,
    /// Who writes it, and when.
    pub signature: Signature,
}

/// Read the state, let `decide` look at it, and write what it decides. `decide` is called again from a fresh read when
/// somebody else wrote first; `None` from it means that there is nothing to do.
///
/// # Errors
/// See [`Refused`]; nothing was written when there is one.
pub fn transact<E>(
    repo: &Repository,
    world: &World,
    scope: &Scope,
    mut decide: impl FnMut(&State, &mut fastrand::Rng) -> Result<Option<Change>, E>,
) -> Result<Option<Committed>, Refused<E>> {
    let mut lock = StoreLock::acquire(repo)?;
    let mut tries = 0;
    loop {
        tries += 1;
        let snapshot = super::load(repo, scope)?;
        let mut random = world.random(snapshot.tip.as_ref().map_or(&[][..], |tip| tip.as_slice()));
        let Some(change) = decide(&snapshot.state, &mut random).map_err(Refused::Caller)? else { return Ok(None) };
        let prepared = prepare(repo, world, snapshot, change, &mut random)?;
        lock.swapping(true)?;
        let swapped = refs::swap_one(repo, &prepared.update, &prepared.signature);
        lock.swapping(false)?;
        match swapped {
            Ok(()) => {
                super::cache::write(repo, prepared.committed.commit, &prepared.committed.state);
                maintain(repo, &mut random, 1);
                return Ok(Some(prepared.committed));
            }
            Err(RefError::OutOfDate { .. }) if tries < TRIES => {
                std::thread::sleep(std::time::Duration::from_millis(fastrand::u64(1..20)));
            }
            Err(error) => return Err(Refused::Store(error.into())),
        }
    }
}

/// Apply a change to what was read and write its objects; the ref does not move. The caller holds a [`StoreLock`].
///
/// # Errors
/// See [`Refused`]; nothing refers to what may have been written.
pub fn prepare<E>(
    repo: &Repository,
    world: &World,
    snapshot: Snapshot,
    change: Change,
    random: &mut fastrand::Rng,
) -> Result<Prepared, Refused<E>> {
    let signature = identity::committer(repo, world.now).ok_or(StoreError::NoIdentity)?;
    let operation = Operation {
        id: operation_id(world, random),
        nonce: world.nonce(random),
        at: world.now,
        moved: change.moved,
        action: change.action,
    };
    let before = complete(repo, snapshot.tip, snapshot.state, &operation.action)?;
    let state = before.apply(&operation).map_err(Refused::Rule)?;
    let tree = write_tree(repo, snapshot.tip, &state)?;
    let commit = write_commit(repo, snapshot.tip, tree, &operation, &signature)?;
    own::note(repo, &operation)?;
    let update = RefUpdate {
        name: STATE_REF.to_owned(),
        expected: Expected::from(snapshot.tip),
        new: Some(commit),
        message: format!("agents: {}", operation.action.sentence()),
    };
    Ok(Prepared { committed: Committed { operation, state, commit }, update, signature })
}

/// A new operation's id.
fn operation_id(world: &World, random: &mut fastrand::Rng) -> OperationId {
    OperationId::try_from(world.ulid(random)).expect("Crockford's base 32 is within the grammar of names")
}

/// The state with everything that the rules for `action` look at, also what is closed.
pub(super) fn complete(
    repo: &Repository,
    tip: Option<ObjectId>,
    state: State,
    action: &Action,
) -> Result<State, StoreError> {
    let Some(tip) = tip else { return Ok(state) };
    let named = action.tasks().into_iter().cloned();
    let after = action.waits_for();
    let waits_for_more = !after.is_empty();
    let documents: Vec<Document> = named.chain(after).map(Document::Task).collect();
    let state = read::extend(repo, tip, state, &Scope { documents, ..Scope::open() })?;
    if waits_for_more { read::with_dependencies(repo, tip, state) } else { Ok(state) }
}

/// The tree after the touched documents have been put in their places.
pub(super) fn write_tree(repo: &Repository, tip: Option<ObjectId>, state: &State) -> Result<ObjectId, StoreError> {
    let failed = |error: &dyn std::fmt::Display| StoreError::Write { reason: error.to_string() };
    let gix = repo.gix();
    let blob = |json: &serde_json::Value| -> Result<(ObjectId, u64), StoreError> {
        let mut text = serde_json::to_vec_pretty(json).map_err(|error| failed(&error))?;
        text.push(b'\n');
        Ok((gix.write_blob(&text).map_err(|error| failed(&error))?.detach(), text.len() as u64))
    };
    let before = match tip {
        Some(commit) => objects::tree_of(repo, commit).map_err(|reason| StoreError::Unreadable { commit, reason })?,
        None => ObjectId::empty_tree(gix.object_hash()),
    };
    let mut editor = gix.edit_tree(before).map_err(|error| failed(&error))?;
    if tip.is_none() {
        let (format, _) = blob(&serde_json::json!({ "version": FORMAT_VERSION }))?;
        editor.upsert(FORMAT_PATH, EntryKind::Blob, format).map_err(|error| failed(&error))?;
    }
    let dependencies = state.tasks.values().map(|task| task.after.len()).sum::<usize>() as u64;
    at_most("the list of what waits for what", "dependencies", dependencies, MOST_DEPENDENCIES as u64)?;
    let mut filled = BTreeSet::new();
    for document in state.touched() {
        let place = layout::path_in(state, document);
        for stale in layout::paths(document).iter().filter(|path| Some(*path) != place.as_ref()) {
            editor.remove(stale.as_str()).map_err(|error| failed(&error))?;
        }
        if let (Some(path), Some(json)) = (place, state.document(document)) {
            let (id, found) = blob(&json)?;
            at_most(&path, "bytes", found, LARGEST_DOCUMENT)?;
            editor.upsert(path.as_str(), EntryKind::Blob, id).map_err(|error| failed(&error))?;
            filled.extend(path.rsplit_once('/').map(|(folder, _)| folder.to_owned()));
        }
    }
    let tree = editor.write().map_err(|error| failed(&error))?.detach();
    // What is too large to be read must not be written: nobody could read anything any more.
    for folder in filled {
        objects::entry_at(repo, tree, &folder, &mut Vec::new())
            .map_or(Ok(Vec::new()), |entry| objects::entries(repo, entry.id, &mut Vec::new()))
            .map_err(|error| StoreError::Oversized { what: folder, reason: error.to_string() })?;
    }
    Ok(tree)
}

fn at_most(what: &str, of: &'static str, found: u64, most: u64) -> Result<(), StoreError> {
    if found <= most {
        return Ok(());
    }
    let reason = Unusable::TooLarge { of, found, most }.to_string();
    Err(StoreError::Oversized { what: what.to_owned(), reason })
}

fn write_commit(
    repo: &Repository,
    parent: Option<ObjectId>,
    tree: ObjectId,
    operation: &Operation,
    signature: &Signature,
) -> Result<ObjectId, StoreError> {
    let commit = gix::objs::Commit {
        message: message(operation)?.into(),
        tree,
        author: signature.clone(),
        committer: signature.clone(),
        encoding: None,
        parents: parent.into_iter().collect(),
        extra_headers: Vec::new(),
    };
    let written = repo.gix().write_object(&commit);
    Ok(written.map_err(|error| StoreError::Write { reason: error.to_string() })?.detach())
}

/// A sentence for people, an empty line, and the operation as one line of JSON.
pub(super) fn message(operation: &Operation) -> Result<String, StoreError> {
    let json = serde_json::to_string(operation).map_err(|error| StoreError::Write { reason: error.to_string() })?;
    at_most("the operation", "bytes", json.len() as u64 * 2, LARGEST_OPERATION)?;
    Ok(format!("{}\n\n{json}\n", operation.action.sentence()))
}

/// Now and then, have git look after its object store, the likelier the more operations have come. Whether anything is
/// due is git's to decide; a failure is not ours to report, since what was asked for is done.
pub fn maintain(repo: &Repository, random: &mut fastrand::Rng, operations: usize) {
    let wanted = repo.config("maintenance.auto").is_none_or(|value| value != "false");
    if wanted && random.usize(..OPERATIONS_PER_MAINTENANCE) < operations {
        drop(repo.git().args(["maintenance", "run", "--auto", "--quiet"]).run());
    }
}
