//! Starting without staying: everything is filed and started, and goes on by itself. When a run ends that nobody waits
//! for, whoever settles it judges it as we would have.

use git_agents::execute::batch::{self, Batch};
use git_agents::plan::Planned;
use git_agents::run::{self, Run, State as RunState};

use super::begin::{self, Begun};
use super::end::{self, Outcome};
use super::resume::standing;
use super::{Order, check, filed};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::launched::{LaunchedRow, LaunchedView};

/// Make the agents, file the tasks, start them all and answer. What is known to keep one of them from beginning is refused
/// before, and nothing is changed then.
pub(crate) fn run(ctx: &Context, order: &Order) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    repo.require_git()?;
    ctx.recover()?;
    let (mut batch, held) = filed::hold(ctx, order)?;
    let begin = check::before(ctx, order, &batch)?;
    room(ctx, begin.len())?;
    let agents: Vec<_> = begin.iter().map(|(_, agent)| agent).collect();
    let untouched = begin::enrol(ctx, order, &agents)?;
    filed::file(ctx, order, &mut batch)?;
    // Nobody drives what goes on by itself: whoever settles a run that ends is to judge it.
    drop(held);
    super::drive::warn_of_many(ctx, order)?;
    let state = ctx.load(&filed::scope(order))?.state;
    let runs = run::all(repo)?;
    let is_left = |planned: &&Planned| !begin.iter().any(|(other, _)| other.id == planned.id);
    let left = |planned| LaunchedRow::left(planned, standing(planned, &state, &batch, &runs).reason.as_deref());
    let mut rows: Vec<LaunchedRow> = order.plan.tasks.iter().filter(is_left).map(left).collect();
    for (planned, agent) in begin {
        let row = match begin::begin(&ctx.afresh(), order, &mut batch, (planned, &agent), &untouched) {
            Ok(Begun::Runs { run, model }) => LaunchedRow::started(repo, planned, &run, model)?,
            Ok(Begun::Full { reason }) => {
                LaunchedRow::failed(planned, &agent, &CliError::refused("too-many-runs", reason).hint(AGAIN))
            }
            // The others go on, so this is a part of the answer.
            Err(failure) => LaunchedRow::failed(planned, &agent, &failure.into_error().hint(AGAIN)),
        };
        rows.push(row);
    }
    let view = LaunchedView { batch: order.batch.to_string(), tasks: rows };
    let is_good = view.is_good();
    ctx.ui.answer(&view)?;
    Ok(if is_good { Exit::Good } else { Exit::Negative })
}

/// What goes on with a task that could not begin.
const AGAIN: &str = "the same command again";

/// Refuse what would be begun only in part.
fn room(ctx: &Context, wanted: usize) -> Result<(), CliError> {
    let repo = ctx.repo()?;
    let Some(limit) = run::start::limit(repo)? else { return Ok(()) };
    let live = run::all(repo)?.iter().filter(|run| run.is_live()).count();
    if wanted == 0 || live + wanted <= limit {
        return Ok(());
    }
    let message = format!("{live} agents are running, {wanted} would be added, and agents.maxConcurrent is {limit}");
    Err(CliError::refused("too-many-runs", message)
        .hint("the same command with --wait, to start them one after the other")
        .hint("git agents runs"))
}

/// Judge a run that has ended while nobody was waiting for it. Who is, does it. A run that somebody has ended says nothing
/// of its task, which goes on another time.
pub(crate) fn conclude(ctx: &Context, run: &Run) -> Result<(), CliError> {
    let plan = run.plan();
    let state = run.state(ctx.world.now, std::time::Duration::MAX);
    if !matches!(state, RunState::Done | RunState::Failed | RunState::TimedOut) {
        return Ok(());
    }
    let (Some(name), Some(task)) = (plan.batch.as_ref().and_then(|name| name.parse().ok()), plan.task.as_ref()) else {
        return Ok(());
    };
    let repo = ctx.repo()?;
    let Some(_held) = batch::judge(repo, &name)? else { return Ok(()) };
    let is_ours = Batch::read(repo, &name, ctx.world.now)?
        .tasks
        .get(task)
        .is_some_and(|member| member.agent.as_ref() == Some(&plan.agent));
    if is_ours && let Outcome::Failed { reason, .. } = end::end(ctx, task, &plan.agent, run)? {
        ctx.ui.note(&format!("{task} failed: {reason}"));
    }
    Ok(())
}
