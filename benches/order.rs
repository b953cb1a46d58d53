//! How long the search for the best order takes, and how many more land than in the naive order.
//!
//! `cargo bench --bench order` draws random conflicts and random precedence at several sizes and densities, and prints
//! a line for each: the time to solve, whether the answer is proven, how many land clean, at most how many could, and
//! how many do when those with the fewest conflicts simply go first. Times are of this machine and of the median
//! instance; everything else repeats. Without `--bench` (as `cargo test --benches` calls it) everything is small.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use git_agents::branch::order::{LIMIT, ONE_BRANCH};
use git_agents::branch::solve::{Precedence, Puzzle, acyclic, solve};

/// Branches, and the chance in percent that two of them conflict.
const SIZES: [usize; 3] = [50, 100, 200];
const DENSITIES: [u32; 7] = [1, 2, 5, 10, 30, 50, 80];

/// Instances of each kind.
const INSTANCES: u64 = 5;

/// What is drawn besides conflicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing.
    Plain,
    /// Every branch waits for one and a half others on average, and some conflict with the target.
    Precedence,
    /// As before, and four priorities.
    Priorities,
}

fn main() {
    let whole = std::env::args().any(|arg| arg == "--bench");
    let (sizes, densities, instances) =
        if whole { (&SIZES[..], &DENSITIES[..], INSTANCES) } else { (&[20][..], &[10][..], 1) };
    println!("median and worst time of {instances} instances; branches that land clean, summed over them\n");
    println!("kind        branches  conflicts  median ms  worst ms  proven  clean  at most  naive  more");
    for kind in [Kind::Plain, Kind::Precedence, Kind::Priorities] {
        for &count in sizes {
            densities.iter().for_each(|&percent| line(kind, count, percent, instances));
        }
    }
}

fn line(kind: Kind, count: usize, percent: u32, instances: u64) {
    let mut times: Vec<Duration> = Vec::new();
    let (mut proven, mut clean, mut bound, mut naive) = (0, 0, 0, 0);
    for seed in 0..instances {
        let puzzle = draw(&mut fastrand::Rng::with_seed(seed), kind, count, percent);
        let start = Instant::now();
        let solution = solve(&puzzle);
        times.push(start.elapsed());
        let most = usize::try_from(solution.bound / ONE_BRANCH).unwrap_or(usize::MAX);
        proven += u64::from(most == solution.clean.len());
        clean += solution.clean.len();
        bound += most;
        naive += fewest_conflicts_first(&puzzle);
    }
    times.sort();
    let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    println!(
        "{:<10}  {count:>8}  {percent:>7} %  {:>9.1}  {:>8.1}  {proven:>2} / {instances}  {clean:>5}  {bound:>7}  {naive:>5}  {:>3} %",
        format!("{kind:?}").to_lowercase(),
        ms(times.get(times.len() / 2)),
        ms(times.last()),
        (clean - naive.min(clean)) * 100 / naive.max(1),
    );
}

fn draw(random: &mut fastrand::Rng, kind: Kind, count: usize, percent: u32) -> Puzzle {
    let all: Precedence = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b))).collect();
    let mut puzzle = Puzzle {
        weights: vec![ONE_BRANCH; count],
        conflicts: all.iter().filter(|_| random.u32(0..100) < percent).copied().collect(),
        keys: (0..count).map(|key| vec![i64::try_from(key).unwrap_or(i64::MAX)]).collect(),
        limit: LIMIT,
        ..Puzzle::default()
    };
    if kind == Kind::Plain {
        return puzzle;
    }
    let mut names: Vec<usize> = (0..count).collect();
    random.shuffle(&mut names);
    let drawn = all.iter().filter(|_| random.f64() < 3.0 / count as f64).map(|(a, b)| (names[*a], names[*b]));
    puzzle.before = acyclic(count, &drawn.collect::<Vec<_>>()).0;
    puzzle.lost = (0..count).filter(|_| random.u8(0..20) == 0).collect();
    if kind == Kind::Priorities {
        puzzle.weights.iter_mut().for_each(|weight| *weight += random.u64(0..4));
    }
    puzzle
}

/// What lands clean when of those that may come next the one with the fewest conflicts does.
fn fewest_conflicts_first(puzzle: &Puzzle) -> usize {
    let count = puzzle.weights.len();
    let rivals = |item: usize| -> BTreeSet<usize> {
        let other = |(a, b): &(usize, usize)| (*a == item).then_some(*b).or((*b == item).then_some(*a));
        puzzle.conflicts.iter().filter_map(other).collect()
    };
    let rivals: Vec<_> = (0..count).map(rivals).collect();
    let (mut placed, mut clean) = (BTreeSet::new(), 0);
    while placed.len() < count {
        let free = |item: &usize| {
            !placed.contains(item) && puzzle.before.iter().all(|(first, then)| then != item || placed.contains(first))
        };
        let Some(next) = (0..count).filter(free).min_by_key(|item| (rivals[*item].len(), *item)) else { break };
        clean += usize::from(!puzzle.lost.contains(&next) && rivals[next].is_disjoint(&placed));
        placed.insert(next);
    }
    clean
}
