//! Folders of runs that nobody needs any more: those that are over, recorded, and old enough; and those of starts that
//! were interrupted.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::census::Census;
use super::error::RunError;
use super::file::{self, Fact};
use super::folder::Folder;
use super::list::{self, Run};
use super::record::Plan;
use super::{settle, start};
use crate::git::Repository;

/// A run that is younger may be looked at again.
pub const DEFAULT_AGE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What can go, and what stays.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Survey {
    /// Runs that are over, recorded and old.
    pub old: Vec<Run>,
    /// Folders without a plan that nobody holds.
    pub broken: Vec<Folder>,
    /// Runs that would go, but for processes of theirs that nobody watches over any more.
    pub alive: Vec<Run>,
    /// How many runs stay.
    pub stay: usize,
}

/// Look which runs may go: over for longer than `age`, and neither the last of their agent nor one that a later run goes
/// on with.
///
/// # Errors
/// The runs cannot be read.
pub fn survey(repo: &Repository, now: DateTime<Utc>, age: Duration) -> Result<Survey, RunError> {
    let idle_after = list::idle_after(repo)?;
    let runs = list::all(repo)?;
    let census = Census::default();
    let mut survey = Survey::default();
    let mut newest = Vec::new();
    for run in &runs {
        let is_newest = !newest.contains(&&run.plan().agent);
        newest.push(&run.plan().agent);
        let is_needed = runs.iter().any(|other| other.is_live() && other.plan().resumes.as_ref() == Some(&run.id));
        let end = run.facts.ended.known().map_or(run.started_at(), |ended| ended.ended_at);
        let is_old = now.signed_duration_since(end).to_std().unwrap_or_default() >= age;
        let is_recorded = run.state(now, idle_after).is_over() && settle::settled(run).is_some();
        // What was copied with the repository is recorded in the other one.
        let is_over = !run.facts.is_held && (is_recorded || run.facts.is_elsewhere);
        let goes = is_over && is_old && !is_needed && !(is_newest && age > Duration::ZERO);
        let is_alive = goes && !run.left(&census).is_empty();
        match goes && !is_alive {
            true => survey.old.push(run.clone()),
            false => survey.stay += 1,
        }
        survey.alive.extend(is_alive.then(|| run.clone()));
    }
    // What cannot be read may be of a newer version: it stays, and doctor names it.
    let is_empty = |folder: &Folder| !folder.is_held() && file::read::<Plan>(&folder.plan()) == Fact::Absent;
    survey.broken = list::unreadable(repo)?.into_iter().filter(is_empty).collect();
    Ok(survey)
}

/// Delete what a survey has found.
///
/// # Errors
/// A folder cannot be deleted.
pub fn delete(repo: &Repository, survey: &Survey) -> Result<(), RunError> {
    // Nobody starts one meanwhile, which for a moment has no plan and no holder either.
    let _queue = start::queue(repo)?;
    survey.old.iter().map(|run| &run.folder).chain(&survey.broken).try_for_each(delete_folder)
}

/// One that somebody holds stays.
fn delete_folder(folder: &Folder) -> Result<(), RunError> {
    if folder.is_held() {
        return Ok(());
    }
    match std::fs::remove_dir_all(folder.path()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(RunError::io(folder.path())(error)),
        _ => Ok(()),
    }
}

/// How many bytes a run's folder has.
pub fn size(folder: &Folder) -> u64 {
    let Ok(entries) = folder.path().read_dir() else { return 0 };
    entries.flatten().filter_map(|entry| entry.metadata().ok()).map(|data| data.len()).sum()
}
