//! Who has a task, and how it goes: assigned, begun, completed, failed, landed.

use super::{Rules, end_attempt, held, wrong};
use crate::agent::{AgentName, CommitId};
use crate::state::{Document, Landed, Rejected};
use crate::task::{Attempt, Fence, Hours, Outcome, Task, TaskId, TaskState, Terms};

/// What a completed attempt holds.
pub(in crate::state) struct Work<'w> {
    pub(in crate::state) tip: Option<&'w CommitId>,
    pub(in crate::state) files: &'w [String],
    pub(in crate::state) hours: Option<Hours>,
}

impl Rules<'_> {
    pub(in crate::state) fn assign(&mut self, agent: &AgentName, id: &TaskId, terms: &Terms) -> Result<(), Rejected> {
        self.agent(agent)?;
        let task = self.task(id)?;
        match task.state {
            TaskState::Open | TaskState::Failed => {}
            TaskState::Blocked => return Err(wrong(task, "it must be reopened first")),
            TaskState::Assigned | TaskState::InProgress if task.agent.as_ref() != Some(agent) => {
                self.take_over(agent, id, terms.takes.as_ref())?;
            }
            TaskState::Assigned | TaskState::InProgress => return Err(wrong(task, "the agent has it already")),
            TaskState::Completed => return Err(held(task)),
            TaskState::Landed | TaskState::Dropped => return Err(wrong(task, "it is closed")),
        }
        self.hand_over(agent, id, terms.ttl_s)
    }

    pub(in crate::state) fn unassign(&mut self, agent: &AgentName, id: &TaskId) -> Result<(), Rejected> {
        let at = self.at;
        let task = self.held_by(agent, id)?;
        match task.state {
            TaskState::Assigned => {}
            TaskState::InProgress => end_attempt(task, Outcome::Failed, at),
            _ => return Err(wrong(task, "only an assigned task, or one in progress, can be taken back")),
        }
        task.state = TaskState::Open;
        task.agent = None;
        Ok(())
    }

    pub(in crate::state) fn start(
        &mut self,
        name: &AgentName,
        id: &TaskId,
        base: Option<&CommitId>,
        terms: &Terms,
    ) -> Result<(), Rejected> {
        let branch = self.agent(name)?.branch.clone();
        if let Some(other) = self.state.in_progress(name) {
            return Err(Rejected::Busy { agent: name.clone(), task: other.id.clone() });
        }
        if self.task(id)?.state != TaskState::Assigned || self.task(id)?.agent.as_ref() != Some(name) {
            self.assign(name, id, terms)?;
        }
        let at = self.at;
        let task = self.task(id)?;
        task.state = TaskState::InProgress;
        if let Some(lease) = &mut task.lease {
            lease.ttl_s = terms.ttl_s.unwrap_or(lease.ttl_s);
        }
        task.attempts.push(Attempt {
            agent: name.clone(),
            branch,
            base: base.cloned(),
            started_at: at,
            ended_at: None,
            outcome: None,
            taken_by: None,
            tip: None,
            landed: None,
            files: Vec::new(),
            hours: None,
            extra: Default::default(),
        });
        if let Some(agent) = self.state.agents.get_mut(name) {
            agent.base = base.cloned().or(agent.base.take());
        }
        self.state.touch(Document::Agent(name.clone()));
        Ok(())
    }

    pub(in crate::state) fn complete(
        &mut self,
        name: &AgentName,
        id: &TaskId,
        fence: Option<&Fence>,
        work: &Work<'_>,
    ) -> Result<(), Rejected> {
        let at = self.at;
        self.is_current(name, id, fence)?;
        let task = self.held_by(name, id)?;
        if task.state != TaskState::InProgress {
            return Err(wrong(task, "only a task in progress can be completed"));
        }
        task.state = TaskState::Completed;
        // What was reported counts; without a report the estimate stands for it.
        let spent = work.hours.or(task.hours).map_or(0.0, Hours::get);
        end_attempt(task, Outcome::Completed, at);
        if let Some(attempt) = task.attempts.last_mut() {
            attempt.tip = work.tip.cloned();
            attempt.files = work.files.to_vec();
            attempt.hours = work.hours;
        }
        if let Some(agent) = self.state.agents.get_mut(name) {
            agent.completed_tasks += 1;
            agent.hours_total += spent;
        }
        self.state.touch(Document::Agent(name.clone()));
        Ok(())
    }

    pub(in crate::state) fn fail(
        &mut self,
        agent: &AgentName,
        id: &TaskId,
        reason: &str,
        fence: Option<&Fence>,
    ) -> Result<(), Rejected> {
        let at = self.at;
        self.is_current(agent, id, fence)?;
        let task = self.held_by(agent, id)?;
        if !matches!(task.state, TaskState::Assigned | TaskState::InProgress) {
            return Err(wrong(task, "only an assigned task, or one in progress, can fail"));
        }
        end_attempt(task, Outcome::Failed, at);
        task.state = TaskState::Failed;
        task.reason = Some(reason.to_owned());
        Ok(())
    }

    pub(in crate::state) fn land(&mut self, landed: &Landed) -> Result<(), Rejected> {
        for id in &landed.tasks {
            self.is_current(&landed.agent, id, landed.fences.get(id))?;
            let task = self.held_by(&landed.agent, id)?;
            if task.state != TaskState::Completed {
                return Err(wrong(task, "only a completed task can land"));
            }
            task.state = TaskState::Landed;
            if let Some(attempt) = task.attempts.last_mut() {
                attempt.outcome = Some(Outcome::Landed);
                attempt.landed = Some(landed.commit.clone());
                attempt.tip = Some(landed.tip.clone());
            }
            self.state.tally.landed += 1;
            self.state.touch(Document::Tally);
        }
        Ok(())
    }

    fn held_by(&mut self, agent: &AgentName, id: &TaskId) -> Result<&mut Task, Rejected> {
        let task = self.task(id)?;
        match &task.agent {
            Some(holder) if holder == agent => Ok(task),
            Some(_) if task.state != TaskState::Failed => Err(held(task)),
            _ => Err(Rejected::NotHeld { task: id.clone(), agent: agent.clone() }),
        }
    }
}

#[cfg(test)]
#[path = "attempts_test.rs"]
mod tests;
