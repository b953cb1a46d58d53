//! What to do next in a plan: a pure step from what stands to what is started and what will never be.
//!
//! Whatever happens, no more run than the limit allows, nothing runs before what it is after is done, and a failure
//! stops only what depends on it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::agent::AgentName;
use crate::task::{Priority, TaskId};

/// A task, as far as it matters for when it is started.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Which.
    pub id: TaskId,
    /// What must be done first; what is no job does not count.
    pub after: Vec<TaskId>,
    /// The greater goes first.
    pub priority: Priority,
    /// The estimate; a task without one counts as an hour.
    pub hours: f64,
    /// Who alone may do it.
    pub agent: Option<AgentName>,
    /// With how much of what others have in hand, outside of the plan, it would collide.
    pub collisions: usize,
}

/// How a task stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Not begun.
    Waiting,
    /// Begun.
    Running {
        /// By whom.
        agent: AgentName,
    },
    /// Completed, here or before.
    Done,
    /// The last try has failed.
    Failed {
        /// How many have.
        tries: u32,
        /// Another would fail as well.
        is_final: bool,
    },
    /// It is not for us: dropped, blocked, or in somebody else's hands.
    Closed,
    /// What it is after will not be done.
    Skipped,
}

/// Who does the tasks that name nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Workers {
    /// An agent for each task, called like it.
    OneEach,
    /// These, in turn.
    Pool(Vec<AgentName>),
}

/// How much is done at once, by whom, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The most that may run.
    pub at_once: usize,
    /// How often a task that has failed is tried again.
    pub retries: u32,
    /// Who does what.
    pub workers: Workers,
    /// Agents that are busy outside of what runs here, and the task for which each is free all the same: its own.
    pub busy: BTreeMap<AgentName, Option<TaskId>>,
    /// Tasks that somebody outside of the plan keeps from beginning.
    pub held: BTreeSet<TaskId>,
}

impl Rules {
    fn is_free(&self, agent: &AgentName, task: &TaskId) -> bool {
        self.busy.get(agent).is_none_or(|own| own.as_ref() == Some(task))
    }

    /// Who may do a task.
    fn candidates(&self, job: &Job) -> Vec<AgentName> {
        match (&job.agent, &self.workers) {
            (Some(agent), _) => vec![agent.clone()],
            (None, Workers::OneEach) => job.id.as_str().parse().into_iter().collect(),
            (None, Workers::Pool(pool)) => pool.clone(),
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Start it.
    Start {
        /// Which task.
        task: TaskId,
        /// With whom.
        agent: AgentName,
    },
    /// It will never start.
    Skip {
        /// Which task.
        task: TaskId,
        /// What it is after, and will not be done.
        because: TaskId,
    },
}

/// Whether two tasks must not run at once.
pub type Meets<'m> = dyn Fn(&TaskId, &TaskId) -> bool + 'm;

/// What is to be done now; what a job is after and has no stage does not count. When nothing is to be done, and nothing
/// runs, it is over.
#[must_use]
pub fn next(jobs: &[Job], stages: &BTreeMap<TaskId, Stage>, rules: &Rules, meets: &Meets<'_>) -> Vec<Act> {
    let skips = skips(jobs, stages, rules);
    let mut acts: Vec<Act> = Vec::new();
    let mut taken: BTreeSet<AgentName> = BTreeSet::new();
    let mut running: Vec<TaskId> = Vec::new();
    for (id, stage) in stages {
        if let Stage::Running { agent } = stage {
            taken.insert(agent.clone());
            running.push(id.clone());
        }
    }
    let chains = chains(jobs);
    let mut ready: Vec<(usize, &Job)> = jobs
        .iter()
        .enumerate()
        .filter(|(_, job)| can_start(job, stages, rules) && !skips.contains_key(&job.id))
        .collect();
    ready.sort_by(|(place, a), (other, b)| {
        let longest = |job: &Job| chains.get(&job.id).copied().unwrap_or_default();
        (Reverse(a.priority), a.collisions)
            .cmp(&(Reverse(b.priority), b.collisions))
            .then_with(|| longest(b).total_cmp(&longest(a)))
            .then_with(|| place.cmp(other))
    });
    for (_, job) in ready {
        if running.len() >= rules.at_once {
            break;
        }
        let Some(agent) = worker(job, jobs, stages, rules, &taken) else { continue };
        if running.iter().any(|other| meets(&job.id, other)) {
            continue;
        }
        taken.insert(agent.clone());
        running.push(job.id.clone());
        acts.push(Act::Start { task: job.id.clone(), agent });
    }
    acts.extend(skips.into_iter().map(|(task, because)| Act::Skip { task: task.clone(), because: because.clone() }));
    acts
}

/// The tasks that could begin but for their agents, all of which are busy with something else; and those agents.
#[must_use]
pub fn stuck<'j>(
    jobs: &'j [Job],
    stages: &BTreeMap<TaskId, Stage>,
    rules: &Rules,
) -> Vec<(&'j TaskId, Vec<AgentName>)> {
    let ready = jobs.iter().filter(|job| can_start(job, stages, rules));
    let stuck = ready.filter_map(|job| {
        let agents = rules.candidates(job);
        agents.iter().all(|agent| !rules.is_free(agent, &job.id)).then_some((&job.id, agents))
    });
    stuck.collect()
}

/// The wave of each task that is left, from 1: after all that it waits for, as early as it can be. What is done is in
/// none.
#[must_use]
pub fn waves(jobs: &[Job], stages: &BTreeMap<TaskId, Stage>) -> BTreeMap<TaskId, usize> {
    let is_left =
        |id: &TaskId| matches!(stages.get(id), Some(Stage::Waiting | Stage::Running { .. } | Stage::Failed { .. }));
    let left: BTreeMap<&TaskId, &Job> = jobs.iter().filter(|job| is_left(&job.id)).map(|job| (&job.id, job)).collect();
    let mut dependents: BTreeMap<&TaskId, Vec<&TaskId>> = BTreeMap::new();
    let mut open: BTreeMap<&TaskId, usize> = BTreeMap::new();
    for job in left.values() {
        let after: BTreeSet<&TaskId> = job.after.iter().filter(|after| left.contains_key(after)).collect();
        open.insert(&job.id, after.len());
        after.into_iter().for_each(|after| dependents.entry(after).or_default().push(&job.id));
    }
    let mut waves: BTreeMap<TaskId, usize> = BTreeMap::new();
    let mut now: Vec<&TaskId> = open.iter().filter(|(_, open)| **open == 0).map(|(id, _)| *id).collect();
    // Those that wait for each other, which a plan refuses, would be in none.
    for wave in 1.. {
        let mut next = Vec::new();
        for id in now {
            waves.insert(id.clone(), wave);
            for dependent in dependents.get(id).into_iter().flatten() {
                let left = open.entry(dependent).or_default();
                *left = left.saturating_sub(1);
                if *left == 0 {
                    next.push(*dependent);
                }
            }
        }
        if next.is_empty() {
            break;
        }
        now = next;
    }
    waves
}

/// Whether it has not begun, or may be tried again, and all that it is after is done.
fn can_start(job: &Job, stages: &BTreeMap<TaskId, Stage>, rules: &Rules) -> bool {
    let is_free = match stages.get(&job.id) {
        Some(Stage::Waiting) => true,
        Some(Stage::Failed { tries, is_final }) => !is_final && *tries <= rules.retries,
        _ => false,
    };
    is_free
        && !rules.held.contains(&job.id)
        && job.after.iter().all(|id| stages.get(id).is_none_or(|stage| *stage == Stage::Done))
}

/// What will never start, and the first thing that it is after in vain.
fn skips<'j>(jobs: &'j [Job], stages: &BTreeMap<TaskId, Stage>, rules: &Rules) -> BTreeMap<&'j TaskId, &'j TaskId> {
    let is_lost = |id: &TaskId| match stages.get(id) {
        Some(Stage::Failed { tries, is_final }) => *is_final || *tries > rules.retries,
        Some(Stage::Closed | Stage::Skipped) => true,
        _ => false,
    };
    let mut dependents: BTreeMap<&TaskId, Vec<&Job>> = BTreeMap::new();
    for job in jobs {
        for after in &job.after {
            dependents.entry(after).or_default().push(job);
        }
    }
    // What a job is after need not be one itself.
    let mut lost: Vec<&TaskId> = dependents.keys().copied().filter(|id| is_lost(id)).collect();
    let mut skips = BTreeMap::new();
    while let Some(because) = lost.pop() {
        for job in dependents.get(because).into_iter().flatten() {
            let is_open =
                matches!(stages.get(&job.id), Some(Stage::Waiting | Stage::Failed { .. })) && !is_lost(&job.id);
            if is_open && !skips.contains_key(&job.id) {
                skips.insert(&job.id, because);
                lost.push(&job.id);
            }
        }
    }
    skips
}

