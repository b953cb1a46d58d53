//! In what order to land: what it must obey, what it is after, and what is said about every position.
//!
//! Dependencies and stacks come first. The largest set of branches is sought that lands without manual work; equal
//! sets are told apart by priority. Within that freedom, branches with fewer places to resolve go first, deletions
//! and renames go after those who edit the same paths, the older before the younger, then by name. The order is tried
//! out on the accumulated target before it is given: see [`simulate`](super::simulate).

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;
use gix::bstr::BString;

use super::conflict::{Matrix, Pair};
use super::facts::Standing;
use super::reason::{Clash, Reason};
use super::simulate::{Accumulate, Added, Settled, settle};
use super::solve::{Precedence, Puzzle, acyclic};
use super::verdict::{PathVerdict, Verdict, conflicts};
use super::{BranchError, Candidate};
use crate::git::Repository;
use crate::git::merge_tree::{Merge, MergeTree, Request};
use crate::git::scratch::Scratch;

/// An order to land in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Every candidate, once.
    pub order: Vec<Position>,
    /// No order exists in which more land without manual work, given all that is known of them.
    pub exact: bool,
    /// At most so many can land without manual work.
    pub most_clean: usize,
    /// Dependencies that were left out, as they contradict others: what should come first, and before what.
    pub ignored: Vec<(String, String)>,
    /// The target's files when everything that lands without manual work has landed; in the scratch.
    pub tree: ObjectId,
}

/// A place in the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The candidate's number.
    pub branch: usize,
    /// The candidate's name.
    pub name: String,
    /// What will become of it.
    pub outcome: Outcome,
    /// The names of those it conflicts with, wherever they stand.
    pub conflicts_with: Vec<String>,
    /// The names of those that had to come before it.
    pub after: Vec<String>,
    /// Why it stands here.
    pub reason: Reason,
}

/// What will become of a branch in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It lands as it is.
    Clean,
    /// It conflicts with what lands before it.
    NeedsResolution,
    /// It conflicts with the target as it is.
    ConflictsWithTarget,
    /// Nothing of it is left to land.
    Empty,
    /// git cannot tell.
    Unknown,
}

impl Plan {
    /// How many have an outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.order.iter().filter(|position| position.outcome == outcome).count()
    }
}

/// The weight of a branch against its priority: one branch more is worth more than any priorities.
const ONE_BRANCH: u64 = 1 << 20;

/// Steps of the search; a few hundred milliseconds at the worst.
const LIMIT: usize = 200_000;

/// Find the order for the branches of a matrix, which was made of these candidates.
///
/// # Errors
/// See [`BranchError`].
pub fn plan(
    repository: &Repository,
    scratch: &Scratch,
    matrix: &Matrix,
    candidates: &[Candidate],
) -> Result<Plan, BranchError> {
    let (puzzle, dropped) = puzzle(matrix, candidates);
    let before = puzzle.before.clone();
    let mut target = Onto { merger: MergeTree::new(repository, scratch, Some(matrix.target.commit)), scratch, matrix };
    let done = (0..matrix.branches.len()).filter(|branch| matrix.branches[*branch].standing.is_done()).collect();
    let related =
        |a: usize, b: usize| matrix.pair(a, b).is_some() || before.contains(&(a, b)) || before.contains(&(b, a));
    let settled = settle(puzzle, &done, related, &mut target)?;
    let writer = Writer { matrix, before: &before, settled: &settled };
    let order = settled.solution.order.iter().map(|branch| writer.position(*branch)).collect();
    let name = |branch: usize| matrix.branches[branch].name.clone();
    let bound = usize::try_from(settled.solution.bound / ONE_BRANCH).unwrap_or(usize::MAX);
    Ok(Plan {
        order,
        exact: settled.solution.exact && settled.agreed,
        most_clean: bound.saturating_sub(done.len()).max(settled.merged.len()),
        ignored: dropped.into_iter().map(|(first, then)| (name(first), name(then))).collect(),
        tree: settled.end.tree,
    })
}

