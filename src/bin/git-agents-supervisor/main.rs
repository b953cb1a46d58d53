//! The supervisor of a run as a program of its own (see `git_agents::run::supervise`).
//!
//! What it does, `git-agents __supervise` does as well, and it is used when this program is not beside ours. It is here for
//! its size alone: the kernel maps a program in pieces of 64 KB around whatever is touched, and the few functions that a
//! supervisor needs lie all over the eleven megabytes of the whole program, which makes nine megabytes of memory for each
//! run. Here they lie together.

use std::process::ExitCode;

fn main() -> ExitCode {
    git_agents::run::supervise::answer_launcher().unwrap_or(ExitCode::from(2))
}
