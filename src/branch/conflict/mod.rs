//! Which branches collide: every branch against the target, every pair, every path.
//!
//! The verdict of a pair answers: when one of the two has landed on the target, would git's own merge of the other
//! stop? Every branch is merged into the target once, and two branches are judged by merging the results with the
//! target as their base. Merging the two tips as they are is wrong too often, as it also merges what happened on the
//! target between their bases. It is done where it is right or where nothing else can be: see [`Basis`].

mod quickly;

use std::collections::HashMap;

use gix::ObjectId;
use gix::bstr::BString;

use self::quickly::{Open, Quickly, Sorted};
use super::changes::{Change, between, shared, tree_of};
use super::facts::{BranchFacts, Facts, Standing, gather};
use super::filter::may_meet;
use super::hazard::{Hazard, hazards};
use super::remembered::Remembered;
use super::verdict::{PathVerdict, Verdict, conflicts, with_overlaps};
use super::{BranchError, Candidate, Target};
use crate::git::Repository;
use crate::git::merge_tree::{Merge, MergeTree, Request};
use crate::git::scratch::Scratch;

/// What to look at and what to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether uncommitted work counts.
    pub work: Work,
    /// Which question a pair's verdict answers.
    pub question: Question,
    /// How many git processes may work at once.
    pub jobs: usize,
    /// Whether git's word from an earlier time may be used, and its word of now be kept.
    pub memory: Memory,
}

impl Default for Options {
    fn default() -> Self {
        Options { work: Work::Uncommitted, question: Question::AfterLanding, jobs: 2, memory: Memory::Kept }
    }
}

/// Whether git's word is remembered from one run to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// In `$GIT_COMMON_DIR/agents/cache/verdicts`.
    Kept,
    /// Everything is asked anew, so that all objects that git made on the way are in the scratch.
    None,
}

/// Whether uncommitted work counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// What is in the worktrees belongs to the picture.
    Uncommitted,
    /// Only commits count.
    Committed,
}

/// Which question a pair's verdict answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// When one has landed, does the other still merge?
    AfterLanding,
    /// Do the two tips merge with each other as they are?
    Direct,
    /// None: only the target is of interest, and there are no pairs in the answer.
    TargetOnly,
}

/// Everything there is to say about a set of branches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    /// What they land on.
    pub target: Target,
    /// The branches, in the order of the candidates.
    pub branches: Vec<BranchFacts>,
    /// The pairs of which there is something to tell, by number; all others are clean and share no path.
    pub pairs: Vec<Pair>,
    /// Branches that contain another one: the number of the lower and of the upper one.
    pub stacked: Vec<(usize, usize)>,
    /// Names that are trouble on some file systems, and no conflicts.
    pub hazards: Vec<Hazard>,
}

/// Two branches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The number of the first one.
    pub a: usize,
    /// The number of the second one, which is higher.
    pub b: usize,
    /// How the verdict was found.
    pub basis: Basis,
    /// What becomes of them.
    pub verdict: Verdict,
    /// The paths that both change or that conflict.
    pub paths: Vec<PathVerdict>,
}

/// How a pair's verdict was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Both were merged into the target first, and the target is their base.
    Target,
    /// They share commits that the target does not have, so they were merged as commits, on their real base.
    SharedHistory,
    /// One of them conflicts with the target or cannot be read, so the tips were merged as they are.
    Tips,
    /// The tips as they are, because that was asked for.
    Direct,
}

impl Matrix {
    /// What there is to tell of two branches, in any order.
    pub fn pair(&self, one: usize, other: usize) -> Option<&Pair> {
        let key = (one.min(other), one.max(other));
        let place = self.pairs.binary_search_by_key(&key, |pair| (pair.a, pair.b)).ok()?;
        Some(&self.pairs[place])
    }
}

