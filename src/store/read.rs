//! Reading a state out of a commit: what was asked for and no more, so that the cost does not grow with the archive.

use std::collections::BTreeSet;

use gix::ObjectId;
use serde_json::Value;

use super::StoreError;
use super::layout::{self, FORMAT_PATH, FORMAT_VERSION, TALLY_PATH};
use super::objects::{self, Entry, Kind, Unusable, tree_of};
use crate::git::Repository;
use crate::state::{Damaged, Document, State};
use crate::task::{Task, TaskId, TaskState, knots};
use crate::text::sentence;

/// The most documents that are read at once.
pub(super) const MOST_DOCUMENTS: usize = 200_000;
/// The most bytes of documents that are read at once.
pub(super) const MOST_BYTES: usize = 96 << 20;
/// The most dependencies that tasks which are read at once have together.
pub(super) const MOST_DEPENDENCIES: usize = 200_000;
/// The most documents that are looked up one by one.
const MOST_LOOKED_UP: usize = 20_000;

/// What is read besides the agents, the claims, the tasks that are not closed and the counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// All findings.
    pub findings: bool,
    /// All closed tasks.
    pub closed: bool,
    /// These documents, wherever they are.
    pub documents: Vec<Document>,
    /// No tasks and no counts, unless they are there without reading them.
    pub without_tasks: bool,
}

impl Scope {
    /// Agents and open tasks only.
    pub fn open() -> Self {
        Scope::default()
    }

    /// Agents and claims; tasks only where they cost nothing.
    pub fn claims() -> Self {
        Scope { without_tasks: true, ..Scope::default() }
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

/// A reader of one commit's tree. What is in it may come from anywhere: nothing is taken that breaks a rule, and no more
/// than a machine can hold.
pub(super) struct Reader<'r> {
    repo: &'r Repository,
    commit: ObjectId,
    buffer: Vec<u8>,
    pub(super) state: State,
    pub(super) documents: usize,
    pub(super) bytes: usize,
    looked_up: usize,
    dependencies: usize,
    /// There is more than we read, so that nothing can be said of the whole.
    pub(super) exceeded: Option<String>,
}

/// The state in the tree of `commit`.
///
/// # Errors
/// The commit or its top tree cannot be read, or it was written by a newer version. A single document that cannot be
/// read is no error: it is in [`State::damaged`].
pub(super) fn read(repo: &Repository, commit: ObjectId, scope: &Scope) -> Result<State, StoreError> {
    let mut reader = Reader::new(repo, commit, State::default());
    let unreadable = |reason: String| StoreError::Unreadable { commit, reason };
    let tree = tree_of(repo, commit).map_err(unreadable)?;
    let top = objects::entries(repo, tree, &mut reader.buffer).map_err(|error| unreadable(error.to_string()))?;
    reader.check_format(&top)?;
    let has_tally = top.iter().any(|entry| entry.name == TALLY_PATH);
    for entry in top {
        match entry.name.as_str() {
            "agents" => reader.folder(&entry, "agents"),
            "claims" => reader.folder(&entry, "claims"),
            "tasks" | TALLY_PATH if scope.without_tasks => {}
            "tasks" => reader.tasks(&entry, scope.closed),
            "findings" if scope.findings => reader.shards(&entry, "findings"),
            TALLY_PATH => reader.document(&entry, TALLY_PATH),
            _ => {}
        }
    }
    let dependencies = reader.state.tasks.values().flat_map(|task| &task.after).cloned().map(Document::Task);
    let wanted: BTreeSet<Document> = dependencies.chain(scope.documents.iter().cloned()).collect();
    let damaged = reader.damaged_documents();
    reader.look_up(tree, wanted, &damaged);
    reader.leave_out_knots();
    let tally_is_damaged = reader.state.damaged.iter().any(|damaged| damaged.document == Some(Document::Tally));
    if (tally_is_damaged || !has_tally) && !scope.without_tasks {
        reader.count_closed(tree);
    }
    reader.finish()
}

/// The version of the format that the tree of `commit` has.
///
/// # Errors
/// It has none, or a newer one than we know.
pub(super) fn format(repo: &Repository, commit: ObjectId) -> Result<u64, StoreError> {
    let mut reader = Reader::new(repo, commit, State::default());
    let unreadable = |reason: String| StoreError::Unreadable { commit, reason };
    let tree = tree_of(repo, commit).map_err(unreadable)?;
    let top = objects::entries(repo, tree, &mut reader.buffer).map_err(|error| unreadable(error.to_string()))?;
    reader.check_format(&top)?;
    Ok(FORMAT_VERSION)
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
    let mut reader = Reader::new(repo, commit, state);
    if let (true, Some(entry)) = (scope.findings, reader.entry_at(tree, "findings")) {
        reader.shards(&entry, "findings");
    }
    let damaged = reader.damaged_documents();
    reader.look_up(tree, scope.documents.iter().cloned().collect(), &damaged);
    reader.finish()
}

/// Read the dependencies of everything in `state` that may still wait for them, and theirs, so that no cycle can hide
/// among closed tasks.
///
/// # Errors
/// The commit cannot be read.
pub(super) fn with_dependencies(repo: &Repository, commit: ObjectId, state: State) -> Result<State, StoreError> {
    let tree = tree_of(repo, commit).map_err(|reason| StoreError::Unreadable { commit, reason })?;
    let mut reader = Reader::new(repo, commit, state);
    let waits = |task: &&Task| task.state != TaskState::Landed;
    let mut next: Vec<TaskId> =
        reader.state.tasks.values().filter(waits).flat_map(|task| &task.after).cloned().collect();
    let (mut sought, damaged): (BTreeSet<TaskId>, _) = (BTreeSet::new(), reader.damaged_documents());
    // Each task is sought once, and asked once for what it waits for.
    loop {
        next.retain(|id| !reader.state.tasks.contains_key(id) && sought.insert(id.clone()));
        if next.is_empty() || reader.exceeded.is_some() {
            return reader.finish();
        }
        reader.look_up(tree, next.iter().cloned().map(Document::Task).collect(), &damaged);
        let found = next.iter().filter_map(|id| reader.state.tasks.get(id)).filter(waits);
        next = found.flat_map(|task| &task.after).cloned().collect();
    }
}

impl<'r> Reader<'r> {
    pub(super) fn new(repo: &'r Repository, commit: ObjectId, state: State) -> Self {
        let (buffer, exceeded) = (Vec::new(), None);
        Reader { repo, commit, buffer, state, documents: 0, bytes: 0, looked_up: 0, dependencies: 0, exceeded }
    }

