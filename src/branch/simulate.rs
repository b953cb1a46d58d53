//! Try an order out and learn from it.
//!
//! Branches that merge in pairs need not merge all together. So the planned order is merged, one branch after the
//! other; where a branch that should be clean is not, the smallest set of earlier ones that breaks it becomes a rule
//! of the puzzle, which is solved again. Every round adds a rule, and the number of rounds is limited.

use std::collections::{BTreeMap, BTreeSet};

use super::solve::{Puzzle, Solution, solve};
use super::verdict::PathVerdict;

/// What the branches are merged onto, one after the other.
pub trait Accumulate {
    /// A state of the target.
    type Point: Copy;
    /// What can go wrong outside.
    type Error;

    /// The target as it is.
    fn start(&self) -> Self::Point;

    /// The target with one more branch.
    ///
    /// # Errors
    /// When that cannot be found out; that it does not merge is no error.
    fn add(&mut self, point: Self::Point, branch: usize) -> Result<Added<Self::Point>, Self::Error>;
}

/// What became of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added<P> {
    /// It merged.
    Clean(P),
    /// It did not.
    Conflict(Vec<PathVerdict>),
    /// git cannot tell.
    Unknown(String),
}

/// An order that was tried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled<P> {
    /// The order as solved in the last round.
    pub solution: Solution,
    /// The branches that merged, in order.
    pub merged: Vec<usize>,
    /// Why the others did not, as far as they were tried.
    pub failed: BTreeMap<usize, Added<P>>,
    /// The rules that were learned: sets that break a branch together.
    pub learned: Vec<(BTreeSet<usize>, usize)>,
    /// Whether the last round found nothing new.
    pub agreed: bool,
    /// The target with everything that merged.
    pub end: P,
}

/// Rounds of solving and trying out.
const ROUNDS: usize = 12;

/// Merges that the search for the smallest set may take.
const BUDGET: usize = 300;

/// Solve the puzzle and try the answer out until both agree. `skip` are branches of which nothing is left to merge,
/// `related` says which earlier branches may be to blame for a failure.
///
/// # Errors
/// Those of merging.
pub fn settle<A: Accumulate>(
    mut puzzle: Puzzle,
    skip: &BTreeSet<usize>,
    related: impl Fn(usize, usize) -> bool,
    target: &mut A,
) -> Result<Settled<A::Point>, A::Error> {
    let known = puzzle.groups.len();
    let mut round = 1;
    loop {
        let solution = solve(&puzzle);
        let mut trial = Settled {
            merged: Vec::new(),
            failed: BTreeMap::new(),
            learned: Vec::new(),
            agreed: true,
            end: target.start(),
            solution,
        };
        for &item in trial.solution.order.iter().filter(|item| !puzzle.lost.contains(item) && !skip.contains(item)) {
            let planned = trial.solution.clean.contains(&item);
            // What it conflicts with may have been left out for now: that it merges without it says nothing.
            if !planned && waits_for_missing(&puzzle, &trial, item) {
                continue;
            }
            match target.add(trial.end, item)? {
                Added::Clean(point) => {
                    trial.end = point;
                    trial.merged.push(item);
                }
                failure => {
                    trial.failed.insert(item, failure);
                    if planned {
                        trial.agreed = false;
                        let suspects: Vec<_> =
                            trial.merged.iter().copied().filter(|other| related(*other, item)).collect();
                        let group = blame(target, &trial.merged, suspects, item)?;
                        puzzle.groups.push((group, item));
                    }
                }
            }
        }
        if trial.agreed || round == ROUNDS {
            trial.learned = puzzle.groups.split_off(known);
            return Ok(trial);
        }
        // One that nobody breaks does not merge by itself, whatever was said before.
        let (alone, groups): (Vec<_>, Vec<_>) = puzzle.groups.into_iter().partition(|(group, _)| group.is_empty());
        puzzle.groups = groups;
        puzzle.lost.extend(alone.into_iter().map(|(_, item)| item));
        round += 1;
    }
}

