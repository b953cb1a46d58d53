//! What is on disk where new files would be written, and git would overwrite or refuse over.

use std::collections::BTreeSet;
use std::path::Path;

use gix::bstr::{BString, ByteSlice};

use super::super::follow::{Change, FollowError};
use crate::git::repository::path_of;
use crate::git::worktrees::Worktree;

/// Untracked and ignored files where a new path would be written.
pub(super) fn obstacles(worktree: &Worktree, changes: &[Change]) -> Result<BTreeSet<BString>, FollowError> {
    let mut found = BTreeSet::new();
    for change in changes.iter().filter(|change| change.old.is_none()) {
        obstacles_at(&worktree.path, &change.path, &mut found)?;
    }
    if found.is_empty() {
        return Ok(found);
    }
    let mut names = Vec::new();
    for path in &found {
        names.extend_from_slice(path);
        names.push(0);
    }
    // Files that the index knows are not in the way: they go with the change, or git judges them itself.
    let known = worktree.git().without_locks().args(["ls-files", "-z", "--cached"]).stdout()?;
    for path in known.split_str("\0") {
        found.remove(path.as_bstr());
    }
    Ok(found)
}

/// What is on disk at `path`, below it, or as a file where one of its folders should be.
fn obstacles_at(top: &Path, path: &BString, found: &mut BTreeSet<BString>) -> Result<(), FollowError> {
    for end in path.find_iter("/") {
        let folder = path[..end].as_bstr();
        match top.join(path_of(folder)).symlink_metadata() {
            Ok(data) if data.is_dir() => {}
            Ok(_) => {
                found.insert(folder.to_owned());
                return Ok(());
            }
            Err(_) => return Ok(()),
        }
    }
    match top.join(path_of(path.as_bstr())).symlink_metadata() {
        Ok(data) if data.is_dir() => files_below(top, path, found),
        Ok(_) => {
            found.insert(path.clone());
            Ok(())
        }
        Err(_) => Ok(()),
    }
}

fn files_below(top: &Path, folder: &BString, found: &mut BTreeSet<BString>) -> Result<(), FollowError> {
    let full = top.join(path_of(folder.as_bstr()));
    let failed = |source| FollowError::Io { path: full.clone(), source };
    for entry in full.read_dir().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let mut path = folder.clone();
        path.push(b'/');
        path.extend_from_slice(std::os::unix::ffi::OsStrExt::as_bytes(name.as_os_str()));
        if entry.file_type().map_err(failed)?.is_dir() {
            files_below(top, &path, found)?;
        } else {
            found.insert(path);
        }
    }
    Ok(())
}
