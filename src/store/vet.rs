//! What was fetched, checked before it is adopted, in time proportional to what is new.
//!
//! Two levels. What breaks a rule of the chain refuses the whole: a commit with several parents, one that is no
//! operation or does not hold exactly what its operation makes, a tree with anything but folders and plain files. A single
//! document that breaks a rule does not: it is named here, counts as damaged for every reader, and the others work.
//! Nothing that is checked is ever run, used as an option or joined to a path.

use std::collections::{BTreeSet, HashSet};

use gix::ObjectId;
use gix::bstr::ByteSlice;
use serde_json::Value;

use super::changed::{Budget, Changed, TreeError, changed};
use super::follow::{Difference, Follow, Step};
use super::layout::{self, FORMAT_PATH};
use super::read::{self, Scope};
use super::{StoreError, objects, single};
use crate::agent::AgentName;
use crate::finding::FindingId;
use crate::git::Repository;
use crate::state::{Action, Damaged, Document, Operation, OperationId};
use crate::task::TaskId;
use crate::text::sentence;

/// After so many wrong documents nobody asks whether they are read at all.
const MOST_WRONG: usize = 1_000;

/// A state that may be adopted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vetted {
    /// Its newest commit.
    pub tip: ObjectId,
    /// The operations that are new, the oldest first.
    pub operations: Vec<OperationId>,
    /// The documents among what is new that nobody believes.
    pub quarantined: Vec<Damaged>,
}

/// Why a state must not be adopted. Nothing of it was used.
#[derive(Debug, thiserror::Error)]
pub enum VetError {
    /// It does not go on from where the last one was.
    #[error("{tip} does not go on from {accepted}: the chain was rewritten")]
    Rewritten {
        /// What was fetched.
        tip: ObjectId,
        /// What was accepted before.
        accepted: ObjectId,
    },
    /// A commit breaks a rule of the chain.
    #[error("the commit {commit} {fault}")]
    Commit {
        /// Which.
        commit: ObjectId,
        /// The rule.
        fault: Fault,
    },
    /// Its newest commit cannot be read as a state, or a newer program wrote it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is wrong with a commit of the chain. Reads on from "the commit …".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is missing, damaged, too large, or no commit.
    #[error("cannot be read: {reason}")]
    Unreadable {
        /// What stood in the way.
        reason: String,
    },
    /// The chain has one commit after the other.
    #[error("has {parents} parents, and operations have one")]
    Parents {
        /// How many.
        parents: usize,
    },
    /// Somebody made it by hand.
    #[error("is no operation: {reason}")]
    NoOperation {
        /// What is missing.
        reason: String,
    },
    /// It does something that this version does not know, in a format that this version knows.
    #[error("does {what:?}, which format {format} does not have")]
    Unknown {
        /// The word for it.
        what: String,
        /// The format of the state.
        format: u64,
    },
    /// It names something that cannot be.
    #[error("cannot be believed: {reason}")]
    Unsound {
        /// The rule that it breaks.
        reason: String,
    },
    /// The same operation was there before.
    #[error("repeats the operation {operation}")]
    Repeated {
        /// Which.
        operation: OperationId,
    },
    /// It changes a document that its operation has nothing to do with.
    #[error("changes {path}, which its operation ({sentence}) is not about")]
    Foreign {
        /// Where the document stands.
        path: String,
        /// What the operation says that it does.
        sentence: String,
    },
    /// It does not hold what its operation makes of what was there before.
    #[error("is not what it says ({sentence}): {difference}")]
    Mismatch {
        /// What the operation says that it does.
        sentence: String,
        /// How it differs.
        difference: Difference,
    },
    /// A tree that we would never write.
    #[error("has an unusable tree: {reason}")]
    Tree {
        /// The folder or file, and what is wrong with it.
        reason: String,
    },
}

