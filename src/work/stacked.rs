//! What a branch has of others that has landed in another form: it is not its own, and must not come in twice.
//!
//! A landing or a rebase writes commits anew; who built on the old ones still has those. The chain of operations says
//! what became of what: the tip that landed and the commit that it became, the branch before and after a rebase. (The
//! backup refs say no more than that, and reading some thousand of them takes longer than the landing.) An old tip
//! counts only where what it became is in the target now: a landing that was taken back leaves the work to whoever has
//! it. What another clone has recorded could have been made up, and whatever counts as landed is left out of a landing:
//! there the new commit must really hold the old one's work, or the record counts for nothing.
//!
//! Only branches with more than one commit of their own can be stacked, so mostly nothing is read at all.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;

use super::rewrites::{self, Rewrite};
use crate::agent::AgentName;
use crate::config::Target;
use crate::git::Repository;
use crate::git::merge_tree::{MergeTree, Request};
use crate::git::scratch::Scratch;
use crate::state::State;
use crate::store::StoreError;
use crate::task::{Task, TaskState};

/// What is not a branch's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Others {
    /// Old tips whose work is in the target.
    pub(super) landed: Vec<ObjectId>,
    /// Old tips whose work is in the target when the branch with this tip, which lands too, has landed before.
    pub(super) rewritten: Vec<(ObjectId, ObjectId)>,
}

/// What the branch of an agent was built on and has landed in another form since: old tips, whose commits are not its own.
///
/// # Errors
/// What has landed before could not be read.
pub fn not_own(
    repo: &Repository,
    target: &Target,
    state: &State,
    agent: &AgentName,
    tip: ObjectId,
) -> Result<Vec<ObjectId>, StoreError> {
    let is_live = |task: &&Task| matches!(task.state, TaskState::Completed | TaskState::InProgress);
    let tasks: Vec<&Task> = state.tasks_of(agent).filter(is_live).collect();
    let remembered = Memory::read(repo, target, target.commit, [tip])?.others(tip).landed;
    Ok(landed_before(repo, state, &tasks).into_iter().chain(remembered).collect())
}

/// What these tasks depend on and has landed in another form since: its old tips.
pub(super) fn landed_before(repo: &Repository, state: &State, tasks: &[&Task]) -> Vec<ObjectId> {
    let dependencies = tasks.iter().flat_map(|task| &task.after).filter_map(|id| state.tasks.get(id));
    let tips = dependencies.filter(|task| task.state == TaskState::Landed).filter_map(|task| {
        let tip = task.last_attempt()?.tip.as_ref()?;
        ObjectId::from_hex(tip.as_str().as_bytes()).ok()
    });
    tips.filter(|tip| repo.gix().has_object(*tip)).collect()
}

/// Finds what is not a branch's own, for several branches.
#[derive(Debug)]
pub(super) struct Memory<'r> {
    repo: &'r Repository,
    /// The target as it is, or as its upstream has it.
    onto: ObjectId,
    /// For each tip of what lands together the commits that the target does not have.
    own: BTreeMap<ObjectId, BTreeSet<ObjectId>>,
    /// What took the place of what, the newest first.
    rewrites: Vec<Rewrite>,
    /// What was found of records of other clones, by the old and the new commit.
    checked: RefCell<BTreeMap<(ObjectId, ObjectId), bool>>,
}

impl<'r> Memory<'r> {
    /// What is remembered for these tips, which land together on `onto`, a commit of the target.
    ///
    /// # Errors
    /// The chain cannot be read.
    pub(super) fn read(
        repo: &'r Repository,
        target: &Target,
        onto: ObjectId,
        tips: impl IntoIterator<Item = ObjectId>,
    ) -> Result<Self, StoreError> {
        let mut memory = Memory { repo, onto, own: BTreeMap::new(), rewrites: Vec::new(), checked: RefCell::default() };
        for tip in tips {
            memory.own.insert(tip, memory.own(tip));
        }
        if memory.own.values().any(|own| own.len() > 1) {
            let here = |rewrite: &Rewrite| rewrite.target.as_ref().is_none_or(|name| *name == target.branch);
            memory.rewrites = rewrites::read(repo)?.into_iter().filter(here).collect();
        }
        Ok(memory)
    }

    /// What `tip` was built on and is not its own.
    pub(super) fn others(&self, tip: ObjectId) -> Others {
        let mut others = Others::default();
        let Some(own) = self.own.get(&tip).filter(|own| own.len() > 1) else { return others };
        for (place, rewrite) in self.rewrites.iter().enumerate() {
            if !own.contains(&rewrite.old) || !self.is_believed(rewrite) {
                continue;
            }
            // Newest first, so what happened to the new commits later comes before.
            let later = &self.rewrites[..place];
            let holds = |with: &&ObjectId| **with != tip && self.has(**with, rewrite.new);
            if self.is_landed(rewrite.new, &rewrite.branch, later) {
                others.landed.push(rewrite.old);
            } else if let Some(with) = self.own.keys().find(holds) {
                others.rewritten.push((rewrite.old, *with));
            }
        }
        others
    }

    /// The commits that the target does not have. What cannot be walked is told by those who merge it.
    fn own(&self, tip: ObjectId) -> BTreeSet<ObjectId> {
        let walk = self.repo.gix().rev_walk([tip]).with_hidden([self.onto]);
        walk.all().into_iter().flatten().flatten().map(|info| info.id).collect()
    }

    /// Whether a commit is in the target, or what became of it later is.
    fn is_landed(&self, commit: ObjectId, branch: &str, later: &[Rewrite]) -> bool {
        let becomes = |(place, next): (usize, &Rewrite)| {
            let is_next = next.branch == branch && self.has(next.old, commit) && self.is_believed(next);
            is_next && self.is_landed(next.new, branch, &later[..place])
        };
        self.has(self.onto, commit) || later.iter().enumerate().any(becomes)
    }

    /// Whether one commit really took the place of the other: we did that, or merging the old one into the new one would
    /// change nothing.
    fn is_believed(&self, rewrite: &Rewrite) -> bool {
        let Rewrite { old, new, is_own, .. } = *rewrite;
        let holds_work = || {
            let tree = self.repo.gix().find_commit(new).ok()?.tree_id().ok()?.detach();
            let scratch = Scratch::new(self.repo).ok()?;
            let mut merger = MergeTree::new(self.repo, &scratch, Some(self.onto));
            let merged = merger.merge(&Request { base: None, ours: new, theirs: old }).ok()?;
            Some(merged.clean_tree() == Some(tree))
        };
        let known = |id| self.repo.gix().has_object(id);
        is_own
            || *self
                .checked
                .borrow_mut()
                .entry((old, new))
                .or_insert_with(|| known(old) && known(new) && holds_work().unwrap_or(false))
    }

    /// Whether a commit is in the history of another. What is not here is in nothing.
    fn has(&self, newer: ObjectId, older: ObjectId) -> bool {
        let is_here = |commit| self.repo.gix().has_object(commit);
        is_here(older) && is_here(newer) && self.repo.is_within(older, newer)
    }
}
