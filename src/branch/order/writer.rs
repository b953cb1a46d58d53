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
    /// Those of them that have to land for the second one to land.
    pub(super) needs: &'a [(usize, usize)],
    pub(super) settled: &'a Settled<Point>,
}

impl Writer<'_> {
    pub(super) fn position(&self, branch: usize) -> Position {
        let rivals = self.rivals(branch);
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

    /// What comes before what because something does not merge otherwise, or may not.
    pub(super) fn waits(&self) -> Vec<(usize, usize)> {
        let mut waits = self.settled.solution.waits.clone();
        waits.extend(self.ordered());
        for rule in self.settled.learned.iter().filter(|rule| !rule.in_any_order) {
            let mut all: Vec<usize> = rule.members.iter().copied().chain([rule.item]).collect();
            if all.iter().all(|branch| self.settled.merged.contains(branch)) {
                all.sort_by_key(|branch| self.place(*branch));
                waits.extend(all.windows(2).map(|two| (two[0], two[1])));
            }
        }
        let mut seen = BTreeSet::new();
        waits.retain(|wait| seen.insert(*wait));
        waits
    }

    fn outcome(&self, branch: usize, after: &BTreeSet<usize>) -> (Outcome, Reason) {
        match &self.matrix.branches[branch].standing {
            _ if self.settled.merged.contains(&branch) => return (Outcome::Clean, self.why_clean(branch, after)),
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
        let is_missing =
            |first: &usize| !self.settled.merged.contains(first) && !self.matrix.branches[*first].standing.is_done();
        let needs = self.needs.iter().filter(|(_, then)| *then == branch).map(|(first, _)| *first);
        let on: BTreeSet<_> = needs.filter(is_missing).collect();
        if !on.is_empty() && self.earlier_clashes(branch).is_empty() {
            return (Outcome::Waits, Reason::Waits { on: self.names(on) });
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
        if matches!(self.matrix.branches[branch].standing, Standing::Conflict { .. }) {
            return Reason::Mended { with: Vec::new() };
        }
        let rivals: BTreeSet<_> = self.rivals(branch).into_iter().map(|(other, _)| other).collect();
        let (later, earlier): (BTreeSet<_>, BTreeSet<_>) =
            rivals.into_iter().partition(|other| self.place(*other) > self.place(branch));
        if !later.is_empty() {
            return Reason::Before { others: self.names(later) };
        }
        if !earlier.is_empty() {
            return Reason::Mended { with: self.names(earlier) };
        }
        let waiting: BTreeSet<_> =
            self.ordered().into_iter().filter(|(first, _)| *first == branch).map(|(_, then)| then).collect();
        if !waiting.is_empty() {
            return Reason::First { others: self.names(waiting) };
        }
        let sharing = self.pairs(branch, |pair| pair.verdict == Verdict::Overlap || pair.in_order.is_some());
        if sharing.is_empty() {
            return Reason::Alone;
        }
        let paths: BTreeSet<_> = sharing.iter().flat_map(|(_, pair)| &pair.paths).map(|path| &path.path).collect();
        Reason::Overlaps {
            with: self.names(sharing.iter().map(|(other, _)| *other).collect()),
            paths: paths.into_iter().cloned().collect(),
        }
    }

    /// What comes before it and does not merge with it.
    fn earlier_clashes(&self, branch: usize) -> Vec<Clash> {
        let rivals = self.pairs(branch, |pair| !matches!(pair.verdict, Verdict::Clean | Verdict::Overlap));
        let rivals = rivals.into_iter().filter(|(_, pair)| pair.in_order.is_none_or(|(first, _)| first == branch));
        let earlier = rivals.filter(|(other, _)| self.place(*other) < self.place(branch));
        earlier.map(|(other, pair)| self.clash(other, pair)).collect()
    }

    fn why_not(&self, branch: usize) -> Reason {
        let place = |item| self.place(item);
        let clashes = self.earlier_clashes(branch);
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

    fn place(&self, branch: usize) -> Option<usize> {
        self.settled.solution.order.iter().position(|other| *other == branch)
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
        let merges = |pair: &Pair| pair.verdict == Verdict::Overlap || pair.in_order.is_some();
        let rivals = self.rivals(branch);
        let shared = self.pairs(branch, merges).into_iter();
        let shared = shared.filter(|(other, _)| rivals.iter().all(|(rival, _)| rival != other));
        let shared = shared.map(|(other, pair)| Shared {
            with: self.name(other),
            paths: pair.paths.iter().map(|path| path.path.clone()).collect(),
        });
        shared.collect()
    }

    /// The pairs in which a branch conflicts, in the order in which they stand.
    fn rivals(&self, branch: usize) -> Vec<(usize, &Pair)> {
        let stands = |(first, then)| self.place(first) < self.place(then);
        self.pairs(branch, |pair| pair.verdict == Verdict::Conflict && !pair.in_order.is_some_and(stands))
    }

    /// The pairs that merge in this order and not in the other one.
    fn ordered(&self) -> Vec<(usize, usize)> {
        let obeys = |(first, then): &(usize, usize)| {
            self.place(*first) < self.place(*then) && [first, then].iter().all(|one| self.settled.merged.contains(one))
        };
        self.matrix.pairs.iter().filter_map(|pair| pair.in_order).filter(obeys).collect()
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
