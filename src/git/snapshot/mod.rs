//! The uncommitted work of a worktree as a tree, without touching its index or its files.
//!
//! What counts is what the files say: staged and unstaged edits and untracked files that are not ignored. They are
//! added to a copy of the index, and the new objects go to a [`Scratch`]. Nothing of the user's runs on the way but
//! clean filters: no hook, no fsmonitor, no garbage collection. Repositories that lie untracked inside (other
//! worktrees, say) are left out: git would record them as submodules. What is dirty inside a submodule is left out too.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};

use super::run::{Git, GitError};
use super::scratch::Scratch;

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// git could not do it: a file cannot be read, a filter fails.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The index could not be copied.
    #[error("could not copy the index of {}: {source}", .worktree.display())]
    Index {
        /// The worktree that it belongs to.
        worktree: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A worktree as it would be if everything in it were committed now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The commit that it builds on; none before the first.
    pub head: Option<ObjectId>,
    /// The files, in the scratch.
    pub tree: ObjectId,
    /// What is not committed, sorted.
    pub paths: Vec<BString>,
}

/// An agent may be at work meanwhile: files come and go between two calls of git.
const ATTEMPTS: usize = 4;

/// The uncommitted work of the worktree whose top folder is `worktree`; `None` when there is none.
///
/// # Errors
/// See [`SnapshotError`].
pub fn snapshot(worktree: &Path, scratch: &Scratch) -> Result<Option<Snapshot>, SnapshotError> {
    let mut attempt = 1;
    loop {
        match attempt_once(worktree, scratch) {
            Err(SnapshotError::Git(GitError::Failed { .. })) if attempt < ATTEMPTS => attempt += 1,
            result => return result,
        }
    }
}

fn attempt_once(worktree: &Path, scratch: &Scratch) -> Result<Option<Snapshot>, SnapshotError> {
    let status = quiet(worktree, scratch).args([
        "status",
        "--porcelain=v2",
        "-z",
        "--branch",
        "--no-ahead-behind",
        "--no-renames",
        "--untracked-files=all",
        "--ignore-submodules=dirty",
    ]);
    let Status { head, paths, gone } = Status::parse(&status.stdout()?);
    if paths.is_empty() {
        return Ok(None);
    }
    let Some(index) = IndexCopy::of(worktree, scratch)? else { return Ok(None) };

    // update-index and not `add -A`: it takes exactly these paths, and one that has vanished meanwhile is a removal
    // and no error. A path that the index no longer has must not be named, as a folder may be in its place.
    let mut list = Vec::new();
    for path in paths.iter().filter(|path| gone.binary_search(path).is_err()) {
        list.extend_from_slice(path);
        list.push(0);
    }
    let update = ["update-index", "--add", "--remove", "--replace", "-z", "--stdin"];
    index.with(quiet(worktree, scratch)).args(update).input(list).stdout()?;
    // Blobs that a partial clone lacks are in nobody's way.
    let tree = index.with(quiet(worktree, scratch)).args(["write-tree", "--missing-ok"]).text()?;
    let tree: ObjectId =
        tree.parse().map_err(|_| GitError::Answer { command: "git write-tree".to_owned(), detail: tree })?;
    if let Some(head) = head {
        let committed = quiet(worktree, scratch).args(["rev-parse", "--verify"]).arg(format!("{head}^{{tree}}"));
        if committed.text()?.parse::<ObjectId>().is_ok_and(|committed| committed == tree) {
            return Ok(None);
        }
    }
    Ok(Some(Snapshot { head, tree, paths }))
}

/// A git child in the worktree that changes nothing there and starts nothing of the user's.
fn quiet(worktree: &Path, scratch: &Scratch) -> Git {
    scratch.on(Git::at(worktree)).without_locks().args([
        // Would start a daemon.
        "-c",
        "core.fsmonitor=false",
        // Would write a shared index into the git folder.
        "-c",
        "core.splitIndex=false",
        "-c",
        "core.untrackedCache=keep",
        // Writing even a copied index runs post-index-change.
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "gc.auto=0",
    ])
}

/// What `git status` says.
#[derive(Debug, Default)]
struct Status {
    head: Option<ObjectId>,
    /// Everything that is not as in HEAD, sorted.
    paths: Vec<BString>,
    /// Those of them that neither the index nor the worktree has, sorted.
    gone: Vec<BString>,
}

impl Status {
    /// Parse porcelain v2 with `-z` and without renames.
    fn parse(output: &[u8]) -> Self {
        let mut status = Status::default();
        for line in output.split_str("\0") {
            // Fields before the path: 8 of a changed entry, 10 of an unmerged one.
            let field = |number: usize| line.splitn_str(number, " ").nth(number - 1).map(BString::from);
            match line.first() {
                Some(b'#') => {
                    if let Some(id) = line.strip_prefix(b"# branch.oid ") {
                        status.head = ObjectId::from_hex(id).ok();
                    }
                }
                Some(b'1') => {
                    let Some(path) = field(9) else { continue };
                    if line.starts_with(b"1 D. ") {
                        status.gone.push(path.clone());
                    }
                    status.paths.push(path);
                }
                Some(b'u') => status.paths.extend(field(11)),
                // A trailing slash is a repository of its own.
                Some(b'?') if !line.ends_with(b"/") => status.paths.extend(field(2)),
                _ => {}
            }
        }
        // Staged as deleted and there again as untracked: both lines name it, and it is not gone.
        status.paths.sort();
        let twice: BTreeSet<_> = status.paths.windows(2).filter(|two| two[0] == two[1]).map(|two| &two[0]).collect();
        status.gone.retain(|path| !twice.contains(path));
        status.gone.sort();
        status.paths.dedup();
        status
    }
}

/// A copy of a worktree's index in a folder of its own, since git puts a lock file beside it.
struct IndexCopy {
    folder: tempfile::TempDir,
}

impl IndexCopy {
    /// `None` when the worktree has no index: nothing was checked out in it yet.
    fn of(worktree: &Path, scratch: &Scratch) -> Result<Option<Self>, SnapshotError> {
        let place = Git::at(worktree).args(["rev-parse", "--path-format=absolute", "--git-path", "index"]).stdout()?;
        let place = Path::new(OsStr::from_bytes(place.strip_suffix(b"\n").unwrap_or(&place)));
        let copy = || -> io::Result<Option<Self>> {
            let mut index = match fs::File::open(place) {
                Ok(index) => index,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            let parent = scratch.path().parent().unwrap_or(scratch.path());
            let folder = tempfile::Builder::new().prefix("index-").tempdir_in(parent)?;
            let mut copy = fs::File::create(folder.path().join("index"))?;
            io::copy(&mut index, &mut copy)?;
            // git compares it with the files' times to know which entries it has to look into.
            copy.set_modified(index.metadata()?.modified()?)?;
            Ok(Some(IndexCopy { folder }))
        };
        copy().map_err(|source| SnapshotError::Index { worktree: worktree.to_owned(), source })
    }

    fn with(&self, git: Git) -> Git {
        git.env("GIT_INDEX_FILE", self.folder.path().join("index"))
    }
}

#[cfg(test)]
mod tests;
