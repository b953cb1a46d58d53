//! What a resolution began from, written down before git starts: `<agents folder>/resolve/<agent>.json`.
//!
//! It appears whole, by rename. With it the next command can tell the operation that this program began from anybody
//! else's, and knows where the branch was. Beside it lies a file that is only ever locked: by the command that is at
//! work on the agent's resolution, and by the git that it started, which may outlive it.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use gix::ObjectId;
use gix::bstr::ByteSlice;
use serde::{Deserialize, Serialize};

use super::ResolveError;
use crate::agent::AgentName;
use crate::git::{Git, Repository, refs};
use crate::land::execute::backup_name;
use crate::state::OperationId;

/// The form of the records that this program writes.
const VERSION: u32 = 1;
/// How long another command, or a git that outlived one, is waited for.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(100);
/// How many of git's lines are told.
const LINES: usize = 5;

/// With which of git's commands a conflict is resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// `git rebase`: commit by commit.
    Rebase,
    /// `git merge`: the target as a whole.
    Merge,
}

impl Way {
    /// The git command, as the user types it.
    pub fn word(self) -> &'static str {
        match self {
            Way::Rebase => "rebase",
            Way::Merge => "merge",
        }
    }
}

/// One resolution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Whose.
    pub agent: AgentName,
    /// Its branch, `refs/heads/…`.
    pub branch: String,
    /// The top folder of the worktree.
    pub worktree: PathBuf,
    /// The worktree's own git folder.
    pub git_dir: PathBuf,
    /// Where the branch was.
    pub tip: ObjectId,
    /// The target, without `refs/heads/`.
    pub target: String,
    /// Where the target was.
    pub onto: ObjectId,
    /// The command.
    pub way: Way,
    /// Names the backup of the branch.
    pub operation: OperationId,
    /// When it began.
    pub at: DateTime<Utc>,
    /// The newest operation of the state by then: a landing of the agent after it ends the resolution.
    pub state: Option<ObjectId>,
    /// git has stopped and somebody was told. Before that, what git left may be that of a git that was killed.
    pub is_told: bool,
}

/// What can go wrong with records.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A file could not be read, written or locked.
    #[error("{} cannot be used: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not what this program writes.
    #[error("{} is damaged: {reason}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A path in it is not UTF-8.
    #[error("this cannot be written down: {reason}")]
    Unwritable {
        /// What stood in the way.
        reason: String,
    },
    /// Another command, or its git, is at work on it.
    #[error("another command is at work on the resolution of {agent}")]
    Held {
        /// Whose.
        agent: AgentName,
    },
}

/// As it is on disk.
#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    agent: AgentName,
    branch: String,
    worktree: PathBuf,
    git_dir: PathBuf,
    tip: String,
    target: String,
    onto: String,
    way: Way,
    operation: OperationId,
    at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(default)]
    is_told: bool,
}

impl Record {
    /// Write it, durably, in the place of an earlier one.
    ///
    /// # Errors
    /// [`RecordError::Io`] and [`RecordError::Unwritable`].
    pub fn write(&self, repo: &Repository) -> Result<(), RecordError> {
        let text = serde_json::to_vec_pretty(&Document::from(self))
            .map_err(|error| RecordError::Unwritable { reason: error.to_string() })?;
        let path = file(repo, &self.agent, "json");
        let write = || {
            let folder = folder(repo);
            std::fs::create_dir_all(&folder)?;
            let mut draft = tempfile::Builder::new().suffix(".tmp").tempfile_in(&folder)?;
            draft.write_all(&text)?;
            draft.as_file().sync_all()?;
            draft.persist(&path).map_err(|error| error.error)?;
            File::open(folder)?.sync_all()
        };
        write().map_err(|source| RecordError::Io { path: path.clone(), source })
    }

    /// Take it away: the resolution is over. To be called by whoever holds the right to work on it.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub fn remove(&self, repo: &Repository) -> Result<(), RecordError> {
        let path = file(repo, &self.agent, "json");
        // What a process left that was killed while it wrote the backup.
        let backup = backup_name(self.operation.as_str(), &self.branch);
        drop(std::fs::remove_file(refs::lock_path(repo, &backup)));
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(RecordError::Io { path, source }),
            _ => Ok(()),
        }
    }

    /// Its branch without `refs/heads/`.
    pub fn short(&self) -> &str {
        self.branch.strip_prefix("refs/heads/").unwrap_or(&self.branch)
    }

    /// From the bytes of a file.
    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let document: Document = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if document.version != VERSION {
            return Err(format!("it has version {}, and this program knows {VERSION}", document.version));
        }
        let id = |hex: &str| ObjectId::from_hex(hex.as_bytes()).map_err(|_| format!("{hex:?} is no object id"));
        if !document.branch.starts_with("refs/heads/") {
            return Err(format!("{:?} is no branch", document.branch));
        }
        if !document.worktree.is_absolute() || !document.git_dir.is_absolute() {
            return Err("its folders are not absolute".to_owned());
        }
        Ok(Record {
            tip: id(&document.tip)?,
            onto: id(&document.onto)?,
            state: document.state.as_deref().map(id).transpose()?,
            agent: document.agent,
            branch: document.branch,
            worktree: document.worktree,
            git_dir: document.git_dir,
            target: document.target,
            way: document.way,
            operation: document.operation,
            at: document.at,
            is_told: document.is_told,
        })
    }
}

