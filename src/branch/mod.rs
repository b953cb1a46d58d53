//! What the branches mean to each other: facts, overlap, conflicts, order.
//!
//! The question behind all of it: if one branch has landed on the target, does the other still merge? A conflict is
//! always git's own word; what is decided here without git is only ever that two branches cannot meet. Agents and
//! tasks do not appear, only names. Nothing is written in the repository: merges go to a scratch.

mod blob;
mod bring_up;
pub mod changes;
pub mod conflict;
pub mod facts;
pub mod filter;
mod folder;
pub mod hazard;
pub mod history;
pub mod hunks;
pub mod order;
pub mod quick;
pub mod reason;
pub mod regions;
mod remembered;
pub mod simulate;
pub mod soft;
pub mod solve;
pub mod touch;
pub mod verdict;

use std::path::PathBuf;

use gix::ObjectId;

use crate::git::GitError;
use crate::git::merge_tree::MergeError;
use crate::git::scratch::ScratchError;

pub use conflict::{Matrix, Memory, Options, Question, Work, matrix};
pub use order::{Plan, plan};

/// Something that wants to land: a branch, or any commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What it is called in the answer; unique among the candidates.
    pub name: String,
    /// Its tip.
    pub commit: ObjectId,
    /// The full name of its branch, if it has one.
    pub branch: Option<String>,
    /// The top folder of the worktree that has it checked out; its uncommitted work belongs to the picture.
    pub worktree: Option<PathBuf>,
    /// What the worktree is in the middle of (a rebase, a merge). Its uncommitted work is not used then.
    pub busy: Option<String>,
    /// Why the worktree that should belong to it is of no use, so that work may lie there that nobody can see.
    pub away: Option<facts::LeftOut>,
    /// Why its tip cannot be read. It cannot be judged then, and its commit says nothing.
    pub broken: Option<String>,
    /// Names of the candidates that have to land before it. Other names are of no consequence.
    pub after: Vec<String>,
    /// The higher, the earlier, and the rather without manual work.
    pub priority: u8,
    /// When its first own commit was made, in seconds since 1970: of two that are equal, the older comes first.
    pub age: i64,
}

impl Candidate {
    /// A commit with nothing else known about it.
    pub fn new(name: impl Into<String>, commit: ObjectId) -> Self {
        Candidate {
            name: name.into(),
            commit,
            branch: None,
            worktree: None,
            busy: None,
            away: None,
            broken: None,
            after: Vec::new(),
            priority: 0,
            age: 0,
        }
    }
}

/// What candidates land on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Its tip.
    pub commit: ObjectId,
    /// The tip's files.
    pub tree: ObjectId,
}

/// Why there is no answer about the branches at all. What concerns one branch or one pair only is part of the answer.
#[derive(Debug, thiserror::Error)]
pub enum BranchError {
    /// Merging failed as such.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// An object cannot be read or written.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// Two trees cannot be compared.
    #[error("trees {old} and {new} cannot be compared: {reason}")]
    Compare {
        /// The one before.
        old: ObjectId,
        /// The one after.
        new: ObjectId,
        /// What was wrong.
        reason: String,
    },
    /// Something is not the kind of object that it has to be.
    #[error("object {id} is not a {expected}")]
    Kind {
        /// The object.
        id: ObjectId,
        /// What it should be.
        expected: &'static str,
    },
}
