//! Which operations that moved refs or began a task were done in this very clone: `$GIT_COMMON_DIR/agents/own`, a line
//! each.
//!
//! The chain is no proof of that. Whoever can push to the remote can write into it that we made a branch or moved one,
//! and what we have made or moved is ours to delete or to move back. An agent's task is done where it was begun. The
//! file is never fetched and never pushed; it holds the operation's id, which stays the same when it is replayed, and a
//! hash of what it says of refs and agents. It is written before the refs of the operation are recorded; losing it makes
//! us careful, and nothing else.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use gix::ObjectId;

use super::StoreError;
use crate::git::Repository;
use crate::state::{Action, Operation};

/// The operations of this clone that moved refs or began a task.
#[derive(Debug, Default)]
pub struct Own {
    lines: HashSet<String>,
    kind: Option<gix::hash::Kind>,
}

impl Own {
    /// Read them; none where nothing was ever noted.
    pub fn read(repo: &Repository) -> Self {
        let text = std::fs::read_to_string(path(repo)).unwrap_or_default();
        Own { lines: text.lines().map(str::to_owned).collect(), kind: Some(repo.gix().object_hash()) }
    }

    /// Whether the operation was done here, exactly as the chain has it now.
    pub fn has(&self, operation: &Operation) -> bool {
        self.kind.and_then(|kind| line(kind, operation)).is_some_and(|line| self.lines.contains(&line))
    }
}

/// Note that the operation is about to be recorded. Most that move no ref leave no note.
pub(super) fn note(repo: &Repository, operation: &Operation) -> Result<(), StoreError> {
    let is_noted = !operation.moved.is_empty() || matches!(operation.action, Action::Start { .. });
    let Some(line) = is_noted.then(|| line(repo.gix().object_hash(), operation)).flatten() else {
        return Ok(());
    };
    let path = path(repo);
    let write = || {
        let mut file = OpenOptions::new().append(true).create(true).open(&path)?;
        // A line that a kill cut short must not spoil the next one.
        file.write_all(format!("\n{line}\n").as_bytes())
    };
    write().map_err(|error| StoreError::Write { reason: format!("{}: {error}", path.display()) })
}

fn line(kind: gix::hash::Kind, operation: &Operation) -> Option<String> {
    let said = serde_json::to_vec(&(&operation.moved, operation.action.agents())).ok()?;
    let hash: ObjectId = gix::objs::compute_hash(kind, gix::objs::Kind::Blob, &said).ok()?;
    Some(format!("{} {hash}", operation.id))
}

fn path(repo: &Repository) -> PathBuf {
    repo.agents_dir().join("own")
}
