//! Removing one agent: what was made for it goes, as far as nothing is lost, and one operation records that.
//!
//! The journal keeps the removal until it is recorded: a kill in between leaves an agent without its branch for no
//! longer than until the next command.

use std::path::{Path, PathBuf};

use gix::ObjectId;

use super::place::{self, Place, Standing};
use super::resolve::record;
use crate::agent::{Agent, AgentName, CommitId};
use crate::git::refs::{self, RefError};
use crate::git::worktrees::Worktree;
use crate::git::{GitError, Repository, identity};
use crate::run::{self, RunError};
use crate::state::{Action, RefMove};
use crate::store::{self, Change, Refused, Scope, StoreError};
use crate::worktree::journal::JournalError;
use crate::worktree::ready::{self, Observer, Ran, ReadyError};
use crate::worktree::remove::{self, RemoveError, Removed, Request};
use crate::world::World;

/// What is here of an agent, as far as it may go with it.
#[derive(Debug, Clone)]
pub struct Belongings {
    /// Whose.
    pub name: AgentName,
    /// Its branch, `refs/heads/…`.
    pub branch: String,
    /// Where that is; none when it is gone.
    pub tip: Option<ObjectId>,
    /// Whether the branch was made for the agent. What somebody else made is not ours to take away, whatever the shared
    /// document calls the agent's.
    pub is_ours: bool,
    /// The worktree that would go with it.
    pub worktree: Option<Worktree>,
    /// The folder that stays, because it has something else than the branch.
    pub elsewhere: Option<PathBuf>,
}

/// How to remove it.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// The commit that the branch's work should have reached; without it all of it counts as landed.
    pub target: Option<ObjectId>,
    /// Where the branch must be, of which the caller has decided something.
    pub expected: Option<ObjectId>,
    /// Although something would be lost that a backup can hold.
    pub force: bool,
    /// Leave the branch where it is.
    pub keep_branch: bool,
}

