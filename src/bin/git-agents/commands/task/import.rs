//! `git agents task import`

use std::path::PathBuf;

use clap::Args;
use git_agents::state::{Action, State};
use git_agents::store::Scope;
use git_agents::task::{Hours, NewTask, Priority, TaskId};
use serde::Deserialize;

use super::add::free_id;
use super::read_input;
use crate::context::{Context, task_id};
use crate::error::{CliError, Exit};
use crate::render::style::counted;
use crate::view::done::IdsChanged;

/// File many tasks at once, all or none: one JSON object a line.
///
/// A line has `title`, and optionally `id`, `body`, `hours`, `category`, `priority`, `labels`, `paths`, `after` and
/// `state` (`open` or `dropped`). `after` may name tasks of the same import.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The file to read; `-` is standard input.
    #[arg(default_value = "-", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,
}

/// One line of the import. What is not known is an error: a misspelt field would be lost without a word.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    title: String,
    id: Option<String>,
    #[serde(default)]
    body: String,
    hours: Option<Hours>,
    category: Option<String>,
    #[serde(default)]
    priority: Priority,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    after: Vec<String>,
    #[serde(default)]
    state: LineState,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LineState {
    #[default]
    Open,
    Dropped,
}

pub(crate) fn run(ctx: &Context, args: &ImportArgs) -> Result<Exit, CliError> {
    let text = read_input(ctx, &args.file)?;
    let lines = parse(&text)?;
    if lines.is_empty() {
        return Err(CliError::usage("there is nothing to import: one JSON object a line is wanted"));
    }
    let committed = ctx.transact(&Scope::open(), |state, random| {
        let tasks = with_ids(state, random, &lines)?;
        Ok(Some(Action::AddTasks { tasks }.into()))
    })?;
    let Some(committed) = committed else { return Ok(Exit::Good) };
    let ids: Vec<String> = committed.operation.action.tasks().iter().map(ToString::to_string).collect();
    let sentence = format!("imported {}: {}", counted(ids.len(), "task"), shortened(&ids));
    ctx.ui.answer(&IdsChanged { ids, sentence })?;
    Ok(Exit::Good)
}

fn shortened(ids: &[String]) -> String {
    const SHOWN: usize = 10;
    let more = if ids.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", ids[..ids.len().min(SHOWN)].join(", "))
}

/// Every line as a checked task, with the id it names or none yet.
fn parse(text: &str) -> Result<Vec<(Option<TaskId>, NewTask)>, CliError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(index, line)| parse_line(line).map_err(|error| at_line(index + 1, error))).collect()
}

fn parse_line(line: &str) -> Result<(Option<TaskId>, NewTask), CliError> {
    let line: Line = serde_json::from_str(line).map_err(|error| CliError::usage(error.to_string()))?;
    let id = line.id.as_deref().map(task_id).transpose()?;
    let after = line.after.iter().map(|text| task_id(text)).collect::<Result<Vec<_>, _>>()?;
    let new = NewTask {
        id: id.clone().unwrap_or_else(|| TaskId::from_user("new").expect("it is within the grammar")),
        title: line.title,
        body: line.body,
        hours: line.hours,
        category: line.category,
        priority: line.priority,
        labels: line.labels,
        paths: line.paths,
        after,
        dropped: line.state == LineState::Dropped,
    };
    Ok((id, new.checked().map_err(|error| super::invalid_task(&error))?))
}

fn at_line(number: usize, mut error: CliError) -> CliError {
    error.message = format!("line {number}: {}; nothing was imported", error.message);
    error
}

/// The tasks with ids drawn for those that named none.
fn with_ids(
    state: &State,
    random: &mut fastrand::Rng,
    lines: &[(Option<TaskId>, NewTask)],
) -> Result<Vec<NewTask>, CliError> {
    let mut drawn = std::collections::BTreeSet::new();
    let named: std::collections::BTreeSet<&TaskId> = lines.iter().filter_map(|(id, _)| id.as_ref()).collect();
    let mut tasks = Vec::with_capacity(lines.len());
    for (id, task) in lines {
        let mut task = task.clone();
        if id.is_none() {
            task.id = std::iter::repeat_with(|| free_id(state, random))
                .find(|id| !named.contains(id) && drawn.insert(id.clone()))
                .ok_or_else(|| CliError::usage("no free id was found"))?;
        }
        tasks.push(task);
    }
    Ok(tasks)
}
