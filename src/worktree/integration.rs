//! The integration worktree: where checks see what would land, and nobody works.
//!
//! It stays between landings, so that what a build keeps in ignored files stays warm; everything else in it is put to
//! the commit that is to be checked. It is detached, beside the agents' worktrees, and ours alone: what somebody leaves
//! in it is lost, which its name says. A folder in its place that is not it is never touched.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use gix::ObjectId;

use super::discard;
use crate::config;
use crate::git::worktrees::{self, Worktree};
use crate::git::{GitError, Repository, stale};

/// The folder's name, which no agent can have.
const NAME: &str = ".integration";

/// Why there is no integration worktree.
#[derive(Debug, thiserror::Error)]
pub enum IntegrationError {
    /// Something else is in its place.
    #[error("{} is in the place of the integration worktree", .path.display())]
    Occupied {
        /// Where.
        path: PathBuf,
    },
    /// A folder could not be made or removed.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// git could not make it or set it to a commit.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// The integration worktree. One process uses it at a time: the one whose turn it is to land.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integration {
    path: PathBuf,
}

impl Integration {
    /// The repository's; it is made when it is first set to a commit.
    pub fn of(repo: &Repository) -> Self {
        Integration { path: config::worktrees_folder(repo).join(NAME) }
    }

    /// Its top folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Make its files those of `commit`. Ignored files stay; what else was there goes.
    ///
    /// # Errors
    /// See [`IntegrationError`].
    pub fn set(&self, repo: &Repository, commit: ObjectId) -> Result<(), IntegrationError> {
        let worktree = self.ready(repo, commit)?;
        if let Some(git_dir) = &worktree.git_dir {
            // Only we write here, and whoever did before us is dead: the index, HEAD, and what a checkout forgets of a merge.
            for entry in git_dir.read_dir().into_iter().flatten().flatten() {
                if entry.path().extension().is_some_and(|extension| extension == "lock") {
                    stale::clear(repo, &entry.path(), |_| true);
                }
            }
        }
        let quiet = || worktree.git().args(["-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false"]);
        let id = commit.to_string();
        quiet().args(["checkout", "--quiet", "--force", "--detach", "--no-recurse-submodules", &id, "--"]).stdout()?;
        // Twice forced: a repository that a check made here is not somebody's work.
        quiet().args(["clean", "-ffdq"]).stdout()?;
        Ok(())
    }

    /// The worktree, made or mended where that is needed.
    fn ready(&self, repo: &Repository, commit: ObjectId) -> Result<Worktree, IntegrationError> {
        if let Some(worktree) = self.find(repo)? {
            let is_begun = worktree.locked.as_deref() == Some("initializing");
            if worktree.is_intact() && !is_begun {
                return Ok(worktree);
            }
            self.mend(repo, &worktree)?;
        }
        match self.find(repo)? {
            Some(worktree) if worktree.is_intact() => Ok(worktree),
            Some(_) => Err(IntegrationError::Occupied { path: self.path.clone() }),
            None => self.make(repo, commit),
        }
    }

    fn find(&self, repo: &Repository) -> Result<Option<Worktree>, IntegrationError> {
        let path = worktrees::canonical(&self.path);
        Ok(worktrees::list(repo)?.into_iter().find(|worktree| worktree.path == path && !worktree.is_main))
    }

    fn make(&self, repo: &Repository, commit: ObjectId) -> Result<Worktree, IntegrationError> {
        let is_free = self.path.symlink_metadata().is_err() || is_empty_folder(&self.path);
        if !is_free {
            return Err(IntegrationError::Occupied { path: self.path.clone() });
        }
        let child = repo.git().args(["-c", "core.hooksPath=/dev/null", "worktree", "add", "--detach", "--no-checkout"]);
        child.arg("--quiet").arg(&self.path).arg(commit.to_string()).stdout()?;
        self.find(repo)?.ok_or_else(|| IntegrationError::Occupied { path: self.path.clone() })
    }

    /// Bring back what a check or a kill has broken: a folder that is gone, or one whose `.git` is.
    fn mend(&self, repo: &Repository, worktree: &Worktree) -> Result<(), IntegrationError> {
        let failed = |source| IntegrationError::Io { path: self.path.clone(), source };
        let git_dir = worktree.git_dir.clone().unwrap_or_default();
        let has_link = self.path.join(".git").symlink_metadata().is_ok();
        if worktree.exists() && has_link && !worktree.is_intact() {
            return Err(IntegrationError::Occupied { path: self.path.clone() });
        }
        if worktree.exists() && !has_link && !is_empty_folder(&self.path) {
            // `git worktree repair` would mend everybody's.
            let link = [b"gitdir: ", git_dir.as_os_str().as_bytes(), b"\n"].concat();
            return std::fs::write(self.path.join(".git"), link).map_err(failed);
        }
        // Begun and killed: there is nothing in it but the link.
        if worktree.exists() {
            let folder = self.path.read_dir().map_err(failed)?;
            if folder.flatten().any(|entry| entry.file_name() != ".git") {
                drop(std::fs::remove_file(git_dir.join("locked")));
                return Ok(());
            }
            std::fs::remove_dir_all(&self.path).map_err(failed)?;
        }
        discard::entry(repo, &git_dir).map_err(failed)
    }
}

/// Whether it is the integration worktree's folder.
pub fn is_integration(repo: &Repository, path: &Path) -> bool {
    path == worktrees::canonical(&Integration::of(repo).path)
}

fn is_empty_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|data| data.is_dir())
        && path.read_dir().is_ok_and(|mut entries| entries.next().is_none())
}

#[cfg(test)]
#[path = "integration_test.rs"]
mod tests;
