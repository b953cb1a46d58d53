//! Bringing branches home: built in memory, moved in one transaction, finished or undone after a kill.
//!
//! [`build`] makes everything that a landing will need in a scratch and says as a [`mod@plan`] what it would do and what
//! speaks against it; nothing in the repository changes. [`execute()`] moves the refs of exactly that plan, or none, and
//! the worktrees follow. What a kill interrupts, [`finish`] completes or drops.

pub mod build;
pub mod execute;
pub mod finish;
pub mod plan;
pub mod recover;
pub mod replay;

mod commit;
mod encoding;
mod merger;
mod message;
mod own;

#[cfg(test)]
pub(crate) mod fixture;

pub(crate) use commit::Writer;
pub(crate) use own::{base_of_own, is_ancestor};

pub use build::{compose, plan, plan_rebase, plan_undo};
pub use execute::{ExecuteError, Executed, Execution, execute};
pub use plan::{Built, Plan, PlanError, Request, Source, Strategy};
pub use recover::{Questions, Recovered, recover};
