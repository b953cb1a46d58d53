//! What runs leave behind: processes without a supervisor, ends that nobody has recorded, folders of interrupted starts.

use super::Ailment;
use crate::git::Repository;
use crate::run::clean;
use crate::run::file::{self, Fact};
use crate::run::record::Plan;
use crate::run::{Run, list, settle, stop};
use crate::world::World;

pub(super) fn examine(repo: &Repository, world: &World, mend: bool) -> Vec<Ailment> {
    let runs = match list::all(repo) {
        Ok(runs) => runs,
        Err(error) => return vec![Ailment::error("runs", error.to_string())],
    };
    let mut found: Vec<Ailment> = runs.iter().filter_map(|run| leftovers(run, mend)).collect();
    found.extend(runs.iter().filter_map(|run| unrecorded(repo, world, run, mend)));
    found.extend(folders(repo, world, mend));
    found
}

/// Processes of a run whose supervisor is gone, and its guard with it.
fn leftovers(run: &Run, mend: bool) -> Option<Ailment> {
    if run.facts.is_held || run.facts.ended.known().is_some() {
        return None;
    }
    let left = stop::leftovers(run);
    if left.is_empty() {
        return None;
    }
    let pids: Vec<String> = left.iter().map(|process| process.pid.to_string()).collect();
    let agent = &run.plan().agent;
    let message = format!("{agent}'s run has lost its supervisor, and still has processes: {}", pids.join(", "));
    let ended = mend && stop::end_leftovers(run).is_ok();
    Some(Ailment::error("run-leftovers", message).fixed(ended))
}

fn unrecorded(repo: &Repository, world: &World, run: &Run, mend: bool) -> Option<Ailment> {
    let state = run.state(world.now, list::idle_after(repo).ok()?);
    if run.facts.is_held || !state.is_over() || settle::settled(run).is_some() {
        return None;
    }
    let recorded = mend && settle::settle(repo, world, run).is_ok();
    let message = format!("{}'s run has ended and is not in the history", run.plan().agent);
    Some(Ailment::warning("run-unrecorded", message).fixed(recorded))
}

fn folders(repo: &Repository, world: &World, mend: bool) -> Vec<Ailment> {
    let mut found = Vec::new();
    // With this age nothing but folders of interrupted starts can go.
    if let Ok(mut survey) = clean::survey(repo, world.now, std::time::Duration::MAX)
        && !survey.broken.is_empty()
    {
        survey.old.clear();
        let message = format!("{} runs were interrupted before they were planned", survey.broken.len());
        let deleted = mend && clean::delete(repo, &survey).is_ok();
        found.push(Ailment::warning("run-interrupted", message).fixed(deleted));
    }
    for folder in list::unreadable(repo).unwrap_or_default() {
        if let Fact::Unreadable(reason) = file::read::<Plan>(&folder.plan()) {
            let message = format!("the run in {} cannot be read: {reason}", folder.path().display());
            let hint = format!("rm -r '{}'   (when nothing of it is needed)", folder.path().display());
            found.push(Ailment::warning("run-unreadable", message).hint(hint));
        }
    }
    found
}
