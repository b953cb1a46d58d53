//! What was built on an operation since, so that it cannot simply be taken back; and what a person can do about it.

use std::path::PathBuf;

use gix::ObjectId;
use gix::bstr::ByteSlice;

use crate::git::refs::{self, RefError};
use crate::git::worktrees;
use crate::git::{GitError, Repository};
use crate::land::execute::backup_name;
use crate::land::plan::Move;

/// So many of the commits that were built on something are named.
const SHOWN: usize = 5;

/// Where one of the operation's refs stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    /// Its full name.
    pub name: String,
    /// Where it was before the operation.
    pub before: Option<ObjectId>,
    /// Where the operation left it.
    pub left: Option<ObjectId>,
    /// Where it is.
    pub now: Option<ObjectId>,
    /// What was built on it; none when it is not on top of where the operation left it.
    pub built: Option<Built>,
    /// The ref that keeps where it was, if it is still there.
    pub backup: Option<String>,
    /// The worktree that has it checked out.
    pub checked_out: Option<PathBuf>,
}

/// Commits on top of where an operation left a branch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Built {
    /// How many.
    pub commits: usize,
    /// The newest of them, with their subjects.
    pub newest: Vec<(ObjectId, String)>,
}

/// One `git revert` on the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revert {
    /// Of the commits after the first up to the second.
    Range(ObjectId, ObjectId),
    /// Of a merge, as seen from its first parent.
    Merge(ObjectId),
}

/// Why nobody could tell.
#[derive(Debug, thiserror::Error)]
pub enum BuiltOnError {
    /// Refs could not be read.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Where the refs that moved with an operation stand now, in the order in which they moved.
///
/// # Errors
/// See [`BuiltOnError`].
pub fn stands(repo: &Repository, operation: &str, moves: &[Move]) -> Result<Vec<Stand>, BuiltOnError> {
    let all = worktrees::list(repo)?;
    let stand = |one: &Move| -> Result<Stand, BuiltOnError> {
        let backup = backup_name(operation, &one.name);
        let now = refs::read(repo, &one.name)?;
        let built = match (one.after, now) {
            (Some(left), Some(now)) if repo.is_within(left, now) => Some(built(repo, left, now)?),
            _ => None,
        };
        Ok(Stand {
            name: one.name.clone(),
            before: one.before,
            left: one.after,
            now,
            built,
            backup: refs::read(repo, &backup)?.filter(|kept| Some(*kept) == one.before).map(|_| backup),
            checked_out: all.iter().find(|worktree| worktree.holds(&one.name)).map(|worktree| worktree.path.clone()),
        })
    };
    moves.iter().map(stand).collect()
}

/// What has to be reverted to take back everything between two commits of a branch, in that order: what came last is
/// first, commits in a row at once, and of a merge all that it brought.
///
/// # Errors
/// git could not be asked.
pub fn reverts(repo: &Repository, before: ObjectId, after: ObjectId) -> Result<Vec<Revert>, GitError> {
    let range = format!("{before}..{after}");
    let text = repo.git().args(["rev-list", "--first-parent", "--parents", &range, "--"]).text()?;
    let mut steps: Vec<Revert> = Vec::new();
    for line in text.lines() {
        let ids: Vec<ObjectId> = line.split(' ').filter_map(|id| ObjectId::from_hex(id.as_bytes()).ok()).collect();
        match (ids.as_slice(), steps.last_mut()) {
            ([commit, parent], Some(Revert::Range(from, _))) if from == commit => *from = *parent,
            ([commit, parent], _) => steps.push(Revert::Range(*parent, *commit)),
            ([commit, _, ..], _) => steps.push(Revert::Merge(*commit)),
            _ => {}
        }
    }
    Ok(steps)
}

/// The remote-tracking branches that have the commit: it was pushed, or came from there.
///
/// # Errors
/// git could not be asked.
pub fn on_remotes(repo: &Repository, commit: ObjectId) -> Result<Vec<String>, GitError> {
    let contains = format!("--contains={commit}");
    let format = "--format=%(refname:short)%00%(symref)";
    let output = repo.git().args(["for-each-ref", format, &contains, "refs/remotes/"]).stdout()?;
    let names = output.lines().filter_map(|line| line.strip_suffix(b"\0"));
    Ok(names.map(|name| name.to_str_lossy().into_owned()).collect())
}

/// The local branches that have the commit, but for those that moved along: somebody has built on it.
///
/// # Errors
/// git could not be asked.
pub fn on_branches(repo: &Repository, commit: ObjectId, moved: &[Move]) -> Result<Vec<String>, GitError> {
    let contains = format!("--contains={commit}");
    let output = repo.git().args(["for-each-ref", "--format=%(refname)", &contains, "refs/heads/"]).text()?;
    let is_other = |name: &&str| !moved.iter().any(|one| one.name == **name);
    let short = |name: &str| name.strip_prefix("refs/heads/").unwrap_or(name).to_owned();
    Ok(output.lines().filter(is_other).map(short).collect())
}

fn built(repo: &Repository, from: ObjectId, to: ObjectId) -> Result<Built, GitError> {
    let range = format!("{from}..{to}");
    let child = repo.git().args(["rev-list", "--count", &range, "--"]);
    let command = child.line();
    let detail = child.text()?;
    let commits = detail.parse().map_err(|_| GitError::Answer { command, detail })?;
    let options = ["log", "-z", "--no-show-signature", "--encoding=UTF-8", "--format=%H %s"];
    let output = repo.git().args(options).arg(format!("--max-count={SHOWN}")).args([&range, "--"]).stdout()?;
    let newest = output.split_str("\0").filter_map(|record| {
        let (id, subject) = record.split_once_str(" ")?;
        Some((ObjectId::from_hex(id).ok()?, subject.to_str_lossy().into_owned()))
    });
    Ok(Built { commits, newest: newest.collect() })
}
