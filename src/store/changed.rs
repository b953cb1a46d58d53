//! Which paths differ between two trees of the chain: only folders that differ are looked into.
//!
//! A few kilobytes can hold a tree of a million million paths, since a folder that is there twice is stored once. So it
//! is counted what is found and what is looked at, and too much of it is an answer.

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;

use super::objects::{self, Entry, Kind, Unusable};
use crate::git::Repository;

/// Our own paths have four parts at the most, and a newer version may need some more.
const DEEPEST: usize = 6;

/// Our own paths have some 90 bytes at the most.
const LONGEST: usize = 1_000;
/// The most paths that one comparison may find: no state with more documents is read, and no operation makes as many.
const MOST_PATHS: usize = 200_000;

/// What stands at a path now; none where nothing does any more.
pub(super) type Changed = BTreeMap<String, Option<Entry>>;

/// Why two trees could not be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TreeError {
    /// A folder cannot be read, or is too large.
    #[error("{} cannot be read: {reason}", named(.path))]
    Unusable {
        /// Empty for the top.
        path: String,
        reason: Unusable,
    },
    /// Something that is neither a folder nor a plain file.
    #[error("{path} has mode {mode:o}, and only plain files and folders may be there")]
    Odd { path: String, mode: u16 },
    /// Folders in folders in folders.
    #[error("{path} is deeper than anything in a state")]
    TooDeep { path: String },
    /// A name that goes on and on, of which a folder full of files would make as many copies.
    #[error("it has a path of more than {LONGEST} bytes")]
    TooLong,
    /// More than operations change.
    #[error("more {of} than operations change")]
    TooMuch { of: &'static str },
}

/// How much may still be found and looked at.
#[derive(Debug)]
pub(super) struct Budget {
    paths: usize,
    entries: usize,
}

impl Budget {
    /// For what one operation changes, in folders that may be full.
    pub(super) fn of_one() -> Self {
        Budget { paths: MOST_PATHS, entries: 20 * MOST_PATHS }
    }

    /// For a chain of so many operations: an import here and there, and otherwise few paths each.
    pub(super) fn of_chain(operations: usize) -> Self {
        let more = |each: usize| operations.saturating_mul(each);
        Budget {
            paths: (5 * MOST_PATHS).saturating_add(more(100)),
            entries: (50 * MOST_PATHS).saturating_add(more(20_000)),
        }
    }

    /// Take off what one comparison with `one` has left of what it was given.
    ///
    /// # Errors
    /// There is not enough.
    pub(super) fn charge(&mut self, one: &Budget) -> Result<(), TreeError> {
        let given = Budget::of_one();
        self.take(given.paths - one.paths, given.entries - one.entries)
    }

    fn take(&mut self, paths: usize, entries: usize) -> Result<(), TreeError> {
        let left = |has: usize, takes: usize, of| has.checked_sub(takes).ok_or(TreeError::TooMuch { of });
        self.paths = left(self.paths, paths, "paths differ")?;
        self.entries = left(self.entries, entries, "entries stand in folders that differ")?;
        Ok(())
    }
}

fn named(path: &str) -> &str {
    if path.is_empty() { "the top folder" } else { path }
}

/// The files that differ, as many as `budget` has. `strict` refuses what is odd in the new tree; otherwise it is among
/// the files.
///
/// # Errors
/// See [`TreeError`].
pub(super) fn changed(
    repo: &Repository,
    old: Option<ObjectId>,
    new: ObjectId,
    strict: bool,
    budget: &mut Budget,
) -> Result<Changed, TreeError> {
    let mut walk = Walk { repo, strict, budget, buffer: Vec::new(), found: Changed::new() };
    walk.compare("", old, Some(new))?;
    Ok(walk.found)
}

struct Walk<'r> {
    repo: &'r Repository,
    strict: bool,
    budget: &'r mut Budget,
    buffer: Vec<u8>,
    found: Changed,
}

impl Walk<'_> {
    fn compare(&mut self, path: &str, old: Option<ObjectId>, new: Option<ObjectId>) -> Result<(), TreeError> {
        if old == new {
            return Ok(());
        }
        if path.split('/').count() > DEEPEST {
            return Err(TreeError::TooDeep { path: path.to_owned() });
        }
        let (old, new) = (self.entries(path, old)?, self.entries(path, new)?);
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for name in names {
            let (old, new) = (old.get(name), new.get(name));
            if old == new {
                continue;
            }
            let below = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            // Folders too: there may be nothing else.
            self.budget.take(1, 0)?;
            if below.len() > LONGEST {
                return Err(TreeError::TooLong);
            }
            if let (true, Some(Entry { kind: Kind::Odd(mode), .. })) = (self.strict, new) {
                return Err(TreeError::Odd { path: below, mode: *mode });
            }
            let folder = |entry: Option<&Entry>| entry.filter(|entry| entry.kind == Kind::Folder).map(|entry| entry.id);
            let is_file = |entry: Option<&Entry>| entry.is_some_and(|entry| entry.kind != Kind::Folder);
            if is_file(old) || is_file(new) {
                self.found.insert(below.clone(), new.filter(|_| is_file(new)).cloned());
            }
            self.compare(&below, folder(old), folder(new))?;
        }
        Ok(())
    }

    fn entries(&mut self, path: &str, tree: Option<ObjectId>) -> Result<BTreeMap<String, Entry>, TreeError> {
        let Some(tree) = tree else { return Ok(BTreeMap::new()) };
        let entries = objects::entries(self.repo, tree, &mut self.buffer);
        let entries = entries.map_err(|reason| TreeError::Unusable { path: path.to_owned(), reason })?;
        self.budget.take(0, entries.len())?;
        Ok(entries.into_iter().map(|entry| (entry.name.clone(), entry)).collect())
    }
}
