//! Every branch merged into the target: in process where the merge is certainly clean, by git otherwise.

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};

use super::changes::{Change, between, edited, tree_of};
use super::facts::{BranchFacts, Standing};
use super::quick::{Side, TextMerge, Texts};
use super::remembered::{KnownBranch, Remembered};
use super::verdict::conflicts;
use super::{BranchError, Target};
use crate::git::Repository;
use crate::git::attributes::merged_as_text;
use crate::git::merge_tree::{Merge, MergeTree, Request};
use crate::git::scratch::{Scratch, ScratchError};

/// Where the merges take place.
pub(super) struct BringUp<'a> {
    pub(super) repository: &'a Repository,
    pub(super) scratch: &'a Scratch,
    pub(super) target: Target,
    pub(super) remembered: &'a Remembered,
}

/// A branch with its changes, and with the files that the target has changed too, if it merges when they do.
struct Promising {
    number: usize,
    changes: Vec<Change>,
    texts: Option<Vec<TextMerge>>,
}

impl BringUp<'_> {
    /// Find out how each branch stands to the target and what it changes there.
    pub(super) fn all(
        &self,
        merger: &mut MergeTree,
        branches: &mut [BranchFacts],
        jobs: usize,
    ) -> Result<(), BranchError> {
        let mut open = BTreeSet::new();
        let mut by_base: BTreeMap<ObjectId, Vec<usize>> = BTreeMap::new();
        for (number, branch) in branches.iter_mut().enumerate() {
            let Some(history) = &branch.history else { continue };
            if history.own.is_empty() && branch.tip == branch.commit {
                // git lists no commits for what is none.
                branch.standing = match self.readable(tree_of(self.scratch, branch.tip))? {
                    Ok(_) => Standing::Landed,
                    Err(reason) => Standing::Unknown { reason },
                };
            } else if history.bases == [self.target.commit] {
                // Nothing happened on the target since: the branch's files are the result.
                match self.readable(tree_of(self.scratch, branch.tip))? {
                    Ok(tree) => branch.standing = self.merged(tree),
                    Err(reason) => branch.standing = Standing::Unknown { reason },
                }
            } else {
                open.insert(number);
                if let [base] = history.bases[..] {
                    by_base.entry(base).or_default().push(number);
                }
            }
        }
        let promising = self.promising(branches, &by_base);
        for (number, tree) in self.quick(&promising)? {
            branches[number].standing = self.merged(tree);
            open.remove(&number);
        }
        for Promising { number, changes, texts } in promising {
            (branches[number].own, branches[number].is_plain) = (changes, texts.is_some());
        }
        open.retain(|number| !self.recall(&mut branches[*number]));
        self.ask(merger, branches, &open, jobs)?;
        branches.iter_mut().try_for_each(|branch| self.changes(branch))?;
        for branch in open.into_iter().map(|number| &branches[number]) {
            match &branch.standing {
                Standing::Clean { tree } => self.remembered.keep_clean(branch.tip, *tree, &branch.changes),
                Standing::Conflict { paths } => self.remembered.keep_conflict(branch.tip, paths),
                _ => {}
            }
        }
        Ok(())
    }

    /// Take git's word from the time before, if everything that it was about is still there.
    fn recall(&self, branch: &mut BranchFacts) -> bool {
        match self.remembered.branch(branch.tip) {
            Some(KnownBranch::Conflict(paths)) => branch.standing = Standing::Conflict { paths },
            Some(KnownBranch::Clean(tree, changes)) => {
                // A file that git merged may have been thrown away.
                let is_there = |change: &Change| change.new.is_none_or(|new| self.scratch.has(new.id));
                let entry = |change: &Change| change.new.map(|new| (new.mode.kind(), new.id));
                let entries = changes.iter().map(|change| (change.path.as_bstr(), entry(change)));
                if !changes.iter().all(is_there)
                    || !edited(self.scratch, self.target.tree, entries).is_ok_and(|made| made == tree)
                {
                    return false;
                }
                branch.standing = self.merged(tree);
            }
            None => return false,
        }
        true
    }

    /// What each branch has changed since it left the target, if it did so at one place.
    fn promising(&self, branches: &[BranchFacts], by_base: &BTreeMap<ObjectId, Vec<usize>>) -> Vec<Promising> {
        let mut promising = Vec::new();
        for (base, numbers) in by_base {
            let since =
                |tip: ObjectId| between(self.scratch, tree_of(self.scratch, *base)?, tree_of(self.scratch, tip)?);
            // What cannot be read is git's to complain about.
            let Ok(on_target) = since(self.target.commit) else { continue };
            let on_target = Side::new(&on_target);
            for number in numbers {
                let Ok(changes) = since(branches[*number].tip) else { continue };
                let texts = Side::new(&changes).with(&on_target);
                promising.push(Promising { number: *number, changes, texts });
            }
        }
        promising
    }

    /// The branches whose merge is certainly clean, with the target's files afterwards.
    fn quick(&self, promising: &[Promising]) -> Result<Vec<(usize, ObjectId)>, BranchError> {
        let shared: BTreeSet<BString> =
            promising.iter().flat_map(|branch| &branch.texts).flatten().map(|text| text.path.clone()).collect();
        let plain = merged_as_text(self.repository, self.target.commit, &shared)?;
        let mut texts = Texts::new(self.scratch);
        let mut found = Vec::new();
        for branch in promising {
            let Some(shared) = &branch.texts else { continue };
            if shared.iter().all(|text| plain.contains(&text.path))
                && let Some(tree) = self.apply(&mut texts, &branch.changes, shared)?
            {
                found.push((branch.number, tree));
            }
        }
        Ok(found)
    }

    /// Write the target's tree with the branch's changes; nothing when a file does not certainly merge.
    fn apply(
        &self,
        texts: &mut Texts<'_>,
        changes: &[Change],
        shared: &[TextMerge],
    ) -> Result<Option<ObjectId>, BranchError> {
        let mut merged = BTreeMap::new();
        for text in shared {
            let Some(blob) = texts.merged(text) else { return Ok(None) };
            merged.insert(&text.path, blob);
        }
        // An old way of writing a mode is git's to translate.
        if changes.iter().filter_map(|change| change.new).any(|new| new.mode != new.mode.kind().into()) {
            return Ok(None);
        }
        let entries = changes.iter().map(|change| {
            let new = change.new.map(|new| (new.mode.kind(), merged.get(&change.path).copied().unwrap_or(new.id)));
            (change.path.as_bstr(), new)
        });
        edited(self.scratch, self.target.tree, entries).map(Some)
    }

    /// git's own word on the rest.
    fn ask(
        &self,
        merger: &mut MergeTree,
        branches: &mut [BranchFacts],
        open: &BTreeSet<usize>,
        jobs: usize,
    ) -> Result<(), BranchError> {
        let request = |number: &usize| Request { base: None, ours: self.target.commit, theirs: branches[*number].tip };
        let requests: Vec<_> = open.iter().map(request).collect();
        self.scratch.hand_over(requests.iter().map(|request| request.theirs))?;
        let merges = merger.merge_all(&requests, jobs)?;
        for ((number, request), merge) in open.iter().zip(&requests).zip(merges) {
            branches[*number].standing = match merge {
                Merge::Clean { tree } => self.merged(tree),
                Merge::Conflict { paths, .. } => {
                    Standing::Conflict { paths: conflicts(self.scratch, request, &paths, [None, None])? }
                }
                Merge::Unknown { reason } => Standing::Unknown { reason },
            };
        }
        Ok(())
    }

    /// What the branch changes in the target's files, or has changed since it left it.
    fn changes(&self, branch: &mut BranchFacts) -> Result<(), BranchError> {
        let changes = match (&branch.standing, &branch.history) {
            (Standing::Clean { tree }, _) => between(self.scratch, self.target.tree, *tree),
            (Standing::Conflict { .. }, Some(history)) if !history.bases.is_empty() => {
                let trees = tree_of(self.scratch, history.bases[0])
                    .and_then(|base| Ok((base, tree_of(self.scratch, branch.tip)?)));
                trees.and_then(|(base, tip)| between(self.scratch, base, tip))
            }
            _ => Ok(Vec::new()),
        };
        match self.readable(changes)? {
            Ok(changes) => branch.changes = changes,
            Err(reason) => branch.standing = Standing::Unknown { reason },
        }
        if branch.is_up_to_date(self.target.commit) {
            (branch.own, branch.is_plain) = (branch.changes.clone(), true);
        } else if branch.own.is_empty()
            && let (Standing::Clean { .. }, Some([base, ..])) =
                (&branch.standing, branch.history.as_ref().map(|history| history.bases.as_slice()))
        {
            let own = tree_of(self.scratch, *base)
                .and_then(|base| between(self.scratch, base, tree_of(self.scratch, branch.tip)?));
            branch.own = self.readable(own)?.unwrap_or_default();
        }
        Ok(())
    }

    /// An object that one branch lacks is that branch's trouble and nobody else's.
    fn readable<T>(&self, result: Result<T, BranchError>) -> Result<Result<T, String>, BranchError> {
        match result {
            Ok(found) => Ok(Ok(found)),
            Err(BranchError::Scratch(error @ (ScratchError::Missing { .. } | ScratchError::Unreadable { .. }))) => {
                Ok(Err(error.to_string()))
            }
            Err(error @ (BranchError::Compare { .. } | BranchError::Kind { .. })) => Ok(Err(error.to_string())),
            Err(error) => Err(error),
        }
    }

    fn merged(&self, tree: ObjectId) -> Standing {
        if tree == self.target.tree { Standing::Empty } else { Standing::Clean { tree } }
    }
}
