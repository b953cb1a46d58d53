//! What the folders of trees hold, each read once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice};
use gix::objs::tree::{EntryKind, EntryMode};
use gix::objs::{Kind, TreeRefIter};

use super::BranchError;
use super::changes::{Change, folders};
use crate::git::merge_tree::Stage;
use crate::git::scratch::Scratch;

/// One name in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: BString,
    pub(super) mode: EntryMode,
    pub(super) id: ObjectId,
}

/// The folders that were looked into so far.
pub(super) struct Folders<'s> {
    scratch: &'s Scratch,
    known: RefCell<HashMap<ObjectId, Rc<[Entry]>>>,
}

impl<'s> Folders<'s> {
    pub(super) fn new(scratch: &'s Scratch) -> Self {
        Folders { scratch, known: RefCell::default() }
    }

    /// What a tree holds, itself and not what is below.
    pub(super) fn list(&self, tree: ObjectId) -> Result<Rc<[Entry]>, BranchError> {
        if let Some(known) = self.known.borrow().get(&tree) {
            return Ok(known.clone());
        }
        // Nobody needs to have written the empty tree.
        let data = match tree == ObjectId::empty_tree(tree.kind()) {
            true => Vec::new(),
            false => {
                let object = self.scratch.find(tree)?;
                if object.kind != Kind::Tree {
                    return Err(BranchError::Kind { id: tree, expected: "tree" });
                }
                object.data
            }
        };
        let entry = |entry: gix::objs::tree::EntryRef<'_>| Entry {
            name: entry.filename.to_owned(),
            mode: entry.mode,
            id: entry.oid.to_owned(),
        };
        let listed: Rc<[Entry]> =
            TreeRefIter::from_bytes(&data, tree.kind()).filter_map(Result::ok).map(entry).collect();
        self.known.borrow_mut().insert(tree, listed.clone());
        Ok(listed)
    }

    /// What is at a path, which may be a folder; the empty path is the tree itself.
    pub(super) fn at(&self, tree: ObjectId, path: &BStr) -> Result<Option<Stage>, BranchError> {
        let mut here = Stage { mode: EntryKind::Tree.into(), id: tree };
        for name in path.split_str("/").filter(|name| !name.is_empty()) {
            if !here.mode.is_tree() {
                return Ok(None);
            }
            let listed = self.list(here.id)?;
            let Some(entry) = listed.iter().find(|entry| entry.name == name) else { return Ok(None) };
            here = Stage { mode: entry.mode, id: entry.id };
        }
        Ok(Some(here))
    }

    /// What the folder at a path holds; nothing where there is none.
    pub(super) fn inside(&self, tree: ObjectId, path: &BStr) -> Result<Rc<[Entry]>, BranchError> {
        match self.at(tree, path)? {
            Some(found) if found.mode.is_tree() => self.list(found.id),
            _ => Ok(Rc::new([])),
        }
    }

    /// The files and folders that the additions among `changes` bring and `tree` does not have, each once and sorted.
    pub(super) fn brought<'c>(&self, tree: ObjectId, changes: &'c [Change]) -> Result<Vec<&'c BStr>, BranchError> {
        let mut new: HashMap<&BStr, bool> = HashMap::new();
        for change in changes.iter().filter(|change| change.is_addition()) {
            let path = change.path.as_bstr();
            let mut above = false;
            for name in folders(path).chain([path]) {
                above = match new.get(name) {
                    Some(known) => *known,
                    // What is in a folder that is new is new.
                    None => above || self.at(tree, name)?.is_none(),
                };
                new.insert(name, above);
            }
        }
        let mut names: Vec<&BStr> = new.into_iter().filter_map(|(name, is_new)| is_new.then_some(name)).collect();
        names.sort_unstable();
        Ok(names)
    }
}

/// A path as the folder that it is in (empty for the top) and its name there.
pub(super) fn parted(path: &BStr) -> (&BStr, &BStr) {
    match path.rfind_byte(b'/') {
        Some(slash) => (path[..slash].as_bstr(), path[slash + 1..].as_bstr()),
        None => (b"".as_bstr(), path),
    }
}

/// The path of a name in a folder.
pub(super) fn joined(folder: &BStr, name: &BStr) -> BString {
    if folder.is_empty() { name.to_owned() } else { [folder.as_bytes(), b"/", name.as_bytes()].concat().into() }
}
