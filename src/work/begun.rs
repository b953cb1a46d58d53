//! Whether an agent's task was begun in this clone, or is gone on with here.
//!
//! Two clones may have the same agent, each with a branch and a worktree of its own. What the one has begun is not done
//! because the other's branch has commits: that takes the work itself, or an assignment of its own.

use gix::ObjectId;

use super::elsewhere::{Elsewhere, short};
use super::leases;
use crate::agent::Agent;
use crate::git::Repository;
use crate::git::refs;
use crate::state::{Action, Operation};
use crate::store::{self, History, Own, StoreError};
use crate::sync;
use crate::task::Task;

/// Where a task was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// In this clone, or the branch here goes on with what was pushed of it. So it is where nobody can tell: an old
    /// version gave assignments no number.
    Here,
    /// In another clone.
    Elsewhere {
        /// The remote-tracking branch that has work of it: `origin/agents/ann`.
        pushed: Option<String>,
    },
}

/// Where `agent` has begun `task`, which it has in progress.
///
/// # Errors
/// The chain or refs cannot be read.
pub fn begun(repo: &Repository, agent: &Agent, task: &Task) -> Result<Begun, StoreError> {
    if task.fence().is_none() || leases::held(repo, &agent.name).is_some_and(|(held, _)| held == task.id) {
        return Ok(Begun::Here);
    }
    // Nobody else could have.
    if sync::has_met_others(repo).is_ok_and(|has| !has) {
        return Ok(Begun::Here);
    }
    let started = last_start(repo, agent, task)?;
    // Nothing says that it was begun anywhere.
    if started.is_none_or(|started| Own::read(repo).has(&started)) {
        return Ok(Begun::Here);
    }
    let Some(pushed) = pushed(repo, agent, task)? else { return Ok(Begun::Elsewhere { pushed: None }) };
    let tip = refs::read(repo, &format!("refs/heads/{}", agent.branch))?;
    Ok(match tip.is_some_and(|tip| repo.is_within(pushed, tip)) {
        true => Begun::Here,
        false => Begun::Elsewhere { pushed: Elsewhere::of(repo).tracking(agent).map(|name| short(&name).to_owned()) },
    })
}

/// The operation that the task was begun with.
fn last_start(repo: &Repository, of: &Agent, what: &Task) -> Result<Option<Operation>, StoreError> {
    for entry in History::from(repo, store::tip(repo)?).only(&["start"]) {
        let Some(operation) = entry?.operation else { continue };
        match &operation.action {
            Action::Start { agent, task, .. } if *agent == of.name && *task == what.id => return Ok(Some(operation)),
            _ => {}
        }
    }
    Ok(None)
}

/// What another clone has pushed of the task's work.
fn pushed(repo: &Repository, agent: &Agent, task: &Task) -> Result<Option<ObjectId>, StoreError> {
    let base = task.live_attempt().and_then(|attempt| attempt.base.as_ref());
    let base = base.and_then(|base| ObjectId::from_hex(base.as_str().as_bytes()).ok());
    let Some(base) = base else { return Ok(None) };
    Ok(Elsewhere::of(repo).tip(repo, agent)?.filter(|tip| *tip != base && repo.is_within(base, *tip)))
}
