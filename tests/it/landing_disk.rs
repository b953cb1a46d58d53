//! A landing on a full disk loses nothing, and goes on when there is room again.
//!
//! `cargo run --release --example faults -- disk` goes through it page by page.

use crate::faults::{SMALL, fill_disks};
use crate::support::Sandbox;

#[test]
fn disks_that_are_full() {
    match fill_disks(Sandbox::binary(), SMALL, 6) {
        Ok(tally) => {
            assert!(tally.losses.is_empty(), "{tally}\n{}", tally.losses.join("\n\n"));
            assert!(tally.faults > 2, "{tally}");
        }
        Err(reason) => eprintln!("SKIPPED: no disk was full in this run, because none can be mounted: {reason}"),
    }
}
