//! A copy of a worktree's index to try things on.

use std::fs::File;
use std::io;

use crate::git::worktrees::Worktree;
use crate::git::{Git, Repository};

/// A private copy of a worktree's index, gone when it is dropped.
pub(super) struct IndexCopy<'a> {
    pub(super) worktree: &'a Worktree,
    folder: tempfile::TempDir,
}

impl<'a> IndexCopy<'a> {
    pub(super) fn of(repo: &Repository, worktree: &'a Worktree) -> io::Result<Self> {
        let index = worktree.git_dir.as_deref().unwrap_or(&worktree.path).join("index");
        let copy = IndexCopy::empty(repo, worktree)?;
        if index.exists() {
            let written = index.metadata()?.modified()?;
            let file = copy.folder.path().join("index");
            std::fs::copy(index, &file)?;
            // An entry as young as the index is not to be trusted, and git knows the index's age by its file.
            File::options().append(true).open(file)?.set_modified(written)?;
        }
        Ok(copy)
    }

    /// A new index in its own folder.
    pub(super) fn empty(repo: &Repository, worktree: &'a Worktree) -> io::Result<Self> {
        let parent = repo.agents_dir().join("tmp");
        std::fs::create_dir_all(&parent)?;
        let folder = tempfile::Builder::new().prefix("index-").tempdir_in(&parent)?;
        Ok(IndexCopy { worktree, folder })
    }

    /// Make a child of the worktree use the copy, without what would write a shared index, run a hook or start a
    /// daemon. To be called before the subcommand is named.
    pub(super) fn git(&self, child: Git) -> Git {
        let quiet = ["-c", "core.splitIndex=false", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"];
        child.args(quiet).env("GIT_INDEX_FILE", self.folder.path().join("index"))
    }
}