    pub(super) fn finish(self) -> Result<State, StoreError> {
        match self.exceeded {
            Some(reason) => Err(StoreError::TooLarge { commit: self.commit, reason }),
            None => Ok(self.state),
        }
    }

    fn check_format(&mut self, top: &[Entry]) -> Result<(), StoreError> {
        let no_format = |reason| StoreError::NoFormat { commit: self.commit, reason };
        let Some(entry) = top.iter().find(|entry| entry.name == FORMAT_PATH) else {
            return Err(no_format("it holds no format.json"));
        };
        let unreadable = || no_format("its format.json cannot be read");
        let data = objects::document(self.repo, entry.id, &mut self.buffer).map_err(|_| unreadable())?;
        let json: Value = serde_json::from_slice(data).map_err(|_| unreadable())?;
        match json.get("version").and_then(Value::as_u64) {
            Some(FORMAT_VERSION) => Ok(()),
            Some(found) if found > FORMAT_VERSION => Err(StoreError::NewerFormat { found, known: FORMAT_VERSION }),
            _ => Err(no_format("its format.json has no version that there is")),
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
            if self.exceeded.is_some() {
                return;
            }
            self.folder(&shard, &format!("{path}/{}", shard.name));
        }
    }

    fn folder(&mut self, folder: &Entry, path: &str) {
        for entry in self.listing(folder, path) {
            // Also what is no document costs the look at it.
            self.count();
            if self.exceeded.is_some() {
                return;
            }
            self.document(&entry, &format!("{path}/{}", entry.name));
        }
    }

    fn listing(&mut self, folder: &Entry, path: &str) -> Vec<Entry> {
        let entries = match folder.kind {
            Kind::Folder => objects::entries(self.repo, folder.id, &mut self.buffer),
            Kind::File => Err(Unusable::Damaged("it is a file".to_owned())),
            Kind::Odd(mode) => Err(Unusable::Damaged(format!("it has mode {mode:o}"))),
        };
        entries.unwrap_or_else(|reason| {
            if let Unusable::TooLarge { .. } = reason {
                self.exceeded.get_or_insert_with(|| format!("{}: {reason}", sentence(path)));
            }
            self.damaged(path, None, &reason.to_string());
            Vec::new()
        })
    }

    /// Take one document in, or note why it cannot be. What is no document at all (a README that somebody added) is
    /// passed over.
    pub(super) fn document(&mut self, entry: &Entry, path: &str) {
        match layout::document_at(path) {
            Some(document) => {
                if let Err(reason) = self.load(&document, entry, path) {
                    self.damaged(path, Some(document), &reason);
                }
            }
            None => {
                if let Some(reason) = layout::misplaced(path) {
                    self.damaged(path, None, &reason);
                }
            }
        }
    }

