//! Sorting out the pairs that are certainly clean, so that git need not be asked about them.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use gix::ObjectId;
use gix::bstr::BString;

use super::Basis;
use crate::branch::changes::{Change, between, tree_of};
use crate::branch::facts::Facts;
use crate::branch::quick::{Side, Texts};
use crate::branch::{BranchError, Target};
use crate::git::Repository;
use crate::git::attributes::merged_as_text;
use crate::git::scratch::Scratch;

/// A pair to judge, and on what basis.
pub(super) type Open = (usize, usize, Basis);

pub(super) struct Quickly<'a> {
    pub(super) repository: &'a Repository,
    pub(super) scratch: &'a Scratch,
    pub(super) target: Target,
    pub(super) facts: &'a Facts,
    pub(super) sharing: &'a HashMap<(usize, usize), Vec<ObjectId>>,
}

impl Quickly<'_> {
    /// The pairs that are certainly clean, and those that git has to be asked about.
    pub(super) fn sort_out(&self, pairs: Vec<Open>) -> Result<(Vec<Open>, Vec<Open>), BranchError> {
        let branches = &self.facts.branches;
        let on_target: Vec<_> = branches.iter().map(|branch| Side::new(&branch.changes)).collect();
        let mut since = Since { scratch: self.scratch, known: HashMap::new() };
        let mut texts = Texts::new(self.scratch);
        let (mut promising, mut open) = (Vec::new(), Vec::new());
        for pair in pairs {
            let (a, b, basis) = pair;
            let files = match basis {
                Basis::Target => on_target[a].with(&on_target[b]),
                _ => self.base(a, b).and_then(|base| {
                    let [a, b] = [a, b].map(|side| since.changes(base, branches[side].tip));
                    Side::new(&a?).with(&Side::new(&b?))
                }),
            };
            match files.filter(|files| files.iter().all(|file| texts.are_apart(file))) {
                Some(files) => promising.push((pair, files)),
                None => open.push(pair),
            }
        }
        let paths: BTreeSet<BString> =
            promising.iter().flat_map(|(_, files)| files).map(|file| file.path.clone()).collect();
        let plain = merged_as_text(self.repository, self.target.commit, &paths)?;
        let mut clean = Vec::new();
        for (pair, files) in promising {
            let is_plain = files.iter().all(|file| plain.contains(&file.path));
            if is_plain { clean.push(pair) } else { open.push(pair) }
        }
        Ok((clean, open))
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
