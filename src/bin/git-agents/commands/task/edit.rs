//! `git agents task edit`

use clap::Args;
use git_agents::state::Action;
use git_agents::store::Scope;
use git_agents::task::TaskEdit;

use super::add::Details;
use super::{invalid_task, text_or_file};
use crate::commands::complete_values::task_ids;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::done::TaskChanged;

/// Change what a task says; what is not named stays.
#[derive(Debug, Args)]
pub(crate) struct EditArgs {
    /// The task's id, or the beginning of it that no other has.
    #[arg(add = task_ids())]
    task: String,
    /// The new title.
    #[arg(long, value_name = "TITLE", allow_hyphen_values = true)]
    title: Option<String>,
    #[command(flatten)]
    details: Details,
    /// Wait for no other task.
    #[arg(long, conflicts_with = "after")]
    no_after: bool,
}

pub(crate) fn run(ctx: &Context, args: EditArgs) -> Result<Exit, CliError> {
    let EditArgs { task, title, details, no_after } = args;
    let Details { hours, category, priority, labels, paths, after, body, body_file } = details;
    let snapshot = ctx.load(&Scope::open())?;
    let id = ctx.task(&snapshot, &task)?;
    let after = after.iter().map(|text| ctx.task(&snapshot, text)).collect::<Result<Vec<_>, _>>()?;
    let given = |list: Vec<String>| (!list.is_empty()).then_some(list);
    let edit = TaskEdit {
        title,
        body: text_or_file(ctx, body, body_file.as_deref())?,
        hours,
        category,
        priority: priority.map(Into::into),
        labels: given(labels),
        paths: given(paths),
        after: if no_after { Some(Vec::new()) } else { (!after.is_empty()).then_some(after) },
    };
    let edit = edit.checked().map_err(|error| invalid_task(&error))?;
    if edit.is_empty() {
        return Err(CliError::usage("say what is to be changed").hint("git agents task edit -h"));
    }
    let action = Action::EditTask { task: id.clone(), edit };
    let committed = ctx.transact(&Scope::open(), |_, _| Ok(Some(action.clone().into())))?;
    if let Some(view) =
        committed.and_then(|c| TaskChanged::of(&c.state, &id, |t| format!("edited {}: {}", t.id, t.title)))
    {
        ctx.ui.answer(&view)?;
    }
    Ok(Exit::Good)
}
