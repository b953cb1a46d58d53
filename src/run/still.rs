//! That nothing runs in an agent's worktree, and nothing begins to, while it is taken away.

use std::fs::File;

use super::error::RunError;
use super::list;
use super::start::queue;
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
/// [`RunError::StillRunning`], and what could not be read.
pub fn still(repo: &Repository, agent: &AgentName) -> Result<Still, RunError> {
    let still = Still { _queue: queue(repo)? };
    // What cannot be read may be anybody's.
    let hidden = list::unreadable(repo)?.iter().any(super::folder::Folder::is_held);
    let is_alive = |run: &list::Run| run.is_live() || run.has_left();
    let runs = list::all(repo)?;
    if hidden || runs.iter().any(|run| run.plan().agent == *agent && is_alive(run)) {
        return Err(RunError::StillRunning { agent: agent.clone() });
    }
    Ok(still)
}
