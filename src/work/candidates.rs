//! What wants to land, as the branch layer wants to know it: agents, but also any branch or commit.

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;
use gix::bstr::ByteSlice;

use super::elsewhere::{Absent, Elsewhere, absent};
use super::place::{self, Standing};
use crate::agent::{Agent, AgentName};
use crate::branch::Candidate;
use crate::branch::facts::LeftOut;
use crate::config::Target;
use crate::git::refs::{self, RefError};
use crate::git::repository::path_text;
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
    /// An agent's branch is not here, and may be another clone's.
    #[error("{agent}'s branch {branch} is not here{}", told(.absent))]
    BranchElsewhere {
        /// The agent.
        agent: AgentName,
        /// Its branch, without `refs/heads/`.
        branch: String,
        /// Where it may be.
        absent: Absent,
    },
    /// Refs cannot be read.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
}

fn told(Absent { remote, seen_as }: &Absent) -> String {
    match seen_as {
        Some(seen_as) => format!("; {remote} has it, as {seen_as} shows"),
        None => format!(", and was not on {remote} when it was fetched"),
    }
}

impl CandidateError {
    /// Of an agent whose branch is not here.
    pub fn without(repo: &Repository, agent: &Agent) -> Self {
        let (name, branch) = (agent.name.clone(), agent.branch.clone());
        match absent(repo, agent) {
            Some(absent) => CandidateError::BranchElsewhere { agent: name, branch, absent },
            None => CandidateError::BranchGone { agent: name, branch },
        }
    }
}

/// Every agent. One whose branch is gone or cannot be read is among them: that is for the answer to say. One of another
/// clone is seen as the remote had its branch, and left out when it has nothing at work and nothing there.
///
/// # Errors
/// git or the refs could not be asked.
pub fn of_agents(repo: &Repository, state: &State) -> Result<Vec<Candidate>, CandidateError> {
    let all = worktrees::list(repo)?;
    let before = agents_before(state);
    let tips: BTreeMap<String, ObjectId> = refs::list(repo, "refs/heads/")?.into_iter().collect();
    let elsewhere = Elsewhere::of(repo);
    let with_tip = |agent: &Agent| {
        let branch = format!("refs/heads/{}", agent.branch);
        // What a list leaves out is asked for by name, to learn why.
        let tip = tips.get(&branch).map_or_else(|| tip_of(repo, agent, &elsewhere), |tip| Ok(Some(*tip)));
        let nowhere = ObjectId::null(repo.gix().object_hash());
        let of = |tip| of_agent(repo, state, agent, tip, &all, &before);
        match (tip, elsewhere.remote()) {
            (Ok(Some(tip)), _) => Some(of(tip)),
            (Ok(None), None) => {
                Some(Candidate { broken: Some(format!("its branch {} does not exist", agent.branch)), ..of(nowhere) })
            }
            (Ok(None), Some(remote)) => {
                let reason =
                    format!("its branch {} is not here, and was not on {remote} when it was fetched", agent.branch);
                let is_at_work = |task: &Task| matches!(task.state, TaskState::InProgress | TaskState::Completed);
                let is_wanted = state.tasks_of(&agent.name).any(is_at_work);
                is_wanted.then(|| Candidate { broken: Some(reason), ..of(nowhere) })
            }
            (Err(error), _) => Some(Candidate { broken: Some(error.to_string()), ..of(nowhere) }),
        }
    };
    Ok(state.agents.values().filter_map(with_tip).collect())
}

/// Where the agent's branch stands, here or else as the remote had it.
fn tip_of(repo: &Repository, agent: &Agent, elsewhere: &Elsewhere) -> Result<Option<ObjectId>, RefError> {
    match (refs::read(repo, &format!("refs/heads/{}", agent.branch))?, elsewhere.tracking(agent)) {
        (None, Some(tracking)) => refs::read(repo, &tracking),
        (tip, _) => Ok(tip),
    }
}

/// The same as [`named`], to be looked at only: an agent of another clone is seen as the remote had its branch.
///
/// # Errors
/// See [`CandidateError`].
pub fn seen(repo: &Repository, state: &State, names: &[String]) -> Result<Vec<Candidate>, CandidateError> {
    of_names(repo, state, names, &Elsewhere::of(repo))
}

/// Exactly what was named, each once, under the name that was given.
///
/// # Errors
/// See [`CandidateError`].
pub fn named(repo: &Repository, state: &State, names: &[String]) -> Result<Vec<Candidate>, CandidateError> {
    of_names(repo, state, names, &Elsewhere::default())
}

