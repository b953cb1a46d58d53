//! Which branches can land without manual work, and in what order: the puzzle alone, on numbers.
//!
//! An item stays clean when nothing that it conflicts with comes before it. With what has to come before what
//! anyway, a set can be clean exactly when no circle of arrows holds it together: see `graph`. The heaviest such set
//! is found by branch and bound (`search`), part by part (`part`), beginning with a good one (`start`). Groups and
//! sequences, of which there are few, are looked at when a set has been found: one that has no order (`arrange`)
//! becomes a rule, and the search is done again.

mod arrange;
mod bits;
mod graph;
mod part;
mod search;
mod start;

use std::collections::BTreeSet;
use std::time::Instant;

use self::bits::Bits;
use self::graph::Graph;
use self::part::Part;
use self::search::Effort;

pub use arrange::{Arrangement, arrange};

/// `(first, then)`: what comes before what.
pub type Precedence = Vec<(usize, usize)>;

/// What is to be put in order. Items are numbers from 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Puzzle {
    /// What it is worth to keep each item clean; more than 0. Their number is the number of items.
    pub weights: Vec<u64>,
    /// Items that can never be clean. They still come before and after others, and break what they conflict with.
    pub lost: BTreeSet<usize>,
    /// What must come before what, whatever happens. Without circles: see [`acyclic`].
    pub before: Precedence,
    /// `(first, then)`: what comes before what and has to be clean itself, or the second one is not.
    pub needs: Precedence,
    /// Pairs of which the later one is not clean.
    pub conflicts: BTreeSet<(usize, usize)>,
    /// `(group, item)`: when all of the group come before the item, the item is not clean.
    pub groups: Vec<(BTreeSet<usize>, usize)>,
    /// `(sequence, item)`: when the sequence comes before the item, in this order, the item is not clean.
    pub sequences: Vec<(Vec<usize>, usize)>,
    /// Among items that may come first, the one with the lowest key does. No two are equal.
    pub keys: Vec<Vec<i64>>,
    /// Rows of bits that the search may handle before it settles for what it has; some twenty nanoseconds each.
    pub limit: u64,
    /// When to settle at the latest; none: only the limit counts, and the answer does not depend on the machine.
    pub deadline: Option<Instant>,
}

/// An answer to a [`Puzzle`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// The items that stay clean.
    pub clean: BTreeSet<usize>,
    /// All items.
    pub order: Vec<usize>,
    /// What comes before what in the order so that no group and no sequence breaks anything.
    pub waits: Precedence,
    /// Whether no heavier set exists.
    pub exact: bool,
    /// No set is heavier than this.
    pub bound: u64,
    /// What is left of the puzzle's limit.
    pub left: u64,
}

/// Searches, each with one more rule, before a set that has no order is cut down until it has one.
const ROUNDS: usize = 60;

/// Solve it.
pub fn solve(puzzle: &Puzzle) -> Solution {
    if puzzle.needs.is_empty() {
        return solved(puzzle);
    }
    let mut solution = solved(&inherited(puzzle));
    let lacks = |clean: &BTreeSet<usize>| {
        puzzle.needs.iter().find(|(first, then)| clean.contains(then) && !clean.contains(first)).map(|(_, then)| *then)
    };
    // A set that has an order keeps it when it shrinks.
    while let Some(item) = lacks(&solution.clean) {
        solution.clean.remove(&item);
    }
    let weight: u64 = solution.clean.iter().map(|item| puzzle.weights[*item]).sum();
    solution.exact = weight == solution.bound;
    solution
}

/// The puzzle in which what needs something else is lost with it, and conflicts with all that the other conflicts with.
fn inherited(puzzle: &Puzzle) -> Puzzle {
    let mut puzzle = puzzle.clone();
    let needs = std::mem::take(&mut puzzle.needs);
    loop {
        let before = (puzzle.lost.len(), puzzle.conflicts.len());
        for (first, then) in &needs {
            if puzzle.lost.contains(first) {
                puzzle.lost.insert(*then);
            }
            let rivals = puzzle.conflicts.iter().filter_map(|(a, b)| match (a == first, b == first) {
                (true, _) => Some(*b),
                (_, true) => Some(*a),
                _ => None,
            });
            let rivals: Vec<_> = rivals.filter(|rival| rival != then).collect();
            puzzle.conflicts.extend(rivals.into_iter().map(|rival| (rival.min(*then), rival.max(*then))));
        }
        if before == (puzzle.lost.len(), puzzle.conflicts.len()) {
            return puzzle;
        }
    }
}

