//! Everything in a worktree as one commit: what would be gone with it can be had back.
//!
//! The commit's tree is what the files say: edits, untracked files and single ignored files such as `.env`. Its first
//! parent is the branch's tip; then follow, where they differ, a commit of the index and the commit that HEAD is at.
//! Folders that are ignored as a whole (`target`, `node_modules`) are left out: they are made again. So are
//! repositories inside, of which git would record no more than an id; the caller refuses those.

use std::path::PathBuf;

use gix::ObjectId;
use gix::actor::Signature;
use gix::bstr::{BStr, BString, ByteSlice};

use super::index_copy::IndexCopy;
use super::remove::RemoveError;
use crate::git::refs::{self, Expected, RefUpdate, as_committer, time_for_git};
use crate::git::repository::path_of;
use crate::git::status::{self, Ignored, Status};
use crate::git::worktrees::Worktree;
use crate::git::{Git, GitError, Repository};

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// git could not do it: a file cannot be read, a filter fails.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The index could not be copied.
    #[error("could not copy the index of {}: {source}", .worktree.display())]
    Index {
        /// Whose index.
        worktree: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What a backup commit is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    /// The files.
    pub(super) files: ObjectId,
    /// The index, where it has a tree of its own.
    pub(super) index: Option<ObjectId>,
}

/// The files and the index of `worktree` as trees, in the repository.
pub(super) fn content(
    repo: &Repository,
    worktree: &Worktree,
    status: &Status,
    ignored: &Ignored,
) -> Result<Content, BackupError> {
    let copy = IndexCopy::of(repo, worktree)
        .map_err(|source| BackupError::Index { worktree: worktree.path.clone(), source })?;
    // An index in the middle of a merge has no tree; its sides are in the commits.
    let index = if status.unmerged.is_empty() { Some(write_tree(&copy)?) } else { None };
    let hidden = show_hidden(&copy)?;
    let mut named: Vec<&BStr> = status.tracked();
    named.extend(status.untracked.iter().chain(&ignored.files).chain(&hidden).map(|path| path.as_bstr()));
    let (mut present, mut gone) = (Vec::new(), Vec::new());
    // Taken out and put in again: nobody compared their times, so those prove nothing.
    for path in &hidden {
        gone.extend_from_slice(path);
        gone.push(0);
    }
    for path in named {
        let full = worktree.path.join(path_of(path));
        // Of folders git takes only submodules; another folder in the place of a file means that the file is gone.
        let is_there = full.symlink_metadata().is_ok_and(|data| !data.is_dir() || full.join(".git").exists());
        let list = if is_there { &mut present } else { &mut gone };
        list.extend_from_slice(path);
        list.push(0);
    }
    copy.git(worktree.git()).args(["update-index", "--force-remove", "-z", "--stdin"]).input(gone).stdout()?;
    copy.git(worktree.git())
        .args(["update-index", "--add", "--remove", "--replace", "-z", "--stdin"])
        .input(present)
        .stdout()?;
    let files = write_tree(&copy)?;
    Ok(Content { index: index.filter(|index| *index != files), files })
}

/// A commit of everything in `worktree` that git does not ignore; its parents are `tip` and what is checked out. No ref
/// holds it yet.
///
/// # Errors
/// See [`BackupError`].
pub fn of_worktree(
    repo: &Repository,
    worktree: &Worktree,
    tip: ObjectId,
    message: &str,
    signature: &Signature,
) -> Result<ObjectId, BackupError> {
    let content = content(repo, worktree, &status::status(worktree)?, &Ignored::default())?;
    let head = worktree.git().args(["rev-parse", "--verify", "-q", "HEAD"]).run()?.stdout;
    let head = ObjectId::from_hex(head.trim_ascii_end()).ok();
    Ok(commit(repo, &content, Some(tip), head, message, signature)?)
}

/// What is left of a worktree whose folder is missing: the branch's files, and the index, which is in git's own folder.
pub(super) fn content_without_files(
    repo: &Repository,
    worktree: Option<&Worktree>,
    tip: ObjectId,
) -> Result<Content, BackupError> {
    let files = tree_of(repo, tip)?;
    let git_dir = worktree.and_then(|worktree| worktree.git_dir.as_ref());
    let (Some(worktree), Some(git_dir)) = (worktree, git_dir.filter(|git_dir| git_dir.join("index").exists())) else {
        return Ok(Content { files, index: None });
    };
    let copy = IndexCopy::of(repo, worktree)
        .map_err(|source| BackupError::Index { worktree: worktree.path.clone(), source })?;
    let git = || copy.git(Git::at(git_dir).arg("--git-dir").arg(git_dir));
    let unmerged = git().args(["ls-files", "--unmerged", "-z"]).stdout()?;
    let index = if unmerged.is_empty() { Some(id(git().args(["write-tree", "--missing-ok"]))?) } else { None };
    Ok(Content { index: index.filter(|index| *index != files), files })
}

