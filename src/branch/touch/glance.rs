//! A quick look at who is changing a path: for a question that is asked before every edit.
//!
//! No history is listed, and where the files of a worktree are text, no git is started: what differs from the commit by
//! more than line ends is a change. Where only git can tell it is asked, a few times at most; beyond that the answer
//! is that nobody looked.

use std::cell::Cell;
use std::fs;
use std::path::Path;

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice};

use super::super::BranchError;
use super::super::blob::Blobs;
use super::super::changes::tree_of;
use super::super::folder::Folders;
use super::on_disk::{Disk, ask_git};
use crate::git::Repository;
use crate::git::merge_tree::Stage;
use crate::git::repository::path_of;
use crate::git::scratch::Scratch;

/// How often git is asked in one look.
const CHILDREN: u32 = 4;
/// How many pairs of a branch and a path are looked at: about 20 ms.
const PAIRS: usize = 1_000;

/// A branch to be looked at.
#[derive(Debug, Clone, Copy)]
pub struct Branch<'a> {
    /// Its tip.
    pub tip: ObjectId,
    /// Where it is checked out.
    pub worktree: Option<&'a Path>,
}

/// What a quick look saw of one path on one branch. What is unchanged and certain is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The branch's number.
    pub branch: usize,
    /// The path's number.
    pub path: usize,
    /// Its commits change the path. Absent: they could not be read, or nobody looked.
    pub committed: Option<bool>,
    /// Its worktree changes it beyond that.
    pub uncommitted: Option<bool>,
}

/// Look at the paths (literal, from the top, files or folders) on the branches.
///
/// # Errors
/// The target cannot be read.
pub fn glance(
    repository: &Repository,
    scratch: &Scratch,
    target: ObjectId,
    branches: &[Branch<'_>],
    paths: &[BString],
) -> Result<Vec<Seen>, BranchError> {
    let look = Look {
        repository,
        scratch,
        folders: Folders::new(scratch),
        blobs: Blobs::new(scratch),
        target,
        children: Cell::new(CHILDREN),
    };
    let there = tree_of(scratch, target)?;
    let mut seen = Vec::new();
    let mut pairs = 0;
    for (branch, one) in branches.iter().enumerate() {
        let mut bases = None;
        for (path, name) in paths.iter().enumerate() {
            pairs += 1;
            let (committed, uncommitted) = match pairs > PAIRS {
                true => (None, None),
                false => look.at(one, there, &mut bases, name.as_ref()),
            };
            if committed != Some(false) || uncommitted != Some(false) {
                seen.push(Seen { branch, path, committed, uncommitted });
            }
        }
    }
    Ok(seen)
}

/// What is the same for all branches.
struct Look<'a> {
    repository: &'a Repository,
    scratch: &'a Scratch,
    folders: Folders<'a>,
    blobs: Blobs<'a>,
    target: ObjectId,
    children: Cell<u32>,
}

impl Look<'_> {
    /// Whether the branch's commits change the path, and whether its worktree does.
    fn at(
        &self,
        branch: &Branch<'_>,
        there: ObjectId,
        bases: &mut Option<Vec<ObjectId>>,
        path: &BStr,
    ) -> (Option<bool>, Option<bool>) {
        let Ok(tip) = tree_of(self.scratch, branch.tip) else { return (None, None) };
        let (Ok(own), Ok(target)) = (self.folders.at(tip, path), self.folders.at(there, path)) else {
            return (None, None);
        };
        let is_as = |base: &ObjectId| self.folders.at(*base, path).is_ok_and(|before| before == own);
        let committed = own != target && !bases.get_or_insert_with(|| self.bases(branch.tip)).iter().any(is_as);
        let uncommitted = branch.worktree.map_or(Some(false), |top| self.on_disk(top, path, own));
        (Some(committed), uncommitted)
    }

    /// The files where the branch left the target.
    fn bases(&self, tip: ObjectId) -> Vec<ObjectId> {
        let found = self.repository.gix().merge_bases_many(self.target, &[tip]).unwrap_or_default();
        found.iter().filter_map(|base| tree_of(self.scratch, base.detach()).ok()).collect()
    }

    fn on_disk(&self, top: &Path, path: &BStr, own: Option<Stage>) -> Option<bool> {
        let disk = Disk { top, folders: &self.folders, blobs: &self.blobs };
        if disk.is_as_committed(path, own) {
            return Some(false);
        }
        let place = top.join(path_of(path));
        let is_file = place.symlink_metadata().is_ok_and(|found| found.is_file());
        let text = own.filter(|_| is_file).and_then(|stage| self.blobs.text(stage));
        // What is no file is not opened: a pipe would wait for somebody who writes.
        if let Some(before) = text
            && let Ok(now) = fs::read(&place)
        {
            return Some(before.replace("\r\n", "\n") != now.replace("\r\n", "\n"));
        }
        if own.is_some_and(|own| !own.mode.is_tree()) && place.symlink_metadata().is_err() {
            return Some(true);
        }
        self.children.set(self.children.get().checked_sub(1)?);
        ask_git(top, &[path]).ok().map(|changed| !changed.is_empty())
    }
}
