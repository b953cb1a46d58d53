//! Finishing or taking back what a process that died has left half done. Every command that changes something begins
//! with it; where nothing is left it costs one look into a folder.

use std::collections::BTreeSet;

use crate::agent::AgentName;
use crate::git::repository::path_text;
use crate::git::{Repository, identity};
use crate::land::finish::Finished;
use crate::land::{self, Questions, Recovered};
use crate::store::{self, History, Scope, StoreError};
use crate::worktree::follow::Followed;
use crate::worktree::journal::{self, JournalError};
use crate::world::World;

/// Why what was left could not be looked at. It stays, and can be tried again.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The state cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of one command that was interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its operation.
    pub id: String,
    /// A sentence each: what was done about it.
    pub done: Vec<String>,
    /// A sentence each: what somebody should look at.
    pub remains: Vec<String>,
}

/// How far back an interrupted operation is looked for: it was the newest of its process.
const LOOK_BACK: usize = 1000;

/// Clear away what dead processes have left. What cannot be finished now is told, stays, and stops nobody else.
///
/// # Errors
/// See [`RecoverError`].
pub fn recover(repo: &Repository, world: &World) -> Result<Vec<Told>, RecoverError> {
    if !journal::is_any(repo)? {
        return Ok(Vec::new());
    }
    let signature = identity::committer(repo, world.now).ok_or(StoreError::NoIdentity)?;
    let snapshot = store::load(repo, &Scope::open())?;
    let newest: BTreeSet<String> = History::from(repo, snapshot.tip)
        .take(LOOK_BACK)
        .filter_map(|entry| entry.ok()?.operation)
        .map(|operation| operation.id.to_string())
        .collect();
    let agents = &snapshot.state.agents;
    let questions = Questions {
        is_registered: &|name| name.parse::<AgentName>().is_ok_and(|name| agents.contains_key(&name)),
        is_recorded: &|id| newest.contains(id),
    };
    Ok(land::recover(repo, &questions, &signature)?.into_iter().map(told).collect())
}

fn told(recovered: Recovered) -> Told {
    let cleared = |id: &str| vec![format!("cleared up after an interrupted command ({id})")];
    match recovered {
        Recovered::Creation { id, left } => {
            let remains = left.map(|left| format!("an interrupted command left something that is kept: {left}"));
            Told { done: cleared(&id), remains: remains.into_iter().collect(), id }
        }
        Recovered::Landing { id, finished: Finished::Completed { elsewhere, unrecorded, followed } } => {
            let mut remains: Vec<String> = followed.iter().filter_map(|(path, how)| not_followed(path, how)).collect();
            remains.extend(elsewhere.iter().map(|name| format!("{name} was moved by somebody else since, and stays")));
            if unrecorded {
                remains.push("the refs of an interrupted command have moved, and it is not in the log".to_owned());
            }
            Told { done: vec![format!("finished an interrupted command ({id})")], remains, id }
        }
        Recovered::Removal { id } | Recovered::Landing { id, finished: Finished::Dropped } => {
            Told { done: cleared(&id), remains: Vec::new(), id }
        }
        Recovered::Failed { id, error } => {
            let remains = vec![format!("an interrupted command ({id}) cannot be finished yet: {error}")];
            Told { done: Vec::new(), remains, id }
        }
    }
}

/// What somebody should know of a worktree that did not simply come along.
fn not_followed(path: &std::path::Path, how: &Followed) -> Option<String> {
    let path = path.display();
    match how {
        Followed::Done => None,
        Followed::Kept { paths } => {
            let paths: Vec<String> = paths.iter().map(|path| path_text(path.as_ref())).collect();
            let paths = paths.join(", ");
            Some(format!("{path}: edited meanwhile and kept, so they lack what has landed: {paths}"))
        }
        Followed::Elsewhere => Some(format!("{path} has something else checked out by now; it stays")),
        Followed::Later { .. } => Some(format!("{path} cannot come along yet; git agents doctor --fix tries again")),
    }
}
