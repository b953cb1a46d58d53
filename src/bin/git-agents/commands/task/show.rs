//! `git agents task show`

use clap::Args;
use git_agents::config;
use git_agents::state::Rejected;
use git_agents::store::Scope;
use git_agents::sync::Provisional;
use git_agents::work::past_runs;
use gix::ObjectId;

use crate::commands::complete_values::task_ids;
use crate::commands::terms::standing;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::past_run::PastRunView;
use crate::view::task::TaskShow;

/// Whether the target has the commit; none where there is no target to ask.
fn in_target(ctx: &Context, commit: &str) -> Option<bool> {
    let repo = ctx.repo().ok()?;
    let target = config::target(repo).ok()?;
    let id = ObjectId::from_hex(commit.as_bytes()).ok()?;
    Some(repo.is_within(id, target.commit))
}

/// Show one task, every attempt at it, and the runs of agents' programs for it.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The task's id, or the beginning of it that no other has.
    #[arg(add = task_ids())]
    task: String,
}

pub(crate) fn run(ctx: &Context, args: &ShowArgs) -> Result<Exit, CliError> {
    let snapshot = ctx.load(&Scope::open())?;
    let id = ctx.task(&snapshot, &args.task)?;
    let snapshot = ctx.load(&Scope::open().with_tasks([&id]))?;
    let document = git_agents::state::Document::Task(id.clone());
    let task = snapshot.state.tasks.get(&id).ok_or(Rejected::Damaged { document })?;
    let mut view = TaskShow::new(&snapshot.state, task);
    view.task.provisional = Provisional::read(ctx.repo()?)?.has_task(task);
    for attempt in &mut view.attempts {
        attempt.in_target = attempt.landed.as_deref().and_then(|commit| in_target(ctx, commit));
    }
    if task.last_attempt().is_some() {
        let runs = past_runs::of_task(ctx.repo()?, &id)?;
        view.runs = runs.iter().map(|(agent, run)| PastRunView::new(agent, run)).collect();
    }
    if let (Some(lease), Some(standing)) = (&mut view.task.lease, standing(ctx, &snapshot.state, task)?) {
        lease.judge(standing);
    }
    ctx.ui.answer(&view)?;
    Ok(Exit::Good)
}
