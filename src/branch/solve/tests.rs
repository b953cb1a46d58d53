//! Against everything that could be tried.

use super::*;

fn pairs(random: &mut fastrand::Rng, count: usize, percent: u8) -> Precedence {
    let all = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b)));
    let mut drawn: Precedence = all.filter(|_| random.u8(0..100) < percent).collect();
    drawn.iter_mut().filter(|_| random.bool()).for_each(|pair| *pair = (pair.1, pair.0));
    drawn
}

/// Without groups and sequences.
fn simple(random: &mut fastrand::Rng, count: usize) -> Puzzle {
    let before = random.u8(0..40);
    let conflicts = random.u8(0..60);
    Puzzle {
        weights: (0..count).map(|_| random.u64(1..5)).collect(),
        lost: (0..count).filter(|_| random.u8(0..8) == 0).collect(),
        before: acyclic(count, &pairs(random, count, before)).0,
        conflicts: pairs(random, count, conflicts).into_iter().collect(),
        keys: (0..count as i64).map(|key| vec![key]).collect(),
        limit: 100_000_000,
        ..Puzzle::default()
    }
}

fn with_groups(random: &mut fastrand::Rng, count: usize) -> Puzzle {
    let member = |random: &mut fastrand::Rng| random.usize(0..count);
    let mut puzzle = simple(random, count);
    for _ in 0..random.usize(0..4) {
        let (first, second, item) = (member(random), member(random), member(random));
        if first == second || first == item || second == item {
            continue;
        }
        match random.bool() {
            true => puzzle.groups.push((BTreeSet::from([first, second]), item)),
            false => puzzle.sequences.push((vec![first, second], item)),
        }
    }
    puzzle
}

fn places(order: &[usize]) -> Vec<usize> {
    let mut places = vec![0; order.len()];
    order.iter().enumerate().for_each(|(place, item)| places[*item] = place);
    places
}

/// The items that are clean in an order, by the definition.
fn clean_in(puzzle: &Puzzle, order: &[usize]) -> BTreeSet<usize> {
    let place = places(order);
    let clean = |item: &usize| {
        let mine = place[*item];
        let meets = |(a, b): &(usize, usize)| (a == item && place[*b] < mine) || (b == item && place[*a] < mine);
        let group = |(group, broken): &(BTreeSet<usize>, usize)| {
            broken == item && group.iter().all(|member| place[*member] < mine)
        };
        let sequence = |(sequence, broken): &(Vec<usize>, usize)| {
            broken == item && sequence.iter().chain([item]).map(|member| place[*member]).is_sorted()
        };
        !puzzle.lost.contains(item)
            && !puzzle.conflicts.iter().any(meets)
            && !puzzle.groups.iter().any(group)
            && !puzzle.sequences.iter().any(sequence)
    };
    (0..order.len()).filter(clean).collect()
}

fn weight(puzzle: &Puzzle, set: &BTreeSet<usize>) -> u64 {
    set.iter().map(|item| puzzle.weights[*item]).sum()
}

fn obeys(puzzle: &Puzzle, order: &[usize]) -> bool {
    let place = places(order);
    puzzle.before.iter().all(|(first, then)| place[*first] < place[*then])
}

/// The answer keeps its word.
fn checked(puzzle: &Puzzle) -> Solution {
    let solution = solve(puzzle);
    assert!(obeys(puzzle, &solution.order), "{puzzle:?} {solution:?}");
    assert!(solution.clean.is_subset(&clean_in(puzzle, &solution.order)), "{puzzle:?} {solution:?}");
    assert!(weight(puzzle, &solution.clean) <= solution.bound, "{puzzle:?} {solution:?}");
    assert_eq!(solution.exact, weight(puzzle, &solution.clean) == solution.bound);
    solution
}

fn permutations(count: usize) -> Vec<Vec<usize>> {
    let mut all = vec![vec![]];
    for item in 0..count {
        let longer = |order: Vec<usize>| {
            (0..=order.len()).map(move |place| {
                let mut longer = order.clone();
                longer.insert(place, item);
                longer
            })
        };
        all = all.into_iter().flat_map(longer).collect();
    }
    all
}

/// The most that can be clean, by the criterion alone: a set is possible when precedence and its arrows have no circle.
fn most_by_subsets(puzzle: &Puzzle) -> u64 {
    let count = puzzle.weights.len();
    let sets = (0..1_usize << count).map(|bits| (0..count).filter(|item| bits >> item & 1 == 1).collect());
    let possible = |set: &BTreeSet<usize>| {
        let both = puzzle.conflicts.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]);
        let arcs: Precedence =
            both.filter(|(item, _)| set.contains(item)).chain(puzzle.before.iter().copied()).collect();
        set.is_disjoint(&puzzle.lost) && acyclic(count, &arcs).1.is_empty()
    };
    sets.filter(possible).map(|set| weight(puzzle, &set)).max().unwrap_or_default()
}

