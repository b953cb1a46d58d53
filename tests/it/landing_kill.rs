//! Landings that are killed at any moment lose nothing and end, run again, where an undisturbed one ends.
//!
//! `cargo run --release --example faults -- kill` does the same at length, with more kinds of landings.

use crate::faults::{SCENARIOS, Scenario, Tally, kill_landings};
use crate::support::Sandbox;

#[test]
fn forty_killed_landings() {
    let is_short = |scenario: &Scenario| matches!(scenario.name, "checked" | "dirty, by squash" | "target elsewhere");
    let scenarios: Vec<_> = SCENARIOS.into_iter().filter(is_short).collect();
    let quietly = |_: &Scenario, _: &Tally| {};
    let tally = kill_landings(Sandbox::binary(), &scenarios, 40, 1, scenarios.len(), &quietly);
    assert!(tally.losses.is_empty(), "{tally}\n{}", tally.losses.join("\n\n"));
    assert!(tally.faults >= 40 && (1..tally.faults).contains(&tally.under_way), "{tally}");
}
