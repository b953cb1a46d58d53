//! The one door to git: opening a repository, running git, reading and moving refs.
//!
//! Nothing here knows about agents or tasks. Reading is gix's work; whatever merges, checks out or moves several refs
//! at once is real git's.

pub mod attributes;
pub mod head;
pub mod hooks;
pub mod identity;
pub mod merge_tree;
pub mod refs;
pub mod remote;
pub mod repository;
pub mod run;
pub mod scratch;
pub mod snapshot;
pub(crate) mod stale;
pub mod status;
pub mod worktrees;

#[cfg(test)]
pub(crate) mod fixture;

pub use repository::{OpenError, RefStorage, Repository};
pub use run::{Git, GitError};
