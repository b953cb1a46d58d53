//! Finishing or taking back what a process that died has left half done. Every command that changes something begins
//! with it; where nothing is left it costs one look into a folder.

use crate::agent::AgentName;
use crate::git::{Repository, identity};
use crate::store::{self, Scope, StoreError};
use crate::worktree::create::CreateError;
use crate::worktree::journal::{self, JournalError};
use crate::worktree::unfinished;
use crate::world::World;

/// Why something that was left could not be cleared away. It stays, and can be tried again.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The state cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A half-made worktree or branch cannot be taken back.
    #[error("something that was interrupted cannot be taken back: {0}")]
    Create(#[from] CreateError),
}

/// Clear away what dead processes have left; what was done about it, a sentence each.
///
/// # Errors
/// See [`RecoverError`].
pub fn recover(repo: &Repository, world: &World) -> Result<Vec<String>, RecoverError> {
    let left = journal::abandoned(repo)?;
    if left.is_empty() {
        return Ok(Vec::new());
    }
    let signature = identity::committer(repo, world.now).ok_or(StoreError::NoIdentity)?;
    let state = store::load(repo, &Scope::open())?.state;
    let is_registered = |name: &str| name.parse::<AgentName>().is_ok_and(|name| state.agents.contains_key(&name));
    let mut told = Vec::new();
    for entry in left {
        let id = entry.id.clone();
        match unfinished::recover(repo, entry, &is_registered, &signature)? {
            None => told.push(format!("cleared away what an interrupted command had left ({id})")),
            Some(kept) => told.push(format!("an interrupted command left something that is kept: {kept}")),
        }
    }
    Ok(told)
}
