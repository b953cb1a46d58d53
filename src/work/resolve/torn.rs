//! What a git that was killed leaves and cannot abort itself.
//!
//! A rebase has its notes before it touches anything and until all is in its place, so only notes that are incomplete
//! are left of it. A merge writes the files first, and only then that it is one.

use std::collections::BTreeSet;

use gix::actor::Signature;
use gix::bstr::{BStr, BString, ByteSlice};

use super::ResolveError;
use super::abort::keep;
use super::record::{Held, Record, Way};
use super::unmerged::{there, unmerged};
use crate::branch::changes::{between, tree_of};
use crate::git::Repository;
use crate::git::merge_tree::{Merge, MergeTree, Request};
use crate::git::repository::path_of;
use crate::git::scratch::Scratch;
use crate::git::worktrees::Worktree;
use crate::git::{refs, stale, status};
use crate::worktree::follow::{self, Blocked};

/// Whether the worktree, which was clean when the merge was about to begin, has files of a merge that was killed before
/// it wrote down that it is one.
///
/// # Errors
/// git could not be asked.
pub(super) fn is_torn_merge(repo: &Repository, worktree: &Worktree, record: &Record) -> Result<bool, ResolveError> {
    if record.is_told || record.way != Way::Merge || worktree.branch.as_ref() != Some(&record.branch) {
        return Ok(false);
    }
    if follow::index_lock(worktree).exists() || !unmerged(worktree)?.is_empty() {
        return Ok(true);
    }
    let status = status::status(worktree)?;
    let scratch = Scratch::in_memory(repo)?;
    let request = Request { base: None, ours: record.tip, theirs: record.onto };
    let merged = match MergeTree::new(repo, &scratch, Some(record.tip)).merge(&request)? {
        Merge::Clean { tree } | Merge::Conflict { tree, .. } => tree,
        Merge::Unknown { .. } => return Ok(false),
    };
    let changes = tree_of(&scratch, record.tip).and_then(|tip| between(&scratch, tip, merged)).map_err(Box::new)?;
    let is_there = |path: &BString| worktree.path.join(path_of(path.as_ref())).symlink_metadata().is_ok();
    let is_begun = changes.iter().any(|change| change.is_addition() && is_there(&change.path));
    let touched: BTreeSet<&BStr> = changes.iter().map(|change| change.path.as_bstr()).collect();
    let edited = status.tracked();
    // Somebody's edits elsewhere mean that somebody has been at work since.
    Ok((is_begun || !edited.is_empty()) && edited.iter().all(|path| touched.contains(path)))
}

/// Remove the locks that a killed git left: on the index, and on the refs that a rebase or a merge moves. Whoever calls
/// this holds the right to work on the resolution, so no git of ours is alive.
///
/// # Errors
/// [`ResolveError::Blocked`] when somebody else may be writing the index.
pub(super) fn unlock(repo: &Repository, record: &Record, worktree: &Worktree) -> Result<(), ResolveError> {
    if !follow::clear_lock(repo, worktree) {
        let (agent, path) = (record.agent.clone(), worktree.path.clone());
        let reason = Blocked::Locked { path: follow::index_lock(worktree) };
        return Err(ResolveError::Blocked { agent, path, reason });
    }
    let own = ["HEAD", "ORIG_HEAD", "REBASE_HEAD", "AUTO_MERGE", "CHERRY_PICK_HEAD", "MERGE_HEAD", "MERGE_MSG"];
    let own = own.iter().map(|name| record.git_dir.join(format!("{name}.lock")));
    for lock in own.chain([refs::lock_path(repo, &record.branch)]) {
        stale::clear(repo, &lock, |_| true);
    }
    stale::clear_packed_refs(repo);
    Ok(())
}

/// Clear it up; gives the ref that keeps what was in the worktree, where files had to be put back.
pub(super) fn mend(
    repo: &Repository,
    record: &Record,
    worktree: &Worktree,
    held: &Held,
    signature: &Signature,
) -> Result<Option<String>, ResolveError> {
    if record.way == Way::Rebase {
        // The branch is checked out: only git's notes on the rebase go.
        held.run(there(worktree).args(["rebase", "--quit"]))?;
        return Ok(None);
    }
    let kept = keep(repo, record, worktree, signature)?;
    // What `git merge --abort` would do had git lived to write down that it merges.
    held.run(there(worktree).args(["reset", "--quiet", "--hard", &record.tip.to_string()]))?;
    follow::take_back(worktree, record.tip, record.onto)?;
    Ok(Some(kept))
}
