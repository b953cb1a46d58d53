//! The library's verdicts against git's own, on random histories; at length by
//! `cargo run --release --example oracle -- --random 20000`.
//!
//! Git is asked by a driver of its own here, by the definition of a verdict and nothing else, so that whatever the
//! library leaves out, remembers or decides by itself is held against the whole truth.

mod built;
mod compare;
mod cpu;
mod edits;
mod git;
mod history;
mod lines;
mod round;
mod tree;
mod truth;

use round::{Tally, round};

/// What these seeds found once is looked at again.
const SEEDS: std::ops::Range<u64> = 1..41;

#[test]
fn verdicts_are_gits() {
    let mut tally = Tally::default();
    let reports: Vec<String> = SEEDS.flat_map(|seed| round(seed, &mut tally)).collect();
    eprintln!("{tally}");
    assert!(reports.is_empty(), "{}", reports.join("\n"));
    assert!(tally.conflicts > tally.pairs / 20 && tally.merged > tally.pairs / 4, "hardly anything happens: {tally}");
}
