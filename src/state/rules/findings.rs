//! Findings are reported and dealt with.

use super::Rules;
use crate::finding::{Finding, FindingId, FindingState};
use crate::state::{Document, Rejected};

impl Rules<'_> {
    pub(in crate::state) fn add_finding(&mut self, finding: &Finding) -> Result<(), Rejected> {
        let document = Document::Finding(finding.id.clone());
        self.readable(&document)?;
        if self.state.findings.contains_key(&finding.id) {
            return Err(Rejected::FindingExists { id: finding.id.clone() });
        }
        if let Some(agent) = &finding.agent {
            self.agent(agent)?;
        }
        if let Some(id) = finding.task.as_ref().filter(|id| !self.state.tasks.contains_key(id)) {
            return Err(Rejected::UnknownTask { id: id.clone() });
        }
        self.state.findings.insert(finding.id.clone(), finding.clone());
        self.state.touch(document);
        Ok(())
    }

    pub(in crate::state) fn resolve_finding(&mut self, id: &FindingId) -> Result<(), Rejected> {
        let at = self.at;
        let finding = self.state.findings.get_mut(id).ok_or_else(|| Rejected::UnknownFinding { id: id.clone() })?;
        finding.state = FindingState::Resolved;
        finding.resolved_at = finding.resolved_at.or(Some(at));
        self.state.touch(Document::Finding(id.clone()));
        Ok(())
    }
}

#[cfg(test)]
#[path = "findings_test.rs"]
mod tests;
