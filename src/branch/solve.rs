//! Which branches can land without manual work, and in what order: the puzzle alone, on numbers.
//!
//! An item stays clean when nothing that it conflicts with comes before it. So every item of the clean set has to
//! wait, seen from the end of the order, for something to be placed behind it: for each item that it conflicts with,
//! that item; for each group that breaks it together, any one of the group. Waiting only ever gets easier as more is
//! placed, so placing from the end whatever may be placed finds an order whenever there is one, and a set that has an
//! order keeps it when it shrinks. The largest set is found by branch and bound within independent components.

use std::cmp::Reverse;
use std::collections::BTreeSet;

/// `(first, then)`: what comes before what.
pub type Precedence = Vec<(usize, usize)>;

/// What is to be put in order. Items are numbers from 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Puzzle {
    /// What it is worth to keep each item clean; more than 0. Their number is the number of items.
    pub weights: Vec<u64>,
    /// Items that can never be clean.
    pub lost: BTreeSet<usize>,
    /// What must come before what, whatever happens. Without cycles: see [`acyclic`].
    pub before: Precedence,
    /// Pairs of which the later one is not clean.
    pub conflicts: BTreeSet<(usize, usize)>,
    /// `(group, item)`: when all of the group come before the item, the item is not clean.
    pub groups: Vec<(BTreeSet<usize>, usize)>,
    /// Among items that may come last, the one with the highest key does. No two are equal.
    pub keys: Vec<Vec<i64>>,
    /// Steps that the search may take before it settles for what it has.
    pub limit: usize,
}

/// An answer to a [`Puzzle`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// The items that stay clean.
    pub clean: BTreeSet<usize>,
    /// All items.
    pub order: Vec<usize>,
    /// Whether no heavier set exists.
    pub exact: bool,
    /// No set is heavier than this.
    pub bound: u64,
}

