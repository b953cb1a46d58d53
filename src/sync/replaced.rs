//! What became of our chain behind our back: a plain `git fetch` in a mirror, or one that is forced, puts the remote's in
//! its place, and one that prunes deletes it, with its log, where the remote has none.

use std::collections::BTreeSet;

use gix::ObjectId;
use gix::bstr::ByteSlice;

use super::divergence::between;
use super::integrate::{keep, move_state, told};
use super::rejected::{self, RejectedOperation};
use super::{Remote, SyncError};
use crate::git::Repository;
use crate::state::OperationId;
use crate::store::{self, Entry, History, Replay, STATE_REF, StoreLock};
use crate::world::World;

/// So many values of the log are looked at.
const MOST_OF_LOG: usize = 1000;

/// Put back what was deleted or replaced; gives what does not hold any more.
pub(super) fn bring_back(
    repo: &Repository,
    world: &World,
    remote: &Remote,
) -> Result<Vec<RejectedOperation>, SyncError> {
    let mut lock = StoreLock::acquire(repo)?;
    match store::tip(repo)? {
        None => deleted(repo, world, &mut lock).map(|()| Vec::new()),
        Some(now) if remote.is_mirror || was_moved(repo, now) => replaced(repo, world, remote, &mut lock, now),
        Some(_) => Ok(Vec::new()),
    }
}

/// Whether somebody else has moved the ref: it does not go on from where we left it.
fn was_moved(repo: &Repository, now: ObjectId) -> bool {
    store::cached(repo).is_some_and(|last| last != now && !repo.is_within(last, now))
}

/// The chain that was here last, where its commits are still there to be read.
fn deleted(repo: &Repository, world: &World, lock: &mut StoreLock) -> Result<(), SyncError> {
    let Some(last) = store::cached(repo) else { return Ok(()) };
    if History::from(repo, Some(last)).any(|entry| entry.is_err()) {
        return Ok(());
    }
    move_state(repo, world, lock, None, Some(last), "sync: bring back what was deleted".to_owned())
}

/// Do again what a fetch has taken away. The ref's log has the chains; those from before the last sync were seen by it.
fn replaced(
    repo: &Repository,
    world: &World,
    remote: &Remote,
    lock: &mut StoreLock,
    now: ObjectId,
) -> Result<Vec<RejectedOperation>, SyncError> {
    let known: BTreeSet<OperationId> = rejected::rejected(repo)?.into_iter().filter_map(|one| one.id).collect();
    let (mut tip, mut failed) = (now, Vec::new());
    for before in replaced_by_fetches(repo)?.into_iter().rev() {
        let is_new = |entry: &Entry| entry.operation.as_ref().is_some_and(|operation| !known.contains(&operation.id));
        let gone: Vec<Entry> =
            between(repo, Some(before), Some(tip))?.missing_there().into_iter().filter(is_new).collect();
        if gone.is_empty() {
            continue;
        }
        let mut replay = Replay::on(repo, Some(tip), &gone)?;
        for entry in &gone {
            if let Err(reason) = replay.add(entry)? {
                lock.swapping(true)?;
                let backup = keep(repo, world, before);
                lock.swapping(false)?;
                failed.push(told(world, remote, entry, &reason.to_string(), &backup?));
            }
        }
        tip = replay.tip().unwrap_or(tip);
    }
    rejected::record(repo, &failed, &BTreeSet::new())?;
    if tip != now {
        let message = "sync: bring back what a fetch has replaced".to_owned();
        move_state(repo, world, lock, Some(now), Some(tip), message)?;
    }
    Ok(failed)
}

/// Where the ref stood before each fetch since the last sync, the newest first.
fn replaced_by_fetches(repo: &Repository) -> Result<Vec<ObjectId>, SyncError> {
    let child = repo.git().args(["log", "--walk-reflogs", "--format=%H%x00%gs"]);
    let log = child.arg(format!("--max-count={MOST_OF_LOG}")).args([STATE_REF, "--"]).run()?;
    let entry = |line: &[u8]| {
        let (id, message) = line.split_once_str("\0")?;
        Some((ObjectId::from_hex(id).ok()?, message.to_str_lossy().into_owned()))
    };
    let entries: Vec<_> = log.stdout.lines().filter_map(entry).collect();
    let since = entries.iter().position(|(_, message)| message.starts_with("sync:")).unwrap_or(entries.len());
    let pairs = entries.windows(2).take(since).filter(|pair| pair[0].1.starts_with("fetch"));
    Ok(pairs.map(|pair| pair[1].0).collect())
}
