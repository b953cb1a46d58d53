//! The rules, a function each. A rule checks first and changes afterwards; the caller throws a half-changed state away.

mod agents;
mod attempts;
mod claims;
mod findings;
mod leases;
mod tasks;
mod undo;

pub(super) use attempts::Work;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{Document, Operation, OperationId, Rejected, State};
use crate::agent::{Agent, AgentName};
use crate::task::{Outcome, Task, TaskId, TaskState};

/// The state that is being changed, and when.
pub(super) struct Rules<'s> {
    state: &'s mut State,
    at: DateTime<Utc>,
    operation: &'s OperationId,
    changed: BTreeSet<TaskId>,
}

impl<'s> Rules<'s> {
    pub(super) fn new(state: &'s mut State, operation: &'s Operation) -> Self {
        Rules { state, at: operation.at, operation: &operation.id, changed: BTreeSet::new() }
    }

    /// Note the time in the tasks that were changed: last, since the rules look at when a task was last changed. What
    /// nobody has in hand has no lease.
    pub(super) fn finish(self) {
        for id in &self.changed {
            if let Some(task) = self.state.tasks.get_mut(id) {
                task.updated_at = self.at;
                task.lease = task.lease.take().filter(|_| task.is_in_hand());
            }
        }
    }
}

impl Rules<'_> {
    fn agent(&self, name: &AgentName) -> Result<&Agent, Rejected> {
        self.readable(&Document::Agent(name.clone()))?;
        self.state.agents.get(name).ok_or_else(|| Rejected::UnknownAgent { name: name.clone() })
    }

    fn task(&mut self, id: &TaskId) -> Result<&mut Task, Rejected> {
        let document = Document::Task(id.clone());
        self.readable(&document)?;
        let task = self.state.tasks.get_mut(id).ok_or_else(|| Rejected::UnknownTask { id: id.clone() })?;
        self.changed.insert(id.clone());
        self.state.touched.insert(document);
        Ok(task)
    }

    fn readable(&self, document: &Document) -> Result<(), Rejected> {
        match self.state.damaged.iter().any(|damaged| damaged.document.as_ref() == Some(document)) {
            true => Err(Rejected::Damaged { document: document.clone() }),
            false => Ok(()),
        }
    }
}

fn held(task: &Task) -> Rejected {
    match &task.agent {
        Some(agent) => {
            let (agent, since) = (agent.clone(), held_since(task));
            Rejected::Held { task: task.id.clone(), agent, state: task.state, since }
        }
        None => wrong(task, "it is not free"),
    }
}

fn held_since(task: &Task) -> DateTime<Utc> {
    // An assigned task may have older attempts, which were others'.
    let begun = task.last_attempt().filter(|_| !matches!(task.state, TaskState::Assigned | TaskState::Open));
    begun.map_or(task.updated_at, |attempt| attempt.started_at)
}

fn wrong(task: &Task, wanted: &'static str) -> Rejected {
    Rejected::WrongState { task: task.id.clone(), state: task.state, wanted }
}

fn end_attempt(task: &mut Task, outcome: Outcome, at: DateTime<Utc>) {
    if let Some(attempt) = task.attempts.last_mut().filter(|attempt| attempt.outcome != Some(Outcome::Landed)) {
        attempt.outcome = Some(outcome);
        attempt.ended_at = attempt.ended_at.or(Some(at));
    }
}
