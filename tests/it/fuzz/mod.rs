//! States, operations and settings that are nearly right: whatever they are, nothing panics, nothing hangs, nothing outside
//! the state moves, and what vetting lets through can be read and written.
//!
//! Shared by the suite, which runs a little of it, and by `examples/fuzz`, which runs as long as one likes. A round is a
//! seed: the same seed does the same.

mod ground;
mod mutate;
mod round;

pub(crate) use ground::Ground;
pub(crate) use round::round;
