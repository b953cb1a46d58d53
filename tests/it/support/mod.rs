//! What the tests share: a sandbox to run in, outputs to compare, repositories to begin with.

mod agents;
mod clones;
mod facts;
mod output;
mod plans;
mod revisions;
mod run;
mod runs;
mod sandbox;
mod state;
mod tmux;

pub(crate) use agents::lines;
pub(crate) use clones::{Clone, remote_tip, script};
pub(crate) use output::Output;
pub(crate) use plans::{Ground, most_at_once, without_times};
pub(crate) use run::Run;
pub(crate) use runs::{eventually, is_alive};
pub(crate) use sandbox::{Sandbox, Shape};
pub(crate) use state::{id, name};
pub(crate) use tmux::{Tmux, wait_for};
