//! Whether a chain goes on from another with nothing missing, in time proportional to what is new.
//!
//! What git makes sure of after a fetch: that everything which a ref would hold is there. By induction: what was accepted
//! is whole; so is a tree when whatever the tree before it did not have is there.

use std::collections::HashMap;

use gix::ObjectId;

use super::objects::{self, tree_at};
use crate::git::Repository;

/// The most commits that are followed; git looks after more of them itself.
const MOST_COMMITS: usize = 10_000;
/// The most entries that differ: a folder that is in a folder a hundred times is stored once, and git knows that.
const MOST_ENTRIES: usize = 200_000;
/// A state's own paths have four parts.
const DEEPEST: usize = 6;

/// Whether `tip` goes on from `accepted`, of which everything is there, one commit after the other, and everything that is
/// new is there too. False also when it is too much or too unusual to tell.
pub fn continues(repo: &Repository, accepted: ObjectId, tip: ObjectId) -> bool {
    let mut left = MOST_ENTRIES;
    let mut is_step_whole = |pair: &[ObjectId]| is_whole(repo, Some(pair[1]), pair[0], DEEPEST, &mut left).is_some();
    new_trees(repo, accepted, tip).is_some_and(|trees| trees.windows(2).all(&mut is_step_whole))
}

/// The trees of the new commits and of the accepted one, the newest first.
fn new_trees(repo: &Repository, accepted: ObjectId, tip: ObjectId) -> Option<Vec<ObjectId>> {
    let mut trees = Vec::new();
    let mut buffer = Vec::new();
    let mut at = tip;
    while trees.len() < MOST_COMMITS {
        let commit = objects::commit(repo, at, &mut buffer).ok()?;
        trees.push(commit.tree());
        if at == accepted {
            return Some(trees);
        }
        if commit.parents.len() != 1 {
            return None;
        }
        at = commit.parents().next()?;
    }
    None
}

/// `Some` when all of `new` is there, given that all of `old` is.
fn is_whole(repo: &Repository, old: Option<ObjectId>, new: ObjectId, depth: usize, left: &mut usize) -> Option<()> {
    if old == Some(new) {
        return Some(());
    }
    let depth = depth.checked_sub(1)?;
    let (mut old_buffer, mut new_buffer) = (Vec::new(), Vec::new());
    let old = old.map(|tree| tree_at(repo, tree, &mut old_buffer)).transpose().ok()?;
    let old = old.map_or_else(Vec::new, |tree| tree.entries);
    // By the names' bytes: as text two of them may be the same.
    let old: HashMap<_, _> = old.iter().map(|entry| (entry.filename, (entry.mode, entry.oid))).collect();
    let mut folders: Vec<(Option<ObjectId>, ObjectId)> = Vec::new();
    for entry in tree_at(repo, new, &mut new_buffer).ok()?.entries {
        let before = old.get(entry.filename);
        if before == Some(&(entry.mode, entry.oid)) {
            continue;
        }
        *left = left.checked_sub(1)?;
        if entry.mode.is_tree() {
            let before = before.filter(|(mode, _)| mode.is_tree()).map(|(_, id)| (*id).to_owned());
            folders.push((before, entry.oid.to_owned()));
        } else if !entry.mode.is_blob() || !repo.gix().has_object(entry.oid) {
            return None;
        }
    }
    folders.into_iter().try_for_each(|(before, now)| is_whole(repo, before, now, depth, left))
}

#[cfg(test)]
#[path = "continues_test.rs"]
mod tests;
