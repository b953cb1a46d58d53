//! `git agents task list`

use clap::{Args, ValueEnum};
use git_agents::store::Scope;
use git_agents::sync::Provisional;
use git_agents::task::{Task, TaskState};

use crate::commands::complete_values::agent_names;
use crate::context::{Context, known_agent};
use crate::error::{CliError, Exit};
use crate::view::task::{TaskList, TaskView};

/// List the tasks that have neither landed nor been dropped.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only tasks in this state; may be repeated.
    #[arg(long, value_name = "STATE")]
    state: Vec<StateArg>,
    /// Only this agent's tasks.
    #[arg(long, value_name = "AGENT", add = agent_names())]
    agent: Option<String>,
    /// Landed and dropped tasks too.
    #[arg(short, long)]
    all: bool,
}

/// A task's state as the user types it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StateArg {
    Open,
    Assigned,
    InProgress,
    Completed,
    Landed,
    Blocked,
    Failed,
    Dropped,
}

impl From<StateArg> for TaskState {
    fn from(arg: StateArg) -> Self {
        match arg {
            StateArg::Open => TaskState::Open,
            StateArg::Assigned => TaskState::Assigned,
            StateArg::InProgress => TaskState::InProgress,
            StateArg::Completed => TaskState::Completed,
            StateArg::Landed => TaskState::Landed,
            StateArg::Blocked => TaskState::Blocked,
            StateArg::Failed => TaskState::Failed,
            StateArg::Dropped => TaskState::Dropped,
        }
    }
}

pub(crate) fn run(ctx: &Context, args: ListArgs) -> Result<Exit, CliError> {
    let ListArgs { state, agent, all } = args;
    let wanted: Vec<TaskState> = state.into_iter().map(Into::into).collect();
    let closed_wanted = wanted.iter().any(|state| state.is_closed());
    let scope = if all || closed_wanted { Scope::open().with_closed() } else { Scope::open() };
    let snapshot = ctx.load(&scope)?;
    let agent = agent.as_deref().map(|name| known_agent(&snapshot.state, name)).transpose()?;
    let shown = |task: &&Task| {
        let state_fits = if wanted.is_empty() { all || !task.state.is_closed() } else { wanted.contains(&task.state) };
        state_fits && agent.as_ref().is_none_or(|agent| task.agent.as_ref() == Some(agent))
    };
    let mut tasks: Vec<&Task> = snapshot.state.tasks.values().filter(shown).collect();
    let place = |task: &Task| TaskState::ALL.iter().position(|state| *state == task.state);
    tasks.sort_by(|a, b| {
        place(a).cmp(&place(b)).then(b.priority.cmp(&a.priority)).then(a.created_at.cmp(&b.created_at)).then(
            // Numbers as numbers: 9 before 16.
            a.id.as_str().len().cmp(&b.id.as_str().len()).then_with(|| a.id.cmp(&b.id)),
        )
    });
    let provisional = Provisional::read(ctx.repo()?)?;
    let view = |task| TaskView::new(&snapshot.state, task).judged(provisional.has_task(task));
    let tasks = tasks.into_iter().map(view).collect();
    ctx.ui.answer(&TaskList { tasks, none: "no tasks" })?;
    Ok(Exit::Good)
}
