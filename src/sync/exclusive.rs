//! Acts of which only one can win among all clones: they count when the remote has them.
//!
//! First the remote's chain is brought here, so that the rules see what others have done. Then the act is written as any
//! other. Then it is pushed; what the remote's chain says is the answer.

use std::time::{Duration, Instant};

use super::lock::SyncLock;
use super::{Direction, Remote, Request, SyncError, integrate, met, rejected};
use crate::git::Repository;
use crate::state::{Operation, Rejected};
use crate::store::{self, History, Scope};
use crate::world::World;

/// How far back in the remote's chain an act of a moment ago is looked for.
const LOOK_BACK: usize = 10_000;

/// How long another process of this clone that talks to the remote is waited for.
const WAIT: Duration = Duration::from_secs(60);

/// What became of an act.
#[derive(Debug, Clone, PartialEq)]
pub enum Confirmed {
    /// The remote has it.
    Won,
    /// Somebody else was faster; it is not in the chain.
    Lost {
        /// The rule that it breaks now; none when it would hold again.
        why: Option<Rejected>,
    },
}

/// Why an act was not confirmed.
#[derive(Debug)]
pub struct Unconfirmed {
    /// What stood in the way.
    pub error: SyncError,
    /// It is not in our chain any more. Otherwise something was built on it already, and it waits to be shared.
    pub is_withdrawn: bool,
}

/// Bring the remote's chain here, before the act.
///
/// # Errors
/// See [`SyncError`]; nothing of ours was changed or lost.
pub fn prepare(repo: &Repository, world: &World, remote: &Remote) -> Result<(), SyncError> {
    super::sync(repo, world, remote, &Request::brief(Direction::Fetch)).map(drop)
}

/// Have the remote decide about an act that was written here.
///
/// # Errors
/// Nobody could decide: see [`Unconfirmed`].
pub fn confirm(
    repo: &Repository,
    world: &World,
    remote: &Remote,
    operation: &Operation,
) -> Result<Confirmed, Unconfirmed> {
    let request = Request { until: Some(operation.id.clone()), is_fresh: true, ..Request::brief(Direction::Both) };
    match super::sync(repo, world, remote, &request) {
        Ok(_) => decided(repo, remote, operation).map_err(|error| Unconfirmed { error, is_withdrawn: false }),
        Err(error) => match withdraw(repo, world, remote, operation) {
            Ok(Withdrawn::TooLate) => Ok(Confirmed::Won),
            withdrawn => Err(Unconfirmed { error, is_withdrawn: matches!(withdrawn, Ok(Withdrawn::Yes)) }),
        },
    }
}

/// Whether an act that nobody has confirmed could be taken back.
enum Withdrawn {
    Yes,
    /// Something was built on it.
    No,
    /// Another process of this clone has brought it to the remote meanwhile.
    TooLate,
}

/// Take an act back that nobody has confirmed. Under the lock, so that nobody is pushing it at this moment.
fn withdraw(repo: &Repository, world: &World, remote: &Remote, operation: &Operation) -> Result<Withdrawn, SyncError> {
    let _lock = SyncLock::acquire(repo, remote, Instant::now() + WAIT)?;
    if is_there(repo, remote, operation)? {
        return Ok(Withdrawn::TooLate);
    }
    Ok(if integrate::withdraw(repo, world, &operation.id)? { Withdrawn::Yes } else { Withdrawn::No })
}

fn decided(repo: &Repository, remote: &Remote, operation: &Operation) -> Result<Confirmed, SyncError> {
    // Told here, so nobody has to be told again.
    let is_rejected = !rejected::acknowledge(repo, Some(&operation.id))?.is_empty();
    if !is_rejected && is_there(repo, remote, operation)? {
        return Ok(Confirmed::Won);
    }
    let scope = Scope::open().with_tasks(operation.action.tasks());
    let state = store::load(repo, &scope)?.state;
    Ok(Confirmed::Lost { why: state.apply(operation).err() })
}

/// Whether the remote's chain has the operation: it is among the newest that are there.
fn is_there(repo: &Repository, remote: &Remote, operation: &Operation) -> Result<bool, SyncError> {
    for entry in History::from(repo, met::accepted(repo, &remote.name)).take(LOOK_BACK) {
        if entry?.operation.is_some_and(|other| other.id == operation.id && other.nonce == operation.nonce) {
            return Ok(true);
        }
    }
    Ok(false)
}
