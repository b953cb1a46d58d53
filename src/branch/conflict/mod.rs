//! Which branches collide: every branch against the target, every pair, every path.
//!
//! The verdict of a pair answers: when one of the two has landed on the target, would git's own merge of the other
//! stop? Every branch is merged into the target once, and the other one into the result, in both orders: see
//! `ask`. Merging the two tips as they are is wrong too often, as it also merges what happened on the target between
//! their bases. It is done where it is right or where nothing else can be: see [`Basis`].

pub(super) mod ask;
mod judge;
mod quickly;

use gix::ObjectId;

use self::judge::{Judge, Planned};
use self::quickly::{Quickly, Sorted};
use super::changes::tree_of;
use super::facts::{BranchFacts, Facts, gather};
use super::hazard::{Hazard, hazards};
use super::remembered::Remembered;
use super::verdict::{PathVerdict, Verdict};
use super::{BranchError, Candidate, Target};
use crate::git::Repository;
use crate::git::merge_tree::MergeTree;
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
    /// Of two that conflict: git merges the second one all the same when the first one has landed.
    pub in_order: Option<(usize, usize)>,
}

/// How a pair's verdict was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// One was merged into the target first, and then the other one, in both orders.
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
    let judge = Judge { repository, scratch, target, sharing: facts.histories.sharing(), branches: &facts.branches };
    let Planned { open, mut pairs } = judge.plan(options.question);
    let open = judge.recall(open, &remembered, &mut pairs)?;
    let quickly = Quickly { judge: &judge, facts: &facts };
    let Sorted { clean, files, whole } = quickly.sort_out(open)?;
    for open in clean {
        judge.keep_clean(open, &remembered)?;
        pairs.extend(judge.told(open, Verdict::Overlap, Vec::new())?);
    }
    let mut open = files;
    for pair in whole {
        open.push((pair, judge.asks(pair)?));
    }
    pairs.extend(judge.ask(open, &mut merger, &remembered, options.jobs)?);
    remembered.save();
    pairs.sort_by_key(|pair| (pair.a, pair.b));
    let stacked = judge.stacked();
    let hazards = hazards(scratch, target, &facts.branches)?;
    let Facts { branches, .. } = facts;
    Ok(Matrix { target, branches, pairs, stacked, hazards })
}

#[cfg(test)]
mod tests;
