//! Agents that are busy with something that we have not begun, and whether that ends by itself.

use std::collections::BTreeMap;

use git_agents::agent::AgentName;
use git_agents::execute::batch::{self, BatchName, LABEL};
use git_agents::git::Repository;
use git_agents::run::{self, Run};
use git_agents::state::State;
use git_agents::task::{Task, TaskId, TaskState};

use crate::error::CliError;

/// Why an agent cannot be given something now.
#[derive(Debug, Clone)]
pub(super) struct Busy {
    /// The task for which it is free all the same: its own.
    pub(super) own: Option<TaskId>,
    /// Why, as a sentence.
    pub(super) why: String,
    /// It is worth waiting for: a run that ends, or another command that goes on with it.
    pub(super) ends: bool,
    pub(super) hints: Vec<String>,
}

impl From<CliError> for Busy {
    fn from(error: CliError) -> Self {
        Busy { own: None, why: error.message, ends: false, hints: error.hints }
    }
}

/// Who is busy outside of `ours`, the runs that are being waited for; `batch` is the one that is worked on here.
pub(super) fn busy(
    repo: &Repository,
    state: &State,
    batch: &BatchName,
    ours: &[&Run],
) -> Result<BTreeMap<AgentName, Busy>, CliError> {
    let is_ours = |run: &Run| ours.iter().any(|our| our.id == run.id);
    let mut busy = BTreeMap::new();
    for run in run::all(repo)?.into_iter().filter(|run| run.is_live() && !is_ours(run)) {
        let plan = run.plan();
        let why = match &plan.task {
            Some(task) => format!("{} is running for {task}", plan.agent),
            None => format!("{} is running", plan.agent),
        };
        busy.insert(plan.agent.clone(), Busy { own: None, why, ends: true, hints: Vec::new() });
    }
    let is_ours = |task: &Task| ours.iter().any(|run| run.plan().task.as_ref() == Some(&task.id));
    for task in state.tasks.values().filter(|task| task.state == TaskState::InProgress && !is_ours(task)) {
        let Some(agent) = &task.agent else { continue };
        let why = format!("{agent} is working on {}", task.id);
        let ends = is_driven(repo, task, batch);
        let hints = if ends { Vec::new() } else { vec![format!("git agents complete {agent}")] };
        busy.entry(agent.clone()).or_insert(Busy { own: Some(task.id.clone()), why, ends, hints });
    }
    Ok(busy)
}

/// Whether another command goes on with it.
fn is_driven(repo: &Repository, task: &Task, ours: &BatchName) -> bool {
    let names = task.labels.iter().filter_map(|label| label.strip_prefix(LABEL)?.parse::<BatchName>().ok());
    names.into_iter().any(|name| name != *ours && batch::is_worked_on(repo, &name))
}
