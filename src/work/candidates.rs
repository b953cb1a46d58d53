//! What wants to land, as the branch layer wants to know it: agents, but also any branch or commit.

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;
use gix::bstr::ByteSlice;

use crate::agent::{Agent, AgentName};
use crate::branch::Candidate;
use crate::config::Target;
use crate::git::refs::{self, RefError};
use crate::git::worktrees::{self, Worktree};
use crate::git::{GitError, Repository};
use crate::state::State;
use crate::task::{Task, TaskId, TaskState};

/// Why there are no candidates.
#[derive(Debug, thiserror::Error)]
pub enum CandidateError {
    /// A name that is no agent, no branch and no commit.
    #[error("{name:?} is no agent, no branch and no commit")]
    Unknown {
        /// What was given.
        name: String,
    },
    /// An agent's branch is gone.
    #[error("{agent}'s branch {branch} does not exist")]
    BranchGone {
        /// The agent.
        agent: AgentName,
        /// Its branch, without `refs/heads/`.
        branch: String,
    },
    /// Refs cannot be read.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Every agent whose branch exists.
///
/// # Errors
/// git or the refs could not be asked.
pub fn of_agents(repo: &Repository, state: &State) -> Result<Vec<Candidate>, CandidateError> {
    let all = worktrees::list(repo)?;
    let before = agents_before(state);
    let tips: BTreeMap<String, ObjectId> = refs::list(repo, "refs/heads/")?.into_iter().collect();
    let candidates = state.agents.values().filter_map(|agent| {
        let tip = tips.get(&format!("refs/heads/{}", agent.branch))?;
        Some(of_agent(state, agent, *tip, &all, &before))
    });
    Ok(candidates.collect())
}

/// Exactly what was named, each once, under the name that was given.
///
/// # Errors
/// See [`CandidateError`].
pub fn named(repo: &Repository, state: &State, names: &[String]) -> Result<Vec<Candidate>, CandidateError> {
    let all = worktrees::list(repo)?;
    let before = agents_before(state);
    let mut seen = BTreeSet::new();
    let mut candidates = Vec::new();
    for name in names.iter().filter(|name| seen.insert(name.as_str())) {
        let agent = name.parse::<AgentName>().ok().and_then(|name| state.agents.get(&name));
        let candidate = match agent {
            Some(agent) => {
                let gone = || CandidateError::BranchGone { agent: agent.name.clone(), branch: agent.branch.clone() };
                let tip = refs::read(repo, &format!("refs/heads/{}", agent.branch))?.ok_or_else(gone)?;
                of_agent(state, agent, tip, &all, &before)
            }
            None => of_revision(repo, name, &all)?,
        };
        // Two names for one branch are one branch.
        let is_known = |known: &Candidate| known.branch.is_some() && known.branch == candidate.branch;
        if !candidates.iter().any(is_known) {
            candidates.push(candidate);
        }
    }
    Ok(candidates)
}

/// The local branches that are no agent's, not the target, and not merged into it.
///
/// # Errors
/// git or the refs could not be asked.
pub fn of_other_branches(repo: &Repository, state: &State, target: &Target) -> Result<Vec<Candidate>, CandidateError> {
    let all = worktrees::list(repo)?;
    let merged = format!("--no-merged={}", target.commit);
    let listed =
        repo.git().args(["for-each-ref", "--format=%(objectname) %(refname)", &merged, "refs/heads/"]).stdout()?;
    let found = listed.lines().filter_map(|line| {
        let (id, name) = line.split_once_str(" ")?;
        let (id, name) = (ObjectId::from_hex(id).ok()?, name.to_str().ok()?);
        let short = name.strip_prefix("refs/heads/")?;
        let is_other = name != target.full_name() && state.agent_of_branch(short).is_none();
        is_other.then(|| with_worktree(Candidate::new(short, id), name.to_owned(), &all))
    });
    Ok(found.collect())
}

fn of_agent(
    state: &State,
    agent: &Agent,
    tip: ObjectId,
    all: &[Worktree],
    before: &BTreeMap<AgentName, BTreeSet<AgentName>>,
) -> Candidate {
    let branch = format!("refs/heads/{}", agent.branch);
    let unlanded = || {
        let is_live = |task: &&Task| matches!(task.state, TaskState::InProgress | TaskState::Completed);
        state.tasks_of(&agent.name).filter(is_live)
    };
    let began = unlanded().filter_map(|task| task.last_attempt()).map(|attempt| attempt.started_at).min();
    let after = before.get(&agent.name).into_iter().flatten().map(ToString::to_string).collect();
    with_worktree(
        Candidate {
            after,
            priority: unlanded().map(|task| task.priority as u8).max().unwrap_or_default(),
            age: began.unwrap_or(agent.created_at).timestamp(),
            ..Candidate::new(agent.name.as_str(), tip)
        },
        branch,
        all,
    )
}

/// A branch by its short or full name, or any commit.
fn of_revision(repo: &Repository, name: &str, all: &[Worktree]) -> Result<Candidate, CandidateError> {
    let short = name.strip_prefix("refs/heads/").unwrap_or(name);
    let branch = format!("refs/heads/{short}");
    if crate::agent::is_branch_name(short)
        && let Some(tip) = refs::read(repo, &branch)?
    {
        return Ok(with_worktree(Candidate::new(name, tip), branch, all));
    }
    let unknown = || CandidateError::Unknown { name: name.to_owned() };
    let object = repo.gix().rev_parse_single(name).ok().and_then(|id| id.object().ok()).ok_or_else(unknown)?;
    let commit = object.peel_to_commit().map_err(|_| unknown())?;
    Ok(Candidate::new(name, commit.id))
}

fn with_worktree(candidate: Candidate, branch: String, all: &[Worktree]) -> Candidate {
    let holder = all.iter().find(|worktree| worktree.holds(&branch) && worktree.is_intact());
    Candidate {
        worktree: holder.map(|worktree| worktree.path.clone()),
        busy: holder
            .and_then(|worktree| worktree.operation.as_ref())
            .map(|operation| operation.kind.command().to_owned()),
        branch: Some(branch),
        ..candidate
    }
}

/// For each agent those whose unlanded work its own unlanded work is after.
pub fn agents_before(state: &State) -> BTreeMap<AgentName, BTreeSet<AgentName>> {
    let holder = |id: &TaskId| {
        let task = state.tasks.get(id)?;
        let is_live = matches!(task.state, TaskState::Assigned | TaskState::InProgress | TaskState::Completed);
        task.agent.clone().filter(|_| is_live)
    };
    let mut before: BTreeMap<AgentName, BTreeSet<AgentName>> = BTreeMap::new();
    for task in state.tasks.values() {
        let Some(agent) = holder(&task.id).filter(|_| task.state != TaskState::Assigned) else { continue };
        let others = task.after.iter().filter_map(holder).filter(|other| *other != agent);
        before.entry(agent.clone()).or_default().extend(others);
    }
    before
}
