//! Sorting out the pairs that are certainly clean, so that git need not be asked about them.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};

use super::Basis;
use super::ask::{Ask, Landed};
use super::judge::Judge;
use crate::branch::BranchError;
use crate::branch::changes::{Change, between, edited, tree_of};
use crate::branch::facts::Facts;
use crate::branch::quick::{Side, TextMerge, Texts};
use crate::git::attributes::merged_as_text;
use crate::git::merge_tree::Request;
use crate::git::scratch::Scratch;

/// A pair to judge, and on what basis.
pub(super) type Open = (usize, usize, Basis);

/// Pairs by what is left to be done about them.
#[derive(Default)]
pub(super) struct Sorted {
    /// They are certainly clean.
    pub(super) clean: Vec<Open>,
    /// git has to merge these few files of theirs, and nothing else.
    pub(super) files: Vec<(Open, Vec<Ask>)>,
    /// git has to merge them as a whole.
    pub(super) whole: Vec<Open>,
}

pub(super) struct Quickly<'a> {
    pub(super) judge: &'a Judge<'a>,
    pub(super) facts: &'a Facts,
}

/// Files that decide about one merge, and which of the pair has landed.
type Files = (Landed, Vec<TextMerge>);

impl Quickly<'_> {
    /// Sort the pairs. Where neither side can have renamed anything that matters to the other, each file that both
    /// changed merges or conflicts for itself; so git is given trees of only those that are not certain.
    pub(super) fn sort_out(&self, pairs: Vec<Open>) -> Result<Sorted, BranchError> {
        let branches = &self.facts.branches;
        let on_target: Vec<_> = branches.iter().map(|branch| Side::new(&branch.changes)).collect();
        let own: Vec<_> = branches.iter().map(|branch| Side::new(&branch.own)).collect();
        let mut since = Since { scratch: self.judge.scratch, known: HashMap::new() };
        let mut sorted = Sorted::default();
        let mut shared: Vec<(Open, Vec<Files>)> = Vec::new();
        for pair in pairs {
            let (a, b, basis) = pair;
            let either = |files| vec![(Landed::Either, files)];
            let files = match (basis, self.judge.has_orders(pair)) {
                (Basis::Target, false) => on_target[a].with(&on_target[b]).map(either),
                (Basis::Target, true) if [a, b].iter().all(|side| self.is_certain(*side)) => {
                    // The base of either merge is what the one that has not landed began from.
                    let first = own[b].with(&on_target[a]).map(|files| (Landed::First, files));
                    let second = own[a].with(&on_target[b]).map(|files| (Landed::Second, files));
                    on_target[a].with(&on_target[b]).and(first.zip(second)).map(|(first, second)| vec![first, second])
                }
                (_, true) => None,
                (_, false) => self
                    .base(a, b)
                    .and_then(|base| {
                        let [a, b] = [a, b].map(|side| since.changes(base, branches[side].tip));
                        Side::new(&a?).with(&Side::new(&b?))
                    })
                    .map(either),
            };
            match files {
                Some(files) => shared.push((pair, files)),
                None => sorted.whole.push(pair),
            }
        }
        let all = shared.iter().flat_map(|(_, files)| files).flat_map(|(_, files)| files);
        let paths: BTreeSet<BString> = all.map(|file| file.path.clone()).collect();
        let plain = merged_as_text(self.judge.repository, self.judge.target.commit, &paths)?;
        let mut texts = Texts::new(self.judge.scratch);
        let mut trees = Trees { scratch: self.judge.scratch, known: HashMap::new() };
        for (pair, all) in shared {
            let mut asks = Vec::new();
            for (landed, mut files) in all {
                files.retain(|file| !plain.contains(&file.path) || !texts.are_apart(file));
                if !files.is_empty() {
                    asks.push(Ask { request: trees.request(&files, landed)?, attributes: None, landed });
                }
            }
            if asks.is_empty() {
                sorted.clean.push(pair);
            } else {
                sorted.files.push((pair, asks));
            }
        }
        Ok(sorted)
    }

    /// What became of which file is certain, and it merges by the rules of the target.
    fn is_certain(&self, branch: usize) -> bool {
        let branch = &self.facts.branches[branch];
        branch.is_plain && !branch.changes_attributes()
    }

    /// The only merge base of two tips.
    fn base(&self, a: usize, b: usize) -> Option<ObjectId> {
        let shared = self.judge.sharing.get(&(a, b)).map(Vec::as_slice).unwrap_or_default();
        self.facts.histories.sole_base(a, b, shared)
    }
}

/// What tips have changed since some commit.
struct Since<'a> {
    scratch: &'a Scratch,
    known: HashMap<(ObjectId, ObjectId), Option<Rc<Vec<Change>>>>,
}

impl Since<'_> {
    /// What cannot be read is git's to complain about.
    fn changes(&mut self, base: ObjectId, tip: ObjectId) -> Option<Rc<Vec<Change>>> {
        match self.known.entry((base, tip)) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(place) => {
                let trees = tree_of(self.scratch, base).and_then(|old| Ok((old, tree_of(self.scratch, tip)?)));
                let changes = trees.and_then(|(old, new)| between(self.scratch, old, new)).ok();
                place.insert(changes.map(Rc::new)).clone()
            }
        }
    }
}

/// Trees of a few files, in the scratch.
struct Trees<'a> {
    scratch: &'a Scratch,
    known: HashMap<Vec<(BString, ObjectId)>, ObjectId>,
}

impl Trees<'_> {
    /// The merge of some files. Where one branch has landed, the other one's file is the first.
    fn request(&mut self, files: &[TextMerge], landed: Landed) -> Result<Request, BranchError> {
        let base = Some(self.of(files, |file| file.base)?);
        let [one, other] = [0, 1].map(|side| self.of(files, |file| file.sides[side]));
        Ok(match landed {
            Landed::Either => Request { base, ours: one?, theirs: other? },
            Landed::First | Landed::Second => Request { base, ours: other?, theirs: one? },
        })
    }

    /// Each file where it belongs, since attributes go by the path.
    fn of(&mut self, files: &[TextMerge], blob: impl Fn(&TextMerge) -> ObjectId) -> Result<ObjectId, BranchError> {
        let content: Vec<_> = files.iter().map(|file| (file.path.clone(), blob(file))).collect();
        if let Some(known) = self.known.get(&content) {
            return Ok(*known);
        }
        let empty = ObjectId::empty_tree(content[0].1.kind());
        let entries = files.iter().zip(&content).map(|(file, (path, id))| (path.as_bstr(), Some((file.kind, *id))));
        let tree = edited(self.scratch, empty, entries)?;
        self.known.insert(content, tree);
        Ok(tree)
    }
}
