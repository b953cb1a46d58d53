//! `git agents run`

use clap::Args;
use git_agents::agent::{Agent, AgentName};
use git_agents::git::Repository;
use git_agents::run::compose::{Composed, Wanted, compose};
use git_agents::run::record::Why;
use git_agents::run::start::Started;
use git_agents::run::tmux::TmuxError;
use git_agents::run::{Mode, Run, RunError, list, settle, supervise};
use git_agents::state::State;
use git_agents::store::Scope;
use git_agents::task::{Task, TaskId, TaskState};
use git_agents::world::World;

use super::complete_values::{agent_names, task_ids};
use super::execute::LaunchArgs;
use super::runs::settle_quietly;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::run::RunView;
use crate::view::run_answers::StartedRun;

/// More at once than this keep a machine, and a purse, busy.
const MANY: usize = 5;

/// Start an agent's program in its worktree, in the background or in tmux.
///
/// The command is what follows `--`, else that of the agent's profile (agents.profile in git's configuration), which is
/// told about the agent's task. It goes on when the terminal is closed; what it writes is kept (git agents logs), and
/// with it ends everything that it has started.
///
/// An agent has one run at a time, and agents.maxConcurrent is the most that run at once.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The agent.
    #[arg(add = agent_names())]
    agent: String,
    /// The task that it is for [default: what the agent has in progress].
    #[arg(long, value_name = "TASK", add = task_ids())]
    task: Option<String>,
    /// Run it by itself, without a terminal; the default.
    #[arg(long, conflicts_with_all = ["foreground", "tmux"])]
    background: bool,
    /// Run it in this terminal, to its end: status 1 when it fails.
    #[arg(long, conflicts_with = "tmux")]
    foreground: bool,
    /// Tell it this instead of the task's brief.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    prompt: Option<String>,
    /// Go on with what the agent's last run has begun, where its program can.
    #[arg(long, conflicts_with_all = ["command", "profile"])]
    resume: bool,
    #[command(flatten)]
    launch: LaunchArgs,
}

impl RunArgs {
    /// Whether the program gets our terminal.
    pub(crate) fn is_in_foreground(&self) -> bool {
        self.foreground
    }
}

pub(crate) fn run(ctx: &Context, args: RunArgs) -> Result<Exit, CliError> {
    let RunArgs { agent, task, background: _, foreground, prompt, resume, launch } = args;
    let repo = ctx.repo()?;
    // What ended without anybody looking is put into the history, and judged, first.
    settle_quietly(ctx)?;
    let snapshot = ctx.load(&Scope::open())?;
    let state = &snapshot.state;
    let name = ctx.agent(state, Some(&agent))?;
    let agent = registered(state, &name)?;
    let id = task.as_deref().map(|task| ctx.task(&snapshot, task)).transpose()?;
    let task = task_of(state, agent, id.as_ref())?;
    let mut how = launch.how(ctx)?;
    if foreground {
        how.mode = Mode::Foreground;
    }
    let wanted = Wanted { agent, task, how: &how, prompt: prompt.as_deref(), resume, batch: None };
    let composed = compose(repo, &ctx.world, state, &wanted)?;
    if foreground { in_foreground(ctx, &composed) } else { by_itself(ctx, &composed) }
}

/// It goes on without us: in the background, or in a window.
fn by_itself(ctx: &Context, composed: &Composed) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    let (started, run) = begun(repo, &ctx.world, composed)?;
    if started.live > MANY {
        ctx.ui.warn(&format!("{} agents are running at once", started.live));
    }
    let view = RunView::new(repo, &run, ctx.world.now, list::idle_after(repo)?);
    ctx.ui.answer(&StartedRun::new(view, &started, composed))?;
    Ok(Exit::Good)
}

/// Begin a run that goes on without us.
pub(crate) fn begun(repo: &Repository, world: &World, composed: &Composed) -> Result<(Started, Run), TmuxError> {
    let program = std::env::current_exe().map_err(|error| RunError::Supervisor { reason: error.to_string() })?;
    let started = composed.start(repo, world, &program)?;
    let run = list::one(repo, &started.id).known().cloned();
    let run = run.ok_or_else(|| RunError::NotRunning { id: started.id.clone() })?;
    Ok((started, run))
}

/// The program has the terminal, so there is no answer but its own.
fn in_foreground(ctx: &Context, composed: &Composed) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    let (started, ended) = supervise::foreground(repo, &ctx.world, &composed.request())?;
    if let Some(run) = list::one(repo, &started.id).known() {
        settle::settle(repo, &ctx.afresh().world, run)?;
    }
    let how = match (ended.why, ended.exit_code, ended.signal) {
        (Why::TimedOut, ..) => "was ended: its time was over".to_owned(),
        (Why::Killed, ..) => format!("was ended by {}", ended.by.as_deref().unwrap_or("somebody")),
        (_, Some(0), _) => return Ok(Exit::Good),
        (_, Some(code), _) => format!("has ended with status {code}"),
        (_, None, Some(signal)) => format!("has ended by signal {signal}"),
        (_, None, None) => "has ended somehow".to_owned(),
    };
    ctx.ui.note(&format!("{} {how}", composed.agent));
    Ok(Exit::Negative)
}

fn registered<'s>(state: &'s State, name: &AgentName) -> Result<&'s Agent, CliError> {
    state.agents.get(name).ok_or_else(|| crate::error::unknown_agent(name.as_str()))
}

/// The task that a run is for: the one that was named, which must be the agent's, or what it has in progress.
fn task_of<'s>(state: &'s State, agent: &Agent, named: Option<&TaskId>) -> Result<Option<&'s Task>, CliError> {
    let Some(id) = named else { return Ok(state.in_progress(&agent.name)) };
    let task = state.tasks.get(id).filter(|task| task.agent.as_ref() == Some(&agent.name));
    match task {
        Some(task) if task.state == TaskState::InProgress => Ok(Some(task)),
        _ => Err(CliError::refused("not-in-progress", format!("{} is not working on {id}", agent.name))
            .hint(format!("git agents start {} {id}", agent.name))),
    }
}
