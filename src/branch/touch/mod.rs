//! Who is changing a path: in commits that the target does not have, or in a worktree, not committed yet.
//!
//! Asked by editors and agents before every edit, so it merges nothing and starts no git where the files are as the
//! branch has them. As everywhere, what counts of uncommitted work is what the files say: something staged and taken
//! back in the file is no change.

pub mod glance;
mod on_disk;

use std::collections::BTreeSet;

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice};

use super::blob::Blobs;
use super::changes::{between, tree_of};
use super::facts::LeftOut;
use super::folder::{Folders, joined};
use super::history::{History, histories};
use super::regions::{Lines, hunks, is_binary};
use super::{BranchError, Candidate};
use crate::git::Repository;
use crate::git::merge_tree::Stage;
use crate::git::scratch::Scratch;
use on_disk::{Disk, OnDisk};

/// A path that a candidate changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// The candidate's number.
    pub candidate: usize,
    /// Where; below what was asked for, when that is a folder.
    pub path: BString,
    /// Its commits change it.
    pub committed: bool,
    /// Its worktree changes it, beyond what is committed.
    pub uncommitted: bool,
    /// What becomes of the file, all in all.
    pub kind: TouchKind,
    /// Where in the file; nothing for what is not text.
    pub places: Vec<Place>,
}

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TouchKind {
    /// It was not there.
    Added,
    /// It has other content, or is something else (a symlink, a submodule).
    Modified,
    /// It is not there any more, perhaps under another name.
    Deleted,
    /// Only whether it can be executed.
    Mode,
}

/// Lines that are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// In the candidate's file.
    pub own: Lines,
    /// In the file as it was where the candidate left the target.
    pub base: Lines,
}

/// Who changes the paths that were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touches {
    /// What is changed, by candidate and path.
    pub found: Vec<Touch>,
    /// The candidates whose commits cannot be read, with the reason.
    pub unknown: Vec<(usize, String)>,
    /// The candidates whose uncommitted work was left out.
    pub left_out: Vec<(usize, LeftOut)>,
}

/// Which candidates change one of `paths`, or something below one of them. Paths are relative to the top, literal, and
/// need not exist; the empty path is everything.
///
/// # Errors
/// The target cannot be read.
pub fn touches(
    repository: &Repository,
    scratch: &Scratch,
    target: ObjectId,
    candidates: &[Candidate],
    paths: &[BString],
) -> Result<Touches, BranchError> {
    let commit = |candidate: &Candidate| if candidate.broken.is_some() { target } else { candidate.commit };
    let commits: Vec<_> = candidates.iter().map(commit).collect();
    let histories = histories(repository, target, &commits)?;
    let asking = Asking {
        scratch,
        folders: Folders::new(scratch),
        blobs: Blobs::new(scratch),
        target: tree_of(scratch, target)?,
        paths,
    };
    let mut touches = Touches::default();
    for (number, (candidate, history)) in candidates.iter().zip(&histories.each).enumerate() {
        let answer = match history {
            _ if candidate.broken.is_some() => Err(candidate.broken.clone().unwrap_or_default()),
            Ok(history) => asking.of(number, candidate, history, &mut touches),
            Err(reason) => Err(reason.clone()),
        };
        if let Err(reason) = answer {
            touches.unknown.push((number, reason));
        }
    }
    Ok(touches)
}

/// What is the same for all candidates.
struct Asking<'a> {
    scratch: &'a Scratch,
    folders: Folders<'a>,
    blobs: Blobs<'a>,
    target: ObjectId,
    paths: &'a [BString],
}

