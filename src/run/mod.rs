//! Runs: an agent's program, started in its worktree, watched over, and ended with everything that it has started.
//!
//! A run is a folder below `$GIT_COMMON_DIR/agents/runs/` with a record for each thing that has happened, and a lock that
//! its supervisor holds for as long as it lives. What a run is doing follows from these facts alone; where one of them
//! cannot be read, it is unknown.

mod census;
pub mod clean;
pub mod compose;
pub mod error;
pub mod file;
pub mod folder;
pub mod hidden;
pub mod how;
pub mod id;
pub mod input;
pub mod list;
pub mod output;
pub mod program;
pub mod record;
pub mod settle;
pub mod start;
pub mod state;
pub mod still;
pub mod stop;
pub mod supervise;
pub mod tmux;
pub mod wait;
pub mod word;

#[cfg(test)]
mod fixture;

pub use crate::profile::{CostSource, Input};
pub use census::Census;
pub use error::RunError;
pub use hidden::{Hidden, hidden};
pub use how::How;
pub use id::{MARK, PLACE, RunId};
pub use list::{Run, all, live_of};
pub use record::Mode;
pub use settle::settle;
pub use start::{Request, Started, start};
pub use state::State;
pub use still::{Still, all_still, still};
pub use stop::{Stopped, stop};
pub use wait::{Until, Waited, wait};
