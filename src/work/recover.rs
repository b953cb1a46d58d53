//! Finishing or taking back what a process that died has left half done. Every command that changes something begins
//! with it; where nothing is left it costs one look into a folder.

use std::collections::BTreeSet;

use crate::agent::{AgentName, CommitId};
use crate::git::repository::path_text;
use crate::git::{Repository, identity, refs};
use crate::land::finish::Finished;
use crate::land::{self, Questions, Recovered};
use crate::state::{Action, RefMove};
use crate::store::{self, Change, History, Refused, Scope, StoreError};
use crate::work::place;
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
    let mut all = Vec::new();
    for recovered in land::recover(repo, &questions, &signature)? {
        all.push(match recovered {
            Recovered::Removal { id, is_gone, entry } => {
                let told = removal(repo, world, id, is_gone)?;
                entry.finish()?;
                told
            }
            other => told(other),
        });
    }
    Ok(all)
}

/// A removal that was finished has yet to be recorded: the agent goes from the state, so that `undo` finds it. A folder
/// that was given back because somebody works in it leaves the agent as it is.
fn removal(repo: &Repository, world: &World, id: String, is_gone: bool) -> Result<Told, RecoverError> {
    let folder = format!("refs/agents-local/backup/{id}/");
    let backup = refs::list(repo, &folder).map_err(StoreError::from)?.into_iter().next();
    let agent = backup.as_ref().and_then(|(name, _)| name.strip_prefix(&folder)?.parse::<AgentName>().ok());
    let (Some((backup, commit)), Some(name), true) = (backup, agent, is_gone) else {
        let done = vec![format!("cleared up after an interrupted command ({id})")];
        return Ok(Told { id, done, remains: Vec::new() });
    };
    let state = store::load(repo, &Scope::open())?.state;
    let branch = state.agents.get(&name).map(|agent| format!("refs/heads/{}", agent.branch));
    let has_no_ref = |branch: &String| refs::read(repo, branch).is_ok_and(|tip| tip.is_none());
    if let Some(branch) = branch.filter(has_no_ref) {
        let hex = |id: gix::ObjectId| CommitId::try_from(id.to_string()).ok();
        // The backup's first parent is where the branch was.
        let before =
            repo.gix().find_commit(commit).ok().and_then(|commit| commit.parent_ids().next().map(|p| p.detach()));
        let moved = vec![RefMove { name: branch, before: before.and_then(hex), after: None }];
        let action = Action::RemoveAgent { agent: name.clone(), backup: Some(backup.clone()) };
        let change = || Ok(Some(Change { action: action.clone(), moved: moved.clone() }));
        let written: Result<_, Refused<std::convert::Infallible>> =
            store::transact(repo, world, &Scope::open(), |_, _| change());
        if let Err(Refused::Store(error)) = written {
            return Err(error.into());
        }
        place::forget(repo, &name);
    }
    let done = vec![format!("finished the interrupted removal of {name}; its work is in {backup}")];
    Ok(Told { id, done, remains: Vec::new() })
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
        Recovered::Removal { id, .. } | Recovered::Landing { id, finished: Finished::Dropped } => {
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
