//! Whether more could land in another order: what the puzzle takes for granted, held against git.
//!
//! The puzzle takes a conflict for one that stays whatever else lands. That is certain as long as nobody else touches
//! what conflicts. Where somebody does, all branches that have to do with each other are merged in all orders, as far
//! as a number of merges allows; beyond that nothing is claimed.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use gix::ObjectId;
use gix::bstr::{BStr, ByteSlice};

use super::onto::{Onto, Point};
use crate::branch::BranchError;
use crate::branch::conflict::{Basis, Matrix};
use crate::branch::facts::Standing;
use crate::branch::simulate::{Added, Learned, Remembered};
use crate::branch::verdict::{PathState, PathVerdict, Verdict};
use crate::git::merge_tree::ConflictKind;

/// Merges that the proof may take; about a millisecond each.
const BUDGET: usize = 60;

/// Branches that have to do with each other and may still be tried in all orders: of more there are too many.
const MANY: usize = 6;

/// What the proof is about.
pub(super) struct Claim<'a> {
    pub(super) matrix: &'a Matrix,
    /// Those that land without manual work.
    pub(super) merged: &'a [usize],
    /// `(first, then)`: the second one lands only if the first one does.
    pub(super) needs: &'a [(usize, usize)],
    pub(super) learned: &'a [Learned],
}

impl Claim<'_> {
    /// Branches of which nobody can say that they do not land in another order. None: no order lands more.
    pub(super) fn open(&self, target: &mut Remembered<'_, Onto<'_>>) -> Result<Vec<usize>, BranchError> {
        let limit = target.merges + BUDGET;
        let mut open = Vec::new();
        for part in self.parts() {
            let most = part.iter().filter(|branch| self.merged.contains(branch)).count();
            if most == part.len() || !self.is_doubtful(&part) {
                continue;
            }
            let mut trial = Trial { claim: self, part: &part, most, limit, seen: HashSet::new() };
            if part.len() > MANY || !trial.is_most(target, target.start(), &mut Vec::new())? {
                open.extend(part.iter().filter(|branch| !self.merged.contains(branch)));
            }
        }
        Ok(open)
    }

    /// Whether it could land at all.
    fn may_land(&self, branch: usize) -> bool {
        matches!(self.matrix.branches[branch].standing, Standing::Clean { .. } | Standing::Conflict { .. })
    }

    /// The branches that have something to do with each other.
    fn parts(&self) -> Vec<BTreeSet<usize>> {
        let all: Vec<usize> = (0..self.matrix.branches.len()).filter(|branch| self.may_land(*branch)).collect();
        let mut parts: Vec<BTreeSet<usize>> = all.iter().map(|branch| BTreeSet::from([*branch])).collect();
        let mut join = |set: BTreeSet<usize>| {
            let (met, rest): (Vec<_>, Vec<_>) =
                std::mem::take(&mut parts).into_iter().partition(|part| !part.is_disjoint(&set));
            parts = rest;
            parts.push(met.into_iter().flatten().collect());
        };
        let mut touching: BTreeMap<&BStr, BTreeSet<usize>> = BTreeMap::new();
        for branch in &all {
            for path in self.touched(*branch) {
                touching.entry(path).or_default().insert(*branch);
            }
        }
        let pairs = self.matrix.pairs.iter().map(|pair| (pair.a, pair.b)).chain(self.needs.iter().copied());
        let pairs = pairs.map(|(a, b)| BTreeSet::from([a, b]));
        touching.into_values().chain(pairs).filter(|set| set.len() > 1).for_each(&mut join);
        if all.iter().any(|branch| self.matrix.branches[*branch].changes_attributes()) {
            join(all.iter().copied().collect());
        }
        parts.into_iter().map(|part| part.into_iter().filter(|branch| self.may_land(*branch)).collect()).collect()
    }

    fn touched(&self, branch: usize) -> impl Iterator<Item = &BStr> {
        let branch = &self.matrix.branches[branch];
        branch.changes.iter().chain(&branch.own).map(|change| change.path.as_bstr())
    }

    /// Whether somebody else touches what conflicts, and might mend it.
    fn is_doubtful(&self, part: &BTreeSet<usize>) -> bool {
        let is_in = |branch: usize| part.contains(&branch);
        let of_pairs =
            self.matrix.pairs.iter().filter(|pair| pair.verdict == Verdict::Conflict && is_in(pair.a) && is_in(pair.b));
        let mut conflicts = of_pairs.map(|pair| (vec![pair.a, pair.b], &pair.paths));
        let mut alone = part.iter().filter_map(|branch| match &self.matrix.branches[*branch].standing {
            Standing::Conflict { paths } => Some((vec![*branch], paths)),
            _ => None,
        });
        let may_mend = |(sides, paths): (Vec<usize>, &Vec<PathVerdict>)| {
            let mut others = part.iter().filter(|branch| !sides.contains(branch));
            others.any(|other| self.might_mend(*other, paths))
        };
        self.learned.iter().any(|rule| is_in(rule.item) && !self.merged.contains(&rule.item))
            || conflicts.any(may_mend)
            || alone.any(may_mend)
    }

    fn might_mend(&self, branch: usize, paths: &[PathVerdict]) -> bool {
        let is_elsewhere_too = |path: &PathVerdict| match &path.state {
            PathState::Conflict { kind, .. } => {
                !matches!(kind, ConflictKind::Content | ConflictKind::Mode | ConflictKind::Binary)
            }
            PathState::Overlap => false,
        };
        let mut conflicts = paths.iter().filter(|path| path.is_conflict());
        self.matrix.branches[branch].changes_attributes()
            || conflicts.any(|path| is_elsewhere_too(path) || self.touched(branch).any(|other| other == path.path))
    }
}

/// All orders of a part.
struct Trial<'a> {
    claim: &'a Claim<'a>,
    part: &'a BTreeSet<usize>,
    most: usize,
    limit: usize,
    /// What was tried: files, and what has landed in them.
    seen: HashSet<(ObjectId, BTreeSet<usize>)>,
}

impl Trial<'_> {
    /// Whether no more than `most` land, from here on; not known counts as no.
    fn is_most(
        &mut self,
        target: &mut Remembered<'_, Onto<'_>>,
        point: Point,
        landed: &mut Vec<usize>,
    ) -> Result<bool, BranchError> {
        if landed.len() > self.most {
            return Ok(false);
        }
        if !self.seen.insert((point.tree, landed.iter().copied().collect())) {
            return Ok(true);
        }
        for &branch in self.part {
            if landed.contains(&branch) || self.is_known_to_fail(landed, branch) {
                continue;
            }
            if target.merges >= self.limit {
                return Ok(false);
            }
            if let Added::Clean(next) = target.add(point, branch)? {
                landed.push(branch);
                let is_most = self.is_most(target, next, landed)?;
                landed.pop();
                if !is_most {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// What the matrix says already, or something that it needs has not landed.
    fn is_known_to_fail(&self, landed: &[usize], branch: usize) -> bool {
        let Claim { matrix, needs, .. } = self.claim;
        let is_missing = |first: usize| !landed.contains(&first) && !matrix.branches[first].standing.is_done();
        if needs.iter().any(|(first, then)| *then == branch && is_missing(*first)) {
            return true;
        }
        match landed {
            [] => matches!(matrix.branches[branch].standing, Standing::Conflict { .. }),
            [one] => matrix.pair(*one, branch).is_some_and(|pair| {
                let fails = pair.verdict == Verdict::Conflict && pair.in_order != Some((*one, branch));
                fails && matches!(pair.basis, Basis::Target | Basis::SharedHistory)
            }),
            _ => false,
        }
    }
}
