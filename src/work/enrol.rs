//! Enrolling agents: their branches and worktrees are made in parallel, then all are registered in one operation.
//!
//! All or none: when one cannot be made, the others are taken back. A creation stays in the journal until it is
//! registered, so a kill in between leaves nothing that the next command does not clear away.

use std::path::PathBuf;

use gix::ObjectId;
use gix::actor::Signature;
use rayon::prelude::*;

use super::{past, place, taken};
use crate::agent::{Agent, AgentName, CommitId};
use crate::git::{Repository, identity};
use crate::state::{Action, NewAgent, RefMove, Rejected, State};
use crate::store::{self, Change, Committed, History, Own, Refused, Scope, StoreError};
use crate::worktree::create::{self, CreateError, Creation};
use crate::world::World;

/// At most so many `git worktree add` at once: each writes a whole checkout.
const AT_ONCE: usize = 4;

/// One agent to enrol.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// Its name.
    pub name: AgentName,
    /// Its branch, without `refs/heads/`.
    pub branch: String,
    /// Where a new branch begins.
    pub start: ObjectId,
    /// Take a branch that exists.
    pub existing: bool,
    /// Where its worktree goes; none for none.
    pub worktree: Option<PathBuf>,
    /// It is registered already, and only its branch or worktree is missing.
    pub registered: bool,
}

/// What became of one enrolment.
#[derive(Debug, Clone)]
pub struct Enrolled {
    /// The agent.
    pub name: AgentName,
    /// Its branch, without `refs/heads/`.
    pub branch: String,
    /// Where its worktree is.
    pub worktree: Option<PathBuf>,
    /// Whether the branch is new.
    pub made_branch: bool,
    /// Whether the worktree is new.
    pub made_worktree: bool,
    /// What a hook complained of after everything was made.
    pub complaint: Option<String>,
}

/// Why nobody was enrolled. Nothing is left of what was made.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// A branch or a worktree could not be made.
    #[error("{name} cannot be added: {source}")]
    Create {
        /// Whose.
        name: AgentName,
        /// Why.
        source: CreateError,
    },
    /// A rule of the state.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// The state could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Agents that are registered, and what was made for them: it may still be taken back.
#[derive(Debug)]
#[must_use = "what was made stays in the journal until it is kept or taken back"]
pub struct Enrolling {
    /// What became of each.
    pub enrolled: Vec<Enrolled>,
    /// The registration; none when all of them were registered before.
    pub committed: Option<Committed>,
    creations: Vec<Creation>,
}

impl Enrolling {
    /// They stay.
    pub fn keep(self, repo: &Repository) -> Vec<Enrolled> {
        for (enrolled, creation) in self.enrolled.iter().zip(self.creations) {
            // The notes can be made again, and a journal entry of a registered agent is dropped by whoever finds it.
            drop(place::write(repo, &enrolled.name, creation.worktree.as_deref()));
            taken::note(repo, &enrolled.name, &enrolled.branch);
            drop(creation.keep());
        }
        self.enrolled
    }

    /// Somebody else has registered the names, and what was made goes with the registration.
    pub fn take_back(self, repo: &Repository, world: &World) {
        if let Some(signature) = identity::committer(repo, world.now) {
            take_back(repo, self.creations, &signature);
        }
    }
}

/// Make and register them; `made` is told of each as it is done.
///
/// # Errors
/// See [`EnrolError`].
pub fn enrol(
    repo: &Repository,
    world: &World,
    enrolments: &[Enrolment],
    made: &(dyn Fn(&AgentName) + Sync),
) -> Result<Enrolling, EnrolError> {
    let signature = identity::committer(repo, world.now).ok_or(StoreError::NoIdentity)?;
    check_rules(repo, enrolments)?;
    let creations = create_all(repo, world, enrolments, &signature, made)?;
    let enrolled: Vec<Enrolled> = enrolments.iter().zip(&creations).map(|(e, c)| result(e, c)).collect();
    match register(repo, world, enrolments, &enrolled) {
        Ok(committed) => Ok(Enrolling { enrolled, committed, creations }),
        Err(error) => {
            take_back(repo, creations, &signature);
            Err(error)
        }
    }
}

/// Whether the agent's branch was made when it was enrolled, by what the chain up to `tip` says of that and this clone
/// has noted. The agent's own document is no proof: anybody who shares the state can write the name of somebody else's
/// branch into it, and into the chain. In doubt the branch is not ours.
pub fn made_branch(repo: &Repository, tip: Option<ObjectId>, agent: &Agent) -> bool {
    let newest = History::from(repo, tip).map_while(Result::ok).filter_map(|entry| entry.operation).find(|operation| {
        matches!(&operation.action, Action::AddAgents { agents } if agents.iter().any(|new| new.name == agent.name))
    });
    newest.is_some_and(|added| past::makes_branch(&Own::read(repo), &added, agent))
}

