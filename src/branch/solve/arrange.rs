//! From a set of items that stay clean to an order of all items.
//!
//! Seen from the end of the order, an item that is to be clean waits for something to be placed behind it: for each
//! item that it conflicts with, that item; for each group that breaks it together, any one of the group. Waiting only
//! ever gets easier as more is placed, so placing from the end whatever may be placed finds an order whenever there
//! is one, and a set that has an order keeps it when it shrinks. Which member of a group comes behind is read from
//! that order; the answer is then put together from the front, so that what is clean comes as early as it can.

use std::collections::BTreeSet;

use super::{Precedence, Puzzle, acyclic};

/// An order of all items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrangement {
    /// All items.
    pub order: Vec<usize>,
    /// What comes before what so that no group and no sequence breaks anything.
    pub waits: Precedence,
}

/// Choices between the ways to avoid a sequence that may be tried for one set.
const TRIES: usize = 200;

/// An order in which all of `clean` stay clean. None when there is none; whether that is certain is the other answer:
/// only sequences can leave it open.
pub fn arrange(puzzle: &Puzzle, clean: &BTreeSet<usize>) -> (Option<Arrangement>, bool) {
    let mut tries = TRIES;
    let found = attempt(&Arranger::new(puzzle, clean), &mut Vec::new(), &mut tries);
    let certain = found.is_some() || tries > 0;
    (found, certain)
}

/// One order with the choices made so far; where it has a sequence that breaks something, another choice.
fn attempt(arranger: &Arranger<'_>, choices: &mut Precedence, tries: &mut usize) -> Option<Arrangement> {
    let mut waits = arranger.waits(choices)?;
    waits.extend(choices.iter());
    let order = arranger.forwards(&waits);
    let Some((sequence, item)) = arranger.broken(&order) else {
        return Some(Arrangement { order, waits });
    };
    let item_first = sequence.iter().rev().map(|member| (item, *member));
    let turned = sequence.windows(2).rev().map(|pair| (pair[1], pair[0]));
    for choice in item_first.chain(turned) {
        if *tries == 0 {
            return None;
        }
        *tries -= 1;
        choices.push(choice);
        if let Some(found) = attempt(arranger, choices, tries) {
            return Some(found);
        }
        choices.pop();
    }
    None
}

struct Arranger<'a> {
    puzzle: &'a Puzzle,
    clean: &'a BTreeSet<usize>,
    /// The place of each item's key among all keys.
    ranks: Vec<usize>,
    /// Precedence, and each clean item before what it conflicts with.
    arcs: Precedence,
}