impl From<&Record> for Document {
    fn from(record: &Record) -> Self {
        Document {
            version: VERSION,
            agent: record.agent.clone(),
            branch: record.branch.clone(),
            worktree: record.worktree.clone(),
            git_dir: record.git_dir.clone(),
            tip: record.tip.to_string(),
            target: record.target.clone(),
            onto: record.onto.to_string(),
            way: record.way,
            operation: record.operation.clone(),
            at: record.at,
            state: record.state.map(|id| id.to_string()),
            is_told: record.is_told,
        }
    }
}

/// The record of one agent; none when it has none.
///
/// # Errors
/// [`RecordError::Io`] and [`RecordError::Damaged`].
pub fn read(repo: &Repository, agent: &AgentName) -> Result<Option<Record>, RecordError> {
    read_file(&file(repo, agent, "json"))
}

/// Drop what was recorded of an agent that is gone.
///
/// # Errors
/// See [`RecordError`].
pub fn forget(repo: &Repository, agent: &AgentName) -> Result<(), RecordError> {
    if read(repo, agent)?.is_none() {
        return Ok(());
    }
    let _held = Held::acquire(repo, agent)?;
    read(repo, agent)?.map_or(Ok(()), |record| record.remove(repo))
}

/// All records by agent, and what cannot be read of them.
///
/// # Errors
/// [`RecordError::Io`] when the folder cannot be read.
pub fn list(repo: &Repository) -> Result<Vec<Result<Record, RecordError>>, RecordError> {
    let folder = folder(repo);
    let failed = |source| RecordError::Io { path: folder.clone(), source };
    let entries = match folder.read_dir() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths.iter().filter_map(|path| read_file(path).transpose()).collect())
}

fn read_file(path: &Path) -> Result<Option<Record>, RecordError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(RecordError::Io { path: path.to_owned(), source }),
    };
    let damaged = |reason| RecordError::Damaged { path: path.to_owned(), reason };
    let record = Record::parse(&bytes).map_err(damaged)?;
    if path.file_stem().is_none_or(|stem| stem != record.agent.as_str()) {
        return Err(damaged(format!("it is about {}", record.agent)));
    }
    Ok(Some(record))
}

/// The right to work on an agent's resolution, for as long as this lives or a git that was run with it does.
#[derive(Debug)]
#[must_use = "it is given back when it is dropped"]
pub struct Held {
    lock: File,
    words: PathBuf,
}

impl Held {
    /// Wait for it, but not for ever.
    ///
    /// # Errors
    /// [`RecordError::Held`] and [`RecordError::Io`].
    pub fn acquire(repo: &Repository, agent: &AgentName) -> Result<Self, RecordError> {
        let path = file(repo, agent, "lock");
        let failed = |source| RecordError::Io { path: path.clone(), source };
        std::fs::create_dir_all(folder(repo)).map_err(failed)?;
        let open = File::options().read(true).append(true).create(true).open(&path);
        let file = open.map_err(failed)?;
        for _ in 0..TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(Held { lock: file, words: path.with_extension("log") }),
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
        Err(RecordError::Held { agent: agent.clone() })
    }

    /// Run git with the right in its hands, also beyond our own end; gives what it said that matters to people.
    ///
    /// # Errors
    /// git could not be run, or its words not be kept.
    pub(super) fn run(&self, git: Git) -> Result<String, ResolveError> {
        let failed = |source| RecordError::Io { path: self.words.clone(), source };
        let words = File::create(&self.words).map_err(failed)?;
        git.run_outliving(self.lock.try_clone().map_err(failed)?, words)?;
        let text = std::fs::read(&self.words).map_err(failed)?;
        let text = text.to_str_lossy();
        // Progress is overwritten by carriage returns.
        let lines = text.lines().filter_map(|line| line.rsplit('\r').next()).map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("hint:"));
        Ok(lines.take(LINES).collect::<Vec<_>>().join("; "))
    }
}

fn folder(repo: &Repository) -> PathBuf {
    repo.agents_dir().join("resolve")
}

fn file(repo: &Repository, agent: &AgentName, extension: &str) -> PathBuf {
    folder(repo).join(format!("{agent}.{extension}"))
}

#[cfg(test)]
#[path = "record_test.rs"]
mod tests;