/// Refuse what the state would refuse before anything is made.
fn check_rules(repo: &Repository, enrolments: &[Enrolment]) -> Result<(), EnrolError> {
    let state = store::load(repo, &Scope::open())?.state;
    for enrolment in enrolments.iter().filter(|enrolment| !enrolment.registered) {
        let name = || enrolment.name.clone();
        if state.agents.contains_key(&enrolment.name) {
            return Err(Rejected::AgentExists { name: name() }.into());
        }
        if let Some(other) = state.agent_of_branch(&enrolment.branch) {
            let (branch, agent) = (enrolment.branch.clone(), other.name.clone());
            return Err(Rejected::BranchTaken { branch, agent }.into());
        }
    }
    Ok(())
}

fn create_all(
    repo: &Repository,
    world: &World,
    enrolments: &[Enrolment],
    signature: &Signature,
    made: &(dyn Fn(&AgentName) + Sync),
) -> Result<Vec<Creation>, EnrolError> {
    let jobs: Vec<(Repository, &Enrolment)> = enrolments.iter().map(|enrolment| (repo.clone(), enrolment)).collect();
    let one = |(repo, enrolment): (Repository, &Enrolment)| {
        // An agent's name may have dots, and the id of an operation none.
        let id = format!("{}-{}", world.ulid(&mut fastrand::Rng::new()), enrolment.name.as_str().replace('.', "_"));
        let request = create::Request {
            name: enrolment.name.to_string(),
            branch: format!("refs/heads/{}", enrolment.branch),
            start: enrolment.start,
            existing: enrolment.existing,
            worktree: enrolment.worktree.clone(),
        };
        let creation = create::create(&repo, &request, &id, signature);
        made(&enrolment.name);
        creation.map_err(|source| EnrolError::Create { name: enrolment.name.clone(), source })
    };
    let results: Vec<Result<Creation, EnrolError>> = match jobs.len() {
        0 | 1 => jobs.into_iter().map(one).collect(),
        _ => match rayon::ThreadPoolBuilder::new().num_threads(AT_ONCE).build() {
            Ok(pool) => pool.install(|| jobs.into_par_iter().map(one).collect()),
            Err(_) => jobs.into_iter().map(one).collect(),
        },
    };
    let (made, failed): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    let made: Vec<Creation> = made.into_iter().flatten().collect();
    match failed.into_iter().find_map(Result::err) {
        Some(error) => {
            take_back(repo, made, signature);
            Err(error)
        }
        None => Ok(made),
    }
}

/// What cannot be taken back now stays in the journal, and the next command tries again.
fn take_back(repo: &Repository, creations: Vec<Creation>, signature: &Signature) {
    for creation in creations {
        drop(creation.undo(repo, signature));
    }
}

fn register(
    repo: &Repository,
    world: &World,
    enrolments: &[Enrolment],
    enrolled: &[Enrolled],
) -> Result<Option<Committed>, EnrolError> {
    let hex = |id: ObjectId| CommitId::try_from(id.to_string()).ok();
    let new: Vec<&Enrolment> = enrolments.iter().filter(|enrolment| !enrolment.registered).collect();
    if new.is_empty() {
        return Ok(None);
    }
    let agents: Vec<NewAgent> = new
        .iter()
        .map(|one| NewAgent { name: one.name.clone(), branch: one.branch.clone(), base: hex(one.start) })
        .collect();
    let is_new = |name: &AgentName| new.iter().any(|enrolment| enrolment.name == *name);
    let moved: Vec<RefMove> = enrolments
        .iter()
        .zip(enrolled)
        .filter(|(enrolment, enrolled)| enrolled.made_branch && is_new(&enrolment.name))
        .map(|(enrolment, _)| RefMove {
            name: format!("refs/heads/{}", enrolment.branch),
            before: None,
            after: hex(enrolment.start),
        })
        .collect();
    let decide = |_: &State, _: &mut fastrand::Rng| {
        Ok(Some(Change { action: Action::AddAgents { agents: agents.clone() }, moved: moved.clone() }))
    };
    store::transact(repo, world, &Scope::open(), decide).map_err(|refused: Refused<std::convert::Infallible>| {
        match refused {
            Refused::Rule(rejected) => EnrolError::Rejected(rejected),
            Refused::Store(error) => EnrolError::Store(error),
            Refused::Caller(never) => match never {},
        }
    })
}

fn result(enrolment: &Enrolment, creation: &Creation) -> Enrolled {
    Enrolled {
        name: enrolment.name.clone(),
        branch: enrolment.branch.clone(),
        worktree: creation.worktree.clone(),
        made_branch: creation.made_branch,
        made_worktree: creation.made_worktree,
        complaint: creation.complaint.as_ref().map(ToString::to_string),
    }
}

#[cfg(test)]
#[path = "enrol_test.rs"]
mod tests;
