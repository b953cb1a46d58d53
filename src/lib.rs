//! Several coding agents, one git repository.
//!
//! Arrows go one way: what is done (`work`, `worktree`, `land`) and what it means (`branch`) rest on the `store`, the store on
//! the pure `state`, the state on what exists (`agent`, `task`, `finding`, `claim`). Only `git` runs git; only `world` reads
//! the clock and the environment.

pub mod agent;
pub mod branch;
pub mod bytes;
pub mod check;
pub mod claim;
pub mod config;
pub mod duration;
pub mod execute;
pub mod finding;
pub mod git;
pub mod land;
pub mod name;
pub mod path;
pub mod plain;
pub mod plan;
pub mod port_range;
pub mod preset;
pub mod process;
pub mod profile;
pub mod prompt;
pub mod run;
pub mod state;
pub mod store;
pub mod sync;
pub mod task;
pub mod text;
pub mod work;
pub mod worktree;
pub mod world;
