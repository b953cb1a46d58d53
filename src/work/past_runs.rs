//! Runs of the agents' programs, as the history has them: one operation each, written after the end.

use crate::agent::AgentName;
use crate::git::Repository;
use crate::state::{Action, Operation};
use crate::store::{self, Change, History, Refused, Scope, StoreError};
use crate::task::{PastRun, TaskId};
use crate::world::World;

/// The word of the operation in the chain.
const WORD: &str = "record-run";

/// A run is recorded within moments of its end: it is not looked for further back than that.
const MOST_LOOKED_AT: usize = 2_000;

/// Record how a run ended; false when the history has it already.
///
/// # Errors
/// The state could not be read or written.
pub fn record(
    repo: &Repository,
    world: &World,
    agent: &AgentName,
    task: Option<&TaskId>,
    run: &PastRun,
) -> Result<bool, Refused<StoreError>> {
    let committed = store::transact(repo, world, &Scope::open(), |_, _| {
        let action = Action::RecordRun { agent: agent.clone(), task: task.cloned(), run: Box::new(run.clone()) };
        // Asked anew when somebody was faster: it may have been the same run.
        Ok(if is_recorded(repo, &run.id)? { None } else { Some(Change::from(action)) })
    })?;
    Ok(committed.is_some())
}

/// The runs for a task, oldest first.
///
/// # Errors
/// The chain cannot be read.
pub fn of_task(repo: &Repository, task: &TaskId) -> Result<Vec<(AgentName, PastRun)>, StoreError> {
    let mut found = Vec::new();
    for entry in History::from(repo, store::tip(repo)?).only(&[WORD]) {
        if let Some(Operation { action: Action::RecordRun { agent, task: Some(of), run }, .. }) = entry?.operation
            && of == *task
        {
            found.push((agent, *run));
        }
    }
    found.reverse();
    Ok(found)
}

fn is_recorded(repo: &Repository, id: &str) -> Result<bool, StoreError> {
    for entry in History::from(repo, store::tip(repo)?).only(&[WORD]).take(MOST_LOOKED_AT) {
        if let Some(Operation { action: Action::RecordRun { run, .. }, .. }) = entry?.operation
            && run.id == id
        {
            return Ok(true);
        }
    }
    Ok(false)
}
