//! Doing operations of one chain again on the tip of another: the same operations by the same authors at the same times,
//! each checked by the rules of [`State::apply`] against what it meets there.
//!
//! Only the state is replayed. Refs that moved along with an operation have moved long ago, where it was first done;
//! here they are a record and nothing else.

use std::collections::BTreeSet;

use gix::ObjectId;
use gix::prelude::FindExt;

use super::chain::Entry;
use super::read::Scope;
use super::unmade::Unmade;
use super::write::{complete, message, write_tree};
use super::{Snapshot, StoreError};
use crate::claim::ClaimedPath;
use crate::git::Repository;
use crate::state::{Action, Document, NewAgent, Operation, Rejected, State};
use crate::task::{NewTask, Task, TaskState};

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
    /// It was done about what has another one in its place there.
    #[error("{} here was another one: {made_by}", spoken(.document))]
    AnotherOne {
        /// Which.
        document: Document,
        /// The operation that made it, and does not hold.
        made_by: String,
    },
    /// It was done about what is not there.
    #[error("{} was made by what does not hold either: {made_by}", spoken(.document))]
    NotMade {
        /// Which.
        document: Document,
        /// The operation that made it, and does not hold.
        made_by: String,
    },
    /// It gives up what was not claimed there.
    #[error("{path} was claimed by what does not hold either: {made_by}")]
    NotClaimed {
        /// What.
        path: ClaimedPath,
        /// The operation that claimed it, and does not hold.
        made_by: String,
    },
}

/// "task 3"
fn spoken(document: &Document) -> String {
    match document {
        Document::Agent(name) => format!("agent {name}"),
        Document::Task(id) => format!("task {id}"),
        Document::Finding(id) => format!("finding {id}"),
        Document::Claim(id) => format!("claim {id}"),
        Document::Tally => "the tally".to_owned(),
    }
}

/// What became of an operation that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replayed {
    /// It is in the chain.
    Done,
    /// Everything that it made is there, so nothing was left to do.
    IsThere,
}

/// A chain that operations are added to. Its objects are written; no ref moves.
#[derive(Debug)]
pub struct Replay<'r> {
    repo: &'r Repository,
    on: Snapshot,
    unmade: Unmade,
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
        Ok(Replay { repo, on: Snapshot { tip, state }, unmade: Unmade::default() })
    }

    /// The tip as it is by now.
    pub fn tip(&self) -> Option<ObjectId> {
        self.on.tip
    }

    /// Do one operation again. What was built on one that does not hold does not hold either, whatever is there under
    /// the same name.
    ///
    /// # Errors
    /// Objects could not be read or written. A rule that does not hold is an answer and no error; nothing has changed
    /// then.
    pub fn add(&mut self, entry: &Entry) -> Result<Result<Replayed, NotReplayed>, StoreError> {
        let mut there = BTreeSet::new();
        let answer = self.try_again(entry, &mut there)?;
        match (&answer, &entry.operation) {
            (Err(_), _) => self.unmade.leave_out(self.repo, entry, &there),
            (Ok(_), Some(operation)) => self.unmade.made(operation),
            (Ok(_), None) => {}
        }
        Ok(answer)
    }

    /// What it makes and is there already, the same, is put among what is `there`.
    fn try_again(
        &mut self,
        entry: &Entry,
        there: &mut BTreeSet<Document>,
    ) -> Result<Result<Replayed, NotReplayed>, StoreError> {
        let Some(operation) = &entry.operation else { return Ok(Err(NotReplayed::NotUnderstood)) };
        let state = std::mem::take(&mut self.on.state);
        let before = complete(self.repo, self.on.tip, state, &operation.action)?;
        let built_on = self.unmade.under(&before, operation);
        let left = match self.unmade.without_unclaimed(operation) {
            _ if built_on.is_some() => Left::All,
            Some(rest) => Left::Rest(Box::new(rest)),
            None => left_of(&before, operation, there),
        };
        let (wanted, reduced) = match &left {
            Left::All => (Some(operation), None),
            Left::Rest(rest) => (Some(rest.as_ref()), Some(rest.as_ref())),
            Left::Nothing => (None, None),
        };
        let after = match (built_on, wanted) {
            (Some(reason), _) => Err(reason),
            (None, None) => Ok(None),
            (None, Some(wanted)) => applied(&before, wanted).map(Some),
        };
        let Ok(Some(after)) = after else {
            self.on.state = before;
            return Ok(after.map(|_| Replayed::IsThere));
        };
        let tree = write_tree(self.repo, self.on.tip, &after)?;
        self.on.tip = Some(self.commit_again(entry.commit, tree, reduced)?);
        self.on.state = after;
        self.on.state.settle();
        Ok(Ok(Replayed::Done))
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

/// What of an operation is left to be done.
enum Left {
    All,
    Rest(Box<Operation>),
    Nothing,
}

/// Two clones that both made an agent of a name and branch, or both filed a task in the same words, mean the same one:
/// the operation without those.
fn left_of(state: &State, operation: &Operation, there: &mut BTreeSet<Document>) -> Left {
    let rest = match &operation.action {
        Action::AddAgents { agents } => {
            let is_there = |new: &&NewAgent| state.agents.get(&new.name).is_some_and(|old| old.branch == new.branch);
            let (same, rest): (Vec<_>, Vec<_>) = agents.iter().partition(is_there);
            there.extend(same.into_iter().map(|new| Document::Agent(new.name.clone())));
            (!rest.is_empty()).then(|| Action::AddAgents { agents: rest.into_iter().cloned().collect() })
        }
        Action::AddTasks { tasks } => {
            let is_there = |new: &&NewTask| state.tasks.get(&new.id).is_some_and(|old| says_the_same(old, new));
            let (same, rest): (Vec<_>, Vec<_>) = tasks.iter().partition(is_there);
            there.extend(same.into_iter().map(|new| Document::Task(new.id.clone())));
            (!rest.is_empty()).then(|| Action::AddTasks { tasks: rest.into_iter().cloned().collect() })
        }
        Action::Assign { agent, task, new: Some(new), terms }
            if state.tasks.get(&new.id).is_some_and(|old| says_the_same(old, new)) =>
        {
            there.insert(Document::Task(new.id.clone()));
            Some(Action::Assign { agent: agent.clone(), task: task.clone(), new: None, terms: terms.clone() })
        }
        _ => None,
    };
    match rest {
        _ if there.is_empty() => Left::All,
        Some(action) => Left::Rest(Box::new(Operation { action, ..operation.clone() })),
        None => Left::Nothing,
    }
}

fn says_the_same(old: &Task, new: &NewTask) -> bool {
    let NewTask { id, title, body, hours, category, priority, labels, paths, after, dropped } = new;
    (&old.id, &old.title, &old.body, &old.hours, &old.category) == (id, title, body, hours, category)
        && (&old.priority, &old.labels, &old.paths, &old.after) == (priority, labels, paths, after)
        && (!dropped || old.state == TaskState::Dropped)
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
