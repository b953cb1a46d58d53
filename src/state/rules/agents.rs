//! Agents come and go.

use super::{Rules, end_attempt};
use crate::agent::{Agent, AgentName, CommitId};
use crate::state::{Document, NewAgent, Rejected};
use crate::task::{Outcome, TaskId, TaskState};

impl Rules<'_> {
    pub(in crate::state) fn add_agent(&mut self, new: &NewAgent) -> Result<(), Rejected> {
        let document = Document::Agent(new.name.clone());
        self.readable(&document)?;
        if self.state.agents.contains_key(&new.name) {
            return Err(Rejected::AgentExists { name: new.name.clone() });
        }
        if let Some(other) = self.state.agent_of_branch(&new.branch) {
            return Err(Rejected::BranchTaken { branch: new.branch.clone(), agent: other.name.clone() });
        }
        let agent = Agent {
            name: new.name.clone(),
            branch: new.branch.clone(),
            base: new.base.clone(),
            created_at: self.at,
            completed_tasks: 0,
            hours_total: 0.0,
            extra: Default::default(),
        };
        self.state.agents.insert(new.name.clone(), agent);
        self.state.touch(document);
        Ok(())
    }

    pub(in crate::state) fn remove_agent(&mut self, name: &AgentName, backup: Option<&str>) -> Result<(), Rejected> {
        self.agent(name)?;
        // What is closed stays as it is: who reads it depends on who looks, and everybody must make the same of it.
        let open = self.state.tasks_of(name).filter(|task| !task.state.is_closed());
        let held: Vec<TaskId> = open.map(|task| task.id.clone()).collect();
        let at = self.at;
        for id in held {
            let task = self.task(&id)?;
            match task.state {
                TaskState::Assigned | TaskState::InProgress => {
                    end_attempt(task, Outcome::Failed, at);
                    task.state = TaskState::Open;
                    task.agent = None;
                }
                // Its work left with the agent: it must not look done.
                TaskState::Completed => {
                    end_attempt(task, Outcome::Failed, at);
                    task.state = TaskState::Failed;
                    task.reason = Some(match backup {
                        Some(backup) => format!("{name} was removed before it landed; its work is in {backup}"),
                        None => format!("{name} was removed before it landed"),
                    });
                }
                _ => {}
            }
        }
        self.state.agents.remove(name);
        self.state.touch(Document::Agent(name.clone()));
        Ok(())
    }

    pub(in crate::state) fn rebase(&mut self, name: &AgentName, onto: &CommitId) -> Result<(), Rejected> {
        self.agent(name)?;
        if let Some(agent) = self.state.agents.get_mut(name) {
            agent.base = Some(onto.clone());
        }
        self.state.touch(Document::Agent(name.clone()));
        Ok(())
    }
}

#[cfg(test)]
#[path = "agents_test.rs"]
mod tests;
