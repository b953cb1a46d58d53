//! What of a plan can start, and starting it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use git_agents::agent::AgentName;
use git_agents::config;
use git_agents::execute::judge;
use git_agents::execute::step::{self, Act, Job, Rules, Stage, Workers};
use git_agents::plan::Planned;
use git_agents::run::Run;
use git_agents::state::State;
use git_agents::task::{TaskId, TaskState};

use super::begin::{self, Begun, Failure, Untouched};
use super::busy::{self, Busy};
use super::drive::{Driver, Going};
use super::filed;
use super::overlap::Overlap;
use super::progress::Started;
use super::resume;
use crate::context::Context;
use crate::error::{CliError, quoted};

/// So many reasons are given at once.
const MOST_WHYS: usize = 3;

/// What came of trying to begin with a task.
enum Tried {
    /// It runs, or never will; others can begin.
    Settled,
    /// Nothing can begin now.
    Full(String),
    /// This one can not, and what is in its way is looked at again.
    Later,
}

impl Driver<'_> {
    /// Start what can start; whether more can when something that is not ours has ended.
    pub(super) fn schedule(&mut self) -> Result<bool, CliError> {
        let ctx = self.base.afresh();
        let snapshot = ctx.load(&filed::scope(&self.order))?;
        self.refresh(&ctx, &snapshot.state)?;
        let ours: Vec<&Run> = self.going.values().map(|going| &going.run).collect();
        let mut busy = busy::busy(ctx.repo()?, &snapshot.state, &self.order.batch, &ours)?;
        busy.extend(self.refused.clone());
        let overlap = self.overlap(&ctx, &snapshot.state)?;
        for job in &mut self.jobs {
            job.collisions = overlap.elsewhere.get(&job.id).copied().unwrap_or_default();
        }
        let rules = self.rules(&busy, &overlap);
        let avoids = self.order.pace.avoid_overlap;
        let meets = |task: &TaskId, running: &TaskId| avoids && overlap.meets(task, running);
        let acts = step::next(&self.jobs, &self.stages, &rules, &meets);
        let mut starts = Vec::new();
        for act in acts {
            match act {
                Act::Start { task, agent } => starts.push((task, agent)),
                Act::Skip { task, because } => {
                    self.progress.skipped(&task, &because)?;
                    self.because(&task, format!("it is after {because}"));
                    self.stages.insert(task, Stage::Skipped);
                }
            }
        }
        if starts.is_empty() {
            return self.explain(&rules, &busy, &overlap, &snapshot.state);
        }
        let agents: Vec<&AgentName> = starts.iter().map(|(_, agent)| agent).collect();
        // When they cannot be made together, each is tried for its task alone.
        let untouched = self.progress.still(|| begin::enrol(&ctx, &self.order, &agents)).ok();
        for (task, agent) in starts {
            if self.interrupt.came() || self.stopped.is_some() {
                break;
            }
            if let Tried::Full(reason) = self.begin(&task, &agent, untouched.as_ref())? {
                self.progress.waits(&reason)?;
                return Ok(true);
            }
        }
        // What could not begin may have made others impossible.
        let waits = |id: &TaskId| self.stages.get(id) == Some(&Stage::Waiting);
        Ok(self.going.is_empty() && self.rows.keys().any(waits))
    }

    /// Why tasks wait that nothing of ours will set free; whether that ends by itself.
    fn explain(
        &mut self,
        rules: &Rules,
        busy: &BTreeMap<AgentName, Busy>,
        overlap: &Overlap,
        state: &State,
    ) -> Result<bool, CliError> {
        let stuck = step::stuck(&self.jobs, &self.stages, rules);
        let stuck: Vec<(TaskId, Vec<AgentName>)> = stuck.into_iter().map(|(id, who)| (id.clone(), who)).collect();
        let mut awaited: Vec<&str> = Vec::new();
        for (id, after) in self.behind() {
            let holder = state.tasks.get(&after).and_then(|task| task.agent.as_ref());
            let Some(busy) = holder.and_then(|agent| busy.get(agent)) else { continue };
            self.because_of(&id, format!("it is after {after}: {}", busy.why), busy.hints.clone());
            awaited.extend(busy.ends.then_some(busy.why.as_str()));
        }
        for (id, agents) in stuck {
            let found: Vec<&Busy> = agents.iter().filter_map(|agent| busy.get(agent)).collect();
            let mut whys: Vec<&str> = found.iter().take(MOST_WHYS).map(|busy| busy.why.as_str()).collect();
            if found.len() > MOST_WHYS {
                whys.push("…");
            }
            let hints = found.iter().flat_map(|busy| busy.hints.clone()).take(MOST_WHYS).collect();
            self.because_of(&id, whys.join("; "), hints);
            awaited.extend(found.iter().filter(|busy| busy.ends).map(|busy| busy.why.as_str()));
        }
        for (id, (agent, path)) in &overlap.claimed {
            let reason = format!("{agent} has claimed {path} for itself");
            self.because_of(id, reason, vec![format!("git agents release {agent} {}", quoted(path))]);
        }
        if awaited.is_empty() {
            return Ok(false);
        }
        awaited.sort_unstable();
        awaited.dedup();
        let shown = awaited.iter().take(MOST_WHYS).copied().collect::<Vec<_>>().join("; ");
        self.progress.waits(&shown)?;
        Ok(true)
    }

    /// The tasks that wait, and what of others they are after that somebody works on.
    fn behind(&self) -> Vec<(TaskId, TaskId)> {
        let is_own = |id: &TaskId| self.rows.contains_key(id);
        let waits = |id: &TaskId| self.stages.get(id) == Some(&Stage::Waiting);
        let first = |job: &Job| job.after.iter().find(|after| !is_own(after) && waits(after)).cloned();
        let jobs = self.jobs.iter().filter(|job| waits(&job.id));
        jobs.filter_map(|job| Some((job.id.clone(), first(job)?))).collect()
    }

    /// Begin with one task; its agent is there when `untouched` are known.
    fn begin(&mut self, id: &TaskId, agent: &AgentName, untouched: Option<&Untouched>) -> Result<Tried, CliError> {
        let Some(planned) = self.order.plan.tasks.iter().find(|task| task.id == *id).cloned() else {
            return Ok(Tried::Settled);
        };
        let ctx = self.base.afresh();
        let begun = self.progress.still(|| {
            let own = match untouched {
                Some(untouched) => untouched,
                None => &begin::enrol(&ctx, &self.order, &[agent])?,
            };
            begin::begin(&ctx, &self.order, &mut self.batch, (&planned, agent), own)
        });
        match begun {
            Ok(Begun::Full { reason }) => return Ok(Tried::Full(reason)),
            Ok(Begun::Runs { run, model }) => self.has_begun(id, agent, *run, model.as_deref())?,
            // Interrupted in the middle: git has gone with us.
            Err(_) if self.interrupt.came() => {}
            Err(Failure::Command(error)) => {
                self.because_of(id, error.message.clone(), Vec::new());
                self.stopped = Some(error);
            }
            Err(Failure::Task(error)) => match error.code {
                "moved-meanwhile" => return Ok(Tried::Full(error.message)),
                // Somebody was faster than our look.
                "agent-busy" => return Ok(Tried::Later),
                begin::DIRTY => {
                    self.refused.insert(agent.clone(), error.into());
                    return Ok(Tried::Later);
                }
                _ => {
                    self.progress.closed(id, &error.message, &error.hints)?;
                    self.because_of(id, error.message, error.hints);
                    self.stages.insert(id.clone(), Stage::Closed);
                }
            },
        }
        Ok(Tried::Settled)
    }

    fn has_begun(&mut self, id: &TaskId, agent: &AgentName, run: Run, model: Option<&str>) -> Result<(), CliError> {
        let tries = self.tries.get(id).copied().unwrap_or_default();
        let facts = Started { agent, run: &run.id, model, tries, goes_on: false };
        self.progress.started(id, &facts)?;
        if let Some(row) = self.rows.get_mut(id) {
            row.note_start(agent, &run, false);
        }
        if let Some(job) = self.jobs.iter_mut().find(|job| job.id == *id) {
            // What a try has left is in its worktree.
            job.agent = Some(agent.clone());
        }
        self.stages.insert(id.clone(), Stage::Running { agent: agent.clone() });
        self.going.insert(id.clone(), Going { run, agent: agent.clone(), since: Some(Instant::now()) });
        self.most_at_once = self.most_at_once.max(self.going.len());
        Ok(())
    }

    /// What others have done meanwhile with tasks that wait here.
    fn refresh(&mut self, ctx: &Context, state: &State) -> Result<(), CliError> {
        let lost = self.lost(ctx, state)?;
        for (planned, job) in self.order.plan.tasks.iter().zip(&mut self.jobs) {
            job.after = resume::after(planned, state);
        }
        self.stages.extend(resume::outside(&self.jobs, state));
        let mut closed = Vec::new();
        for (id, stage) in self.stages.iter_mut().filter(|(id, _)| self.rows.contains_key(*id)) {
            if !matches!(stage, Stage::Waiting | Stage::Failed { .. }) {
                continue;
            }
            match state.tasks.get(id).map(|task| task.state) {
                Some(now) if now.satisfies_dependents() && !lost.contains(id) => *stage = Stage::Done,
                Some(TaskState::Dropped) => closed.push((id.clone(), "it was dropped")),
                Some(TaskState::Blocked) => closed.push((id.clone(), "it is blocked")),
                _ => {}
            }
        }
        for (id, reason) in closed {
            self.because_of(&id, reason.to_owned(), vec![format!("git agents task reopen {id}")]);
            self.stages.insert(id, Stage::Closed);
        }
        Ok(())
    }

    /// What has failed here although its agent had said that it is done: the work is not there any more.
    fn lost(&self, ctx: &Context, state: &State) -> Result<BTreeSet<TaskId>, CliError> {
        let has_failed = |id: &TaskId| matches!(self.stages.get(id), Some(Stage::Failed { .. }));
        let own = self.rows.keys().filter(|id| has_failed(id)).filter_map(|id| state.tasks.get(id));
        let mut lost = BTreeSet::new();
        for task in own.filter(|task| task.state == TaskState::Completed) {
            let Some(agent) = task.agent.as_ref().and_then(|name| state.agents.get(name)) else { continue };
            if judge::lost(ctx.repo()?, &config::target(ctx.repo()?)?, agent, task)?.is_some() {
                lost.insert(task.id.clone());
            }
        }
        Ok(lost)
    }

    fn rules(&self, busy: &BTreeMap<AgentName, Busy>, overlap: &Overlap) -> Rules {
        let workers = match self.order.agents.as_slice() {
            [] => Workers::OneEach,
            pool => Workers::Pool(pool.to_vec()),
        };
        let pace = &self.order.pace;
        let busy = busy.iter().map(|(agent, busy)| (agent.clone(), busy.own.clone())).collect();
        let held = overlap.claimed.keys().cloned().collect();
        Rules { at_once: pace.max_concurrent.into(), retries: pace.retries, workers, busy, held }
    }

    fn overlap(&self, ctx: &Context, state: &State) -> Result<Overlap, CliError> {
        if !self.order.pace.avoid_overlap {
            return Ok(Overlap::default());
        }
        let plan = &self.order.plan.tasks;
        let is_left =
            |task: &&Planned| matches!(self.stages.get(&task.id), Some(Stage::Waiting | Stage::Failed { .. }));
        let left: Vec<&Planned> = plan.iter().filter(is_left).collect();
        let running = self.going.iter().map(|(id, going)| (id.clone(), going.agent.clone())).collect();
        let who = self.jobs.iter().filter_map(|job| {
            let own = || job.id.as_str().parse().ok().filter(|_| self.order.agents.is_empty());
            Some((job.id.clone(), job.agent.clone().or_else(own)?))
        });
        Overlap::look(ctx, state, plan, &left, &running, &who.collect())
    }
}
