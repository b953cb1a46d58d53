//! `git agents start`

use clap::Args;
use git_agents::agent::AgentName;
use git_agents::config;
use git_agents::state::{Rejected, State};
use git_agents::store::{Scope, Snapshot};
use git_agents::task::{Task, TaskId, TaskState};
use git_agents::work::leases;
use git_agents::work::start::{Started, start};

use super::begun::{ELSEWHERE, refuse_elsewhere};
use super::complete_values::{agent_names, task_ids};
use super::terms::TermsArgs;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::sharing::{OfflineArg, STARTED, Sharing};
use crate::view::started::StartedView;

/// Start the agent's task; the base commit and the time are recorded.
///
/// A branch with nothing of its own is first moved forward to the target. Work that the task depends on and that has
/// not landed is brought in. In an agent's worktree AGENT may be left out; without TASK its most urgent assigned task
/// is meant.
///
/// A task that another agent holds is answered with who holds it, and exit status 1; with --steal it is taken over once
/// its lease has expired.
#[derive(Debug, Args)]
pub(crate) struct StartArgs {
    /// The agent.
    #[arg(add = agent_names())]
    agent: Option<String>,
    /// The task; one that nobody has is assigned first.
    #[arg(add = task_ids())]
    task: Option<String>,
    #[command(flatten)]
    terms: TermsArgs,
    #[command(flatten)]
    offline: OfflineArg,
}

pub(crate) fn run(ctx: &Context, args: StartArgs) -> Result<Exit, CliError> {
    let words: Vec<String> = [args.agent, args.task].into_iter().flatten().collect();
    ctx.recover()?;
    let sharing = Sharing::begin(ctx, args.offline)?;
    let snapshot = ctx.load(&Scope::open())?;
    let (agent, rest) = ctx.agent_and(&snapshot.state, &words)?;
    let id = match rest {
        [] => sharing.settled(ctx, || most_urgent(ctx, &ctx.load(&Scope::open())?, &agent))?,
        [task] => ctx.task(&snapshot, task)?,
        _ => return Err(CliError::usage("start takes [AGENT] [TASK]")),
    };
    let started = sharing.settled(ctx, || {
        let snapshot = ctx.load(&Scope::open().with_tasks([&id]))?;
        begin(ctx, &sharing, &snapshot, &agent, &id, &args.terms)
    })?;
    ctx.ui.answer(&StartedView::new(&agent, &id, &started, sharing.is_provisional))?;
    Ok(Exit::Good)
}

/// Start the task and tell what was brought in and what is missing.
pub(crate) fn begin(
    ctx: &Context,
    sharing: &Sharing,
    snapshot: &Snapshot,
    agent: &AgentName,
    id: &TaskId,
    terms: &TermsArgs,
) -> Result<Started, CliError> {
    let repo = ctx.repo()?;
    let state = &snapshot.state;
    let target = config::target(repo)?;
    let known = state.agents.get(agent).ok_or_else(|| Rejected::UnknownAgent { name: agent.clone() })?;
    let task = state.tasks.get(id).ok_or_else(|| Rejected::UnknownTask { id: id.clone() })?;
    refuse_early(ctx, state, agent, task)?;
    let terms = terms.of(ctx, state, agent, task, "start")?;
    let started = start(repo, &ctx.world, &target, state, known, task, terms)?;
    sharing.confirm(ctx, &started.committed.operation)?;
    ctx.leases()?.observe(&started.committed.state);
    if let Some(task) = started.committed.state.tasks.get(id) {
        leases::remember(repo, agent, task);
    }
    for waiting in &started.waiting_for {
        ctx.ui.warn(&format!("{id} is after {waiting}, which is not completed"));
    }
    Ok(started)
}

/// What the rules will refuse is refused before any branch is looked at.
fn refuse_early(ctx: &Context, state: &State, agent: &AgentName, task: &Task) -> Result<(), CliError> {
    let current = state.in_progress(agent);
    match (current, task.state) {
        (Some(current), _) if current.id != task.id => {
            Err(Rejected::Busy { agent: agent.clone(), task: current.id.clone() }.into())
        }
        (Some(_), _) => Err(started_already(ctx, state, agent, task, "")),
        (None, TaskState::Completed) if task.agent.as_ref() != Some(agent) => {
            let holder = task.agent.clone().ok_or_else(|| Rejected::UnknownTask { id: task.id.clone() })?;
            let since = task.last_attempt().map_or(task.updated_at, |attempt| attempt.started_at);
            Err(Rejected::Held { task: task.id.clone(), agent: holder, state: task.state, since }.into())
        }
        _ => Ok(()),
    }
}

/// That there is nothing to start, and how to go on with what was.
fn started_already(ctx: &Context, state: &State, agent: &AgentName, task: &Task, title: &str) -> CliError {
    let elsewhere = state
        .agents
        .get(agent)
        .and_then(|agent| refuse_elsewhere(ctx, agent, task).err())
        .filter(|error| error.code == ELSEWHERE);
    match elsewhere {
        Some(error) => CliError { code: STARTED, ..error },
        None => CliError::refused(STARTED, format!("{agent} has started {} already{title}", task.id))
            .hint(format!("git agents complete {agent}")),
    }
}

fn most_urgent(ctx: &Context, snapshot: &Snapshot, agent: &AgentName) -> Result<TaskId, CliError> {
    if let Some(current) = snapshot.state.in_progress(agent) {
        return Err(started_already(ctx, &snapshot.state, agent, current, &format!(": {}", current.title)));
    }
    snapshot.state.assigned_to(agent).first().map(|task| task.id.clone()).ok_or_else(|| {
        CliError::refused("nothing-assigned", format!("{agent} has no assigned task"))
            .hint(format!("git agents next {agent}"))
            .hint("git agents ready")
    })
}
