//! Sorting out the pairs that are certainly clean, so that git need not be asked about them.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};

use super::Basis;
use crate::branch::changes::{Change, between, edited, tree_of};
use crate::branch::facts::Facts;
use crate::branch::quick::{Side, TextMerge, Texts};
use crate::branch::{BranchError, Target};
use crate::git::Repository;
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
    pub(super) files: Vec<(Open, Request)>,
    /// git has to merge them as a whole.
    pub(super) whole: Vec<Open>,
}

pub(super) struct Quickly<'a> {
    pub(super) repository: &'a Repository,
    pub(super) scratch: &'a Scratch,
    pub(super) target: Target,
    pub(super) facts: &'a Facts,
    pub(super) sharing: &'a HashMap<(usize, usize), Vec<ObjectId>>,
}

impl Quickly<'_> {
    /// Sort the pairs. Where neither side can have renamed anything that matters to the other, each file that both
    /// changed merges or conflicts for itself; so git is given trees of only those that are not certain.
    pub(super) fn sort_out(&self, pairs: Vec<Open>) -> Result<Sorted, BranchError> {
        let branches = &self.facts.branches;
        let on_target: Vec<_> = branches.iter().map(|branch| Side::new(&branch.changes)).collect();
        let mut since = Since { scratch: self.scratch, known: HashMap::new() };
        let mut sorted = Sorted::default();
        let mut shared = Vec::new();
        for pair in pairs {
            let (a, b, basis) = pair;
            let files = match basis {
                Basis::Target => on_target[a].with(&on_target[b]),
                _ => self.base(a, b).and_then(|base| {
                    let [a, b] = [a, b].map(|side| since.changes(base, branches[side].tip));
                    Side::new(&a?).with(&Side::new(&b?))
                }),
            };
            match files {
                Some(files) => shared.push((pair, files)),
                None => sorted.whole.push(pair),
            }
        }
        let paths: BTreeSet<BString> =
            shared.iter().flat_map(|(_, files)| files).map(|file| file.path.clone()).collect();
        let plain = merged_as_text(self.repository, self.target.commit, &paths)?;
        let mut texts = Texts::new(self.scratch);
        let mut trees = Trees { scratch: self.scratch, known: HashMap::new() };
        for (pair, mut files) in shared {
            files.retain(|file| !plain.contains(&file.path) || !texts.are_apart(file));
            if files.is_empty() {
                sorted.clean.push(pair);
            } else {
                let base = Some(trees.of(&files, |file| file.base)?);
                let [ours, theirs] = [0, 1].map(|side| trees.of(&files, |file| file.sides[side]));
                sorted.files.push((pair, Request { base, ours: ours?, theirs: theirs? }));
            }
        }
        Ok(sorted)
    }

    /// The only merge base of two tips.
    fn base(&self, a: usize, b: usize) -> Option<ObjectId> {
        let shared = self.sharing.get(&(a, b)).map(Vec::as_slice).unwrap_or_default();
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
