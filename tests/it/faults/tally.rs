//! What was done, and what was found.

use std::fmt::{Display, Formatter, Result};

/// A count of landings that were disturbed.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// How often a landing was disturbed, counted once it had an effect.
    pub(crate) faults: usize,
    /// How many of them when the journal had an entry.
    pub(crate) under_way: usize,
    /// Landings that were run to their end.
    pub(crate) landings: usize,
    /// What was lost, or ended otherwise than undisturbed.
    pub(crate) losses: Vec<String>,
}

impl Tally {
    pub(super) fn add(&mut self, other: Tally) {
        self.faults += other.faults;
        self.under_way += other.under_way;
        self.landings += other.landings;
        self.losses.extend(other.losses);
    }
}

impl Display for Tally {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Tally { faults, under_way, landings, losses } = self;
        write!(f, "{faults} faults ({under_way} of them while refs or files moved), {landings} landings, ")?;
        write!(f, "{} losses", losses.len())
    }
}
