//! A batch: tasks that were given out together, `$GIT_COMMON_DIR/agents/batches/<name>.json`.
//!
//! The tasks carry the label `batch:<name>`, which every clone sees. This file is what only this clone knows: which
//! agents it gave them to, and what the plan said when they were filed, so that what somebody has changed by hand since
//! stays changed. Losing it loses nothing else.

use std::collections::BTreeMap;
use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::agent::AgentName;
use crate::git::Repository;
use crate::name::checked_name;
use crate::task::TaskId;

checked_name! {
    /// What a batch is called: `[a-z0-9][a-z0-9._-]{0,63}`.
    BatchName
}

impl BatchName {
    /// The label of its tasks.
    pub fn label(&self) -> String {
        format!("{LABEL}{self}")
    }
}

/// What the label of a batch begins with.
pub const LABEL: &str = "batch:";

/// What this clone knows of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Its name.
    pub name: BatchName,
    /// When it was begun here.
    pub created_at: DateTime<Utc>,
    /// Where its plan was read, when it was a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Its tasks.
    #[serde(default)]
    pub tasks: BTreeMap<TaskId, Member>,
}

/// What this clone knows of a batch's task.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Member {
    /// The agent that it was begun with here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentName>,
    /// What the plan said of it, as a number that changes with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<String>,
}

/// Why a batch cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// Another process works on it.
    #[error("the batch {name} is being worked on by another process")]
    Busy {
        /// Which.
        name: BatchName,
    },
    /// Its file cannot be used.
    #[error("{}: {reason}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
}

/// The right to work on a batch, held until dropped. It ends with its holder.
#[derive(Debug)]
pub struct Held {
    _lock: File,
}

