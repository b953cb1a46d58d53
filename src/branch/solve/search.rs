//! Branch and bound: the heaviest part of a graph without a circle.
//!
//! Every step first takes what is certainly right to take, then splits what is left where no circle holds it
//! together, then covers it with cliques of rivals: of each clique one item at most can be clean, so the heaviest of
//! each make a bound, and only what goes beyond the best that is known has to be tried.

use std::borrow::Cow;
use std::time::Instant;

use super::bits::Bits;
use super::graph::{Graph, take};

/// What a search may cost, and what is left of it.
#[derive(Debug, Clone)]
pub(super) struct Effort {
    /// Units of work: the handling of one row of the graph.
    pub(super) left: u64,
    /// When to stop at the latest.
    pub(super) deadline: Option<Instant>,
}

impl Effort {
    fn spend(&mut self, rows: usize) {
        self.left = self.left.saturating_sub(rows as u64);
    }
}

/// A set and its weight.
pub(super) type Found = (i64, Bits);

/// A search in one graph.
pub(super) struct Search<'a> {
    pub(super) weights: &'a [u64],
    /// Sets of three and more that cannot all be clean, for other reasons than arrows.
    pub(super) no_goods: &'a [Bits],
    pub(super) effort: &'a mut Effort,
    /// Whether the effort was used up before the end.
    pub(super) cut: bool,
    /// No set weighs more.
    pub(super) bound: i64,
}

/// Neighbours of an item that is looked at for being simple.
const FEW: usize = 4;

