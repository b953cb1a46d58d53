//! Names that git can keep and some disks cannot.
//!
//! git merges two branches that add `Cli.rs` and `cli.rs`; on macOS and Windows only one of the two survives the next
//! checkout. That is no conflict, but somebody should know. Looked at is what branches add, and only folders in which
//! one of them adds something are read: what the target has already is everybody's and nobody's news.

mod names;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice};

use super::changes::tree_of;
use super::facts::{BranchFacts, Standing};
use super::folder::{Folders, joined, parted};
use super::{BranchError, Target};
use crate::git::scratch::Scratch;

pub use names::{Forbidden, Likeness};

/// A name that will be trouble on some disk.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hazard {
    /// The number of the branch that adds it.
    pub branch: usize,
    /// What is wrong with it.
    pub kind: HazardKind,
    /// What it adds: a file, or the first folder above it that is concerned.
    pub path: BString,
}

/// What is wrong with a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum HazardKind {
    /// Another name is the same to some file system.
    Alike {
        /// Who has or adds the other; a branch's number is not lower than [`Hazard::branch`].
        with: Side,
        /// The other.
        path: BString,
        /// How they are alike.
        how: Likeness,
    },
    /// Windows cannot hold it.
    Windows(Forbidden),
}

/// Whose something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// It is in the target already.
    Target,
    /// The branch with this number adds it.
    Branch(usize),
}

/// All of them, by branch; of two branches one likeness at most is told.
///
/// # Errors
/// A tree cannot be read.
pub fn hazards(scratch: &Scratch, target: Target, branches: &[BranchFacts]) -> Result<Vec<Hazard>, BranchError> {
    let folders = Folders::new(scratch);
    let mut brought = Vec::with_capacity(branches.len());
    let mut found = Vec::new();
    for (branch, facts) in branches.iter().enumerate() {
        let result = match &facts.standing {
            Standing::Clean { tree } => *tree,
            Standing::Conflict { .. } => tree_of(scratch, facts.tip)?,
            Standing::Landed | Standing::Empty | Standing::Unknown { .. } => {
                brought.push(Vec::new());
                continue;
            }
        };
        let new = folders.brought(target.tree, &facts.changes)?;
        for path in &new {
            if let Some(why) = names::forbidden(parted(path).1) {
                found.push(Hazard { branch, path: (*path).to_owned(), kind: HazardKind::Windows(why) });
            }
        }
        within(&folders, target, result, branch, &new, &mut found)?;
        brought.push(new);
    }
    found.extend(between(&brought));
    found.sort();
    Ok(found)
}

/// What a branch adds beside something that it leaves there or adds too.
fn within(
    folders: &Folders<'_>,
    target: Target,
    result: ObjectId,
    branch: usize,
    new: &[&BStr],
    found: &mut Vec<Hazard>,
) -> Result<(), BranchError> {
    let mut by_folder: BTreeMap<&BStr, Vec<&BStr>> = BTreeMap::new();
    for path in new {
        let (folder, name) = parted(path);
        by_folder.entry(folder).or_default().push(name);
    }
    for (folder, added) in by_folder {
        let listed = folders.inside(result, folder)?;
        let mut written: HashMap<BString, Vec<&BStr>> = HashMap::new();
        for entry in listed.iter() {
            written.entry(names::folded(entry.name.as_ref())).or_default().push(entry.name.as_ref());
        }
        for name in added {
            for other in written.get(&names::folded(name)).into_iter().flatten().filter(|other| **other != name) {
                let path = joined(folder, other);
                let with = match folders.at(target.tree, path.as_ref())? {
                    Some(_) => Side::Target,
                    // Both are its own: told once.
                    None if name > *other => continue,
                    None => Side::Branch(branch),
                };
                let how = names::likeness(name, other);
                let kind = HazardKind::Alike { with, path, how };
                found.push(Hazard { branch, path: joined(folder, name), kind });
            }
        }
    }
    Ok(())
}

/// What two branches add, given the new names of each.
fn between(brought: &[Vec<&BStr>]) -> Vec<Hazard> {
    // For each name as the most careless disk sees it: who adds it, and how they write it.
    let mut written: BTreeMap<BString, BTreeSet<(usize, &BStr)>> = BTreeMap::new();
    for (branch, new) in brought.iter().enumerate() {
        for path in new {
            written.entry(names::folded(path)).or_default().insert((branch, path));
        }
    }
    let mut found: BTreeMap<(usize, usize), Hazard> = BTreeMap::new();
    // A folder sorts before what is in it, so that the folder is told and not each of its files.
    for writers in written.values() {
        for (a, one) in writers {
            for (b, other) in writers.iter().filter(|(b, other)| a < b && one != other) {
                let (how, path) = (names::likeness(one.as_bstr(), other), (*other).to_owned());
                let kind = HazardKind::Alike { with: Side::Branch(*b), path, how };
                found.entry((*a, *b)).or_insert(Hazard { branch: *a, path: (*one).to_owned(), kind });
            }
        }
    }
    found.into_values().collect()
}

#[cfg(test)]
mod tests;