impl Asking<'_> {
    /// Add what one candidate changes; an error is why its commits cannot be read.
    fn of(&self, number: usize, candidate: &Candidate, history: &History, touches: &mut Touches) -> Result<(), String> {
        let told = |error: BranchError| error.to_string();
        let tip = tree_of(self.scratch, candidate.commit).map_err(told)?;
        let bases: Result<Vec<_>, _> = history.bases.iter().map(|base| tree_of(self.scratch, *base)).collect();
        let bases = bases.map_err(told)?;
        let committed =
            if history.own.is_empty() { BTreeSet::new() } else { self.committed(tip, &bases).map_err(told)? };
        let uncommitted = match self.uncommitted(candidate, tip) {
            Ok(paths) => paths,
            Err(reason) => {
                touches.left_out.push((number, reason));
                BTreeSet::new()
            }
        };
        let base = bases.first().copied().unwrap_or_else(|| ObjectId::empty_tree(tip.kind()));
        for path in committed.union(&uncommitted) {
            let old = self.folders.at(base, path.as_ref()).map_err(told)?;
            let disk = candidate.worktree.as_deref().filter(|_| uncommitted.contains(path));
            let own = match disk {
                Some(top) => OnDisk::read(top, path.as_ref()),
                None => self.folders.at(tip, path.as_ref()).map_err(told)?.map(|stage| self.stored(stage)),
            };
            let (kind, places) = self.compared(old, own.as_ref());
            touches.found.push(Touch {
                candidate: number,
                path: path.clone(),
                committed: committed.contains(path),
                uncommitted: uncommitted.contains(path),
                kind,
                places,
            });
        }
        Ok(())
    }

    /// What its commits change since it left the target, and otherwise than the target has it now.
    fn committed(&self, tip: ObjectId, bases: &[ObjectId]) -> Result<BTreeSet<BString>, BranchError> {
        let mut found = BTreeSet::new();
        let empty = [ObjectId::empty_tree(tip.kind())];
        let bases = if bases.is_empty() { &empty } else { bases };
        for path in self.paths {
            let mut since: Option<BTreeSet<BString>> = None;
            // With several merge bases, what is as in one of them was not changed here.
            for old in bases.iter().chain([&self.target]) {
                let differs = self.differences(*old, tip, path.as_ref())?;
                since = Some(match since {
                    Some(before) => before.intersection(&differs).cloned().collect(),
                    None => differs,
                });
                if since.as_ref().is_some_and(BTreeSet::is_empty) {
                    break;
                }
            }
            found.extend(since.into_iter().flatten());
        }
        Ok(found)
    }

    /// The files at or below a path that are not the same in two trees.
    fn differences(&self, old: ObjectId, new: ObjectId, path: &BStr) -> Result<BTreeSet<BString>, BranchError> {
        let (before, after) = (self.folders.at(old, path)?, self.folders.at(new, path)?);
        let mut found = BTreeSet::new();
        if before == after {
            return Ok(found);
        }
        let is_folder = |stage: &Option<Stage>| stage.is_some_and(|stage| stage.mode.is_tree());
        if [before, after].iter().any(|stage| stage.is_some() && !is_folder(stage)) {
            found.insert(path.to_owned());
        }
        if is_folder(&before) || is_folder(&after) {
            let tree = |stage: Option<Stage>| {
                stage.filter(|stage| stage.mode.is_tree()).map_or(ObjectId::empty_tree(new.kind()), |stage| stage.id)
            };
            let changes = between(self.scratch, tree(before), tree(after))?;
            found.extend(changes.iter().map(|change| joined(path, change.path.as_ref())));
        }
        Ok(found)
    }

    /// What its worktree changes.
    fn uncommitted(&self, candidate: &Candidate, tip: ObjectId) -> Result<BTreeSet<BString>, LeftOut> {
        if let Some(reason) = &candidate.away {
            return Err(reason.clone());
        }
        let Some(top) = &candidate.worktree else { return Ok(BTreeSet::new()) };
        if let Some(doing) = &candidate.busy {
            return Err(LeftOut::Busy { doing: doing.clone() });
        }
        let failed = |reason: String| LeftOut::Failed { reason };
        let disk = Disk { top, folders: &self.folders, blobs: &self.blobs };
        let mut unsure = Vec::new();
        for path in self.paths {
            let committed = self.folders.at(tip, path.as_ref()).map_err(|error| failed(error.to_string()))?;
            if !disk.is_as_committed(path.as_ref(), committed) {
                unsure.push(path.as_bstr());
            }
        }
        if unsure.is_empty() {
            return Ok(BTreeSet::new());
        }
        on_disk::ask_git(top, &unsure).map_err(|error| failed(error.to_string()))
    }

    fn stored(&self, stage: Stage) -> OnDisk {
        OnDisk { mode: stage.mode, bytes: self.blobs.text(stage).map(|bytes| bytes.to_vec()), id: Some(stage.id) }
    }

    /// What became of a file, and where in it.
    fn compared(&self, old: Option<Stage>, own: Option<&OnDisk>) -> (TouchKind, Vec<Place>) {
        let old = old.filter(|old| !old.mode.is_tree());
        let (old, own) = match (old, own) {
            (_, None) => return (TouchKind::Deleted, Vec::new()),
            (None, Some(own)) => {
                let places = own.text().map(|text| places(b"", text)).unwrap_or_default();
                return (TouchKind::Added, places);
            }
            (Some(old), Some(own)) => (old, own),
        };
        let before = self.blobs.text(old);
        let is_same = own.id == Some(old.id) || (before.is_some() && before.as_deref() == own.text());
        if is_same && own.mode != old.mode {
            return (TouchKind::Mode, Vec::new());
        }
        let found = before.as_deref().zip(own.text()).map(|(before, after)| places(before, after));
        (TouchKind::Modified, found.unwrap_or_default())
    }
}

/// Where two versions of a file differ. Line ends that a checkout made are no difference.
fn places(base: &[u8], own: &[u8]) -> Vec<Place> {
    if is_binary(base) || is_binary(own) {
        return Vec::new();
    }
    let checked_out = own.contains_str("\r\n") && !base.is_empty() && !base.contains_str("\r\n");
    let own = if checked_out { own.replace("\r\n", "\n") } else { own.to_vec() };
    let lines = |range: std::ops::Range<u32>| Lines { start: range.start + 1, lines: range.end - range.start };
    let place = |hunk: gix::diff::blob::Hunk| Place { own: lines(hunk.after), base: lines(hunk.before) };
    hunks(base, &own).into_iter().map(place).collect()
}

#[cfg(test)]
mod tests;
