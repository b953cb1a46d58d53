//! Finishing or taking back what a process that died has left half done. Every command that changes something begins
//! with it; where nothing is left it costs one look into a folder.

use crate::agent::AgentName;
use crate::git::{Repository, identity};
use crate::store::{self, Scope, StoreError};
use crate::worktree::create::{self, CreateError};
use crate::worktree::journal::{self, JournalError};
use crate::worktree::remove::{self, RemoveError};
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
    #[error("an interrupted creation cannot be taken back: {0}")]
    Create(#[from] CreateError),
    /// A half-removed worktree cannot be finished.
    #[error("an interrupted removal cannot be finished: {0}")]
    Remove(#[from] RemoveError),
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
        let kept = match entry.kind.as_str() {
            create::KIND => unfinished::recover(repo, entry, &is_registered, &signature)?,
            remove::KIND => {
                remove::recover(repo, entry, &signature)?;
                None
            }
            // A newer version wrote it and knows what to do about it.
            kind => Some(format!("a {kind} that this version does not know")),
        };
        told.push(match kept {
            None => format!("cleared up after an interrupted command ({id})"),
            Some(kept) => format!("an interrupted command ({id}) left something that is kept: {kept}"),
        });
    }
    Ok(told)
}
