//! Files of a worktree beside what its branch has.
//!
//! Here it is only ever found that nothing was changed. Whether a difference is one (line ends and filters), and
//! whether a new file is ignored, is git's to say. An agent may be writing meanwhile: whatever cannot be read is a
//! difference.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice};
use gix::objs::tree::{EntryKind, EntryMode};

use super::super::blob::{Blobs, TOO_LARGE};
use super::super::folder::{Entry, Folders, joined};
use crate::git::merge_tree::Stage;
use crate::git::repository::path_of;
use crate::git::{Git, GitError};

/// How many files are compared; a folder with more is left to git, which knows by their times what it need not read.
/// About as much work as starting git.
const MANY: u64 = 400;

/// So many bytes to be compared count as one more file.
const AS_ONE: u64 = 16 << 10;

/// How often git is asked: files come and go while it looks.
const ATTEMPTS: usize = 3;

/// One worktree.
pub(super) struct Disk<'a> {
    pub(super) top: &'a Path,
    pub(super) folders: &'a Folders<'a>,
    pub(super) blobs: &'a Blobs<'a>,
}

impl Disk<'_> {
    /// Whether a path is certainly as it was committed, with all that is below it.
    pub(super) fn is_as_committed(&self, path: &BStr, committed: Option<Stage>) -> bool {
        let mut left = MANY;
        match metadata(self.top, path) {
            None => committed.is_none(),
            Some(found) => self.is_same(path, &found, committed, &mut left).unwrap_or(false),
        }
    }

    fn place(&self, path: &BStr) -> PathBuf {
        self.top.join(path_of(path))
    }

    /// `None` when it cannot be told here.
    fn is_same(&self, path: &BStr, found: &Metadata, committed: Option<Stage>, left: &mut u64) -> Option<bool> {
        let length = if found.is_file() { found.len() } else { 0 };
        *left = left.checked_sub(1 + length / AS_ONE)?;
        if found.is_dir() {
            let below = match committed {
                Some(stage) if stage.mode.is_tree() => Some(stage.id),
                Some(_) => return None,
                None => None,
            };
            return self.is_same_folder(path, below, left);
        }
        let committed = committed?;
        match committed.mode.kind() {
            EntryKind::Link if found.is_symlink() => {
                let to = fs::read_link(self.place(path)).ok()?;
                Some(self.blobs.bytes(committed.id)?.as_ref() == to.as_os_str().as_bytes())
            }
            EntryKind::Blob | EntryKind::BlobExecutable if found.is_file() => {
                let is_executable = committed.mode.kind() == EntryKind::BlobExecutable;
                if is_executable != can_be_executed(found) || self.blobs.size(committed.id)? != found.len() {
                    return Some(false);
                }
                Some(fs::read(self.place(path)).ok()? == *self.blobs.bytes(committed.id)?)
            }
            _ => None,
        }
    }

    fn is_same_folder(&self, path: &BStr, committed: Option<ObjectId>, left: &mut u64) -> Option<bool> {
        let listed = match committed {
            Some(tree) => self.folders.list(tree).ok()?,
            None => std::rc::Rc::new([]),
        };
        if listed.len() as u64 > *left {
            return None;
        }
        let by_name: HashMap<&BStr, &Entry> = listed.iter().map(|entry| (entry.name.as_bstr(), entry)).collect();
        let mut seen = 0;
        for entry in fs::read_dir(self.place(path)).ok()? {
            let entry = entry.ok()?;
            let name = entry.file_name();
            let name = name.as_bytes().as_bstr();
            if path.is_empty() && name == ".git" {
                continue;
            }
            let stage = by_name.get(name).map(|known| {
                seen += 1;
                Stage { mode: known.mode, id: known.id }
            });
            if !self.is_same(joined(path, name).as_ref(), &entry.metadata().ok()?, stage, left)? {
                return Some(false);
            }
        }
        Some(seen == listed.len())
    }
}

/// A file as it is in a worktree, or as it is stored.
pub(super) struct OnDisk {
    pub(super) mode: EntryMode,
    /// All of it, unless it is too large or no file.
    pub(super) bytes: Option<Vec<u8>>,
    /// Where it is stored.
    pub(super) id: Option<ObjectId>,
}

impl OnDisk {
    /// What is there now; nothing when it has gone.
    pub(super) fn read(top: &Path, path: &BStr) -> Option<Self> {
        let place = top.join(path_of(path));
        let found = metadata(top, path)?;
        let kind = match found.is_file() {
            true if can_be_executed(&found) => EntryKind::BlobExecutable,
            true => EntryKind::Blob,
            false if found.is_symlink() => EntryKind::Link,
            // A submodule; a folder in the place of a file means that the file has gone.
            false if place.join(".git").exists() => EntryKind::Commit,
            false => return None,
        };
        let bytes = (found.is_file() && found.len() <= TOO_LARGE).then(|| fs::read(&place).ok()).flatten();
        Some(OnDisk { mode: kind.into(), bytes, id: None })
    }

    pub(super) fn text(&self) -> Option<&[u8]> {
        self.bytes.as_deref()
    }
}

/// What is at a path; nothing where a folder above it is a symlink, since to git that is where the path ends.
fn metadata(top: &Path, path: &BStr) -> Option<Metadata> {
    for slash in path.find_iter("/") {
        let above = top.join(path_of(path[..slash].as_bstr()));
        if !above.symlink_metadata().is_ok_and(|found| found.is_dir()) {
            return None;
        }
    }
    top.join(path_of(path)).symlink_metadata().ok()
}

fn can_be_executed(found: &Metadata) -> bool {
    found.permissions().mode() & 0o100 != 0
}

/// What `git status` of the worktree says of these paths and what is below them.
pub(super) fn ask_git(top: &Path, paths: &[&BStr]) -> Result<BTreeSet<BString>, GitError> {
    let mut attempt = 1;
    loop {
        let status = Git::at(top).without_locks().args([
            // Would start a daemon.
            "-c",
            "core.fsmonitor=false",
            "status",
            "--porcelain=v2",
            "-z",
            "--no-renames",
            "--untracked-files=all",
            "--ignore-submodules=dirty",
            "--",
        ]);
        let literal = |path: &&BStr| path_of([b":(top,literal)", path.as_bytes()].concat().as_bstr());
        match status.args(paths.iter().map(literal)).stdout() {
            Ok(output) => return Ok(output.split_str("\0").filter_map(|line| named(line.as_bstr())).collect()),
            Err(GitError::Failed { .. }) if attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

/// The path of one record: `1` with 8 fields before it, `u` with 10, `?` with one. A trailing slash is a repository of
/// its own, which is nobody's change.
fn named(line: &BStr) -> Option<BString> {
    let field = |number: usize| line.splitn_str(number, " ").nth(number - 1).map(BString::from);
    match line.first()? {
        b'1' => field(9),
        b'u' => field(11),
        b'?' if !line.ends_with(b"/") => field(2),
        _ => None,
    }
}
