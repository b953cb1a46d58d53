//! Try an order out and learn from it.
//!
//! Branches that merge in pairs need not merge all together. So the planned order is merged, one branch after the
//! other; where a branch that should be clean is not, the smallest part of what came before it that breaks it becomes
//! a rule of the puzzle, which is solved again. Every round adds a rule, and the number of rounds is limited.
//!
//! What breaks a branch may do so in one order only. A rule is a group when every order of it was seen to break the
//! branch, and a sequence otherwise. As with pairs, what does not merge after some branches is taken not to merge after
//! more of them. That cannot be said of a sequence, which something in between may mend: sequences lead to an order
//! that merges, but prove nothing. So the bound is that of the puzzle without them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use super::solve::{Puzzle, Solution, solve};
use super::verdict::PathVerdict;

/// What the branches are merged onto, one after the other.
pub trait Accumulate {
    /// A state of the target.
    type Point: Copy + Eq + Hash;
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
    /// The order as solved in the last round; its bound holds whatever was learned.
    pub solution: Solution,
    /// The branches that merged, in order.
    pub merged: Vec<usize>,
    /// Why the others did not, as far as they were tried.
    pub failed: BTreeMap<usize, Added<P>>,
    /// The rules that were learned: what breaks a branch together.
    pub learned: Vec<Learned>,
    /// Whether the last round found nothing new.
    pub agreed: bool,
    /// How often it was solved.
    pub rounds: usize,
    /// The target with everything that merged.
    pub end: P,
}

/// What breaks a branch together, though not in pairs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learned {
    /// The smallest set that does, in the order that was tried.
    pub members: Vec<usize>,
    /// What it breaks.
    pub item: usize,
    /// Every order of them was seen to break it.
    pub in_any_order: bool,
}

/// Rounds of solving and trying out.
const ROUNDS: usize = 12;

/// Merges that the search for the smallest set may take.
const BUDGET: usize = 300;

/// All orders of a larger set are not tried.
const ALL_ORDERS: usize = 3;

/// Solve the puzzle and try the answer out until both agree. `skip` are branches of which nothing is left to merge,
/// `related` says which earlier branches may be to blame for a failure.
///
/// # Errors
/// Those of merging.
pub fn settle<A: Accumulate>(
    mut puzzle: Puzzle,
    skip: &BTreeSet<usize>,
    related: impl Fn(usize, usize) -> bool,
    target: &mut Remembered<'_, A>,
) -> Result<Settled<A::Point>, A::Error> {
    let mut learned: Vec<Learned> = Vec::new();
    let (mut rounds, least) = (1, puzzle.limit / 8);
    loop {
        let trial = attempt(&puzzle, skip, target)?;
        if trial.broken.is_empty() || rounds == ROUNDS {
            return Ok(trial.finished(&puzzle, learned, rounds));
        }
        // All rounds share the work that one may do, so that many do not take many times as long.
        puzzle.limit = trial.solution.left.max(least);
        rounds += 1;
        for (&item, earlier) in &trial.broken {
            let suspects: Vec<_> = earlier.iter().copied().filter(|other| related(*other, item)).collect();
            let rule = blame(target, earlier, suspects, item)?;
            match (rule.members.is_empty(), rule.in_any_order) {
                // One that nobody breaks does not merge by itself, whatever was said before.
                (true, _) => {
                    puzzle.lost.insert(item);
                    continue;
                }
                (false, true) => puzzle.groups.push((rule.members.iter().copied().collect(), item)),
                (false, false) => puzzle.sequences.push((rule.members.clone(), item)),
            }
            learned.push(rule);
        }
    }
}

/// One round.
struct Trial<P> {
    solution: Solution,
    merged: Vec<usize>,
    failed: BTreeMap<usize, Added<P>>,
    /// What should have been clean and was not, with what had merged before it.
    broken: BTreeMap<usize, Vec<usize>>,
    end: P,
}

impl<P> Trial<P> {
    fn finished(self, puzzle: &Puzzle, learned: Vec<Learned>, rounds: usize) -> Settled<P> {
        let Trial { mut solution, merged, failed, broken, end } = self;
        if !puzzle.sequences.is_empty() && !solution.clean.is_empty() {
            let weight: u64 = solution.clean.iter().map(|item| puzzle.weights[*item]).sum();
            solution.bound = solve(&Puzzle { sequences: Vec::new(), ..puzzle.clone() }).bound;
            solution.exact = weight >= solution.bound;
        }
        solution.exact &= broken.is_empty();
        Settled { solution, merged, failed, learned, agreed: broken.is_empty(), rounds, end }
    }
}

