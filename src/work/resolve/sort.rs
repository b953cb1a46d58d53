//! Which resolutions are done, which still wait, and which are over.

use super::ResolveError;
use super::begin::Waiting;
use super::progress::{self, Progress, progress, worktree_of};
use super::record::{self, Held, Record, RecordError};
use super::torn::unlock;
use crate::agent::AgentName;
use crate::config::Target;
use crate::git::Repository;
use crate::git::refs;
use crate::git::worktrees::{self, OperationKind};
use crate::land::is_ancestor;

/// All resolutions by how far they have come.
#[derive(Debug, Default)]
pub struct Sorted {
    /// Finished: to be landed.
    pub ready: Vec<Record>,
    /// Somebody has to go on.
    pub waiting: Vec<Waiting>,
    /// git was killed at them: to be begun again, or taken back.
    pub torn: Vec<Record>,
    /// Another operation is going on where they were.
    pub foreign: Vec<(Record, OperationKind)>,
    /// The branch is gone.
    pub gone: Vec<Record>,
    /// There is nothing left of them, and their records are not needed any more.
    pub over: Vec<Record>,
    /// Records that cannot be read.
    pub damaged: Vec<RecordError>,
}

impl Sorted {
    /// There are none at all.
    pub fn is_empty(&self) -> bool {
        let Sorted { ready, waiting, torn, foreign, gone, over, damaged } = self;
        ready.is_empty()
            && waiting.is_empty()
            && torn.is_empty()
            && foreign.is_empty()
            && gone.is_empty()
            && over.is_empty()
            && damaged.is_empty()
    }
}

/// Look at the resolutions of these agents, or of all where none is named. Nothing is changed.
///
/// # Errors
/// See [`ResolveError`].
pub fn sort(repo: &Repository, agents: &[AgentName]) -> Result<Sorted, ResolveError> {
    let mut sorted = Sorted::default();
    let records = match agents {
        [] => record::list(repo)?,
        named => named.iter().filter_map(|agent| record::read(repo, agent).transpose()).collect(),
    };
    for found in records {
        match found {
            Ok(record) => one(repo, &record.agent, &mut sorted)?,
            Err(error) => sorted.damaged.push(error),
        }
    }
    Ok(sorted)
}

fn one(repo: &Repository, agent: &AgentName, sorted: &mut Sorted) -> Result<(), ResolveError> {
    // Whoever is at work on it has yet to bring it to where it can be judged.
    let _held = Held::acquire(repo, agent)?;
    let Some(record) = record::read(repo, agent)? else { return Ok(()) };
    let all = worktrees::list(repo)?;
    match (progress(repo, &all, &record)?, worktree_of(&all, &record)) {
        (Progress::UnderWay { unmerged }, Some(worktree)) if record.is_told || progress::has_stopped(&record) => {
            sorted.waiting.push(Waiting::new(&record, worktree, unmerged));
        }
        (Progress::UnderWay { .. } | Progress::Torn, _) => sorted.torn.push(record),
        (Progress::Foreign { kind }, _) => sorted.foreign.push((record, kind)),
        (Progress::Finished { .. }, _) => sorted.ready.push(record),
        (Progress::BranchGone, _) => sorted.gone.push(record),
        (Progress::NotBegun | Progress::Landed, _) => sorted.over.push(record),
    }
    Ok(())
}

/// Drop the records of resolutions that are over: landed, never begun, or finished with nothing that the target lacks.
/// To be called after a landing; where there are no records it costs one look into a folder.
///
/// # Errors
/// See [`ResolveError`].
pub fn forget_landed(repo: &Repository, target: &Target) -> Result<(), ResolveError> {
    for record in record::list(repo)?.into_iter().flatten() {
        match drop_over(repo, &record.agent, Some(target)) {
            // One that is in use is not over.
            Ok(_) | Err(ResolveError::Record(RecordError::Held { .. })) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Drop the record of this agent if its resolution is over. Whether it was.
///
/// # Errors
/// See [`ResolveError`].
pub fn drop_over(repo: &Repository, agent: &AgentName, target: Option<&Target>) -> Result<bool, ResolveError> {
    let _held = Held::acquire(repo, agent)?;
    let Some(record) = record::read(repo, agent)? else { return Ok(false) };
    let all = worktrees::list(repo)?;
    let is_over = match (progress(repo, &all, &record)?, target) {
        (Progress::NotBegun | Progress::Landed, _) => true,
        (Progress::Finished { tip }, Some(target)) => {
            let now = refs::read(repo, &target.full_name())?.unwrap_or(target.commit);
            is_ancestor(repo.git(), tip, now)?
        }
        _ => false,
    };
    if is_over {
        if let Some(worktree) = worktree_of(&all, &record).filter(|_| !record.is_told) {
            unlock(repo, &record, worktree)?;
        }
        record.remove(repo)?;
    }
    Ok(is_over)
}
