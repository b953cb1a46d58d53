//! `git agents task add`

use std::path::PathBuf;

use clap::Args;
use git_agents::state::{Action, State};
use git_agents::store::Scope;
use git_agents::task::{Hours, NewTask, TaskId, generate_id};

use super::{PriorityArg, invalid_task, text_or_file};
use crate::commands::complete_values::task_ids;
use crate::context::{Context, task_id};
use crate::error::{CliError, Exit};
use crate::view::done::TaskChanged;

/// File a task.
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// One line that says what is to be done.
    title: String,
    /// Its id, such as the number of an issue; one is made up when none is given.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    #[command(flatten)]
    details: Details,
}

/// What can be said of a task when it is filed.
#[derive(Debug, Args)]
pub(crate) struct Details {
    /// The estimate in hours.
    #[arg(long, value_name = "HOURS", allow_negative_numbers = true)]
    pub(crate) hours: Option<Hours>,
    /// What kind of work it is, in your own words.
    #[arg(long, value_name = "CATEGORY")]
    pub(crate) category: Option<String>,
    /// How much it matters.
    #[arg(long, value_name = "PRIORITY")]
    pub(crate) priority: Option<PriorityArg>,
    /// A word to file it under; may be repeated.
    #[arg(long = "label", value_name = "LABEL")]
    pub(crate) labels: Vec<String>,
    /// A path or glob that the work is expected to change; may be repeated.
    #[arg(long = "path", value_name = "GLOB")]
    pub(crate) paths: Vec<String>,
    /// A task that must be completed before this one; may be repeated.
    #[arg(long, value_name = "TASK", add = task_ids())]
    pub(crate) after: Vec<String>,
    /// The description.
    #[arg(long, value_name = "TEXT", conflicts_with = "body_file", allow_hyphen_values = true)]
    pub(crate) body: Option<String>,
    /// Read the description from FILE; `-` is standard input.
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) body_file: Option<PathBuf>,
}

pub(crate) fn run(ctx: &Context, args: AddArgs) -> Result<Exit, CliError> {
    let AddArgs { title, id, details } = args;
    let id = id.as_deref().map(task_id).transpose()?;
    let snapshot = ctx.load(&Scope::open())?;
    let after = details.after.iter().map(|text| ctx.task(&snapshot, text)).collect::<Result<Vec<_>, _>>()?;
    let new = new_task(ctx, id.clone().unwrap_or_else(placeholder), title, details, after)?;
    let committed = ctx.transact(&Scope::open(), |state, random| {
        let mut new = new.clone();
        if id.is_none() {
            new.id = free_id(state, random);
        }
        Ok(Some(Action::AddTasks { tasks: vec![new] }.into()))
    })?;
    let Some(committed) = committed else { return Ok(Exit::Good) };
    let added = committed.operation.action.tasks().first().copied().cloned();
    let view = added.and_then(|id| TaskChanged::of(&committed.state, &id, added_sentence));
    if let Some(view) = view {
        ctx.ui.answer(&view)?;
    }
    Ok(Exit::Good)
}

fn added_sentence(task: &git_agents::task::Task) -> String {
    let mut details: Vec<String> = task.hours.iter().map(|hours| crate::render::style::hours(hours.get())).collect();
    if !task.after.is_empty() {
        let after: Vec<&str> = task.after.iter().map(TaskId::as_str).collect();
        details.push(format!("after {}", crate::render::style::listed(&after)));
    }
    let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join(", ")) };
    format!("added {}: {}{details}", task.id, task.title)
}

/// A task as the command line describes it, checked.
pub(crate) fn new_task(
    ctx: &Context,
    id: TaskId,
    title: String,
    details: Details,
    after: Vec<TaskId>,
) -> Result<NewTask, CliError> {
    let Details { hours, category, priority, labels, paths, after: _, body, body_file } = details;
    let body = text_or_file(ctx, body, body_file.as_deref())?.unwrap_or_default();
    let priority = priority.map(Into::into).unwrap_or_default();
    let new = NewTask { id, title, body, hours, category, priority, labels, paths, after, dropped: false };
    new.checked().map_err(|error| invalid_task(&error))
}

/// Stands in until the state has been read and a free id can be drawn.
fn placeholder() -> TaskId {
    TaskId::from_user("new").expect("it is within the grammar")
}

/// An id that no open task has. A closed one that has it makes the write fail and be drawn again by the user; of 27
/// million ids that is rare enough not to read the archive for.
pub(crate) fn free_id(state: &State, random: &mut fastrand::Rng) -> TaskId {
    let taken = |id: &str| TaskId::from_user(id).is_ok_and(|id| state.tasks.contains_key(&id));
    TaskId::from_user(&generate_id(random, taken)).expect("base-32 letters are within the grammar")
}

impl Details {
    /// Whether nothing was said.
    pub(crate) fn is_empty(&self) -> bool {
        let Details { hours, category, priority, labels, paths, after, body, body_file } = self;
        hours.is_none()
            && category.is_none()
            && priority.is_none()
            && labels.is_empty()
            && paths.is_empty()
            && after.is_empty()
            && body.is_none()
            && body_file.is_none()
    }
}
