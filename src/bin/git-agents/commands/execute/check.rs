//! What is refused before anything is filed: what would go wrong for every task alike, and, where all or nothing is to be
//! begun, whatever would keep one of them from beginning.

use std::collections::BTreeMap;

use git_agents::agent::AgentName;
use git_agents::execute::batch::Batch;
use git_agents::execute::step::Stage;
use git_agents::git::Repository;
use git_agents::git::worktrees::{self, Worktree};
use git_agents::plan::Planned;
use git_agents::preset::Subject;
use git_agents::run;
use git_agents::run::compose::{self, Ahead, ComposeError};
use git_agents::run::how::Known;
use git_agents::state::State;
use git_agents::sync;
use git_agents::task::{Task, TaskState};
use git_agents::work::enrol;
use git_agents::work::place::{self, Standing};
use git_agents::worktree::ready::ports;

use super::begin::{enrolments, refuse_dirty};
use super::busy::{Busy, busy};
use super::resume::standing;
use super::{Order, filed};
use crate::context::Context;
use crate::error::CliError;

/// A task that is still to be begun, and who does it.
pub(super) type Beginning<'o> = (&'o Planned, AgentName);

/// Refuse what can be known. Gives what is still to be begun.
pub(super) fn before<'o>(ctx: &Context, order: &'o Order, batch: &Batch) -> Result<Vec<Beginning<'o>>, CliError> {
    let repo = ctx.repo()?;
    let (snapshot, _) = filed::look(ctx, order, batch)?;
    let (state, runs) = (&snapshot.state, run::all(repo)?);
    if !order.is_plan {
        order.plan.tasks.iter().try_for_each(|planned| refuse_another(planned, state))?;
    }
    let mut begin = Vec::new();
    for planned in &order.plan.tasks {
        let standing = standing(planned, state, batch, &runs);
        if standing.stage == Stage::Waiting {
            begin.push((planned, standing.agent.map_or_else(|| order.agent_of(planned), Ok)?));
        }
    }
    let is_any_there = begin.iter().any(|(_, agent)| state.agents.contains_key(agent));
    let worktrees = if is_any_there { worktrees::list(repo)? } else { Vec::new() };
    let known = Known::of(repo);
    for (planned, agent) in &begin {
        let worktree = state.agents.get(agent).and_then(|agent| match place::standing(repo, &worktrees, agent) {
            Standing::At(worktree) => Some(worktree.path.as_path()),
            _ => None,
        });
        let new = planned.new_task("");
        let how = order.how_of(planned);
        let ahead = Ahead { agent, worktree, task: &planned.id, subject: Subject::from(&new), how: &how };
        compose::check(&known, &ahead)?;
    }
    if !begin.is_empty() {
        run::start::check_settings(repo)?;
        sync::mode(repo)?;
        ports::check(repo, begin.iter().map(|(_, agent)| agent))?;
    }
    if !order.is_plan {
        let busy = busy(repo, state, &order.batch, &[])?;
        for (planned, agent) in &begin {
            refuse_taken(repo, state, &worktrees, (planned, agent), &busy)?;
        }
        let agents: Vec<&AgentName> = begin.iter().map(|(_, agent)| agent).collect();
        enrol::check(repo, &enrolments(repo, state, &agents)?)?;
    }
    Ok(begin)
}

/// A name under which something else was begun before is not the name of this.
fn refuse_another(planned: &Planned, state: &State) -> Result<(), CliError> {
    let is_another = |task: &&Task| task.title != planned.title || task.body != planned.body;
    let is_begun = |task: &&Task| {
        matches!(task.state, TaskState::InProgress | TaskState::Completed | TaskState::Landed | TaskState::Dropped)
    };
    let Some(task) = state.tasks.get(&planned.id).filter(is_begun).filter(is_another) else { return Ok(()) };
    let (id, state) = (&task.id, task.state.word());
    let message = format!("{id} is {state}, and was to do something else: {}", task.title);
    Err(CliError::refused("task-exists", message)
        .hint("the same command with another name")
        .hint(format!("git agents task show {id}")))
}

/// An agent that is there has to be free, and its worktree in order.
fn refuse_taken(
    repo: &Repository,
    state: &State,
    worktrees: &[Worktree],
    (planned, name): (&Planned, &AgentName),
    busy: &BTreeMap<AgentName, Busy>,
) -> Result<(), CliError> {
    let Some(agent) = state.agents.get(name) else { return Ok(()) };
    if let Some(busy) = busy.get(name).filter(|one| one.own.as_ref() != Some(&planned.id)) {
        let error = CliError::refused("agent-busy", busy.why.clone()).hint("the same command with another name");
        return Err(busy.hints.iter().fold(error, |error, hint| error.hint(hint)));
    }
    match place::standing(repo, worktrees, agent) {
        Standing::At(worktree) => refuse_dirty(state, name, &planned.id, worktree),
        _ => Err(ComposeError::NoWorktree { agent: name.clone() }.into()),
    }
}
