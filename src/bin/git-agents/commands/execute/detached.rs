//! Starting without staying: everything is filed and started, and goes on by itself. When a run ends that nobody waits
//! for, whoever settles it judges it as we would have.

use git_agents::execute::step::Stage;
use git_agents::plan::Planned;
use git_agents::run;

use super::begin::{self, Begun};
use super::resume::{Standing, standing};
use super::{Order, check, conclude, filed};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::launched::{LaunchedRow, LaunchedView};

/// Make the agents, file the tasks, start them all and answer. What is known to keep one of them from beginning is refused
/// before, and nothing is changed then.
pub(crate) fn run(ctx: &Context, order: &Order) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    repo.require_git()?;
    ctx.recover()?;
    conclude::conclude_ended(ctx);
    let (mut batch, held) = filed::hold(ctx, order)?;
    conclude::conclude_own(ctx, order, &batch)?;
    let begin = check::before(ctx, order, &batch)?;
    room(ctx, begin.len())?;
    let agents: Vec<_> = begin.iter().map(|(_, agent)| agent).collect();
    let untouched = begin::enrol(ctx, order, &agents)?;
    filed::file(ctx, order, &mut batch)?;
    // Nobody drives what goes on by itself: whoever settles a run that ends is to judge it.
    drop(held);
    super::drive::warn_of_many(ctx, begin.len())?;
    let state = ctx.load(&filed::scope(order))?.state;
    let runs = run::all(repo)?;
    let is_left = |planned: &&Planned| !begin.iter().any(|(other, _)| other.id == planned.id);
    let left = |planned| LaunchedRow::left(planned, &why_left(standing(planned, &state, &batch, &runs)));
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

/// Why nothing is begun for a task.
fn why_left(standing: Standing) -> String {
    standing.reason.unwrap_or_else(|| match standing.stage {
        Stage::Done => "it is completed already".to_owned(),
        _ => "it is running already".to_owned(),
    })
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
