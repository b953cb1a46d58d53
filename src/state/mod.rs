//! All that is known, and the operations that change it.
//!
//! Pure: no git, no clock, no files. [`State::apply`] holds every rule, so that replaying the same operations on the
//! same state gives the same state anywhere.

mod apply;
mod document;
#[cfg(test)]
pub(crate) mod fixture;
mod operation;
mod rejected;
mod rules;
mod sound;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::agent::{Agent, AgentName};
use crate::claim::{Claim, ClaimId};
use crate::finding::{Finding, FindingId};
use crate::task::{Task, TaskId, TaskState, waiting_for};

pub use document::Document;
pub use operation::{Action, DocumentChange, Landed, NewAgent, Operation, OperationId, RefMove};
pub use rejected::Rejected;
pub use sound::Unsound;

/// How many tasks are closed, so that nobody has to read them to count them: `tally.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Landed tasks.
    #[serde(default)]
    pub landed: u64,
    /// Dropped tasks.
    #[serde(default)]
    pub dropped: u64,
    /// What a newer version wrote and this one does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Tally {
    /// Whether it says nothing, as when nothing is closed.
    pub fn is_empty(&self) -> bool {
        *self == Tally::default()
    }
}

/// A document that could not be read; it is left as it is and everything else works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    /// Its path in the state's tree.
    pub path: String,
    /// What it would be, when the path says so.
    pub document: Option<Document>,
    /// What is wrong with it.
    pub reason: String,
}

/// All agents, all tasks that are not closed, and whatever else was asked for when it was loaded.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    /// The agents.
    pub agents: BTreeMap<AgentName, Agent>,
    /// The tasks that are not closed, those that they depend on, and the closed ones that were asked for.
    pub tasks: BTreeMap<TaskId, Task>,
    /// The findings, when they were asked for.
    pub findings: BTreeMap<FindingId, Finding>,
    /// The claims on paths, also those whose lease is over and that nobody has cleared away.
    pub claims: BTreeMap<ClaimId, Claim>,
    /// How many tasks are closed.
    pub tally: Tally,
    /// What could not be read.
    pub damaged: Vec<Damaged>,
    touched: BTreeSet<Document>,
}

impl State {
    /// The documents that [`State::apply`] has changed since this state was loaded.
    pub fn touched(&self) -> impl Iterator<Item = &Document> {
        self.touched.iter()
    }

    /// Count one document as changed: for a loader that found the stored one wrong.
    pub fn touch(&mut self, document: Document) {
        self.touched.insert(document);
    }

    /// Count nothing as changed any more: what was touched is written.
    pub fn settle(&mut self) {
        self.touched.clear();
    }

    /// The tasks that can start now: open, and everything they wait for is completed or landed. The most important
    /// and oldest first.
    pub fn ready(&self) -> Vec<&Task> {
        let can_start = |task: &&Task| task.state == TaskState::Open && waiting_for(&self.tasks, task).is_empty();
        let mut ready: Vec<&Task> = self.tasks.values().filter(can_start).collect();
        ready.sort_by(|a, b| by_urgency(a, b));
        ready
    }

    /// The task that `agent` works on.
    pub fn in_progress(&self, agent: &AgentName) -> Option<&Task> {
        self.tasks.values().find(|task| task.state == TaskState::InProgress && task.agent.as_ref() == Some(agent))
    }

    /// The tasks that `agent` has: assigned, in progress, completed, or failed or landed as the last to try.
    pub fn tasks_of<'a>(&'a self, agent: &'a AgentName) -> impl Iterator<Item = &'a Task> {
        self.tasks.values().filter(move |task| task.agent.as_ref() == Some(agent))
    }

    /// The assigned tasks of `agent`, the most important and oldest first.
    pub fn assigned_to<'a>(&'a self, agent: &'a AgentName) -> Vec<&'a Task> {
        let mut assigned: Vec<&Task> = self.tasks_of(agent).filter(|t| t.state == TaskState::Assigned).collect();
        assigned.sort_by(|a, b| by_urgency(a, b));
        assigned
    }

    /// The agent that has `branch` (without `refs/heads/`).
    pub fn agent_of_branch(&self, branch: &str) -> Option<&Agent> {
        self.agents.values().find(|agent| agent.branch == branch)
    }

    /// How many tasks are in `state`, the closed ones from the tally.
    pub fn count(&self, state: TaskState) -> u64 {
        match state {
            TaskState::Landed => self.tally.landed,
            TaskState::Dropped => self.tally.dropped,
            _ => self.tasks.values().filter(|task| task.state == state).count() as u64,
        }
    }
}

/// The order in which tasks are taken: priority, then age, then id.
pub fn by_urgency(a: &Task, b: &Task) -> std::cmp::Ordering {
    b.priority.cmp(&a.priority).then_with(|| a.created_at.cmp(&b.created_at)).then_with(|| a.id.cmp(&b.id))
}

#[cfg(test)]
#[path = "sequences_test.rs"]
mod sequences;
