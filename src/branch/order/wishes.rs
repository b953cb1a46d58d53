//! What is known and wanted of the branches, as a puzzle.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use gix::bstr::BString;

use super::{LIMIT, ONE_BRANCH};
use crate::branch::Candidate;
use crate::branch::conflict::{Matrix, Pair};
use crate::branch::facts::Standing;
use crate::branch::solve::{Precedence, Puzzle, acyclic};
use crate::branch::verdict::{PathVerdict, Verdict};

/// How long all rounds of the search may take on a machine on which its steps take longer than they should.
const LONGEST: Duration = Duration::from_secs(3);

/// The matrix and the candidates' wishes as a puzzle, and the precedences that had to be dropped.
pub(super) fn puzzle(matrix: &Matrix, candidates: &[Candidate]) -> (Puzzle, Precedence) {
    let count = matrix.branches.len();
    let numbers: BTreeMap<&str, usize> =
        candidates.iter().enumerate().map(|(number, candidate)| (candidate.name.as_str(), number)).collect();
    // A stack is a fact and cannot be in a cycle; what people say comes after it.
    let mut before = matrix.stacked.clone();
    for (number, candidate) in candidates.iter().enumerate() {
        before.extend(candidate.after.iter().filter_map(|name| Some((*numbers.get(name.as_str())?, number))));
    }
    let (before, dropped) = acyclic(count, &before);
    // Of a stack the upper one brings the lower one along.
    let is_wanted = |(first, then): &(usize, usize)| candidates[*then].after.contains(&candidates[*first].name);
    let needs = before.iter().copied().filter(is_wanted).collect();

    let mut places = vec![0; count];
    let mut disturbs = vec![0; count];
    let mut clashes = BTreeSet::new();
    let mut sequences = Vec::new();
    for Pair { a, b, verdict, paths, in_order, .. } in &matrix.pairs {
        match (verdict, in_order) {
            (Verdict::Conflict, Some((first, then))) => sequences.push((vec![*then], *first)),
            // A pair that cannot be judged is not promised to be clean.
            (Verdict::Conflict | Verdict::Unknown { .. }, _) => drop(clashes.insert((*a, *b))),
            (Verdict::Clean | Verdict::Overlap, _) => {}
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
        needs,
        conflicts: clashes,
        sequences,
        keys: (0..count).map(key).collect(),
        limit: LIMIT,
        deadline: Some(Instant::now() + LONGEST),
        ..Puzzle::default()
    };
    (puzzle, dropped)
}

fn deletes(matrix: &Matrix, branch: usize, path: &BString) -> bool {
    let changes = &matrix.branches[branch].changes;
    let place = changes.binary_search_by(|change| change.path.cmp(path));
    place.is_ok_and(|place| changes[place].is_deletion())
}
