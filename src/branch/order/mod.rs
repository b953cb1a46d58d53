//! In what order to land: what it must obey, what it is after, and what is said about every position.
//!
//! Dependencies and stacks come first. The largest set of branches is sought that lands without manual work; equal
//! sets are told apart by priority. Within that freedom, branches with fewer places to resolve go first, deletions
//! and renames go after those who edit the same paths, the older before the younger, then by name. The order is tried
//! out on the accumulated target before it is given: see [`simulate`](super::simulate).

mod onto;
mod proof;
mod results;
mod waves;
mod wishes;
mod writer;

use gix::ObjectId;
use gix::bstr::BString;

use self::onto::Onto;
use self::proof::Claim;
use self::writer::Writer;
use super::conflict::Matrix;
use super::reason::{Clash, Reason};
use super::simulate::{Learned, Remembered, settle};
use super::{BranchError, Candidate};
use crate::git::Repository;
use crate::git::scratch::Scratch;

pub use waves::Wave;

/// An order to land in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Every candidate, once.
    pub order: Vec<Position>,
    /// No order exists in which more land without manual work.
    pub exact: bool,
    /// At most so many can land without manual work.
    pub most_clean: usize,
    /// Dependencies that were left out, as they contradict others: what should come first, and before what.
    pub ignored: Vec<(String, String)>,
    /// What comes before what besides, as another order of some branches does not merge.
    pub waits: Vec<(String, String)>,
    /// What does not merge together although it does in pairs.
    pub together: Vec<Together>,
    /// Orders that merge as well, but give other content.
    pub other_results: Vec<OtherResult>,
    /// What it took.
    pub tried: Tried,
    /// The target's files when everything that lands without manual work has landed; in the scratch.
    pub tree: ObjectId,
}

/// Branches that break another one together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Together {
    /// Their names, in the order that was tried.
    pub branches: Vec<String>,
    /// The one that does not merge after them.
    pub breaks: String,
    /// No order of them helps.
    pub in_any_order: bool,
}

/// Branches whose order decides about the content although they merge in either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherResult {
    /// Their names, as they are planned.
    pub planned: Vec<String>,
    /// In the order that gives other content.
    pub other: Vec<String>,
    /// The paths that they all change.
    pub paths: Vec<BString>,
}

/// What it took to find an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tried {
    /// How often the order was computed: once, and again whenever merging taught something new.
    pub rounds: usize,
    /// How many merges were done.
    pub merges: usize,
    /// The order was merged and came out as planned.
    pub agreed: bool,
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
    /// Those of them whose commits it contains.
    pub stacked_on: Vec<String>,
    /// Where it conflicts with others, wherever they stand.
    pub clashes: Vec<Clash>,
    /// What it shares with others and merges.
    pub shares: Vec<Shared>,
    /// Why it stands here.
    pub reason: Reason,
}

/// Paths that a branch and another one change, and that merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// The other one.
    pub with: String,
    /// The paths.
    pub paths: Vec<BString>,
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
    /// It does not land as long as something that it depends on does not.
    Waits,
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
pub const ONE_BRANCH: u64 = 1 << 20;

/// Work of the search: about a second, of which a hundred branches need a tenth at most.
pub const LIMIT: u64 = 40_000_000;

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
    let (puzzle, dropped) = wishes::puzzle(matrix, candidates);
    let (before, needs) = (puzzle.before.clone(), puzzle.needs.clone());
    let mut onto = Onto::new(repository, scratch, matrix);
    let mut target = Remembered::new(&mut onto);
    let done = (0..matrix.branches.len()).filter(|branch| matrix.branches[*branch].standing.is_done()).collect();
    let related =
        |a: usize, b: usize| matrix.pair(a, b).is_some() || before.contains(&(a, b)) || before.contains(&(b, a));
    let settled = settle(puzzle, &done, related, &mut target)?;
    let differing = results::differing(&mut target, matrix, &settled.merged, &before)?;
    let claim = Claim { matrix, merged: &settled.merged, needs: &needs, learned: &settled.learned };
    let open = claim.open(&mut target)?;
    let writer = Writer { matrix, before: &before, needs: &needs, settled: &settled };
    let names = |branches: &[usize]| branches.iter().map(|branch| writer.name(*branch)).collect::<Vec<_>>();
    let pairs = |pairs: &[(usize, usize)]| pairs.iter().map(|(a, b)| (writer.name(*a), writer.name(*b))).collect();
    let together = |rule: &Learned| Together {
        branches: names(&rule.members),
        breaks: writer.name(rule.item),
        in_any_order: rule.in_any_order,
    };
    let most = usize::try_from(settled.solution.bound / ONE_BRANCH).unwrap_or(usize::MAX);
    let mut order: Vec<Position> = settled.solution.order.iter().map(|branch| writer.position(*branch)).collect();
    writer::compare(&mut order);
    Ok(Plan {
        order,
        exact: settled.agreed && most <= settled.solution.clean.len() && open.is_empty(),
        most_clean: most.saturating_sub(done.len()).max(settled.merged.len() + open.len()),
        ignored: pairs(&dropped),
        waits: pairs(&writer.waits()),
        together: settled.learned.iter().map(together).collect(),
        other_results: differing
            .iter()
            .map(|found| OtherResult {
                planned: names(&found.planned),
                other: names(&found.other),
                paths: found.paths.clone(),
            })
            .collect(),
        tried: Tried { rounds: settled.rounds, merges: target.merges, agreed: settled.agreed },
        tree: settled.end.tree,
    })
}

#[cfg(test)]
mod tests;
