//! The worktrees of the repository: where they are, what they have checked out, what they are in the middle of.
//!
//! One child lists them; the rest is read from their own git folders. A worktree in the middle of a rebase has a
//! detached HEAD and is still the branch's: whoever moves that branch would pull it from under the rebase.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use gix::ObjectId;
use gix::bstr::{BStr, ByteSlice};

use super::repository::{Repository, path_of};
use super::run::{Git, GitError};

/// How often git is asked for the list.
const ATTEMPTS: u64 = 30;

/// One worktree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worktree {
    /// Its top folder, canonical where it exists; of a bare repository, the repository itself.
    pub path: PathBuf,
    /// Its own git folder; absent when the folder that the list speaks of could not be found.
    pub git_dir: Option<PathBuf>,
    /// The one that the repository was made with (first in every list), not one that was added.
    pub is_main: bool,
    /// Has no files: the repository itself.
    pub is_bare: bool,
    /// The commit that is checked out; absent before the first commit.
    pub head: Option<ObjectId>,
    /// The branch that is checked out, `refs/heads/…`; absent when HEAD is detached.
    pub branch: Option<String>,
    /// Why it is locked, perhaps an empty reason; absent when it is not.
    pub locked: Option<String>,
    /// Why git would forget about it; absent when it would not.
    pub prunable: Option<String>,
    /// What it is in the middle of.
    pub operation: Option<Operation>,
}

/// Something that a worktree is in the middle of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// What it is.
    pub kind: OperationKind,
    /// The branches that will move or be returned to when it ends, `refs/heads/…`.
    pub branches: Vec<String>,
}

/// What a worktree can be in the middle of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// `git rebase`.
    Rebase,
    /// `git am`.
    ApplyMail,
    /// `git merge`.
    Merge,
    /// `git cherry-pick`.
    CherryPick,
    /// `git revert`.
    Revert,
    /// `git bisect`.
    Bisect,
}

impl OperationKind {
    /// The git command that it belongs to.
    pub fn command(self) -> &'static str {
        match self {
            OperationKind::Rebase => "rebase",
            OperationKind::ApplyMail => "am",
            OperationKind::Merge => "merge",
            OperationKind::CherryPick => "cherry-pick",
            OperationKind::Revert => "revert",
            OperationKind::Bisect => "bisect",
        }
    }
}

impl Worktree {
    /// Whether the branch is checked out here or is what an unfinished operation is about.
    pub fn holds(&self, branch: &str) -> bool {
        self.branch.as_deref() == Some(branch)
            || self.operation.as_ref().is_some_and(|operation| operation.branches.iter().any(|name| name == branch))
    }

    /// Whether there are files to work with.
    pub fn exists(&self) -> bool {
        !self.is_bare && self.path.is_dir()
    }

    /// Whether the folder is there and is still this worktree: not another clone that took its place, nor a folder
    /// whose `.git` is gone, from which git would go on to search further up.
    pub fn is_intact(&self) -> bool {
        let Some(git_dir) = self.git_dir.as_deref().filter(|_| self.exists()) else { return false };
        let dot_git = self.path.join(".git");
        if self.is_main {
            return !dot_git.is_dir() || canonical(&dot_git) == git_dir;
        }
        let pointer = read_text(&dot_git).unwrap_or_default();
        let target = pointer.trim_end().strip_prefix("gitdir: ").map(|target| canonical(&self.path.join(target)));
        target.as_deref() == Some(git_dir)
    }

    /// A git child that works in this worktree and in no other that a search could find.
    pub fn git(&self) -> Git {
        let git_dir = self.git_dir.clone().unwrap_or_else(|| self.path.join(".git"));
        Git::at(&self.path).arg("--git-dir").arg(git_dir).arg("--work-tree").arg(&self.path)
    }
}

/// All worktrees, the main one first.
///
/// # Errors
/// Everything in [`GitError`] but `TooOld`.
pub fn list(repo: &Repository) -> Result<Vec<Worktree>, GitError> {
    let (line, output) = listing(repo)?;
    let folders = admin_folders(repo.common_dir());
    let mut found = Vec::new();
    // Attributes end with a NUL, and a record with one more.
    for record in output.split_str("\0\0").filter(|record| !record.is_empty()) {
        let mut worktree = parse(record.as_bstr()).ok_or_else(|| {
            let detail = record.to_str_lossy().into_owned();
            GitError::Answer { command: line.clone(), detail }
        })?;
        if found.is_empty() {
            worktree.is_main = true;
            worktree.git_dir = Some(repo.common_dir().to_owned());
            if let Some(moved) = main_elsewhere(repo).filter(|_| !worktree.is_bare) {
                worktree.path = moved;
            }
        } else {
            worktree.git_dir = folders.get(&worktree.path).cloned();
        }
        worktree.operation = worktree.git_dir.as_deref().and_then(operation_in);
        found.push(worktree);
    }
    Ok(found)
}

/// Which branches are held where: checked out, or what an unfinished operation is about. More than one place is
/// possible, by `git worktree add --force`.
pub fn by_branch(worktrees: &[Worktree]) -> BTreeMap<&str, Vec<&Worktree>> {
    let mut held: BTreeMap<&str, Vec<&Worktree>> = BTreeMap::new();
    for worktree in worktrees {
        let pending = worktree.operation.iter().flat_map(|operation| &operation.branches);
        let mut names: Vec<&str> = worktree.branch.iter().chain(pending).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            held.entry(name).or_default().push(worktree);
        }
    }
    held
}

