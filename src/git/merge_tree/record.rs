//! The records that `git merge-tree --stdin -z --messages` writes.
//!
//! `<status> NUL <tree> NUL (<mode> <id> <stage> TAB <path> NUL)* NUL (<n> NUL (<path> NUL){n} <type> NUL <message>
//! NUL)* NUL`, where status 1 is clean and 0 a conflict. The types are stable strings; the messages are for people.

use std::collections::BTreeMap;
use std::io::BufRead;

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};
use gix::objs::tree::EntryMode;

use super::{ConflictKind, ConflictPath, Merge, Stage, Stages};

/// Why there is no record.
#[derive(Debug)]
pub(super) enum Incomplete {
    /// git ended before it wrote it.
    Ended,
    /// It could not be read.
    Io(std::io::Error),
    /// It is not of the form above.
    Malformed(String),
}

/// One informational or conflict message.
struct Message {
    paths: Vec<BString>,
    kind: String,
}

/// Read one whole record.
pub(super) fn read(from: &mut impl BufRead) -> Result<Merge, Incomplete> {
    let (clean, tree) = read_head(from)?;
    let mut stages: BTreeMap<BString, Stages> = BTreeMap::new();
    loop {
        let entry = field(from)?;
        if entry.is_empty() {
            break;
        }
        let (path, number, stage) = parse_stage(&entry).ok_or_else(|| malformed("unmerged entry", &entry))?;
        let stages = stages.entry(path).or_default();
        match number {
            1 => stages.base = Some(stage),
            2 => stages.ours = Some(stage),
            _ => stages.theirs = Some(stage),
        }
    }
    let messages = read_messages(from)?;
    Ok(if clean { Merge::Clean { tree } } else { Merge::Conflict { tree, paths: conflicts(stages, &messages) } })
}

/// Read the record of the flush question, all but its end mark.
pub(super) fn read_flush(from: &mut impl BufRead) -> Result<(), Incomplete> {
    read_head(from)?;
    read_end(from)
}

/// Read an end mark.
pub(super) fn read_end(from: &mut impl BufRead) -> Result<(), Incomplete> {
    let end = field(from)?;
    if end.is_empty() { Ok(()) } else { Err(malformed("end of a record", &end)) }
}

fn read_head(from: &mut impl BufRead) -> Result<(bool, ObjectId), Incomplete> {
    let status = field(from)?;
    let clean = match status.as_slice() {
        b"1" => true,
        b"0" => false,
        _ => return Err(malformed("status", &status)),
    };
    let tree = field(from)?;
    let tree = ObjectId::from_hex(&tree).map_err(|_| malformed("tree", &tree))?;
    Ok((clean, tree))
}

fn read_messages(from: &mut impl BufRead) -> Result<Vec<Message>, Incomplete> {
    let mut messages = Vec::new();
    loop {
        let count = field(from)?;
        if count.is_empty() {
            return Ok(messages);
        }
        let number = count.to_str().ok().and_then(|text| text.parse::<usize>().ok());
        let number = number.ok_or_else(|| malformed("number of paths", &count))?;
        let paths = (0..number).map(|_| field(from).map(BString::from)).collect::<Result<_, _>>()?;
        let kind = field(from)?.to_str_lossy().into_owned();
        field(from)?;
        messages.push(Message { paths, kind });
    }
}

/// One field without its NUL.
fn field(from: &mut impl BufRead) -> Result<Vec<u8>, Incomplete> {
    let mut bytes = Vec::new();
    from.read_until(0, &mut bytes).map_err(Incomplete::Io)?;
    match bytes.pop() {
        Some(0) => Ok(bytes),
        _ => Err(Incomplete::Ended),
    }
}

fn malformed(what: &str, found: &[u8]) -> Incomplete {
    Incomplete::Malformed(format!("{what}: {:?}", found.as_bstr()))
}

fn parse_stage(entry: &[u8]) -> Option<(BString, u8, Stage)> {
    let (head, path) = entry.split_once_str("\t")?;
    let mut words = head.fields();
    let mode = EntryMode::from_bytes(words.next()?)?;
    let id = ObjectId::from_hex(words.next()?).ok()?;
    let number = words.next()?.to_str().ok()?.parse().ok().filter(|number| (1..=3).contains(number))?;
    Some((path.into(), number, Stage { mode, id }))
}

