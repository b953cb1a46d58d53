//! Reading a state out of a commit: what was asked for and no more, so that the cost does not grow with the archive.

use std::collections::BTreeSet;

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::prelude::FindExt;
use serde_json::Value;

use super::StoreError;
use super::layout::{self, FORMAT_PATH, FORMAT_VERSION, TALLY_PATH};
use crate::git::Repository;
use crate::state::{Damaged, Document, State};
use crate::task::{TaskId, TaskState};

/// What is read besides the agents, the claims, the tasks that are not closed and the counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// All findings.
    pub findings: bool,
    /// All closed tasks.
    pub closed: bool,
    /// These documents, wherever they are.
    pub documents: Vec<Document>,
}

impl Scope {
    /// Agents and open tasks only.
    pub fn open() -> Self {
        Scope::default()
    }

    /// Findings too.
    #[must_use]
    pub fn with_findings(mut self) -> Self {
        self.findings = true;
        self
    }

    /// Closed tasks too.
    #[must_use]
    pub fn with_closed(mut self) -> Self {
        self.closed = true;
        self
    }

    /// These tasks too, closed or not.
    #[must_use]
    pub fn with_tasks<'a>(mut self, ids: impl IntoIterator<Item = &'a TaskId>) -> Self {
        self.documents.extend(ids.into_iter().cloned().map(Document::Task));
        self
    }
}

/// One entry of a tree: a name that we could have written, and where it leads.
struct Entry {
    name: String,
    is_tree: bool,
    id: ObjectId,
}

/// A reader of one commit's tree.
pub(super) struct Reader<'r> {
    repo: &'r Repository,
    buffer: Vec<u8>,
    state: State,
}

/// The state in the tree of `commit`.
///
/// # Errors
/// The commit or its top tree cannot be read, or it was written by a newer version. A single document that cannot be
/// read is no error: it is in [`State::damaged`].
pub(super) fn read(repo: &Repository, commit: ObjectId, scope: &Scope) -> Result<State, StoreError> {
    let mut reader = Reader { repo, buffer: Vec::new(), state: State::default() };
    let unreadable = |reason: String| StoreError::Unreadable { commit, reason };
    let tree = tree_of(repo, commit).map_err(unreadable)?;
    let top = reader.entries(tree).map_err(unreadable)?;
    reader.check_format(&top)?;
    let has_tally = top.iter().any(|entry| entry.name == TALLY_PATH);
    for entry in top {
        match entry.name.as_str() {
            "agents" => reader.folder(&entry, "agents"),
            "claims" => reader.folder(&entry, "claims"),
            "tasks" => reader.tasks(&entry, scope.closed),
            "findings" if scope.findings => reader.shards(&entry, "findings"),
            TALLY_PATH => reader.document(&entry, TALLY_PATH),
            _ => {}
        }
    }
    let dependencies = reader.state.tasks.values().flat_map(|task| &task.after).cloned().map(Document::Task);
    let wanted: Vec<Document> = dependencies.chain(scope.documents.iter().cloned()).collect();
    reader.look_up(tree, wanted);
    let tally_is_damaged = reader.state.damaged.iter().any(|damaged| damaged.document == Some(Document::Tally));
    if tally_is_damaged || !has_tally {
        reader.count_closed(tree);
    }
    Ok(reader.state)
}

/// Read what `scope` asks for besides what every state has into `state`, which is of the same commit.
///
/// # Errors
/// The commit cannot be read.
pub(super) fn extend(repo: &Repository, commit: ObjectId, state: State, scope: &Scope) -> Result<State, StoreError> {
    if !scope.findings && scope.documents.is_empty() {
        return Ok(state);
    }
    let tree = tree_of(repo, commit).map_err(|reason| StoreError::Unreadable { commit, reason })?;
    let mut reader = Reader { repo, buffer: Vec::new(), state };
    if let (true, Some(entry)) = (scope.findings, reader.entry_at(tree, "findings")) {
        reader.shards(&entry, "findings");
    }
    reader.look_up(tree, scope.documents.clone());
    Ok(reader.state)
}

/// Read the dependencies of everything in `state` that may still wait for them, and theirs, so that no cycle can hide
/// among closed tasks.
///
/// # Errors
/// The commit cannot be read.
pub(super) fn with_dependencies(repo: &Repository, commit: ObjectId, state: State) -> Result<State, StoreError> {
    let tree = tree_of(repo, commit).map_err(|reason| StoreError::Unreadable { commit, reason })?;
    let mut reader = Reader { repo, buffer: Vec::new(), state };
    let mut sought: BTreeSet<TaskId> = BTreeSet::new();
    loop {
        let waiting = reader.state.tasks.values().filter(|task| task.state != TaskState::Landed);
        let missing = waiting.flat_map(|task| &task.after).filter(|id| !reader.state.tasks.contains_key(id));
        let wanted: Vec<TaskId> = missing.filter(|id| !sought.contains(id)).cloned().collect();
        if wanted.is_empty() {
            return Ok(reader.state);
        }
        sought.extend(wanted.iter().cloned());
        reader.look_up(tree, wanted.into_iter().map(Document::Task).collect());
    }
}

