//! That nothing runs in an agent's worktree, and nothing begins to, while it is taken away.

use std::fs::File;

use super::census::Census;
use super::error::RunError;
use super::start::queue;
use super::{hidden, list};
use crate::agent::AgentName;
use crate::git::Repository;

/// No run begins while this is held.
#[derive(Debug)]
#[must_use = "a run may begin as soon as it is dropped"]
pub struct Still {
    _queue: File,
}

/// Make sure that no run of the agent is alive, nor anything that one has left, and that none begins.
///
/// # Errors
/// [`RunError::StillRunning`] or [`RunError::Hidden`], and what could not be read.
pub fn still(repo: &Repository, agent: &AgentName) -> Result<Still, RunError> {
    let still = Still { _queue: queue(repo)? };
    let census = Census::default();
    let is_alive = |run: &list::Run| run.is_live() || !run.left(&census).is_empty();
    let runs = list::all(repo)?;
    if runs.iter().any(|run| run.plan().agent == *agent && is_alive(run)) {
        return Err(RunError::StillRunning { agent: agent.clone() });
    }
    hidden::refuse(&hidden::hidden_in_queue(repo, &census)?, agent)?;
    Ok(still)
}

/// Make sure that no run at all is alive, nor anything that one has left, and that none begins.
///
/// # Errors
/// [`RunError::Live`], and what could not be read.
pub fn all_still(repo: &Repository) -> Result<Still, RunError> {
    let still = Still { _queue: queue(repo)? };
    let census = Census::default();
    let is_alive = |run: &&list::Run| run.is_live() || !run.left(&census).is_empty();
    let live = list::all(repo)?.iter().filter(is_alive).count() + hidden::hidden_in_queue(repo, &census)?.len();
    if live == 0 { Ok(still) } else { Err(RunError::Live { live }) }
}