/// Say of every unmerged path what is wrong with it.
fn conflicts(stages: BTreeMap<BString, Stages>, messages: &[Message]) -> Vec<ConflictPath> {
    let mut kinds: BTreeMap<&BString, ConflictKind> = BTreeMap::new();
    for message in messages {
        let Some(kind) = kind_of(&message.kind) else { continue };
        let unmerged = message.paths.iter().filter(|path| stages.contains_key(*path));
        // A conflict between folders names no unmerged path; it is told at the first path that it names.
        let lone = message.paths.first().filter(|_| !message.paths.iter().any(|path| stages.contains_key(path)));
        for path in unmerged.chain(lone) {
            let known = kinds.entry(path).or_insert_with(|| kind.clone());
            // What happened to names explains more than that the content does not merge either.
            if *known == ConflictKind::Content || (*known == ConflictKind::Binary && kind != ConflictKind::Content) {
                *known = kind.clone();
            }
        }
    }
    let mut paths: BTreeMap<BString, ConflictPath> = BTreeMap::new();
    for (path, kind) in kinds {
        let stages = stages.get(path).copied().unwrap_or_default();
        let kind = refined(kind, &stages);
        paths.insert(path.clone(), ConflictPath { path: path.clone(), kind, stages });
    }
    for (path, stages) in stages {
        let kind = refined(unexplained(&stages), &stages);
        paths.entry(path.clone()).or_insert(ConflictPath { path, kind, stages });
    }
    paths.into_values().collect()
}

/// The kind that a message type stands for; none for what is only told.
fn kind_of(message: &str) -> Option<ConflictKind> {
    // Some types lack the blank before the parenthesis.
    let name = message.strip_prefix("CONFLICT").map(|rest| rest.trim_start().trim_matches(['(', ')']));
    Some(match name {
        Some("contents") => ConflictKind::Content,
        Some("binary") => ConflictKind::Binary,
        Some("file/directory") => ConflictKind::FileDirectory,
        Some("distinct modes") => ConflictKind::DistinctTypes,
        Some("modify/delete") => ConflictKind::ModifyDelete,
        Some("rename/rename" | "rename involved in collision") => ConflictKind::RenameRename,
        Some("rename/delete") => ConflictKind::RenameDelete,
        Some(name) if name.contains("directory rename") => ConflictKind::DirectoryRename,
        Some(name) if name.starts_with("submodule") => ConflictKind::Submodule,
        Some(name) => ConflictKind::Other(name.to_owned()),
        None if message.starts_with("ERROR") => ConflictKind::Other(message.to_owned()),
        None => return None,
    })
}

/// git says "contents" of several things that the sides of the path tell apart.
fn refined(kind: ConflictKind, stages: &Stages) -> ConflictKind {
    let sides = [stages.base, stages.ours, stages.theirs];
    if !matches!(kind, ConflictKind::Content) {
        return kind;
    }
    if sides.iter().flatten().any(|side| side.mode.is_commit()) {
        return ConflictKind::Submodule;
    }
    match (stages.base, stages.ours, stages.theirs) {
        (_, Some(ours), Some(theirs)) if ours.id == theirs.id && ours.mode != theirs.mode => ConflictKind::Mode,
        (None, Some(_), Some(_)) => ConflictKind::AddAdd,
        _ => kind,
    }
}

/// The kind of an unmerged path that no message speaks of.
fn unexplained(stages: &Stages) -> ConflictKind {
    match (stages.base, stages.ours, stages.theirs) {
        (_, Some(_), Some(_)) => ConflictKind::Content,
        (Some(_), Some(_), None) | (Some(_), None, Some(_)) => ConflictKind::ModifyDelete,
        _ => ConflictKind::Other("unmerged".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "d9a802be30ada935a17576bcbf94140696a43247";

    fn parsed(bytes: &str) -> Merge {
        read(&mut bytes.as_bytes()).unwrap()
    }

    #[test]
    fn a_clean_record_may_have_messages() {
        let text = format!("1\0{TREE}\0\x001\0f\0Auto-merging\0Auto-merging f\n\0\0rest");
        assert!(parsed(&text).clean_tree().is_some());
    }

    #[test]
    fn awkward_paths_are_kept() {
        let text = format!(
            "0\0{TREE}\0100644 {TREE} 1\ta\tb\n\"c\0100644 {TREE} 3\ta\tb\n\"c\0\x001\0a\tb\n\"c\0CONFLICT (modify/delete)\0\0\0"
        );
        let Merge::Conflict { paths, .. } = parsed(&text) else { panic!("a conflict") };
        assert_eq!(paths.len(), 1);
        assert_eq!(paths[0].path, "a\tb\n\"c");
        assert_eq!(paths[0].kind, ConflictKind::ModifyDelete);
        assert!(paths[0].stages.ours.is_none());
    }

    #[test]
    fn what_is_not_known_is_kept_in_gits_words() {
        let text = format!("0\0{TREE}\0\x001\0f\0CONFLICT (phase of the moon)\0\0\0");
        let Merge::Conflict { paths, .. } = parsed(&text) else { panic!("a conflict") };
        assert_eq!(paths[0].kind, ConflictKind::Other("phase of the moon".to_owned()));
    }

    #[test]
    fn a_cut_record_is_no_record() {
        assert!(matches!(read(&mut "1\0d9a8".as_bytes()), Err(Incomplete::Ended)));
        assert!(matches!(read(&mut "2\0".as_bytes()), Err(Incomplete::Malformed(_))));
    }
}
