//! Cleaning up: which agents' work has landed, by what proof, and what keeps the others.
//!
//! Nothing is forced. An agent goes when it has nothing to do, its branch was made for it, its worktree is whole and
//! holds nothing that is not in the target, and the branch's work is proven to be there. All of it is looked at again
//! right before each agent goes.

use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::bstr::BString;

use super::landed::{Judge, JudgeError, Judgement, Proof};
use super::past::{self, Past};
use super::place::{self, Standing};
use super::removal::{Belongings, Manner, RemovalError};
use crate::agent::{Agent, AgentName};
use crate::config::{self, Target};
use crate::git::refs::{self, RefError};
use crate::git::worktrees::{self, OperationKind, Worktree};
use crate::git::{GitError, Repository};
use crate::run::list;
use crate::state::State;
use crate::store::{Snapshot, StoreError};
use crate::task::{TaskId, TaskState};
use crate::worktree::ready::{Born, Observer, Ran};
use crate::worktree::remove::{self, Losses, RemoveError, Removed};
use crate::world::World;

/// One agent that was looked at.
#[derive(Debug, Clone)]
pub struct Looked {
    /// Who.
    pub name: AgentName,
    /// Its branch, without `refs/heads/`.
    pub branch: String,
    /// The worktree that has its branch.
    pub worktree: Option<PathBuf>,
    /// What the history says of it.
    pub past: Past,
    /// What is to become of it.
    pub fate: Fate,
}

/// What is to become of an agent.
#[derive(Debug, Clone)]
pub enum Fate {
    /// It may go.
    Goes(Box<Going>),
    /// It stays.
    Stays(Keeps),
}

/// An agent that may go.
#[derive(Debug, Clone)]
pub struct Going {
    /// Why its work counts as landed.
    pub proof: Proof,
    /// What goes with it.
    pub belongings: Belongings,
    /// Where its branch is.
    pub tip: ObjectId,
    /// Folders that are ignored as a whole, and go without a backup.
    pub losses: Losses,
}

/// Why an agent stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keeps {
    /// It has something to do.
    Task {
        /// What.
        task: TaskId,
        /// `Assigned` or `InProgress`.
        state: TaskState,
    },
    /// Its program runs, or nobody can tell.
    Running,
    /// It is done with tasks that have not landed.
    Completed {
        /// Which.
        tasks: Vec<TaskId>,
    },
    /// Its branch is the target.
    IsTarget,
    /// Its branch is gone.
    BranchGone,
    /// Its branch is another name for another one.
    Symbolic,
    /// Its branch was not made for it.
    Foreign,
    /// It was never at work: it waits for its first task.
    Fresh,
    /// Its branch has commits that are not in the target.
    Unlanded {
        /// How many.
        commits: usize,
    },
    /// The target had its work, and has taken at least a part of it back.
    TakenBack {
        /// The commit that says so, where one does.
        by: Option<ObjectId>,
    },
    /// Merging it would change nothing, but nothing says that it ever landed.
    Unproven,
    /// There is something in its worktree that the target does not have.
    Work(Box<Losses>),
    /// Its worktree is in the middle of something.
    Operation {
        /// Where.
        path: PathBuf,
        /// Of what.
        kind: OperationKind,
    },
    /// We are in its worktree.
    Inside {
        /// Where else we could be.
        main: PathBuf,
    },
    /// Somebody writes the index of its worktree.
    Busy {
        /// The lock file.
        lock: PathBuf,
    },
    /// Its worktree was locked.
    Locked {
        /// Where.
        path: PathBuf,
        /// Why, perhaps empty.
        reason: String,
    },
    /// Git knows its worktree and its folder is gone.
    Missing {
        /// Where it was.
        path: PathBuf,
    },
    /// Its worktree has something else checked out.
    Elsewhere {
        /// Where.
        path: PathBuf,
    },
    /// Something else is where its worktree was.
    Replaced {
        /// Where.
        path: PathBuf,
        /// Only its `.git` is gone, which `git worktree repair` makes again.
        is_repairable: bool,
    },
    /// Its branch is checked out where it is not its own worktree's.
    CheckedOut {
        /// Where.
        path: PathBuf,
    },
    /// Another worktree is inside its own.
    Contains {
        /// The one inside.
        inner: PathBuf,
    },
}

