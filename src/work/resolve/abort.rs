//! Going back to exactly where a resolution began.
//!
//! git's own abort is used only on an operation that is verifiably ours. Before it, everything that is in the worktree
//! goes into a commit under a backup ref: what was resolved so far is somebody's work. Where the operation has finished,
//! branch and worktree go back as with an undo.

use std::collections::HashSet;

use gix::ObjectId;
use gix::actor::Signature;

use super::ResolveError;
use super::begin::{operation, save};
use super::progress::{Progress, progress, worktree_of};
use super::record::{self, Held, Record, Way};
use super::torn::{mend, unlock};
use super::unmerged::there;
use crate::git::refs::{self, Expected, RefUpdate};
use crate::git::repository::path_of;
use crate::git::worktrees::{self, Worktree};
use crate::git::{Repository, identity, status};
use crate::land::execute::backup_name;
use crate::land::plan::{Following, Move};
use crate::land::{self, Execution};
use crate::worktree::backup;
use crate::worktree::follow::{self, FollowError, Followed};
use crate::world::World;

/// How a resolution was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// git's operation was aborted.
    Aborted,
    /// It had finished; branch and worktree are back.
    PutBack,
    /// There was nothing to take back: it had not begun, or had been taken back already.
    Nothing,
    /// It has landed, which is not taken back here.
    Landed,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aborted {
    /// Of what.
    pub record: Record,
    /// How.
    pub how: How,
    /// The refs that keep what was there.
    pub kept: Vec<String>,
    /// How it went with the worktree, where the branch was put back.
    pub followed: Vec<(Following, Followed)>,
}

/// Take one resolution back. Repeated after a kill, it goes on.
///
/// # Errors
/// See [`ResolveError`].
pub fn abort(repo: &Repository, world: &World, record: &Record) -> Result<Aborted, ResolveError> {
    let held = Held::acquire(repo, &record.agent)?;
    let signature = identity::committer(repo, world.now).ok_or(ResolveError::NoIdentity)?;
    let mut done = Aborted { record: record.clone(), how: How::Nothing, kept: Vec::new(), followed: Vec::new() };
    // Another command may have been faster.
    if record::read(repo, &record.agent)?.as_ref() != Some(record) {
        return Ok(done);
    }
    let mut all = worktrees::list(repo)?;
    let gone = || ResolveError::NoWorktree { agent: record.agent.clone() };
    if let Some(worktree) = worktree_of(&all, record) {
        unlock(repo, record, worktree)?;
    }
    if progress(repo, &all, record)? == Progress::Torn {
        let worktree = worktree_of(&all, record).ok_or_else(gone)?;
        done.kept.extend(mend(repo, record, worktree, &held, &signature)?);
        all = worktrees::list(repo)?;
        done.how = How::Aborted;
    }
    match progress(repo, &all, record)? {
        Progress::UnderWay { .. } | Progress::Torn => {
            let worktree = worktree_of(&all, record).ok_or_else(gone)?;
            done.kept.push(take_down(repo, record, worktree, &held, &signature)?);
            done.how = How::Aborted;
        }
        Progress::Foreign { kind } => {
            let path = worktree_of(&all, record).ok_or_else(gone)?.path.clone();
            return Err(ResolveError::Foreign { agent: record.agent.clone(), path, kind });
        }
        Progress::BranchGone => {
            let (agent, branch) = (record.agent.clone(), record.short().to_owned());
            return Err(ResolveError::BranchGone { agent, branch });
        }
        Progress::Finished { tip } => {
            put_back(repo, world, &mut done, tip, &signature)?;
            done.how = How::PutBack;
        }
        Progress::NotBegun => {}
        Progress::Landed => done.how = How::Landed,
    }
    record.remove(repo)?;
    Ok(done)
}

