//! Enrolling agents: their branches and worktrees are made in parallel, then all are registered in one operation.
//!
//! All or none: when one cannot be made, the others are taken back. A creation stays in the journal until it is
//! registered, so a kill in between leaves nothing that the next command does not clear away.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use gix::ObjectId;
use gix::actor::Signature;
use rayon::prelude::*;

use super::{place, taken};
use crate::agent::{AgentName, CommitId};
use crate::git::{Repository, identity, worktrees};
use crate::state::{Action, NewAgent, RefMove, Rejected, State};
use crate::store::{self, Change, Committed, Refused, Scope, StoreError};
use crate::worktree::create::{self, CreateError, Creation};
use crate::worktree::ready::{self, Observer, Prepared, ReadyError};
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

impl Enrolment {
    fn request(&self) -> create::Request {
        create::Request {
            name: self.name.to_string(),
            branch: format!("refs/heads/{}", self.branch),
            start: self.start,
            existing: self.existing,
            worktree: self.worktree.clone(),
            registered: self.registered,
        }
    }
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
    /// What was done to make the new worktree ready.
    pub prepared: Prepared,
}

/// How they are made.
#[derive(Clone, Copy)]
pub struct Making<'a> {
    /// Run the commands of `agents.setup` in new worktrees.
    pub with_setup: bool,
    /// Is told what they do.
    pub observer: Observer<'a>,
    /// Is told of each agent that has all it should have.
    pub made: &'a (dyn Fn(&AgentName) + Sync),
}

impl Making<'_> {
    /// Without telling anybody.
    pub fn silently(with_setup: bool) -> Self {
        Making { with_setup, observer: &|_, _| {}, made: &|_| {} }
    }
}

/// Why nobody was enrolled. Nothing is left of what was made but what is named.
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
    /// A worktree could not be made ready.
    #[error("{name} cannot be added: {source}")]
    Ready {
        /// Whose.
        name: AgentName,
        /// Why.
        source: ReadyError,
    },
    /// As before, and something that was made could not be taken back.
    #[error("{source}")]
    Left {
        /// Why nobody was enrolled.
        source: Box<EnrolError>,
        /// Why something stays, each.
        left: Vec<String>,
    },
    /// It is not known how to make a worktree ready. Nothing was begun.
    #[error(transparent)]
    Plan(ReadyError),
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
            drop(take_back(repo, self.creations, &signature));
        }
    }
}

/// Make them, make their worktrees ready, and register them.
///
/// # Errors
/// See [`EnrolError`].
pub fn enrol(
    repo: &Repository,
    world: &World,
    enrolments: &[Enrolment],
    making: Making<'_>,
) -> Result<Enrolling, EnrolError> {
    let signature = identity::committer(repo, world.now).ok_or(StoreError::NoIdentity)?;
    check_rules(repo, enrolments)?;
    let plan = match enrolments.iter().any(|enrolment| enrolment.worktree.is_some()) {
        true => Some(ready::Plan::of(repo, making.with_setup).map_err(EnrolError::Plan)?),
        false => None,
    };
    let maker = Maker {
        world,
        signature: &signature,
        plan: plan.filter(|plan| !plan.is_empty()),
        making,
        failed: AtomicBool::new(false),
    };
    let made = maker.all(repo, enrolments)?;
    let enrolled: Vec<Enrolled> = enrolments.iter().zip(&made).map(|(e, (c, p))| result(e, c, p)).collect();
    let creations = made.into_iter().map(|(creation, _)| creation).collect();
    match register(repo, world, enrolments, &enrolled) {
        Ok(committed) => Ok(Enrolling { enrolled, committed, creations }),
        Err(error) => {
            let left = take_back(repo, creations, &signature);
            Err(error.and_left(left))
        }
    }
}

/// Refuse what is known to be in the way of enrolling them, and make nothing.
///
/// # Errors
/// See [`EnrolError`].
pub fn check(repo: &Repository, enrolments: &[Enrolment]) -> Result<(), EnrolError> {
    check_rules(repo, enrolments)?;
    for one in enrolments {
        let failed = |source| EnrolError::Create { name: one.name.clone(), source };
        create::check(repo, &one.request()).map_err(failed)?;
    }
    Ok(())
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

/// Makes what enrolments need.
struct Maker<'a> {
    world: &'a World,
    signature: &'a Signature,
    /// None when there is nothing to do to a worktree.
    plan: Option<ready::Plan>,
    making: Making<'a>,
    /// One could not be made: no other is begun.
    failed: AtomicBool,
}

type Made = (Creation, Prepared);

