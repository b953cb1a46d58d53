//! Taking a worktree away: its folder, its entry in the repository, the folders that were made for it.
//!
//! The folder is renamed first, in one step, and deleted under its new name: a kill in between never leaves half a
//! worktree that looks like somebody's deletions. The caller has made sure that nothing in it is lost.

use std::io;
use std::path::{Path, PathBuf};

use crate::git::Repository;

/// Where a worktree's folder goes to be deleted: beside it, so that the rename is one step.
pub(super) fn trash_of(path: &Path, id: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.git-agents-{id}"))
}

/// Delete the folder `path`, or what an earlier attempt with the same id left of it.
pub(super) fn folder(path: &Path, id: &str) -> io::Result<()> {
    let trash = trash_of(path, id);
    if path.symlink_metadata().is_ok() {
        std::fs::rename(path, &trash)?;
    }
    deleted(path, id)
}

/// Delete what was renamed from `path`.
pub(super) fn deleted(path: &Path, id: &str) -> io::Result<()> {
    gone(std::fs::remove_dir_all(trash_of(path, id)))
}

/// Make the repository forget a linked worktree whose folder is gone. Only a folder directly below `worktrees` of the
/// repository is ever deleted.
pub(super) fn entry(repo: &Repository, git_dir: &Path) -> io::Result<()> {
    let all = repo.common_dir().join("worktrees");
    if git_dir.parent() != Some(&all) {
        return Err(io::Error::other(format!("{} is no linked worktree's", git_dir.display())));
    }
    gone(std::fs::remove_dir_all(git_dir))?;
    // As git does when it was the last one.
    drop(std::fs::remove_dir(all));
    Ok(())
}

/// Those of the folders above `path` that do not exist, the deepest first.
pub(super) fn missing_parents(path: &Path) -> Vec<PathBuf> {
    path.ancestors().skip(1).take_while(|parent| !parent.exists()).map(Path::to_owned).collect()
}

/// Remove those of the folders that are empty, the deepest first.
pub(super) fn empty_folders(folders: &[PathBuf]) {
    for folder in folders {
        if std::fs::remove_dir(folder).is_err() && folder.exists() {
            return;
        }
    }
}

fn gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