/// Why agents could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum CleanupError {
    /// The history could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Whether work has landed could not be found out.
    #[error(transparent)]
    Judge(#[from] JudgeError),
    /// A worktree could not be looked at.
    #[error(transparent)]
    Remove(#[from] RemoveError),
    /// Refs could not be read.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Who is to be looked at, and from where.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The agents.
    pub agents: &'a [AgentName],
    /// They were named: then one that was never at work may go too.
    pub named: bool,
    /// The folder that we are in.
    pub here: &'a Path,
}

/// Look at the agents. Nothing is changed.
///
/// # Errors
/// See [`CleanupError`]; what keeps an agent is part of the answer.
pub fn survey(
    repo: &Repository,
    target: &Target,
    snapshot: &Snapshot,
    wanted: &Wanted<'_>,
) -> Result<Vec<Looked>, CleanupError> {
    let agents: Vec<&Agent> = wanted.agents.iter().filter_map(|name| snapshot.state.agents.get(name)).collect();
    let mut pasts = past::of(repo, snapshot.tip, agents.iter().copied())?;
    let all = worktrees::list(repo)?;
    let mut judge = Judge::new(repo, target.commit)?;
    let mut looked = Vec::new();
    for agent in agents {
        let past = pasts.remove(&agent.name).unwrap_or_default();
        let one = One { repo, target, state: &snapshot.state, all: &all, agent, past: &past, wanted };
        let fate = match one.look(&mut judge)? {
            Ok(going) => Fate::Goes(Box::new(going)),
            Err(keeps) => Fate::Stays(keeps),
        };
        let full = format!("refs/heads/{}", agent.branch);
        let worktree = all.iter().find(|worktree| worktree.holds(&full)).map(|worktree| worktree.path.clone());
        looked.push(Looked { name: agent.name.clone(), branch: agent.branch.clone(), worktree, past, fate });
    }
    Ok(looked)
}

/// Run the commands of `agents.teardown` in the worktree of an agent that may go.
///
/// # Errors
/// See [`RemovalError`]; nothing has been removed.
pub fn teardown(
    repo: &Repository,
    world: &World,
    going: &Going,
    observer: Observer<'_>,
) -> Result<Vec<Ran>, RemovalError> {
    going.belongings.teardown(repo, world, going.manner(), observer)
}

/// Take an agent away that may go.
///
/// # Errors
/// See [`RemovalError`]; what has come to its worktree or branch since it was looked at is one.
pub fn remove(repo: &Repository, world: &World, going: &Going) -> Result<Option<Removed>, RemovalError> {
    going.belongings.remove(repo, world, going.manner())
}

impl Going {
    fn manner(&self) -> Manner {
        // Exactly this tip is proven, and no commit of it counts as lost.
        Manner { target: None, expected: Some(self.tip), force: false, keep_branch: false }
    }
}

/// One agent, and what is known around it.
struct One<'a> {
    repo: &'a Repository,
    target: &'a Target,
    state: &'a State,
    all: &'a [Worktree],
    agent: &'a Agent,
    past: &'a Past,
    wanted: &'a Wanted<'a>,
}

