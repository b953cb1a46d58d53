//! Which branches can meet at all, given the files that each of them changes in the same tree.
//!
//! git need not be asked about the others. The rule errs on the side of asking: two branches can only conflict where
//! they change the same path, where one has a file at what is a folder to the other, or where one renamed a folder
//! into which the other adds. A rename is a deletion and an addition, so a branch without both has renamed nothing.

use std::collections::{BTreeSet, HashMap, HashSet};

use gix::bstr::{BStr, ByteSlice};

use super::changes::{Change, folders};

/// The pairs that git has to be asked about, the lower number first.
pub fn may_meet(branches: &[&[Change]]) -> BTreeSet<(usize, usize)> {
    let mut pairs = BTreeSet::new();
    let mut meet = |a: usize, b: usize| {
        if a != b {
            pairs.insert((a.min(b), a.max(b)));
        }
    };
    let mut changed: HashMap<&BStr, Vec<usize>> = HashMap::new();
    for (number, changes) in branches.iter().enumerate() {
        for change in *changes {
            changed.entry(change.path.as_bstr()).or_default().push(number);
        }
    }
    for numbers in changed.values() {
        for (position, a) in numbers.iter().enumerate() {
            numbers[position + 1..].iter().for_each(|b| meet(*a, *b));
        }
    }
    let mut added_below: HashMap<&BStr, Vec<usize>> = HashMap::new();
    for (number, changes) in branches.iter().enumerate() {
        for folder in all_folders(changes.iter()) {
            for other in changed.get(folder).into_iter().flatten() {
                meet(number, *other);
            }
        }
        for folder in all_folders(changes.iter().filter(|change| change.is_addition())) {
            added_below.entry(folder).or_default().push(number);
        }
    }
    for (number, changes) in branches.iter().enumerate() {
        if !changes.iter().any(Change::is_addition) {
            continue;
        }
        // The folder that was renamed may be any of those above the file, but never the top.
        for folder in all_folders(changes.iter().filter(|change| change.is_deletion())) {
            for other in added_below.get(folder).into_iter().flatten() {
                meet(number, *other);
            }
        }
    }
    pairs
}

fn all_folders<'a>(changes: impl Iterator<Item = &'a Change>) -> HashSet<&'a BStr> {
    changes.flat_map(|change| folders(change.path.as_bstr())).collect()
}
