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
    /// Agents that are busy with something else.
    pub busy: BTreeSet<AgentName>,
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
    let mut taken: BTreeSet<AgentName> = rules.busy.clone();
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

/// The tasks in waves: each after all that it waits for, as early as it can be. What is done is in none.
#[must_use]
pub fn waves(jobs: &[Job], stages: &BTreeMap<TaskId, Stage>) -> Vec<Vec<TaskId>> {
    let is_left =
        |id: &TaskId| matches!(stages.get(id), Some(Stage::Waiting | Stage::Running { .. } | Stage::Failed { .. }));
    let mut left: Vec<&Job> = jobs.iter().filter(|job| is_left(&job.id)).collect();
    let mut waiting: BTreeSet<&TaskId> = left.iter().map(|job| &job.id).collect();
    let mut waves = Vec::new();
    while !left.is_empty() {
        let (now, later): (Vec<&Job>, Vec<&Job>) =
            left.into_iter().partition(|job| !job.after.iter().any(|after| waiting.contains(after)));
        if now.is_empty() {
            // They wait for each other, which a plan refuses.
            break;
        }
        for job in &now {
            waiting.remove(&job.id);
        }
        waves.push(now.into_iter().map(|job| job.id.clone()).collect());
        left = later;
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
    is_free && job.after.iter().all(|id| stages.get(id).is_none_or(|stage| *stage == Stage::Done))
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
    let is_free = |agent: &&AgentName| !taken.contains(*agent);
    match (&job.agent, &rules.workers) {
        (Some(agent), _) => Some(agent).filter(is_free).cloned(),
        (None, Workers::OneEach) => {
            let own: AgentName = job.id.as_str().parse().ok()?;
            Some(own).filter(|own| is_free(&own))
        }
        (None, Workers::Pool(pool)) => {
            // An agent that some task needs for itself is left to it while it waits.
            let is_wanted = |agent: &AgentName| {
                jobs.iter().any(|other| other.agent.as_ref() == Some(agent) && can_start(other, stages, rules))
            };
            let mut free = pool.iter().filter(is_free);
            let first = free.clone().next();
            free.find(|agent| !is_wanted(agent)).or(first).cloned()
        }
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
