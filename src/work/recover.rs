//! Finishing or taking back what a process that died has left half done. Every command that changes something begins
//! with it; where nothing is left it costs one look into a folder.

use std::collections::BTreeSet;

use crate::agent::AgentName;
use crate::git::{Repository, identity};
use crate::land::finish::Finished;
use crate::land::{self, Questions, Recovered};
use crate::store::{self, History, Scope, StoreError};
use crate::worktree::journal::{self, JournalError};
use crate::world::World;

/// Why what was left could not be looked at. It stays, and can be tried again.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The state cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// One thing cannot be finished now.
    #[error("an interrupted command ({id}) cannot be finished: {reason}")]
    Unfinished {
        /// Its operation.
        id: String,
        /// Why.
        reason: String,
    },
}

/// How far back an interrupted operation is looked for: it was the newest of its process.
const LOOK_BACK: usize = 1000;

/// Clear away what dead processes have left; what was done about it, a sentence each.
///
/// # Errors
/// See [`RecoverError`].
pub fn recover(repo: &Repository, world: &World) -> Result<Vec<String>, RecoverError> {
    if !journal::is_any(repo)? {
        return Ok(Vec::new());
    }
    let signature = identity::committer(repo, world.now).ok_or(StoreError::NoIdentity)?;
    let snapshot = store::load(repo, &Scope::open())?;
    let newest: BTreeSet<String> = History::from(repo, snapshot.tip)
        .take(LOOK_BACK)
        .filter_map(|entry| entry.ok()?.operation)
        .map(|operation| operation.id.to_string())
        .collect();
    let agents = &snapshot.state.agents;
    let questions = Questions {
        is_registered: &|name| name.parse::<AgentName>().is_ok_and(|name| agents.contains_key(&name)),
        is_recorded: &|id| newest.contains(id),
    };
    let mut told = Vec::new();
    for recovered in land::recover(repo, &questions, &signature)? {
        match recovered {
            Recovered::Creation { id, left: Some(left) } => {
                told.push(format!("an interrupted command ({id}) left something that is kept: {left}"));
            }
            Recovered::Landing { id, finished: Finished::Completed { unrecorded: true, .. } } => {
                told.push(format!(
                    "finished an interrupted command ({id}); its refs have moved and it is not in the log"
                ));
            }
            Recovered::Creation { id, left: None } | Recovered::Removal { id } | Recovered::Landing { id, .. } => {
                told.push(format!("cleared up after an interrupted command ({id})"));
            }
            Recovered::Failed { id, error } => {
                return Err(RecoverError::Unfinished { id, reason: error.to_string() });
            }
        }
    }
    Ok(told)
}
