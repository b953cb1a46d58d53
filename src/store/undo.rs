//! What taking the last operation back, or a damaged document back to an older version, would write.

use std::collections::BTreeSet;

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::prelude::FindExt;

use super::StoreError;
use super::chain::{Entry, History, read_entry};
use super::layout;
use super::read::{self, Scope};
use crate::git::Repository;
use crate::state::{Action, Damaged, Document, DocumentChange, OperationId, State};

/// An operation that can be taken back, and how.
#[derive(Debug, Clone)]
pub struct Undoable {
    /// The operation's place in the chain.
    pub entry: Entry,
    /// The documents as they would be put back.
    pub documents: Vec<DocumentChange>,
}

/// The newest operation that is neither an undo nor undone; none when there is none.
///
/// # Errors
/// The chain cannot be read.
pub fn last_undoable(repo: &Repository, tip: Option<ObjectId>) -> Result<Option<Undoable>, StoreError> {
    let mut undone: BTreeSet<OperationId> = BTreeSet::new();
    for entry in History::from(repo, tip) {
        let entry = entry?;
        match &entry.operation {
            Some(operation) => match &operation.action {
                Action::Undo { operation: taken_back, .. } => drop(undone.insert(taken_back.clone())),
                _ if undone.contains(&operation.id) => {}
                _ => {
                    let documents = documents_changed(repo, &entry)?;
                    return Ok(Some(Undoable { entry, documents }));
                }
            },
            // Nothing before an operation that we do not understand is ours to take back.
            None => return Ok(None),
        }
    }
    Ok(None)
}

fn documents_changed(repo: &Repository, entry: &Entry) -> Result<Vec<DocumentChange>, StoreError> {
    let changed = paths_changed(repo, entry)?;
    let documents: BTreeSet<Document> = changed.iter().filter_map(|path| layout::document_at(path)).collect();
    let scope = Scope { documents: documents.iter().cloned().collect(), ..Scope::default() };
    let new = read::read(repo, entry.commit, &scope)?;
    let old = entry.parent.map(|parent| read::read(repo, parent, &scope)).transpose()?.unwrap_or_default();
    let change = |document: Document| DocumentChange {
        before: new.document(&document),
        after: old.document(&document),
        document,
    };
    Ok(documents.into_iter().map(change).collect())
}

/// The paths whose blobs differ between an operation's tree and the one before it.
fn paths_changed(repo: &Repository, entry: &Entry) -> Result<Vec<String>, StoreError> {
    let unreadable = |reason: String| StoreError::Unreadable { commit: entry.commit, reason };
    let objects = &repo.gix().objects;
    let (mut old_buffer, mut new_buffer) = (Vec::new(), Vec::new());
    let new = read::tree_of(repo, entry.commit).map_err(unreadable)?;
    let new = objects.find_tree_iter(&new, &mut new_buffer).map_err(|error| unreadable(error.to_string()))?;
    let old = match entry.parent {
        Some(parent) => {
            let tree = read::tree_of(repo, parent).map_err(unreadable)?;
            objects.find_tree_iter(&tree, &mut old_buffer).map_err(|error| unreadable(error.to_string()))?
        }
        None => gix::objs::TreeRefIter::from_bytes(&[], repo.gix().object_hash()),
    };
    let mut recorder = gix::diff::tree::Recorder::default();
    gix::diff::tree(old, new, gix::diff::tree::State::default(), objects, &mut recorder)
        .map_err(|error| unreadable(error.to_string()))?;
    let path = |change: &gix::diff::tree::recorder::Change| {
        use gix::diff::tree::recorder::Change;
        let (Change::Addition { path, .. } | Change::Deletion { path, .. } | Change::Modification { path, .. }) =
            change;
        path.to_str_lossy().into_owned()
    };
    Ok(recorder.records.iter().map(path).collect())
}

/// For each damaged document the last version in the chain that can be read: what a repair would put back.
///
/// # Errors
/// The chain cannot be read.
pub fn last_readable(repo: &Repository, tip: ObjectId, damaged: &[Damaged]) -> Result<Vec<DocumentChange>, StoreError> {
    let mut wanted: BTreeSet<Document> = damaged.iter().filter_map(|damaged| damaged.document.clone()).collect();
    let mut found = Vec::new();
    let mut next = Some(tip);
    while let (Some(commit), false) = (next, wanted.is_empty()) {
        let scope = Scope { documents: wanted.iter().cloned().collect(), ..Scope::default() };
        let state: State = read::read(repo, commit, &scope)?;
        wanted.retain(|document| match state.document(document) {
            Some(json) if *document != Document::Tally => {
                found.push(DocumentChange { document: document.clone(), before: None, after: Some(json) });
                false
            }
            _ => true,
        });
        next = read_entry(repo, commit)?.parent;
    }
    Ok(found)
}