impl<'a> Arranger<'a> {
    fn new(puzzle: &'a Puzzle, clean: &'a BTreeSet<usize>) -> Self {
        let mut by_key: Vec<usize> = (0..puzzle.weights.len()).collect();
        by_key.sort_by(|a, b| puzzle.keys[*a].cmp(&puzzle.keys[*b]));
        let mut ranks = vec![0; by_key.len()];
        by_key.into_iter().enumerate().for_each(|(rank, item)| ranks[item] = rank);
        let mut arcs = puzzle.before.clone();
        let both = puzzle.conflicts.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]);
        arcs.extend(both.filter(|(item, _)| clean.contains(item)));
        Arranger { puzzle, clean, ranks, arcs }
    }

    fn groups(&self) -> impl Iterator<Item = &'a (BTreeSet<usize>, usize)> {
        self.puzzle.groups.iter().filter(|(_, item)| self.clean.contains(item))
    }

    /// For each group the one that comes behind the item; none when there is no order at all.
    fn waits(&self, choices: &[(usize, usize)]) -> Option<Precedence> {
        let from_the_end = self.backwards(choices)?;
        let mut place = vec![0; from_the_end.len()];
        from_the_end.iter().enumerate().for_each(|(at, item)| place[*item] = at);
        Some(
            self.groups()
                .filter_map(|(group, item)| Some((*item, *group.iter().min_by_key(|m| place[**m])?)))
                .collect(),
        )
    }

    /// All items, the last first; none when there is no order.
    fn backwards(&self, choices: &[(usize, usize)]) -> Option<Vec<usize>> {
        let count = self.ranks.len();
        // Each condition is met as soon as one of its items is placed.
        let (mut open, mut watched) = (vec![0; count], vec![Vec::new(); count]);
        let mut conditions = Vec::new();
        let single = self.arcs.iter().chain(choices).map(|(item, other)| (*item, vec![*other]));
        let grouped = self.groups().map(|(group, item)| (*item, group.iter().copied().collect()));
        for (item, others) in single.chain(grouped) {
            open[item] += 1;
            others.iter().for_each(|other| watched[*other].push(conditions.len()));
            conditions.push(Some(item));
        }
        let mut order = Vec::with_capacity(count);
        let mut free: BTreeSet<_> =
            (0..count).filter(|item| open[*item] == 0).map(|item| self.place_from_end(item)).collect();
        while let Some((_, _, item)) = free.pop_last() {
            order.push(item);
            for condition in &watched[item] {
                if let Some(waiting) = conditions[*condition].take() {
                    open[waiting] -= 1;
                    if open[waiting] == 0 {
                        free.insert(self.place_from_end(waiting));
                    }
                }
            }
        }
        (order.len() == count).then_some(order)
    }

    fn place_from_end(&self, item: usize) -> (bool, usize, usize) {
        (!self.clean.contains(&item), self.ranks[item], item)
    }

    /// All items, the first first: what is clean as soon as it may; else what something clean waits for.
    fn forwards(&self, waits: &[(usize, usize)]) -> Vec<usize> {
        let count = self.ranks.len();
        let (mut open, mut then, mut first) = (vec![0; count], vec![Vec::new(); count], vec![Vec::new(); count]);
        for &(a, b) in self.arcs.iter().chain(waits) {
            open[b] += 1;
            then[a].push(b);
            first[b].push(a);
        }
        let mut awaited = vec![false; count];
        let mut todo: Vec<usize> = self.clean.iter().copied().collect();
        while let Some(item) = todo.pop() {
            todo.extend(first[item].iter().filter(|other| !std::mem::replace(&mut awaited[**other], true)));
        }
        let key = |item: usize| match self.clean.contains(&item) {
            true => (false, false, self.ranks[item], item),
            false => (true, !awaited[item], self.ranks[item], item),
        };
        let mut free: BTreeSet<_> = (0..count).filter(|item| open[*item] == 0).map(key).collect();
        let mut order = Vec::with_capacity(count);
        while let Some((.., item)) = free.pop_first() {
            order.push(item);
            for &next in &then[item] {
                open[next] -= 1;
                if open[next] == 0 {
                    free.insert(key(next));
                }
            }
        }
        order
    }

    /// A sequence that breaks a clean item in this order.
    fn broken(&self, order: &[usize]) -> Option<(&'a [usize], usize)> {
        let mut place = vec![0; order.len()];
        order.iter().enumerate().for_each(|(at, item)| place[*item] = at);
        let (sequence, item) = self.puzzle.sequences.iter().find(|(sequence, item)| {
            let all: Vec<usize> = sequence.iter().chain([item]).map(|member| place[*member]).collect();
            self.clean.contains(item) && all.is_sorted()
        })?;
        Some((sequence, *item))
    }
}

/// Items by the precedence alone: what there is when nothing else can be said.
pub(super) fn plain(puzzle: &Puzzle) -> Vec<usize> {
    let (before, _) = acyclic(puzzle.weights.len(), &puzzle.before);
    let only = Puzzle { before, conflicts: BTreeSet::new(), groups: Vec::new(), ..puzzle.clone() };
    let nothing = BTreeSet::new();
    Arranger::new(&only, &nothing).forwards(&[])
}