/// The matrix and the candidates' wishes as a puzzle, and the precedences that had to be dropped.
fn puzzle(matrix: &Matrix, candidates: &[Candidate]) -> (Puzzle, Precedence) {
    let count = matrix.branches.len();
    let numbers: BTreeMap<&str, usize> =
        candidates.iter().enumerate().map(|(number, candidate)| (candidate.name.as_str(), number)).collect();
    // A stack is a fact and cannot be in a cycle; what people say comes after it.
    let mut before = matrix.stacked.clone();
    for (number, candidate) in candidates.iter().enumerate() {
        before.extend(candidate.after.iter().filter_map(|name| Some((*numbers.get(name.as_str())?, number))));
    }
    let (before, dropped) = acyclic(count, &before);

    let mut places = vec![0; count];
    let mut disturbs = vec![0; count];
    let mut clashes = BTreeSet::new();
    for Pair { a, b, verdict, paths, .. } in &matrix.pairs {
        // A pair that cannot be judged is not promised to be clean.
        if matches!(verdict, Verdict::Conflict | Verdict::Unknown { .. }) {
            clashes.insert((*a, *b));
        }
        for side in [*a, *b] {
            places[side] += paths.iter().map(PathVerdict::places).sum::<usize>();
            disturbs[side] += paths.iter().filter(|path| deletes(matrix, side, &path.path)).count();
        }
    }
    let rank = |standing: &Standing| match standing {
        Standing::Clean { .. } => 0,
        Standing::Conflict { .. } => 1,
        Standing::Unknown { .. } => 2,
        Standing::Landed | Standing::Empty => 3,
    };
    let names: BTreeSet<_> = matrix.branches.iter().zip(0..).map(|(branch, number)| (&branch.name, number)).collect();
    let by_name: BTreeMap<_, i64> = names.into_iter().zip(0..).collect();
    let signed = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let key = |number: usize| {
        let (branch, candidate) = (&matrix.branches[number], &candidates[number]);
        vec![
            rank(&branch.standing),
            -i64::from(candidate.priority),
            signed(places[number]),
            signed(disturbs[number]),
            candidate.age,
            by_name[&(&branch.name, number)],
        ]
    };
    let lost = |number: &usize| {
        matches!(matrix.branches[*number].standing, Standing::Conflict { .. } | Standing::Unknown { .. })
    };
    let puzzle = Puzzle {
        weights: candidates.iter().map(|candidate| ONE_BRANCH + u64::from(candidate.priority)).collect(),
        lost: (0..count).filter(lost).collect(),
        before,
        conflicts: clashes,
        groups: Vec::new(),
        keys: (0..count).map(key).collect(),
        limit: LIMIT,
    };
    (puzzle, dropped)
}

fn deletes(matrix: &Matrix, branch: usize, path: &BString) -> bool {
    let changes = &matrix.branches[branch].changes;
    let place = changes.binary_search_by(|change| change.path.cmp(path));
    place.is_ok_and(|place| changes[place].is_deletion())
}

/// The target with some branches merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Point {
    commit: ObjectId,
    tree: ObjectId,
}

/// Merging branches onto the target with real git, as merge commits so that ancestry is right.
struct Onto<'a> {
    merger: MergeTree,
    scratch: &'a Scratch,
    matrix: &'a Matrix,
}

impl Accumulate for Onto<'_> {
    type Point = Point;
    type Error = BranchError;

    fn start(&self) -> Point {
        Point { commit: self.matrix.target.commit, tree: self.matrix.target.tree }
    }

    fn add(&mut self, point: Point, branch: usize) -> Result<Added<Point>, BranchError> {
        let tip = self.matrix.branches[branch].tip;
        let request = Request { base: None, ours: point.commit, theirs: tip };
        self.scratch.hand_over([point.commit, tip])?;
        Ok(match self.merger.merge(&request)? {
            Merge::Clean { tree } => {
                Added::Clean(Point { commit: self.scratch.stand_in(tree, &[point.commit, tip])?, tree })
            }
            Merge::Conflict { paths, .. } => Added::Conflict(conflicts(self.scratch, &request, &paths, [None, None])?),
            Merge::Unknown { reason } => Added::Unknown(reason),
        })
    }
}

/// Says what there is to say of every position.
struct Writer<'a> {
    matrix: &'a Matrix,
    before: &'a [(usize, usize)],
    settled: &'a Settled<Point>,
}