impl Search<'_> {
    /// The heaviest part of `open`, if it weighs more than `known`.
    pub(super) fn run(&mut self, graph: &Graph, open: &Bits, known: i64) -> Option<Found> {
        let found = self.descend(graph, open.clone(), &Bits::none(graph.out.len()), known, 0);
        if !self.cut {
            self.bound = found.as_ref().map_or(known, |found| found.0);
        }
        found
    }

    pub(super) fn weight(&self, item: usize) -> i64 {
        i64::try_from(self.weights[item]).unwrap_or(i64::MAX)
    }

    /// The heaviest part of `open` that weighs more than `need`. When the effort ends, what was found by then.
    fn descend(&mut self, graph: &Graph, mut open: Bits, chosen: &Bits, need: i64, depth: usize) -> Option<Found> {
        let mut graph = Cow::Borrowed(graph);
        let mut taken = Bits::none(graph.out.len());
        let mut weight = 0;
        if self.no_goods.is_empty() {
            weight = self.reduce(&mut graph, &mut open, &mut taken);
        }
        if open.is_empty() {
            if depth == 0 {
                self.bound = weight;
            }
            return (weight > need).then_some((weight, taken));
        }
        let cover = self.cover(&graph, &open);
        let all = cover.last().map_or(0, |(_, bound)| *bound);
        if depth == 0 {
            self.bound = weight + all;
        }
        if weight + all <= need {
            return None;
        }
        if self.is_over() {
            return None;
        }
        let knots = if self.no_goods.is_empty() { graph.knots(&open) } else { vec![open.clone()] };
        self.effort.spend((open.len() + knots.len()) * open.words());
        let rest = match knots.len() {
            1 => self.branch(&graph, open, &cover, chosen, need - weight, depth),
            _ => self.conquer(&graph, knots, chosen, need - weight),
        };
        let (more, set) = rest?;
        taken.add(&set);
        Some((weight + more, taken))
    }

    /// Try one item after the other, as long as those before it may still weigh enough.
    fn branch(
        &mut self,
        graph: &Graph,
        mut open: Bits,
        cover: &[(usize, i64)],
        chosen: &Bits,
        mut need: i64,
        depth: usize,
    ) -> Option<Found> {
        let mut best = None;
        let (base, whole) = (self.bound, cover.last().map_or(0, |(_, bound)| *bound));
        for &(item, bound) in cover.iter().rev() {
            if bound <= need {
                break;
            }
            if depth == 0 {
                self.bound = base - whole + bound;
            }
            let mut with = chosen.clone();
            with.insert(item);
            let (mut graph, mut next) = (Cow::Borrowed(graph), open.clone());
            take(&mut graph, &mut next, item);
            self.respect_no_goods(&with, &mut next);
            let weight = self.weight(item);
            if let Some((more, mut set)) = self.descend(&graph, next, &with, need - weight, depth + 1) {
                set.insert(item);
                need = weight + more;
                best = Some((need, set));
            }
            if self.cut {
                break;
            }
            open.remove(item);
        }
        best
    }

    /// Items that would complete a set that cannot be.
    fn respect_no_goods(&self, chosen: &Bits, open: &mut Bits) {
        for no_good in self.no_goods {
            let mut missing = no_good.clone();
            missing.cut(chosen);
            if missing.len() == 1 {
                open.cut(&missing);
            }
        }
    }

    /// Parts that have nothing to do with each other.
    fn conquer(&mut self, graph: &Graph, knots: Vec<Bits>, chosen: &Bits, need: i64) -> Option<Found> {
        let mut bounds: Vec<i64> =
            knots.iter().map(|knot| self.cover(graph, knot).last().map_or(0, |(_, bound)| *bound)).collect();
        let mut sum: i64 = bounds.iter().sum();
        let mut taken = Bits::none(graph.out.len());
        for (place, knot) in knots.into_iter().enumerate() {
            if sum <= need {
                return None;
            }
            let (weight, set) = self.descend(graph, knot, chosen, need - (sum - bounds[place]), 1)?;
            sum -= bounds[place] - weight;
            bounds[place] = weight;
            taken.add(&set);
        }
        (sum > need).then_some((sum, taken))
    }

    /// Take what is no worse than what it stands in the way of; gives its weight.
    fn reduce(&mut self, graph: &mut Cow<'_, Graph>, open: &mut Bits, taken: &mut Bits) -> i64 {
        let mut weight = 0;
        loop {
            let before = weight;
            self.effort.spend(open.len() * open.words());
            for item in open.clone().iter() {
                if open.contains(item) && self.is_simple(graph, open, item) {
                    taken.insert(item);
                    weight += self.weight(item);
                    take(graph, open, item);
                }
            }
            if weight == before {
                return weight;
            }
        }
    }

    /// Whether some best set has the item: all that its arrows lead to (or come from) weighs no more than it does,
    /// or they are rivals of each other, each no heavier than the item.
    fn is_simple(&self, graph: &Graph, open: &Bits, item: usize) -> bool {
        let (out, into) = (graph.out[item].and(open), graph.into[item].and(open));
        let own = self.weights[item];
        if [&out, &into]
            .iter()
            .any(|side| side.len() <= FEW && side.iter().map(|v| self.weights[v]).sum::<u64>() <= own)
        {
            return true;
        }
        out == into
            && out.len() <= FEW
            && out.iter().all(|other| {
                let mut others = out.clone();
                others.remove(other);
                self.weights[other] <= own && others.is_within(&graph.rivals(other))
            })
    }

    /// The items in cliques of rivals, each with the bound of all up to it.
    fn cover(&mut self, graph: &Graph, open: &Bits) -> Vec<(usize, i64)> {
        let mut left = open.clone();
        let mut cover = Vec::with_capacity(open.len());
        let mut sum = 0;
        while let Some(item) = left.first() {
            left.remove(item);
            let start = cover.len();
            cover.push((item, self.weight(item)));
            let mut fitting = left.and(&graph.out[item]);
            fitting.keep(&graph.into[item]);
            while let Some(other) = fitting.first() {
                left.remove(other);
                cover.push((other, self.weight(other)));
                fitting.keep(&graph.out[other]);
                fitting.keep(&graph.into[other]);
                fitting.remove(other);
            }
            cover[start..].sort_by_key(|(_, weight)| *weight);
            let heaviest = cover.last().map_or(0, |(_, weight)| *weight);
            cover[start..].iter_mut().for_each(|(_, bound)| *bound += sum);
            sum += heaviest;
        }
        self.effort.spend(cover.len() * open.words());
        cover
    }

    fn is_over(&mut self) -> bool {
        let late = || self.effort.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        self.cut |= self.effort.left == 0 || late();
        self.cut
    }
}
