//! Carrying out a plan: one transaction of refs, then the worktrees.
//!
//! The order makes a kill harmless. The journal names every ref and worktree before anything moves. git moves refs one
//! by one where they are kept in files: first the backups, then the target, the state and the agents' branches; so once
//! one has moved, everything that is needed to go on is there, and the rest is moved as well. Worktrees follow last.

use std::path::PathBuf;

use gix::ObjectId;
use gix::actor::Signature;

use super::finish::{self, Intent, RefIntent, WorktreeIntent};
use super::plan::{Following, Move, Plan, Refusal};
use crate::git::refs::{self, Expected, RefError, RefUpdate};
use crate::git::scratch::{Scratch, ScratchError};
use crate::git::worktrees::{self, Worktree};
use crate::git::{GitError, Repository};
use crate::worktree::check::{self, Check};
use crate::worktree::follow::{self, FollowError, Followed};
use crate::worktree::journal::{Entry, JournalError};

/// A plan that is to be carried out.
#[derive(Debug)]
pub struct Execution<'a> {
    /// What.
    pub plan: &'a Plan,
    /// Where its new commits are.
    pub scratch: &'a Scratch,
    /// The id of the operation: names the backups and the journal entry.
    pub operation: &'a str,
    /// The swap of the state that goes into the same transaction.
    pub state: Option<&'a RefUpdate>,
    /// The line for the logs of the refs.
    pub message: &'a str,
    /// Who, and when.
    pub signature: &'a Signature,
}

/// What was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executed {
    /// The refs that keep where every moved ref was.
    pub backups: Vec<String>,
    /// How it went with each worktree. The refs have moved in any case.
    pub followed: Vec<(Following, Followed)>,
}

/// Why nothing was carried out.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// The plan itself says that it cannot be done.
    #[error("the plan cannot be carried out")]
    Refused {
        /// Why.
        refusals: Vec<Refusal>,
    },
    /// A ref has moved since the plan was made, or was checked out. Nothing was changed; plan again.
    #[error("{name} has moved since")]
    Outdated {
        /// Which.
        name: String,
        /// Where it stands.
        actual: Option<ObjectId>,
    },
    /// The objects could not be brought into the repository.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// A ref could not be read or moved.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// A worktree could not be looked at or brought along; where refs have moved, the next command goes on.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
    /// It could not be written down.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Move everything that the plan says, or nothing. A worktree whose files cannot be written afterwards is part of the
/// answer.
///
/// # Errors
/// See [`ExecuteError`].
pub fn execute(repo: &Repository, execution: &Execution<'_>) -> Result<Executed, ExecuteError> {
    let Execution { plan, scratch, operation, signature, .. } = execution;
    if !plan.refusals.is_empty() {
        return Err(ExecuteError::Refused { refusals: plan.refusals.clone() });
    }
    let all = check(repo, plan, scratch)?;
    scratch.migrate(repo)?;
    let intent = intent_of(repo, execution);
    // Bringing the objects over may have taken long enough for somebody to begin a commit.
    refuse_locked(plan, &all)?;
    let mut entry = Entry::begin(repo, operation, finish::KIND, &intent)?;
    let updates: Vec<_> = intent.refs.iter().filter_map(|one| one.update(execution.message)).collect();
    let locks_before = finish::locks(repo, &intent);
    let is_left = || finish::locks(repo, &intent).iter().any(|lock| !locks_before.contains(lock));
    match refs::transaction(repo, &updates, signature) {
        // git may have been unable to take a lock away.
        Ok(()) if is_left() => finish::clear_locks(repo, &intent),
        Ok(()) => {}
        Err(error) => entry = go_on(repo, &intent, entry, &locks_before, error, signature)?,
    }
    let mut followed = Vec::new();
    // The refs have moved: what fails from here on is told, and tried again by the next command.
    let all = worktrees::list(repo).map_err(FollowError::from);
    for following in &plan.worktrees {
        let result = match &all {
            Ok(all) => match all.iter().find(|worktree| worktree.path == following.path) {
                Some(one) => follow::follow(repo, one, &following.branch, following.before, following.after)
                    .unwrap_or_else(|error| finish::later(&error)),
                None => Followed::Elsewhere,
            },
            Err(error) => finish::later(error),
        };
        followed.push((following.clone(), result));
    }
    let results = followed.iter().map(|(following, result)| (following.path.as_path(), result));
    match intent.waiting(results) {
        // An entry that is only dropped is taken up by the next command.
        Some(waiting) => drop(entry.update(&waiting)),
        None => drop(entry.finish()),
    }
    let backups = intent.refs.into_iter().filter(|one| one.is_backup).map(|one| one.name).collect();
    Ok(Executed { backups, followed })
}

