//! Starting a task: the branch is brought to where the work can begin, and that is recorded as its base.
//!
//! A branch with nothing of its own is moved forward to the target. What the task depends on and has not landed yet is
//! brought in: by moving forward where the branch has nothing of its own, else by a merge when it is clean. A branch
//! with work of its own is never rewritten.

use gix::ObjectId;
use gix::bstr::ByteSlice;

use super::carry_out::{CarryOutError, carry_out};
use crate::agent::{Agent, AgentName, CommitId};
use crate::config::Target;
use crate::git::merge_tree::{Merge, MergeError, MergeTree, Request};
use crate::git::refs::{self, RefError};
use crate::git::repository::path_text;
use crate::git::scratch::{Scratch, ScratchError};
use crate::git::status;
use crate::git::worktrees::{self, Worktree};
use crate::git::{GitError, Repository, identity};
use crate::land::plan::{Move, PlanError, Refusal};
use crate::land::{self, Built};
use crate::state::{Action, State};
use crate::store::{self, Change, Committed, Refused, Scope, StoreError};
use crate::task::{Task, TaskId, TaskState, Terms};
use crate::worktree::follow::FollowError;
use crate::world::World;

/// How the branch was brought to where the work begins; in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Brought {
    /// Moved forward to the target.
    ToTarget {
        /// The target's commit.
        commit: ObjectId,
    },
    /// Moved forward to the work of a task that it depends on.
    ToDependency {
        /// That task.
        task: TaskId,
        /// That work's commit.
        commit: ObjectId,
    },
    /// The work of a task that it depends on was merged.
    Merged {
        /// That task.
        task: TaskId,
        /// The merge.
        commit: ObjectId,
    },
    /// It could have been moved forward to the target, and was left where it is.
    LeftBehind {
        /// Why.
        reason: LeftBehind,
    },
}

/// Why a branch was not moved forward to the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftBehind {
    /// There is uncommitted work in its worktree.
    Uncommitted,
    /// Its worktree cannot come along.
    Worktree,
}

/// A task that was started.
#[derive(Debug, Clone)]
pub struct Started {
    /// The operation and the state after it.
    pub committed: Committed,
    /// Where the work begins.
    pub base: ObjectId,
    /// How the branch came there.
    pub brought: Vec<Brought>,
    /// Dependencies that are not completed.
    pub waiting_for: Vec<TaskId>,
}

/// What a task depends on and cannot be merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The dependency.
    pub dependency: TaskId,
    /// The agent that is to start.
    pub agent: AgentName,
    /// The agent whose work it is.
    pub other: AgentName,
    /// The other dependencies that were brought in before it; the branch has nothing else then.
    pub brought: Vec<TaskId>,
    /// The branches that would have to be merged, in order.
    pub branches: Vec<String>,
    /// Where.
    pub paths: Vec<String>,
}

impl Conflict {
    fn against(&self) -> String {
        let ids: Vec<&str> = self.brought.iter().map(TaskId::as_str).collect();
        match ids.as_slice() {
            [] => format!("{}'s branch", self.agent),
            ids => format!("that of {}, which it is after too,", ids.join(" and ")),
        }
    }
}