fn of_names(
    repo: &Repository,
    state: &State,
    names: &[String],
    elsewhere: &Elsewhere,
) -> Result<Vec<Candidate>, CandidateError> {
    let all = worktrees::list(repo)?;
    let before = agents_before(state);
    let mut seen = BTreeSet::new();
    let mut candidates = Vec::new();
    for name in names.iter().filter(|name| seen.insert(name.as_str())) {
        let agent = name.parse::<AgentName>().ok().and_then(|name| state.agents.get(&name));
        let candidate = match agent {
            Some(agent) => {
                let tip = tip_of(repo, agent, elsewhere)?.ok_or_else(|| CandidateError::without(repo, agent))?;
                of_agent(repo, state, agent, tip, &all, &before)
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
    let listed = |more: &[String]| {
        let child = repo.git().args(["for-each-ref", "--format=%(objectname) %(refname)"]).args(more);
        child.arg("refs/heads/").stdout()
    };
    // Not those that git counts as unmerged: of what it cannot read it counts neither.
    let merged = listed(&[format!("--merged={}", target.commit)])?;
    let merged: BTreeSet<&[u8]> = merged.lines().collect();
    let everything = listed(&[])?;
    let found = everything.lines().filter(|line| !merged.contains(line)).filter_map(|line| {
        let (id, name) = line.split_once_str(" ")?;
        let id = ObjectId::from_hex(id).ok()?;
        let branch = name.to_str_lossy().into_owned();
        let short = name.strip_prefix(b"refs/heads/")?.as_bstr();
        // A name that is not text matches no agent's, but might seem to.
        let is_agents = short.to_str().is_ok_and(|short| state.agent_of_branch(short).is_some());
        let called = path_text(short);
        // An agent may be called what somebody's branch is called.
        let is_taken = state.agents.keys().any(|agent| agent.as_str() == called);
        let called = if is_taken { branch.clone() } else { called };
        let is_other = branch != target.full_name() && !is_agents;
        is_other.then(|| with_worktree(Candidate::new(called, id), branch, &all))
    });
    Ok(found.collect())
}

fn of_agent(
    repo: &Repository,
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
    let candidate = with_worktree(
        Candidate {
            after,
            priority: unlanded().map(|task| task.priority as u8).max().unwrap_or_default(),
            age: began.unwrap_or(agent.created_at).timestamp(),
            ..Candidate::new(agent.name.as_str(), tip)
        },
        branch,
        all,
    );
    match place::standing(repo, all, agent) {
        // Its work goes on from the same commit, and counts.
        Standing::Elsewhere(at) if at.branch.is_none() && at.head == Some(tip) => used(candidate, at),
        Standing::Elsewhere(at) => {
            let short = |name: &String| name.strip_prefix("refs/heads/").unwrap_or(name).to_owned();
            let away = LeftOut::OnAnother { path: at.path.clone(), branch: at.branch.as_ref().map(short) };
            Candidate { away: Some(away), ..candidate }
        }
        Standing::Replaced { path, .. } | Standing::Missing { path, .. } => {
            Candidate { away: Some(LeftOut::Missing { path }), ..candidate }
        }
        Standing::At(_) | Standing::Nowhere => candidate,
    }
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
    let object = repo.gix().rev_parse_single(name).ok().and_then(|id| id.object().ok());
    let commit = object.and_then(|object| object.peel_to_commit().ok()).map(|commit| commit.id().detach());
    let by_git = || {
        // It reads refs that gix cannot.
        let revision = format!("{name}^{{commit}}");
        let asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", &revision];
        Ok::<_, GitError>(ObjectId::from_hex(repo.git().args(asked).run()?.stdout.trim()).ok())
    };
    let commit = match commit {
        Some(commit) => Some(commit),
        None => by_git()?,
    };
    let commit = commit.ok_or_else(|| CandidateError::Unknown { name: name.to_owned() })?;
    Ok(Candidate::new(name, commit))
}

fn with_worktree(candidate: Candidate, branch: String, all: &[Worktree]) -> Candidate {
    let mut holders = all.iter().filter(|worktree| worktree.holds(&branch)).peekable();
    let first = holders.peek().map(|holder| holder.path.clone());
    match (holders.find(|worktree| worktree.is_intact()), first) {
        (Some(holder), _) => used(Candidate { branch: Some(branch), ..candidate }, holder),
        // A bare repository has a branch, and no files.
        (None, Some(path)) if !all.iter().any(|one| one.is_bare && one.path == path) => {
            Candidate { branch: Some(branch), away: Some(LeftOut::Missing { path }), ..candidate }
        }
        _ => Candidate { branch: Some(branch), ..candidate },
    }
}

/// With the files of a worktree, and what it is in the middle of.
fn used(candidate: Candidate, worktree: &Worktree) -> Candidate {
    Candidate {
        worktree: Some(worktree.path.clone()),
        busy: worktree.operation.as_ref().map(|operation| operation.kind.command().to_owned()),
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