/// Check what lies between `accepted`, the last tip that was adopted (none: all of it is new), and `tip`.
///
/// # Errors
/// See [`VetError`].
pub fn vet(repo: &Repository, tip: ObjectId, accepted: Option<ObjectId>) -> Result<Vetted, VetError> {
    let links = chain(repo, tip, accepted)?;
    if links.is_empty() {
        return Ok(Vetted { tip, operations: Vec::new(), quarantined: Vec::new() });
    }
    // A format that we do not know refuses before anything of it is judged.
    let format = read::format(repo, tip)?;
    let (mut seen, mut budget) = (BTreeSet::new(), Budget::of_chain(links.len()));
    let (mut follow, mut wrong) = (Follow::from(repo, accepted)?, Vec::<Wrong>::new());
    let mut operations = Vec::with_capacity(links.len());
    for link in links.iter().rev() {
        let refused = |fault| VetError::Commit { commit: link.commit, fault };
        let operation = operation(repo, link, format).map_err(refused)?;
        if !seen.insert(operation.id.clone()) {
            return Err(refused(Fault::Repeated { operation: operation.id }));
        }
        let paths = belongs(repo, link, &operation, &mut budget).map_err(refused)?;
        let step = Step { commit: link.commit, tree: link.tree, paths: &paths };
        for difference in follow.step(&step, &operation)? {
            let document = difference.document().cloned();
            let sentence = sentence(&operation.action.sentence());
            let one = Wrong { commit: link.commit, document, fault: Fault::Mismatch { sentence, difference } };
            match &one.document {
                Some(document) => follow.distrust(document),
                // Whatever is built on a wrong document is only another sign of it.
                None => return Err(wrong.into_iter().next().unwrap_or(one).into()),
            }
            wrong.push(one);
            if wrong.len() > MOST_WRONG {
                return Err(wrong.swap_remove(0).into());
            }
        }
        operations.push(operation.id);
    }
    // What differs from beginning to end does so in one of the steps at least.
    let quarantined = quarantined(repo, tip, accepted, &mut Budget::of_chain(links.len()))?;
    // A document that nobody believes anyway stops nothing.
    let is_quarantined = |wrong: &Wrong| quarantined.iter().any(|one| one.document == wrong.document);
    match wrong.into_iter().find(|wrong| !is_quarantined(wrong)) {
        Some(wrong) => Err(wrong.into()),
        None => Ok(Vetted { tip, operations, quarantined }),
    }
}

/// A commit that does not hold what its operation makes.
struct Wrong {
    commit: ObjectId,
    /// None when all of it is wrong.
    document: Option<Document>,
    fault: Fault,
}

impl From<Wrong> for VetError {
    fn from(Wrong { commit, fault, .. }: Wrong) -> Self {
        VetError::Commit { commit, fault }
    }
}

/// One commit of what is new.
struct Link {
    commit: ObjectId,
    tree: ObjectId,
    parent: Option<(ObjectId, ObjectId)>,
}

/// The new commits, the newest first.
fn chain(repo: &Repository, tip: ObjectId, accepted: Option<ObjectId>) -> Result<Vec<Link>, VetError> {
    let mut links: Vec<Link> = Vec::new();
    let mut buffer = Vec::new();
    let mut next = Some(tip);
    while let Some(id) = next.filter(|id| Some(*id) != accepted) {
        let refused = |fault| VetError::Commit { commit: id, fault };
        let commit = objects::commit(repo, id, &mut buffer)
            .map_err(|error| refused(Fault::Unreadable { reason: sentence(&error.to_string()) }))?;
        let parents = commit.parents.len();
        if parents > 1 {
            return Err(refused(Fault::Parents { parents }));
        }
        let tree = commit.tree();
        next = commit.parents().next();
        if let Some(child) = links.last_mut() {
            child.parent = Some((id, tree));
        }
        links.push(Link { commit: id, tree, parent: None });
    }
    match (accepted, next) {
        (Some(accepted), None) if tip != accepted => Err(VetError::Rewritten { tip, accepted }),
        (Some(accepted), _) => {
            if let Some(oldest) = links.last_mut() {
                let unreadable = |reason| StoreError::Unreadable { commit: accepted, reason };
                oldest.parent = Some((accepted, objects::tree_of(repo, accepted).map_err(unreadable)?));
            }
            Ok(links)
        }
        (None, _) => Ok(links),
    }
}

/// The operation that the commit says it is.
fn operation(repo: &Repository, link: &Link, format: u64) -> Result<Operation, Fault> {
    let mut buffer = Vec::new();
    let commit = objects::commit(repo, link.commit, &mut buffer)
        .map_err(|error| Fault::Unreadable { reason: sentence(&error.to_string()) })?;
    let no_operation = |reason: &str| Fault::NoOperation { reason: sentence(reason) };
    let message = commit.message.to_str().map_err(|_| no_operation("its message is not UTF-8"))?;
    let (_, json) = message.split_once("\n\n").ok_or_else(|| no_operation("its message has one paragraph"))?;
    let operation: Operation = match serde_json::from_str(json.trim_end()) {
        Ok(operation) => operation,
        Err(error) => {
            let value: Option<Value> = serde_json::from_str(json.trim_end()).ok();
            let word = value.as_ref().and_then(|value| value.get("do")).and_then(Value::as_str);
            return Err(match word.filter(|_| error.to_string().starts_with("unknown variant")) {
                Some(word) => Fault::Unknown { what: sentence(word), format },
                None => no_operation(&error.to_string()),
            });
        }
    };
    operation.check().map_err(|unsound| Fault::Unsound { reason: unsound.to_string() })?;
    Ok(operation)
}