/// Why a task was not started. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The agent's branch is gone.
    #[error("the branch {branch} does not exist")]
    BranchGone {
        /// Without `refs/heads/`.
        branch: String,
    },
    /// What the task depends on does not merge with what is on the branch.
    #[error("the work of {}, which the task is after, conflicts with {} in {}", .0.dependency, .0.against(), .0.paths.join(", "))]
    Conflict(Box<Conflict>),
    /// What the task depends on has to be brought in, and there is uncommitted work.
    #[error("{agent} has uncommitted work, and the work of {dependency} has to be brought in first")]
    Uncommitted {
        /// The agent.
        agent: AgentName,
        /// The dependency.
        dependency: TaskId,
    },
    /// The branch cannot be moved.
    #[error("{agent}'s branch cannot be moved")]
    Blocked {
        /// The agent.
        agent: AgentName,
        /// Why.
        refusals: Vec<Refusal>,
    },
    /// The state said no, or could not be written.
    #[error("the state could not be changed")]
    Refused(Refused<std::convert::Infallible>),
    /// The refs have moved meanwhile.
    #[error(transparent)]
    Execute(#[from] land::ExecuteError),
    /// No plan could be made.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Refs could not be read.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Objects could not be written.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// git could not merge.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// A worktree could not be looked at.
    #[error(transparent)]
    Follow(#[from] FollowError),
}

/// Start `task` for `agent` on these terms; the agent takes it first when nobody has it.
///
/// # Errors
/// See [`StartError`].
pub fn start(
    repo: &Repository,
    world: &World,
    target: &Target,
    state: &State,
    agent: &Agent,
    task: &Task,
    terms: Terms,
) -> Result<Started, StartError> {
    let beginning = Beginning::find(repo, world, target, state, agent, task)?;
    let Beginning { base, brought, built, .. } = beginning;
    let action = Action::Start {
        agent: agent.name.clone(),
        task: task.id.clone(),
        base: CommitId::try_from(base.to_string()).ok(),
        terms,
    };
    let committed = match built {
        Some(built) => {
            let change = Change::from(action);
            carry_out(repo, world, &built, &Scope::open(), |_| Ok(change)).map(|(committed, _)| committed).map_err(
                |error| match error {
                    CarryOutError::Refused(refused) => StartError::Refused(refused),
                    CarryOutError::Execute(land::ExecuteError::Refused { refusals }) => {
                        StartError::Blocked { agent: agent.name.clone(), refusals }
                    }
                    CarryOutError::Execute(error) => error.into(),
                },
            )?
        }
        None => store::transact(repo, world, &Scope::open(), |_, _| Ok(Some(Change::from(action.clone()))))
            .map_err(StartError::Refused)?
            .expect("a change was decided upon"),
    };
    let waiting_for = crate::task::waiting_for(&state.tasks, task).into_iter().cloned().collect();
    Ok(Started { committed, base, brought, waiting_for })
}

/// Where the work can begin, and what has to move for it.
struct Beginning<'r> {
    repo: &'r Repository,
    agent: &'r Agent,
    branch: String,
    base: ObjectId,
    brought: Vec<Brought>,
    /// The branches of the dependencies to which it was moved forward.
    branches: Vec<String>,
    built: Option<Built>,
}

/// Work that has to be on the branch and is not in the target.
struct Dependency<'s> {
    task: &'s Task,
    agent: &'s AgentName,
    branch: String,
    tip: ObjectId,
}

impl<'r> Beginning<'r> {
    fn find(
        repo: &'r Repository,
        world: &World,
        target: &Target,
        state: &State,
        agent: &'r Agent,
        task: &Task,
    ) -> Result<Self, StartError> {
        let branch = format!("refs/heads/{}", agent.branch);
        let gone = || StartError::BranchGone { branch: agent.branch.clone() };
        let tip = refs::read(repo, &branch)?.ok_or_else(gone)?;
        let mut beginning =
            Beginning { repo, agent, branch, base: tip, brought: Vec::new(), branches: Vec::new(), built: None };
        let has_own = !repo.is_within(tip, target.commit);
        let mut pending: Vec<Dependency<'_>> = dependencies(repo, state, task)
            .into_iter()
            .filter(|dependency| !repo.is_within(dependency.tip, tip) && !repo.is_within(dependency.tip, target.commit))
            .collect();
        if pending.is_empty() && (has_own || tip == target.commit) {
            return Ok(beginning);
        }
        let worktree = worktrees::list(repo)?.into_iter().find(|worktree| worktree.holds(&beginning.branch));
        if is_dirty(worktree.as_ref())? {
            let Some(dependency) = pending.first() else {
                beginning.brought.push(Brought::LeftBehind { reason: LeftBehind::Uncommitted });
                return Ok(beginning);
            };
            let (agent, dependency) = (agent.name.clone(), dependency.task.id.clone());
            return Err(StartError::Uncommitted { agent, dependency });
        }
        if !has_own {
            // What has landed is in the target, so that has to come along.
            let landed = |id: &TaskId| state.tasks.get(id).is_none_or(|task| task.state == TaskState::Landed);
            let onto = task.after.iter().any(landed).then_some(target.commit);
            beginning.move_forward(target, &mut pending, onto);
        }
        beginning.merge(world, target, &pending)?;
        beginning.plan(tip, pending.is_empty())?;
        Ok(beginning)
    }

    /// The branch has nothing of its own: on to a dependency if that is ahead of it, and of what it has to have, else to
    /// the target.
    fn move_forward(&mut self, target: &Target, pending: &mut Vec<Dependency<'_>>, onto: Option<ObjectId>) {
        let is_ahead = |tip: ObjectId| {
            self.repo.is_within(self.base, tip) && onto.is_none_or(|onto| self.repo.is_within(onto, tip))
        };
        match pending.iter().position(|dependency| is_ahead(dependency.tip)) {
            Some(place) => {
                let first = pending.remove(place);
                self.base = first.tip;
                self.branches.push(first.branch);
                self.brought.push(Brought::ToDependency { task: first.task.id.clone(), commit: first.tip });
            }
            None if self.base != target.commit => {
                self.base = target.commit;
                self.brought.push(Brought::ToTarget { commit: target.commit });
            }
            None => {}
        }
    }

