//! Clones that contend for tasks on one remote, and clones that go through bad weather: what must be true afterwards is
//! that every act that was acknowledged is in the one chain that all have.
//!
//! Shared by the suite, which runs a little of it, and by `examples/contest`, which runs as much as one likes. So
//! nothing here knows where the program under test is.

mod ground;
mod race;
mod storm;

pub(crate) use race::{Contest, race};
pub(crate) use storm::storm;