/// Why an agent was not removed.
#[derive(Debug, thiserror::Error)]
pub enum RemovalError {
    /// The branch is another name for another one.
    #[error("{name}'s branch {branch} is a symbolic ref, another name for another branch")]
    Symbolic {
        /// Whose.
        name: AgentName,
        /// Its name without `refs/heads/`.
        branch: String,
    },
    /// Somebody writes the index of its worktree.
    #[error("somebody is writing to {name}'s worktree ({} exists)", .lock.display())]
    Locked {
        /// Whose.
        name: AgentName,
        /// The lock file.
        lock: PathBuf,
    },
    /// We are in the folder that would go.
    #[error("you are inside {name}'s worktree, which would go")]
    Inside {
        /// Whose.
        name: AgentName,
    },
    /// A command of `agents.teardown` failed, or could not be run.
    #[error("{name} is not removed: {source}")]
    Teardown {
        /// Whose.
        name: AgentName,
        /// Why.
        source: Box<ReadyError>,
    },
    /// Worktree and branch could not be removed.
    #[error(transparent)]
    Remove(#[from] RemoveError),
    /// It could not be recorded; the next command does that.
    #[error("the removal could not be recorded")]
    Record(Refused<std::convert::Infallible>),
    /// Refs could not be read.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Its program runs.
    #[error(transparent)]
    Run(#[from] RunError),
    /// It could not be written down.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Belongings {
    /// What is here of `agent`; `all` is git's list of worktrees, and `is_ours` whether its branch was made for it.
    ///
    /// # Errors
    /// Refs could not be read.
    pub fn of(repo: &Repository, all: &[Worktree], agent: &Agent, is_ours: bool) -> Result<Self, RefError> {
        let branch = format!("refs/heads/{}", agent.branch);
        let tip = refs::read(repo, &branch)?;
        // What is checked out there now is not the agent's, so the folder stays.
        let elsewhere = match place::standing(repo, all, agent) {
            Standing::Elsewhere(worktree) => Some(worktree.path.clone()),
            Standing::Replaced { path, .. } => Some(path),
            _ => None,
        };
        let was_given =
            |worktree: &&Worktree| is_ours || place::read(repo, &agent.name) == Some(Place::At(worktree.path.clone()));
        let worktree = all.iter().find(|worktree| worktree.holds(&branch) && !worktree.is_main).filter(was_given);
        Ok(Belongings { name: agent.name.clone(), branch, tip, is_ours, worktree: worktree.cloned(), elsewhere })
    }

    /// Refuse what can be told without looking at the work: a symbolic branch, a worktree that somebody writes to or that
    /// `here` is in.
    ///
    /// # Errors
    /// See [`RemovalError`].
    pub fn check(&self, repo: &Repository, here: &Path, keep_branch: bool) -> Result<(), RemovalError> {
        let name = || self.name.clone();
        match refs::read_movable(repo, &self.branch) {
            Err(RefError::Symbolic { .. }) if self.is_ours && !keep_branch => {
                let branch = self.branch.strip_prefix("refs/heads/").unwrap_or(&self.branch).to_owned();
                return Err(RemovalError::Symbolic { name: name(), branch });
            }
            Err(RefError::Symbolic { .. }) | Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let Some(worktree) = &self.worktree else { return Ok(()) };
        let lock = worktree.git_dir.as_ref().map(|folder| folder.join("index.lock"));
        if let Some(lock) = lock.filter(|lock| lock.exists()) {
            return Err(RemovalError::Locked { name: name(), lock });
        }
        if here.starts_with(&worktree.path) {
            return Err(RemovalError::Inside { name: name() });
        }
        Ok(())
    }

    /// Run the commands of `agents.teardown` in its worktree, if it has one that [`Belongings::remove`] would remove.
    ///
    /// # Errors
    /// See [`RemovalError`]; nothing has been removed.
    pub fn teardown(
        &self,
        repo: &Repository,
        world: &World,
        manner: Manner,
        observer: Observer<'_>,
    ) -> Result<Vec<Ran>, RemovalError> {
        let failed = |source: ReadyError| RemovalError::Teardown { name: self.name.clone(), source: Box::new(source) };
        let Some(worktree) = self.worktree.as_ref().filter(|worktree| worktree.exists()) else { return Ok(Vec::new()) };
        if !ready::has_teardown(repo).map_err(failed)? {
            return Ok(Vec::new());
        }
        remove::check(repo, &self.request(manner))?;
        let id = world.ulid(&mut fastrand::Rng::new());
        ready::teardown(repo, &self.name, &worktree.path, &id, observer).map_err(failed)
    }

    fn request(&self, manner: Manner) -> Request {
        let kept = manner.keep_branch || !self.is_ours;
        Request {
            name: self.name.to_string(),
            branch: (!kept && self.tip.is_some()).then(|| self.branch.clone()),
            worktree: self.worktree.as_ref().map(|worktree| worktree.path.clone()),
            target: manner.target.filter(|_| !kept),
            expected: manner.expected,
            force: manner.force,
        }
    }

    /// Take it away and forget the agent. None when nothing was here any more but the agent's name.
    ///
    /// # Errors
    /// See [`RemovalError`]; where only recording failed, the next command does that.
    pub fn remove(&self, repo: &Repository, world: &World, manner: Manner) -> Result<Option<Removed>, RemovalError> {
        let stored = |error: StoreError| RemovalError::Record(Refused::Store(error));
        let _still = run::still(repo, &self.name)?;
        let signature = identity::committer(repo, world.now).ok_or(StoreError::NoIdentity).map_err(stored)?;
        let request = self.request(manner);
        let seed = store::tip(repo).map_err(stored)?;
        let id = world.ulid(&mut world.random(seed.as_ref().map_or(&[][..], |tip| tip.as_slice())));
        let (removed, entry) = match remove::remove_unrecorded(repo, &request, &id, &signature) {
            Ok((removed, entry)) => (Some(removed), Some(entry)),
            // Its branch and worktree are gone already: what is left is to forget it.
            Err(RemoveError::Nothing) => (None, None),
            Err(error) => return Err(error.into()),
        };
        let moved = match (&removed, self.tip) {
            (Some(Removed { branch_deleted: true, .. }), Some(tip)) => {
                let before = CommitId::try_from(tip.to_string()).ok();
                vec![RefMove { name: self.branch.clone(), before, after: None }]
            }
            _ => Vec::new(),
        };
        let backup = removed.as_ref().filter(|removed| removed.losses.is_work()).map(|removed| removed.backup.clone());
        // What it was resolving went with the worktree.
        drop(record::forget(repo, &self.name));
        let action = Action::RemoveAgent { agent: self.name.clone(), backup };
        let change = || Change { action: action.clone(), moved: moved.clone() };
        store::transact(repo, world, &Scope::open(), |_, _| Ok(Some(change()))).map_err(RemovalError::Record)?;
        if let Some(entry) = entry {
            entry.finish()?;
        }
        place::forget(repo, &self.name);
        Ok(removed)
    }
}