/// Keep it all under a ref of its own, of which `id` is a part. `tip` is the branch's, `head` the worktree's. Gives the ref
/// and its commit.
pub(super) fn keep(
    repo: &Repository,
    of: &str,
    content: &Content,
    (tip, head): (Option<ObjectId>, Option<ObjectId>),
    id: &str,
    signature: &Signature,
) -> Result<(String, ObjectId), RemoveError> {
    let name = format!("refs/agents-local/backup/{id}/{of}");
    let message = format!("{of} before its removal\n\nThe files as they were. First parent: the branch.\n");
    let commit = commit(repo, content, tip, head, &message, signature)?;
    let update = RefUpdate {
        name: name.clone(),
        expected: Expected::Missing,
        new: Some(commit),
        message: "backup before removal".into(),
    };
    refs::swap_one(repo, &update, signature)?;
    Ok((name, commit))
}

/// The commit that holds it all. `tip` is the branch's; a worktree that is detached or half way through a rebase has
/// another HEAD.
pub(super) fn commit(
    repo: &Repository,
    content: &Content,
    tip: Option<ObjectId>,
    head: Option<ObjectId>,
    message: &str,
    signature: &Signature,
) -> Result<ObjectId, GitError> {
    let mut parents: Vec<ObjectId> = tip.or(head).into_iter().collect();
    let head_tree = head.map(|head| tree_of(repo, head)).transpose()?;
    if let Some(index) = content.index.filter(|index| Some(*index) != head_tree) {
        parents.push(write(repo, index, &parents, "index", signature)?);
    }
    parents.extend(head.filter(|head| parents.first() != Some(head)));
    write(repo, content.files, &parents, message, signature)
}

/// A commit of a tree, on disk when this returns: what it holds is about to be deleted.
fn write(
    repo: &Repository,
    tree: ObjectId,
    parents: &[ObjectId],
    message: &str,
    signature: &Signature,
) -> Result<ObjectId, GitError> {
    let mut child = as_committer(repo.git(), signature)
        .env("GIT_AUTHOR_NAME", signature.name.to_str_lossy().as_ref())
        .env("GIT_AUTHOR_EMAIL", signature.email.to_str_lossy().as_ref())
        .env("GIT_AUTHOR_DATE", time_for_git(signature.time))
        .args(["commit-tree", "--no-gpg-sign", "-F", "-"])
        .input(message);
    for parent in parents {
        child = child.arg("-p").arg(parent.to_string());
    }
    id(child.arg(tree.to_string()))
}

pub(super) fn tree_of(repo: &Repository, commit: ObjectId) -> Result<ObjectId, GitError> {
    id(repo.git().args(["rev-parse", "--verify"]).arg(format!("{commit}^{{tree}}")))
}

fn id(child: Git) -> Result<ObjectId, GitError> {
    let command = child.line();
    let hex = child.text()?;
    ObjectId::from_hex(hex.as_bytes()).map_err(|_| GitError::Answer { command, detail: hex })
}

fn write_tree(copy: &IndexCopy<'_>) -> Result<ObjectId, GitError> {
    id(copy.git(copy.worktree.git()).args(["write-tree", "--missing-ok"]))
}

/// Make git look at the files that it was told not to look at (`--assume-unchanged`, `--skip-worktree`), as far
/// as they exist, and name them.
fn show_hidden(copy: &IndexCopy<'_>) -> Result<Vec<BString>, GitError> {
    let output = copy.git(copy.worktree.git()).args(["ls-files", "-v", "-z", "--cached"]).stdout()?;
    let mut hidden = Vec::new();
    let mut list = Vec::new();
    for record in output.split_str("\0") {
        // `<letter> <path>`: small letters are assumed unchanged, S is not checked out.
        let Some((letter, path)) = record.split_once_str(" ") else { continue };
        let is_hidden = letter.first().is_some_and(|letter| letter.is_ascii_lowercase() || *letter == b'S');
        if is_hidden && copy.worktree.path.join(path_of(path.as_bstr())).symlink_metadata().is_ok() {
            list.extend_from_slice(path);
            list.push(0);
            hidden.push(path.into());
        }
    }
    if !hidden.is_empty() {
        for flag in ["--no-assume-unchanged", "--no-skip-worktree"] {
            copy.git(copy.worktree.git()).args(["update-index", flag, "-z", "--stdin"]).input(list.clone()).stdout()?;
        }
    }
    Ok(hidden)
}
