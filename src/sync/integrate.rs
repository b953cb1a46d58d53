//! Bringing our chain onto what a remote has: forward where we have nothing of our own, else by doing our operations
//! again on its tip.
//!
//! The order makes a kill harmless: the new chain's objects first, then the backup and the list of what was rejected,
//! and last the swap of the ref. Before that the old chain is the truth, and the next sync does all of it again.

use std::collections::BTreeSet;

use gix::ObjectId;

use super::divergence::{Divergence, between};
use super::rejected::{self, RejectedOperation};
use super::{Remote, SyncError, met};
use crate::git::refs::{self, Expected, RefError, RefUpdate};
use crate::git::{Repository, identity};
use crate::state::OperationId;
use crate::store::{self, Entry, History, Replay, Replayed, STATE_REF, StoreError, StoreLock};
use crate::work::backups::FOLDER;
use crate::world::World;

/// How often a swap that somebody else won is tried again; writers of this program queue on the lock.
const TRIES: usize = 50;
/// Of so many operations that came at once each is told; of more only the newest.
const MOST_TOLD: usize = 1000;

/// Where our chain stands after it.
#[derive(Debug, Default)]
pub(super) struct Integrated {
    /// Our tip.
    pub(super) tip: Option<ObjectId>,
    /// What came, newest first; of very many only the newest.
    pub(super) came: Vec<Entry>,
    /// How many came.
    pub(super) came_count: usize,
    /// Ours that the remote does not have, oldest first.
    pub(super) waiting: Vec<Entry>,
    /// Ours that do not hold there.
    pub(super) rejected: Vec<RejectedOperation>,
}

