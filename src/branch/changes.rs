//! Which files differ between two trees, without guessing at renames.

use std::collections::BTreeSet;

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice};
use gix::diff::tree::recorder::Change as Recorded;
use gix::objs::tree::{Editor, EntryKind, EntryMode};
use gix::objs::{CommitRefIter, Kind, TreeRef, TreeRefIter, WriteTo};

use super::BranchError;
use crate::git::merge_tree::Stage;
use crate::git::scratch::Scratch;

/// A file (or symlink, or submodule) that is not the same in two trees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where.
    pub path: BString,
    /// As it was; `None` when it was added.
    pub old: Option<Stage>,
    /// As it is; `None` when it was deleted.
    pub new: Option<Stage>,
}

impl Change {
    /// It was not there before.
    pub fn is_addition(&self) -> bool {
        self.old.is_none()
    }

    /// It is not there any more; perhaps under another name.
    pub fn is_deletion(&self) -> bool {
        self.new.is_none()
    }
}

/// What it takes to get from one tree to another, by path.
///
/// # Errors
/// [`BranchError::Compare`] and [`BranchError::Scratch`] for trees that cannot be read.
pub fn between(scratch: &Scratch, old: ObjectId, new: ObjectId) -> Result<Vec<Change>, BranchError> {
    if old == new {
        return Ok(Vec::new());
    }
    let (before, after) = (tree_data(scratch, old)?, tree_data(scratch, new)?);
    let mut recorder = gix::diff::tree::Recorder::default();
    gix::diff::tree(
        TreeRefIter::from_bytes(&before, old.kind()),
        TreeRefIter::from_bytes(&after, new.kind()),
        gix::diff::tree::State::default(),
        scratch.objects(),
        &mut recorder,
    )
    .map_err(|error| BranchError::Compare { old, new, reason: error.to_string() })?;
    let mut changes: Vec<Change> = recorder.records.into_iter().flat_map(changes_of).collect();
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    // A type change (file to submodule, say) may come as a deletion and an addition.
    changes.dedup_by(|later, first| {
        let same = later.path == first.path;
        if same {
            first.old = first.old.or(later.old);
            first.new = first.new.or(later.new);
        }
        same
    });
    Ok(changes)
}

/// The files of a commit.
///
/// # Errors
/// [`BranchError::Scratch`] when it cannot be read, [`BranchError::Kind`] when it is no commit.
pub fn tree_of(scratch: &Scratch, commit: ObjectId) -> Result<ObjectId, BranchError> {
    let object = scratch.find(commit)?;
    let not_a_commit = BranchError::Kind { id: commit, expected: "commit" };
    if object.kind != Kind::Commit {
        return Err(not_a_commit);
    }
    CommitRefIter::from_bytes(&object.data, commit.kind()).tree_id().map_err(|_| not_a_commit)
}

