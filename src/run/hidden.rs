//! Runs that are alive although no record says so: their plan cannot be read, or their folder was deleted under them. The
//! lock, or the processes themselves, tell that they are there.

use std::collections::BTreeSet;
use std::time::Duration;

use rustix::process::Signal;
use serde::Deserialize;

use super::census::Census;
use super::error::RunError;
use super::file::{self, Fact};
use super::folder::Folder;
use super::id::RunId;
use super::list;
use super::record::{Plan, Stop};
use super::stop::{SUPERVISORS, end_all, tell, wait_for};
use crate::agent::AgentName;
use crate::git::Repository;
use crate::process::table::{self, Process};

/// A supervisor that is told by a signal gives its program this much.
const BY_SIGNAL: Duration = Duration::from_secs(10);

/// A run that is alive and of which nothing can be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Hidden {
    /// Its name.
    pub id: RunId,
    /// Where its files are, or were.
    pub folder: Folder,
    /// Whose it is, as its processes or its plan say.
    pub agent: Option<AgentName>,
    /// What can be seen of it.
    pub processes: Vec<Process>,
}

/// What is wanted of a plan that is not one.
#[derive(Debug, Deserialize)]
struct Owner {
    agent: AgentName,
}

impl Hidden {
    /// Its folder is there.
    pub fn has_folder(&self) -> bool {
        self.folder.path().exists()
    }
}

/// All such runs of a repository, the oldest first.
///
/// # Errors
/// The folder of the runs cannot be read.
pub fn hidden(repo: &Repository) -> Result<Vec<Hidden>, RunError> {
    look(repo, &Census::default(), Folder::has_starter)
}

/// The same for whoever holds the queue: nobody else starts one.
///
/// # Errors
/// The folder of the runs cannot be read.
pub(super) fn hidden_in_queue(repo: &Repository, census: &Census) -> Result<Vec<Hidden>, RunError> {
    look(repo, census, |_| false)
}

fn look(repo: &Repository, census: &Census, has_starter: fn(&Folder) -> bool) -> Result<Vec<Hidden>, RunError> {
    let is_hidden = |folder: &Folder| {
        // One without a plan is perhaps about to be started; who starts it has written the plan before going.
        let starts = || has_starter(folder) || file::read::<Plan>(&folder.plan()) != Fact::Absent;
        folder.is_held() && (file::read::<Plan>(&folder.plan()) != Fact::Absent || (!starts() && folder.is_held()))
    };
    let unreadable = list::unreadable(repo)?.into_iter().filter(is_hidden);
    let unreadable = unreadable.filter_map(|folder| folder.path().file_name()?.to_str()?.parse().ok());
    let mut ids: BTreeSet<RunId> = unreadable.collect();
    for id in census.runs().keys() {
        if !list::is_readable(repo, id) && is_ours(repo, id, census) {
            ids.insert(id.clone());
        }
    }
    let one = |id: RunId| {
        let marked = census.of(&id);
        let processes = marked.iter().map(|one| one.process).collect();
        let folder = Folder::of(repo, &id);
        // A plan of another version may still say whose it is.
        let planned = || file::read::<Owner>(&folder.plan()).known().map(|plan| plan.agent.clone());
        let agent = marked.iter().find_map(|one| one.agent.clone()).or_else(planned);
        Hidden { folder, agent, processes, id }
    };
    Ok(ids.into_iter().map(one).collect())
}

/// Say no when one of them is the agent's, or may be.
///
/// # Errors
/// One is.
pub(super) fn refuse(hidden: &[Hidden], agent: &AgentName) -> Result<(), RunError> {
    let agent = agent.clone();
    if hidden.iter().any(|one| one.agent.as_ref() == Some(&agent)) {
        return Err(RunError::StillRunning { agent });
    }
    if hidden.iter().any(|one| one.agent.is_none()) { Err(RunError::Hidden { agent }) } else { Ok(()) }
}

/// Whether what carries this mark is a run of this repository: it says so itself, or there is a folder of that name and it
/// does not say otherwise.
fn is_ours(repo: &Repository, id: &RunId, census: &Census) -> bool {
    let folder = Folder::of(repo, id);
    census.is_of(id, &folder).unwrap_or_else(|| folder.path().exists())
}

/// End one with all its processes. `by` is who wants it; its program has `grace` to end by itself. Gives how many
/// processes there were.
///
/// # Errors
/// [`RunError::HiddenNotEnded`].
pub fn stop(repo: &Repository, hidden: &Hidden, by: &str, grace: Duration) -> Result<usize, RunError> {
    let seen = || -> Vec<(Process, bool)> {
        let census = Census::default();
        let is_ours = is_ours(repo, &hidden.id, &census);
        census.of(&hidden.id).iter().filter(|_| is_ours).map(|one| (one.process, one.is_supervisor)).collect()
    };
    let processes = || seen().into_iter().map(|(process, _)| process).collect::<Vec<_>>();
    let found = seen();
    let mut is_told = tell(&hidden.folder, &Stop::new(by, grace));
    for (supervisor, _) in found.iter().filter(|(_, is_supervisor)| *is_supervisor) {
        // One that was stopped does not hear.
        drop(table::signal(supervisor.pid, supervisor.start, Signal::CONT));
        is_told = is_told || table::signal(supervisor.pid, supervisor.start, Signal::TERM).is_ok();
    }
    if is_told {
        wait_for(grace.max(BY_SIGNAL) + SUPERVISORS, || processes().is_empty() && !hidden.folder.is_held());
    }
    let not_ended = |left| RunError::HiddenNotEnded { id: hidden.id.clone(), left };
    end_all(processes).map_err(not_ended)?;
    if hidden.folder.is_held() { Err(not_ended(0)) } else { Ok(found.len()) }
}
