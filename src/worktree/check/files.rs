//! Whether the files of a commit could be written, asked before any ref moves.
//!
//! git finds out in the middle of a checkout: an object that cannot be read, a required filter that fails, a folder that
//! is read-only. Then the branch has moved and its files have not. So every blob is read once, every folder is asked for
//! a file without a name, and where a required filter applies, git writes those files to a folder that is thrown away.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::objs::Find;

use super::super::follow::{Blocked, Change, FollowError};
use super::Check;
use crate::git::repository::path_of;
use crate::git::worktrees::Worktree;
use crate::git::{GitError, Repository, run};
use crate::worktree::index_copy::IndexCopy;

/// Why not all of the changed files of `new` could be written.
pub(super) fn unwritable(
    check: &Check<'_>,
    worktree: &Worktree,
    new: ObjectId,
    changes: &[Change],
) -> Result<Option<Blocked>, FollowError> {
    if let Some(blocked) = read_only(worktree, changes) {
        return Ok(Some(blocked));
    }
    let reason = match unreadable(check, worktree, changes)? {
        Some(reason) => Some(reason),
        None => unfiltered(check, worktree, new, changes)?,
    };
    Ok(reason.map(|reason| Blocked::Unwritable { reason }))
}

/// The first folder in which no file can be made. Whoever can make one there can replace and delete those that are
/// there, also the read-only ones.
fn read_only(worktree: &Worktree, changes: &[Change]) -> Option<Blocked> {
    let folder_of = |change: &Change| {
        let path = worktree.path.join(path_of(change.path.as_bstr()));
        path.ancestors().skip(1).find(|folder| folder.is_dir()).map(Path::to_path_buf)
    };
    let folders: BTreeSet<PathBuf> = changes.iter().filter_map(folder_of).collect();
    folders.into_iter().find_map(|path| {
        // Where the system can, the file never has a name.
        let reason = tempfile::tempfile_in(&path).err()?.to_string();
        Some(Blocked::ReadOnly { path, reason })
    })
}

fn unreadable(check: &Check<'_>, worktree: &Worktree, changes: &[Change]) -> Result<Option<String>, FollowError> {
    let objects: &dyn Find = match check.scratch {
        Some(scratch) => scratch.objects(),
        None => &check.repo.gix().objects,
    };
    let mut content = Vec::new();
    for entry in changes.iter().filter_map(|change| change.new.as_ref()).filter(|entry| !entry.is_submodule()) {
        // What one worktree gets the others get too.
        if !check.read.borrow_mut().insert(entry.id) {
            continue;
        }
        match objects.try_find(&entry.id, &mut content) {
            Ok(Some(_)) => continue,
            // git fetches it when it writes the file.
            Ok(None) if check.repo.config("extensions.partialClone").is_some() => continue,
            _ => {}
        }
        let child = check.git(worktree).args(["cat-file", "blob", &entry.id.to_string()]);
        let line = child.line();
        let output = child.run()?;
        if !output.status.success() {
            check.read.borrow_mut().remove(&entry.id);
            return words(run::failed(line, &output)).map(Some);
        }
    }
    Ok(None)
}

fn unfiltered(
    check: &Check<'_>,
    worktree: &Worktree,
    new: ObjectId,
    changes: &[Change],
) -> Result<Option<String>, FollowError> {
    let repo = check.repo;
    let required = required_filters(repo);
    if required.is_empty() {
        return Ok(None);
    }
    let mut names = Vec::new();
    for change in changes.iter().filter(|change| change.new.as_ref().is_some_and(|entry| !entry.is_submodule())) {
        names.extend_from_slice(&change.path);
        names.push(0);
    }
    let failed = |source| FollowError::Io { path: repo.agents_dir().join("tmp"), source };
    let copy = IndexCopy::empty(repo, worktree).map_err(failed)?;
    let on_copy = || copy.git(check.git(worktree));
    on_copy().args(["read-tree", &new.to_string()]).stdout()?;
    let answer = on_copy().args(["check-attr", "--cached", "-z", "--stdin", "filter"]).input(names).stdout()?;
    let mut filtered = Vec::new();
    let fields: Vec<&[u8]> = answer.split_str("\0").collect();
    // path NUL attribute NUL value NUL
    for field in fields.chunks_exact(3).filter(|field| required.contains(field[2])) {
        filtered.extend_from_slice(field[0]);
        filtered.push(0);
    }
    if filtered.is_empty() {
        return Ok(None);
    }
    let folder = tempfile::Builder::new().prefix("files-").tempdir_in(repo.agents_dir().join("tmp")).map_err(failed)?;
    let mut prefix = std::ffi::OsString::from("--prefix=");
    prefix.push(folder.path());
    prefix.push("/");
    // The attributes are those of the new commit; a git too old for the variable takes the files' as they are.
    let child = on_copy().env("GIT_ATTR_SOURCE", new.to_string());
    let child = child.args(["checkout-index", "--force", "-z", "--stdin"]).arg(prefix).input(filtered);
    let line = child.line();
    let output = child.run()?;
    if output.status.success() { Ok(None) } else { words(run::failed(line, &output)).map(Some) }
}

/// The names of the filters without which a file must not be written.
fn required_filters(repo: &Repository) -> BTreeSet<Vec<u8>> {
    let config = repo.gix().config_snapshot();
    let sections = config.sections_by_name("filter").into_iter().flatten();
    let names = sections.filter_map(|section| section.header().subsection_name().map(|name| name.to_vec()));
    names.filter(|name| config.boolean(&format!("filter.{}.required", name.to_str_lossy())) == Some(true)).collect()
}

fn words(error: GitError) -> Result<String, FollowError> {
    match error {
        GitError::Failed { stderr, .. } => Ok(stderr),
        error => Err(error.into()),
    }
}
