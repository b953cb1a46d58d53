//! Answers as plain data: what JSON publishes, and the text for people of the same data.
//!
//! These shapes are a promise of their own, apart from what is stored: absent = nothing to report, `null` = could not
//! be determined.

pub(crate) mod agent;
pub(crate) mod backups;
pub(crate) mod blocked;
pub(crate) mod check;
pub(crate) mod claim;
pub(crate) mod cleanup;
pub(crate) mod collision;
pub(crate) mod completed;
pub(crate) mod config;
pub(crate) mod conflicts;
pub(crate) mod conflicts_branch;
pub(crate) mod conflicts_matrix;
pub(crate) mod current_task;
pub(crate) mod doctor;
pub(crate) mod done;
pub(crate) mod enrolled;
pub(crate) mod explain;
pub(crate) mod finding;
pub(crate) mod guard;
pub(crate) mod hooks;
pub(crate) mod hunks;
mod kept;
pub(crate) mod lease;
pub(crate) mod log;
pub(crate) mod merge;
pub(crate) mod merge_order;
pub(crate) mod merge_plan;
pub(crate) mod merge_stopped;
pub(crate) mod packet;
pub(crate) mod past_run;
pub(crate) mod paths;
pub(crate) mod prepared;
pub(crate) mod rebase;
pub(crate) mod recover;
pub(crate) mod removed;
pub(crate) mod reserved;
pub(crate) mod reset;
pub(crate) mod resolve;
pub(crate) mod started;
pub(crate) mod status;
pub(crate) mod sync;
pub(crate) mod task;
pub(crate) mod trust;
pub(crate) mod undone;
pub(crate) mod warnings;
