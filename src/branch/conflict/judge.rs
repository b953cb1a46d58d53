//! The rules by which two branches are judged.

use std::collections::HashMap;

use gix::ObjectId;
use gix::bstr::BString;

use super::quickly::Open;
use super::{Basis, Pair, Question};
use crate::branch::changes::{Change, between, shared, tree_of};
use crate::branch::facts::{BranchFacts, Standing};
use crate::branch::filter::may_meet;
use crate::branch::remembered::Remembered;
use crate::branch::verdict::{PathVerdict, Verdict, conflicts, with_overlaps};
use crate::branch::{BranchError, Target};
use crate::git::merge_tree::{Merge, MergeTree, Request};
use crate::git::scratch::Scratch;

/// What is to be done about a pair.
enum How {
    Ask(Basis),
    Unknown(String),
}

/// The pairs that are not clean by construction.
pub(super) struct Planned {
    /// What has to be found out.
    pub(super) open: Vec<Open>,
    /// What nobody can find out.
    pub(super) pairs: Vec<Pair>,
}

/// The rules of judging pairs.
pub(super) struct Judge<'a> {
    pub(super) scratch: &'a Scratch,
    pub(super) target: Target,
    pub(super) sharing: HashMap<(usize, usize), Vec<ObjectId>>,
    pub(super) branches: &'a [BranchFacts],
}

