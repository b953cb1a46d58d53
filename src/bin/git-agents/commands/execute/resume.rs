//! How each task of a plan stands when we begin: what was done before, what goes on, and what is not for us.

use std::collections::{BTreeMap, BTreeSet};

use git_agents::agent::AgentName;
use git_agents::execute::batch::Batch;
use git_agents::execute::step::{Job, Stage};
use git_agents::plan::Planned;
use git_agents::run::{Run, State as RunState};
use git_agents::state::State;
use git_agents::task::{Task, TaskId, TaskState};

/// How a task stands.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) stage: Stage,
    /// Who alone can do it.
    pub(super) agent: Option<AgentName>,
    /// Why it is not for us.
    pub(super) reason: Option<String>,
    /// What would make it ours.
    pub(super) hints: Vec<String>,
    /// The run that goes on, or that has ended and is still to be judged.
    pub(super) run: Option<Run>,
}

impl Standing {
    fn waiting(agent: Option<AgentName>) -> Self {
        Standing { stage: Stage::Waiting, agent, reason: None, hints: Vec::new(), run: None }
    }

    fn closed(reason: String, hint: String) -> Self {
        Standing { stage: Stage::Closed, agent: None, reason: Some(reason), hints: vec![hint], run: None }
    }
}

/// How a planned task stands by the state and the runs, the newest first.
pub(super) fn standing(planned: &Planned, state: &State, batch: &Batch, runs: &[Run]) -> Standing {
    let Some(task) = state.tasks.get(&planned.id) else { return Standing::waiting(planned.agent.clone()) };
    let ours = batch.tasks.get(&planned.id).and_then(|member| member.agent.clone());
    let reason = || task.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let reopen = || format!("git agents task reopen {}", task.id);
    match task.state {
        TaskState::Completed | TaskState::Landed => {
            Standing { stage: Stage::Done, ..Standing::waiting(task.agent.clone()) }
        }
        TaskState::Open => Standing::waiting(planned.agent.clone()),
        // What an attempt has left is in its agent's worktree.
        TaskState::Failed => Standing::waiting(planned.agent.clone().or(ours).or_else(|| task.agent.clone())),
        TaskState::Assigned => Standing::waiting(task.agent.clone()),
        TaskState::Blocked => Standing::closed(format!("it is blocked{}", reason()), reopen()),
        TaskState::Dropped => Standing::closed(format!("it was dropped{}", reason()), reopen()),
        TaskState::InProgress if task.agent == ours && ours.is_some() => in_hand(task, runs),
        TaskState::InProgress => {
            let holder = task.agent.as_ref().map_or("somebody", AgentName::as_str);
            let reason = format!("{holder} has it in progress, outside of this batch");
            Standing::closed(reason, format!("git agents complete {holder}"))
        }
    }
}

/// The last run of a task that is in progress since that was begun; the newest of all comes first.
pub(super) fn last_run<'r>(task: &Task, runs: &'r [Run]) -> Option<&'r Run> {
    let begun = task.live_attempt().map_or(task.updated_at, |attempt| attempt.started_at);
    let of_it = |run: &&Run| {
        let plan = run.plan();
        plan.task.as_ref() == Some(&task.id) && Some(&plan.agent) == task.agent.as_ref() && plan.created_at >= begun
    };
    runs.iter().find(of_it)
}

/// A task that we have begun: its run goes on, or has ended unheard, or there is none.
fn in_hand(task: &Task, runs: &[Run]) -> Standing {
    let (Some(agent), Some(run)) = (task.agent.clone(), last_run(task, runs)) else {
        return Standing::waiting(task.agent.clone());
    };
    let has_ended_by_itself = run.facts.ended.known().is_some()
        && !matches!(run.state(run.plan().created_at, std::time::Duration::MAX), RunState::Killed);
    if run.is_live() || has_ended_by_itself {
        let stage = Stage::Running { agent: agent.clone() };
        return Standing { stage, run: Some(run.clone()), ..Standing::waiting(Some(agent)) };
    }
    // It was ended from outside: the work goes on from where it is.
    Standing::waiting(Some(agent))
}

/// The tasks as jobs.
pub(super) fn jobs(plan: &[Planned], standings: &BTreeMap<&TaskId, Standing>, state: &State) -> Vec<Job> {
    let job = |planned: &Planned| Job {
        id: planned.id.clone(),
        after: after(planned, state),
        priority: planned.priority,
        hours: planned.hours.map_or(1.0, f64::from),
        agent: standings.get(&planned.id).and_then(|standing| standing.agent.clone()),
        collisions: 0,
    };
    plan.iter().map(job).collect()
}

/// What a task is after: by the plan, and by what somebody has added by hand.
pub(super) fn after(planned: &Planned, state: &State) -> Vec<TaskId> {
    let by_hand = state.tasks.get(&planned.id).into_iter().flat_map(|task| &task.after);
    let mut after = planned.after.clone();
    after.extend(by_hand.filter(|id| !planned.after.contains(id)).cloned());
    after
}

/// How what the jobs are after stands, when it is no job itself. What somebody works on may be done yet.
pub(super) fn outside(jobs: &[Job], state: &State) -> BTreeMap<TaskId, Stage> {
    let own: BTreeSet<&TaskId> = jobs.iter().map(|job| &job.id).collect();
    let stage = |id: &TaskId| match state.tasks.get(id).map(|task| task.state) {
        Some(now) if now.satisfies_dependents() => Stage::Done,
        Some(TaskState::InProgress) => Stage::Waiting,
        _ => Stage::Closed,
    };
    let after = jobs.iter().flat_map(|job| &job.after).filter(|id| !own.contains(id));
    after.map(|id| (id.clone(), stage(id))).collect()
}
