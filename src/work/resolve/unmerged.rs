//! What waits for somebody in a worktree: the paths that git could not merge, and the commit that it was at.

use std::collections::BTreeMap;
use std::path::Path;

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};
use gix::objs::tree::{EntryKind, EntryMode};

use crate::git::merge_tree::{ConflictKind, Stage, Stages};
use crate::git::worktrees::Worktree;
use crate::git::{Git, GitError};

/// A path that git could not merge, as the index has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmerged {
    /// From the top of the worktree.
    pub path: BString,
    /// As far as the sides tell it.
    pub kind: ConflictKind,
    /// The sides: ours is the target's in a rebase and the branch's in a merge, as git has it.
    pub stages: Stages,
}

/// How far a rebase has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// The commit that it applies.
    pub commit: ObjectId,
    /// Its subject.
    pub subject: String,
    /// Which one of them it is, from 1; none where git does not say.
    pub number: Option<(usize, usize)>,
}

/// The unmerged paths of a worktree.
///
/// # Errors
/// Everything in [`GitError`] but `TooOld`.
pub fn unmerged(worktree: &Worktree) -> Result<Vec<Unmerged>, GitError> {
    let child = worktree.git().without_locks().args(["ls-files", "--unmerged", "-z"]);
    let line = child.line();
    let output = child.stdout()?;
    let mut paths: BTreeMap<BString, Stages> = BTreeMap::new();
    for record in output.split_str("\0").filter(|record| !record.is_empty()) {
        let detail = || GitError::Answer { command: line.clone(), detail: record.to_str_lossy().into_owned() };
        let (path, number, stage) = parse(record).ok_or_else(detail)?;
        let stages = paths.entry(path).or_default();
        match number {
            1 => stages.base = Some(stage),
            2 => stages.ours = Some(stage),
            _ => stages.theirs = Some(stage),
        }
    }
    Ok(paths.into_iter().map(|(path, stages)| Unmerged { path, kind: kind(&stages), stages }).collect())
}

/// `<mode> <id> <stage>` TAB path
fn parse(record: &[u8]) -> Option<(BString, u8, Stage)> {
    let (head, path) = record.split_once_str("\t")?;
    let mut words = head.split_str(" ");
    let mode = EntryMode::try_from(u32::from_str_radix(words.next()?.to_str().ok()?, 8).ok()?).ok()?;
    let id = ObjectId::from_hex(words.next()?).ok()?;
    let number = words.next()?.to_str().ok()?.parse().ok()?;
    Some((path.into(), number, Stage { mode, id }))
}

/// What the sides tell of the kind. That a file is not text, or was renamed, they do not.
fn kind(stages: &Stages) -> ConflictKind {
    let both = stages.ours.zip(stages.theirs);
    let of = |stage: &Stage| match stage.mode.kind() {
        EntryKind::BlobExecutable => EntryKind::Blob,
        kind => kind,
    };
    match (stages.base, both) {
        (_, Some((ours, theirs))) if of(&ours) != of(&theirs) => ConflictKind::DistinctTypes,
        (_, Some((ours, _))) if ours.mode.is_commit() => ConflictKind::Submodule,
        (Some(_), Some((ours, theirs))) if ours.id == theirs.id => ConflictKind::Mode,
        (Some(_), Some(_)) => ConflictKind::Content,
        (None, Some(_)) => ConflictKind::AddAdd,
        (Some(_), None) if stages.ours.is_some() || stages.theirs.is_some() => ConflictKind::ModifyDelete,
        _ => ConflictKind::RenameRename,
    }
}

/// Where the rebase in this worktree stands; none when git does not say.
pub fn at(worktree: &Worktree) -> Option<At> {
    let folder = worktree.git_dir.as_deref()?.join("rebase-merge");
    let commit = text(&folder.join("stopped-sha"))?;
    // It may be a short one.
    let show = worktree.git().args(["show", "-s", "--no-show-signature", "--format=%H%x00%s", &commit]);
    let shown = show.text().ok()?;
    let (id, subject) = shown.split_once('\0')?;
    let count = |name: &str| text(&folder.join(name))?.parse().ok();
    let number = count("msgnum").zip(count("end"));
    Some(At { commit: ObjectId::from_hex(id.as_bytes()).ok()?, subject: subject.to_owned(), number })
}

/// One line of a file of git's; none when it is empty or not there.
pub(super) fn text(file: &Path) -> Option<String> {
    let bytes = std::fs::read(file).ok()?;
    Some(bytes.to_str_lossy().trim().to_owned()).filter(|text| !text.is_empty())
}

/// A child that works as the user would in that folder.
pub(super) fn there(worktree: &Worktree) -> Git {
    Git::at(&worktree.path)
}
