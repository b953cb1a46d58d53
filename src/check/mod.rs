//! Checks: the user's own commands, run on the tree that would land before anything moves.
//!
//! [`process`] runs one command so that nothing of it outlives it, [`runner`] says for a commit whether all commands
//! pass, and [`search`] finds those whose work makes them fail.

pub mod process;
pub mod runner;
pub mod search;
pub mod settings;

pub(crate) mod guard;
pub(crate) mod log;

pub use process::End;
pub use runner::{CheckError, Event, Failure, Runner, Verdict};
pub use settings::{Settings, SettingsError};
