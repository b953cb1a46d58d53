//! Everything that dead processes left, finished or undone. Every command that writes begins with this.

use gix::actor::Signature;

use super::execute::ExecuteError;
use super::finish::{self, Finished};
use crate::git::Repository;
use crate::git::stale;
use crate::worktree::create::{self, CreateError};
use crate::worktree::journal::{self, Entry, JournalError};
use crate::worktree::remove::{self, RemoveError};
use crate::worktree::unfinished;

/// What only the layer above knows.
pub struct Questions<'a> {
    /// Whether the creation for this name was registered.
    pub is_registered: &'a dyn Fn(&str) -> bool,
    /// Whether the state's chain has this operation.
    pub is_recorded: &'a dyn Fn(&str) -> bool,
}

/// How one thing that was found ended.
#[derive(Debug)]
pub enum Recovered {
    /// A creation was kept because it was registered, or undone.
    Creation {
        /// The operation.
        id: String,
        /// Why something of it was left in place.
        left: Option<String>,
    },
    /// A removal was finished, or the folder given back.
    Removal {
        /// The operation.
        id: String,
        /// Whether anything is gone; then it is to be recorded.
        is_gone: bool,
        /// To be finished when that is done.
        entry: Entry,
    },
    /// A landing was finished or dropped.
    Landing {
        /// The operation.
        id: String,
        /// How.
        finished: Finished,
    },
    /// It could not be finished now; the next command tries again.
    Failed {
        /// The operation.
        id: String,
        /// Why.
        error: RecoverError,
    },
}

/// Why something could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// A creation.
    #[error(transparent)]
    Create(#[from] Box<CreateError>),
    /// A removal.
    #[error(transparent)]
    Remove(#[from] Box<RemoveError>),
    /// A landing.
    #[error(transparent)]
    Land(#[from] Box<ExecuteError>),
}

/// Finish or undo what dead processes left, in the order in which they began.
///
/// # Errors
/// The journal cannot be read. What a single entry meets is part of the answer.
pub fn recover(
    repo: &Repository,
    questions: &Questions<'_>,
    signature: &Signature,
) -> Result<Vec<Recovered>, JournalError> {
    let left = journal::abandoned(repo)?;
    if !left.is_empty() {
        stale::sweep(repo);
    }
    let mut found = Vec::new();
    for entry in left {
        let id = entry.id.clone();
        let failed = |error| Recovered::Failed { id: id.clone(), error };
        found.push(match entry.kind.as_str() {
            create::KIND => match unfinished::recover(repo, entry, questions.is_registered, signature) {
                Ok(left) => Recovered::Creation { id, left },
                Err(error) => failed(Box::new(error).into()),
            },
            remove::KIND => match remove::recover(repo, entry, signature) {
                Ok((entry, is_gone)) => Recovered::Removal { id, is_gone, entry },
                Err(error) => failed(Box::new(error).into()),
            },
            finish::KIND => match finish::recover(repo, entry, questions.is_recorded, signature) {
                Ok(finished) => Recovered::Landing { id, finished },
                Err(error) => failed(Box::new(error).into()),
            },
            // Written by a program that knows more than this one.
            _ => continue,
        });
    }
    Ok(found)
}
