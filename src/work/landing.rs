//! Landing agents' branches: who lands, in what order, with which messages, and what is recorded.

use std::collections::BTreeMap;

use gix::ObjectId;
use gix::actor::Signature;

use super::candidates::{self, CandidateError};
use super::carry_out::{CarryOutError, carry_out};
use super::completed_at;
use super::landed::JudgeError;
use super::messages::{MessageError, Messages, Subject};
use super::stacked::{Memory, Others, landed_before};
use super::strategies::{Strategies, strategy_word};
use super::template::TemplateError;
use crate::agent::{Agent, AgentName, CommitId};
use crate::branch::order::plan as plan_order;
use crate::branch::{BranchError, Candidate, Options, Work, matrix};
use crate::config::Target;
use crate::git::hooks::Ran;
use crate::git::refs::{self, RefError};
use crate::git::scratch::{Scratch, ScratchError};
use crate::git::{GitError, Repository, hooks, identity, worktrees};
use crate::land::plan::{Following, Stop, Stopped};
use crate::land::{self, Built, Executed, Plan, PlanError, Request, Source, Strategy};
use crate::state::{Action, Landed, State};
use crate::store::{Change, Committed, Scope, StoreError};
use crate::task::{Fence, Task, TaskId, TaskState};
use crate::worktree::follow::Followed;
use crate::world::World;

/// The key that asks for trailers.
pub const TRAILERS_KEY: &str = "agents.trailers";

/// Who is to land, and how.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The agents.
    pub agents: Vec<AgentName>,
    /// How; none is a rebase, or a merge where the branch contains merges or only merges as a whole.
    pub strategies: Strategies,
    /// New commits name the agent and its tasks in trailers, also those that a rebase makes.
    pub trailers: bool,
    /// The repository's hooks run on what we write; without them nothing outside is started.
    pub runs_hooks: bool,
    /// What the target is brought forward to first; none when it stays where it is.
    pub start: Option<ObjectId>,
}

