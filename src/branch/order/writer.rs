//! Says what there is to say of every position.

use std::collections::BTreeSet;

use gix::bstr::BString;

use super::onto::Point;
use super::{Outcome, Position, Shared};
use crate::branch::conflict::{Matrix, Pair};
use crate::branch::facts::Standing;
use crate::branch::reason::{Clash, Reason};
use crate::branch::simulate::{Added, Settled};
use crate::branch::verdict::{PathVerdict, Verdict};

/// Says what there is to say of every position.
pub(super) struct Writer<'a> {
    pub(super) matrix: &'a Matrix,
    pub(super) before: &'a [(usize, usize)],
    pub(super) settled: &'a Settled<Point>,
}

impl Writer<'_> {
    pub(super) fn position(&self, branch: usize) -> Position {
        let rivals = self.pairs(branch, |pair| pair.verdict == Verdict::Conflict);
        let broken = self.settled.learned.iter().filter(|rule| rule.item == branch);
        let mut conflicts_with: BTreeSet<usize> = rivals.iter().map(|(other, _)| *other).collect();
        if self.settled.failed.contains_key(&branch) {
            conflicts_with.extend(broken.flat_map(|rule| &rule.members));
        }
        let after: BTreeSet<_> =
            self.before.iter().filter(|(_, then)| *then == branch).map(|(first, _)| *first).collect();
        let (outcome, reason) = self.outcome(branch, &after);
        Position {
            branch,
            name: self.name(branch),
            outcome,
            conflicts_with: self.names(conflicts_with),
            stacked_on: self.names(after.iter().copied().filter(|first| self.is_stacked(*first, branch)).collect()),
            after: self.names(after),
            clashes: rivals.iter().map(|(other, pair)| self.clash(*other, pair)).collect(),
            shares: self.shares(branch),
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
            let (stacked, depends) = after.iter().partition(|first| self.is_stacked(**first, branch));
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
        let clashes: Vec<_> = earlier.map(|(other, pair)| self.clash(other, pair)).collect();
        if !clashes.is_empty() {
            return Reason::NeedsResolution { clashes, smallest_of: None };
        }
        let paths = match self.settled.failed.get(&branch) {
            Some(Added::Conflict(paths)) => unmerged(paths),
            _ => Vec::new(),
        };
        let groups = self.settled.learned.iter().filter(|rule| rule.item == branch);
        let broken = groups.filter(|rule| rule.members.iter().all(|member| place(*member) < place(branch)));
        let with = self.names(broken.flat_map(|rule| &rule.members).copied().collect());
        if with.is_empty() { Reason::ConflictsWithTarget { paths } } else { Reason::Together { with, paths } }
    }

    fn is_stacked(&self, first: usize, branch: usize) -> bool {
        self.matrix.stacked.contains(&(first, branch))
    }

    fn clash(&self, other: usize, pair: &Pair) -> Clash {
        Clash {
            with: self.name(other),
            paths: unmerged(&pair.paths),
            regions: pair.paths.iter().map(PathVerdict::places).sum(),
        }
    }

    /// With whom a branch shares paths and merges nevertheless.
    fn shares(&self, branch: usize) -> Vec<Shared> {
        let shared = self.pairs(branch, |pair| pair.verdict == Verdict::Overlap).into_iter();
        let shared = shared.map(|(other, pair)| Shared {
            with: self.name(other),
            paths: pair.paths.iter().map(|path| path.path.clone()).collect(),
        });
        shared.collect()
    }

    /// The pairs that a branch is in, with the number of the other one.
    fn pairs(&self, branch: usize, wanted: impl Fn(&Pair) -> bool) -> Vec<(usize, &Pair)> {
        let mine = self.matrix.pairs.iter().filter(|pair| (pair.a == branch || pair.b == branch) && wanted(pair));
        mine.map(|pair| (if pair.a == branch { pair.b } else { pair.a }, pair)).collect()
    }

    pub(super) fn name(&self, branch: usize) -> String {
        self.matrix.branches[branch].name.clone()
    }

    fn names(&self, branches: BTreeSet<usize>) -> Vec<String> {
        branches.into_iter().map(|branch| self.name(branch)).collect()
    }
}

/// Say of the first one that needs resolution when there is less to do than in any other.
pub(super) fn compare(order: &mut [Position]) {
    let work = |position: &Position| match &position.reason {
        Reason::NeedsResolution { clashes, .. } => Some(clashes.iter().map(|clash| clash.regions).sum::<usize>()),
        _ => None,
    };
    let all: Vec<usize> = order.iter().filter_map(work).collect();
    let [first, others @ ..] = all.as_slice() else { return };
    if !others.is_empty()
        && others.iter().all(|other| first < other)
        && let Some(position) = order.iter_mut().find(|position| work(position).is_some())
        && let Reason::NeedsResolution { smallest_of, .. } = &mut position.reason
    {
        *smallest_of = Some(all.len());
    }
}

fn unmerged(paths: &[PathVerdict]) -> Vec<BString> {
    paths.iter().filter(|path| path.is_conflict()).map(|path| path.path.clone()).collect()
}