impl Writer<'_> {
    fn position(&self, branch: usize) -> Position {
        let rivals = self.pairs(branch, |pair| pair.verdict == Verdict::Conflict);
        let broken = self.settled.learned.iter().filter(|(_, item)| *item == branch);
        let mut conflicts_with: BTreeSet<usize> = rivals.iter().map(|(other, _)| *other).collect();
        if self.settled.failed.contains_key(&branch) {
            conflicts_with.extend(broken.flat_map(|(group, _)| group));
        }
        let after: BTreeSet<_> =
            self.before.iter().filter(|(_, then)| *then == branch).map(|(first, _)| *first).collect();
        let (outcome, reason) = self.outcome(branch, &after);
        Position {
            branch,
            name: self.matrix.branches[branch].name.clone(),
            outcome,
            conflicts_with: self.names(conflicts_with),
            after: self.names(after),
            reason,
        }
    }

    fn outcome(&self, branch: usize, after: &BTreeSet<usize>) -> (Outcome, Reason) {
        match &self.matrix.branches[branch].standing {
            Standing::Landed => return (Outcome::Empty, Reason::Landed),
            Standing::Empty => return (Outcome::Empty, Reason::Empty),
            Standing::Conflict { paths } => {
                return (Outcome::ConflictsWithTarget, Reason::ConflictsWithTarget { paths: unmerged(paths) });
            }
            Standing::Unknown { reason } => {
                return (Outcome::Unknown, Reason::Unknown { reason: reason.clone() });
            }
            Standing::Clean { .. } => {}
        }
        if self.settled.merged.contains(&branch) {
            return (Outcome::Clean, self.why_clean(branch, after));
        }
        if let Some(Added::Unknown(reason)) = self.settled.failed.get(&branch) {
            return (Outcome::Unknown, Reason::Unknown { reason: reason.clone() });
        }
        (Outcome::NeedsResolution, self.why_not(branch))
    }

    fn why_clean(&self, branch: usize, after: &BTreeSet<usize>) -> Reason {
        if !after.is_empty() {
            let (stacked, depends) = after.iter().partition(|first| self.matrix.stacked.contains(&(**first, branch)));
            return Reason::After { depends_on: self.names(depends), stacked_on: self.names(stacked) };
        }
        let rivals = self.pairs(branch, |pair| pair.verdict == Verdict::Conflict);
        if !rivals.is_empty() {
            return Reason::Before { others: self.names(rivals.into_iter().map(|(other, _)| other).collect()) };
        }
        let sharing = self.pairs(branch, |pair| pair.verdict == Verdict::Overlap);
        if sharing.is_empty() {
            return Reason::Alone;
        }
        let paths: BTreeSet<_> = sharing.iter().flat_map(|(_, pair)| &pair.paths).map(|path| &path.path).collect();
        Reason::Overlaps {
            with: self.names(sharing.iter().map(|(other, _)| *other).collect()),
            paths: paths.into_iter().cloned().collect(),
        }
    }

    fn why_not(&self, branch: usize) -> Reason {
        let place = |item: usize| self.settled.solution.order.iter().position(|other| *other == item);
        let rivals = self.pairs(branch, |pair| !matches!(pair.verdict, Verdict::Clean | Verdict::Overlap));
        let earlier = rivals.into_iter().filter(|(other, _)| place(*other) < place(branch));
        let clashes: Vec<_> = earlier
            .map(|(other, pair)| Clash {
                with: self.matrix.branches[other].name.clone(),
                paths: unmerged(&pair.paths),
                regions: pair.paths.iter().map(PathVerdict::places).sum(),
            })
            .collect();
        if !clashes.is_empty() {
            return Reason::NeedsResolution { clashes };
        }
        let paths = match self.settled.failed.get(&branch) {
            Some(Added::Conflict(paths)) => unmerged(paths),
            _ => Vec::new(),
        };
        let groups = self.settled.learned.iter().filter(|(_, item)| *item == branch);
        let broken = groups.filter(|(group, _)| group.iter().all(|member| place(*member) < place(branch)));
        let with = self.names(broken.flat_map(|(group, _)| group).copied().collect());
        if with.is_empty() { Reason::ConflictsWithTarget { paths } } else { Reason::Together { with, paths } }
    }

    /// The pairs that a branch is in, with the number of the other one.
    fn pairs(&self, branch: usize, wanted: impl Fn(&Pair) -> bool) -> Vec<(usize, &Pair)> {
        let mine = self.matrix.pairs.iter().filter(|pair| (pair.a == branch || pair.b == branch) && wanted(pair));
        mine.map(|pair| (if pair.a == branch { pair.b } else { pair.a }, pair)).collect()
    }

    fn names(&self, branches: BTreeSet<usize>) -> Vec<String> {
        branches.into_iter().map(|branch| self.matrix.branches[branch].name.clone()).collect()
    }
}

fn unmerged(paths: &[PathVerdict]) -> Vec<BString> {
    paths.iter().filter(|path| path.is_conflict()).map(|path| path.path.clone()).collect()
}

#[cfg(test)]
mod tests;
