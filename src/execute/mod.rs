//! Doing a plan: what is started when, by whom, with what command, and how its end is judged.
//!
//! Everything here is a rule or a record; the command drives it.

pub mod batch;
pub mod filing;
pub mod judge;
pub mod step;