/// The transaction has failed. Where one of the refs has moved nevertheless, the rest moves as well; else nothing has.
fn go_on(
    repo: &Repository,
    intent: &Intent,
    entry: Entry,
    locks_before: &[PathBuf],
    error: RefError,
    signature: &Signature,
) -> Result<Entry, ExecuteError> {
    let is_left = || finish::locks(repo, intent).iter().any(|lock| !locks_before.contains(lock));
    // A git that was killed leaves its locks.
    if is_left() {
        finish::clear_locks(repo, intent);
    }
    if finish::has_begun(repo, intent)? {
        finish::move_rest(repo, intent, signature)?;
        return Ok(entry);
    }
    // A lock that could not be cleared now is cleared by the next command, which finds the entry.
    if !is_left() {
        entry.finish()?;
    }
    Err(match error {
        RefError::OutOfDate { name, actual, .. } => ExecuteError::Outdated { name, actual },
        error => error.into(),
    })
}

/// The name of the ref that keeps where `name` was before the operation.
pub fn backup_name(operation: &str, name: &str) -> String {
    format!("refs/agents-local/backup/{operation}/{}", name.strip_prefix("refs/").unwrap_or(name))
}

/// Whether everything still is as the plan found it. The transaction asks again for the refs; for worktrees this is
/// the last time.
fn check(repo: &Repository, plan: &Plan, scratch: &Scratch) -> Result<Vec<Worktree>, ExecuteError> {
    for Move { name, before, .. } in &plan.moves {
        let actual = refs::read_movable(repo, name)?;
        if actual != *before {
            return Err(ExecuteError::Outdated { name: name.clone(), actual });
        }
    }
    let all = worktrees::list(repo)?;
    let looks = Check::new(repo, Some(scratch));
    let mut refusals = Vec::new();
    for Move { name, before, after } in &plan.moves {
        for worktree in all.iter().filter(|worktree| worktree.holds(name)) {
            let (branch, path) = (name.clone(), worktree.path.clone());
            let planned = plan.worktrees.iter().any(|following| following.path == path && following.branch == branch);
            match (before, after) {
                // It was checked out since the plan was made: a plan that knows of it can bring it along.
                (Some(_), Some(_)) if !planned && worktree.exists() => {
                    return Err(ExecuteError::Outdated { name: branch, actual: *before });
                }
                (Some(before), Some(after)) => {
                    let reason = looks.worktree(worktree, *before, *after)?;
                    refusals.extend(reason.map(|reason| Refusal::Worktree { branch, path, reason }));
                }
                (Some(_), None) => refusals.push(Refusal::CheckedOut { branch, path }),
                (None, _) => {}
            }
        }
    }
    if refusals.is_empty() { Ok(all) } else { Err(ExecuteError::Refused { refusals }) }
}

/// Say no when somebody is writing the index of a worktree that is to come along.
fn refuse_locked(plan: &Plan, all: &[Worktree]) -> Result<(), ExecuteError> {
    let locked = plan.worktrees.iter().filter_map(|following| {
        let reason = check::locked(all.iter().find(|worktree| worktree.path == following.path)?)?;
        Some(Refusal::Worktree { branch: following.branch.clone(), path: following.path.clone(), reason })
    });
    let refusals: Vec<_> = locked.collect();
    if refusals.is_empty() { Ok(()) } else { Err(ExecuteError::Refused { refusals }) }
}

/// Everything in the order in which it moves.
fn intent_of(repo: &Repository, execution: &Execution<'_>) -> Intent {
    let text = |id: Option<ObjectId>| id.map(|id| id.to_string());
    let moves = &execution.plan.moves;
    let mut refs: Vec<RefIntent> = moves
        .iter()
        .filter(|one| one.before.is_some() && !is_only_ahead(repo, execution.plan, one))
        .map(|one| RefIntent {
            name: backup_name(execution.operation, &one.name),
            before: None,
            after: text(one.before),
            is_backup: true,
            is_state: false,
        })
        .collect();
    let as_intent = |one: &Move| RefIntent {
        name: one.name.clone(),
        before: text(one.before),
        after: text(one.after),
        is_backup: false,
        is_state: false,
    };
    refs.extend(moves.iter().take(1).map(as_intent));
    refs.extend(execution.state.map(|state| RefIntent {
        name: state.name.clone(),
        before: text(state.expected.value()),
        after: text(state.new),
        is_backup: false,
        is_state: true,
    }));
    refs.extend(moves.iter().skip(1).map(as_intent));
    let worktrees = execution.plan.worktrees.iter().map(|following| WorktreeIntent {
        path: following.path.clone(),
        branch: following.branch.clone(),
        before: following.before.to_string(),
        after: following.after.to_string(),
    });
    Intent { worktrees: worktrees.collect(), refs, message: execution.message.to_owned() }
}

/// Whether a ref that is no part of a landing only moves forward: what it was stays reachable, and nobody needs a
/// backup of it.
fn is_only_ahead(repo: &Repository, plan: &Plan, one: &Move) -> bool {
    let (true, Some(before), Some(after)) = (plan.steps.is_empty(), one.before, one.after) else { return false };
    repo.is_within(before, after)
}

impl RefIntent {
    /// The swap that it stands for; none where an id of it cannot be read.
    pub(super) fn update(&self, message: &str) -> Option<RefUpdate> {
        let (before, after) = (self.before_id()?, self.after_id()?);
        let (name, message) = (self.name.clone(), message.to_owned());
        Some(RefUpdate { name, expected: Expected::from(before), new: after, message })
    }
}

#[cfg(test)]
#[path = "execute_test.rs"]
mod tests;
