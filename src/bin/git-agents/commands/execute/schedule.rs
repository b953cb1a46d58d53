//! What of a plan can start, and starting it.

use std::collections::BTreeSet;
use std::time::Instant;

use git_agents::agent::AgentName;
use git_agents::execute::step::{self, Act, Job, Rules, Stage, Workers};
use git_agents::plan::Planned;
use git_agents::run;
use git_agents::state::State;
use git_agents::task::{TaskId, TaskState};

use super::begin::{self, Begun};
use super::drive::{Driver, Going};
use super::end::{self, Outcome};
use super::filed;
use super::overlap::Overlap;
use super::progress::Started;
use crate::context::Context;
use crate::error::{CliError, Exit};

impl Driver<'_> {
    /// Start what can start; whether more could if more might run.
    pub(super) fn schedule(&mut self) -> Result<bool, CliError> {
        let ctx = self.base.afresh();
        let snapshot = ctx.load(&filed::scope(&self.order))?;
        self.refresh(&snapshot.state);
        let rules = self.rules(&ctx, &snapshot.state)?;
        let overlap = self.overlap(&ctx, &snapshot.state)?;
        for job in &mut self.jobs {
            job.collisions = overlap.elsewhere.get(&job.id).copied().unwrap_or_default();
        }
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
            self.explain(&rules);
            return Ok(false);
        }
        let agents: Vec<&AgentName> = starts.iter().map(|(_, agent)| agent).collect();
        // When they cannot be made together, each is tried for its task alone.
        let together = self.progress.still(|| begin::enrol(&ctx, &self.order, &agents)).is_ok();
        for (task, agent) in starts {
            if self.interrupt.came() {
                break;
            }
            if let Some(reason) = self.begin(&task, &agent, together)? {
                self.progress.waits(&reason)?;
                return Ok(true);
            }
        }
        // What could not begin may have made others impossible.
        self.most_at_once = self.most_at_once.max(self.going.len());
        Ok(self.going.is_empty() && self.stages.values().any(|stage| *stage == Stage::Waiting))
    }

    /// Why tasks wait that nothing of ours will set free.
    fn explain(&mut self, rules: &Rules) {
        if !self.going.is_empty() {
            return;
        }
        let is_busy = |job: &&Job| job.agent.as_ref().is_some_and(|agent| rules.busy.contains(agent));
        let waits = |job: &&Job| self.stages.get(&job.id) == Some(&Stage::Waiting);
        let stuck: Vec<_> = self.jobs.iter().filter(waits).filter(is_busy).cloned().collect();
        for Job { id, agent, .. } in stuck {
            let agent = agent.map(String::from).unwrap_or_default();
            self.because(&id, format!("{agent} is busy with something else"));
        }
    }

    /// Begin with one task; why it has to wait, when it has.
    fn begin(&mut self, id: &TaskId, agent: &AgentName, is_enrolled: bool) -> Result<Option<String>, CliError> {
        let Some(planned) = self.order.plan.tasks.iter().find(|task| task.id == *id).cloned() else { return Ok(None) };
        let ctx = self.base.afresh();
        let begun = self.progress.still(|| {
            if !is_enrolled {
                begin::enrol(&ctx, &self.order, &[agent])?;
            }
            begin::begin(&ctx, &self.order, &mut self.batch, &planned, agent)
        });
        match begun {
            Ok(Begun::Full { reason }) => return Ok(Some(reason)),
            Ok(Begun::Runs { run, model }) => {
                let tries = self.tries.get(id).copied().unwrap_or_default();
                let facts = Started { agent, run: &run.id, model: model.as_deref(), tries, goes_on: false };
                self.progress.started(id, &facts)?;
                if let Some(row) = self.rows.get_mut(id) {
                    row.note_start(agent, &run);
                }
                if let Some(job) = self.jobs.iter_mut().find(|job| job.id == *id) {
                    // What a try has left is in its worktree.
                    job.agent = Some(agent.clone());
                }
                self.stages.insert(id.clone(), Stage::Running { agent: agent.clone() });
                self.going.insert(id.clone(), Going { run: *run, agent: agent.clone(), since: Some(Instant::now()) });
            }
            // Interrupted in the middle: git has gone with us.
            Err(_) if self.interrupt.came() => {}
            Err(error) if error.code == "moved-meanwhile" => return Ok(Some(error.message)),
            Err(error) if error.exit == Exit::Negative => {
                self.progress.closed(id, &error.message)?;
                self.because(id, error.message);
                self.stages.insert(id.clone(), Stage::Closed);
            }
            Err(error) => {
                if let Err(error) = self.progress.still(|| end::fail(&ctx, id, agent, &error.message)) {
                    self.base.ui.detail(&format!("{id}: {}", error.message));
                }
                self.take(id, Outcome::Failed { reason: error.message, is_final: true }, None)?;
            }
        }
        Ok(None)
    }

    /// What others have done meanwhile with tasks that wait here.
    fn refresh(&mut self, state: &State) {
        for (id, stage) in &mut self.stages {
            if !matches!(stage, Stage::Waiting | Stage::Failed { .. }) {
                continue;
            }
            match state.tasks.get(id).map(|task| task.state) {
                Some(now) if now.satisfies_dependents() => *stage = Stage::Done,
                Some(TaskState::Dropped | TaskState::Blocked) => *stage = Stage::Closed,
                _ => {}
            }
        }
    }

    fn rules(&self, ctx: &Context, state: &State) -> Result<Rules, CliError> {
        let ours = |id: &TaskId| self.stages.contains_key(id);
        let at_work = state.tasks.values().filter(|task| task.state == TaskState::InProgress && !ours(&task.id));
        let mut busy: BTreeSet<AgentName> = at_work.filter_map(|task| task.agent.clone()).collect();
        let own: BTreeSet<_> = self.going.values().map(|going| &going.run.id).collect();
        let others = run::all(ctx.repo()?)?.into_iter().filter(|run| run.is_live() && !own.contains(&run.id));
        busy.extend(others.map(|run| run.plan().agent.clone()));
        let workers = match self.order.agents.as_slice() {
            [] => Workers::OneEach,
            pool => Workers::Pool(pool.to_vec()),
        };
        let pace = &self.order.pace;
        Ok(Rules { at_once: pace.max_concurrent.into(), retries: pace.retries, workers, busy })
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
        Overlap::look(ctx, state, plan, &left, &running)
    }
}
