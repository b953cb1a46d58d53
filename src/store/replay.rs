//! Doing operations of one chain again on the tip of another: the same operations by the same authors at the same times,
//! each checked by the rules of [`State::apply`] against what it meets there.
//!
//! Only the state is replayed. Refs that moved along with an operation have moved long ago, where it was first done;
//! here they are a record and nothing else.

use gix::ObjectId;
use gix::prelude::FindExt;

use super::chain::Entry;
use super::read::Scope;
use super::write::{complete, message, write_tree};
use super::{Snapshot, StoreError};
use crate::git::Repository;
use crate::state::{Action, Document, NewAgent, Operation, Rejected, State};
use crate::task::{NewTask, Task};

/// Why an operation was not done again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReplayed {
    /// A rule does not hold any more.
    #[error(transparent)]
    Rule(#[from] Rejected),
    /// A newer version wrote it, or somebody committed by hand.
    #[error("this version of git-agents does not know the operation")]
    NotUnderstood,
    /// It mends what is whole there.
    #[error("the document {document} is not damaged there")]
    NotDamaged {
        /// Which.
        document: Document,
    },
}

/// A chain that operations are added to. Its objects are written; no ref moves.
#[derive(Debug)]
pub struct Replay<'r> {
    repo: &'r Repository,
    on: Snapshot,
}

impl<'r> Replay<'r> {
    /// On `tip`, for these operations.
    ///
    /// # Errors
    /// The state there cannot be read.
    pub fn on(repo: &'r Repository, tip: Option<ObjectId>, entries: &[Entry]) -> Result<Self, StoreError> {
        let looks_at_findings = |action: &Action| {
            matches!(
                action,
                Action::AddFindings { .. }
                    | Action::ResolveFindings { .. }
                    | Action::Undo { .. }
                    | Action::Repair { .. }
            )
        };
        let findings =
            entries.iter().filter_map(|entry| entry.operation.as_ref()).any(|o| looks_at_findings(&o.action));
        let scope = Scope { findings, ..Scope::open() };
        let state = tip.map(|commit| super::state_of(repo, commit, &scope)).transpose()?.unwrap_or_default();
        Ok(Replay { repo, on: Snapshot { tip, state } })
    }

    /// The tip as it is by now.
    pub fn tip(&self) -> Option<ObjectId> {
        self.on.tip
    }

    /// Do one operation again.
    ///
    /// # Errors
    /// Objects could not be read or written. A rule that does not hold is an answer and no error; nothing has changed
    /// then.
    pub fn add(&mut self, entry: &Entry) -> Result<Result<(), NotReplayed>, StoreError> {
        let Some(operation) = &entry.operation else { return Ok(Err(NotReplayed::NotUnderstood)) };
        let state = std::mem::take(&mut self.on.state);
        let before = complete(self.repo, self.on.tip, state, &operation.action)?;
        let reduced = without_what_is_there(&before, operation);
        let after = match applied(&before, reduced.as_ref().unwrap_or(operation)) {
            Ok(after) => after,
            Err(reason) => {
                self.on.state = before;
                return Ok(Err(reason));
            }
        };
        let tree = write_tree(self.repo, self.on.tip, &after)?;
        self.on.tip = Some(self.commit_again(entry.commit, tree, reduced.as_ref())?);
        self.on.state = after;
        self.on.state.settle();
        Ok(Ok(()))
    }

    /// The commit as it was, with another tree on another parent. Whatever a newer version has put into its message
    /// stays, unless the operation is `reduced`.
    fn commit_again(
        &self,
        commit: ObjectId,
        tree: ObjectId,
        reduced: Option<&Operation>,
    ) -> Result<ObjectId, StoreError> {
        let unreadable = |reason: String| StoreError::Unreadable { commit, reason };
        let mut buffer = Vec::new();
        let gix = self.repo.gix();
        let old = gix.objects.find_commit(&commit, &mut buffer).map_err(|error| unreadable(error.to_string()))?;
        let mut new = gix::objs::Commit::try_from(old).map_err(|error| unreadable(error.to_string()))?;
        new.tree = tree;
        new.parents = self.on.tip.into_iter().collect();
        // A signature would be of the old commit.
        new.extra_headers.clear();
        if let Some(operation) = reduced {
            new.message = message(operation)?.into();
        }
        let written = gix.write_object(&new);
        Ok(written.map_err(|error| StoreError::Write { reason: error.to_string() })?.detach())
    }
}

/// Two clones that both made an agent of a name and branch, or both filed a task in the same words, mean the same one:
/// the operation without those, when something is left of it.
fn without_what_is_there(state: &State, operation: &Operation) -> Option<Operation> {
    let action = match &operation.action {
        Action::AddAgents { agents } => {
            let is_there = |new: &&NewAgent| state.agents.get(&new.name).is_some_and(|old| old.branch == new.branch);
            let (there, rest): (Vec<_>, Vec<_>) = agents.iter().partition(is_there);
            let agents = rest.into_iter().cloned().collect::<Vec<_>>();
            (!there.is_empty() && !agents.is_empty()).then_some(Action::AddAgents { agents })
        }
        Action::AddTasks { tasks } => {
            let is_there = |new: &&NewTask| state.tasks.get(&new.id).is_some_and(|old| says_the_same(old, new));
            let (there, rest): (Vec<_>, Vec<_>) = tasks.iter().partition(is_there);
            let tasks = rest.into_iter().cloned().collect::<Vec<_>>();
            (!there.is_empty() && !tasks.is_empty()).then_some(Action::AddTasks { tasks })
        }
        _ => None,
    };
    action.map(|action| Operation { action, ..operation.clone() })
}

fn says_the_same(old: &Task, new: &NewTask) -> bool {
    let NewTask { id, title, body, hours, category, priority, labels, paths, after, dropped: _ } = new;
    (&old.id, &old.title, &old.body, &old.hours, &old.category) == (id, title, body, hours, category)
        && (&old.priority, &old.labels, &old.paths, &old.after) == (priority, labels, paths, after)
}

/// What the rules say; a repair must find something to mend, or it would put an old version over a newer one.
fn applied(state: &State, operation: &Operation) -> Result<State, NotReplayed> {
    if let Action::Repair { documents } = &operation.action {
        let is_damaged = |document: &Document| state.damaged.iter().any(|one| one.document.as_ref() == Some(document));
        if let Some(whole) = documents.iter().find(|change| !is_damaged(&change.document)) {
            return Err(NotReplayed::NotDamaged { document: whole.document.clone() });
        }
    }
    Ok(state.apply(operation)?)
}
