//! The chain against its own operations, from its beginning: for `doctor --deep`. What came by sync was vetted like
//! this; what plain git has brought in was not.
//!
//! One finding for each commit and document that differs, and none that only follows from another.

use std::collections::BTreeSet;

use gix::ObjectId;

use super::StoreError;
use super::chain::{Entry, History};
use super::changed::{Budget, changed};
use super::follow::{Difference, Follow, Step};
use super::objects::tree_of;
use crate::git::Repository;

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

/// Apply every operation of the chain to `tip` again. Gives how many were looked at.
///
/// # Errors
/// The chain or a tree of it cannot be read.
pub fn recompute(repo: &Repository, tip: ObjectId) -> Result<(usize, Vec<Mismatch>), StoreError> {
    let mut chain: Vec<Entry> = History::from(repo, Some(tip)).collect::<Result<_, _>>()?;
    chain.reverse();
    let (mut follow, mut found) = (Follow::from(repo, None)?, Vec::new());
    let (mut before, number) = (None, chain.len());
    for entry in chain {
        let commit = entry.commit;
        let unreadable = |reason: String| StoreError::Unreadable { commit, reason };
        let tree = tree_of(repo, commit).map_err(unreadable)?;
        let paths = changed(repo, before, tree, false, &mut Budget::of_one());
        let paths = paths.map_err(|error| unreadable(error.to_string()))?;
        before = Some(tree);
        let step = Step { commit, tree, paths: &paths };
        let Some(operation) = &entry.operation else {
            // What that was to make nobody knows; it is named elsewhere.
            follow.pass(&step, BTreeSet::new())?;
            continue;
        };
        let sentence = operation.action.sentence();
        let mismatch = |difference| Mismatch { commit, sentence: sentence.clone(), difference };
        found.extend(follow.step(&step, operation)?.into_iter().map(mismatch));
    }
    Ok((number, found))
}