/// Solve it and merge in that order.
fn attempt<A: Accumulate>(
    puzzle: &Puzzle,
    skip: &BTreeSet<usize>,
    target: &mut Remembered<'_, A>,
) -> Result<Trial<A::Point>, A::Error> {
    let mut trial = Trial {
        solution: solve(puzzle),
        merged: Vec::new(),
        failed: BTreeMap::new(),
        broken: BTreeMap::new(),
        end: target.start(),
    };
    let order = trial.solution.order.clone();
    // What does not merge by itself may merge after others.
    for item in order.into_iter().filter(|item| !skip.contains(item)) {
        let planned = trial.solution.clean.contains(&item);
        let is_missing = |first: &usize| !trial.merged.contains(first) && !skip.contains(first);
        if puzzle.needs.iter().any(|(first, then)| *then == item && is_missing(first)) {
            continue;
        }
        // What it conflicts with may have been left out for now: that it merges without it says nothing.
        if !planned && waits_for_missing(puzzle, &trial, item) {
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
                    trial.broken.insert(item, trial.merged.clone());
                }
            }
        }
    }
    Ok(trial)
}

/// Something that comes earlier and conflicts with the item was not merged.
fn waits_for_missing<P>(puzzle: &Puzzle, trial: &Trial<P>, item: usize) -> bool {
    let earlier = trial.solution.order.iter().take_while(|other| **other != item);
    earlier
        .filter(|other| !trial.merged.contains(other))
        .any(|&other| puzzle.conflicts.contains(&(item, other)) || puzzle.conflicts.contains(&(other, item)))
}

/// The smallest part of `merged` that is found to break the item.
fn blame<A: Accumulate>(
    target: &mut Remembered<'_, A>,
    merged: &[usize],
    suspects: Vec<usize>,
    item: usize,
) -> Result<Learned, A::Error> {
    let limit = target.merges + BUDGET;
    let mut set = if breaks(target, &suspects, item, limit)? { suspects } else { merged.to_vec() };
    let mut size = set.len().div_ceil(2);
    while size > 0 {
        let mut start = 0;
        while start < set.len() {
            let without: Vec<_> =
                set.iter().enumerate().filter(|(at, _)| !(start..start + size).contains(at)).map(|(_, x)| *x).collect();
            if breaks(target, &without, item, limit)? {
                set = without;
            } else {
                start += size;
            }
        }
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
    let mut in_any_order = set.len() <= ALL_ORDERS;
    for order in orders(&set) {
        in_any_order = in_any_order && !merges(target, &order, item, limit)?;
    }
    Ok(Learned { members: set, item, in_any_order })
}

/// Whether the item fails after these, in this order. A set that does not merge itself proves nothing.
fn breaks<A: Accumulate>(
    target: &mut Remembered<'_, A>,
    set: &[usize],
    item: usize,
    limit: usize,
) -> Result<bool, A::Error> {
    Ok(match target.sequence(set, limit)? {
        Some(point) => !matches!(target.add(point, item)?, Added::Clean(_)),
        None => false,
    })
}

/// Whether these merge in this order and then the item does. Not known counts as yes.
fn merges<A: Accumulate>(
    target: &mut Remembered<'_, A>,
    set: &[usize],
    item: usize,
    limit: usize,
) -> Result<bool, A::Error> {
    Ok(match target.sequence(set, limit)? {
        Some(point) => matches!(target.add(point, item)?, Added::Clean(_)),
        None => target.merges >= limit,
    })
}

/// All orders of a small set.
pub fn orders(set: &[usize]) -> Vec<Vec<usize>> {
    if set.len() > ALL_ORDERS {
        return Vec::new();
    }
    let mut all = vec![Vec::new()];
    for &item in set {
        let longer = |order: Vec<usize>| {
            (0..=order.len()).rev().map(move |place| [&order[..place], &[item], &order[place..]].concat())
        };
        all = all.into_iter().flat_map(longer).collect();
    }
    all
}

/// Merges that are done once each.
#[derive(Debug)]
pub struct Remembered<'a, A: Accumulate> {
    target: &'a mut A,
    known: HashMap<(A::Point, usize), Added<A::Point>>,
    /// How many were done.
    pub merges: usize,
}

impl<'a, A: Accumulate> Remembered<'a, A> {
    /// With nothing merged yet.
    pub fn new(target: &'a mut A) -> Self {
        Remembered { target, known: HashMap::new(), merges: 0 }
    }

    /// The target as it is.
    pub fn start(&self) -> A::Point {
        self.target.start()
    }

    /// The target with one more branch.
    ///
    /// # Errors
    /// Those of merging.
    pub fn add(&mut self, point: A::Point, branch: usize) -> Result<Added<A::Point>, A::Error> {
        if let Some(known) = self.known.get(&(point, branch)) {
            return Ok(known.clone());
        }
        self.merges += 1;
        let added = self.target.add(point, branch)?;
        self.known.insert((point, branch), added.clone());
        Ok(added)
    }

    /// The target with these, in this order; none when one does not merge or `limit` merges were done by then.
    ///
    /// # Errors
    /// Those of merging.
    pub fn sequence(&mut self, set: &[usize], limit: usize) -> Result<Option<A::Point>, A::Error> {
        let mut point = self.start();
        for &member in set {
            if self.merges >= limit {
                return Ok(None);
            }
            match self.add(point, member)? {
                Added::Clean(next) => point = next,
                _ => return Ok(None),
            }
        }
        Ok(Some(point))
    }
}

#[cfg(test)]
mod tests;