impl Judge<'_> {
    /// What is to be done to answer the question.
    pub(super) fn plan(&self, question: Question) -> Planned {
        let (mut open, mut pairs) = (Vec::new(), Vec::new());
        for (a, b, how) in self.pairs(question) {
            match how {
                How::Ask(basis) => open.push((a, b, basis)),
                How::Unknown(reason) => {
                    let verdict = Verdict::Unknown { reason };
                    pairs.push(Pair { a, b, basis: Basis::Tips, verdict, paths: Vec::new() });
                }
            }
        }
        Planned { open, pairs }
    }

    /// Tell the pairs that are known from an earlier time; the others remain. Those on the target are cheap to find
    /// out again, but for what git says of them.
    pub(super) fn recall(
        &self,
        open: Vec<Open>,
        remembered: &Remembered,
        pairs: &mut Vec<Pair>,
    ) -> Result<Vec<Open>, BranchError> {
        let mut rest = Vec::new();
        for open in open {
            let known =
                if open.2 == Basis::Target { None } else { remembered.pair(&self.request(open), self.tips(open)) };
            match known {
                Some(found) if found.is_empty() => pairs.extend(self.told(open, Verdict::Overlap, found)?),
                Some(found) => pairs.extend(self.told(open, Verdict::Conflict, found)?),
                None => rest.push(open),
            }
        }
        Ok(rest)
    }

    /// Keep that a pair is clean, if it is not found out from the target's files.
    pub(super) fn keep_clean(&self, open: Open, remembered: &Remembered) {
        if open.2 != Basis::Target {
            remembered.keep_pair(&self.request(open), self.tips(open), &[]);
        }
    }

    /// A submodule merges or not by a history that lies elsewhere.
    fn has_submodule(&self, (a, b, _): Open) -> bool {
        let stages = [a, b].into_iter().flat_map(|side| &self.branches[side].changes);
        stages.flat_map(|change| [change.old, change.new]).flatten().any(|stage| stage.mode.is_commit())
    }

    /// What a pair is remembered by: on the target the files in question, elsewhere the tips.
    fn key(&self, open: Open, request: &Request) -> Request {
        if open.2 == Basis::Target { *request } else { self.request(open) }
    }

    /// Ask git, or take its word from an earlier time.
    pub(super) fn ask(
        &self,
        open: Vec<(Open, Request)>,
        merger: &mut MergeTree,
        remembered: &Remembered,
        jobs: usize,
    ) -> Result<Vec<Pair>, BranchError> {
        let mut pairs = Vec::new();
        let mut unknown = Vec::new();
        for (open, request) in open {
            match remembered.pair(&self.key(open, &request), self.tips(open)) {
                Some(found) if found.is_empty() => pairs.extend(self.told(open, Verdict::Overlap, found)?),
                Some(found) => pairs.extend(self.told(open, Verdict::Conflict, found)?),
                None => unknown.push((open, request)),
            }
        }
        let (open, requests): (Vec<_>, Vec<_>) = unknown.into_iter().unzip();
        let sides = |request: &Request| request.base.into_iter().chain([request.ours, request.theirs]);
        self.scratch.hand_over(requests.iter().flat_map(sides))?;
        let merges = merger.merge_all(&requests, jobs)?;
        for ((open, request), merge) in open.into_iter().zip(&requests).zip(&merges) {
            let (verdict, found) = self.found(open, request, merge)?;
            // A conflict without a path could not be told from none.
            let is_told = verdict == Verdict::Overlap || (verdict == Verdict::Conflict && !found.is_empty());
            if is_told && !self.has_submodule(open) {
                remembered.keep_pair(&self.key(open, request), self.tips(open), &found);
            }
            pairs.extend(self.told(open, verdict, found)?);
        }
        Ok(pairs)
    }

    /// The pairs that are not clean by construction.
    fn pairs(&self, question: Question) -> Vec<(usize, usize, How)> {
        if question == Question::TargetOnly {
            return Vec::new();
        }
        let on_target = |branch: &BranchFacts| matches!(branch.standing, Standing::Clean { .. });
        let nothing: &[Change] = &[];
        let changes: Vec<_> =
            self.branches.iter().map(|branch| if on_target(branch) { &branch.changes } else { nothing }).collect();
        let meeting = may_meet(&changes);
        let mut open = Vec::new();
        for a in 0..self.branches.len() {
            for b in a + 1..self.branches.len() {
                let sides = [&self.branches[a], &self.branches[b]];
                let shares = self.sharing.contains_key(&(a, b));
                if sides.iter().any(|side| side.standing == Standing::Landed) || self.contains(a, b) {
                    continue;
                }
                let unknown = sides.iter().find_map(|side| match &side.standing {
                    Standing::Unknown { reason } => Some(reason.clone()),
                    _ => None,
                });
                let how = match (question, unknown) {
                    (Question::Direct, _) => How::Ask(Basis::Direct),
                    _ if sides.iter().any(|side| side.standing.is_done()) => continue,
                    (_, None) if shares => How::Ask(Basis::SharedHistory),
                    (_, Some(reason)) => How::Unknown(reason),
                    (_, None) if !sides.iter().all(|side| on_target(side)) => How::Ask(Basis::Tips),
                    _ if meeting.contains(&(a, b)) => How::Ask(Basis::Target),
                    _ => continue,
                };
                open.push((a, b, how));
            }
        }
        open
    }

    /// One of the two is all in the other, with nothing uncommitted on top of it.
    fn contains(&self, a: usize, b: usize) -> bool {
        let bases = self.sharing.get(&(a, b));
        bases.is_some_and(|bases| [a, b].iter().any(|side| bases.contains(&self.branches[*side].tip)))
    }

    /// The pairs of which one contains the other, lower first. Two names for one commit do not.
    pub(super) fn stacked(&self) -> Vec<(usize, usize)> {
        let mut stacked = Vec::new();
        for ((a, b), bases) in &self.sharing {
            let holds = |side: usize| bases.contains(&self.branches[side].commit);
            match (holds(*a), holds(*b)) {
                (true, false) => stacked.push((*a, *b)),
                (false, true) => stacked.push((*b, *a)),
                _ => {}
            }
        }
        stacked.sort();
        stacked
    }

    pub(super) fn request(&self, (a, b, basis): Open) -> Request {
        let (a, b) = (&self.branches[a], &self.branches[b]);
        if let (Basis::Target, Standing::Clean { tree: ours }, Standing::Clean { tree: theirs }) =
            (basis, &a.standing, &b.standing)
        {
            return Request { base: Some(self.target.tree), ours: *ours, theirs: *theirs };
        }
        Request { base: None, ours: a.tip, theirs: b.tip }
    }

    /// The tips that the lines of the two sides are told in.
    fn tips(&self, (a, b, _): Open) -> [ObjectId; 2] {
        [self.branches[a].tip, self.branches[b].tip]
    }

    /// Put git's answer into our words.
    fn found(&self, open: Open, request: &Request, merge: &Merge) -> Result<(Verdict, Vec<PathVerdict>), BranchError> {
        Ok(match merge {
            Merge::Unknown { reason } => (Verdict::Unknown { reason: reason.clone() }, Vec::new()),
            Merge::Clean { .. } => (Verdict::Overlap, Vec::new()),
            Merge::Conflict { paths, .. } => {
                let [a, b] = self.tips(open).map(|tip| (open.2 == Basis::Target).then(|| tree_of(self.scratch, tip)));
                (Verdict::Conflict, conflicts(self.scratch, request, paths, [a.transpose()?, b.transpose()?])?)
            }
        })
    }

    /// The pair, if there is anything to tell of it.
    pub(super) fn told(
        &self,
        (a, b, basis): Open,
        verdict: Verdict,
        found: Vec<PathVerdict>,
    ) -> Result<Option<Pair>, BranchError> {
        let paths = with_overlaps(found, &self.shared_paths(a, b)?);
        let told = !paths.is_empty() || verdict != Verdict::Overlap;
        Ok(told.then_some(Pair { a, b, basis, verdict, paths }))
    }

    /// The paths that both changed; since they parted, when they share history.
    fn shared_paths(&self, a: usize, b: usize) -> Result<Vec<BString>, BranchError> {
        let (one, other) = (&self.branches[a], &self.branches[b]);
        let Some(base) = self.sharing.get(&(a, b)).and_then(|bases| bases.first()) else {
            return Ok(shared(&one.changes, &other.changes).into_iter().cloned().collect());
        };
        let base = tree_of(self.scratch, *base)?;
        let since = |branch: &BranchFacts| between(self.scratch, base, tree_of(self.scratch, branch.tip)?);
        Ok(shared(&since(one)?, &since(other)?).into_iter().cloned().collect())
    }
}
