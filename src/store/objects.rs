//! Objects of the chain, read within limits: whoever can push to a remote decides what is in them.
//!
//! How large an object is gets looked up before it is inflated, so that a small pack cannot fill the memory. A tree is
//! taken only when it is one that git writes: each name once, and nothing but folders and plain files matters to us.

use std::collections::HashSet;

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::objs::TreeRef;
use gix::prelude::FindExt;

use crate::git::Repository;

/// The largest document, in bytes.
pub(super) const LARGEST_DOCUMENT: u64 = 4 << 20;
/// The largest commit, in bytes: an operation that files ten thousand tasks fits.
pub(super) const LARGEST_OPERATION: u64 = 32 << 20;
/// The most entries of one folder.
pub(super) const MOST_ENTRIES: usize = 10_000;
/// The most bytes of such a folder: names of 70 bytes, modes, ids.
const LARGEST_TREE: u64 = 2 << 20;

/// What an entry of a tree is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A folder.
    Folder,
    /// A plain file.
    File,
    /// A program, a link, a submodule, or what git does not know: its mode.
    Odd(u16),
}

/// One entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// As text; what is none is replaced, and so is no name of ours.
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) id: ObjectId,
}

/// Why an object was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    /// It is missing, damaged, or not what it should be.
    #[error("{0}")]
    Damaged(String),
    /// It is larger than anything that we write.
    #[error("it has {found} {of}, {most} are the most")]
    TooLarge { of: &'static str, found: u64, most: u64 },
}

fn damaged(error: impl std::fmt::Display) -> Unusable {
    Unusable::Damaged(error.to_string())
}

/// The entries of a tree.
pub(super) fn entries(repo: &Repository, tree: ObjectId, buffer: &mut Vec<u8>) -> Result<Vec<Entry>, Unusable> {
    let tree = tree_at(repo, tree, buffer)?;
    let (found, most) = (tree.entries.len() as u64, MOST_ENTRIES as u64);
    if found > most {
        return Err(Unusable::TooLarge { of: "entries", found, most });
    }
    let mut names = HashSet::with_capacity(tree.entries.len());
    if let Some(twice) = tree.entries.iter().find(|entry| !names.insert(entry.filename)) {
        return Err(Unusable::Damaged(format!("it has {:?} twice", twice.filename.to_str_lossy())));
    }
    Ok(tree.entries.iter().map(entry_of).collect())
}

/// One entry of a tree, without a look at the others.
fn entry(repo: &Repository, tree: ObjectId, name: &str, buffer: &mut Vec<u8>) -> Option<Entry> {
    let tree = tree_at(repo, tree, buffer).ok()?;
    tree.entries.iter().find(|entry| entry.filename == name).map(entry_of)
}

/// The entry at a path below a tree.
pub(super) fn entry_at(repo: &Repository, tree: ObjectId, path: &str, buffer: &mut Vec<u8>) -> Option<Entry> {
    let mut at = Entry { name: String::new(), kind: Kind::Folder, id: tree };
    for part in path.split('/') {
        if at.kind != Kind::Folder {
            return None;
        }
        at = entry(repo, at.id, part, buffer)?;
    }
    Some(at)
}

fn entry_of(entry: &gix::objs::tree::EntryRef<'_>) -> Entry {
    let kind = match entry.mode.value() {
        0o40000 => Kind::Folder,
        0o100644 => Kind::File,
        mode => Kind::Odd(mode),
    };
    Entry { name: entry.filename.to_str_lossy().into_owned(), kind, id: entry.oid.to_owned() }
}

/// A tree as it was stored.
pub(super) fn tree_at<'b>(repo: &Repository, tree: ObjectId, buffer: &'b mut Vec<u8>) -> Result<TreeRef<'b>, Unusable> {
    // git needs no object for the empty tree.
    if tree == ObjectId::empty_tree(repo.gix().object_hash()) {
        return Ok(TreeRef { entries: Vec::new() });
    }
    within(repo, tree, LARGEST_TREE)?;
    repo.gix().objects.find_tree(&tree, buffer).map_err(damaged)
}

/// The bytes of a document.
pub(super) fn document<'b>(repo: &Repository, blob: ObjectId, buffer: &'b mut Vec<u8>) -> Result<&'b [u8], Unusable> {
    within(repo, blob, LARGEST_DOCUMENT)?;
    Ok(repo.gix().objects.find_blob(&blob, buffer).map_err(damaged)?.data)
}

/// A commit of the chain.
pub(super) fn commit<'b>(
    repo: &Repository,
    commit: ObjectId,
    buffer: &'b mut Vec<u8>,
) -> Result<gix::objs::CommitRef<'b>, Unusable> {
    within(repo, commit, LARGEST_OPERATION)?;
    repo.gix().objects.find_commit(&commit, buffer).map_err(damaged)
}

/// The tree of a commit.
pub(super) fn tree_of(repo: &Repository, id: ObjectId) -> Result<ObjectId, String> {
    let mut buffer = Vec::new();
    commit(repo, id, &mut buffer).map(|commit| commit.tree()).map_err(|error| error.to_string())
}

fn within(repo: &Repository, id: ObjectId, most: u64) -> Result<(), Unusable> {
    let found = repo.size_of(id).map_err(damaged)?;
    if found > most { Err(Unusable::TooLarge { of: "bytes", found, most }) } else { Ok(()) }
}
