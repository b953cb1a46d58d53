//! The puzzle as a graph: an arrow from a to b says that b must come after a, if a is to be clean.
//!
//! A set can be clean exactly when no arrows within it form a circle. Two items with arrows both ways are rivals:
//! those that conflict, and those that precedence keeps apart just as well. Circles of three and more come from
//! precedence alone.

use std::borrow::Cow;
use std::rc::Rc;

use super::Puzzle;
use super::bits::Bits;

/// Arrows between items.
#[derive(Debug, Clone)]
pub(super) struct Graph {
    /// Where the arrows of each item lead.
    pub(super) out: Vec<Rc<Bits>>,
    /// Where arrows to each item come from.
    pub(super) into: Vec<Rc<Bits>>,
}

impl Graph {
    /// The arrows of a puzzle. An arrow from an item to itself: it cannot be clean.
    pub(super) fn new(puzzle: &Puzzle) -> Self {
        let count = puzzle.weights.len();
        let behind = behind(count, &puzzle.before);
        let mut out = vec![Bits::none(count); count];
        for &(a, b) in &puzzle.conflicts {
            out[a].add(&behind[b]);
            out[b].add(&behind[a]);
        }
        Self::from_out(out)
    }

    fn from_out(out: Vec<Bits>) -> Self {
        let mut into = vec![Bits::none(out.len()); out.len()];
        for (item, others) in out.iter().enumerate() {
            others.iter().for_each(|other| into[other].insert(item));
        }
        let shared = |rows: Vec<Bits>| rows.into_iter().map(Rc::new).collect();
        Graph { out: shared(out), into: shared(into) }
    }

    /// The graph of some items, which are numbered by their places in the list.
    pub(super) fn part(&self, items: &[usize]) -> Self {
        let rows = items.iter().map(|item| {
            let mut row = Bits::none(items.len());
            let kept = items.iter().enumerate().filter(|(_, other)| self.out[*item].contains(**other));
            kept.for_each(|(place, _)| row.insert(place));
            row
        });
        Self::from_out(rows.collect())
    }

    /// No two of them can be clean together.
    pub(super) fn exclude(&mut self, a: usize, b: usize) {
        for (from, to) in [(a, b), (b, a)] {
            Rc::make_mut(&mut self.out[from]).insert(to);
            Rc::make_mut(&mut self.into[to]).insert(from);
        }
    }

    pub(super) fn rivals(&self, item: usize) -> Bits {
        self.out[item].and(&self.into[item])
    }

    /// Whether an item can join a set that has no circle.
    pub(super) fn fits(&self, set: &Bits, item: usize) -> bool {
        let goal = self.into[item].and(set);
        let mut reached = self.out[item].and(set);
        if goal.is_empty() || reached.is_empty() {
            return true;
        }
        let mut fresh = reached.clone();
        while !fresh.meets(&goal) {
            let mut next = Bits::none(self.out.len());
            fresh.iter().for_each(|other| next.add(&self.out[other]));
            next.keep(set);
            next.cut(&reached);
            if next.is_empty() {
                return true;
            }
            reached.add(&next);
            fresh = next;
        }
        false
    }

    /// The parts of `open` that circles run through: no circle runs through two of them. The smallest comes first.
    pub(super) fn knots(&self, open: &Bits) -> Vec<Bits> {
        let mut left = open.clone();
        let mut found = Vec::new();
        while let Some(item) = left.first() {
            let mut knot = reach(&self.out, &left, item);
            knot.keep(&reach(&self.into, &left, item));
            left.cut(&knot);
            found.push(knot);
        }
        found.sort_by_key(Bits::len);
        found
    }
}

/// What an item leads to within a set, itself included.
fn reach(rows: &[Rc<Bits>], within: &Bits, item: usize) -> Bits {
    let mut reached = Bits::none(rows.len());
    reached.insert(item);
    let mut fresh = reached.clone();
    while !fresh.is_empty() {
        let mut next = Bits::none(rows.len());
        fresh.iter().for_each(|other| next.add(&rows[other]));
        next.keep(within);
        next.cut(&reached);
        reached.add(&next);
        fresh = next;
    }
    reached
}

/// Decide that an item is clean: `open` loses it and its rivals, and arrows that led to it lead on.
pub(super) fn take(graph: &mut Cow<'_, Graph>, open: &mut Bits, item: usize) {
    open.remove(item);
    let (mut out, mut into) = (graph.out[item].and(open), graph.into[item].and(open));
    let rivals = out.and(&into);
    open.cut(&rivals);
    out.cut(&rivals);
    into.cut(&rivals);
    if out.is_empty() || into.is_empty() {
        return;
    }
    let graph = graph.to_mut();
    into.iter().for_each(|from| Rc::make_mut(&mut graph.out[from]).add(&out));
    out.iter().for_each(|to| Rc::make_mut(&mut graph.into[to]).add(&into));
}

/// Each item with all that precedence puts behind it.
fn behind(count: usize, before: &[(usize, usize)]) -> Vec<Bits> {
    let mut then = vec![Vec::new(); count];
    let mut open_before = vec![0; count];
    for &(first, next) in before {
        then[first].push(next);
        open_before[next] += 1;
    }
    let mut order: Vec<usize> = (0..count).filter(|item| open_before[*item] == 0).collect();
    let mut at = 0;
    while at < order.len() {
        for &next in &then[order[at]] {
            open_before[next] -= 1;
            if open_before[next] == 0 {
                order.push(next);
            }
        }
        at += 1;
    }
    let mut behind = vec![Bits::none(count); count];
    for item in order.into_iter().rev() {
        let mut all = Bits::none(count);
        all.insert(item);
        then[item].iter().for_each(|next| all.add(&behind[*next]));
        behind[item] = all;
    }
    behind
}
