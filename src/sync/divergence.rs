//! What one chain has that another does not. Both are linear, so they are walked back step by step together until they
//! meet: the cost is that of the difference, however long they are.

use std::collections::{BTreeSet, HashMap};

use gix::ObjectId;

use super::met::accepted;
use super::remote::{INCOMING_FOLDER, told_by};
use crate::git::{Repository, refs};
use crate::state::OperationId;
use crate::store::{self, Entry, History, StoreError};

/// Two chains and where they part.
#[derive(Debug, Clone, Default)]
pub struct Divergence {
    /// The newest commit that both have; none when they have no common beginning.
    pub base: Option<ObjectId>,
    /// What only the first has, newest first.
    pub ours: Vec<Entry>,
    /// What only the second has, newest first.
    pub theirs: Vec<Entry>,
}

impl Divergence {
    /// Those of ours that the other chain does not have in any form, oldest first: what was pushed and replayed before
    /// is there under another commit, with the same operation's id.
    pub fn missing_there(&self) -> Vec<Entry> {
        let there = ids(&self.theirs);
        let is_missing = |entry: &&Entry| entry.operation.as_ref().is_none_or(|one| !there.contains(&one.id));
        self.ours.iter().rev().filter(is_missing).cloned().collect()
    }

    /// Those of theirs that our chain does not have in any form, newest first.
    pub fn missing_here(&self) -> Vec<Entry> {
        let here = ids(&self.ours);
        let is_missing = |entry: &&Entry| entry.operation.as_ref().is_none_or(|one| !here.contains(&one.id));
        self.theirs.iter().filter(is_missing).cloned().collect()
    }
}

fn ids(entries: &[Entry]) -> BTreeSet<&OperationId> {
    entries.iter().filter_map(|entry| entry.operation.as_ref()).map(|operation| &operation.id).collect()
}

/// Compare two chains by their tips.
///
/// # Errors
/// A commit on the way cannot be read.
pub fn between(repo: &Repository, ours: Option<ObjectId>, theirs: Option<ObjectId>) -> Result<Divergence, StoreError> {
    if ours == theirs {
        return Ok(Divergence { base: ours, ..Divergence::default() });
    }
    let mut sides = [Side::new(repo, ours), Side::new(repo, theirs)];
    loop {
        let mut has_moved = false;
        for at in [0, 1] {
            // A side that has nothing to compare with does not have to be read to its beginning.
            if let Some(commit) = sides[at].next {
                if sides[1 - at].has(commit) {
                    let [first, second] = sides;
                    return Ok(Divergence {
                        base: Some(commit),
                        ours: first.before(commit),
                        theirs: second.before(commit),
                    });
                }
                sides[at].step()?;
                has_moved = true;
            }
        }
        if !has_moved {
            let [first, second] = sides;
            return Ok(Divergence { base: None, ours: first.entries, theirs: second.entries });
        }
    }
}

/// One chain that is walked back.
struct Side<'r> {
    history: History<'r>,
    next: Option<ObjectId>,
    entries: Vec<Entry>,
    /// Where in `entries` each commit is.
    seen: HashMap<ObjectId, usize>,
}

impl<'r> Side<'r> {
    fn new(repo: &'r Repository, tip: Option<ObjectId>) -> Self {
        Side { history: History::from(repo, tip), next: tip, entries: Vec::new(), seen: HashMap::new() }
    }

    fn has(&self, commit: ObjectId) -> bool {
        self.next == Some(commit) || self.seen.contains_key(&commit)
    }

    fn step(&mut self) -> Result<(), StoreError> {
        if let Some(entry) = self.history.next().transpose()? {
            self.next = entry.parent;
            self.seen.insert(entry.commit, self.entries.len());
            self.entries.push(entry);
        }
        Ok(())
    }

    fn before(mut self, commit: ObjectId) -> Vec<Entry> {
        let end = self.seen.get(&commit).copied().unwrap_or(self.entries.len());
        self.entries.truncate(end);
        self.entries
    }
}

/// The operations of this clone that a remote, as far as is known, does not have; oldest first. None
/// when nothing is known of that remote.
///
/// # Errors
/// The chain cannot be read.
pub fn unshared(repo: &Repository, remote: &str) -> Result<Option<Vec<Entry>>, StoreError> {
    let Some(accepted) = accepted(repo, remote) else { return Ok(None) };
    Ok(Some(between(repo, store::tip(repo)?, Some(accepted))?.missing_there()))
}

/// The remotes whose chain, as it was when it was last fetched, was not taken in.
///
/// # Errors
/// A chain of ours cannot be read.
pub fn not_taken_in(repo: &Repository) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    for (name, incoming) in refs::list(repo, INCOMING_FOLDER)? {
        let Some(remote) = told_by(INCOMING_FOLDER, &name) else { continue };
        let accepted = accepted(repo, remote);
        // What was pushed since is further on.
        let is_in = match accepted {
            Some(accepted) => between(repo, Some(incoming), Some(accepted)).is_ok_and(|split| split.ours.is_empty()),
            None => false,
        };
        if !is_in {
            found.push(remote.to_owned());
        }
    }
    Ok(found)
}

#[cfg(test)]
#[path = "divergence_test.rs"]
mod tests;
