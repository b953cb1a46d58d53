//! A chain followed commit by commit: each operation is applied to what came before, and its commit must hold exactly
//! that.
//!
//! A step begins with what its writer had: what is open, and what [`complete`] adds. Documents are compared as JSON and
//! not as bytes, and by what this version knows of them: unknown fields are a newer version's. What an older version did
//! not touch may be as it was before: leases and numbers of assignments, claims that should have ended, counts that it
//! did not keep. A document that nobody can read is no difference, it is damaged; where one differs the chain's own goes on.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use gix::ObjectId;
use serde_json::Value;

use super::changed::Changed;
use super::objects::{self, Entry};
use super::read::{self, Scope};
use super::single::{Loaded, renew};
use super::write::complete;
use super::{StoreError, layout};
use crate::git::Repository;
use crate::state::{Action, Damaged, Document, Operation, State};
use crate::task::TaskId;

/// So many documents may be damaged besides those that were.
const MOST_DAMAGED: usize = 10_000;
/// So often the counts are counted anew.
const MOST_COUNTS: usize = 10;
/// What older versions leave as it is when they change a task, all of it or nothing.
const OLDER: [&str; 3] = ["epoch", "assigned_by", "lease"];

/// How a commit differs from its operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// A rule of the state forbids the operation.
    #[error("it could not be done: {reason}")]
    Rejected {
        /// The rule.
        reason: String,
    },
    /// A document is not what the operation makes of it.
    #[error("{document} is something else than the operation makes of it")]
    Other {
        /// Which.
        document: Document,
    },
    /// A document changes that the operation leaves as it is.
    #[error("{document} changes, and the operation leaves it as it is")]
    Extra {
        /// Which.
        document: Document,
    },
}

impl Difference {
    /// The document that differs; none when all of the operation is refused.
    pub(super) fn document(&self) -> Option<&Document> {
        match self {
            Difference::Rejected { .. } => None,
            Difference::Other { document } | Difference::Extra { document } => Some(document),
        }
    }
}

/// Where in a chain we are.
pub(super) struct Follow<'r> {
    repo: &'r Repository,
    /// The commit and its tree; none before the first.
    at: Option<(ObjectId, ObjectId)>,
    state: State,
    /// What was read since the state was read as a whole.
    loaded: Loaded,
    /// So many documents were damaged to begin with.
    damaged_before: usize,
    tally_is_lost: bool,
    counts: usize,
}

/// A commit of the chain.
pub(super) struct Step<'s> {
    pub(super) commit: ObjectId,
    pub(super) tree: ObjectId,
    /// What differs from the commit before.
    pub(super) paths: &'s Changed,
}

impl<'r> Follow<'r> {
    /// Go on from a commit; none: from the beginning of the chain.
    ///
    /// # Errors
    /// Its state cannot be read.
    pub(super) fn from(repo: &'r Repository, commit: Option<ObjectId>) -> Result<Self, StoreError> {
        let unreadable = |commit| move |reason| StoreError::Unreadable { commit, reason };
        let at = match commit {
            Some(commit) => Some((commit, objects::tree_of(repo, commit).map_err(unreadable(commit))?)),
            None => None,
        };
        let open = |commit| {
            super::cache::read(repo, commit).map_or_else(|| read::read(repo, commit, &Scope::open()), Result::Ok)
        };
        let state = commit.map(open).transpose()?.unwrap_or_default();
        let damaged_before = state.damaged.len();
        Ok(Follow { repo, at, state, loaded: Loaded::default(), damaged_before, tally_is_lost: false, counts: 0 })
    }