/// The tree of a commit.
pub(super) fn tree_of(repo: &Repository, commit: ObjectId) -> Result<ObjectId, String> {
    let mut buffer = Vec::new();
    let mut parts = repo.gix().objects.find_commit_iter(&commit, &mut buffer).map_err(|error| error.to_string())?;
    parts.tree_id().map_err(|error| error.to_string())
}

impl Reader<'_> {
    fn check_format(&mut self, top: &[Entry]) -> Result<(), StoreError> {
        let Some(entry) = top.iter().find(|entry| entry.name == FORMAT_PATH) else {
            return Err(StoreError::NoFormat);
        };
        let blob = self.repo.gix().objects.find_blob(&entry.id, &mut self.buffer).map_err(|_| StoreError::NoFormat)?;
        let json: Value = serde_json::from_slice(blob.data).map_err(|_| StoreError::NoFormat)?;
        match json.get("version").and_then(Value::as_u64) {
            Some(FORMAT_VERSION) => Ok(()),
            Some(found) => Err(StoreError::NewerFormat { found, known: FORMAT_VERSION }),
            None => Err(StoreError::NoFormat),
        }
    }

    fn tasks(&mut self, tasks: &Entry, closed: bool) {
        for part in self.listing(tasks, "tasks") {
            match part.name.as_str() {
                "open" => self.shards(&part, "tasks/open"),
                "closed" if closed => self.shards(&part, "tasks/closed"),
                _ => {}
            }
        }
    }

    fn shards(&mut self, folder: &Entry, path: &str) {
        for shard in self.listing(folder, path) {
            self.folder(&shard, &format!("{path}/{}", shard.name));
        }
    }

    fn folder(&mut self, folder: &Entry, path: &str) {
        for entry in self.listing(folder, path) {
            self.document(&entry, &format!("{path}/{}", entry.name));
        }
    }

    fn listing(&mut self, folder: &Entry, path: &str) -> Vec<Entry> {
        let entries = if folder.is_tree { self.entries(folder.id) } else { Err("it is a file".to_owned()) };
        entries.unwrap_or_else(|reason| {
            self.state.damaged.push(Damaged { path: path.to_owned(), document: None, reason });
            Vec::new()
        })
    }

    /// Take one document in, or note why it cannot be. What we would never write (a README that somebody added) is
    /// passed over.
    fn document(&mut self, entry: &Entry, path: &str) {
        let Some(document) = layout::document_at(path) else { return };
        if let Err(reason) = self.load(&document, entry) {
            self.state.damaged.push(Damaged { path: path.to_owned(), document: Some(document), reason });
        }
    }

    fn load(&mut self, document: &Document, entry: &Entry) -> Result<(), String> {
        if entry.is_tree {
            return Err("it is a folder".to_owned());
        }
        let blob = self.repo.gix().objects.find_blob(&entry.id, &mut self.buffer).map_err(|error| error.to_string())?;
        let mut json = serde_json::Deserializer::from_slice(blob.data);
        self.state.load_document(document, &mut json)?;
        json.end().map_err(|error| error.to_string())
    }

    /// Read single documents that the folders read so far did not bring.
    fn look_up(&mut self, tree: ObjectId, wanted: Vec<Document>) {
        for document in wanted {
            let known = match &document {
                Document::Task(id) => self.state.tasks.contains_key(id),
                Document::Finding(id) => self.state.findings.contains_key(id),
                Document::Agent(_) | Document::Claim(_) | Document::Tally => true,
            };
            if known || self.state.damaged.iter().any(|damaged| damaged.document.as_ref() == Some(&document)) {
                continue;
            }
            for path in layout::paths(&document) {
                if let Some(entry) = self.entry_at(tree, &path) {
                    self.document(&entry, &path);
                }
            }
        }
    }

    /// The counts are damaged or not there: count what there is, and have the next write put them right.
    fn count_closed(&mut self, tree: ObjectId) {
        let mut closed = Reader { repo: self.repo, buffer: Vec::new(), state: State::default() };
        if let Some(entry) = closed.entry_at(tree, "tasks/closed") {
            closed.shards(&entry, "tasks/closed");
        }
        let count = |state| closed.state.tasks.values().filter(|task| task.state == state).count() as u64;
        let (landed, dropped) = (count(TaskState::Landed), count(TaskState::Dropped));
        let damaged = self.state.damaged.iter().any(|damaged| damaged.document == Some(Document::Tally));
        if damaged || (landed, dropped) != (0, 0) {
            self.state.tally.landed = landed;
            self.state.tally.dropped = dropped;
            self.state.touch(Document::Tally);
        }
    }

    fn entry_at(&mut self, tree: ObjectId, path: &str) -> Option<Entry> {
        let mut at = Entry { name: String::new(), is_tree: true, id: tree };
        for part in path.split('/') {
            at = self.entries(at.id).ok()?.into_iter().find(|entry| entry.name == part)?;
        }
        Some(at)
    }

    fn entries(&mut self, tree: ObjectId) -> Result<Vec<Entry>, String> {
        let tree = self.repo.gix().objects.find_tree(&tree, &mut self.buffer).map_err(|error| error.to_string())?;
        let ours = tree.entries.iter().filter_map(|entry| {
            let name = entry.filename.to_str().ok()?.to_owned();
            Some(Entry { name, is_tree: entry.mode.is_tree(), id: entry.oid.to_owned() })
        });
        Ok(ours.collect())
    }
}
