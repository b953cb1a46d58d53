//! Driving a plan to its end: what can start is started, what has ended is judged, until nothing is left to do.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use git_agents::agent::AgentName;
use git_agents::execute::batch::{Batch, Held};
use git_agents::execute::step::{self, Act, Job, Rules, Stage, Workers};
use git_agents::plan::Planned;
use git_agents::run::{self, Run, State as RunState};
use git_agents::state::State;
use git_agents::task::{TaskId, TaskState};

use super::begin::{self, Begun};
use super::end::{self, Outcome};
use super::interrupt::Interrupt;
use super::overlap::Overlap;
use super::progress::{Progress, Started};
use super::resume::{self, standing};
use super::{OnInterrupt, Order, filed};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::execution::{ExecutionView, TaskRow};

/// How often we look whether a run has ended: a file each.
const LOOK: Duration = Duration::from_millis(50);
/// How often we try again when no more may run.
const TRY_AGAIN: Duration = Duration::from_millis(500);
/// How often we look whether an agent waits for an answer.
const ASK: Duration = Duration::from_secs(5);
/// How long a run has to end by itself when we are interrupted.
const GRACE: Duration = Duration::from_secs(10);
/// More at once is warned of.
const MANY: u16 = 5;

/// File the plan, carry it out and answer.
pub(crate) fn run(ctx: &Context, order: Order) -> Result<Exit, CliError> {
    ctx.repo()?.require_git()?;
    ctx.recover()?;
    filed::check(ctx, &order)?;
    let interrupt = Interrupt::listen();
    let (batch, held) = filed::file(ctx, &order)?;
    warn_of_many(ctx, &order)?;
    let mut driver = Driver::new(ctx, order, batch, held, interrupt)?;
    driver.drive()?;
    let view = driver.view();
    driver.progress.done();
    let exit = if view.is_good() { Exit::Good } else { Exit::Negative };
    ctx.ui.answer(&view)?;
    if view.completed > 0 && view.running.is_empty() {
        ctx.ui.note("git agents merge --all lands what is completed");
    }
    Ok(exit)
}

/// Many agents at once use up a machine, and a budget.
pub(super) fn warn_of_many(ctx: &Context, order: &Order) -> Result<(), CliError> {
    let wanted = order.pace.max_concurrent;
    let limit = run::start::limit(ctx.repo()?)?;
    let most = limit.map_or(usize::from(wanted), |limit| limit.min(wanted.into()));
    if most > usize::from(MANY) && order.plan.tasks.len() > usize::from(MANY) {
        ctx.ui.warn(&format!("up to {most} agents run at once; agents.maxConcurrent limits that for all commands"));
    }
    Ok(())
}

/// A task whose run goes on, or has ended and is to be judged.
struct Going {
    run: Run,
    agent: AgentName,
    /// When we began it; none when somebody did before us.
    since: Option<Instant>,
}

struct Driver<'c> {
    base: &'c Context,
    order: Order,
    batch: Batch,
    _held: Held,
    progress: Progress<'c>,
    interrupt: Interrupt,
    is_interrupted: bool,
    jobs: Vec<Job>,
    stages: BTreeMap<TaskId, Stage>,
    going: BTreeMap<TaskId, Going>,
    tries: BTreeMap<TaskId, u32>,
    rows: BTreeMap<TaskId, TaskRow>,
    /// The agents that have said that they wait for an answer, so that it is told once.
    asked: BTreeSet<TaskId>,
    most_at_once: usize,
    begun: Instant,
}

impl<'c> Driver<'c> {
    fn new(base: &'c Context, order: Order, batch: Batch, held: Held, interrupt: Interrupt) -> Result<Self, CliError> {
        let snapshot = base.load(&filed::scope(&order))?;
        let runs = run::all(base.repo()?)?;
        let (state, plan) = (&snapshot.state, &order.plan.tasks);
        let mut progress = Progress::new(&base.ui, plan.len());
        let standings: BTreeMap<&TaskId, _> =
            plan.iter().map(|task| (&task.id, standing(task, state, &batch, &runs))).collect();
        let jobs = resume::jobs(plan, &standings);
        let (mut stages, mut going, mut rows) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (_, task, after) in order.plan.outside() {
            let is_done = state.tasks.get(after).is_some_and(|task| task.state.satisfies_dependents());
            stages.insert(after.clone(), if is_done { Stage::Done } else { Stage::Closed });
            if !is_done {
                progress.say(&format!("{after}, which {task} is after, is not completed"));
            }
        }
        for (id, standing) in standings {
            let planned = plan.iter().find(|task| task.id == *id);
            let mut row = TaskRow::new(id, planned.map_or("", |task| &task.title));
            row.was_done = standing.stage == Stage::Done;
            if let Some(reason) = &standing.reason {
                progress.closed(id, reason)?;
                row.reason = Some(reason.clone());
            }
            if let (Some(run), Some(agent)) = (standing.run, &standing.agent) {
                let facts =
                    Started { agent, run: &run.id, model: run.plan().model.as_deref(), tries: 0, goes_on: true };
                row.note_start(agent, &run);
                progress.started(id, &facts)?;
                going.insert(id.clone(), Going { run, agent: agent.clone(), since: None });
            }
            rows.insert(id.clone(), row);
            stages.insert(id.clone(), standing.stage);
        }
        Ok(Driver {
            base,
            order,
            batch,
            _held: held,
            progress,
            interrupt,
            is_interrupted: false,
            jobs,
            stages,
            going,
            tries: BTreeMap::new(),
            rows,
            asked: BTreeSet::new(),
            most_at_once: 0,
            begun: Instant::now(),
        })
    }

