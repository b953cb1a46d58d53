//! Taking a worktree away: its folder, its entry in the repository, the folders that were made for it.
//!
//! The folder is renamed first, in one step, and deleted under its new name: a kill in between never leaves half a
//! worktree that looks like somebody's deletions. The caller has made sure that nothing in it is lost.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
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
    let trash = trash_of(path, id);
    let deleted = gone(std::fs::remove_dir_all(&trash));
    if !deleted.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied) {
        return deleted;
    }
    make_writable(&trash)?;
    gone(std::fs::remove_dir_all(&trash))
}

/// Let us write to every folder in a folder. Some tools keep their caches in ones that nobody may write to.
fn make_writable(folder: &Path) -> io::Result<()> {
    std::fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    for entry in folder.read_dir()? {
        let entry = entry?;
        // Of a link it is the link's own type, and that is no folder.
        if entry.file_type()?.is_dir() {
            make_writable(&entry.path())?;
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_nobody_may_write_to_are_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let (path, outside) = (folder.path().join("tree"), folder.path().join("outside"));
        std::fs::create_dir(&outside).unwrap();
        std::fs::create_dir_all(path.join("a/b")).unwrap();
        std::fs::write(path.join("a/b/file"), "x").unwrap();
        std::os::unix::fs::symlink(&outside, path.join("a/link")).unwrap();
        for closed in [path.join("a/b"), path.join("a"), outside.clone()] {
            std::fs::set_permissions(closed, Permissions::from_mode(0o555)).unwrap();
        }
        make_writable(&path).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path.join("a/b")), mode(&outside)), (0o700, 0o555));
        std::fs::set_permissions(path.join("a"), Permissions::from_mode(0o555)).unwrap();
        super::folder(&path, "1").unwrap();
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }
}