impl Maker<'_> {
    fn all(&self, repo: &Repository, enrolments: &[Enrolment]) -> Result<Vec<Made>, EnrolError> {
        let jobs: Vec<(Repository, &Enrolment)> = enrolments.iter().map(|one| (repo.clone(), one)).collect();
        let one = |(repo, enrolment): (Repository, &Enrolment)| self.unless_failed(&repo, enrolment);
        let results: Vec<Option<Result<Made, EnrolError>>> = match jobs.len() {
            0 | 1 => jobs.into_iter().map(one).collect(),
            _ => match rayon::ThreadPoolBuilder::new().num_threads(AT_ONCE).build() {
                Ok(pool) => pool.install(|| jobs.into_par_iter().map(one).collect()),
                Err(_) => jobs.into_iter().map(one).collect(),
            },
        };
        let (made, failed): (Vec<_>, Vec<_>) = results.into_iter().flatten().partition(Result::is_ok);
        let made: Vec<Made> = made.into_iter().flatten().collect();
        match failed.into_iter().find_map(Result::err) {
            Some(error) => {
                let made = made.into_iter().map(|(creation, _)| creation);
                Err(error.and_left(take_back_unless_taken(repo, made, self.signature)))
            }
            None => Ok(made),
        }
    }

    fn unless_failed(&self, repo: &Repository, enrolment: &Enrolment) -> Option<Result<Made, EnrolError>> {
        if self.failed.load(Ordering::Relaxed) {
            return None;
        }
        let made = self.one(repo, enrolment);
        match &made {
            Ok(_) => (self.making.made)(&enrolment.name),
            Err(_) => self.failed.store(true, Ordering::Relaxed),
        }
        Some(made)
    }

    fn one(&self, repo: &Repository, enrolment: &Enrolment) -> Result<Made, EnrolError> {
        // An agent's name may have dots, and the id of an operation none.
        let id =
            format!("{}-{}", self.world.ulid(&mut fastrand::Rng::new()), enrolment.name.as_str().replace('.', "_"));
        let failed = |source| EnrolError::Create { name: enrolment.name.clone(), source };
        let mut creation = create::create(repo, &enrolment.request(), &id, self.signature).map_err(failed)?;
        let Some(plan) = self.plan.as_ref().filter(|_| creation.made_worktree) else {
            return Ok((creation, Prepared::default()));
        };
        match self.make_ready(repo, plan, enrolment, &mut creation) {
            Ok(prepared) => Ok((creation, prepared)),
            Err(error) => Err(error.and_left(take_back_unless_taken(repo, [creation], self.signature))),
        }
    }

    fn make_ready(
        &self,
        repo: &Repository,
        plan: &ready::Plan,
        enrolment: &Enrolment,
        creation: &mut Creation,
    ) -> Result<Prepared, EnrolError> {
        let name = &enrolment.name;
        let failed = |source: CreateError| EnrolError::Create { name: name.clone(), source };
        let (id, mark) = creation.preparing().map_err(|error| failed(error.into()))?;
        let all = worktrees::list(repo).map_err(|error| failed(error.into()))?;
        let Some(worktree) = all.iter().find(|worktree| Some(&worktree.path) == creation.worktree.as_ref()) else {
            return Ok(Prepared::default());
        };
        let prepared = ready::prepare(repo, plan, name, worktree, (&id, &mark), self.making.observer)
            .map_err(|source| EnrolError::Ready { name: name.clone(), source })?;
        creation.prepared().map_err(|error| failed(error.into()))?;
        Ok(prepared)
    }
}

/// The same before anything was registered: whoever has registered a branch meanwhile (`agent add --existing`) has it with
/// the worktree, and perhaps works there.
fn take_back_unless_taken(
    repo: &Repository,
    creations: impl IntoIterator<Item = Creation>,
    signature: &Signature,
) -> Vec<String> {
    let agents = store::load(repo, &Scope::open()).map(|snapshot| snapshot.state.agents).unwrap_or_default();
    let is_taken = |one: &Creation| {
        !one.was_registered() && agents.values().any(|agent| format!("refs/heads/{}", agent.branch) == one.branch())
    };
    let (taken, ours): (Vec<_>, Vec<_>) = creations.into_iter().partition(is_taken);
    taken.into_iter().for_each(|creation| drop(creation.keep()));
    take_back(repo, ours, signature)
}

/// What cannot be taken back now stays in the journal, and the next command tries again. Gives why something stays that
/// nobody will try again.
fn take_back(repo: &Repository, creations: impl IntoIterator<Item = Creation>, signature: &Signature) -> Vec<String> {
    creations.into_iter().filter_map(|creation| creation.undo(repo, signature).ok().flatten()).collect()
}

impl EnrolError {
    fn and_left(self, mut left: Vec<String>) -> Self {
        match self {
            error if left.is_empty() => error,
            EnrolError::Left { source, left: mut before } => {
                before.append(&mut left);
                EnrolError::Left { source, left: before }
            }
            error => EnrolError::Left { source: Box::new(error), left },
        }
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

fn result(enrolment: &Enrolment, creation: &Creation, prepared: &Prepared) -> Enrolled {
    Enrolled {
        name: enrolment.name.clone(),
        branch: enrolment.branch.clone(),
        worktree: creation.worktree.clone(),
        made_branch: creation.made_branch,
        made_worktree: creation.made_worktree,
        complaint: creation.complaint.as_ref().map(ToString::to_string),
        prepared: prepared.clone(),
    }
}

#[cfg(test)]
#[path = "enrol_test.rs"]
mod tests;
