//! The `pre-commit` hook that asks before every commit: put in and taken out worktree by worktree.
//!
//! All worktrees share one folder of hooks. So the hook is one file there, which does nothing but in worktrees whose own
//! git folder holds a marker: no configuration is changed, and a worktree that goes takes its marker with it. A hook that
//! is there already is never touched, nor is a folder that `core.hooksPath` names.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::git::worktrees::Worktree;
use crate::git::{Git, GitError, Repository};

/// The line that a hook of somebody's own needs to do the same. Status 1 is a no; every other failure stops nothing, nor
/// does a machine without this program.
pub const LINE: &str = "! command -v git-agents >/dev/null || git-agents guard --staged || test $? -ne 1 || exit 1";

/// The hook, to the byte: what is any different is somebody's own.
const HOOK: &str = "#!/bin/sh
# Installed by `git agents hooks install`, and taken away by `git agents hooks uninstall`.
# It is for the worktrees where it was installed, and stops a commit only for a no: others' exclusive claims.
test -e \"$(git rev-parse --git-dir)/agents-guard\" || exit 0
command -v git-agents >/dev/null || exit 0
git-agents guard --staged
test $? -ne 1
";

/// What a worktree's git folder holds when the hook is to ask there.
const MARKER: &str = "agents-guard";

/// Why the hook was not put in.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// Somebody has a hook there.
    #[error("there is a pre-commit hook already: {}", .path.display())]
    Occupied {
        /// Where.
        path: PathBuf,
    },
    /// `core.hooksPath` names another folder.
    #[error("core.hooksPath names the folder of hooks: {}", .path.display())]
    Elsewhere {
        /// Which.
        path: PathBuf,
    },
    /// `core.hooksPath` is set to nothing, and git finds no hooks then.
    #[error("core.hooksPath is set and empty, so git runs no hooks here")]
    Nowhere,
    /// The worktree's own git folder is not there.
    #[error("{} is not there", .path.display())]
    Gone {
        /// The worktree.
        path: PathBuf,
    },
    /// A file could not be written or removed.
    #[error("{}: {source}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Whether the hook can be put in for this worktree.
///
/// # Errors
/// See [`HookError`].
pub fn check(repo: &Repository, worktree: &Worktree) -> Result<(), HookError> {
    marker(worktree)?;
    let hook = ours(repo);
    let set = Git::at(&worktree.path).args(["config", "--get", "core.hooksPath"]).run()?;
    if set.status.success() && set.stdout.trim_ascii().is_empty() {
        return Err(HookError::Nowhere);
    }
    let used = used_folder(worktree)?;
    if used != hook.parent().unwrap_or(&hook) {
        return Err(HookError::Elsewhere { path: used });
    }
    match is_there(&hook) {
        Some(false) => Err(HookError::Occupied { path: hook }),
        _ => Ok(()),
    }
}

/// Have the hook ask in this worktree; `false` when it does already.
///
/// # Errors
/// See [`HookError`]; nothing was changed.
pub fn install(repo: &Repository, worktree: &Worktree) -> Result<bool, HookError> {
    check(repo, worktree)?;
    let (marker, hook) = (marker(worktree)?, ours(repo));
    let made = is_there(&hook).is_none();
    if made {
        write_hook(&hook)?;
    }
    let is_new = !marker.exists();
    fs::write(&marker, "").map_err(|source| HookError::Io { path: marker, source })?;
    Ok(made || is_new)
}

/// Have it ask in this worktree no more, and take the hook away after the last one; `false` when it did not ask here.
///
/// # Errors
/// See [`HookError`].
pub fn uninstall(repo: &Repository, worktree: &Worktree, all: &[Worktree]) -> Result<bool, HookError> {
    let marker = marker(worktree)?;
    let was_there = remove(&marker)?;
    let asks = |other: &Worktree| self::marker(other).is_ok_and(|marker| marker.exists());
    let hook = ours(repo);
    if !all.iter().any(asks) && is_there(&hook) == Some(true) {
        remove(&hook)?;
    }
    Ok(was_there)
}

/// The one file for all worktrees.
fn ours(repo: &Repository) -> PathBuf {
    repo.common_dir().join("hooks").join("pre-commit")
}

/// Whether a hook is there and is ours; none when nothing is there, not even a symlink that leads nowhere.
fn is_there(hook: &Path) -> Option<bool> {
    let found = hook.symlink_metadata().ok()?;
    Some(found.is_file() && fs::read(hook).is_ok_and(|content| content == HOOK.as_bytes()))
}

/// The folder in which git looks for hooks from this worktree.
fn used_folder(worktree: &Worktree) -> Result<PathBuf, GitError> {
    let git = Git::at(&worktree.path).args(["rev-parse", "--path-format=absolute", "--git-path", "hooks"]);
    let path = PathBuf::from(git.text()?);
    // The last part may not exist yet.
    let parent = path.parent().and_then(|parent| parent.canonicalize().ok());
    Ok(parent.zip(path.file_name()).map_or_else(|| path.clone(), |(parent, name)| parent.join(name)))
}

fn marker(worktree: &Worktree) -> Result<PathBuf, HookError> {
    let gone = || HookError::Gone { path: worktree.path.clone() };
    worktree.git_dir.as_ref().filter(|dir| dir.is_dir()).map(|dir| dir.join(MARKER)).ok_or_else(gone)
}

/// A whole file or none, and nobody's hook is replaced that came meanwhile.
fn write_hook(path: &Path) -> Result<(), HookError> {
    let folder = path.parent().unwrap_or(path);
    let io = |source| HookError::Io { path: path.to_owned(), source };
    fs::create_dir_all(folder).map_err(io)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
    file.write_all(HOOK.as_bytes()).map_err(io)?;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o755)).map_err(io)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
            Err(HookError::Occupied { path: path.to_owned() })
        }
        Err(error) => Err(io(error.error)),
    }
}

fn remove(path: &Path) -> Result<bool, HookError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(source) => Err(HookError::Io { path: path.to_owned(), source }),
    }
}
