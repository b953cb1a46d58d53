//! `git agents assign`

use clap::Args;
use git_agents::agent::AgentName;
use git_agents::state::{Action, State};
use git_agents::store::{Scope, Snapshot};
use git_agents::sync::Provisional;
use git_agents::task::{Hours, NewTask, TaskId, TaskState};

use super::complete_values::{agent_names, task_ids};
use super::task::add::{Details, new_task};
use super::terms::TermsArgs;
use crate::context::{Context, known_agent, task_id};
use crate::error::{CliError, Exit, quoted};
use crate::render::style::hours as shown_hours;
use crate::sharing::{OfflineArg, Sharing};
use crate::view::done::TaskChanged;

/// Give a task to an agent; with a title, file it first.
///
/// In an agent's worktree AGENT may be left out. A task that another agent holds is answered with who holds it, and
/// exit status 1; with --steal it is taken over once its lease has expired: when that agent has given no sign of life
/// (started, completed or noticed something, committed) for as long as the lease runs.
#[derive(Debug, Args)]
pub(crate) struct AssignArgs {
    /// The agent.
    #[arg(add = agent_names())]
    agent: String,
    /// The task's id; with a title, the id of the new task.
    #[arg(add = task_ids())]
    task: Option<String>,
    /// The title of a new task.
    title: Option<String>,
    /// Its estimate in hours.
    #[arg(id = "hours_word", value_name = "HOURS", allow_negative_numbers = true)]
    hours_word: Option<String>,
    #[command(flatten)]
    details: Details,
    #[command(flatten)]
    terms: TermsArgs,
    #[command(flatten)]
    offline: OfflineArg,
}

pub(crate) fn run(ctx: &Context, args: AssignArgs) -> Result<Exit, CliError> {
    let AssignArgs { agent, task, title, hours_word, mut details, terms, offline } = args;
    let words: Vec<String> = [Some(agent), task, title, hours_word].into_iter().flatten().collect();
    let sharing = Sharing::begin(ctx, offline)?;
    let snapshot = ctx.load(&Scope::open())?;
    // In an agent's worktree `assign eve 16` must not file a task "eve" with the title "16" when there is no eve.
    let (agent, rest) = match words.as_slice() {
        [first, second, ..] if ctx.task(&snapshot, second).is_ok() => {
            (known_agent(&snapshot.state, first)?, &words[1..])
        }
        words => ctx.agent_and(&snapshot.state, words)?,
    };
    let (task, title, hours) = match rest {
        [task] => (task, None, None),
        [task, title] => (task, Some(title), None),
        [task, title, hours] => (task, Some(title), Some(hours)),
        _ => return Err(CliError::usage("assign takes AGENT TASK [TITLE] [HOURS]").hint("git agents assign -h")),
    };
    if let Some(text) = hours {
        let hours: Hours = text.parse().map_err(|error| CliError::usage(format!("{text:?}: {error}")))?;
        if details.hours.replace(hours).is_some() {
            return Err(CliError::usage("the hours are given twice"));
        }
    }
    let all = Assigning { ctx, sharing: &sharing, snapshot: &snapshot, agent: &agent, terms: &terms };
    match title {
        Some(title) => assign_new(&all, task, title, details),
        None if details.is_empty() => assign_existing(&all, task),
        None => Err(CliError::usage("a title is needed to file a new task with these details")
            .hint(format!("git agents task edit {task} …"))),
    }
}

/// What is the same for a task that is there and one that is filed first.
struct Assigning<'a> {
    ctx: &'a Context,
    sharing: &'a Sharing,
    snapshot: &'a Snapshot,
    agent: &'a AgentName,
    terms: &'a TermsArgs,
}

fn assign_new(all: &Assigning<'_>, task: &str, title: &str, details: Details) -> Result<Exit, CliError> {
    let Assigning { ctx, snapshot, .. } = *all;
    let id = task_id(task)?;
    let after = details.after.iter().map(|text| ctx.task(snapshot, text)).collect::<Result<Vec<_>, _>>()?;
    let new = new_task(ctx, id.clone(), title.to_owned(), details, after)?;
    // Running the same command again is not an error: the task is there as it was described.
    let same = |title: &str| title == new.title;
    let known = snapshot.state.tasks.get(&id).filter(|task| same(&task.title));
    if known.is_some() {
        return assign_existing(all, id.as_str());
    }
    write(all, &id, Some(&new))
}

fn assign_existing(all: &Assigning<'_>, task: &str) -> Result<Exit, CliError> {
    let Assigning { ctx, snapshot, agent, .. } = *all;
    let id = ctx.task(snapshot, task).map_err(|error| match error.code {
        "usage" => error.hint(format!("git agents assign {agent} ID {}", quoted(task))),
        "task-not-found" => error.hint(format!("git agents assign {agent} {task} \"Its title\"")),
        _ => error,
    })?;
    write(all, &id, None)
}

fn write(all: &Assigning<'_>, id: &TaskId, new: Option<&NewTask>) -> Result<Exit, CliError> {
    let Assigning { ctx, agent, .. } = *all;
    let mut already = None;
    let mut decide = |state: &State, _: &mut fastrand::Rng| {
        let has_it = |task: &&git_agents::task::Task| {
            task.agent.as_ref() == Some(agent) && matches!(task.state, TaskState::Assigned | TaskState::InProgress)
        };
        if let (None, Some(task)) = (new, state.tasks.get(id).filter(has_it)) {
            let sentence = format!("{agent} has {} already: {}", task.id, task.title);
            let mut view = TaskChanged { changed: false, ..TaskChanged::new(state, task, sentence) };
            view.task.provisional = Provisional::read(ctx.repo()?)?.has_task(task);
            already = Some(view);
            return Ok(None);
        }
        let terms = match state.tasks.get(id).filter(|_| new.is_none()) {
            Some(task) => all.terms.of(ctx, state, agent, task, "assign")?,
            None => all.terms.of_new(),
        };
        let (agent, task) = (agent.clone(), id.clone());
        Ok(Some(Action::Assign { agent, task, new: new.cloned().map(Box::new), terms }.into()))
    };
    let scope = Scope::open().with_tasks([id]);
    let committed = all.sharing.settled(ctx, || ctx.transact(&scope, &mut decide))?;
    if let Some(committed) = &committed {
        all.sharing.confirm(ctx, &committed.operation)?;
    }
    let done = committed.and_then(|committed| {
        TaskChanged::of(&committed.state, id, |task| {
            let estimate = task.hours.map(|hours| format!(" ({})", shown_hours(hours.get()))).unwrap_or_default();
            format!("assigned {} to {agent}: {}{estimate}", task.id, task.title)
        })
    });
    let done = done.map(|view| TaskChanged { task: view.task.judged(all.sharing.is_provisional), ..view });
    if let Some(view) = done.or(already) {
        ctx.ui.answer(&view)?;
    }
    Ok(Exit::Good)
}
