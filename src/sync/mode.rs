//! When to synchronise without being asked.

use chrono::{DateTime, TimeDelta, Utc};
use std::path::PathBuf;

use super::remote::{MODE_KEY, REMOTE_KEY};
use super::{SyncError, met, remote};
use crate::git::Repository;
use crate::world::World;

/// What is not exclusive waits so long for company.
const RIDE: TimeDelta = TimeDelta::seconds(60);

/// When to synchronise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Exclusive acts reach the remote before they are acknowledged; the rest follows.
    Auto,
    /// Only when somebody asks.
    Manual,
}

/// `agents.sync`; when it says nothing, automatically where it was decided to share: `agents.remote` names the remote,
/// or a sync has succeeded once, whatever has become of that remote since. So nobody who works alone ever waits for a
/// network, and nobody who shares stops to without a word.
///
/// # Errors
/// [`SyncError::BadMode`], and refs that cannot be read.
pub fn mode(repo: &Repository) -> Result<Mode, SyncError> {
    match repo.config(MODE_KEY).as_deref() {
        Some("auto") => Ok(Mode::Auto),
        Some("manual") => Ok(Mode::Manual),
        Some(value) => Err(SyncError::BadMode { value: value.to_owned() }),
        None if repo.config(REMOTE_KEY).is_some() => Ok(Mode::Auto),
        None => Ok(if has_met_others(repo)? { Mode::Auto } else { Mode::Manual }),
    }
}

/// Whether the chain of some remote was ever accepted: what is in the state may be another clone's doing.
///
/// # Errors
/// Refs could not be read.
pub fn has_met_others(repo: &Repository) -> Result<bool, SyncError> {
    Ok(!met::names(repo).is_empty())
}

/// The name of the remote whose chain was accepted before, without asking anybody: the one that would be synchronised
/// with.
///
/// # Errors
/// Refs could not be read.
pub fn known_remote(repo: &Repository) -> Result<Option<String>, SyncError> {
    let names = met::names(repo);
    if names.is_empty() {
        return Ok(None);
    }
    let wanted = remote::name(repo, None).ok();
    Ok(wanted.filter(|wanted| names.contains(wanted)))
}

/// Whether what waits to be shared has waited long enough.
pub fn is_due(repo: &Repository, world: &World) -> bool {
    let last = std::fs::read_to_string(path(repo)).ok();
    let last = last.and_then(|text| text.trim().parse::<DateTime<Utc>>().ok());
    last.is_none_or(|last| world.now.signed_duration_since(last).abs() >= RIDE)
}

/// Remember that it was tried now. It is only to spare hosts: what stands in the way is passed over.
pub(super) fn note_attempt(repo: &Repository, world: &World) {
    drop(std::fs::create_dir_all(repo.agents_dir()));
    drop(std::fs::write(path(repo), format!("{}\n", world.now.to_rfc3339())));
}

fn path(repo: &Repository) -> PathBuf {
    repo.agents_dir().join("synced")
}
