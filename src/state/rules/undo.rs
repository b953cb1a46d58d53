//! Documents are put back as they were, when nothing was built on what is taken away.
//!
//! But for the counts of closed tasks: others close tasks meanwhile, here or in another clone, and their tasks stay
//! counted. So the counts follow from the tasks that are put back, whatever number the operation carries.

use std::collections::BTreeSet;

use super::Rules;
use super::tasks::no_cycle;
use crate::claim::Claim;
use crate::state::{Document, DocumentChange, OperationId, Rejected};
use crate::task::{Task, TaskId, TaskState};

impl Rules<'_> {
    pub(in crate::state) fn undo(
        &mut self,
        operation: &OperationId,
        documents: &[DocumentChange],
    ) -> Result<(), Rejected> {
        let changed_since = |document: Document| Rejected::ChangedSince { document, operation: operation.clone() };
        let put_back = || documents.iter().filter(|change| change.document != Document::Tally);
        if let Some(change) = put_back().find(|change| self.state.document(&change.document) != change.before) {
            return Err(changed_since(change.document.clone()));
        }
        let closed = self.closed_among(documents);
        put_back().try_for_each(|change| self.restore(change))?;
        self.recount(closed, self.closed_among(documents));
        // The documents themselves may be as the operation left them, and others may rest on them all the same.
        match documents.iter().find_map(|change| self.resting_on(&change.document)) {
            Some(document) => Err(changed_since(document)),
            None => no_cycle(self.state, documents.iter().filter_map(|change| change.document.task())),
        }
    }

    /// How many of the tasks among the documents are landed, and how many dropped.
    fn closed_among(&self, documents: &[DocumentChange]) -> (u64, u64) {
        let ids: BTreeSet<&TaskId> = documents.iter().filter_map(|change| change.document.task()).collect();
        let tasks = || ids.iter().filter_map(|id| self.state.tasks.get(*id));
        let number = |of| tasks().filter(|task| task.state == of).count() as u64;
        (number(TaskState::Landed), number(TaskState::Dropped))
    }

    /// So many tasks that were closed are closed no more, and so many are.
    fn recount(&mut self, gone: (u64, u64), come: (u64, u64)) {
        if gone == come {
            return;
        }
        let tally = &mut self.state.tally;
        tally.landed = tally.landed.saturating_sub(gone.0).saturating_add(come.0);
        tally.dropped = tally.dropped.saturating_sub(gone.1).saturating_add(come.1);
        self.state.touch(Document::Tally);
    }

    pub(in crate::state) fn restore(&mut self, change: &DocumentChange) -> Result<(), Rejected> {
        let document = change.document.clone();
        self.state
            .set_document(&document, change.after.as_ref())
            .map_err(|reason| Rejected::BadDocument { document: document.clone(), reason })?;
        self.state.damaged.retain(|damaged| damaged.document.as_ref() != Some(&document));
        Ok(())
    }

    /// A document that does not fit the restored one: who holds a task must exist and work on one only, and what is
    /// waited for must be there.
    fn resting_on(&self, restored: &Document) -> Option<Document> {
        let state = &*self.state;
        match restored {
            Document::Agent(name) if !state.agents.contains_key(name) => {
                let held = state.tasks_of(name).find(|task| is_held(task)).map(|task| Document::Task(task.id.clone()));
                held.or_else(|| self.groundless(restored))
            }
            Document::Agent(_) => self.groundless(restored),
            Document::Task(id) => match state.tasks.get(id) {
                Some(task) => self.missing_before(task).or_else(|| self.in_the_way_of(task)),
                None => self.about_missing(id),
            }
            .or_else(|| self.groundless(restored)),
            Document::Claim(id) => {
                let claim = state.claims.get(id)?;
                let clashes = |other: &&Claim| match other.agent == claim.agent {
                    true => other.id != claim.id && other.path.is(&claim.path),
                    false => other.exclusive || claim.exclusive,
                };
                let other = state.claims_on(&claim.path).find(clashes).map(|other| other.id.clone());
                let groundless = (!state.is_grounded(claim)).then(|| id.clone());
                other.or(groundless).map(Document::Claim)
            }
            Document::Finding(_) | Document::Tally => None,
        }
    }

    /// A claim that would stand without its agent, or without its task.
    fn groundless(&self, restored: &Document) -> Option<Document> {
        let state = &*self.state;
        let is_about = |claim: &&Claim| match restored {
            Document::Agent(name) => claim.agent == *name,
            Document::Task(id) => claim.task.as_ref() == Some(id),
            _ => false,
        };
        let claim = state.claims.values().filter(is_about).find(|claim| !state.is_grounded(claim))?;
        Some(Document::Claim(claim.id.clone()))
    }

    fn missing_before(&self, task: &Task) -> Option<Document> {
        task.after.iter().find(|id| !self.state.tasks.contains_key(id)).cloned().map(Document::Task)
    }

    fn in_the_way_of(&self, task: &Task) -> Option<Document> {
        let name = task.agent.as_ref().filter(|_| is_held(task))?;
        if !self.state.agents.contains_key(name) {
            return Some(Document::Agent(name.clone()));
        }
        let current = |other: &&Task| other.state == TaskState::InProgress && other.id != task.id;
        let other = self.state.tasks_of(name).filter(|_| task.state == TaskState::InProgress).find(current)?;
        Some(Document::Task(other.id.clone()))
    }

    fn about_missing(&self, id: &TaskId) -> Option<Document> {
        let waiting = self.state.tasks.values().find(|task| task.after.contains(id));
        let noticed = || self.state.findings.values().find(|finding| finding.task.as_ref() == Some(id));
        waiting
            .map(|task| Document::Task(task.id.clone()))
            .or_else(|| noticed().map(|finding| Document::Finding(finding.id.clone())))
    }
}

/// Whether its agent must exist.
fn is_held(task: &Task) -> bool {
    matches!(task.state, TaskState::Assigned | TaskState::InProgress | TaskState::Completed)
}

#[cfg(test)]
#[path = "undo_test.rs"]
mod tests;
