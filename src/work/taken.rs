//! Whether a local branch is the one that an agent works on: `$GIT_COMMON_DIR/agents/branches/<name>`.
//!
//! An agent's document comes from whoever shares the state, and can name any branch. That is no reason to land what is on
//! a branch of this clone, or to rewrite it: it was made here for the agent, or taken for it by somebody here, which is
//! noted, or it holds nothing that is not published.

use std::path::PathBuf;

use gix::ObjectId;

use super::elsewhere::Elsewhere;
use super::{past, place};
use crate::agent::{Agent, AgentName};
use crate::git::Repository;
use crate::git::refs::{self, RefError};
use crate::{store, sync};

/// Note that the agent works on the branch in this clone.
pub fn note(repo: &Repository, agent: &AgentName, branch: &str) {
    let path = file(repo, agent);
    drop(path.parent().map(std::fs::create_dir_all));
    drop(std::fs::write(path, format!("{branch}\n")));
}

/// The agent is gone.
pub(super) fn forget(repo: &Repository, agent: &AgentName) {
    drop(std::fs::remove_file(file(repo, agent)));
}

/// Whether the branch of `agent`, at `tip`, may be landed and rewritten; `target` is what it would land on.
///
/// # Errors
/// Refs cannot be read.
pub fn is_agents(repo: &Repository, agent: &Agent, tip: ObjectId, target: ObjectId) -> Result<bool, RefError> {
    match std::fs::read_to_string(file(repo, &agent.name)) {
        Ok(branch) if branch.trim_end() == agent.branch => return Ok(true),
        // From before there were such notes, or without any remote: there is nobody who could have named a branch.
        Err(_) if place::read(repo, &agent.name).is_some() || is_alone(repo) => return Ok(true),
        _ => {}
    }
    if past::made_branch(repo, refs::read(repo, store::STATE_REF)?, agent) {
        return Ok(true);
    }
    let published = Elsewhere::of(repo).tip(repo, agent)?;
    Ok(repo.is_within(tip, target) || published.is_some_and(|published| repo.is_within(tip, published)))
}

/// Whether nothing was ever fetched into the state.
fn is_alone(repo: &Repository) -> bool {
    sync::has_met_others(repo).is_ok_and(|has| !has)
}

fn file(repo: &Repository, agent: &AgentName) -> PathBuf {
    repo.agents_dir().join("branches").join(agent.as_str())
}