/// Solve it.
pub fn solve(puzzle: &Puzzle) -> Solution {
    let mut clean = BTreeSet::new();
    let (mut exact, mut bound) = (true, 0);
    for component in components(puzzle) {
        let mut search = Search::new(puzzle, &component);
        search.run();
        exact &= search.exact;
        bound += if search.exact { search.best_weight } else { search.root_bound };
        clean.extend(search.best);
    }
    // Components do not constrain each other, so their sets are good together.
    let order = arrange(puzzle, &clean).unwrap_or_else(|| (0..puzzle.weights.len()).collect());
    Solution { clean, order, exact, bound }
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

/// An order in which all of `clean` stay clean; none when there is no such order.
pub fn arrange(puzzle: &Puzzle, clean: &BTreeSet<usize>) -> Option<Vec<usize>> {
    let count = puzzle.weights.len();
    // For each item: groups of items of which one has to be placed before it is, counting from the end.
    let mut waits: Vec<Vec<Vec<usize>>> = vec![Vec::new(); count];
    for &(first, then) in &puzzle.before {
        waits[first].push(vec![then]);
    }
    for &(a, b) in &puzzle.conflicts {
        for (item, other) in [(a, b), (b, a)] {
            if clean.contains(&item) {
                waits[item].push(vec![other]);
            }
        }
    }
    for (group, item) in &puzzle.groups {
        if clean.contains(item) {
            waits[*item].push(group.iter().copied().collect());
        }
    }
    let mut placed = vec![false; count];
    let mut order = Vec::with_capacity(count);
    while order.len() < count {
        let free =
            |item: &usize| !placed[*item] && waits[*item].iter().all(|group| group.iter().any(|other| placed[*other]));
        let last = (0..count).filter(free).max_by_key(|item| (!clean.contains(item), &puzzle.keys[*item]))?;
        placed[last] = true;
        order.push(last);
    }
    order.reverse();
    Some(order)
}

/// Items that have something to do with each other; those that can never be clean only pass on precedence.
fn components(puzzle: &Puzzle) -> Vec<Vec<usize>> {
    let mut links: Vec<Vec<usize>> = vec![Vec::new(); puzzle.weights.len()];
    let pairs = puzzle.before.iter().chain(&puzzle.conflicts).copied();
    let grouped = puzzle.groups.iter().flat_map(|(group, item)| group.iter().map(|member| (*member, *item)));
    for (a, b) in pairs.chain(grouped) {
        links[a].push(b);
        links[b].push(a);
    }
    let mut seen = vec![false; links.len()];
    let mut found = Vec::new();
    for start in 0..links.len() {
        let mut component = Vec::new();
        let mut todo = vec![start];
        while let Some(item) = todo.pop() {
            if !std::mem::replace(&mut seen[item], true) {
                component.push(item);
                todo.extend(&links[item]);
            }
        }
        if !component.is_empty() {
            found.push(component);
        }
    }
    found
}

/// Branch and bound in one component.
struct Search {
    /// The component as a puzzle of its own: its items numbered by how soon they are tried.
    puzzle: Puzzle,
    /// What the items are called in the whole puzzle.
    names: Vec<usize>,
    /// Items of which at most one can be clean, with each item.
    rivals: Vec<Vec<bool>>,
    /// Whether sets of more than two need to be checked: precedence and groups may rule them out.
    deep: bool,
    steps: usize,
    /// What a step counts for: checking a whole order takes the longer, the more items there are.
    step: usize,
    chosen: BTreeSet<usize>,
    best: BTreeSet<usize>,
    best_weight: u64,
    root_bound: u64,
    exact: bool,
}

impl Search {
    fn new(whole: &Puzzle, component: &[usize]) -> Self {
        let degree = |item: usize| whole.conflicts.iter().filter(|(a, b)| *a == item || *b == item).count();
        let mut names = component.to_vec();
        names.sort_by_cached_key(|&item| (Reverse(whole.weights[item]), degree(item), whole.keys[item].clone()));
        let mut places = vec![None; whole.weights.len()];
        names.iter().enumerate().for_each(|(place, name)| places[*name] = Some(place));
        let pair = |&(a, b): &(usize, usize)| Some((places[a]?, places[b]?));
        let group = |(group, item): &(BTreeSet<usize>, usize)| {
            Some((group.iter().map(|member| places[*member]).collect::<Option<_>>()?, places[*item]?))
        };
        let puzzle = Puzzle {
            weights: names.iter().map(|name| whole.weights[*name]).collect(),
            lost: whole.lost.iter().filter_map(|item| places[*item]).collect(),
            before: whole.before.iter().filter_map(pair).collect(),
            conflicts: whole.conflicts.iter().filter_map(pair).collect(),
            groups: whole.groups.iter().filter_map(group).collect(),
            keys: names.iter().map(|name| whole.keys[*name].clone()).collect(),
            limit: whole.limit,
        };
        let deep = !puzzle.before.is_empty() || !puzzle.groups.is_empty();
        let count = names.len();
        let mut rivals = vec![vec![false; count]; count];
        for &(a, b) in &puzzle.conflicts {
            (rivals[a][b], rivals[b][a]) = (true, true);
        }
        // The bound is the better for them, but in a large component they cost more than they save.
        if deep && count <= 64 {
            for (a, b) in (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b))) {
                if !rivals[a][b] && arrange(&puzzle, &BTreeSet::from([a, b])).is_none() {
                    (rivals[a][b], rivals[b][a]) = (true, true);
                }
            }
        }
        Search {
            puzzle,
            names,
            rivals,
            deep,
            steps: 0,
            step: if deep { 1 + count * count / 200 } else { 1 },
            chosen: BTreeSet::new(),
            best: BTreeSet::new(),
            best_weight: 0,
            root_bound: 0,
            exact: true,
        }
    }

    fn run(&mut self) {
        let alone = |item: &usize| !self.puzzle.lost.contains(item) && self.possible(&BTreeSet::from([*item]));
        let open: Vec<usize> = (0..self.names.len()).filter(alone).collect();
        self.root_bound = self.bound(&open);
        self.descend(&open, 0);
        self.best = self.best.iter().map(|item| self.names[*item]).collect();
    }

    fn possible(&self, set: &BTreeSet<usize>) -> bool {
        !self.deep || arrange(&self.puzzle, set).is_some()
    }

    /// Try every set that extends `chosen`, which weighs `weight`, by some of `open`, the promising ones first.
    fn descend(&mut self, open: &[usize], weight: u64) {
        if weight > self.best_weight {
            self.best_weight = weight;
            self.best.clone_from(&self.chosen);
        }
        for (place, &item) in open.iter().enumerate() {
            let rest = &open[place..];
            if weight + self.bound(rest) <= self.best_weight {
                return;
            }
            self.steps += self.step;
            if self.steps > self.puzzle.limit {
                self.exact = false;
                return;
            }
            self.chosen.insert(item);
            if self.possible(&self.chosen) {
                let next: Vec<_> = rest[1..].iter().copied().filter(|other| !self.rivals[item][*other]).collect();
                let lost = rest[1..].iter().filter(|other| self.rivals[item][**other]);
                let lost: u64 = lost.map(|other| self.puzzle.weights[*other]).sum();
                self.descend(&next, weight + self.puzzle.weights[item]);
                self.chosen.remove(&item);
                // Leaving it out gains nothing when all that it stands in the way of weighs no more.
                if !self.deep && self.puzzle.weights[item] >= lost {
                    return;
                }
            } else {
                self.chosen.remove(&item);
            }
        }
    }

    /// No set of `open` weighs more: of items that are all rivals of each other, only the heaviest can count.
    fn bound(&self, open: &[usize]) -> u64 {
        let mut cliques: Vec<(u64, Vec<usize>)> = Vec::new();
        for &item in open {
            let weight = self.puzzle.weights[item];
            match cliques.iter_mut().find(|(_, members)| members.iter().all(|member| self.rivals[item][*member])) {
                Some((heaviest, members)) => {
                    *heaviest = weight.max(*heaviest);
                    members.push(item);
                }
                None => cliques.push((weight, vec![item])),
            }
        }
        cliques.iter().map(|(weight, _)| weight).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(random: &mut fastrand::Rng, count: usize) -> Puzzle {
        let mut pair = |chance: u8| {
            let mut found = Vec::new();
            for a in 0..count {
                for b in a + 1..count {
                    if random.u8(0..10) < chance {
                        found.push(if random.bool() { (a, b) } else { (b, a) });
                    }
                }
            }
            found
        };
        let (before, conflicts) = (pair(2), pair(3));
        let member = |random: &mut fastrand::Rng| random.usize(0..count);
        let groups = (0..random.usize(0..3))
            .map(|_| (BTreeSet::from([member(random), member(random)]), member(random)))
            .filter(|(group, item)| !group.contains(item))
            .collect();
        Puzzle {
            weights: (0..count).map(|_| random.u64(1..4)).collect(),
            lost: (0..count).filter(|_| random.u8(0..8) == 0).collect(),
            before: acyclic(count, &before).0,
            conflicts: conflicts.into_iter().collect(),
            groups,
            keys: (0..count as i64).map(|key| vec![key]).collect(),
            limit: 100_000,
        }
    }

    /// The items that are clean in an order, by the definition.
    fn clean_in(puzzle: &Puzzle, order: &[usize]) -> BTreeSet<usize> {
        let place = |item: usize| order.iter().position(|other| *other == item).unwrap();
        let clean = |item: &usize| {
            let meets =
                |other: usize| puzzle.conflicts.contains(&(*item, other)) || puzzle.conflicts.contains(&(other, *item));
            !puzzle.lost.contains(item)
                && !order[..place(*item)].iter().any(|other| meets(*other))
                && !puzzle
                    .groups
                    .iter()
                    .any(|(group, broken)| broken == item && group.iter().all(|member| place(*member) < place(*item)))
        };
        (0..order.len()).filter(clean).collect()
    }

    fn permutations(count: usize) -> Vec<Vec<usize>> {
        let mut all = vec![vec![]];
        for item in 0..count {
            all = all
                .into_iter()
                .flat_map(|order: Vec<usize>| {
                    (0..=order.len()).map(move |place| {
                        let mut longer = order.clone();
                        longer.insert(place, item);
                        longer
                    })
                })
                .collect();
        }
        all
    }

    #[test]
    fn as_good_as_trying_everything() {
        let mut source = fastrand::Rng::with_seed(3);
        for round in 0..400 {
            let puzzle = random(&mut source, 1 + round % 6);
            let solution = solve(&puzzle);
            let place = |item: usize| solution.order.iter().position(|other| *other == item).unwrap();
            assert!(puzzle.before.iter().all(|(first, then)| place(*first) < place(*then)), "{puzzle:?}");
            assert!(solution.clean.is_subset(&clean_in(&puzzle, &solution.order)), "{puzzle:?} {solution:?}");
            let weight = |set: &BTreeSet<usize>| set.iter().map(|item| puzzle.weights[*item]).sum::<u64>();
            let best = permutations(puzzle.weights.len())
                .into_iter()
                .filter(|order| {
                    let place = |item: usize| order.iter().position(|other| *other == item).unwrap();
                    puzzle.before.iter().all(|(first, then)| place(*first) < place(*then))
                })
                .map(|order| weight(&clean_in(&puzzle, &order)))
                .max();
            assert_eq!(Some(weight(&solution.clean)), best, "{puzzle:?} {solution:?}");
            assert!(solution.exact && solution.bound == weight(&solution.clean));
        }
    }

    #[test]
    fn a_search_that_is_cut_short_says_so() {
        let mut source = fastrand::Rng::with_seed(5);
        let mut puzzle = random(&mut source, 60);
        puzzle.before.clear();
        puzzle.limit = 20;
        let solution = solve(&puzzle);
        let weight: u64 = solution.clean.iter().map(|item| puzzle.weights[*item]).sum();
        assert!(!solution.exact && weight <= solution.bound && weight > 0);
        assert_eq!(solution.order.len(), 60);
    }

    #[test]
    fn cycles_are_cut() {
        let (kept, dropped) = acyclic(3, &[(0, 1), (1, 2), (2, 0), (1, 1)]);
        assert_eq!((kept, dropped), (vec![(0, 1), (1, 2)], vec![(2, 0), (1, 1)]));
    }
}
