//! Assignments have numbers, and leases that their holders' acts renew.

use super::{Rules, end_attempt, held, held_since};
use crate::agent::AgentName;
use crate::state::{Document, Rejected};
use crate::task::{Fence, Lease, Outcome, TakeOver, TaskId, TaskState};

impl Rules<'_> {
    /// The task is the agent's from now on, by a new assignment.
    pub(super) fn hand_over(&mut self, agent: &AgentName, id: &TaskId, ttl_s: Option<u32>) -> Result<(), Rejected> {
        let (at, by) = (self.at, self.operation.as_str().parse().ok());
        let task = self.task(id)?;
        task.state = TaskState::Assigned;
        task.agent = Some(agent.clone());
        task.reason = None;
        task.epoch = task.epoch.saturating_add(1);
        task.assigned_by = by;
        task.lease = Some(Lease::new(ttl_s, at));
        Ok(())
    }

    /// End the assignment that somebody found abandoned, if it is still that one and its holder has been silent since.
    pub(super) fn take_over(
        &mut self,
        agent: &AgentName,
        id: &TaskId,
        takes: Option<&TakeOver>,
    ) -> Result<(), Rejected> {
        let at = self.at;
        let task = self.task(id)?;
        let is_same = |takes: &&TakeOver| {
            let same_assignment = match (&takes.fence, &task.fence()) {
                (Some(one), Some(other)) => one.is(other),
                (one, other) => one == other,
            };
            task.agent.as_ref() == Some(&takes.from)
                && same_assignment
                && task.lease.as_ref().map(|lease| lease.renewed_at) == takes.renewed_at
        };
        if takes.filter(is_same).is_none() {
            return Err(held(task));
        }
        let was_begun = task.state == TaskState::InProgress;
        if let Some(attempt) = task.attempts.last_mut().filter(|_| was_begun) {
            attempt.taken_by = Some(agent.clone());
            end_attempt(task, Outcome::Failed, at);
        }
        Ok(())
    }

    /// Refuse what rests on an assignment that is over.
    pub(super) fn is_current(&mut self, agent: &AgentName, id: &TaskId, known: Option<&Fence>) -> Result<(), Rejected> {
        let Some(known) = known else { return Ok(()) };
        let task = self.task(id)?;
        let now = task.fence();
        if now.as_ref().is_some_and(|now| now.is(known)) {
            return Ok(());
        }
        let holder = task.agent.clone().filter(|_| task.state != TaskState::Failed);
        let (epoch, since) = (task.epoch, held_since(task));
        Err(Rejected::Outdated { task: id.clone(), agent: agent.clone(), known: known.epoch, epoch, holder, since })
    }

    /// The agent has given a sign of life: what it has in hand and what it has claimed stays with it.
    pub(in crate::state) fn renew(&mut self, agent: &AgentName) {
        let at = self.at;
        let tasks = self.state.tasks.values_mut();
        for task in tasks.filter(|task| task.is_in_hand() && task.agent.as_ref() == Some(agent)) {
            if task.lease.as_ref().is_some_and(|lease| lease.renewed_at == at) {
                continue;
            }
            match &mut task.lease {
                Some(lease) => lease.renewed_at = at,
                none => *none = Some(Lease::new(None, at)),
            }
            self.state.touched.insert(Document::Task(task.id.clone()));
        }
        let claims = self.state.claims.values_mut();
        for claim in claims.filter(|claim| claim.agent == *agent && claim.lease.renewed_at != at) {
            claim.lease.renewed_at = at;
            self.state.touched.insert(Document::Claim(claim.id.clone()));
        }
    }
}

#[cfg(test)]
#[path = "leases_test.rs"]
mod tests;