    /// The next commit, against its operation.
    ///
    /// # Errors
    /// It cannot be read, or holds more than is ever read.
    pub(super) fn step(&mut self, step: &Step<'_>, operation: &Operation) -> Result<Vec<Difference>, StoreError> {
        self.count_anew()?;
        let number = self.state.tasks.len();
        self.load_what_is_named(&operation.action)?;
        let has_more = self.state.tasks.len() > number;
        let touched = match self.state.apply_in_place(operation) {
            Ok(touched) => touched,
            Err(rejected) => {
                self.pass(step, BTreeSet::new())?;
                return Ok(vec![Difference::Rejected { reason: rejected.to_string() }]);
            }
        };
        let tally = self.state.document(&Document::Tally);
        let wanted: BTreeMap<Document, Option<Value>> =
            touched.iter().map(|document| (document.clone(), self.state.document(document))).collect();
        let before = self.at;
        let documents = self.pass(step, touched)?;
        let mut found = Vec::new();
        let damaged: BTreeSet<&Document> =
            self.state.damaged.iter().filter_map(|damaged| damaged.document.as_ref()).collect();
        self.tally_is_lost |= documents.contains(&Document::Tally) && damaged.contains(&Document::Tally);
        for document in documents {
            if damaged.contains(&document) {
                continue;
            }
            let actual = self.state.document(&document);
            let stored = || before.and_then(|(_, tree)| self.stored(tree, &document));
            let (is_touched, wanted) = match wanted.get(&document) {
                Some(wanted) => (true, wanted.clone()),
                None if document == Document::Tally => (false, tally.clone()),
                None => (false, stored()),
            };
            if actual == wanted {
                continue;
            }
            let known = |json: Option<Value>| json.and_then(|json| known(&document, &json));
            let [wanted, actual, stored] = [wanted, actual, stored()].map(known);
            if !is_right(&document, operation, [wanted, actual, stored], is_touched) {
                let document = document.clone();
                found.push(if is_touched { Difference::Other { document } } else { Difference::Extra { document } });
            }
        }
        let has_closed = wanted.keys().filter_map(Document::task).any(|id| self.is_closed(id));
        if has_more || has_closed {
            self.leave_out_closed();
        }
        self.state.findings.clear();
        Ok(found)
    }

    /// The next commit, whatever its operation is. Gives the documents that it changes, and those of `also`.
    ///
    /// # Errors
    /// As [`Follow::step`].
    pub(super) fn pass(&mut self, step: &Step<'_>, also: BTreeSet<Document>) -> Result<BTreeSet<Document>, StoreError> {
        let mut documents = also;
        documents.extend(step.paths.keys().filter_map(|path| layout::document_at(path)));
        let places: Vec<_> =
            documents.iter().map(|document| (document.clone(), self.place(step.tree, step.paths, document))).collect();
        let state = std::mem::take(&mut self.state);
        self.state = renew(self.repo, step.commit, state, &places, &mut self.loaded)?;
        self.at = Some((step.commit, step.tree));
        // Every rule goes over them.
        if self.state.damaged.len() > self.damaged_before.saturating_add(MOST_DAMAGED) {
            let reason = format!("more than {MOST_DAMAGED} of its documents are damaged");
            return Err(StoreError::TooLarge { commit: step.commit, reason });
        }
        if self.loaded.is_much() {
            // So that no more is held than whoever reads this commit would hold.
            self.state = read::read(self.repo, step.commit, &Scope::open())?;
            self.loaded = Loaded::default();
        }
        Ok(documents)
    }

    /// Nobody believes this document from now on.
    pub(super) fn distrust(&mut self, document: &Document) {
        let path = layout::path_in(&self.state, document).unwrap_or_default();
        self.state.leave_out(document);
        let reason = "it is not what its operation makes".to_owned();
        self.state.damaged.push(Damaged { path, document: Some(document.clone()), reason });
    }

    /// Counts that are damaged are counted by whoever writes next.
    fn count_anew(&mut self) -> Result<(), StoreError> {
        let Some((commit, _)) = self.at.filter(|_| std::mem::take(&mut self.tally_is_lost)) else { return Ok(()) };
        self.counts += 1;
        if self.counts > MOST_COUNTS {
            let reason = "its counts are damaged again and again".to_owned();
            return Err(StoreError::TooLarge { commit, reason });
        }
        self.state = read::read(self.repo, commit, &Scope::open())?;
        Ok(())
    }

