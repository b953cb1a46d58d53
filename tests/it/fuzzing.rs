//! A little of `examples/fuzz`, and every seed that has ever found something.

use crate::fuzz::{Ground, round};
use crate::support::Sandbox;

/// Seeds that have failed once.
const FOUND: &[u64] = &[1319, 100_000, 100_019];

#[test]
fn what_is_nearly_right_does_no_harm() {
    let ground = Ground::new();
    for seed in FOUND.iter().copied().chain(1..=120) {
        let play = std::panic::AssertUnwindSafe(|| round(&ground, seed, Sandbox::binary()));
        assert!(std::panic::catch_unwind(play).is_ok(), "seed {seed} fails");
    }
}
