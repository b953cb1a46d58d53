//! Landing agents' branches: who lands, in what order, with which messages, and what is recorded.

use std::collections::BTreeMap;

use gix::ObjectId;
use gix::actor::Signature;
use gix::bstr::ByteSlice;

use super::candidates::{self, CandidateError};
use super::carry_out::{CarryOutError, carry_out};
use crate::agent::{Agent, AgentName, CommitId};
use crate::branch::order::plan as plan_order;
use crate::branch::{BranchError, Candidate, Options, Work, matrix};
use crate::config::Target;
use crate::git::refs::{self, RefError};
use crate::git::scratch::{Scratch, ScratchError};
use crate::git::{GitError, Repository, identity};
use crate::land::plan::{Stop, Stopped};
use crate::land::{self, Built, Executed, Plan, PlanError, Request, Source, Strategy};
use crate::state::{Action, Landed, State};
use crate::store::{Change, Committed, Scope};
use crate::task::{Task, TaskId, TaskState};
use crate::world::World;

/// Who is to land, and how.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The agents.
    pub agents: Vec<AgentName>,
    /// How; none is a rebase, or a merge where the branch contains merges or only merges as a whole.
    pub strategy: Option<Strategy>,
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
        let is_in_target = |tip: &ObjectId| {
            let bases = repo.gix().merge_bases_many(target.commit, &[*tip]).unwrap_or_default();
            bases.iter().any(|base| base.detach() == *tip)
        };
        let has_commits = tip.is_some_and(|tip| !is_in_target(tip));
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
    let writer = Messages { repo, target, state, identity: &identity };
    let sources = order
        .order
        .iter()
        .filter_map(|position| {
            let name: AgentName = position.name.parse().ok()?;
            let agent = state.agents.get(&name)?;
            let candidate = &candidates[position.branch];
            Some(writer.source(agent, candidate.commit, candidate.after.clone(), wanted.strategy))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let (target, start) = (target.full_name(), wanted.start);
    let request = Request { target, start, sources, barred: Vec::new(), identity: identity.clone() };
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
    let writer = Messages { repo, target, state, identity: &identity };
    let tip = refs::read(repo, &format!("refs/heads/{}", agent.branch))?.unwrap_or(target.commit);
    let source = writer.source(agent, tip, Vec::new(), Some(Strategy::Rebase))?;
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
            let tasks = completed(state, &agent).map(|task| task.id.clone()).collect();
            let strategy = strategy_word(step.strategy).to_owned();
            Some(Landed { agent, tasks, commit: hex(step.after)?, tip: hex(step.tip)?, strategy })
        });
        // What is in the target already, by whatever way, has landed too.
        let there = built.plan.empty.iter().filter_map(|name| {
            let agent: AgentName = name.parse().ok()?;
            let tasks: Vec<_> = completed(state, &agent).map(|task| task.id.clone()).collect();
            let (commit, tip) = (hex(end)?, hex(end)?);
            (!tasks.is_empty()).then_some(Landed { agent, tasks, commit, tip, strategy: "none".to_owned() })
        });
        let landed = stepped.chain(there).collect();
        let (before, after) = (hex(target.commit), hex(end));
        let action = Action::Land {
            target: target.branch.clone(),
            before: before.expect("an object id is hexadecimal"),
            after: after.expect("an object id is hexadecimal"),
            landed,
        };
        Ok(Change::from(action))
    })
}

/// The completed tasks of an agent, in the order in which they were begun.
pub fn completed<'s>(state: &'s State, agent: &'s AgentName) -> impl Iterator<Item = &'s Task> {
    state.tasks_of(agent).filter(|task| task.state == TaskState::Completed)
}

/// What these tasks were built on and has landed in another form since: its old tips.
pub fn landed_before(repo: &Repository, state: &State, tasks: &[&Task]) -> Vec<ObjectId> {
    let dependencies = tasks.iter().flat_map(|task| &task.after).filter_map(|id| state.tasks.get(id));
    let tips = dependencies.filter(|task| task.state == TaskState::Landed).filter_map(|task| {
        let tip = task.last_attempt()?.tip.as_ref()?;
        ObjectId::from_hex(tip.as_str().as_bytes()).ok()
    });
    tips.filter(|tip| repo.gix().has_object(*tip)).collect()
}

