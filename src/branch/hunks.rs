//! What each side of a conflict did to the base, as hunks with three lines of context, for a person to read.
//!
//! The lines are counted in the files that git was merging. Where the colliding regions are known, changes elsewhere in
//! the file are left out.

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};
use gix::diff::blob::Hunk as Change;
use gix::diff::blob::sources::byte_lines;
use gix::objs::tree::EntryKind;

use super::blob::TOO_LARGE;
use super::regions::{Lines, Region, hunks, is_binary, regions};
use crate::git::merge_tree::{ConflictKind, Stage, Stages};
use crate::git::scratch::Scratch;

/// How many unchanged lines are shown around a change.
const CONTEXT: u32 = 3;

/// What the two sides did to a path, first side first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sides {
    /// What became of the base on the first side.
    pub a: Side,
    /// What became of the base on the second side.
    pub b: Side,
}

/// What one side did to a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// The changed lines; none when the content is that of the base.
    Hunks(Vec<Hunk>),
    /// It does not have the path, but the base does.
    Deleted,
    /// Neither it nor the base has the path.
    Absent,
    /// Not text.
    Binary,
    /// A file of more than 4 MiB.
    TooLarge,
    /// A submodule, at this commit.
    Submodule(ObjectId),
    /// A symbolic link, to this place.
    Symlink(BString),
    /// An object is missing or cannot be read, as in a partial clone.
    Missing(ObjectId),
}

/// Lines of the base and what became of them. The header's ranges follow git: see [`Hunk::header`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// In the base.
    pub before: Lines,
    /// In the side's file.
    pub after: Lines,
    /// The lines, in the order of a unified diff.
    pub lines: Vec<Line>,
}

/// One line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What became of it.
    pub tag: Tag,
    /// Its bytes, without the newline.
    pub text: BString,
    /// Whether a newline ends it; only a file's last line may lack it.
    pub ends: bool,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// It is in both.
    Context,
    /// Only the base has it.
    Removed,
    /// Only the side has it.
    Added,
}

impl Hunk {
    /// `@@ -a,b +c,d @@` as git writes it.
    pub fn header(&self) -> String {
        let range = |lines: Lines| match lines.lines {
            0 => format!("{},0", lines.start - 1),
            1 => lines.start.to_string(),
            number => format!("{},{number}", lines.start),
        };
        format!("@@ -{} +{} @@", range(self.before), range(self.after))
    }
}

/// What both sides of a conflict did to the base. Nothing when neither side has the path, as for a renamed file's old
/// name, and for kinds of conflicts that this program does not know.
pub fn of_conflict(scratch: &Scratch, stages: &Stages, kind: &ConflictKind) -> Option<Sides> {
    if matches!(kind, ConflictKind::Other(_)) || (stages.ours.is_none() && stages.theirs.is_none()) {
        return None;
    }
    let read = |stage: Option<Stage>| stage.map(|stage| content(scratch, stage));
    let (base, ours, theirs) = (read(stages.base), read(stages.ours), read(stages.theirs));
    let empty = Vec::new();
    let base_text = match &base {
        None => Some(&empty),
        Some(Ok(text)) => Some(text),
        Some(Err(_)) => None,
    };
    let places = match (base_text, &ours, &theirs) {
        (Some(base), Some(Ok(ours)), Some(Ok(theirs))) => regions(base, ours, theirs),
        _ => Vec::new(),
    };
    let side = |own: Option<Result<Vec<u8>, Side>>| match (own, &base) {
        (None, None) => Side::Absent,
        (None, Some(_)) => Side::Deleted,
        (Some(Err(note)), _) => note,
        (Some(Ok(text)), None) => Side::Hunks(unified(&[], &text, &places)),
        (Some(Ok(text)), Some(Ok(base))) => Side::Hunks(unified(base, &text, &places)),
        // What a link or a submodule became is all new; a base that cannot be read leaves nothing to compare with.
        (Some(Ok(text)), Some(Err(Side::Symlink(_) | Side::Submodule(_)))) => Side::Hunks(unified(&[], &text, &[])),
        (Some(Ok(_)), Some(Err(note))) => note.clone(),
    };
    Some(Sides { a: side(ours), b: side(theirs) })
}

/// The text of a stage, or why there is none.
fn content(scratch: &Scratch, stage: Stage) -> Result<Vec<u8>, Side> {
    if stage.mode.kind() == EntryKind::Commit {
        return Err(Side::Submodule(stage.id));
    }
    let data = scratch.find(stage.id).map_err(|_| Side::Missing(stage.id))?.data;
    match stage.mode.kind() {
        EntryKind::Link => Err(Side::Symlink(data.into())),
        _ if data.len() as u64 > TOO_LARGE => Err(Side::TooLarge),
        _ if is_binary(&data) => Err(Side::Binary),
        _ => Ok(data),
    }
}