    /// What the rules for the action look at, besides what is open.
    fn load_what_is_named(&mut self, action: &Action) -> Result<(), StoreError> {
        let Some((commit, _)) = self.at else { return Ok(()) };
        let state = complete(self.repo, Some(commit), std::mem::take(&mut self.state), action)?;
        let named: Vec<Document> = match action {
            Action::AddFindings { findings } => findings.iter().map(|one| Document::Finding(one.id.clone())).collect(),
            Action::ResolveFindings { findings } => findings.iter().cloned().map(Document::Finding).collect(),
            Action::Undo { documents, .. } | Action::Repair { documents } => {
                let findings = documents.iter().filter(|one| matches!(one.document, Document::Finding(_)));
                findings.map(|one| one.document.clone()).collect()
            }
            _ => Vec::new(),
        };
        self.state = read::extend(self.repo, commit, state, &Scope { documents: named, ..Scope::open() })?;
        Ok(())
    }

    /// Keep of the closed tasks what a reader has of them: those that open ones wait for.
    fn leave_out_closed(&mut self) {
        let tasks = &mut self.state.tasks;
        let open = tasks.values().filter(|task| !task.state.is_closed());
        let needed: BTreeSet<TaskId> = open.flat_map(|task| &task.after).cloned().collect();
        tasks.retain(|id, task| !task.state.is_closed() || needed.contains(id));
    }

    fn is_closed(&self, id: &TaskId) -> bool {
        self.state.tasks.get(id).is_some_and(|task| task.state.is_closed())
    }

    /// Where the document stands in the tree: among the open tasks first, as for every reader.
    fn place(&self, tree: ObjectId, paths: &Changed, document: &Document) -> Option<(String, Entry)> {
        let mut buffer = Vec::new();
        layout::paths(document).into_iter().find_map(|path| {
            let entry = match paths.get(&path) {
                Some(changed) => changed.clone(),
                None => objects::entry_at(self.repo, tree, &path, &mut buffer),
            };
            entry.map(|entry| (path, entry))
        })
    }

    /// The document as the tree has it; none when it is not there or not sound.
    fn stored(&self, tree: ObjectId, document: &Document) -> Option<Value> {
        let (_, entry) = self.place(tree, &Changed::new(), document)?;
        let mut buffer = Vec::new();
        let data = objects::document(self.repo, entry.id, &mut buffer).ok()?;
        let mut state = State::default();
        state.load_document(document, &mut serde_json::Deserializer::from_slice(data)).ok()?;
        state.document(document)
    }
}

/// What this version knows of a document.
fn known(document: &Document, json: &Value) -> Option<Value> {
    let mut state = State::default();
    state.load_document(document, json).ok()?;
    state.forget_unknown();
    state.document(document)
}

/// Whether a document that is not exactly what it should be is so for a good reason: what is wanted, what is there, and
/// what was there before.
fn is_right(document: &Document, operation: &Operation, versions: [Option<Value>; 3], is_touched: bool) -> bool {
    let [wanted, actual, before] = versions;
    if wanted == actual {
        return true;
    }
    match document {
        Document::Tally => actual.is_none() && before.is_none(),
        Document::Claim(_) => {
            let is_about_claims = matches!(operation.action, Action::Claim { .. } | Action::Release { .. });
            let is_restoring = matches!(operation.action, Action::Undo { .. } | Action::Repair { .. });
            !is_about_claims && !is_restoring && actual == before
        }
        Document::Task(_) => {
            let (Some(mut wanted), Some(actual), Some(before)) = (wanted, actual, before) else { return false };
            let is_as_before = |field: &str| actual.get(field) == before.get(field);
            let is_its_time = !is_touched && is_at(actual.get("updated_at"), operation.at);
            let mut passed: Vec<&str> = if OLDER.into_iter().all(is_as_before) { OLDER.to_vec() } else { Vec::new() };
            passed.extend((is_its_time || is_as_before("updated_at")).then_some("updated_at"));
            for field in passed {
                let Some(fields) = wanted.as_object_mut() else { return false };
                match actual.get(field) {
                    Some(value) => drop(fields.insert(field.to_owned(), value.clone())),
                    None => drop(fields.remove(field)),
                }
            }
            wanted == actual
        }
        Document::Agent(_) | Document::Finding(_) => false,
    }
}

fn is_at(value: Option<&Value>, at: DateTime<Utc>) -> bool {
    let time = value.and_then(|value| serde_json::from_value::<DateTime<Utc>>(value.clone()).ok());
    time == Some(at)
}