    /// Merge what is still missing, in the order in which the task names it.
    fn merge(&mut self, world: &World, target: &Target, pending: &[Dependency<'_>]) -> Result<(), StartError> {
        let scratch = Scratch::new(self.repo)?;
        let identity = identity::committer(self.repo, world.now)
            .ok_or(StartError::Refused(Refused::Store(StoreError::NoIdentity)))?;
        let writer = land::Writer { repo: self.repo, scratch: &scratch, identity: &identity };
        let mut merger = MergeTree::new(self.repo, &scratch, Some(target.commit));
        for dependency in pending {
            if self.repo.is_within(dependency.tip, self.base) {
                continue;
            }
            let request = Request { base: None, ours: self.base, theirs: dependency.tip };
            let tree = match merger.merge(&request)? {
                Merge::Clean { tree } => tree,
                Merge::Conflict { paths, .. } => {
                    let paths = paths.iter().map(|path| path_text(path.path.as_bstr())).collect();
                    return Err(self.conflict(pending, dependency, paths));
                }
                Merge::Unknown { reason } => return Err(self.conflict(pending, dependency, vec![reason])),
            };
            let message = format!("Merge the work of {} into {}\n", dependency.task.id, self.agent.branch);
            let commit = writer.merge(tree, &[self.base, dependency.tip], &message)?;
            // Nothing refers to it until the branch moves; then it has to be there.
            scratch.migrate(self.repo)?;
            self.base = commit;
            self.brought.push(Brought::Merged { task: dependency.task.id.clone(), commit });
        }
        Ok(())
    }

    fn conflict(&self, pending: &[Dependency<'_>], dependency: &Dependency<'_>, paths: Vec<String>) -> StartError {
        let of = |brought: &Brought| match brought {
            Brought::ToDependency { task, .. } | Brought::Merged { task, .. } => Some(task.clone()),
            Brought::ToTarget { .. } | Brought::LeftBehind { .. } => None,
        };
        StartError::Conflict(Box::new(Conflict {
            dependency: dependency.task.id.clone(),
            agent: self.agent.name.clone(),
            other: dependency.agent.clone(),
            brought: self.brought.iter().filter_map(of).collect(),
            branches: self.branches.iter().chain(pending.iter().map(|one| &one.branch)).cloned().collect(),
            paths,
        }))
    }

    /// Turn the way from `tip` to the base into a plan. When only the target would have been caught up with, a
    /// worktree that cannot come along is no reason not to start.
    fn plan(&mut self, tip: ObjectId, is_optional: bool) -> Result<(), StartError> {
        if self.base == tip {
            return Ok(());
        }
        let back = Move { name: self.branch.clone(), before: Some(self.base), after: Some(tip) };
        let built = land::plan_undo(self.repo, &[back])?;
        if built.plan.refusals.is_empty() {
            self.built = Some(built);
            return Ok(());
        }
        let only_target = matches!(self.brought.as_slice(), [Brought::ToTarget { .. }]);
        if !(is_optional && only_target) {
            let (agent, refusals) = (self.agent.name.clone(), built.plan.refusals);
            return Err(StartError::Blocked { agent, refusals });
        }
        self.base = tip;
        self.brought = vec![Brought::LeftBehind { reason: LeftBehind::Worktree }];
        Ok(())
    }
}

/// The completed tasks that `task` is after, with where their work stands.
fn dependencies<'s>(repo: &Repository, state: &'s State, task: &Task) -> Vec<Dependency<'s>> {
    let found = task.after.iter().filter_map(|id| {
        let task = state.tasks.get(id).filter(|task| task.state == TaskState::Completed)?;
        let branch = task.last_attempt()?.branch.clone();
        let tip = task.last_attempt()?.tip.as_ref()?;
        let tip = ObjectId::from_hex(tip.as_str().as_bytes()).ok()?;
        // Work of another clone may not be here yet.
        repo.gix().has_object(tip).then_some(Dependency { task, agent: task.agent.as_ref()?, branch, tip })
    });
    found.collect()
}

fn is_dirty(worktree: Option<&Worktree>) -> Result<bool, GitError> {
    match worktree.filter(|worktree| worktree.is_intact()) {
        Some(worktree) => Ok(!status::status(worktree)?.is_clean()),
        None => Ok(false),
    }
}
