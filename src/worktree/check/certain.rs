//! Where nobody needs to ask git whether a worktree can come along.
//!
//! The rules are those of git-read-tree(1), "Two Tree Merge": an entry that is as the old commit has it, and whose file
//! is as the index knows it, takes any change. Only what is certain is told. Whatever is out of the ordinary (entries
//! with flags, unmerged or sparse indexes, submodules, files of another time than the index knows) is git's to
//! judge.

use std::os::unix::fs::MetadataExt;

use gix::bstr::{BStr, ByteSlice};
use gix::index::entry::{Flags, Mode, Stat};
use gix::index::{Entry as Known, File as Index};

use super::super::follow::{Change, Entry};
use crate::git::Repository;
use crate::git::repository::path_of;
use crate::git::worktrees::Worktree;

/// Whether `git read-tree -m -u` takes these changes for certain. False is no answer: git has to be asked.
pub(super) fn takes(repo: &Repository, worktree: &Worktree, changes: &[Change]) -> bool {
    let ignores_case = repo.gix().config_snapshot().boolean("core.ignoreCase") == Some(true);
    let is_sparse = worktree.git_dir.as_ref().is_none_or(|dir| dir.join("info/sparse-checkout").exists());
    if ignores_case || is_sparse {
        return false;
    }
    let Some(index) = read(repo, worktree) else { return false };
    changes.iter().all(|change| takes_one(worktree, &index, change))
}

/// The index, where it is of the ordinary kind.
fn read(repo: &Repository, worktree: &Worktree) -> Option<Index> {
    let path = worktree.git_dir.as_deref()?.join("index");
    let options = gix::index::decode::Options { thread_limit: Some(1), ..Default::default() };
    // As git, which believes the index that it reads.
    let skip_hash = true;
    let index = Index::at(path, repo.gix().object_hash(), skip_hash, options).ok()?;
    let unusual = Flags::ASSUME_VALID | Flags::SKIP_WORKTREE | Flags::INTENT_TO_ADD | Flags::STAGE_MASK;
    let is_usual = |entry: &Known| !entry.flags.intersects(unusual);
    (!index.is_sparse() && index.entries().iter().all(is_usual)).then_some(index)
}

fn takes_one(worktree: &Worktree, index: &Index, change: &Change) -> bool {
    let is_submodule = |entry: &Option<Entry>| entry.as_ref().is_some_and(Entry::is_submodule);
    if is_submodule(&change.old) || is_submodule(&change.new) {
        return false;
    }
    let path = change.path.as_bstr();
    match &change.old {
        Some(old) => index.entry_by_path(path).is_some_and(|known| {
            known.id == old.id && mode_of(&old.mode) == Some(known.mode) && is_as_known(worktree, index, known, path)
        }),
        // Something of the index at the place, above or below it is either staged or goes with this very change.
        None => index.entry_by_path(path).is_none() && !is_around(index, path),
    }
}

fn mode_of(octal: &str) -> Option<Mode> {
    match octal {
        "100644" => Some(Mode::FILE),
        "100755" => Some(Mode::FILE_EXECUTABLE),
        "120000" => Some(Mode::SYMLINK),
        _ => None,
    }
}

/// Whether the index has a file where a folder of the path would be, or files below the path.
fn is_around(index: &Index, path: &BStr) -> bool {
    let is_file = |slash| index.entry_by_path(path[..slash].as_bstr()).is_some();
    let below = [path.as_bytes(), b"/"].concat();
    path.find_iter("/").any(is_file) || index.prefixed_entries(below.as_bstr()).is_some()
}

/// Whether the file is for certain the one of the index, as git tells it without reading: nothing about it has changed, and
/// the index is younger.
fn is_as_known(worktree: &Worktree, index: &Index, known: &Known, path: &BStr) -> bool {
    let Ok(data) = worktree.path.join(path_of(path)).symlink_metadata() else { return false };
    let is_of_mode = match known.mode {
        Mode::FILE => data.is_file() && data.mode() & 0o100 == 0,
        Mode::FILE_EXECUTABLE => data.is_file() && data.mode() & 0o100 != 0,
        Mode::SYMLINK => data.is_symlink(),
        _ => false,
    };
    let Stat { mtime, ctime, ino, uid, gid, size, .. } = known.stat;
    // git keeps the lower 32 bits of numbers.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as git does it")]
    let is_same = size == data.size() as u32
        && (mtime.secs, mtime.nsecs) == (data.mtime() as u32, data.mtime_nsec() as u32)
        && (ctime.secs, ctime.nsecs) == (data.ctime() as u32, data.ctime_nsec() as u32)
        && (ino, uid, gid) == (data.ino() as u32, data.uid(), data.gid());
    let time = index.timestamp();
    let is_older = (i64::from(mtime.secs), mtime.nsecs) < (time.unix_seconds(), time.nanoseconds());
    // An entry that was too young for its index is written with the size zero.
    let is_smudged = size == 0 && known.id != gix::ObjectId::empty_blob(known.id.kind());
    is_of_mode && is_same && is_older && !is_smudged
}
