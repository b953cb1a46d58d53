//! Landings that are disturbed, and what must be true afterwards whatever disturbed them: nothing that anybody made is
//! lost, and the same command again ends where an undisturbed run ends.
//!
//! Shared by the suite, which runs a little of it, and by `examples/faults`, which runs as much as one likes. So nothing
//! here knows where the program under test is.

mod disk;
mod facts;
mod ground;
mod kill;
mod scenario;
mod syscalls;
mod tally;

pub(crate) use disk::fill_disks;
pub(crate) use kill::kill_landings;
pub(crate) use scenario::{SCENARIOS, SMALL, Scenario};
pub(crate) use syscalls::{NOT_INSTALLED, disturb_calls, why_no_strace};
pub(crate) use tally::Tally;
