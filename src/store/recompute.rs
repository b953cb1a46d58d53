//! The chain against its own operations: each is applied anew to what came before, and its commit must hold exactly
//! that. It finds what vetting lets pass, a document that an operation is about and does not make like this.
//!
//! Documents are compared as JSON and not as bytes, and where they differ the chain's own goes on: one finding each, and
//! none that only follows from another.

use gix::ObjectId;
use serde_json::Value;

use super::chain::{Entry, History};
use super::changed::{Budget, Changed, changed};
use super::objects::{self, tree_of};
use super::{StoreError, layout};
use crate::git::Repository;
use crate::state::{Document, State};

/// A commit that does not hold what its operation makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Which.
    pub commit: ObjectId,
    /// What its operation says that it does.
    pub sentence: String,
    /// What is wrong with it.
    pub difference: Difference,
}

/// How a commit differs from its operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// A rule of the state forbids the operation.
    #[error("it could not be done: {reason}")]
    Rejected {
        /// The rule.
        reason: String,
    },
    /// A document is not what the operation makes of it.
    #[error("{document} is something else than the operation makes of it")]
    Other {
        /// Which.
        document: Document,
    },
    /// A document changes that the operation leaves as it is.
    #[error("{document} changes, and the operation leaves it as it is")]
    Extra {
        /// Which.
        document: Document,
    },
}

/// Apply every operation of the chain to `tip` again. Gives how many were looked at.
///
/// # Errors
/// The chain or a tree of it cannot be read.
pub fn recompute(repo: &Repository, tip: ObjectId) -> Result<(usize, Vec<Mismatch>), StoreError> {
    let mut chain: Vec<Entry> = History::from(repo, Some(tip)).collect::<Result<_, _>>()?;
    chain.reverse();
    let (mut state, mut found) = (State::default(), Vec::new());
    let (mut before, number) = (None, chain.len());
    for entry in chain {
        let unreadable = |reason: String| StoreError::Unreadable { commit: entry.commit, reason };
        let tree = tree_of(repo, entry.commit).map_err(unreadable)?;
        let paths =
            changed(repo, before, tree, false, &mut Budget::of_one()).map_err(|error| unreadable(error.to_string()))?;
        before = Some(tree);
        let Some(operation) = &entry.operation else {
            // What that was to make nobody knows; it is named elsewhere.
            adopt(repo, &mut state, &paths);
            continue;
        };
        let mut mismatch = |difference| {
            let sentence = operation.action.sentence();
            found.push(Mismatch { commit: entry.commit, sentence, difference });
        };
        match state.apply_in_place(operation) {
            Ok(touched) => {
                for document in &touched {
                    if state.document(document) != stored(repo, tree, document) {
                        mismatch(Difference::Other { document: document.clone() });
                    }
                }
                let extra = paths.keys().filter_map(|path| layout::document_at(path));
                // The counts are put right by whoever finds them wrong.
                let is_extra = |document: &Document| !touched.contains(document) && *document != Document::Tally;
                let mut extra: Vec<Document> = extra.filter(is_extra).collect();
                extra.dedup();
                extra.into_iter().for_each(|document| mismatch(Difference::Extra { document }));
            }
            Err(rejected) => mismatch(Difference::Rejected { reason: rejected.to_string() }),
        }
        adopt(repo, &mut state, &paths);
    }
    Ok((number, found))
}

/// What stands there in the tree, at any of the document's places.
fn stored(repo: &Repository, tree: ObjectId, document: &Document) -> Option<Value> {
    let mut buffer = Vec::new();
    let paths = layout::paths(document);
    let entry = paths.iter().find_map(|path| objects::entry_at(repo, tree, path, &mut buffer))?;
    let data = objects::document(repo, entry.id, &mut buffer).ok()?;
    serde_json::from_slice(data).ok()
}

/// Go on with what the chain holds.
fn adopt(repo: &Repository, state: &mut State, paths: &Changed) {
    let mut buffer = Vec::new();
    // What is taken away first: a task that moved stands somewhere else.
    for (path, entry) in paths.iter().filter(|(_, entry)| entry.is_none()) {
        if let (None, Some(document)) = (entry, layout::document_at(path)) {
            state.leave_out(&document);
        }
    }
    for (path, entry) in paths {
        let (Some(entry), Some(document)) = (entry, layout::document_at(path)) else { continue };
        if let Ok(data) = objects::document(repo, entry.id, &mut buffer) {
            let mut json = serde_json::Deserializer::from_slice(data);
            if state.load_document(&document, &mut json).is_err() {
                state.leave_out(&document);
            }
        }
    }
}
