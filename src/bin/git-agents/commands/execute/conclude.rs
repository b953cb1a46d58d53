//! Judging what has ended while nobody was waiting for it: by whoever settles the run, and when that could not be, by the
//! next command that looks at runs.

use std::time::{Duration, Instant};

use git_agents::execute::batch::{self, Batch, BatchName};
use git_agents::run::{self, Run, State as RunState};
use git_agents::store::Scope;
use git_agents::task::{Task, TaskId, TaskState};

use super::Order;
use super::end::{self, Outcome};
use super::resume::{last_run, standing};
use crate::context::Context;
use crate::error::CliError;

/// How long a run that has ended waits for whoever works on its batch: making agents takes what setting up takes.
const PATIENCE: Duration = Duration::from_secs(600);
/// The longest time between two looks.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Judge a run that has ended, once nobody works on its batch. Who drives it does it first, and then there is nothing left
/// to do.
pub(crate) fn conclude(ctx: &Context, run: &Run) -> Result<(), CliError> {
    let Some(of) = Ended::of(run) else { return Ok(()) };
    let give_up = Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(20);
    loop {
        match of.judge(&ctx.afresh())? {
            Judged::Now(outcome @ Outcome::Failed { .. }) => {
                tell(ctx, of.task, &outcome);
                return Ok(());
            }
            Judged::Later if Instant::now() < give_up => {}
            _ => return Ok(()),
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
        let ctx = ctx.afresh();
        let state = ctx.load(&Scope::open())?.state;
        if !state.tasks.get(of.task).is_some_and(|task| of.is_in_hand(task)) {
            return Ok(());
        }
    }
}

/// Judge whatever has ended and could not be judged then. What stands in the way of that is said, and is no reason not to
/// go on.
pub(crate) fn conclude_ended(ctx: &Context) {
    if let Err(error) = all_ended(ctx) {
        ctx.ui.detail(&format!("what has ended is not judged yet: {}", error.message));
    }
}

fn all_ended(ctx: &Context) -> Result<(), CliError> {
    let runs = run::all(ctx.repo()?)?;
    if !runs.iter().any(|run| Ended::of(run).is_some()) {
        return Ok(());
    }
    let ctx = ctx.afresh();
    let state = ctx.load(&Scope::open())?.state;
    for task in state.tasks.values().filter(|task| task.state == TaskState::InProgress) {
        // Only the last one: somebody may have begun again by hand.
        let Some(of) = last_run(task, &runs).and_then(Ended::of) else { continue };
        match of.judge(&ctx) {
            // Whoever settles the run may be doing the same just now, so it is no news of this command.
            Ok(Judged::Now(outcome)) => sentence(&task.id, &outcome).iter().for_each(|said| ctx.ui.detail(said)),
            Ok(_) => {}
            Err(error) => {
                let hints = error.hints.iter().map(|hint| format!("; {hint}")).collect::<String>();
                ctx.ui.warn(&format!("how {} went cannot be judged yet: {}{hints}", task.id, error.message));
            }
        }
    }
    Ok(())
}

/// Judge what has ended of an order; its batch is held.
pub(super) fn conclude_own(ctx: &Context, order: &Order, batch: &Batch) -> Result<(), CliError> {
    let state = ctx.load(&super::filed::scope(order))?.state;
    let runs = run::all(ctx.repo()?)?;
    for planned in &order.plan.tasks {
        let standing = standing(planned, &state, batch, &runs);
        let (Some(agent), Some(run)) = (standing.agent, standing.run.filter(|run| !run.is_live())) else { continue };
        tell(ctx, &planned.id, &end::end(ctx, &planned.id, &agent, &run)?);
    }
    Ok(())
}

fn tell(ctx: &Context, task: &TaskId, outcome: &Outcome) {
    sentence(task, outcome).iter().for_each(|sentence| ctx.ui.note(sentence));
}

fn sentence(task: &TaskId, outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Completed => Some(format!("{task} completed")),
        Outcome::Failed { reason, .. } => Some(format!("{task} failed: {reason}")),
        Outcome::TakenAway => None,
    }
}

/// A run of a batch that has ended by itself. One that somebody has ended says nothing of its task, which goes on another
/// time.
struct Ended<'r> {
    run: &'r Run,
    task: &'r TaskId,
    batch: BatchName,
}

impl<'r> Ended<'r> {
    fn of(run: &'r Run) -> Option<Self> {
        let plan = run.plan();
        let (batch, task) = (plan.batch.as_ref()?.parse().ok()?, plan.task.as_ref()?);
        let state = run.state(plan.created_at, Duration::MAX);
        let by_itself = matches!(state, RunState::Done | RunState::Failed | RunState::TimedOut);
        by_itself.then_some(Ended { run, task, batch })
    }

    fn is_in_hand(&self, task: &Task) -> bool {
        task.state == TaskState::InProgress && task.agent.as_ref() == Some(&self.run.plan().agent)
    }

    fn judge(&self, ctx: &Context) -> Result<Judged, CliError> {
        let (repo, agent) = (ctx.repo()?, &self.run.plan().agent);
        let Some(_held) = batch::judge(repo, &self.batch)? else { return Ok(Judged::Later) };
        let batch = Batch::read(repo, &self.batch, ctx.world.now)?;
        let is_ours = batch.tasks.get(self.task).is_some_and(|member| member.agent.as_ref() == Some(agent));
        Ok(if is_ours { Judged::Now(end::end(ctx, self.task, agent, self.run)?) } else { Judged::NotOurs })
    }
}

/// What came of judging.
enum Judged {
    /// It is judged.
    Now(Outcome),
    /// Somebody works on its batch, and may do it.
    Later,
    /// The task was given to somebody else.
    NotOurs,
}
