//! Landings that are disturbed, and what must be true afterwards whatever disturbed them: nothing that anybody made is
//! lost, and the same command again ends where an undisturbed run ends.
//!
//! Shared by the suite, which runs a little of it, and by `examples/faults`, which runs as much as one likes. So nothing
//! here knows where the program under test is.

mod facts;
mod ground;
mod kill;
mod scenario;

pub(crate) use kill::{Tally, kill_landings};
pub(crate) use scenario::{SCENARIOS, Scenario};
