//! Filing a plan's tasks: what is new in one operation, then what has changed. Whatever would be refused on the way is
//! refused before.

use std::time::Duration;

use git_agents::execute::batch::{self, Batch, BatchError, Held};
use git_agents::execute::filing::{Filing, FilingError, filing, mark};
use git_agents::state::Action;
use git_agents::store::{Scope, Snapshot};
use git_agents::task::{TaskEdit, TaskId};

use super::Order;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::render::style::{counted, listed};

/// Whoever judges a run that has ended is done by then.
const PATIENCE: Duration = Duration::from_secs(5);

/// Everything that a plan is about, closed or not.
pub(super) fn scope(order: &Order) -> Scope {
    let own = order.plan.tasks.iter().map(|task| &task.id);
    Scope::open().with_tasks(own).with_tasks(order.plan.outside().map(|(.., after)| after))
}

/// What filing it would change, by what is there now. What would be refused in the middle is refused here.
pub(super) fn look(ctx: &Context, order: &Order, batch: &Batch) -> Result<(Snapshot, Filing), CliError> {
    let snapshot = ctx.load(&scope(order))?;
    let filing = filing(&order.plan, batch, &snapshot.state.tasks)?;
    if filing.reorders() {
        filing.check_loops(ctx.load(&scope(order).with_closed())?.state.tasks)?;
    }
    Ok((snapshot, filing))
}

/// Nobody else works on the batch until what is given back is dropped.
pub(super) fn hold(ctx: &Context, order: &Order) -> Result<(Batch, Held), CliError> {
    let repo = ctx.repo()?;
    let held = batch::hold(repo, &order.batch, PATIENCE)?;
    Ok((Batch::read(repo, &order.batch, ctx.world.now)?, held))
}

/// File what is not there and change what is different; the batch is held.
pub(super) fn file(ctx: &Context, order: &Order, batch: &mut Batch) -> Result<(), CliError> {
    let repo = ctx.repo()?;
    batch.plan.clone_from(&order.source);
    let (_, planned) = look(ctx, order, batch)?;
    let edit = |(task, edit): &(TaskId, TaskEdit)| {
        let action = Action::EditTask { task: task.clone(), edit: edit.clone() };
        ctx.transact(&scope(order), |_, _| Ok(Some(action.clone().into()))).map(drop)
    };
    planned.first.iter().try_for_each(edit)?;
    let mut changes = Filing::default();
    ctx.transact(&scope(order), |state, _| {
        changes = filing(&order.plan, batch, &state.tasks)?;
        let tasks = changes.new.clone();
        Ok(if tasks.is_empty() { None } else { Some(Action::AddTasks { tasks }.into()) })
    })?;
    changes.edits.iter().try_for_each(edit)?;
    for planned in &order.plan.tasks {
        // What was begun stays as it was begun, and is no news the next time either.
        batch.tasks.entry(planned.id.clone()).or_default().planned = Some(mark(planned));
    }
    batch.write(repo)?;
    tell(ctx, order, &Filing { edits: planned.edits, ..changes });
    Ok(())
}

fn tell(ctx: &Context, order: &Order, changes: &Filing) {
    let label = order.batch.label();
    if !changes.new.is_empty() {
        ctx.ui.note(&format!("filed {} with the label {label}", counted(changes.new.len(), "task")));
    }
    if !changes.edits.is_empty() {
        let ids: Vec<&str> = changes.edits.iter().map(|(id, _)| id.as_str()).collect();
        ctx.ui.note(&format!("changed {} as the plan says now", listed(&ids)));
    }
    if !changes.begun.is_empty() {
        let ids: Vec<&str> = changes.begun.iter().map(|id| id.as_str()).collect();
        let (was, stays) = if ids.len() == 1 { ("was", "stays") } else { ("were", "stay") };
        ctx.ui.warn(&format!("{} {was} begun before the plan was changed, and {stays} as begun", listed(&ids)));
    }
}

impl From<BatchError> for CliError {
    fn from(error: BatchError) -> Self {
        let message = error.to_string();
        match error {
            BatchError::Busy { .. } => CliError::refused("batch-busy", message).hint("git agents runs"),
            BatchError::Io { .. } => CliError::new(Exit::Outside, "write-failed", message),
        }
    }
}

impl From<FilingError> for CliError {
    fn from(error: FilingError) -> Self {
        let message = error.to_string();
        match error {
            FilingError::Taken { id, .. } => CliError::refused("task-exists", message)
                .hint(format!("git agents task show {id}"))
                .hint("another id for it in the plan"),
            FilingError::UnknownDependency { .. } => {
                CliError::refused("task-not-found", message).hint("git agents task list")
            }
            FilingError::Loop { ids } => {
                let error = CliError::refused("dependency-cycle", message);
                ids.iter().skip(1).fold(error, |error, id| error.hint(format!("git agents task show {id}")))
            }
        }
    }
}
