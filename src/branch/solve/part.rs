//! The best set of one part, and of all best sets the one that the keys prefer.

use std::borrow::Cow;

use super::bits::Bits;
use super::graph::{Graph, take};
use super::search::{Effort, Search};
use super::start::{again, start};
use super::{Puzzle, Rules};

/// Items that have to do with each other, by numbers of their own.
pub(super) struct Part {
    /// What they are called in the puzzle.
    pub(super) items: Vec<usize>,
    /// Their numbers, those with lower keys first.
    by_key: Vec<usize>,
    weights: Vec<u64>,
    graph: Graph,
    no_goods: Vec<Bits>,
}

/// The share of the work that is left for choosing among equals.
const SHARE: u64 = 4;

impl Part {
    pub(super) fn new(rules: &Rules, puzzle: &Puzzle, part: &Bits) -> Self {
        let mut items: Vec<usize> = part.iter().collect();
        // Those with few rivals are hard to put into cliques, so they come first.
        items.sort_by_key(|item| (rules.graph.rivals(*item).common(part), *item));
        let mut by_key: Vec<usize> = (0..items.len()).collect();
        by_key.sort_by(|a, b| puzzle.keys[items[*a]].cmp(&puzzle.keys[items[*b]]));
        Part {
            by_key,
            weights: items.iter().map(|item| puzzle.weights[*item]).collect(),
            graph: rules.graph.part(&items),
            no_goods: rules.no_goods.iter().filter_map(|set| renumbered(set, &items)).collect(),
            items,
        }
    }

    /// The heaviest set, or a good one, and what no set is heavier than.
    pub(super) fn best(&self, effort: &mut Effort) -> (Bits, u64) {
        let count = self.items.len();
        let mut best = if self.no_goods.is_empty() { start(&self.graph, &self.weights) } else { Bits::none(count) };
        let known = self.weight(&best);
        let mut search = self.search(effort);
        if let Some((_, set)) = search.run(&self.graph, &Bits::all(count), known) {
            best = set;
        }
        let (cut, bound) = (search.cut, search.bound);
        if cut && self.no_goods.is_empty() {
            best = again(&self.graph, &self.weights, best);
        }
        let weight = self.weight(&best);
        if !cut && self.no_goods.is_empty() {
            let mut rest = Effort { left: effort.left / SHARE, deadline: effort.deadline };
            best = self.preferred(best, weight, &mut rest);
        }
        (best, u64::try_from(bound.max(weight)).unwrap_or_default())
    }

    /// Of all sets that weigh as much as this one, the one that has the item with the lowest key if any has, then the
    /// next, and so on; when the effort ends, one that comes near it.
    fn preferred(&self, mut best: Bits, mut weight: i64, effort: &mut Effort) -> Bits {
        let (mut graph, mut open) = (Cow::Borrowed(&self.graph), Bits::all(self.items.len()));
        let mut taken = Bits::none(self.items.len());
        for &item in &self.by_key {
            if !open.contains(item) {
                continue;
            }
            let (mut with, mut next) = (graph.clone(), open.clone());
            take(&mut with, &mut next, item);
            let own = self.search(effort).weight(item);
            if !best.contains(item) {
                let mut search = self.search(effort);
                let found = search.run(&with, &next, weight - own - 1);
                if search.cut {
                    return best;
                }
                let Some((_, set)) = found else {
                    open.remove(item);
                    continue;
                };
                best = set;
                best.add(&taken);
                best.insert(item);
            }
            (graph, open) = (with, next);
            taken.insert(item);
            weight -= own;
        }
        best
    }

    fn search<'a>(&'a self, effort: &'a mut Effort) -> Search<'a> {
        Search { weights: &self.weights, no_goods: &self.no_goods, effort, cut: false, bound: 0 }
    }

    fn weight(&self, set: &Bits) -> i64 {
        set.iter().map(|place| i64::try_from(self.weights[place]).unwrap_or(i64::MAX)).sum()
    }
}

/// A set in the numbers of a part; none when it is not all in the part.
fn renumbered(set: &Bits, items: &[usize]) -> Option<Bits> {
    let mut bits = Bits::none(items.len());
    items.iter().enumerate().filter(|(_, item)| set.contains(**item)).for_each(|(place, _)| bits.insert(place));
    (bits.len() == set.len()).then_some(bits)
}
