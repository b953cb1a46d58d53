//! A landing in which a system call fails, or is the last one, loses nothing and can be run again.
//!
//! `cargo run --release --example faults -- syscalls` goes through all of them.

use crate::faults::{NOT_INSTALLED, SMALL, disturb_calls, why_no_strace};
use crate::support::Sandbox;

#[test]
fn calls_that_fail() {
    if let Some(reason) = why_no_strace() {
        // A machine may forbid tracing, but strace itself is installed where it matters.
        assert!(std::env::var_os("CI").is_none() || reason != NOT_INSTALLED, "{reason}");
        eprintln!("SKIPPED: no system call fails in this run, because strace cannot be used: {reason}");
        return;
    }
    // No multiple of the number of kinds of faults, so that all of them come up.
    let tally = disturb_calls(Sandbox::binary(), SMALL, 37, 4);
    assert!(tally.losses.is_empty(), "{tally}\n{}", tally.losses.join("\n\n"));
    assert!(tally.faults > 10 && tally.under_way > 0, "{tally}");
}
