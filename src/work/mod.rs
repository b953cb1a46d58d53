//! What agents go through: enrolled, started, completed. Each is a library call that a command, a dashboard or a
//! server makes; each is one operation of the chain, together with what moves in git.

pub mod candidates;
pub mod carry_out;
pub mod complete;
pub mod doctor;
pub mod enrol;
pub mod landing;
pub mod messages;
pub mod overview;
pub mod place;
pub mod recover;
pub mod start;
pub mod strategies;
pub mod template;

mod rewrites;
mod stacked;
