//! The landing queue: one landing at a time, checked in combination before anything moves.
//!
//! A [`turn::Turn`] is held from the plan to the last worktree; [`mod@verify`] runs the checks on what was planned and
//! leaves out whose work makes them fail; [`pre_merge`] asks the repository's hook about merges; [`upstream`] is where the
//! target comes from and goes to.

pub mod pre_merge;
pub mod turn;
pub mod upstream;
pub mod verify;