/// The hunks of a unified diff; with regions only the changes that touch one of them.
pub fn unified(before: &[u8], after: &[u8], regions: &[Region]) -> Vec<Hunk> {
    let touches = |change: &Change| {
        regions.is_empty()
            || regions.iter().any(|region| {
                let start = region.base.start - 1;
                change.before.start <= start + region.base.lines && start <= change.before.end
            })
    };
    let files = (byte_lines(before).collect::<Vec<_>>(), byte_lines(after).collect::<Vec<_>>());
    let all = hunks(before, after);
    let mut groups: Vec<Vec<Change>> = Vec::new();
    // Changes whose contexts meet are one hunk. One that touches no region is kept only between two that do.
    for group in all.chunk_by(|one, next| next.before.start - one.before.end <= 2 * CONTEXT) {
        let (first, last) = (group.iter().position(touches), group.iter().rposition(touches));
        if let (Some(first), Some(last)) = (first, last) {
            groups.push(group[first..=last].to_vec());
        }
    }
    groups.iter().map(|group| hunk(&files.0, &files.1, group, &all)).collect()
}

/// One hunk with context, which ends where a change begins that is left out.
fn hunk(before: &[&[u8]], after: &[&[u8]], group: &[Change], all: &[Change]) -> Hunk {
    let (first, last) = (&group[0], &group[group.len() - 1]);
    let earlier = all.iter().map(|change| change.before.end).filter(|end| *end < first.before.start).max().unwrap_or(0);
    let later = all.iter().find(|change| change.before.start > last.before.end).map(|change| change.before.start);
    let lead = CONTEXT.min(first.before.start - earlier);
    let end = later.unwrap_or(before.len() as u32).min(last.before.end + CONTEXT);
    let start = first.before.start - lead;
    let mut lines = Vec::new();
    let mut at = start;
    for change in group {
        lines.extend(before[at as usize..change.before.start as usize].iter().map(|text| line(Tag::Context, text)));
        let (old, new) = (&change.before, &change.after);
        lines.extend(before[old.start as usize..old.end as usize].iter().map(|text| line(Tag::Removed, text)));
        lines.extend(after[new.start as usize..new.end as usize].iter().map(|text| line(Tag::Added, text)));
        at = old.end;
    }
    lines.extend(before[at as usize..end as usize].iter().map(|text| line(Tag::Context, text)));
    let after_start = first.after.start - lead;
    let after_end = last.after.end + (end - last.before.end);
    Hunk {
        before: Lines { start: start + 1, lines: end - start },
        after: Lines { start: after_start + 1, lines: after_end - after_start },
        lines,
    }
}

fn line(tag: Tag, text: &[u8]) -> Line {
    let ends = text.ends_with(b"\n");
    Line { tag, text: text.strip_suffix(b"\n").unwrap_or(text).as_bstr().to_owned(), ends }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(hunks: &[Hunk]) -> String {
        let mut text = String::new();
        for hunk in hunks {
            text.push_str(&format!("{}\n", hunk.header()));
            for line in &hunk.lines {
                let tag = match line.tag {
                    Tag::Context => ' ',
                    Tag::Removed => '-',
                    Tag::Added => '+',
                };
                let end = if line.ends { "" } else { "\n\\ No newline at end of file" };
                text.push_str(&format!("{tag}{}{end}\n", line.text));
            }
        }
        text
    }

    #[test]
    fn changes_outside_of_the_regions_are_left_out() {
        let base: String = (1..=30).map(|number| format!("{number}\n")).collect();
        let a = base.replace("\n5\n", "\nfive\n").replace("\n25\n", "\na\n");
        let b = base.replace("\n25\n", "\nb\n");
        let places = regions(base.as_bytes(), a.as_bytes(), b.as_bytes());
        let text = shown(&unified(base.as_bytes(), a.as_bytes(), &places));
        assert_eq!(text, "@@ -22,7 +22,7 @@\n 22\n 23\n 24\n-25\n+a\n 26\n 27\n 28\n");
    }

    /// The same hunks as `git diff` for small random files.
    #[test]
    fn hunks_are_those_of_git() {
        let mut random = fastrand::Rng::with_seed(7);
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..60 {
            let base: Vec<String> = (0..random.usize(0..30)).map(|number| format!("{number}\n")).collect();
            let mut side = base.clone();
            for number in 0..random.usize(1..5) {
                let at = random.usize(0..=side.len());
                match random.u8(0..2) {
                    0 if at < side.len() => drop(side.remove(at)),
                    _ => side.insert(at, format!("new {number}\n")),
                }
            }
            let (base, mut side) = (base.concat(), side.concat());
            if random.bool() {
                side.pop();
            }
            std::fs::write(dir.path().join("base"), &base).unwrap();
            std::fs::write(dir.path().join("side"), &side).unwrap();
            let args = ["diff", "--no-index", "--histogram", "--no-indent-heuristic", "--no-color", "base", "side"];
            let output = crate::git::Git::at(dir.path()).args(args).run().unwrap();
            let text = String::from_utf8(output.stdout.clone()).unwrap();
            // git tells the line before a hunk as its heading.
            let hunks = text.lines().skip_while(|line| !line.starts_with("@@"));
            let bare = |line: &str| match line.strip_prefix("@@").and_then(|rest| rest.find("@@")) {
                Some(at) => line[..at + 4].to_owned(),
                None => line.to_owned(),
            };
            let expected: String = hunks.map(|line| bare(line) + "\n").collect();
            assert_eq!(shown(&unified(base.as_bytes(), side.as_bytes(), &[])), expected);
        }
    }
}