    /// One document more.
    pub(super) fn count(&mut self) {
        self.documents += 1;
        if self.documents > MOST_DOCUMENTS || self.bytes > MOST_BYTES {
            let most = format!("{MOST_DOCUMENTS} documents or {} MiB", MOST_BYTES >> 20);
            self.exceeded.get_or_insert_with(|| format!("more than {most} are not read at once"));
        }
    }

    fn load(&mut self, document: &Document, entry: &Entry, path: &str) -> Result<(), String> {
        match entry.kind {
            Kind::File => {}
            Kind::Folder => return Err("it is a folder".to_owned()),
            Kind::Odd(mode) => return Err(format!("it has mode {mode:o}, not 100644")),
        }
        if document.task().is_some_and(|id| self.state.tasks.contains_key(id)) {
            return Err("the same task stands among the open ones".to_owned());
        }
        let data = objects::document(self.repo, entry.id, &mut self.buffer).map_err(|error| error.to_string())?;
        self.bytes += data.len();
        let mut json = serde_json::Deserializer::from_slice(data);
        let loaded = self.state.load_document(document, &mut json);
        let loaded = loaded.and_then(|()| json.end().map_err(|error| error.to_string()));
        let after = document.task().and_then(|id| self.state.tasks.get(id)).map_or(0, |task| task.after.len());
        self.dependencies += after;
        if self.dependencies > MOST_DEPENDENCIES {
            let reason = format!("tasks with more than {MOST_DEPENDENCIES} dependencies together are not read at once");
            self.exceeded.get_or_insert(reason);
        }
        let loaded = loaded.and_then(|()| match document.task().and_then(|id| self.state.tasks.get(id)) {
            Some(task) if task.state.is_closed() != path.starts_with("tasks/closed/") => {
                Err(format!("it is {}, and does not stand among such tasks", task.state))
            }
            _ => Ok(()),
        });
        if loaded.is_err() {
            self.state.leave_out(document);
        }
        loaded
    }

    fn damaged(&mut self, path: &str, document: Option<Document>, reason: &str) {
        self.state.damaged.push(Damaged { path: sentence(path), document, reason: sentence(reason) });
    }

    fn damaged_documents(&self) -> BTreeSet<Document> {
        self.state.damaged.iter().filter_map(|one| one.document.clone()).collect()
    }

    /// Read single documents that the folders read so far did not bring.
    fn look_up(&mut self, tree: ObjectId, wanted: BTreeSet<Document>, damaged: &BTreeSet<Document>) {
        for document in wanted {
            let known = match &document {
                Document::Task(id) => self.state.tasks.contains_key(id),
                Document::Finding(id) => self.state.findings.contains_key(id),
                Document::Agent(name) => self.state.agents.contains_key(name),
                Document::Claim(_) | Document::Tally => true,
            };
            if known || damaged.contains(&document) {
                continue;
            }
            self.looked_up += 1;
            if self.looked_up > MOST_LOOKED_UP {
                let reason = format!("more than {MOST_LOOKED_UP} tasks are waited for that are not open");
                self.exceeded.get_or_insert(reason);
                return;
            }
            for path in layout::paths(&document) {
                if let Some(entry) = self.entry_at(tree, &path) {
                    self.count();
                    self.document(&entry, &path);
                }
            }
        }
    }

    /// Tasks that wait for each other are damaged, all of them: none can ever begin, and none of them is the wrong one.
    fn leave_out_knots(&mut self) {
        for knot in knots(&self.state.tasks) {
            let shown: Vec<&str> = knot.iter().take(5).map(TaskId::as_str).collect();
            let more = if knot.len() > shown.len() { ", …" } else { "" };
            let reason = match knot.as_slice() {
                [_] => "it waits for itself".to_owned(),
                _ => format!("these tasks wait for each other: {}{more}", shown.join(", ")),
            };
            for id in knot {
                let document = Document::Task(id.clone());
                let path = layout::path_in(&self.state, &document).unwrap_or_default();
                self.state.leave_out(&document);
                self.damaged(&path, Some(document), &reason);
            }
        }
    }

    /// The counts are damaged or not there: count what there is, and have the next write put them right.
    fn count_closed(&mut self, tree: ObjectId) {
        let mut closed = Reader::new(self.repo, self.commit, State::default());
        if let Some(entry) = closed.entry_at(tree, "tasks/closed") {
            closed.shards(&entry, "tasks/closed");
        }
        self.exceeded = self.exceeded.take().or(closed.exceeded);
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
        objects::entry_at(self.repo, tree, path, &mut self.buffer)
    }
}
