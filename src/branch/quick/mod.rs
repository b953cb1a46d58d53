//! Which merges are clean: found out without git, and only ever said when it is certain.
//!
//! Two sides of one base merge when they change different files, or in the same file lines that are apart. Everything
//! else is git's to say: deletions and additions that may be renames, files where the other has a folder, modes,
//! links, submodules, and every conflict. What the sides change is compared by object id first, so that most pairs
//! cost nothing. Whether a path is merged as text at all is for its attributes to say: see
//! [`merged_as_text`](crate::git::attributes::merged_as_text).

pub mod histogram;
pub mod lines;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice};
use gix::objs::Kind;
use gix::objs::tree::EntryKind;

use super::changes::{Change, folders};
use crate::git::scratch::Scratch;
use lines::Edits;

/// A file that both sides changed and nobody added, deleted or turned into something else.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TextMerge {
    /// Where.
    pub path: BString,
    /// A file or an executable, on all sides.
    pub kind: EntryKind,
    /// The blob as it was.
    pub base: ObjectId,
    /// The blob on both sides, which are not equal.
    pub sides: [ObjectId; 2],
}

/// What one side changes in the base, ready to be compared with other sides of the same base.
#[derive(Debug)]
pub struct Side<'a> {
    changes: &'a [Change],
    /// Every folder above something changed; then above something added, and above something deleted.
    folders: HashSet<&'a BStr>,
    added_below: HashSet<&'a BStr>,
    deleted_below: HashSet<&'a BStr>,
    adds: bool,
    deletes: bool,
}

impl<'a> Side<'a> {
    /// Changes are sorted by path, as [`between`](super::changes::between) gives them.
    pub fn new(changes: &'a [Change]) -> Self {
        let above = |wanted: &dyn Fn(&Change) -> bool| -> HashSet<&'a BStr> {
            changes.iter().filter(|change| wanted(change)).flat_map(|change| folders(change.path.as_bstr())).collect()
        };
        Side {
            changes,
            folders: above(&|_| true),
            added_below: above(&Change::is_addition),
            deleted_below: above(&Change::is_deletion),
            adds: changes.iter().any(Change::is_addition),
            deletes: changes.iter().any(Change::is_deletion),
        }
    }

    /// The files whose lines have to be apart for the two sides to merge; `None` when git has to be asked.
    pub fn with(&self, other: &Side<'_>) -> Option<Vec<TextMerge>> {
        let may_rename_folder = |one: &Side<'_>, other: &Side<'_>| {
            one.adds && one.deleted_below.iter().any(|folder| other.added_below.contains(folder))
        };
        if may_rename_folder(self, other) || may_rename_folder(other, self) {
            return None;
        }
        let has_file_in_place_of_folder =
            |one: &Side<'_>, other: &Side<'_>| one.changes.iter().any(|c| other.folders.contains(c.path.as_bstr()));
        if has_file_in_place_of_folder(self, other) || has_file_in_place_of_folder(other, self) {
            return None;
        }
        let mut texts = Vec::new();
        for (one, another) in both(self.changes, other.changes) {
            if one.new == another.new {
                // Equal, unless a rename of something else is behind it.
                let is_certain = match (one.is_addition(), one.is_deletion()) {
                    (true, _) => !self.deletes && !other.deletes,
                    (_, true) => !self.adds && !other.adds,
                    _ => true,
                };
                if is_certain {
                    continue;
                }
                return None;
            }
            texts.push(text_merge(one, another)?);
        }
        Some(texts)
    }
}

/// The changes of the same path on both sides.
fn both<'a>(a: &'a [Change], b: &'a [Change]) -> impl Iterator<Item = (&'a Change, &'a Change)> {
    let (few, many, is_swapped) = if a.len() <= b.len() { (a, b, false) } else { (b, a, true) };
    few.iter().filter_map(move |change| {
        let place = many.binary_search_by(|other| other.path.cmp(&change.path)).ok()?;
        Some(if is_swapped { (&many[place], change) } else { (change, &many[place]) })
    })
}

fn text_merge(one: &Change, another: &Change) -> Option<TextMerge> {
    let (base, a, b) = (one.old?, one.new?, another.new?);
    let is_file = matches!(base.mode.kind(), EntryKind::Blob | EntryKind::BlobExecutable);
    let same_mode = [a, b].iter().all(|side| side.mode == base.mode && side.id != base.id);
    (is_file && same_mode).then(|| TextMerge {
        path: one.path.clone(),
        kind: base.mode.kind(),
        base: base.id,
        sides: [a.id, b.id],
    })
}

/// Compares lines, remembering what each side changed in each file.
pub struct Texts<'a> {
    scratch: &'a Scratch,
    edits: HashMap<(ObjectId, ObjectId), Option<Rc<Edits>>>,
}

impl<'a> Texts<'a> {
    /// Files are read through the scratch.
    pub fn new(scratch: &'a Scratch) -> Self {
        Texts { scratch, edits: HashMap::new() }
    }

    /// Whether the lines are certainly apart.
    pub fn are_apart(&mut self, merge: &TextMerge) -> bool {
        let [a, b] = merge.sides.map(|side| self.edits(merge.base, side));
        a.zip(b).is_some_and(|(a, b)| a.is_apart_from(&b))
    }

    /// The merged file, in the scratch; `None` when git has to make it.
    pub fn merged(&mut self, merge: &TextMerge) -> Option<ObjectId> {
        let [a, b] = merge.sides.map(|side| self.edits(merge.base, side));
        let (a, b) = (a?, b?);
        if !a.is_apart_from(&b) {
            return None;
        }
        let [base, one, other] = [merge.base, merge.sides[0], merge.sides[1]].map(|id| self.blob(id));
        let merged = a.merged_with(&b, &base?, &one?, &other?);
        self.scratch.write(Kind::Blob, &merged).ok()
    }

    fn edits(&mut self, base: ObjectId, side: ObjectId) -> Option<Rc<Edits>> {
        if let Some(known) = self.edits.get(&(base, side)) {
            return known.clone();
        }
        let found = self.blob(base).zip(self.blob(side)).and_then(|(base, side)| Edits::new(&base, &side)).map(Rc::new);
        self.edits.insert((base, side), found.clone());
        found
    }

    /// What cannot be read is git's to complain about.
    fn blob(&self, id: ObjectId) -> Option<Vec<u8>> {
        self.scratch.find(id).ok().filter(|object| object.kind == Kind::Blob).map(|object| object.data)
    }
}