fn solved(puzzle: &Puzzle) -> Solution {
    let mut rules = Rules::new(puzzle);
    let mut effort = Effort { left: puzzle.limit, deadline: puzzle.deadline };
    let (mut certain, mut bound) = (true, u64::MAX);
    for round in 1..=ROUNDS {
        let (mut clean, most) = rules.best(puzzle, &mut effort);
        // A rule that is not certain may hide something better.
        if certain {
            bound = bound.min(most);
        }
        while !clean.is_empty() || round == 1 {
            let (found, sure) = arrange(puzzle, &clean);
            if let Some(Arrangement { order, waits }) = found {
                let weight: u64 = clean.iter().map(|item| puzzle.weights[*item]).sum();
                return Solution { exact: weight == bound, clean, order, waits, bound, left: effort.left };
            }
            certain &= sure;
            let core = core(puzzle, &clean);
            if round < ROUNDS {
                rules.forbid(&core);
                break;
            }
            clean.retain(|item| Some(item) != core.last());
        }
    }
    let (order, bound) = (arrange::plain(puzzle), puzzle.weights.iter().sum());
    Solution { clean: BTreeSet::new(), order, waits: Vec::new(), exact: false, bound, left: effort.left }
}

/// A smallest part of a set that has no order.
fn core(puzzle: &Puzzle, clean: &BTreeSet<usize>) -> BTreeSet<usize> {
    let mut core = clean.clone();
    for item in clean {
        core.remove(item);
        if arrange(puzzle, &core).0.is_some() {
            core.insert(*item);
        }
    }
    core
}

/// What cannot be clean together.
struct Rules {
    graph: Graph,
    /// Items that may be clean.
    open: Bits,
    /// Sets of three and more.
    no_goods: Vec<Bits>,
}

impl Rules {
    fn new(puzzle: &Puzzle) -> Self {
        let count = puzzle.weights.len();
        let graph = Graph::new(puzzle);
        let mut open = Bits::all(count);
        for item in 0..count {
            if puzzle.lost.contains(&item) || graph.out[item].contains(item) {
                open.remove(item);
            }
        }
        Rules { graph, open, no_goods: Vec::new() }
    }

    fn forbid(&mut self, set: &BTreeSet<usize>) {
        let items: Vec<usize> = set.iter().copied().collect();
        match items.as_slice() {
            [] => {}
            [one] => self.open.remove(*one),
            [one, other] => self.graph.exclude(*one, *other),
            _ => {
                let mut bits = Bits::none(self.graph.out.len());
                items.into_iter().for_each(|item| bits.insert(item));
                self.no_goods.push(bits);
            }
        }
    }

    /// The heaviest set, or a good one, and what no set is heavier than.
    fn best(&self, puzzle: &Puzzle, effort: &mut Effort) -> (BTreeSet<usize>, u64) {
        let mut clean = BTreeSet::new();
        let mut bound = 0;
        for items in self.parts() {
            let part = Part::new(self, puzzle, &items);
            let (set, most) = part.best(effort);
            clean.extend(set.iter().map(|place| part.items[place]));
            bound += most;
        }
        (clean, bound)
    }

    /// The parts that have nothing to do with each other.
    fn parts(&self) -> Vec<Bits> {
        let mut parts: Vec<Bits> = self.graph.knots(&self.open);
        for no_good in &self.no_goods {
            let (met, mut others): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| part.meets(no_good));
            let joined = met.into_iter().reduce(|mut all, part| {
                all.add(&part);
                all
            });
            others.extend(joined);
            parts = others;
        }
        parts
    }
}

/// Keep of `before` what can hold together, preferring what comes first; the second answer is what was dropped.
pub fn acyclic(count: usize, before: &[(usize, usize)]) -> (Precedence, Precedence) {
    let mut then: Vec<Vec<usize>> = vec![Vec::new(); count];
    let (mut kept, mut dropped) = (Vec::new(), Vec::new());
    for &(first, next) in before {
        if first == next || reaches(&then, next, first) {
            dropped.push((first, next));
        } else {
            then[first].push(next);
            kept.push((first, next));
        }
    }
    (kept, dropped)
}

fn reaches(then: &[Vec<usize>], from: usize, to: usize) -> bool {
    let mut seen = vec![false; then.len()];
    let mut todo = vec![from];
    while let Some(item) = todo.pop() {
        if item == to {
            return true;
        }
        if !std::mem::replace(&mut seen[item], true) {
            todo.extend(&then[item]);
        }
    }
    false
}

#[cfg(test)]
mod tests;