/// Abort our operation; gives the ref that keeps what was in the worktree.
pub(super) fn take_down(
    repo: &Repository,
    record: &Record,
    worktree: &Worktree,
    held: &Held,
    signature: &Signature,
) -> Result<String, ResolveError> {
    let kept = keep(repo, record, worktree, signature)?;
    clear_the_way(record, worktree)?;
    let abort = || held.run(there(worktree).args([record.way.word(), "--abort"]));
    let mut words = abort()?;
    if record.way == Way::Merge && is_going_on(repo, record)? {
        // git would not drop an edit of a file that was added before. All of it is kept, so it may.
        held.run(there(worktree).args(["add", "--update"]))?;
        words = abort()?;
    }
    if is_going_on(repo, record)? || refs::read(repo, &record.branch)? != Some(record.tip) {
        return Err(ResolveError::GitRefused { way: record.way, path: worktree.path.clone(), words });
    }
    if !record.is_told {
        // git may have been killed over files that it had not written down yet.
        follow::take_back(worktree, record.tip, record.onto)?;
    }
    Ok(kept)
}

/// Files that git does not know at the moment and that the branch has: a killed git wrote them, or somebody took them out
/// of the index. They are kept, and git would not abort over them.
fn clear_the_way(record: &Record, worktree: &Worktree) -> Result<(), ResolveError> {
    let untracked = status::status(worktree)?.untracked;
    if untracked.is_empty() {
        return Ok(());
    }
    let tip = record.tip.to_string();
    let known = worktree.git().args(["ls-tree", "-r", "-z", "--name-only", "--full-tree", &tip]).stdout()?;
    let known: HashSet<&[u8]> = known.split(|byte| *byte == 0).collect();
    for path in untracked.iter().filter(|path| known.contains(path.as_slice())) {
        let path = worktree.path.join(path_of(path.as_ref()));
        std::fs::remove_file(&path).map_err(|source| FollowError::Io { path, source })?;
    }
    Ok(())
}

fn is_going_on(repo: &Repository, record: &Record) -> Result<bool, ResolveError> {
    let all = worktrees::list(repo)?;
    Ok(worktree_of(&all, record).is_none_or(|worktree| worktree.operation.is_some()))
}

/// Everything in the worktree under a backup ref, with where the branch and HEAD are.
pub(super) fn keep(
    repo: &Repository,
    record: &Record,
    worktree: &Worktree,
    signature: &Signature,
) -> Result<String, ResolveError> {
    let tip = refs::read(repo, &record.branch)?.unwrap_or(record.tip);
    let message = format!("{} while it resolved its conflict with {}", record.agent, record.target);
    let commit = backup::of_worktree(repo, worktree, tip, &message, signature)?;
    // An abort that was killed may have kept something else.
    let name =
        |number: u32| backup_name(record.operation.as_str(), &format!("refs/worktrees/{}-{number}", record.agent));
    let mut number = 1;
    while refs::read(repo, &name(number))?.is_some() {
        number += 1;
    }
    let update = RefUpdate { name: name(number), expected: Expected::Missing, new: Some(commit), message };
    save(repo, &update, signature)?;
    Ok(update.name)
}

/// Move branch and worktree back; what the branch had is under a backup ref then.
fn put_back(
    repo: &Repository,
    world: &World,
    done: &mut Aborted,
    tip: ObjectId,
    signature: &Signature,
) -> Result<(), ResolveError> {
    let record = &done.record;
    let back = Move { name: record.branch.clone(), before: Some(record.tip), after: Some(tip) };
    let built = land::plan_undo(repo, &[back]).map_err(Box::new)?;
    if !built.plan.refusals.is_empty() {
        return Err(ResolveError::NotBack { agent: record.agent.clone(), refusals: built.plan.refusals });
    }
    let message = format!("{} takes its resolution back", record.agent);
    let id = operation(repo, world, tip)?;
    let execution = Execution {
        plan: &built.plan,
        scratch: &built.scratch,
        operation: id.as_str(),
        state: None,
        message: &message,
        signature,
    };
    let executed = land::execute(repo, &execution).map_err(Box::new)?;
    done.kept.extend(executed.backups);
    done.followed = executed.followed;
    Ok(())
}
