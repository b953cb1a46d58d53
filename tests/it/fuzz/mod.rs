//! States, operations, claims, settings and calls of hooks that are nearly right: whatever they are, nothing panics,
//! nothing hangs, nothing outside the state moves, what vetting lets through can be read and written, and no claim is
//! passed over.
//!
//! Shared by the suite, which runs a little of it, and by `examples/fuzz`, which runs as long as one likes. A round is a
//! seed: the same seed does the same.

mod claims;
mod ground;
mod hook;
mod mutate;
mod round;

pub(crate) use ground::Ground;
pub(crate) use round::round;
