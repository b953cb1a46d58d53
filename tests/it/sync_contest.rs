//! Clones that contend for tasks, and clones in bad weather: nothing that was acknowledged is lost.
//!
//! `cargo run --release --example contest` does as much of it as one likes.

use crate::contest::{Contest, race, storm};
use crate::support::Sandbox;

#[test]
fn eight_clones_contend_for_one_task_and_take_one_each() {
    let results = race(Sandbox::binary(), Contest { clones: 8, rounds: 2, is_slow: false });
    assert!(results.losses.is_empty(), "{results}\n{}", results.losses.join("\n"));
    assert_eq!((results.same.0, results.different.0), (2, 16));
}

#[test]
fn two_clones_in_bad_weather() {
    let weathered = storm(Sandbox::binary(), 40, 1);
    assert!(weathered.losses.is_empty(), "{weathered}\n{}", weathered.losses.join("\n"));
    assert!(weathered.acknowledged > 10 && weathered.killed > 0 && weathered.refused > 0, "{weathered}");
}