/// Who can do it now: whom it names, else one of the pool, by preference one that has done what it is after.
fn worker(
    job: &Job,
    jobs: &[Job],
    stages: &BTreeMap<TaskId, Stage>,
    rules: &Rules,
    taken: &BTreeSet<AgentName>,
) -> Option<AgentName> {
    let is_free = |agent: &AgentName| !taken.contains(agent) && rules.is_free(agent, &job.id);
    let free: Vec<AgentName> = rules.candidates(job).into_iter().filter(is_free).collect();
    // An agent that some task needs for itself is left to it while it waits.
    let is_wanted = |agent: &AgentName| {
        jobs.iter().any(|other| other.agent.as_ref() == Some(agent) && can_start(other, stages, rules))
    };
    match free.len() {
        0 | 1 => free.into_iter().next(),
        _ => free.iter().find(|agent| !is_wanted(agent)).or(free.first()).cloned(),
    }
}

/// The hours of the longest chain of tasks that begins with each: what is on the longest way goes first.
fn chains(jobs: &[Job]) -> BTreeMap<&TaskId, f64> {
    let mut dependents: BTreeMap<&TaskId, Vec<&TaskId>> = BTreeMap::new();
    let mut open: BTreeMap<&TaskId, usize> = jobs.iter().map(|job| (&job.id, 0)).collect();
    for job in jobs {
        for after in &job.after {
            dependents.entry(after).or_default().push(&job.id);
            if let Some(open) = open.get_mut(after) {
                *open += 1;
            }
        }
    }
    let by_id: BTreeMap<&TaskId, &Job> = jobs.iter().map(|job| (&job.id, job)).collect();
    let mut ends: Vec<&TaskId> = open.iter().filter(|(_, open)| **open == 0).map(|(id, _)| *id).collect();
    let mut chains: BTreeMap<&TaskId, f64> = BTreeMap::new();
    while let Some(id) = ends.pop() {
        let Some(job) = by_id.get(id) else { continue };
        let after = dependents.get(id).into_iter().flatten().filter_map(|id| chains.get(*id));
        let longest = after.fold(0.0, |most: f64, one| most.max(*one));
        chains.insert(id, job.hours + longest);
        for before in &job.after {
            if let Some(open) = open.get_mut(before) {
                *open -= 1;
                if *open == 0 {
                    ends.extend(by_id.get_key_value(before).map(|(id, _)| *id));
                }
            }
        }
    }
    chains
}

#[cfg(test)]
#[path = "step_test.rs"]
mod tests;
