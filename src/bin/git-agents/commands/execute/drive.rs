//! Driving a plan to its end: what can start is started, what has ended is judged, until nothing is left to do.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use git_agents::agent::AgentName;
use git_agents::execute::batch::{Batch, Held};
use git_agents::execute::step::{Job, Stage};
use git_agents::run::{self, Run};
use git_agents::task::TaskId;

use super::busy::Busy;
use super::end::{self, Outcome};
use super::interrupt::Interrupt;
use super::progress::{Progress, Started};
use super::resume::{self, standing};
use super::{Order, check, conclude, filed};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::execution::{ExecutionView, TaskRow};

/// How often we look whether a run has ended: a file each.
const LOOK: Duration = Duration::from_millis(50);
/// How often we try again when no more may run.
const TRY_AGAIN: Duration = Duration::from_millis(500);
/// How often we look whether an agent waits for an answer.
const ASK: Duration = Duration::from_secs(5);
/// More at once is warned of.
const MANY: usize = 5;

/// File the plan, carry it out and answer.
pub(crate) fn run(ctx: &Context, order: Order) -> Result<Exit, CliError> {
    ctx.repo()?.require_git()?;
    ctx.recover()?;
    conclude::conclude_ended(ctx);
    let (mut batch, held) = filed::hold(ctx, &order)?;
    check::before(ctx, &order, &batch)?;
    let interrupt = Interrupt::listen();
    filed::file(ctx, &order, &mut batch)?;
    let wanted = usize::from(order.pace.max_concurrent).min(order.plan.tasks.len());
    warn_of_many(ctx, wanted)?;
    let mut driver = Driver::new(ctx, order, batch, held, interrupt)?;
    driver.drive()?;
    let view = driver.view();
    driver.progress.done();
    let exit = if view.is_good() { Exit::Good } else { Exit::Negative };
    ctx.ui.answer(&view)?;
    if view.tasks.iter().any(|task| task.state == "completed" && !task.was_done) {
        ctx.ui.note("to land what is completed: git agents merge --all");
    }
    match driver.stopped {
        Some(error) => Err(CliError { exit: Exit::Negative, ..error }),
        None => Ok(exit),
    }
}

/// Many agents at once use up a machine, and a budget.
pub(super) fn warn_of_many(ctx: &Context, wanted: usize) -> Result<(), CliError> {
    let most = run::start::limit(ctx.repo()?)?.map_or(wanted, |limit| limit.min(wanted));
    if most > MANY {
        ctx.ui.warn(&format!("up to {most} agents run at once; agents.maxConcurrent limits that for all commands"));
    }
    Ok(())
}

/// A task whose run goes on, or has ended and is to be judged.
pub(super) struct Going {
    pub(super) run: Run,
    pub(super) agent: AgentName,
    /// When we began it; none when somebody did before us.
    pub(super) since: Option<Instant>,
}

pub(super) struct Driver<'c> {
    pub(super) base: &'c Context,
    pub(super) order: Order,
    pub(super) batch: Batch,
    pub(super) _held: Held,
    pub(super) progress: Progress<'c>,
    pub(super) interrupt: Interrupt,
    pub(super) is_interrupted: bool,
    /// What was found wrong with the command in the middle: nothing more is begun.
    pub(super) stopped: Option<CliError>,
    /// Agents whose worktrees have something in them that nobody knows of.
    pub(super) refused: BTreeMap<AgentName, Busy>,
    pub(super) jobs: Vec<Job>,
    pub(super) stages: BTreeMap<TaskId, Stage>,
    pub(super) going: BTreeMap<TaskId, Going>,
    pub(super) tries: BTreeMap<TaskId, u32>,
    pub(super) rows: BTreeMap<TaskId, TaskRow>,
    /// The agents that have said that they wait for an answer, so that it is told once.
    pub(super) asked: BTreeSet<TaskId>,
    pub(super) most_at_once: usize,
    pub(super) begun: Instant,
}