/// The word for a strategy, as the user types it.
pub fn strategy_word(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Rebase => "rebase",
        Strategy::Merge => "merge",
        Strategy::Squash => "squash",
    }
}

/// Writes the messages of new commits.
struct Messages<'a> {
    repo: &'a Repository,
    target: &'a Target,
    state: &'a State,
    identity: &'a Signature,
}

impl Messages<'_> {
    fn source(
        &self,
        agent: &Agent,
        tip: ObjectId,
        after: Vec<String>,
        strategy: Option<Strategy>,
    ) -> Result<Source, LandingError> {
        let tasks: Vec<&Task> = completed(self.state, &agent.name).collect();
        let (squash_message, squash_author) = match strategy {
            Some(Strategy::Squash) => self.squash(agent, tip, &tasks)?,
            _ => (String::new(), self.identity.clone()),
        };
        let merge_message = match strategy {
            Some(Strategy::Merge) | None => self.merge(agent, tip, &tasks)?,
            _ => String::new(),
        };
        Ok(Source {
            name: agent.name.to_string(),
            branch: format!("refs/heads/{}", agent.branch),
            strategy,
            merge_message,
            squash_message,
            squash_author,
            exclude: landed_before(self.repo, self.state, &tasks),
            after,
        })
    }

    /// git's own message for a merge, and the tasks that it brings.
    fn merge(&self, agent: &Agent, tip: ObjectId, tasks: &[&Task]) -> Result<String, LandingError> {
        let line = format!("{tip}\t\tbranch '{}' of .\n", agent.branch);
        let git = self.repo.git().args(["fmt-merge-msg", "--into-name", &self.target.branch]);
        let mut message = git.input(line).text()?;
        if !tasks.is_empty() {
            let lines: Vec<String> = tasks.iter().map(|task| format!("{} {}", task.id, task.title)).collect();
            message.push_str(&format!("\n\n{}", lines.join("\n")));
        }
        Ok(message + "\n")
    }

    /// The task's title, or the first commit's subject, then a line for each commit; all authors are named.
    fn squash(&self, agent: &Agent, tip: ObjectId, tasks: &[&Task]) -> Result<(String, Signature), LandingError> {
        let range = format!("{}..{tip}", self.target.commit);
        let format = "--format=%an%x00%ae%x00%ad%x00%s";
        let child = self.repo.git().args([
            "log",
            "--reverse",
            "--no-merges",
            "--encoding=UTF-8",
            "--no-show-signature",
            "--date=raw",
            "-z",
            format,
            &range,
        ]);
        let output = child.stdout()?;
        let fields: Vec<String> =
            output.split(|byte| *byte == 0).map(|field| field.to_str_lossy().into_owned()).collect();
        let commits: Vec<&[String]> = fields.chunks_exact(4).collect();
        let title = match (tasks, commits.first()) {
            ([task], _) => task.title.clone(),
            (_, Some([.., subject])) => subject.clone(),
            _ => format!("Work of {}", agent.name),
        };
        let mut message = format!("{title}\n");
        if commits.len() > 1 {
            let lines: Vec<String> =
                commits.iter().filter_map(|commit| commit.get(3)).map(|subject| format!("* {subject}")).collect();
            message.push_str(&format!("\n{}\n", lines.join("\n")));
        }
        let mut authors: Vec<(String, String)> = Vec::new();
        for commit in &commits {
            if let [name, email, ..] = commit
                && !authors.iter().any(|(_, known)| known == email)
            {
                authors.push((name.clone(), email.clone()));
            }
        }
        let others: String =
            authors.iter().skip(1).map(|(name, email)| format!("Co-authored-by: {name} <{email}>\n")).collect();
        if !others.is_empty() {
            message.push_str(&format!("\n{others}"));
        }
        let author = authors.first().map(|(name, email)| Signature {
            name: name.as_str().into(),
            email: email.as_str().into(),
            time: self.identity.time,
        });
        Ok((message, author.unwrap_or_else(|| self.identity.clone())))
    }
}