/// What a tree has at a path; `None` for nothing or a folder.
///
/// # Errors
/// [`BranchError::Scratch`] when a tree cannot be read.
pub fn entry_at(scratch: &Scratch, tree: ObjectId, path: &BStr) -> Result<Option<Stage>, BranchError> {
    let mut tree = tree;
    let mut names = path.split_str("/").peekable();
    while let Some(name) = names.next() {
        let data = tree_data(scratch, tree)?;
        let mut entries = TreeRefIter::from_bytes(&data, tree.kind()).filter_map(Result::ok);
        let Some(entry) = entries.find(|entry| entry.filename == name) else { return Ok(None) };
        match (names.peek().is_some(), entry.mode.is_tree()) {
            (true, true) => tree = entry.oid.to_owned(),
            (false, false) => return Ok(Some(Stage { mode: entry.mode, id: entry.oid.to_owned() })),
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// Write a tree with some entries put in, or taken out where there is nothing to put, to the scratch.
///
/// # Errors
/// [`BranchError::Scratch`] when the tree cannot be read or written, [`BranchError::Compare`] when a folder of it
/// cannot.
pub(super) fn edited<'a>(
    scratch: &Scratch,
    tree: ObjectId,
    entries: impl IntoIterator<Item = (&'a BStr, Option<(EntryKind, ObjectId)>)>,
) -> Result<ObjectId, BranchError> {
    let unreadable = |error: gix::Error| BranchError::Compare { old: tree, new: tree, reason: error.to_string() };
    let data = tree_data(scratch, tree)?;
    let root = TreeRef::from_bytes(&data, tree.kind()).map(TreeRef::into_owned).map_err(unreadable)?;
    let mut editor = Editor::new(root, scratch.objects(), tree.kind());
    for (path, entry) in entries {
        let names = path.split_str("/").map(ByteSlice::as_bstr);
        match entry {
            Some((kind, id)) => editor.upsert(names, kind, id),
            None => editor.remove(names),
        }
        .map_err(unreadable)?;
    }
    editor.write(|tree| {
        let mut bytes = Vec::new();
        // Writing to memory does not fail.
        drop(tree.write_to(&mut bytes));
        Ok(scratch.write(Kind::Tree, &bytes)?)
    })
}

/// The folders above a path, the top left out: `a` and `a/b` for `a/b/c`.
pub(super) fn folders(path: &BStr) -> impl Iterator<Item = &BStr> {
    path.find_iter("/").map(|slash| path[..slash].as_bstr())
}

/// The paths that are in both, which are sorted.
pub(super) fn shared<'a>(a: &'a [Change], b: &[Change]) -> Vec<&'a BString> {
    let of_b: BTreeSet<_> = b.iter().map(|change| &change.path).collect();
    a.iter().map(|change| &change.path).filter(|path| of_b.contains(path)).collect()
}

fn tree_data(scratch: &Scratch, tree: ObjectId) -> Result<Vec<u8>, BranchError> {
    // Nobody needs to have written the empty tree.
    if tree == ObjectId::empty_tree(tree.kind()) {
        return Ok(Vec::new());
    }
    let object = scratch.find(tree)?;
    if object.kind == Kind::Tree { Ok(object.data) } else { Err(BranchError::Kind { id: tree, expected: "tree" }) }
}

fn changes_of(recorded: Recorded) -> Vec<Change> {
    let file = |mode: EntryMode, id| (!mode.is_tree()).then_some(Stage { mode, id });
    let (path, old, new) = match recorded {
        Recorded::Addition { entry_mode, oid, path, .. } => (path, None, file(entry_mode, oid)),
        Recorded::Deletion { entry_mode, oid, path, .. } => (path, file(entry_mode, oid), None),
        Recorded::Modification { previous_entry_mode, previous_oid, entry_mode, oid, path } => {
            (path, file(previous_entry_mode, previous_oid), file(entry_mode, oid))
        }
    };
    if old.is_none() && new.is_none() { Vec::new() } else { vec![Change { path, old, new }] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::fixture::Fixture;

    #[test]
    fn as_diff_tree_lists_them() {
        for format in ["sha1", "sha256"] {
            let fixture = Fixture::with_format(format);
            for path in ["a", "b", "d/e/f", "d/e/g", "becomes-folder", "becomes-link"] {
                fixture.write(path, path);
            }
            let old = fixture.commit("old");
            fixture.write("a", "changed");
            for path in ["b", "d/e/f", "becomes-folder", "becomes-link"] {
                fixture.remove(path);
            }
            fixture.write("becomes-folder/x", "x");
            fixture.write(b"new/\xff\n", "x");
            std::os::unix::fs::symlink("a", fixture.path().join("becomes-link")).unwrap();
            let new = fixture.commit("new");
            let repository = fixture.open();
            let scratch = Scratch::new(&repository).unwrap();
            let trees = [old, new].map(|commit| tree_of(&scratch, commit).unwrap());
            let changes = between(&scratch, trees[0], trees[1]).unwrap();
            let listed = repository.git().args(["diff-tree", "-r", "-z", "--name-status", "--no-renames"]);
            let listed = listed.args([old.to_string(), new.to_string()]).stdout().unwrap();
            let ours: Vec<u8> = changes
                .iter()
                .flat_map(|change| {
                    let letter: &[u8] = match (&change.old, &change.new) {
                        (None, _) => b"A\0",
                        (_, None) => b"D\0",
                        (Some(old), Some(new)) if old.mode.is_link() != new.mode.is_link() => b"T\0",
                        _ => b"M\0",
                    };
                    [letter, change.path.as_slice(), b"\0"].concat()
                })
                .collect();
            assert_eq!(ours.as_bstr(), listed.as_bstr());
            let empty = ObjectId::empty_tree(old.kind());
            assert_eq!(between(&scratch, empty, trees[0]).unwrap().len(), 6);
            let at = |path: &str| entry_at(&scratch, trees[0], path.into()).unwrap().map(|stage| stage.id.to_string());
            assert_eq!(at("d/e/f"), Some(fixture.git(&["rev-parse", &format!("{old}:d/e/f")])));
            assert_eq!((at("d"), at("d/x"), at("a/b")), (None, None, None));
        }
    }
}
