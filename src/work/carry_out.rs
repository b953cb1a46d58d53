//! Carrying out a plan together with the operation that records it: refs, backups and state move in one transaction.

use crate::agent::CommitId;
use crate::git::Repository;
use crate::land::{self, Built, ExecuteError, Executed, Execution};
use crate::state::{RefMove, State};
use crate::store::{self, Change, Committed, Refused, Scope, StoreLock};
use crate::world::World;

/// Why nothing was carried out.
#[derive(Debug)]
pub enum CarryOutError<E> {
    /// The state said no, or could not be read or written.
    Refused(Refused<E>),
    /// The refs or worktrees said no.
    Execute(ExecuteError),
}

/// Let `decide` look at the state, and move everything that the plan says together with what it decides.
///
/// # Errors
/// See [`CarryOutError`]; nothing has moved when there is one, or the next command finishes what has.
pub fn carry_out<E>(
    repo: &Repository,
    world: &World,
    built: &Built,
    scope: &Scope,
    decide: impl FnOnce(&State) -> Result<Change, E>,
) -> Result<(Committed, Executed), CarryOutError<E>> {
    let refused = |refused: Refused<E>| CarryOutError::Refused(refused);
    let mut lock = StoreLock::acquire(repo).map_err(|error| refused(error.into()))?;
    let snapshot = store::load(repo, scope).map_err(|error| refused(error.into()))?;
    let mut random = world.random(snapshot.tip.as_ref().map_or(&[][..], |tip| tip.as_slice()));
    let mut change = decide(&snapshot.state).map_err(|error| refused(Refused::Caller(error)))?;
    change.moved = moved(built);
    let prepared = store::prepare(repo, world, snapshot, change, &mut random).map_err(refused)?;
    let execution = Execution {
        plan: &built.plan,
        scratch: &built.scratch,
        operation: prepared.committed.operation.id.as_str(),
        state: Some(&prepared.update),
        message: &prepared.update.message,
        signature: &prepared.signature,
    };
    lock.swapping(true).map_err(|error| refused(error.into()))?;
    let executed = land::execute(repo, &execution);
    lock.swapping(false).map_err(|error| refused(error.into()))?;
    let executed = executed.map_err(CarryOutError::Execute)?;
    store::keep_copy(repo, &prepared.committed);
    Ok((prepared.committed, executed))
}

/// The plan's moves as the operation remembers them.
fn moved(built: &Built) -> Vec<RefMove> {
    let hex = |id: Option<gix::ObjectId>| id.and_then(|id| CommitId::try_from(id.to_string()).ok());
    let one =
        |step: &land::plan::Move| RefMove { name: step.name.clone(), before: hex(step.before), after: hex(step.after) };
    built.plan.moves.iter().map(one).collect()
}