impl One<'_> {
    /// Cheap questions first. The outer error is that of a question, the inner one the answer that it stays.
    fn look(&self, judge: &mut Judge<'_>) -> Result<Result<Going, Keeps>, CleanupError> {
        if let Some(keeps) = self.at_work() {
            return Ok(Err(keeps));
        }
        let full = format!("refs/heads/{}", self.agent.branch);
        if full == self.target.full_name() {
            return Ok(Err(Keeps::IsTarget));
        }
        let tip = match refs::read_movable(self.repo, &full) {
            Ok(Some(tip)) => tip,
            Ok(None) => return Ok(Err(Keeps::BranchGone)),
            Err(RefError::Symbolic { .. }) => return Ok(Err(Keeps::Symbolic)),
            Err(error) => return Err(error.into()),
        };
        if !self.past.made_branch {
            return Ok(Err(Keeps::Foreign));
        }
        if let Some(keeps) = self.worktree_in_the_way(&full) {
            return Ok(Err(keeps));
        }
        let proof = match judge.judge(tip, self.past)? {
            Judgement::Landed(proof) => proof,
            Judgement::TakenBack { by } => return Ok(Err(Keeps::TakenBack { by })),
            Judgement::Unproven => return Ok(Err(Keeps::Unproven)),
            Judgement::Unlanded { commits } => return Ok(Err(Keeps::Unlanded { commits })),
        };
        let belongings = Belongings::of(self.repo, self.all, self.agent, true)?;
        let losses =
            remove::losses(self.repo, self.agent.name.as_str(), belongings.worktree.as_ref(), Some(tip), None)?;
        // A single ignored file, such as `.env`, is in nobody's target either, but what the worktree began with is no work.
        let born = Born::read(self.repo, &self.agent.name);
        let is_as_it_was = |path: &BString| {
            belongings.worktree.as_ref().is_some_and(|worktree| born.has(&worktree.path, path.as_ref()))
        };
        if losses.is_work() || losses.is_beyond_backup() || !losses.ignored_files.iter().all(is_as_it_was) {
            return Ok(Err(Keeps::Work(Box::new(losses))));
        }
        if self.is_fresh(tip) && !self.wanted.named {
            return Ok(Err(Keeps::Fresh));
        }
        Ok(Ok(Going { proof, belongings, tip, losses }))
    }

    fn at_work(&self) -> Option<Keeps> {
        if !matches!(list::live_of(self.repo, &self.agent.name), Ok(None)) {
            return Some(Keeps::Running);
        }
        let has = |state: TaskState| self.state.tasks_of(&self.agent.name).find(|task| task.state == state);
        for state in [TaskState::InProgress, TaskState::Assigned] {
            if let Some(task) = has(state) {
                return Some(Keeps::Task { task: task.id.clone(), state });
            }
        }
        let completed = self.state.tasks_of(&self.agent.name).filter(|task| task.state == TaskState::Completed);
        let tasks: Vec<TaskId> = completed.map(|task| task.id.clone()).collect();
        (!tasks.is_empty()).then_some(Keeps::Completed { tasks })
    }

    /// What of its worktree, or of others, speaks against it before anybody looks into the files.
    fn worktree_in_the_way(&self, branch: &str) -> Option<Keeps> {
        let held: Vec<&Worktree> = self.all.iter().filter(|worktree| worktree.holds(branch)).collect();
        if let Some(other) = held.iter().find(|worktree| worktree.is_main || held.len() > 1) {
            return Some(Keeps::CheckedOut { path: other.path.clone() });
        }
        let worktree = match place::standing(self.repo, self.all, self.agent) {
            Standing::At(worktree) => worktree,
            // Nothing is there, and git knows of nothing: only the branch is left.
            Standing::Nowhere | Standing::Missing { known: None, .. } => return None,
            Standing::Missing { path, known: Some(_) } => return Some(Keeps::Missing { path }),
            Standing::Elsewhere(worktree) => return Some(Keeps::Elsewhere { path: worktree.path.clone() }),
            Standing::Replaced { path, is_repairable } => return Some(Keeps::Replaced { path, is_repairable }),
        };
        let path = || worktree.path.clone();
        if let Some(reason) = worktree.locked.clone() {
            return Some(Keeps::Locked { path: path(), reason });
        }
        if let Some(operation) = &worktree.operation {
            return Some(Keeps::Operation { path: path(), kind: operation.kind });
        }
        if self.wanted.here.starts_with(&worktree.path) {
            return Some(Keeps::Inside { main: config::main_folder(self.repo) });
        }
        let lock = worktree.git_dir.as_ref().map(|folder| folder.join("index.lock")).filter(|lock| lock.exists());
        if let Some(lock) = lock {
            return Some(Keeps::Busy { lock });
        }
        let inner = self.all.iter().find(|other| other.path != worktree.path && other.path.starts_with(&worktree.path));
        inner.map(|inner| Keeps::Contains { inner: inner.path.clone() })
    }

    /// Nothing of it has ever landed, and its branch is where it began.
    fn is_fresh(&self, tip: ObjectId) -> bool {
        let began = self
            .agent
            .base
            .as_ref()
            .is_some_and(|base| ObjectId::from_hex(base.as_str().as_bytes()).is_ok_and(|base| base == tip));
        self.past.landings.is_empty() && self.agent.completed_tasks == 0 && began
    }
}