/// Judge all candidates against the target and against each other.
///
/// # Errors
/// See [`BranchError`]; what is wrong with one branch or one pair is part of the answer.
pub fn matrix(
    repository: &Repository,
    scratch: &Scratch,
    target: ObjectId,
    candidates: &[Candidate],
    options: &Options,
) -> Result<Matrix, BranchError> {
    let target = Target { commit: target, tree: tree_of(scratch, target)? };
    let mut merger = MergeTree::new(repository, scratch, Some(target.commit));
    let remembered = match options.memory {
        Memory::Kept => Remembered::of(repository, target.commit),
        Memory::None => Remembered::nothing(),
    };
    let facts = gather(repository, scratch, &mut merger, target, candidates, options, &remembered)?;
    let judge = Judge { scratch, target, sharing: facts.histories.sharing(), branches: &facts.branches };

    let mut pairs = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for (a, b, how) in judge.pairs(options.question) {
        match how {
            How::Unknown(reason) => {
                let verdict = Verdict::Unknown { reason };
                pairs.push(Pair { a, b, basis: Basis::Tips, verdict, paths: Vec::new() });
            }
            How::Ask(basis) => open.push((a, b, basis)),
        }
    }
    let quickly = Quickly { repository, scratch, target, facts: &facts, sharing: &judge.sharing };
    let Sorted { clean, files, whole } = quickly.sort_out(open)?;
    for open in clean {
        pairs.extend(judge.known(open, Vec::new())?);
    }
    let whole = whole.into_iter().map(|open| (open, judge.request(open)));
    let mut unknown = Vec::new();
    for (open, request) in files.into_iter().chain(whole) {
        match remembered.pair(&request, judge.tips(open)) {
            Some(found) => pairs.extend(judge.known(open, found)?),
            None => unknown.push((open, request)),
        }
    }
    let (open, requests): (Vec<_>, Vec<_>) = unknown.into_iter().unzip();
    let sides = |request: &Request| request.base.into_iter().chain([request.ours, request.theirs]);
    scratch.hand_over(requests.iter().flat_map(sides))?;
    let merges = merger.merge_all(&requests, options.jobs)?;
    for ((open, request), merge) in open.into_iter().zip(&requests).zip(&merges) {
        let found = judge.found(open, request, merge)?;
        if let Ok(found) = &found {
            remembered.keep_pair(request, judge.tips(open), found);
        }
        pairs.extend(match found {
            Ok(found) => judge.known(open, found)?,
            Err(reason) => judge.told(open, Verdict::Unknown { reason }, Vec::new())?,
        });
    }
    remembered.save();
    pairs.sort_by_key(|pair| (pair.a, pair.b));
    let stacked = judge.stacked();
    let hazards = hazards(scratch, target, &facts.branches)?;
    let Facts { branches, .. } = facts;
    Ok(Matrix { target, branches, pairs, stacked, hazards })
}

/// What is to be done about a pair.
enum How {
    Ask(Basis),
    Unknown(String),
}

/// The rules of judging pairs.
struct Judge<'a> {
    scratch: &'a Scratch,
    target: Target,
    sharing: HashMap<(usize, usize), Vec<ObjectId>>,
    branches: &'a [BranchFacts],
}

impl Judge<'_> {
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
    fn stacked(&self) -> Vec<(usize, usize)> {
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

    fn request(&self, (a, b, basis): Open) -> Request {
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

    /// Put git's answer into our words: what conflicts, or why it could not tell.
    fn found(
        &self,
        open: Open,
        request: &Request,
        merge: &Merge,
    ) -> Result<Result<Vec<PathVerdict>, String>, BranchError> {
        Ok(match merge {
            Merge::Unknown { reason } => Err(reason.clone()),
            Merge::Clean { .. } => Ok(Vec::new()),
            Merge::Conflict { paths, .. } => {
                let [a, b] = self.tips(open).map(|tip| (open.2 == Basis::Target).then(|| tree_of(self.scratch, tip)));
                Ok(conflicts(self.scratch, request, paths, [a.transpose()?, b.transpose()?])?)
            }
        })
    }

    /// The pair of which this conflicts, and nothing else.
    fn known(&self, open: Open, found: Vec<PathVerdict>) -> Result<Option<Pair>, BranchError> {
        let verdict = if found.is_empty() { Verdict::Overlap } else { Verdict::Conflict };
        self.told(open, verdict, found)
    }

    /// The pair, if there is anything to tell of it.
    fn told(
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

#[cfg(test)]
mod tests;
