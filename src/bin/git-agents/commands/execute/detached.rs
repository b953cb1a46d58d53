//! Starting without staying: everything is filed and started, and goes on by itself. When a run ends that nobody waits
//! for, whoever settles it judges it as we would have.

use git_agents::execute::batch::{self, Batch};
use git_agents::execute::step::Stage;
use git_agents::plan::Planned;
use git_agents::run::{self, Run, State as RunState};

use super::begin::{self, Begun};
use super::end::{self, Outcome};
use super::resume::standing;
use super::{Order, filed};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::launched::{LaunchedRow, LaunchedView};

/// File the tasks, start them all and answer. When not all may run at once, nothing is begun.
pub(crate) fn run(ctx: &Context, order: &Order) -> Result<Exit, CliError> {
    ctx.repo()?.require_git()?;
    ctx.recover()?;
    filed::check(ctx, order)?;
    room(ctx, order)?;
    // Nobody drives what goes on by itself: whoever settles a run that ends is to judge it.
    let (mut batch, held) = filed::file(ctx, order)?;
    drop(held);
    super::drive::warn_of_many(ctx, order)?;
    let snapshot = ctx.load(&filed::scope(order))?;
    let runs = run::all(ctx.repo()?)?;
    let mut begin = Vec::new();
    let mut rows = Vec::new();
    for planned in &order.plan.tasks {
        let standing = standing(planned, &snapshot.state, &batch, &runs);
        let agent = standing.agent.clone().or_else(|| planned.agent.clone()).or(planned.id.as_str().parse().ok());
        match (&standing.stage, agent) {
            (Stage::Waiting, Some(agent)) => begin.push((planned, agent)),
            _ => rows.push(LaunchedRow::left(planned, standing.reason.as_deref())),
        }
    }
    let agents: Vec<_> = begin.iter().map(|(_, agent)| agent).collect();
    begin::enrol(ctx, order, &agents)?;
    for (planned, agent) in begin {
        let row = match begin::begin(&ctx.afresh(), order, &mut batch, planned, &agent) {
            Ok(Begun::Runs { run, model }) => LaunchedRow::started(ctx.repo()?, planned, &run, model)?,
            Ok(Begun::Full { reason }) => LaunchedRow::failed(planned, &agent, &reason),
            // The others go on, so this is a part of the answer.
            Err(error) => {
                end::fail(&ctx.afresh(), &planned.id, &agent, &error.message)?;
                LaunchedRow::failed(planned, &agent, &error.message)
            }
        };
        rows.push(row);
    }
    let view = LaunchedView { batch: order.batch.to_string(), tasks: rows };
    let is_good = view.is_good();
    ctx.ui.answer(&view)?;
    Ok(if is_good { Exit::Good } else { Exit::Negative })
}

/// Refuse what would be begun only in part.
fn room(ctx: &Context, order: &Order) -> Result<(), CliError> {
    let repo = ctx.repo()?;
    let Some(limit) = run::start::limit(repo)? else { return Ok(()) };
    let batch = Batch::read(repo, &order.batch, ctx.world.now)?;
    let (snapshot, _) = filed::look(ctx, order, &batch)?;
    let runs = run::all(repo)?;
    let waits = |planned: &&Planned| standing(planned, &snapshot.state, &batch, &runs).stage == Stage::Waiting;
    let wanted = order.plan.tasks.iter().filter(waits).count();
    let live = runs.iter().filter(|run| run.is_live()).count();
    if live + wanted <= limit {
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
