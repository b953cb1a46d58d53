//! How far a resolution has come, as git's own files and the branch tell.
//!
//! An operation in the worktree is ours only when it began at the recorded commits: then, and only then, may it be
//! aborted. Records do not say what git has done since, so nothing here can be out of date.

use std::path::Path;

use gix::ObjectId;

use super::ResolveError;
use super::record::{self, Record, Way};

use super::torn::is_torn_merge;
use super::unmerged::{Unmerged, text, unmerged};
use crate::agent::AgentName;
use crate::git::Repository;
use crate::git::refs;
use crate::git::worktrees::{OperationKind, Worktree};
use crate::state::Action;
use crate::store::History;

/// How many operations a landing is looked for in.
const LOOK_BACK: usize = 1000;

/// How far a resolution has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Our operation is going on in the worktree.
    UnderWay {
        /// What waits for somebody; nothing when all is added and git's own command has yet to go on.
        unmerged: Vec<Unmerged>,
    },
    /// git was killed while it began or ended our operation.
    Torn,
    /// Another operation is going on there.
    Foreign {
        /// Which.
        kind: OperationKind,
    },
    /// Nothing is going on and the branch is where it was: it never began, or was taken back with git's own command.
    NotBegun,
    /// Nothing is going on and the branch has moved.
    Finished {
        /// Where it is.
        tip: ObjectId,
    },
    /// The agent has landed since.
    Landed,
    /// The branch is gone.
    BranchGone,
}

/// The worktree that a record is about, if git still knows it; it may have been moved.
pub fn worktree_of<'w>(all: &'w [Worktree], record: &Record) -> Option<&'w Worktree> {
    all.iter().find(|worktree| worktree.git_dir.as_ref() == Some(&record.git_dir) && worktree.is_intact())
}

/// How far it has come. Whoever acts on the answer holds the record's lock.
///
/// # Errors
/// git or the refs could not be asked.
pub fn progress(repo: &Repository, all: &[Worktree], record: &Record) -> Result<Progress, ResolveError> {
    let worktree = worktree_of(all, record);
    let tip = refs::read(repo, &record.branch)?;
    if let Some((worktree, operation)) = worktree.and_then(|one| Some((one, one.operation.as_ref()?))) {
        return Ok(match whose(worktree, operation.kind, record, tip) {
            Whose::Ours => Progress::UnderWay { unmerged: unmerged(worktree)? },
            Whose::Torn => Progress::Torn,
            Whose::Somebodys => Progress::Foreign { kind: operation.kind },
        });
    }
    Ok(match tip {
        _ if has_landed(repo, record)? => Progress::Landed,
        None => Progress::BranchGone,
        Some(tip) if tip != record.tip => Progress::Finished { tip },
        Some(_) => match worktree {
            Some(worktree) if is_torn_merge(repo, worktree, record)? => Progress::Torn,
            _ => Progress::NotBegun,
        },
    })
}

/// Whether what is going on in a worktree is what this program began there; asked by those who only look.
pub fn is_ours(repo: &Repository, all: &[Worktree], agent: &AgentName) -> bool {
    let record = record::read(repo, agent).ok().flatten();
    record.is_some_and(|record| {
        let tip = refs::read(repo, &record.branch).ok().flatten();
        let going_on = worktree_of(all, &record).and_then(|one| Some((one, one.operation.as_ref()?)));
        going_on
            .is_some_and(|(worktree, operation)| matches!(whose(worktree, operation.kind, &record, tip), Whose::Ours))
    })
}

/// Whether git has stopped as it does when somebody is needed, rather than been killed.
pub(super) fn has_stopped(record: &Record) -> bool {
    let has = |name: &str| record.git_dir.join(name).exists();
    record.way == Way::Merge || has("rebase-merge/stopped-sha") && !has("MERGE_MSG.lock")
}

enum Whose {
    Ours,
    Torn,
    Somebodys,
}

fn whose(worktree: &Worktree, kind: OperationKind, record: &Record, tip: Option<ObjectId>) -> Whose {
    let is_attached = worktree.branch.as_ref() == Some(&record.branch);
    let yes = |is_ours| if is_ours { Whose::Ours } else { Whose::Somebodys };
    match (kind, record.way) {
        (OperationKind::Rebase, Way::Rebase) => {
            let folder = record.git_dir.join("rebase-merge");
            let (from, onto) = (id(&folder.join("orig-head")), id(&folder.join("onto")));
            match (text(&folder.join("head-name")), from, onto) {
                (Some(name), Some(from), Some(onto)) => {
                    yes(name == record.branch && from == record.tip && onto == record.onto)
                }
                // git can neither continue nor abort this. It is what there is before git touches the worktree, and
                // after all is in its place: the branch is checked out.
                _ if folder.is_dir() && is_attached => Whose::Torn,
                _ => Whose::Somebodys,
            }
        }
        (OperationKind::Merge, Way::Merge) => {
            let merged = id(&record.git_dir.join("MERGE_HEAD"));
            yes(is_attached && tip == Some(record.tip) && merged == Some(record.onto))
        }
        _ => Whose::Somebodys,
    }
}

/// The one object id that a file of git's holds.
fn id(file: &Path) -> Option<ObjectId> {
    ObjectId::from_hex(text(file)?.as_bytes()).ok()
}

/// Whether the agent has landed after the resolution began.
fn has_landed(repo: &Repository, record: &Record) -> Result<bool, ResolveError> {
    let tip = crate::store::tip(repo)?;
    for entry in History::from(repo, tip).take(LOOK_BACK) {
        let entry = entry?;
        if Some(entry.commit) == record.state {
            break;
        }
        if let Some(Action::Land { landed, .. }) = entry.operation.map(|operation| operation.action)
            && landed.iter().any(|landed| landed.agent == record.agent)
        {
            return Ok(true);
        }
    }
    Ok(false)
}
