//! Names that are one and the same to a file system that ignores case.
//!
//! git merges two branches that add `Cli.rs` and `cli.rs`; on macOS and Windows only one of the two survives the next
//! checkout. That is no conflict, but somebody should know.

use std::collections::{BTreeMap, BTreeSet};

use gix::bstr::{BStr, BString, ByteSlice};

use super::changes::{Change, folders};

/// Two branches add names that differ only in case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hazard {
    /// The number of the first branch.
    pub a: usize,
    /// The number of the second one, which is higher.
    pub b: usize,
    /// What each of them calls it: a file, or the first folder above it that is concerned.
    pub paths: [BString; 2],
}

/// All of them, given what each branch changes.
pub fn hazards(branches: &[&[Change]]) -> Vec<Hazard> {
    // For each name regardless of case: who adds something that is called or lies below it, and how they write it.
    let mut names: BTreeMap<String, BTreeSet<(usize, &BStr)>> = BTreeMap::new();
    for (number, changes) in branches.iter().enumerate() {
        for change in changes.iter().filter(|change| change.is_addition()) {
            let path = change.path.as_bstr();
            for name in folders(path).chain([path]) {
                names.entry(name.to_str_lossy().to_lowercase()).or_default().insert((number, name));
            }
        }
    }
    let mut found: BTreeMap<(usize, usize), Hazard> = BTreeMap::new();
    // A folder sorts before what is in it, so that the folder is told and not each of its files.
    for writers in names.values() {
        for (a, one) in writers {
            for (b, other) in writers.iter().filter(|(b, other)| a < b && one != other) {
                let paths = [(*one).to_owned(), (*other).to_owned()];
                found.entry((*a, *b)).or_insert(Hazard { a: *a, b: *b, paths });
            }
        }
    }
    found.into_values().collect()
}