/// Bring our chain onto `theirs`.
pub(super) fn integrate(
    repo: &Repository,
    world: &World,
    remote: &Remote,
    theirs: Option<ObjectId>,
) -> Result<Integrated, SyncError> {
    let mut lock = StoreLock::acquire(repo)?;
    let mut tries = 0;
    loop {
        tries += 1;
        let ours = store::tip(repo)?;
        let (result, message) = match (ours, theirs) {
            (None, None) => return Ok(Integrated::default()),
            (None, Some(theirs)) => (adopted(repo, theirs)?, format!("sync: adopt the state of {}", remote.name)),
            _ => {
                let split = between(repo, ours, theirs)?;
                let waiting = split.missing_there();
                if split.theirs.is_empty() && (waiting.is_empty() || is_sound(repo, ours, theirs)) {
                    return Ok(Integrated { tip: ours, waiting, ..Integrated::default() });
                }
                lock.swapping(true)?;
                (replayed(repo, world, remote, theirs, ours, &split)?, format!("sync: with {}", remote.name))
            }
        };
        match move_state(repo, world, &mut lock, ours, result.tip, message) {
            Ok(()) => return Ok(result),
            Err(SyncError::Ref(RefError::OutOfDate { .. })) if tries < TRIES => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether all of ours that goes on from theirs is what others would take. A plain fetch may have brought it here, or
/// somebody committed by hand: then it is done again, as far as it can be.
fn is_sound(repo: &Repository, ours: Option<ObjectId>, theirs: Option<ObjectId>) -> bool {
    ours.is_none_or(|ours| store::vet(repo, ours, theirs).is_ok())
}

/// Take the remote's chain as it is; ours is kept.
pub(super) fn adopt(
    repo: &Repository,
    world: &World,
    remote: &Remote,
    theirs: ObjectId,
) -> Result<Integrated, SyncError> {
    let mut lock = StoreLock::acquire(repo)?;
    let ours = store::tip(repo)?;
    let split = between(repo, ours, Some(theirs))?;
    let mut gone = Vec::new();
    if let Some(ours) = ours.filter(|_| !split.ours.is_empty()) {
        lock.swapping(true)?;
        let backup = keep(repo, world, ours)?;
        let reason = format!("the state of {} was adopted in its place", remote.name);
        gone = split.missing_there().iter().map(|entry| told(world, remote, entry, &reason, &backup)).collect();
        rejected::record(repo, &gone, &BTreeSet::new())?;
    }
    move_state(repo, world, &mut lock, ours, Some(theirs), format!("sync: adopt the state of {}", remote.name))?;
    let came = split.missing_here();
    let came_count = came.len();
    Ok(Integrated { tip: Some(theirs), came, came_count, waiting: Vec::new(), rejected: gone })
}

/// Take an operation that nobody has built on out of our chain again. False when it is not the newest one.
pub(super) fn withdraw(repo: &Repository, world: &World, id: &OperationId) -> Result<bool, SyncError> {
    let mut lock = StoreLock::acquire(repo)?;
    let tip = store::tip(repo)?;
    let newest = History::from(repo, tip).next().transpose()?;
    let is_it = |entry: &Entry| entry.operation.as_ref().is_some_and(|operation| operation.id == *id);
    let Some((entry, parent)) = newest.filter(is_it).and_then(|entry| entry.parent.map(|parent| (entry, parent)))
    else {
        return Ok(false);
    };
    let message = format!("sync: take back what was not confirmed: {}", entry.sentence);
    match move_state(repo, world, &mut lock, tip, Some(parent), message) {
        Ok(()) => Ok(true),
        Err(SyncError::Ref(RefError::OutOfDate { .. })) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Note what a remote has, and move the ref that holds it.
pub(super) fn move_accepted(
    repo: &Repository,
    world: &World,
    remote: &Remote,
    from: Option<ObjectId>,
    to: Option<ObjectId>,
    message: &str,
) -> Result<(), SyncError> {
    if from != to {
        met::note(repo, &remote.name, to)?;
    }
    let name = remote.accepted_ref();
    move_remembered(repo, world, &name, refs::read(repo, &name)?, to, message)
}

/// Move a ref that holds something of a remote. The store's lock is held and says so: moving any ref may lock the packed
/// refs, and whoever writes next must know that a holder died over it.
pub(super) fn move_remembered(
    repo: &Repository,
    world: &World,
    name: &str,
    from: Option<ObjectId>,
    to: Option<ObjectId>,
    message: &str,
) -> Result<(), SyncError> {
    if from == to {
        return Ok(());
    }
    let mut lock = StoreLock::acquire(repo)?;
    lock.swapping(true)?;
    let moved = move_ref(repo, world, name, from, to, message.to_owned());
    lock.swapping(false)?;
    moved
}

fn move_ref(
    repo: &Repository,
    world: &World,
    name: &str,
    from: Option<ObjectId>,
    to: Option<ObjectId>,
    message: String,
) -> Result<(), SyncError> {
    if from == to {
        return Ok(());
    }
    let signature = identity::committer(repo, world.now).ok_or(StoreError::NoIdentity)?;
    let update = RefUpdate { name: name.to_owned(), expected: Expected::from(from), new: to, message };
    Ok(refs::swap_one(repo, &update, &signature)?)
}

/// Move our own chain's ref; the store's lock is held.
pub(super) fn move_state(
    repo: &Repository,
    world: &World,
    lock: &mut StoreLock,
    from: Option<ObjectId>,
    to: Option<ObjectId>,
    message: String,
) -> Result<(), SyncError> {
    lock.swapping(true)?;
    let moved = move_ref(repo, world, STATE_REF, from, to, message);
    lock.swapping(false)?;
    if let (Ok(()), Some(tip)) = (&moved, to) {
        store::remember(repo, tip);
    }
    moved
}

/// There is nothing here yet.
fn adopted(repo: &Repository, theirs: ObjectId) -> Result<Integrated, StoreError> {
    let mut came = Vec::new();
    let mut came_count = 0;
    // What an operation was is not asked of those that are only counted.
    let mut whole = History::from(repo, Some(theirs));
    while let Some(entry) = whole.next().transpose()? {
        came_count += 1;
        let rest = entry.parent;
        came.push(entry);
        if came.len() == MOST_TOLD {
            came_count += History::from(repo, rest).only(&["nothing"]).count();
            break;
        }
    }
    Ok(Integrated { tip: Some(theirs), came, came_count, ..Integrated::default() })
}

/// Do ours again on theirs; write down what does not hold.
fn replayed(
    repo: &Repository,
    world: &World,
    remote: &Remote,
    theirs: Option<ObjectId>,
    ours: Option<ObjectId>,
    split: &Divergence,
) -> Result<Integrated, SyncError> {
    let candidates = split.missing_there();
    let mut replay = Replay::on(repo, theirs, &candidates)?;
    let (mut waiting, mut there, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for entry in &candidates {
        match replay.add(entry)? {
            // It may be a part of what it was.
            Ok(Replayed::Done) => waiting.extend(History::from(repo, replay.tip()).next().transpose()?),
            Ok(Replayed::IsThere) => there.push(entry),
            Err(reason) => failed.push((entry, reason.to_string())),
        }
    }
    let mut rejected = Vec::new();
    if let Some(ours) = ours.filter(|_| !failed.is_empty()) {
        let backup = keep(repo, world, ours)?;
        rejected = failed.iter().map(|(entry, reason)| told(world, remote, entry, reason, &backup)).collect();
    }
    // What the remote has already holds, too, whatever a sync that was killed has written down.
    let holding = waiting.iter().chain(there).chain(&split.theirs).filter_map(|entry| entry.operation.as_ref());
    rejected::record(repo, &rejected, &holding.map(|operation| operation.id.clone()).collect())?;
    let mut came = split.missing_here();
    let came_count = came.len();
    came.truncate(MOST_TOLD);
    Ok(Integrated { tip: replay.tip(), came, came_count, waiting, rejected })
}

/// What is written down of an operation that does not hold.
pub(super) fn told(world: &World, remote: &Remote, entry: &Entry, reason: &str, backup: &str) -> RejectedOperation {
    RejectedOperation {
        id: entry.operation.as_ref().map(|operation| operation.id.clone()),
        commit: entry.commit.to_string(),
        sentence: entry.sentence.clone(),
        by: entry.by.clone(),
        reason: reason.to_owned(),
        at: world.now,
        remote: remote.name.clone(),
        backup: backup.to_owned(),
    }
}

/// Keep a chain that we leave; gives the backup's name. One that is there already will do.
pub(super) fn keep(repo: &Repository, world: &World, tip: ObjectId) -> Result<String, SyncError> {
    let there = refs::list(repo, FOLDER)?;
    if let Some((name, _)) = there.iter().find(|(name, id)| *id == tip && name.ends_with("/state")) {
        return Ok(name.clone());
    }
    let name = format!("{FOLDER}{}/state", world.ulid(&mut world.random(tip.as_slice())));
    move_ref(repo, world, &name, None, Some(tip), "the state before sync".to_owned())?;
    Ok(name)
}
