//! What can land together.

use std::collections::BTreeMap;

use super::{Outcome, Plan, Position};
use crate::branch::reason::Reason;

/// Branches that can land at once, in any order among themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wave {
    /// Their places in [`Plan::order`].
    pub positions: Vec<usize>,
    /// Whether somebody has to resolve conflicts, which concerns one branch at a time.
    pub manual: bool,
}

impl Plan {
    /// The plan in waves: what lands clean as soon as all that it waits for has landed, and each branch that needs
    /// work for itself, when nothing clean is left that need not wait for it. Without what cannot land at all or has
    /// nothing left to land.
    pub fn waves(&self) -> Vec<Wave> {
        let numbers: BTreeMap<&str, usize> =
            self.order.iter().enumerate().map(|(number, position)| (position.name.as_str(), number)).collect();
        let mut waits: Vec<Vec<usize>> = vec![Vec::new(); self.order.len()];
        let dependencies = self.order.iter().flat_map(|then| then.after.iter().map(|first| (first, &then.name)));
        for (first, then) in dependencies.chain(self.waits.iter().map(|(first, then)| (first, then))) {
            if let (Some(first), Some(then)) = (numbers.get(first.as_str()), numbers.get(then.as_str())) {
                waits[*then].push(*first);
            }
        }
        // What conflicts as a pair may land in this order only, with something in between.
        for (then, position) in self.order.iter().enumerate() {
            let is_rival = |other: &Position| {
                let are_clean = position.outcome == Outcome::Clean && other.outcome == Outcome::Clean;
                let is_mended = matches!(position.reason, Reason::Mended { .. });
                are_clean && (is_mended || position.conflicts_with.contains(&other.name))
            };
            waits[then].extend((0..then).filter(|first| is_rival(&self.order[*first])));
        }
        let mut open: Vec<usize> = Vec::new();
        for (number, position) in self.order.iter().enumerate() {
            let is_missing = |first: &usize| !open.contains(first) && self.order[*first].outcome != Outcome::Empty;
            let lands = match position.outcome {
                Outcome::Empty | Outcome::Unknown => false,
                Outcome::Waits => !waits[number].iter().any(is_missing),
                Outcome::Clean | Outcome::NeedsResolution | Outcome::ConflictsWithTarget => true,
            };
            if lands {
                open.push(number);
            }
        }
        let mut waves = Vec::new();
        while !open.is_empty() {
            let ready = |number: &usize| waits[*number].iter().all(|first| !open.contains(first));
            let clean = |number: &usize| matches!(self.order[*number].outcome, Outcome::Clean | Outcome::Waits);
            let mut positions: Vec<usize> =
                open.iter().copied().filter(|number| clean(number) && ready(number)).collect();
            let manual = positions.is_empty();
            if manual {
                positions.extend(open.iter().copied().find(ready).or(open.first().copied()));
            }
            open.retain(|number| !positions.contains(number));
            waves.push(Wave { positions, manual });
        }
        waves
    }
}
