//! What a branch has of others that has landed in another form: it is not its own, and must not come in twice.
//!
//! A landing or a rebase writes commits anew; who built on the old ones still has those. The chain of operations says
//! what became of what: the tip that landed and the commit that it became, the branch before and after a rebase. (The
//! backup refs say no more than that, and reading some thousand of them takes longer than the landing.) An old tip
//! counts only where what it became is in the target now: a landing that was taken back leaves the work to whoever has
//! it. Only branches with more than one commit of their own can be stacked, so mostly nothing is read at all.

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;

use crate::agent::CommitId;
use crate::config::Target;
use crate::git::Repository;
use crate::state::Action;
use crate::store::{self, History, StoreError};

/// How many operations are looked back.
const LOOK_BACK: usize = 1000;
/// How much the clocks of those who committed and landed may differ.
const CLOCKS_DIFFER: i64 = 24 * 60 * 60;

/// What is not a branch's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Others {
    /// Old tips whose work is in the target.
    pub(super) landed: Vec<ObjectId>,
    /// Old tips whose work is in the target when the branch with this tip, which lands too, has landed before.
    pub(super) rewritten: Vec<(ObjectId, ObjectId)>,
}

/// Commits that took the place of others.
#[derive(Debug)]
struct Rewrite {
    branch: String,
    old: ObjectId,
    new: ObjectId,
}

/// Finds what is not a branch's own, for several branches.
#[derive(Debug)]
pub(super) struct Memory<'r> {
    repo: &'r Repository,
    target: &'r Target,
    /// For each tip of what lands together the commits that the target does not have.
    own: BTreeMap<ObjectId, BTreeSet<ObjectId>>,
    /// What took the place of what, the newest first.
    rewrites: Vec<Rewrite>,
}

impl<'r> Memory<'r> {
    /// What is remembered for these tips, which land together.
    ///
    /// # Errors
    /// The chain cannot be read.
    pub(super) fn read(
        repo: &'r Repository,
        target: &'r Target,
        tips: impl IntoIterator<Item = ObjectId>,
    ) -> Result<Self, StoreError> {
        let mut memory = Memory { repo, target, own: BTreeMap::new(), rewrites: Vec::new() };
        let mut since = None;
        for tip in tips {
            let (own, oldest) = memory.own(tip);
            if own.len() > 1 {
                since = since.min(Some(oldest)).or(Some(oldest));
            }
            memory.own.insert(tip, own);
        }
        if let Some(since) = since {
            memory.rewrites = memory.rewrites_since(since)?;
        }
        Ok(memory)
    }

    /// What `tip` was built on and is not its own.
    pub(super) fn others(&self, tip: ObjectId) -> Others {
        let mut others = Others::default();
        let Some(own) = self.own.get(&tip).filter(|own| own.len() > 1) else { return others };
        for (place, rewrite) in self.rewrites.iter().enumerate().filter(|(_, rewrite)| own.contains(&rewrite.old)) {
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

    /// The commits that the target does not have, and the time of the oldest.
    fn own(&self, tip: ObjectId) -> (BTreeSet<ObjectId>, i64) {
        let walk = self.repo.gix().rev_walk([tip]).with_hidden([self.target.commit]);
        let (mut own, mut oldest) = (BTreeSet::new(), i64::MAX);
        // What cannot be walked is told by those who merge it.
        for info in walk.all().into_iter().flatten().flatten() {
            let time = info.object().ok().and_then(|commit| Some(commit.time().ok()?.seconds));
            oldest = oldest.min(time.unwrap_or(i64::MIN));
            own.insert(info.id);
        }
        (own, oldest)
    }

    /// What was written anew since a moment, the newest first.
    fn rewrites_since(&self, since: i64) -> Result<Vec<Rewrite>, StoreError> {
        let mut found = Vec::new();
        let history = History::from(self.repo, store::tip(self.repo)?).only(&["land", "rebase"]);
        for entry in history.take(LOOK_BACK) {
            let entry = entry?;
            if entry.seconds < since.saturating_sub(CLOCKS_DIFFER) {
                break;
            }
            let Some(operation) = entry.operation else { continue };
            let became = |name: &str| {
                let moved = operation.moved.iter().find(|moved| moved.name == name)?;
                Some((id(moved.before.as_ref()?)?, id(moved.after.as_ref()?)?))
            };
            match &operation.action {
                Action::Land { target, landed, .. } if *target == self.target.branch => {
                    let one = |one: &crate::state::Landed| {
                        let (old, new) = (id(&one.tip)?, id(&one.commit)?);
                        Some(Rewrite { branch: self.branch_that_stood_at(&operation.moved, old), old, new })
                    };
                    found.extend(landed.iter().filter_map(one));
                }
                Action::Rebase { .. } => {
                    let moved = operation.moved.iter().filter_map(|moved| Some((&moved.name, became(&moved.name)?)));
                    found.extend(moved.map(|(name, (old, new))| Rewrite { branch: name.clone(), old, new }));
                }
                _ => {}
            }
        }
        Ok(found)
    }

    fn branch_that_stood_at(&self, moved: &[crate::state::RefMove], tip: ObjectId) -> String {
        let target = self.target.full_name();
        let stood = |moved: &&crate::state::RefMove| moved.before.as_ref().and_then(id) == Some(tip);
        moved
            .iter()
            .filter(|moved| moved.name != target)
            .find(stood)
            .map(|moved| moved.name.clone())
            .unwrap_or_default()
    }

    /// Whether a commit is in the target, or what became of it later is.
    fn is_landed(&self, commit: ObjectId, branch: &str, later: &[Rewrite]) -> bool {
        let becomes = |(place, next): (usize, &Rewrite)| {
            next.branch == branch && self.has(next.old, commit) && self.is_landed(next.new, branch, &later[..place])
        };
        self.has(self.target.commit, commit) || later.iter().enumerate().any(becomes)
    }

    /// Whether a commit is in the history of another. What is not here is in nothing.
    fn has(&self, newer: ObjectId, older: ObjectId) -> bool {
        let repo = self.repo.gix();
        if !repo.has_object(older) || !repo.has_object(newer) {
            return false;
        }
        let bases = repo.merge_bases_many(older, &[newer]).unwrap_or_default();
        bases.iter().any(|base| base.detach() == older)
    }
}

fn id(commit: &CommitId) -> Option<ObjectId> {
    ObjectId::from_hex(commit.as_str().as_bytes()).ok()
}