/// What the commit changes, if that is nothing but what its operation is about.
fn belongs(repo: &Repository, link: &Link, operation: &Operation, budget: &mut Budget) -> Result<Changed, Fault> {
    let unusable = |error: TreeError| Fault::Tree { reason: sentence(&error.to_string()) };
    let mut one = Budget::of_one();
    let before = link.parent.map(|(_, tree)| tree);
    let paths: Changed = changed(repo, before, link.tree, true, &mut one).map_err(unusable)?;
    budget.charge(&one).map_err(unusable)?;
    let foreign = |path: &str| {
        let sentence = sentence(&operation.action.sentence());
        Fault::Foreign { path: path.to_owned(), sentence }
    };
    let about = About::of(&operation.action);
    for path in paths.keys() {
        let path = sentence(path);
        if path == FORMAT_PATH && link.parent.is_some() {
            return Err(foreign(&path));
        }
        let Some(document) = layout::document_at(&path) else { continue };
        let parent = link.parent.map(|(_, tree)| tree);
        if !about.names(&document) && !is_held(repo, parent, &about, &document) {
            return Err(foreign(&path));
        }
    }
    Ok(paths)
}

/// Whether the document is a task of an agent that acts, or goes: every act of an agent renews the lease of what it works
/// on, and its removal frees what it has.
fn is_held(repo: &Repository, tree: Option<ObjectId>, about: &About<'_>, document: &Document) -> bool {
    let (Some(tree), Document::Task(_)) = (tree, document) else { return false };
    let mut buffer = Vec::new();
    let paths = layout::paths(document);
    let entry = paths.iter().find_map(|path| objects::entry_at(repo, tree, path, &mut buffer));
    let data = entry.and_then(|entry| objects::document(repo, entry.id, &mut buffer).ok());
    let json: Option<Value> = data.and_then(|data| serde_json::from_slice(data).ok());
    let holder = json.as_ref().and_then(|json| json.get("agent")).and_then(Value::as_str);
    holder.and_then(|name| name.parse().ok()).is_some_and(|name: AgentName| about.agents.contains(&name))
}

/// What an operation names as what it changes.
struct About<'o> {
    agents: HashSet<&'o AgentName>,
    tasks: HashSet<&'o TaskId>,
    findings: HashSet<&'o FindingId>,
    documents: HashSet<&'o Document>,
}

impl<'o> About<'o> {
    fn of(action: &'o Action) -> Self {
        let findings = match action {
            Action::AddFindings { findings } => findings.iter().map(|one| &one.id).collect(),
            Action::ResolveFindings { findings } => findings.iter().collect(),
            _ => HashSet::new(),
        };
        let documents = match action {
            Action::Undo { documents, .. } | Action::Repair { documents } => {
                documents.iter().map(|change| &change.document).collect()
            }
            _ => HashSet::new(),
        };
        let (agents, tasks) = (action.agents().into_iter().collect(), action.tasks().into_iter().collect());
        About { agents, tasks, findings, documents }
    }

    fn names(&self, document: &Document) -> bool {
        match document {
            _ if self.documents.contains(document) => true,
            Document::Agent(name) => self.agents.contains(name),
            Document::Task(id) => self.tasks.contains(id),
            Document::Finding(id) => self.findings.contains(id),
            // The counts follow from everything, and claims end with whatever they were made for.
            Document::Tally | Document::Claim(_) => true,
        }
    }
}

/// What the newest commit has of damaged documents that the accepted one did not have like that.
fn quarantined(
    repo: &Repository,
    tip: ObjectId,
    accepted: Option<ObjectId>,
    budget: &mut Budget,
) -> Result<Vec<Damaged>, StoreError> {
    let unreadable = |reason: String| StoreError::Unreadable { commit: tip, reason };
    let new = objects::tree_of(repo, tip).map_err(unreadable)?;
    let old = accepted.map(|commit| objects::tree_of(repo, commit)).transpose().map_err(unreadable)?;
    let paths = changed(repo, old, new, true, budget).map_err(|error| unreadable(error.to_string()))?;
    // As every command reads it, so that nothing is let through that stops them.
    // What goes on from what was accepted is needed again in a moment, so a copy is kept; of the rest none may be.
    let state = match accepted {
        Some(_) => super::state_of(repo, tip, &Scope::open())?,
        None => read::read(repo, tip, &Scope::open())?,
    };
    let mut damaged = state.damaged;
    if let (Some(accepted), false) = (accepted, damaged.is_empty()) {
        let known = read::read(repo, accepted, &Scope::open()).map(|state| state.damaged).unwrap_or_default();
        let known: BTreeSet<(String, String)> = known.into_iter().map(|one| (one.path, one.reason)).collect();
        let is_known = |one: &Damaged| known.contains(&(one.path.clone(), one.reason.clone()));
        damaged.retain(|one| paths.contains_key(&one.path) || !is_known(one));
    }
    // And what only some commands read, one by one: an archive may be larger than the memory.
    let is_archived = |path: &str| path.starts_with("tasks/closed/") || path.starts_with("findings/");
    let read: BTreeSet<String> = damaged.iter().map(|one| one.path.clone()).collect();
    for (path, entry) in paths.iter().filter(|(path, _)| is_archived(path) && !read.contains(*path)) {
        damaged.extend(entry.as_ref().and_then(|entry| single::examine(repo, tip, path, entry)));
    }
    Ok(damaged)
}

#[cfg(test)]
#[path = "vet_test.rs"]
mod tests;
