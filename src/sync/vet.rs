//! The one place where a chain that came from elsewhere is looked at before anything is built on it.
//!
//! What is checked here is what the rest of the program relies on to read a chain at all: it is linear, and its newest
//! state is of a format that is known. Documents are judged one by one where they are read.

use gix::ObjectId;
use gix::prelude::FindExt;

use crate::git::Repository;
use crate::store::{self, StoreError};

/// Look at what a fetch has brought: every commit from `tip` back to `known` or to the beginning.
///
/// # Errors
/// What is wrong, for people. The format being too new is told as that.
pub(super) fn fetched(repo: &Repository, tip: ObjectId, known: Option<ObjectId>) -> Result<(), Unsound> {
    let mut next = Some(tip);
    let mut buffer = Vec::new();
    while let Some(commit) = next.filter(|commit| Some(*commit) != known) {
        let unreadable = |error: &dyn std::fmt::Display| Unsound::Chain(format!("{commit} cannot be read: {error}"));
        let parsed = repo.gix().objects.find_commit(&commit, &mut buffer).map_err(|error| unreadable(&error))?;
        let mut parents = parsed.parents();
        next = parents.next();
        if parents.next().is_some() {
            return Err(Unsound::Chain(format!("{commit} is a merge, and the chain has none")));
        }
    }
    match store::check_readable(repo, tip) {
        Ok(()) => Ok(()),
        Err(error @ StoreError::NewerFormat { .. }) => Err(Unsound::Format(error)),
        Err(error) => Err(Unsound::Chain(error.to_string())),
    }
}

/// Why it cannot be built on.
#[derive(Debug)]
pub(super) enum Unsound {
    /// It is no chain of operations.
    Chain(String),
    /// A newer program wrote it.
    Format(StoreError),
}