impl Batch {
    /// What is known of the batch; of one that is not known, nothing.
    ///
    /// # Errors
    /// [`BatchError::Io`]. A file that makes no sense counts as none: what it says can be done without.
    pub fn read(repo: &Repository, name: &BatchName, now: DateTime<Utc>) -> Result<Self, BatchError> {
        let new = || Batch { name: name.clone(), created_at: now, plan: None, tasks: BTreeMap::new() };
        let path = file(repo, name, "json");
        match std::fs::read(&path) {
            Ok(bytes) => {
                Ok(serde_json::from_slice(&bytes).ok().filter(|read: &Batch| read.name == *name).unwrap_or_else(new))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(new()),
            Err(error) => Err(BatchError::Io { path, reason: error.to_string() }),
        }
    }

    /// Keep it.
    ///
    /// # Errors
    /// [`BatchError::Io`]
    pub fn write(&self, repo: &Repository) -> Result<(), BatchError> {
        let path = file(repo, &self.name, "json");
        let written = || -> std::io::Result<()> {
            let folder = folder(repo);
            std::fs::create_dir_all(&folder)?;
            let mut file = tempfile::NamedTempFile::new_in(&folder)?;
            serde_json::to_writer_pretty(&mut file, self)?;
            file.write_all(b"\n")?;
            file.persist(&path).map_err(|error| error.error)?;
            Ok(())
        };
        written().map_err(|error| BatchError::Io { path: path.clone(), reason: error.to_string() })
    }
}

/// Take the right to judge a run of a batch, which several may have at once; none while somebody works on the batch, who
/// does it then.
///
/// # Errors
/// [`BatchError::Io`]
pub fn judge(repo: &Repository, name: &BatchName) -> Result<Option<Held>, BatchError> {
    loop {
        let (path, lock) = open(repo, name)?;
        match lock.try_lock_shared() {
            Ok(()) if is_there(&lock, &path) => return Ok(Some(Held { _lock: lock })),
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(BatchError::Io { path, reason: error.to_string() }),
        }
    }
}

/// Take the right to work on a batch; whoever judges a run that has ended has it for a moment, so it is waited for.
///
/// # Errors
/// See [`BatchError`].
pub fn hold(repo: &Repository, name: &BatchName, patience: Duration) -> Result<Held, BatchError> {
    let give_up = Instant::now() + patience;
    loop {
        let (path, lock) = open(repo, name)?;
        match lock.try_lock() {
            Ok(()) if is_there(&lock, &path) => return Ok(Held { _lock: lock }),
            Ok(()) => {}
            Err(TryLockError::WouldBlock) if Instant::now() < give_up => std::thread::sleep(Duration::from_millis(10)),
            Err(TryLockError::WouldBlock) => return Err(BatchError::Busy { name: name.clone() }),
            Err(TryLockError::Error(error)) => return Err(BatchError::Io { path, reason: error.to_string() }),
        }
    }
}

/// Whether what is locked is still what others would lock: a batch may be forgotten between opening and locking.
fn is_there(lock: &File, path: &Path) -> bool {
    let same = |one: Metadata, other: Metadata| (one.dev(), one.ino()) == (other.dev(), other.ino());
    lock.metadata().and_then(|one| Ok(same(one, path.metadata()?))).unwrap_or(false)
}

/// Batches of which nothing was written down for `age` and no task is left by what `is_open` says.
pub fn over(repo: &Repository, now: DateTime<Utc>, age: Duration, is_open: impl Fn(&TaskId) -> bool) -> Vec<BatchName> {
    let is_old = |name: &BatchName| {
        let written = file(repo, name, "json").metadata().and_then(|data| data.modified());
        let passed = |at| now.signed_duration_since(DateTime::<Utc>::from(at)).to_std().unwrap_or_default();
        written.is_ok_and(|at| passed(at) >= age)
    };
    let is_over = |name: &BatchName| {
        Batch::read(repo, name, now).is_ok_and(|batch| !batch.tasks.keys().any(&is_open)) && !is_worked_on(repo, name)
    };
    names(repo).into_iter().filter(|name| is_old(name) && is_over(name)).collect()
}

/// Forget what is known of a batch; false when somebody works on it.
///
/// # Errors
/// [`BatchError::Io`]
pub fn forget(repo: &Repository, name: &BatchName) -> Result<bool, BatchError> {
    let _held = match hold(repo, name, Duration::ZERO) {
        Ok(held) => held,
        Err(BatchError::Busy { .. }) => return Ok(false),
        Err(error) => return Err(error),
    };
    for path in [file(repo, name, "json"), file(repo, name, "lock")] {
        std::fs::remove_file(&path).map_err(|error| BatchError::Io { path, reason: error.to_string() })?;
    }
    Ok(true)
}

/// Whether some process works on it. Nothing is made for the question.
pub fn is_worked_on(repo: &Repository, name: &BatchName) -> bool {
    let lock = File::open(file(repo, name, "lock"));
    lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

fn open(repo: &Repository, name: &BatchName) -> Result<(PathBuf, File), BatchError> {
    let path = file(repo, name, "lock");
    let failed = |error: std::io::Error| BatchError::Io { path: path.clone(), reason: error.to_string() };
    std::fs::create_dir_all(folder(repo)).map_err(failed)?;
    let lock = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    Ok((path, lock))
}

/// The names of all batches that this clone knows, sorted.
pub fn names(repo: &Repository) -> Vec<BatchName> {
    let Ok(entries) = std::fs::read_dir(folder(repo)) else { return Vec::new() };
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.ok()?.file_name().to_str()?.strip_suffix(".json")?.parse().ok()
    };
    let mut names: Vec<BatchName> = entries.filter_map(name).collect();
    names.sort();
    names
}

fn folder(repo: &Repository) -> PathBuf {
    repo.agents_dir().join("batches")
}

fn file(repo: &Repository, name: &BatchName, end: &str) -> PathBuf {
    folder(repo).join(format!("{name}.{end}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::fixture::Fixture;

    #[test]
    fn what_is_kept_is_read_and_only_one_works_on_it() {
        let fixture = Fixture::new();
        let repo = fixture.open();
        let name: BatchName = "parser".parse().unwrap();
        let now = DateTime::UNIX_EPOCH;
        let mut batch = Batch::read(&repo, &name, now).unwrap();
        assert!(batch.tasks.is_empty());
        let member = Member { agent: Some("ann".parse().unwrap()), planned: Some("x".to_owned()) };
        batch.tasks.insert("t1".parse().unwrap(), member);
        batch.write(&repo).unwrap();
        assert_eq!(Batch::read(&repo, &name, DateTime::UNIX_EPOCH + chrono::TimeDelta::days(1)).unwrap(), batch);
        assert_eq!(names(&repo), std::slice::from_ref(&name));
        let held = hold(&repo, &name, Duration::ZERO).unwrap();
        assert!(matches!(hold(&repo, &name, Duration::ZERO), Err(BatchError::Busy { .. })));
        assert!(judge(&repo, &name).unwrap().is_none() && is_worked_on(&repo, &name));
        drop(held);
        assert!(!is_worked_on(&repo, &name));
        let judges = [judge(&repo, &name).unwrap(), judge(&repo, &name).unwrap()];
        assert!(judges.iter().all(Option::is_some) && hold(&repo, &name, Duration::ZERO).is_err());
        drop(judges);
        drop(hold(&repo, &name, Duration::ZERO).unwrap());
        // It is forgotten when nothing of it is left, and whoever waits for its lock gets the one of the next.
        let written = file(&repo, &name, "json").metadata().unwrap().modified().unwrap();
        let later = DateTime::<Utc>::from(written) + chrono::TimeDelta::hours(1);
        let over = |age, open| super::over(&repo, later, Duration::from_secs(age), |_| open);
        assert_eq!((over(3600, false), over(7200, false), over(3600, true)), (vec![name.clone()], vec![], vec![]));
        let held = hold(&repo, &name, Duration::ZERO).unwrap();
        assert!(over(0, false).is_empty() && !forget(&repo, &name).unwrap());
        drop(held);
        assert!(forget(&repo, &name).unwrap() && names(&repo).is_empty());
        batch.write(&repo).unwrap();
        // What was torn or came from elsewhere is as good as nothing.
        std::fs::write(file(&repo, &name, "json"), b"{\"name\": \"oth").unwrap();
        assert!(Batch::read(&repo, &name, now).unwrap().tasks.is_empty());
    }
}
