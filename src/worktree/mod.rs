//! Worktrees that agents work in: made, brought along when their branch moves, and removed with a backup.
//!
//! Nothing here knows what an agent is beyond a name. What takes several steps is written to the [`journal`] first,
//! so that a kill at any moment leaves something that the next command can finish or undo.

pub mod backup;
pub mod check;
pub mod create;
pub mod follow;
pub mod integration;
pub mod journal;
pub mod ready;
pub mod remove;
pub mod unfinished;

mod discard;
mod finish;
mod index_copy;
mod losses;
mod vacant;