#[test]
fn as_good_as_trying_every_order() {
    let mut random = fastrand::Rng::with_seed(3);
    let all: Vec<_> = (0..=6).map(permutations).collect();
    for round in 0..420 {
        let count = 1 + round % 6;
        let puzzle = with_groups(&mut random, count);
        let solution = checked(&puzzle);
        let orders = all[count].iter().filter(|order| obeys(&puzzle, order));
        let best = orders.map(|order| weight(&puzzle, &clean_in(&puzzle, order))).max();
        assert_eq!(Some(weight(&puzzle, &solution.clean)), best, "{puzzle:?} {solution:?}");
        assert!(solution.exact);
    }
}

#[test]
fn as_good_as_trying_every_set() {
    let mut random = fastrand::Rng::with_seed(4);
    for round in 0..600 {
        let puzzle = simple(&mut random, 1 + round % 8);
        let solution = checked(&puzzle);
        assert_eq!(weight(&puzzle, &solution.clean), most_by_subsets(&puzzle), "{puzzle:?} {solution:?}");
        assert!(solution.exact);
    }
}

/// As few items as can be come after the first one that is not clean.
#[test]
fn what_is_clean_comes_first() {
    let mut random = fastrand::Rng::with_seed(9);
    let all: Vec<_> = (0..=6).map(permutations).collect();
    let head = |order: &[usize], clean: &BTreeSet<usize>| order.iter().take_while(|item| clean.contains(item)).count();
    for round in 0..200 {
        let puzzle = simple(&mut random, 1 + round % 6);
        let solution = checked(&puzzle);
        let same = all[puzzle.weights.len()]
            .iter()
            .filter(|order| obeys(&puzzle, order) && solution.clean.is_subset(&clean_in(&puzzle, order)));
        let most = same.map(|order| head(order, &solution.clean)).max();
        assert_eq!(Some(head(&solution.order, &solution.clean)), most, "{puzzle:?} {solution:?}");
    }
}

#[test]
fn one_that_waits_does_not_hold_back_the_others() {
    let puzzle = Puzzle {
        weights: vec![1; 4],
        lost: BTreeSet::from([0]),
        before: vec![(0, 1)],
        keys: (0..4).map(|key| vec![key]).collect(),
        limit: 1000,
        ..Puzzle::default()
    };
    assert_eq!(checked(&puzzle).order, [2, 3, 0, 1]);
}

#[test]
fn a_sequence_is_turned_round() {
    let puzzle = Puzzle {
        weights: vec![1; 3],
        sequences: vec![(vec![0, 1], 2)],
        before: vec![(0, 2), (1, 2)],
        keys: (0..3).map(|key| vec![key]).collect(),
        limit: 1000,
        ..Puzzle::default()
    };
    let solution = checked(&puzzle);
    assert_eq!((solution.order, solution.waits), (vec![1, 0, 2], vec![(1, 0)]));
}

#[test]
fn a_search_that_is_cut_short_says_so() {
    let mut random = fastrand::Rng::with_seed(5);
    for percent in [5, 20, 60] {
        let mut puzzle = simple(&mut random, 60);
        puzzle.conflicts = pairs(&mut random, 60, percent).into_iter().collect();
        let exact = checked(&puzzle);
        assert!(exact.exact);
        puzzle.limit = 20;
        let solution = checked(&puzzle);
        assert!(weight(&puzzle, &solution.clean) <= exact.bound && exact.bound <= solution.bound);
        assert_eq!(solution.order.len(), 60);
    }
}

/// Of all best sets the one that comes first when they are compared key by key.
#[test]
fn equals_are_told_apart_by_their_keys() {
    let mut random = fastrand::Rng::with_seed(6);
    for round in 0..200 {
        let count = 1 + round % 7;
        let puzzle = Puzzle { weights: vec![1; count], ..simple(&mut random, count) };
        let (solution, both) = (checked(&puzzle), puzzle.conflicts.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]));
        let both: Precedence = both.collect();
        let possible = |set: &BTreeSet<usize>| {
            let arcs = both.iter().filter(|(item, _)| set.contains(item)).chain(&puzzle.before).copied();
            set.is_disjoint(&puzzle.lost) && acyclic(count, &arcs.collect::<Vec<_>>()).1.is_empty()
        };
        let sets = (0..1_usize << count).map(|bits| (0..count).filter(|item| bits >> item & 1 == 1).collect());
        let best = sets.filter(possible).filter(|set: &BTreeSet<usize>| set.len() == solution.clean.len()).min();
        assert_eq!(Some(solution.clean), best, "{puzzle:?}");
    }
}

#[test]
fn circles_are_cut() {
    let (kept, dropped) = acyclic(3, &[(0, 1), (1, 2), (2, 0), (1, 1)]);
    assert_eq!((kept, dropped), (vec![(0, 1), (1, 2)], vec![(2, 0), (1, 1)]));
}
