//! Several coding agents, one git repository.
//!
//! Arrows go one way: what is done (`worktree`, `land`) and what it means (`branch`) rest on the `store`, the store on
//! the pure `state`, the state on what exists (`agent`, `task`, `finding`). Only `git` runs git; only `world` reads
//! the clock and the environment.

pub mod agent;
pub mod task;
pub mod finding;
pub mod state;
pub mod store;
pub mod git;
pub mod branch;
pub mod worktree;
pub mod land;
pub mod world;
