//! Applying one operation: which rule goes with which action.

use std::collections::BTreeSet;

use super::rules::{Rules, Work};
use super::{Action, Document, Operation, Rejected, State, Unsound};

impl State {
    /// The state after `operation`, or the rule that it breaks. Deterministic; nothing but its arguments counts.
    ///
    /// # Errors
    /// See [`Rejected`]; an operation of several parts is applied whole or not at all.
    pub fn apply(&self, operation: &Operation) -> Result<State, Rejected> {
        let mut state = self.clone();
        state.change(operation)?;
        Ok(state)
    }

    /// The same in this state, which is good for nothing after a refusal until its documents are loaded anew. Gives the
    /// documents that it touched.
    ///
    /// # Errors
    /// See [`Rejected`].
    pub fn apply_in_place(&mut self, operation: &Operation) -> Result<BTreeSet<Document>, Rejected> {
        self.touched.clear();
        self.change(operation)?;
        Ok(std::mem::take(&mut self.touched))
    }

    fn change(&mut self, operation: &Operation) -> Result<(), Rejected> {
        let mut rules = Rules::new(self, operation);
        // What is put back is put back as it was.
        let is_restoring = matches!(operation.action, Action::Undo { .. } | Action::Repair { .. });
        if !is_restoring {
            rules.end_expired_claims();
        }
        match &operation.action {
            Action::AddAgents { agents } => agents.iter().try_for_each(|agent| rules.add_agent(agent))?,
            Action::RemoveAgent { agent, backup } => rules.remove_agent(agent, backup.as_deref())?,
            Action::AddTasks { tasks } => rules.add_tasks(tasks)?,
            Action::EditTask { task, edit } => rules.edit_task(task, edit)?,
            Action::DropTask { task, reason } => rules.drop_task(task, reason.as_deref())?,
            Action::BlockTask { task, reason } => rules.block_task(task, reason)?,
            Action::ReopenTask { task } => rules.reopen_task(task)?,
            Action::Assign { agent, task, new, terms } => {
                if let Some(new) = new {
                    rules.add_tasks(std::slice::from_ref(new))?;
                }
                rules.assign(agent, task, terms)?;
            }
            Action::Unassign { agent, task } => rules.unassign(agent, task)?,
            Action::Start { agent, task, base, terms } => rules.start(agent, task, base.as_ref(), terms)?,
            Action::Complete { agent, task, tip, files, hours, fence } => {
                rules.complete(agent, task, fence.as_ref(), &Work { tip: tip.as_ref(), files, hours: *hours })?;
            }
            Action::Fail { agent, task, reason, fence } => rules.fail(agent, task, reason, fence.as_ref())?,
            Action::Land { landed, .. } => landed.iter().try_for_each(|landed| rules.land(landed))?,
            Action::Rebase { agent, onto, .. } => rules.rebase(agent, onto)?,
            Action::AddFindings { findings } => findings.iter().try_for_each(|finding| rules.add_finding(finding))?,
            Action::ResolveFindings { findings } => findings.iter().try_for_each(|id| rules.resolve_finding(id))?,
            Action::Claim { agent, claims, ttl_s } => rules.claim(agent, claims, *ttl_s)?,
            Action::Release { agent, paths } => rules.release(agent, paths)?,
            Action::RecordRun { .. } => {}
            Action::Undo { operation, documents, .. } => rules.undo(operation, documents)?,
            Action::Repair { documents } => documents.iter().try_for_each(|change| rules.restore(change))?,
        }
        operation.action.actors().into_iter().for_each(|agent| rules.renew(agent));
        if !is_restoring {
            rules.end_groundless_claims();
        }
        rules.finish();
        // What would be refused when it is read is not written either.
        for document in self.touched() {
            let unsound =
                |reason: Unsound| Rejected::BadDocument { document: document.clone(), reason: reason.to_string() };
            self.check(document).map_err(unsound)?;
        }
        Ok(())
    }
}
