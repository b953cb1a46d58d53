//! Documents of a commit one by one, as whoever reads all of them would take each.

use std::collections::BTreeSet;

use gix::ObjectId;

use super::StoreError;
use super::objects::Entry;
use super::read::{MOST_BYTES, MOST_DOCUMENTS, Reader};
use crate::git::Repository;
use crate::state::{Damaged, Document, State};

/// What is wrong with one document of `commit`; none when nothing is.
pub(super) fn examine(repo: &Repository, commit: ObjectId, path: &str, entry: &Entry) -> Option<Damaged> {
    let mut reader = Reader::new(repo, commit, State::default());
    reader.document(entry, path);
    reader.state.damaged.pop()
}

/// How much was read one by one.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    documents: usize,
    bytes: usize,
}

impl Loaded {
    /// Whether it is more than is ever read at once.
    pub(super) fn is_much(&self) -> bool {
        self.documents > MOST_DOCUMENTS || self.bytes > MOST_BYTES
    }
}

/// Put documents as they stand in `commit`, each at its place or at none, in the place of what `state` has of them.
///
/// # Errors
/// There is more of it than is ever read at once.
pub(super) fn renew(
    repo: &Repository,
    commit: ObjectId,
    mut state: State,
    places: &[(Document, Option<(String, Entry)>)],
    loaded: &mut Loaded,
) -> Result<State, StoreError> {
    if !state.damaged.is_empty() {
        let renewed: BTreeSet<&Document> = places.iter().map(|(document, _)| document).collect();
        state.damaged.retain(|one| one.document.as_ref().is_none_or(|document| !renewed.contains(document)));
    }
    let mut reader = Reader::new(repo, commit, state);
    for (document, place) in places {
        reader.state.leave_out(document);
        if let (Some((path, entry)), None) = (place, &reader.exceeded) {
            reader.count();
            reader.document(entry, path);
        }
    }
    loaded.documents += reader.documents;
    loaded.bytes += reader.bytes;
    reader.finish()
}
