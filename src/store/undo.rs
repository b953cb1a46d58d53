//! What taking the last operation back, or a damaged document back to an older version, would write.

use std::collections::BTreeSet;

use gix::ObjectId;

use super::StoreError;
use super::chain::{Entry, History, read_entry};
use super::changed::{Budget, changed};
use super::layout;
use super::objects::tree_of;
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

/// The newest operation that somebody decided on and that is neither an undo nor undone; none when there is none.
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
                // That a program has run is no decision.
                Action::RecordRun { .. } => {}
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

/// The documents that an operation made, changed or took away: how they stand after it, and before.
pub(super) fn documents_changed(repo: &Repository, entry: &Entry) -> Result<Vec<DocumentChange>, StoreError> {
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
    let new = tree_of(repo, entry.commit).map_err(unreadable)?;
    let old = entry.parent.map(|parent| tree_of(repo, parent)).transpose().map_err(unreadable)?;
    let found = changed(repo, old, new, false, &mut Budget::of_one()).map_err(|error| unreadable(error.to_string()))?;
    Ok(found.into_keys().collect())
}

/// For each damaged document the last version in the chain that can be read: what a repair would put back.
///
/// # Errors
/// The chain cannot be read.
pub fn last_readable(repo: &Repository, tip: ObjectId, damaged: &[Damaged]) -> Result<Vec<DocumentChange>, StoreError> {
    let is_kept = |document: &Document| *document != Document::Tally;
    let documents = damaged.iter().filter_map(|damaged| damaged.document.clone()).filter(is_kept);
    let mut wanted: BTreeSet<Document> = documents.collect();
    let mut found = Vec::new();
    let mut next = Some(tip);
    let mut last_tree = None;
    while let (Some(commit), false) = (next, wanted.is_empty()) {
        let tree = tree_of(repo, commit).map_err(|reason| StoreError::Unreadable { commit, reason })?;
        // Most operations leave a document as it is, and only another version is worth reading.
        let is_changed = match last_tree {
            None => true,
            Some(last) => match changed(repo, Some(last), tree, false, &mut Budget::of_one()) {
                Ok(paths) => paths.keys().filter_map(|path| layout::document_at(path)).any(|one| wanted.contains(&one)),
                Err(_) => true,
            },
        };
        last_tree = Some(tree);
        if is_changed {
            let scope = Scope { documents: wanted.iter().cloned().collect(), ..Scope::default() };
            let state: State = read::extend(repo, commit, State::default(), &scope)?;
            wanted.retain(|document| match state.document(document) {
                Some(json) if !waits_in_vain(repo, commit, document) => {
                    found.push(DocumentChange { document: document.clone(), before: None, after: Some(json) });
                    false
                }
                _ => true,
            });
        }
        next = read_entry(repo, commit)?.parent;
    }
    Ok(found)
}

/// Whether a task could not be taken as it was then for what it waited for.
fn waits_in_vain(repo: &Repository, commit: ObjectId, document: &Document) -> bool {
    let Some(id) = document.task() else { return false };
    let scope = Scope::open().with_tasks([id]);
    read::read(repo, commit, &scope).is_ok_and(|state| !state.tasks.contains_key(id))
}
