//! Which paths differ between two trees of the chain: only folders that differ are looked into.

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;

use super::objects::{self, Entry, Kind, Unusable};
use crate::git::Repository;

/// Our own paths have four parts at the most, and a newer version may need some more.
const DEEPEST: usize = 6;

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
}

fn named(path: &str) -> &str {
    if path.is_empty() { "the top folder" } else { path }
}

/// The files that differ. `strict` refuses what is odd in the new tree; otherwise it is among the files.
///
/// # Errors
/// See [`TreeError`].
pub(super) fn changed(
    repo: &Repository,
    old: Option<ObjectId>,
    new: ObjectId,
    strict: bool,
) -> Result<Changed, TreeError> {
    let mut walk = Walk { repo, strict, buffer: Vec::new(), found: Changed::new() };
    walk.compare("", old, Some(new))?;
    Ok(walk.found)
}

struct Walk<'r> {
    repo: &'r Repository,
    strict: bool,
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
        Ok(entries.into_iter().map(|entry| (entry.name.clone(), entry)).collect())
    }
}