/// What the worktree with this git folder is in the middle of.
pub fn operation_in(git_dir: &Path) -> Option<Operation> {
    // One look into the folder, which is small, instead of one for each of the names.
    let names: Vec<_> = git_dir.read_dir().ok()?.flatten().map(|entry| entry.file_name()).collect();
    let has = |name: &str| names.iter().any(|known| known == name);
    let one = |kind, branches| Some(Operation { kind, branches });
    // A rebase comes first: while it runs, it may leave the files of a merge or a cherry-pick as well.
    if has("rebase-merge") {
        let folder = git_dir.join("rebase-merge");
        let mut branches = branch_in(&folder.join("head-name"));
        // Three lines a branch of a stack that --update-refs will move: name, before, after.
        let stacked = read_text(&folder.join("update-refs")).unwrap_or_default();
        branches.extend(stacked.lines().step_by(3).map(str::to_owned));
        return one(OperationKind::Rebase, branches);
    }
    if has("rebase-apply") {
        let kind = if git_dir.join("rebase-apply/applying").exists() {
            OperationKind::ApplyMail
        } else {
            OperationKind::Rebase
        };
        return one(kind, branch_in(&git_dir.join("rebase-apply/head-name")));
    }
    if has("MERGE_HEAD") {
        return one(OperationKind::Merge, Vec::new());
    }
    if has("CHERRY_PICK_HEAD") {
        return one(OperationKind::CherryPick, Vec::new());
    }
    if has("REVERT_HEAD") {
        return one(OperationKind::Revert, Vec::new());
    }
    // Between two picks of a series none of those files exists.
    if let Some(steps) = has("sequencer").then(|| read_text(&git_dir.join("sequencer/todo"))).flatten() {
        let reverts = steps.trim_start().starts_with("revert");
        return one(if reverts { OperationKind::Revert } else { OperationKind::CherryPick }, Vec::new());
    }
    if has("BISECT_LOG") {
        let start = read_text(&git_dir.join("BISECT_START")).map(|text| text.trim().to_owned());
        // Started on a detached HEAD, the file holds a commit.
        let name = start.filter(|start| ObjectId::from_hex(start.as_bytes()).is_err());
        return one(OperationKind::Bisect, name.map(|name| format!("refs/heads/{name}")).into_iter().collect());
    }
    None
}

/// The path with its links resolved as far as it exists, and `.` and `..` taken out of the rest.
pub fn canonical(path: &Path) -> PathBuf {
    if let Ok(found) = path.canonicalize() {
        return found;
    }
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    match (plain.parent(), plain.file_name()) {
        (Some(parent), Some(name)) if !parent.as_os_str().is_empty() => canonical(parent).join(name),
        _ => plain,
    }
}

/// What git lists. It dies when it comes upon a worktree that is being added at this moment, so it is asked again.
fn listing(repo: &Repository) -> Result<(String, Vec<u8>), GitError> {
    let mut attempt = 1;
    loop {
        let child = repo.git().args(["worktree", "list", "--porcelain", "-z"]);
        let line = child.line();
        match child.stdout() {
            Ok(output) => return Ok((line, output)),
            Err(GitError::Failed { .. }) if attempt < ATTEMPTS => {
                std::thread::sleep(Duration::from_millis(fastrand::u64(1..5) * attempt));
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

fn parse(record: &BStr) -> Option<Worktree> {
    let mut attributes = record.split_str("\0").map(|line| line.split_once_str(" ").unwrap_or((line, b"")));
    let (b"worktree", path) = attributes.next()? else { return None };
    let mut worktree = Worktree {
        path: canonical(&path_of(path.as_bstr())),
        git_dir: None,
        is_main: false,
        is_bare: false,
        head: None,
        branch: None,
        locked: None,
        prunable: None,
        operation: None,
    };
    for (key, value) in attributes {
        let text = || value.to_str_lossy().into_owned();
        match key {
            b"HEAD" => worktree.head = Some(ObjectId::from_hex(value).ok()?).filter(|id| !id.is_null()),
            b"branch" => worktree.branch = Some(text()),
            b"bare" => worktree.is_bare = true,
            b"locked" => worktree.locked = Some(text()),
            b"prunable" => worktree.prunable = Some(text()),
            _ => {}
        }
    }
    Some(worktree)
}

/// The git folders of the linked worktrees by the worktree's path. The list does not name them.
fn admin_folders(common_dir: &Path) -> BTreeMap<PathBuf, PathBuf> {
    let Ok(entries) = common_dir.join("worktrees").read_dir() else { return BTreeMap::new() };
    let folders = entries.flatten().filter_map(|entry| {
        let folder = entry.path();
        let pointer = std::fs::read(folder.join("gitdir")).ok()?;
        // Since git 2.48 it may be relative to the folder that it is in.
        let dot_git = folder.join(path_of(pointer.trim_end().as_bstr()));
        Some((canonical(dot_git.parent()?), folder))
    });
    folders.collect()
}

/// The main worktree's path where `core.worktree` moved it; git's list overlooks that.
fn main_elsewhere(repo: &Repository) -> Option<PathBuf> {
    repo.config("core.worktree")?;
    let main = repo.gix().main_repo().ok()?;
    main.workdir().map(canonical)
}

fn branch_in(file: &Path) -> Vec<String> {
    let name = read_text(file).map(|text| text.trim().to_owned());
    name.filter(|name| name.starts_with("refs/")).into_iter().collect()
}

fn read_text(file: &Path) -> Option<String> {
    std::fs::read(file).ok().map(|bytes| bytes.to_str_lossy().into_owned())
}

#[cfg(test)]
#[path = "worktrees_test.rs"]
mod tests;
