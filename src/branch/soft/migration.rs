//! Numbers that files begin with where each is to be used once: migrations, decisions.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice};

use super::{Soft, SoftKind};
use crate::branch::BranchError;
use crate::branch::conflict::Matrix;
use crate::branch::facts::BranchFacts;
use crate::branch::folder::{Folders, joined, parted};
use crate::branch::hazard::Side;

/// Names and titles by number.
type Numbers = HashMap<String, Vec<(BString, BString)>>;

/// A branch, what it adds, and the title of that.
type User<'c> = (usize, &'c BStr, &'c BStr);

/// Numbers that two branches use, or a branch and the target.
pub(super) fn twice(folders: &Folders<'_>, matrix: &Matrix) -> Result<Vec<Soft>, BranchError> {
    let mut found = Vec::new();
    // By folder and number: who adds what.
    let mut used: BTreeMap<(&BStr, String), Vec<User<'_>>> = BTreeMap::new();
    let mut in_target: HashMap<&BStr, Option<Numbers>> = HashMap::new();
    for (branch, facts) in matrix.branches.iter().enumerate() {
        for path in folders.brought(matrix.target.tree, &facts.changes)? {
            let (folder, name) = parted(path);
            let Some((number, title)) = numbered(name) else { continue };
            if !in_target.contains_key(folder) {
                in_target.insert(folder, numbers(folders, matrix.target.tree, folder)?);
            }
            // Where the target uses numbers more than once they mean something else.
            let Some(Some(numbers)) = in_target.get(folder) else { continue };
            let users = used.entry((folder, number.clone())).or_default();
            let is_told = users.iter().any(|(other, ..)| *other == branch);
            let others = numbers.get(&number).into_iter().flatten().filter(|(_, other)| !is_told && other != title);
            let mut others = others.map(|(name, _)| joined(folder, name.as_ref()));
            if let Some(other) = others.find(|other| !removes(facts, other.as_ref())) {
                let kind = SoftKind::Migration { number, other };
                found.push(Soft { a: branch, b: Side::Target, path: path.to_owned(), kind });
            }
            users.push((branch, path, title));
        }
    }
    for ((_, number), users) in used {
        let mut told = BTreeSet::new();
        for (place, (a, path, title)) in users.iter().enumerate() {
            for (b, other, its_title) in &users[place + 1..] {
                if a != b && title != its_title && told.insert((a, b)) {
                    let kind = SoftKind::Migration { number: number.clone(), other: (*other).to_owned() };
                    found.push(Soft { a: *a, b: Side::Branch(*b), path: (*path).to_owned(), kind });
                }
            }
        }
    }
    Ok(found)
}

/// The numbered names of a folder, unless some number is there under two titles.
fn numbers(folders: &Folders<'_>, tree: ObjectId, folder: &BStr) -> Result<Option<Numbers>, BranchError> {
    let mut numbers = Numbers::new();
    for entry in folders.inside(tree, folder)?.iter() {
        if let Some((number, title)) = numbered(entry.name.as_ref()) {
            let same: &mut Vec<(BString, BString)> = numbers.entry(number).or_default();
            if same.iter().any(|(_, other)| other != title) {
                return Ok(None);
            }
            same.push((entry.name.clone(), title.to_owned()));
        }
    }
    Ok(Some(numbers))
}

/// Whether a branch removes a file, or something below a folder.
fn removes(facts: &BranchFacts, path: &BStr) -> bool {
    let below = joined(path, b"".as_bstr());
    facts.changes.iter().any(|change| change.is_deletion() && (change.path == path || change.path.starts_with(&below)))
}

/// The number that a name begins with, and what comes after it up to the first dot. `0012_users.up.sql` is `12` and
/// `users`, `V1.2__x.sql` is `1.2` and `x`, `2024_05_01_120000_x.php` is `2024_05_01_120000` and `x`. A name without
/// anything after the number has none.
pub(super) fn numbered(name: &BStr) -> Option<(String, &BStr)> {
    let (number, rest) = match name.strip_prefix(b"V").and_then(versioned) {
        Some(found) => found,
        None => leading(name)?,
    };
    let rest = rest.trim_start_with(|c| matches!(c, '_' | '-'));
    let title = rest.split_str(".").next().unwrap_or_default();
    let says_something = title.chars().any(char::is_alphanumeric);
    says_something.then(|| (number, title.as_bstr()))
}

/// Flyway: `V1_2__title`, in which the number ends with two underscores.
fn versioned(name: &[u8]) -> Option<(String, &[u8])> {
    let (number, rest) = name.split_once_str("__")?;
    let is_number = number.first().is_some_and(u8::is_ascii_digit)
        && number.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'_'));
    is_number.then(|| (short(&number.to_str_lossy().replace('_', ".")), rest))
}

/// Digits and a separator; a date is one number with its parts.
fn leading(name: &[u8]) -> Option<(String, &[u8])> {
    let digits = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut end = digits(name);
    if end == 0 {
        return None;
    }
    let is_year = end == 4 && matches!(&name[..2], b"19" | b"20");
    while is_year && matches!(name.get(end), Some(b'_' | b'-')) && digits(&name[end + 1..]) > 0 {
        end += 1 + digits(&name[end + 1..]);
    }
    matches!(name.get(end), Some(b'_' | b'-')).then(|| (short(&name[..end].to_str_lossy()), &name[end..]))
}

fn short(number: &str) -> String {
    match number.trim_start_matches('0') {
        "" => "0".to_owned(),
        rest => rest.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_number_and_what_is_not() {
        let of = |name: &'static str| numbered(name.into()).map(|(number, title)| format!("{number} {title}"));
        for (name, expected) in [
            ("0012_users.py", "12 users"),
            ("12-users.up.sql", "12 users"),
            ("20240501120000_users.rb", "20240501120000 users"),
            ("2024_05_01_120000_create.php", "2024_05_01_120000 create"),
            ("2024-05-01-120000_users", "2024-05-01-120000 users"),
            ("V12__users.sql", "12 users"),
            ("V1_2__users.sql", "1.2 users"),
            ("V1.2__users.sql", "1.2 users"),
            ("000_start.sql", "0 start"),
        ] {
            assert_eq!(of(name), Some(expected.to_owned()), "{name}");
        }
        for name in ["users.sql", "1.png", "12", "12_.sql", "3d.rs", "V12.sql", "Vx__y", "7z-x", "2024-05-01.md", ""] {
            assert_eq!(of(name), None, "{name}");
        }
    }
}
