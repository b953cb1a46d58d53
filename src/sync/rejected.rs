//! Operations of this clone that did not hold on the remote's chain: a file of this clone, until somebody has taken
//! notice.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::SyncError;
use crate::git::Repository;
use crate::state::OperationId;
use crate::store::StoreLock;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedOperation {
    /// Its id; none when this version does not know the operation.
    pub id: Option<OperationId>,
    /// Its commit in the chain that the backup keeps.
    pub commit: String,
    /// What it did.
    pub sentence: String,
    /// Who wrote it.
    pub by: String,
    /// Why it does not hold.
    pub reason: String,
    /// When it was rejected.
    pub at: DateTime<Utc>,
    /// The remote whose chain it did not fit.
    pub remote: String,
    /// The ref that keeps the chain with it.
    pub backup: String,
}

/// What was rejected and nobody has taken notice of yet, oldest first.
///
/// # Errors
/// The file is there and cannot be read.
pub fn rejected(repo: &Repository) -> Result<Vec<RejectedOperation>, SyncError> {
    let path = path(repo);
    let failed = |reason: String| SyncError::Io { path: path.clone(), reason };
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map_err(|error| SyncError::BadRejected { path: path.clone(), reason: error.to_string() }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// Put the file aside when it cannot be read; gives what it is called now.
///
/// # Errors
/// The file cannot be renamed.
pub fn set_aside(repo: &Repository, at: DateTime<Utc>) -> Result<PathBuf, SyncError> {
    let path = path(repo);
    let aside = path.with_extension(format!("broken-{}", at.format("%Y%m%dT%H%M%SZ")));
    let failed = |error: std::io::Error| SyncError::Io { path: path.clone(), reason: error.to_string() };
    std::fs::rename(&path, &aside).map_err(failed)?;
    Ok(aside)
}

/// Forget these, or all; gives those that were there.
///
/// # Errors
/// The file cannot be read or written.
pub fn acknowledge(repo: &Repository, only: Option<&OperationId>) -> Result<Vec<RejectedOperation>, SyncError> {
    // Whoever records what is rejected has the store's lock.
    let _lock = StoreLock::acquire(repo)?;
    let all = rejected(repo)?;
    let (gone, kept): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|one| only.is_none() || (one.id.is_some() && one.id.as_ref() == only));
    if !gone.is_empty() {
        write(repo, &kept)?;
    }
    Ok(gone)
}

/// Write these down, under the store's lock, and strike out what holds after all: a sync that was killed may have come to another end.
pub(super) fn record(
    repo: &Repository,
    new: &[RejectedOperation],
    holds: &BTreeSet<OperationId>,
) -> Result<(), SyncError> {
    let before = rejected(repo)?;
    let is_new = |one: &RejectedOperation| new.iter().any(|other| other.commit == one.commit);
    let mut all: Vec<RejectedOperation> = before.clone();
    all.retain(|one| !is_new(one) && one.id.as_ref().is_none_or(|id| !holds.contains(id)));
    all.extend(new.iter().cloned());
    if all == before { Ok(()) } else { write(repo, &all) }
}

fn write(repo: &Repository, all: &[RejectedOperation]) -> Result<(), SyncError> {
    let path = path(repo);
    let failed = |error: std::io::Error| SyncError::Io { path: path.clone(), reason: error.to_string() };
    let folder = repo.agents_dir();
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let mut bytes = serde_json::to_vec_pretty(all).map_err(|error| failed(error.into()))?;
    bytes.push(b'\n');
    let mut file = tempfile::NamedTempFile::new_in(&folder).map_err(failed)?;
    file.write_all(&bytes).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    file.persist(&path).map_err(|error| failed(error.error))?;
    Ok(())
}

fn path(repo: &Repository) -> PathBuf {
    repo.agents_dir().join("rejected.json")
}