    fn drive(&mut self) -> Result<(), CliError> {
        let mut look_at = Instant::now();
        let mut ask_at = Instant::now() + ASK;
        loop {
            if self.interrupt.came() && !self.is_interrupted {
                self.is_interrupted = true;
                self.interrupted()?;
            }
            if self.judge()? {
                look_at = Instant::now();
            }
            if !self.is_interrupted && Instant::now() >= look_at {
                let is_full = self.schedule()?;
                // Nothing changes what can start but the end of a run, or room where there was none.
                look_at = Instant::now() + if is_full { TRY_AGAIN } else { ASK };
                if self.going.is_empty() && !is_full {
                    return Ok(());
                }
            }
            if self.is_interrupted && self.going.is_empty() {
                return Ok(());
            }
            if Instant::now() >= ask_at {
                self.ask()?;
                ask_at = Instant::now() + ASK;
            }
            self.show();
            std::thread::sleep(LOOK);
        }
    }

    /// Judge what has ended; whether anything has.
    fn judge(&mut self) -> Result<bool, CliError> {
        let is_over = |going: &Going| {
            let ended = run::file::read::<run::record::Ended>(&going.run.folder.ended());
            ended.known().is_some() || !going.run.folder.is_held()
        };
        let over: Vec<TaskId> =
            self.going.iter().filter(|(_, going)| is_over(going)).map(|(id, _)| id.clone()).collect();
        for id in &over {
            let Some(Going { run, agent, since }) = self.going.remove(id) else { continue };
            let took = since.map(|since| since.elapsed());
            let ctx = self.base.afresh();
            let run = run::list::one(ctx.repo()?, &run.id).known().cloned().unwrap_or(run);
            let outcome = self.progress.still(|| end::end(&ctx, id, &agent, &run))?;
            let seconds = self.rows.get_mut(id).and_then(|row| row.note_end(&run, took));
            self.asked.remove(id);
            self.take(id, outcome, seconds)?;
        }
        Ok(!over.is_empty())
    }

    fn take(&mut self, id: &TaskId, outcome: Outcome, seconds: Option<f64>) -> Result<(), CliError> {
        let stage = match outcome {
            Outcome::Completed => {
                self.progress.completed(id, seconds)?;
                Stage::Done
            }
            Outcome::TakenAway => {
                let reason = "somebody has taken it away from its agent".to_owned();
                self.progress.closed(id, &reason)?;
                self.because(id, reason);
                Stage::Closed
            }
            Outcome::Failed { reason, is_final } => {
                let tries = self.tries.entry(id.clone()).or_default();
                *tries += 1;
                let tries = *tries;
                let again = !is_final && tries <= self.order.pace.retries && !self.is_interrupted;
                self.progress.failed(id, &reason, again, seconds)?;
                self.because(id, reason);
                Stage::Failed { tries, is_final }
            }
        };
        self.stages.insert(id.clone(), stage);
        Ok(())
    }

    /// Start what can start; whether more could if more might run.
    fn schedule(&mut self) -> Result<bool, CliError> {
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
                self.going.insert(id.clone(), Going { run, agent: agent.clone(), since: Some(Instant::now()) });
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

    /// Nothing more is started; what runs is left or ended, as was said.
    fn interrupted(&mut self) -> Result<(), CliError> {
        let ends = self.order.pace.on_interrupt == OnInterrupt::End;
        self.progress.interrupted(self.going.len(), ends)?;
        if !ends {
            return Ok(());
        }
        let repo = self.base.repo()?;
        let going = std::mem::take(&mut self.going);
        let errors: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = going
                .values()
                .map(|going| {
                    let (repo, run) = (repo.clone(), &going.run);
                    scope.spawn(move || run::stop(&repo, run, "an interrupt", GRACE).err().map(|e| e.to_string()))
                })
                .collect();
            threads.into_iter().filter_map(|thread| thread.join().ok().flatten()).collect()
        });
        errors.iter().for_each(|error| self.progress.warn(error));
        for (id, _) in going {
            self.because(&id, "interrupted".to_owned());
            self.stages.insert(id, Stage::Waiting);
        }
        Ok(())
    }

    /// Tell which agents wait for an answer.
    fn ask(&mut self) -> Result<(), CliError> {
        let ctx = self.base.afresh();
        let idle_after = run::list::idle_after(ctx.repo()?)?;
        for (id, going) in &self.going {
            let found = run::list::one(ctx.repo()?, &going.run.id);
            let Some(run) = found.known() else { continue };
            if run.state(ctx.world.now, idle_after) != RunState::Waiting {
                self.asked.remove(id);
            } else if self.asked.insert(id.clone()) {
                let text = run.facts.report.known().and_then(|report| report.text.clone());
                self.progress.asks(id, &going.agent, text.as_deref())?;
            }
        }
        Ok(())
    }

    fn show(&self) {
        let over =
            self.stages.values().filter(|stage| !matches!(stage, Stage::Waiting | Stage::Running { .. })).count();
        self.progress.shows(over, &self.going.keys().collect::<Vec<_>>());
    }

    fn because(&mut self, id: &TaskId, reason: String) {
        if let Some(row) = self.rows.get_mut(id) {
            row.reason = Some(reason);
        }
    }

    fn view(&mut self) -> ExecutionView {
        let mut rows = Vec::new();
        for planned in &self.order.plan.tasks {
            let Some(mut row) = self.rows.remove(&planned.id) else { continue };
            row.end(self.stages.get(&planned.id));
            rows.push(row);
        }
        let facts = (self.most_at_once, self.begun.elapsed(), self.is_interrupted);
        ExecutionView::new(self.order.batch.to_string(), rows, facts, self.order.again.clone())
    }
}
