//! Old backups: which refs below `refs/agents-local/backup/` nobody will ask for any more.
//!
//! A backup's age is that of its operation, whose id is a ULID and holds the time. What `undo` of the newest operations
//! rests on stays however old it is.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use gix::ObjectId;
use gix::actor::Signature;

use crate::agent::CommitId;
use crate::git::refs::{self, Expected, RefError, RefUpdate};
use crate::git::{GitError, Repository};
use crate::state::{Action, OperationId};
use crate::store::{self, History, StoreError};

/// Where backups are: `<operation>/<what>` below it.
pub const FOLDER: &str = "refs/agents-local/backup/";
/// So many of the newest operations can be taken back, whatever is cleaned up.
pub const UNDO_DEPTH: usize = 10;
/// How old a backup is when nobody says otherwise.
pub const DEFAULT_AGE: TimeDelta = TimeDelta::days(30);

/// One backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The full name of the ref.
    pub name: String,
    /// The operation or command that it was written for.
    pub id: String,
    /// What it holds.
    pub commit: ObjectId,
    /// When it was written; none when its id does not say.
    pub at: Option<DateTime<Utc>>,
    /// Whether nothing else reaches what it holds.
    pub is_only_here: bool,
    /// Why it stays; none when it is old enough to go.
    pub kept: Option<KeptBackup>,
}

/// Why a backup stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptBackup {
    /// It is younger than the limit.
    Young,
    /// One of the newest operations cannot be taken back without it.
    Undo,
    /// Its id does not say how old it is.
    Ageless,
}

/// Why backups could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum BackupsError {
    /// The history could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Refs could not be read or deleted.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Look at all backups, the oldest first; those older than `age` may go. Nothing is changed.
///
/// # Errors
/// See [`BackupsError`].
pub fn survey(repo: &Repository, now: DateTime<Utc>, age: TimeDelta) -> Result<Vec<Backup>, BackupsError> {
    let found = refs::list(repo, FOLDER)?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let needed = Needed::of(repo)?;
    let only_here = only_here(repo, &found)?;
    let backup = |(name, commit): (String, ObjectId)| {
        let id = name.strip_prefix(FOLDER).and_then(|rest| rest.split('/').next()).unwrap_or_default().to_owned();
        let at = time_of(&id);
        let kept = match at {
            _ if needed.is_needed(repo, &name, &id, commit) => Some(KeptBackup::Undo),
            None => Some(KeptBackup::Ageless),
            Some(at) if now.signed_duration_since(at) < age => Some(KeptBackup::Young),
            Some(_) => None,
        };
        Backup { is_only_here: only_here.contains(&commit), name, id, commit, at, kept }
    };
    // Ids sort by time, and so do names that begin with them.
    Ok(found.into_iter().map(backup).collect())
}

/// Delete these backups where they are, all or none.
///
/// # Errors
/// See [`RefError`].
pub fn delete(repo: &Repository, backups: &[&Backup], signature: &Signature) -> Result<(), RefError> {
    let update = |backup: &&Backup| RefUpdate {
        name: backup.name.clone(),
        expected: Expected::At(backup.commit),
        new: None,
        message: "old backup".to_owned(),
    };
    refs::transaction(repo, &backups.iter().map(update).collect::<Vec<_>>(), signature)
}

/// The time in a ULID.
fn time_of(id: &str) -> Option<DateTime<Utc>> {
    let ulid = ulid::Ulid::from_string(id.get(..26)?).ok()?;
    DateTime::from_timestamp_millis(i64::try_from(ulid.timestamp_ms()).ok()?)
}

/// What taking back the newest operations rests on.
#[derive(Debug, Default)]
struct Needed {
    operations: BTreeSet<String>,
    names: BTreeSet<String>,
    commits: BTreeSet<ObjectId>,
}

impl Needed {
    fn of(repo: &Repository) -> Result<Self, StoreError> {
        let (mut needed, mut undone) = (Needed::default(), BTreeSet::<OperationId>::new());
        for entry in History::from(repo, store::tip(repo)?) {
            // Nothing before an operation that nobody understands can be taken back.
            let Some(operation) = entry?.operation else { break };
            match operation.action {
                Action::Undo { operation: taken_back, .. } => drop(undone.insert(taken_back)),
                _ if undone.contains(&operation.id) => {}
                action => {
                    let parse = |id: &CommitId| ObjectId::from_hex(id.as_str().as_bytes()).ok();
                    needed.commits.extend(operation.moved.iter().filter_map(|moved| parse(moved.before.as_ref()?)));
                    needed.operations.insert(operation.id.to_string());
                    if let Action::RemoveAgent { backup: Some(backup), .. } = action {
                        needed.names.insert(backup);
                    }
                }
            }
            if needed.operations.len() == UNDO_DEPTH {
                break;
            }
        }
        Ok(needed)
    }

    /// Backups of landings have their operation's id. That of a removal has one of its own: it is known by its name, or
    /// as the commit on top of where the branch was.
    fn is_needed(&self, repo: &Repository, name: &str, id: &str, commit: ObjectId) -> bool {
        let is_removal = || name.strip_prefix(FOLDER).is_some_and(|rest| rest.matches('/').count() == 1);
        let is_on_top = || {
            let commit = repo.gix().find_commit(commit).ok();
            let first = commit.and_then(|commit| commit.parent_ids().next().map(|parent| parent.detach()));
            first.is_some_and(|first| self.commits.contains(&first))
        };
        self.operations.contains(id) || self.names.contains(name) || (is_removal() && is_on_top())
    }
}

/// Those of the commits that no ref but backups and no worktree reaches.
fn only_here(repo: &Repository, found: &[(String, ObjectId)]) -> Result<BTreeSet<ObjectId>, GitError> {
    let commits: String = found.iter().map(|(_, commit)| format!("{commit}\n")).collect();
    let options = ["rev-list", "--stdin", "--not", &format!("--exclude={FOLDER}*"), "--all"];
    let text = repo.git().args(options).input(commits).text()?;
    Ok(text.lines().filter_map(|line| ObjectId::from_hex(line.as_bytes()).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_holds_its_time() {
        assert_eq!(
            time_of("01kdw3a9r0abcdefghjkmnpqrs").map(|at| at.to_rfc3339()[..4].to_owned()).as_deref(),
            Some("2026")
        );
        assert_eq!(time_of("op1"), None);
    }
}
