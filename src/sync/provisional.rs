//! What no remote has confirmed yet: an act that was done offline holds here, and the next sync may reject it.

use super::{SyncError, known_remote, unshared};
use crate::claim::Claim;
use crate::git::Repository;
use crate::state::{Action, Operation};
use crate::task::Task;

/// The operations of this clone that the remote does not have. None where no remote is known to keep the state: then
/// nobody else decides.
#[derive(Debug, Default)]
pub struct Provisional {
    count: usize,
    operations: Vec<Operation>,
}

impl Provisional {
    /// As the remote was last seen, without asking it.
    ///
    /// # Errors
    /// The chain or refs cannot be read.
    pub fn read(repo: &Repository) -> Result<Self, SyncError> {
        let Some(remote) = known_remote(repo)? else { return Ok(Provisional::default()) };
        let entries = unshared(repo, &remote)?.unwrap_or_default();
        Ok(Provisional {
            count: entries.len(),
            operations: entries.into_iter().filter_map(|entry| entry.operation).collect(),
        })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether the task was given to its agent by one of them.
    pub fn has_task(&self, task: &Task) -> bool {
        let by = task.assigned_by.as_ref().filter(|_| task.agent.is_some());
        by.is_some_and(|by| self.operations.iter().any(|operation| operation.id.as_str() == by.as_str()))
    }

    /// Whether the claim was made, or made exclusive, by one of them.
    pub fn has_claim(&self, claim: &Claim) -> bool {
        self.operations.iter().any(|operation| match &operation.action {
            Action::Claim { agent, claims, .. } => {
                *agent == claim.agent && claims.iter().any(|new| new.path.is(&claim.path))
            }
            _ => false,
        })
    }
}
