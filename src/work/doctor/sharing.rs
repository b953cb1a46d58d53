//! What stands between this clone and the others: operations that were rejected, and a remote that cannot decide.

use super::Ailment;
use crate::git::Repository;
use crate::sync::{self, Mode, SyncError};

/// Look, without asking any remote.
pub(super) fn examine(repo: &Repository) -> Vec<Ailment> {
    let mut found = Vec::new();
    match sync::rejected(repo) {
        Ok(rejected) => found.extend(rejected.iter().map(|one| {
            let message = format!("rejected by what others did first: {}: {}", one.sentence, one.reason);
            Ailment::warning("operation-rejected", message).hint("git agents sync --acknowledge")
        })),
        Err(error) => found.push(Ailment::warning("rejected-unreadable", error.to_string())),
    }
    found.extend(remote(repo).err().map(|error| {
        let ailment = Ailment::error("remote", error.to_string());
        match error {
            SyncError::BadMode { .. } => ailment.hint("git config --unset agents.sync"),
            SyncError::BadRemoteRef { .. } => ailment.hint("git config --unset agents.remoteRef"),
            _ => ailment.hint("git config agents.remote NAME"),
        }
    }));
    found
}

/// Who synchronises by itself has to know with whom.
fn remote(repo: &Repository) -> Result<(), SyncError> {
    match sync::mode(repo)? {
        Mode::Auto => sync::remote(repo, None).map(drop),
        Mode::Manual => Ok(()),
    }
}