/// Why there is no landing to carry out.
#[derive(Debug, thiserror::Error)]
pub enum LandingError {
    /// git does not know who commits.
    #[error("git does not know who you are: user.name and user.email are not set")]
    NoIdentity,
    /// The candidates could not be found.
    #[error(transparent)]
    Candidate(#[from] CandidateError),
    /// The branches could not be compared.
    #[error(transparent)]
    Branch(#[from] BranchError),
    /// No plan could be made.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Refs could not be read.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// Objects could not be written.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// What has landed before could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A message could not be written.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// Nobody could tell whether the work of a task is there.
    #[error(transparent)]
    Judge(#[from] JudgeError),
    /// A template of the user's makes no message.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

/// Every agent that has something to land and works on nothing: with completed tasks, or with commits of its own.
///
/// # Errors
/// Refs could not be read.
pub fn with_work(repo: &Repository, state: &State, target: &Target) -> Result<Vec<AgentName>, RefError> {
    let tips: BTreeMap<String, ObjectId> = refs::list(repo, "refs/heads/")?.into_iter().collect();
    let has_work = |agent: &&Agent| {
        let completed = state.tasks_of(&agent.name).any(|task| task.state == TaskState::Completed);
        let tip = tips.get(&format!("refs/heads/{}", agent.branch));
        let has_commits = tip.is_some_and(|tip| !repo.is_within(*tip, target.commit));
        state.in_progress(&agent.name).is_none() && (completed || has_commits)
    };
    Ok(state.agents.values().filter(has_work).map(|agent| agent.name.clone()).collect())
}

/// A landing that was built, and what is known of those that stop it.
#[derive(Debug)]
pub struct Landing {
    /// What would happen.
    pub built: Built,
    /// What it was built for, so that it can be built again without somebody.
    pub request: Request,
    /// Those that are not in the request, because they wait for somebody who is not to land.
    waiting: Vec<Stopped>,
    /// For each agent by name those that its branch conflicts with.
    pub conflicts: BTreeMap<String, Vec<String>>,
}

impl Landing {
    /// Put what was built again for the request in the place of what was built before.
    pub fn rebuilt(&mut self, mut built: Built) {
        built.plan.stopped.extend(self.waiting.iter().cloned());
        self.built = built;
    }

    /// Somebody who was to land and is not in the request.
    pub fn leave_out(&mut self, stopped: Stopped) {
        self.built.plan.stopped.push(stopped.clone());
        self.waiting.push(stopped);
    }

    /// What the branch of this name was built on and is not its own: it has landed before, or with the others.
    pub fn not_own(&self, name: &str) -> Vec<ObjectId> {
        let Some(source) = self.request.sources.iter().find(|source| source.name == name) else { return Vec::new() };
        let lands = |tip: &ObjectId| self.built.plan.steps.iter().any(|step| step.tip == *tip);
        let rewritten = source.rewritten.iter().filter(|(_, with)| lands(with)).map(|(old, _)| *old);
        source.exclude.iter().copied().chain(rewritten).collect()
    }

    /// Take out what was built, to be checked and given back by [`Landing::rebuilt`].
    ///
    /// # Errors
    /// No empty plan could be put in its place.
    pub fn take(&mut self, repo: &Repository) -> Result<Built, ScratchError> {
        let mut built =
            std::mem::replace(&mut self.built, Built { plan: Plan::default(), scratch: Scratch::new(repo)? });
        built.plan.stopped.retain(|stopped| !self.waiting.contains(stopped));
        Ok(built)
    }
}

/// Build the landing of the wanted agents in the recommended order. Nothing in the repository changes.
///
/// # Errors
/// See [`LandingError`].
pub fn build(
    repo: &Repository,
    world: &World,
    target: &Target,
    state: &State,
    wanted: &Wanted,
) -> Result<Landing, LandingError> {
    let identity = identity::committer(repo, world.now).ok_or(LandingError::NoIdentity)?;
    let names: Vec<String> = wanted.agents.iter().map(ToString::to_string).collect();
    let (candidates, waiting) = without_waiting(candidates::named(repo, state, &names)?);
    let options = Options {
        work: Work::Committed,
        jobs: std::thread::available_parallelism().map_or(1, usize::from),
        ..Options::default()
    };
    let scratch = Scratch::in_memory(repo)?;
    let onto = wanted.start.unwrap_or(target.commit);
    let matrix = matrix(repo, &scratch, onto, &candidates, &options)?;
    let order = plan_order(repo, &scratch, &matrix, &candidates)?;
    let messages = Messages::new(repo, target, &identity)?;
    let memory = Memory::read(repo, target, onto, candidates.iter().map(|candidate| candidate.commit))?;
    let writer = Writer { repo, state, identity: &identity, messages, memory, onto, trailers: wanted.trailers };
    let mut sources = Vec::new();
    let mut before = Vec::new();
    for position in &order.order {
        let name: Option<AgentName> = position.name.parse().ok();
        let Some(agent) = name.and_then(|name| state.agents.get(&name)) else { continue };
        let candidate = &candidates[position.branch];
        let strategy = wanted.strategies.of(&agent.name);
        sources.push(writer.source(agent, candidate.commit, candidate.after.clone(), strategy, &before)?);
        before.push(candidate.commit);
    }
    let request = Request {
        target: target.full_name(),
        start: wanted.start,
        sources,
        barred: Vec::new(),
        identity: identity.clone(),
        runs_hooks: wanted.runs_hooks,
    };
    let mut built = land::plan(repo, &request)?;
    built.plan.stopped.extend(waiting.iter().cloned());
    let conflicts = order.order.into_iter().map(|position| (position.name, position.conflicts_with)).collect();
    Ok(Landing { built, request, waiting, conflicts })
}

/// Part those that may land from those whose work is after somebody's who is not among them: landing such a branch
/// would bring that work in unasked, or turn the order around.
fn without_waiting(mut candidates: Vec<Candidate>) -> (Vec<Candidate>, Vec<Stopped>) {
    let mut stopped = Vec::new();
    loop {
        let here: Vec<String> = candidates.iter().map(|candidate| candidate.name.clone()).collect();
        let missing = |candidate: &Candidate| candidate.after.iter().find(|name| !here.contains(name)).cloned();
        let Some((place, name)) = candidates.iter().enumerate().find_map(|(place, one)| Some((place, missing(one)?)))
        else {
            return (candidates, stopped);
        };
        let one = candidates.remove(place);
        let branch = one.branch.unwrap_or_default();
        stopped.push(Stopped { name: one.name, branch, tip: Some(one.commit), reason: Stop::After { name } });
    }
}

/// Build the replay of one agent's branch on the target; only that branch would move.
///
/// # Errors
/// See [`LandingError`].
pub fn build_rebase(
    repo: &Repository,
    world: &World,
    target: &Target,
    state: &State,
    agent: &Agent,
) -> Result<Built, LandingError> {
    let identity = identity::committer(repo, world.now).ok_or(LandingError::NoIdentity)?;
    let tip = refs::read(repo, &format!("refs/heads/{}", agent.branch))?.unwrap_or(target.commit);
    let messages = Messages::new(repo, target, &identity)?;
    let memory = Memory::read(repo, target, target.commit, [tip])?;
    let writer = Writer { repo, state, identity: &identity, messages, memory, onto: target.commit, trailers: false };
    let source = writer.source(agent, tip, Vec::new(), Some(Strategy::Rebase), &[])?;
    Ok(land::plan_rebase(repo, &source, target.commit, &identity)?)
}

/// An agent whose branch was about to land has begun another task meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overtaken {
    /// Who.
    pub agent: AgentName,
    /// What it works on.
    pub task: TaskId,
}

/// Carry out a landing and record it: completed tasks of the agents that land are landed.
///
/// # Errors
/// See [`CarryOutError`]; nothing has moved when somebody has begun to work meanwhile.
pub fn carry_out_landing(
    repo: &Repository,
    world: &World,
    target: &Target,
    built: &Built,
) -> Result<(Committed, Executed), CarryOutError<Overtaken>> {
    carry_out(repo, world, built, &Scope::open(), |state| {
        for step in &built.plan.steps {
            let Ok(agent) = step.name.parse::<AgentName>() else { continue };
            if let Some(task) = state.in_progress(&agent) {
                return Err(Overtaken { task: task.id.clone(), agent });
            }
        }
        let hex = |id: ObjectId| CommitId::try_from(id.to_string()).ok();
        let end = built.plan.target_after().unwrap_or(target.commit);
        let stepped = built.plan.steps.iter().filter_map(|step| {
            let agent: AgentName = step.name.parse().ok()?;
            let (tasks, fences) = done_by(state, &agent);
            let strategy = strategy_word(step.strategy).to_owned();
            Some(Landed { agent, tasks, commit: hex(step.after)?, tip: hex(step.tip)?, strategy, fences })
        });
        // What is in the target already, by whatever way, has landed too.
        let there = built.plan.empty.iter().filter_map(|name| {
            let agent: AgentName = name.parse().ok()?;
            let (tasks, fences) = done_by(state, &agent);
            let (commit, tip) = (hex(end)?, hex(end)?);
            (!tasks.is_empty()).then_some(Landed { agent, tasks, commit, tip, strategy: "none".to_owned(), fences })
        });
        let landed = stepped.chain(there).collect();
        let (before, after) = (hex(target.commit), hex(end));
        let action = Action::Land {
            target: target.branch.clone(),
            before: before.expect("an object id is hexadecimal"),
            start: built.plan.start().filter(|start| *start != target.commit).and_then(hex),
            after: after.expect("an object id is hexadecimal"),
            landed,
        };
        Ok(Change::from(action))
    })
}

/// Let the `post-merge` hook see a landing in the worktree that has the target checked out, when its files came along. As
/// for git, what it says changes nothing.
///
/// # Errors
/// git could not be run.
pub fn post_merge(target: &Target, built: &Built, executed: &Executed) -> Result<Ran, GitError> {
    let name = target.full_name();
    let is_here = |(following, how): &&(Following, Followed)| {
        following.branch == name && matches!(how, Followed::Done | Followed::Kept { .. })
    };
    let Some((following, _)) = executed.followed.iter().find(is_here) else {
        return Ok(Ran::Good { output: String::new() });
    };
    let squashed = built.plan.steps.iter().all(|step| step.strategy == Strategy::Squash);
    hooks::run(&following.path, "post-merge", [if squashed { "1" } else { "0" }])
}

/// Whether the `commit-msg` hook would see a message of this landing.
///
/// # Errors
/// git could not be asked for the worktrees.
pub fn would_run_commit_msg(repo: &Repository, target: &Target, built: &Built) -> Result<bool, GitError> {
    let is_ours = built.plan.steps.iter().any(|step| step.strategy != Strategy::Rebase);
    let dir = || Ok(land::build::hooks_dir(repo, &worktrees::list(repo)?, &target.full_name()));
    Ok(is_ours && hooks::exists(&dir()?, "commit-msg"))
}

/// The completed tasks of an agent, and by which assignments they are its own.
fn done_by(state: &State, agent: &AgentName) -> (Vec<TaskId>, BTreeMap<TaskId, Fence>) {
    let tasks = completed(state, agent).map(|task| task.id.clone()).collect();
    let fences = completed(state, agent).filter_map(|task| Some((task.id.clone(), task.fence()?))).collect();
    (tasks, fences)
}

/// The completed tasks of an agent, in the order in which they were begun.
pub fn completed<'s>(state: &'s State, agent: &'s AgentName) -> impl Iterator<Item = &'s Task> {
    state.tasks_of(agent).filter(|task| task.state == TaskState::Completed)
}

/// Puts together what is to land.
struct Writer<'a> {
    repo: &'a Repository,
    state: &'a State,
    identity: &'a Signature,
    messages: Messages<'a>,
    memory: Memory<'a>,
    onto: ObjectId,
    trailers: bool,
}

impl Writer<'_> {
    /// `before` are the tips of what lands before it.
    fn source(
        &self,
        agent: &Agent,
        tip: ObjectId,
        after: Vec<String>,
        strategy: Option<Strategy>,
        before: &[ObjectId],
    ) -> Result<Source, LandingError> {
        let tasks: Vec<&Task> = completed(self.state, &agent.name).collect();
        let Others { landed, rewritten } = self.memory.others(tip);
        let exclude: Vec<ObjectId> = landed_before(self.repo, self.state, &tasks).into_iter().chain(landed).collect();
        let others: Vec<ObjectId> =
            exclude.iter().chain(rewritten.iter().map(|(old, _)| old)).chain(before).copied().collect();
        let subject = Subject { agent, tip, tasks: &tasks, exclude: &others };
        let (squash_message, squash_author) = match strategy {
            Some(Strategy::Squash) => self.messages.squash(&subject)?,
            _ => (String::new(), self.identity.clone()),
        };
        let merge_message = match strategy {
            Some(Strategy::Merge) | None => self.messages.merge(&subject)?,
            _ => String::new(),
        };
        let mut trailers = Vec::new();
        if self.trailers {
            trailers.push(("Agent".to_owned(), agent.name.to_string()));
            trailers.extend(tasks.iter().map(|task| ("Task".to_owned(), task.id.to_string())));
        }
        let branch = format!("refs/heads/{}", agent.branch);
        let elsewhere = completed_at::elsewhere(self.repo, &branch, tip, self.onto, &tasks)?;
        Ok(Source {
            name: agent.name.to_string(),
            branch,
            strategy,
            merge_message,
            squash_message,
            squash_author,
            exclude,
            rewritten,
            after,
            elsewhere,
            trailers,
        })
    }
}
