//! What agents go through: enrolled, started, completed. Each is a library call that a command, a dashboard or a
//! server makes; each is one operation of the chain, together with what moves in git.

pub mod backups;
pub mod begun;
pub mod built_on;
pub mod candidates;
pub mod carry_out;
pub mod cleanup;
pub mod commit_hook;
pub mod complete;
mod completed_at;
pub mod doctor;
pub mod elsewhere;
pub mod enrol;
pub mod guard;
pub mod hook_json;
pub mod landed;
pub mod landing;
pub mod leases;
pub mod messages;
pub mod overview;
pub mod packet;
pub mod past;
pub mod past_runs;
pub mod place;
pub mod queue;
pub mod recover;
pub mod ref_log;
pub mod remote_branches;
pub mod removal;
pub mod reserved;
pub mod resolve;
pub mod restore;
pub mod stacked;
pub mod start;
pub mod strategies;
pub mod taken;
pub mod template;

mod rewrites;