impl<'c> Driver<'c> {
    fn new(base: &'c Context, order: Order, batch: Batch, held: Held, interrupt: Interrupt) -> Result<Self, CliError> {
        let snapshot = base.load(&filed::scope(&order))?;
        let runs = run::all(base.repo()?)?;
        let (state, plan) = (&snapshot.state, &order.plan.tasks);
        let mut progress = Progress::new(&base.ui, plan.len());
        let standings: BTreeMap<&TaskId, _> =
            plan.iter().map(|task| (&task.id, standing(task, state, &batch, &runs))).collect();
        let jobs = resume::jobs(plan, &standings, state);
        let titles: BTreeMap<&TaskId, &str> = plan.iter().map(|task| (&task.id, task.title.as_str())).collect();
        let (mut going, mut rows) = (BTreeMap::new(), BTreeMap::new());
        let mut stages = resume::outside(&jobs, state);
        for (after, _) in stages.iter().filter(|(_, stage)| **stage != Stage::Done) {
            for job in jobs.iter().filter(|job| job.after.contains(after)) {
                progress.say(&format!("{after}, which {} is after, is not completed", job.id));
            }
        }
        for (id, standing) in standings {
            let mut row = TaskRow::new(id, titles.get(id).copied().unwrap_or_default());
            row.was_done = standing.stage == Stage::Done;
            if let Some(reason) = &standing.reason {
                progress.closed(id, reason, &standing.hints)?;
                (row.reason, row.hints) = (Some(reason.clone()), standing.hints);
            }
            if let (Some(run), Some(agent)) = (standing.run, &standing.agent) {
                let facts =
                    Started { agent, run: &run.id, model: run.plan().model.as_deref(), tries: 0, goes_on: true };
                row.note_start(agent, &run, true);
                progress.started(id, &facts)?;
                going.insert(id.clone(), Going { run, agent: agent.clone(), since: None });
            }
            rows.insert(id.clone(), row);
            stages.insert(id.clone(), standing.stage);
        }
        let most_at_once = going.len();
        Ok(Driver {
            base,
            order,
            batch,
            _held: held,
            progress,
            interrupt,
            is_interrupted: false,
            stopped: None,
            refused: BTreeMap::new(),
            jobs,
            stages,
            going,
            tries: BTreeMap::new(),
            rows,
            asked: BTreeSet::new(),
            most_at_once,
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
            let is_stopping = self.is_interrupted || self.stopped.is_some();
            if !is_stopping && Instant::now() >= look_at {
                let scheduled = self.schedule();
                let Some(is_full) = self.interrupt.spared(scheduled)? else { continue };
                // Nothing changes what can start but the end of a run, or room where there was none.
                look_at = Instant::now() + if is_full { TRY_AGAIN } else { ASK };
                if self.going.is_empty() && !is_full {
                    return Ok(());
                }
            }
            if is_stopping && self.going.is_empty() {
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
            let Some(Going { run, agent, since }) = self.going.get(id) else { continue };
            let took = since.map(|since| since.elapsed());
            let ctx = self.base.afresh();
            let run = run::list::one(ctx.repo()?, &run.id).known().cloned().unwrap_or_else(|| run.clone());
            let ended = self.progress.still(|| end::end(&ctx, id, agent, &run));
            let outcome = match ended {
                // The next time nothing is cut short any more.
                Err(_) if self.interrupt.came() && !self.is_interrupted => return Ok(false),
                ended => ended?,
            };
            self.going.remove(id);
            let seconds = self.rows.get_mut(id).and_then(|row| row.note_end(&run, took));
            self.asked.remove(id);
            self.take(id, outcome, seconds)?;
        }
        Ok(!over.is_empty())
    }

    pub(super) fn take(&mut self, id: &TaskId, outcome: Outcome, seconds: Option<f64>) -> Result<(), CliError> {
        let stage = match outcome {
            Outcome::Completed => {
                self.progress.completed(id, seconds)?;
                Stage::Done
            }
            Outcome::TakenAway => {
                let reason = "somebody has taken it away from its agent".to_owned();
                self.progress.closed(id, &reason, &[])?;
                self.because(id, reason);
                Stage::Closed
            }
            Outcome::Failed { reason, is_final } => {
                let tries = self.tries.entry(id.clone()).or_default();
                *tries += 1;
                let tries = *tries;
                let is_stopping = self.is_interrupted || self.stopped.is_some();
                let again = !is_final && tries <= self.order.pace.retries && !is_stopping;
                self.progress.failed(id, &reason, again, seconds)?;
                self.because(id, reason);
                Stage::Failed { tries, is_final }
            }
        };
        self.stages.insert(id.clone(), stage);
        Ok(())
    }

    fn show(&self) {
        let over =
            self.stages.values().filter(|stage| !matches!(stage, Stage::Waiting | Stage::Running { .. })).count();
        self.progress.shows(over, &self.going.keys().collect::<Vec<_>>());
    }

    pub(super) fn because(&mut self, id: &TaskId, reason: String) {
        self.because_of(id, reason, Vec::new());
    }

    /// Why a task is not done, and what helps.
    pub(super) fn because_of(&mut self, id: &TaskId, reason: String, hints: Vec<String>) {
        if let Some(row) = self.rows.get_mut(id) {
            (row.reason, row.hints) = (Some(reason), hints);
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
        ExecutionView::new(self.order.batch.to_string(), rows, facts)
    }
}