/// Something that comes earlier and conflicts with the item was not merged.
fn waits_for_missing<P>(puzzle: &Puzzle, trial: &Settled<P>, item: usize) -> bool {
    let earlier = trial.solution.order.iter().take_while(|other| **other != item);
    earlier
        .filter(|other| !trial.merged.contains(other))
        .any(|&other| puzzle.conflicts.contains(&(item, other)) || puzzle.conflicts.contains(&(other, item)))
}

/// The smallest part of `merged` that is found to break the item.
fn blame<A: Accumulate>(
    target: &mut A,
    merged: &[usize],
    suspects: Vec<usize>,
    item: usize,
) -> Result<BTreeSet<usize>, A::Error> {
    let mut budget = BUDGET;
    let mut set = if breaks(target, &suspects, item, &mut budget)? { suspects } else { merged.to_vec() };
    let mut size = set.len().div_ceil(2);
    while size > 0 {
        let mut start = 0;
        while start < set.len() {
            let without: Vec<_> =
                set.iter().enumerate().filter(|(at, _)| !(start..start + size).contains(at)).map(|(_, x)| *x).collect();
            if breaks(target, &without, item, &mut budget)? {
                set = without;
            } else {
                start += size;
            }
        }
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
    Ok(set.into_iter().collect())
}

/// Whether the item fails after these, in this order. A set that does not merge itself proves nothing.
fn breaks<A: Accumulate>(target: &mut A, set: &[usize], item: usize, budget: &mut usize) -> Result<bool, A::Error> {
    let mut point = target.start();
    for &member in set {
        if *budget == 0 {
            return Ok(false);
        }
        *budget -= 1;
        match target.add(point, member)? {
            Added::Clean(next) => point = next,
            _ => return Ok(false),
        }
    }
    Ok(!matches!(target.add(point, item)?, Added::Clean(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Merges that fail by a list of rules: `(group, item)`, the item fails when all of the group are in.
    struct Rules(Vec<(BTreeSet<usize>, usize)>, Vec<BTreeSet<usize>>);

    impl Accumulate for Rules {
        type Point = usize;
        type Error = std::convert::Infallible;

        fn start(&self) -> usize {
            0
        }

        fn add(&mut self, point: usize, branch: usize) -> Result<Added<usize>, Self::Error> {
            let mut set = self.1[point].clone();
            if self.0.iter().any(|(group, item)| *item == branch && group.is_subset(&set)) {
                return Ok(Added::Conflict(Vec::new()));
            }
            set.insert(branch);
            self.1.push(set);
            Ok(Added::Clean(self.1.len() - 1))
        }
    }

    fn settled(count: usize, rules: &[(&[usize], usize)]) -> Settled<usize> {
        let puzzle = Puzzle {
            weights: vec![1; count],
            keys: (0..count as i64).map(|key| vec![key]).collect(),
            limit: 1000,
            ..Puzzle::default()
        };
        let rules = rules.iter().map(|(group, item)| (group.iter().copied().collect(), *item)).collect();
        let mut target = Rules(rules, vec![BTreeSet::new()]);
        settle(puzzle, &BTreeSet::new(), |_, _| false, &mut target).unwrap_or_else(|never| match never {})
    }

    #[test]
    fn nothing_to_learn() {
        let found = settled(3, &[]);
        assert_eq!((found.merged, found.agreed, found.learned), (vec![0, 1, 2], true, vec![]));
    }

    #[test]
    fn a_third_one_is_moved_out_of_the_way() {
        let found = settled(12, &[(&[0, 1], 2)]);
        assert_eq!(found.learned, [(BTreeSet::from([0, 1]), 2)]);
        assert!(found.agreed && found.merged.len() == 12 && found.solution.exact);
    }

    #[test]
    fn when_no_order_helps_one_is_given_up() {
        let found = settled(3, &[(&[0, 1], 2), (&[0, 2], 1), (&[1, 2], 0)]);
        assert!(found.agreed);
        assert_eq!((found.merged.len(), found.failed.len(), found.solution.clean.len()), (2, 1, 2));
    }

    #[test]
    fn one_that_fails_by_itself_is_lost() {
        let found = settled(3, &[(&[], 1)]);
        assert!(found.agreed && found.merged == [0, 2]);
    }
}
