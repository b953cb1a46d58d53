//! What runs leave behind: processes without a supervisor, ends that nobody has recorded, folders of interrupted starts.

use super::Ailment;
use crate::git::Repository;
use crate::process::table::Process;
use crate::run::clean;
use crate::run::file::{self, Fact};
use crate::run::folder::Folder;
use crate::run::record::Plan;
use crate::run::{Census, Hidden, Run, hidden, list, settle, stop};
use crate::world::World;

pub(super) fn examine(repo: &Repository, world: &World, mend: bool) -> Vec<Ailment> {
    let runs = match list::all(repo) {
        Ok(runs) => runs,
        Err(error) => return vec![Ailment::error("runs", error.to_string())],
    };
    let census = Census::default();
    let mut found: Vec<Ailment> = runs.iter().filter_map(|run| leftovers(run, &census, mend)).collect();
    found.extend(runs.iter().filter_map(|run| unrecorded(repo, world, run, mend)));
    found.extend(folders(repo, world, mend));
    found
}

/// Processes of a run whose supervisor is gone, and its guard with it.
fn leftovers(run: &Run, census: &Census, mend: bool) -> Option<Ailment> {
    let left = run.left(census);
    if left.is_empty() {
        return None;
    }
    let agent = &run.plan().agent;
    let message = format!("{agent}'s run has lost its supervisor, and still has processes: {}", numbers(&left));
    let ended = mend && stop::end_leftovers(run).is_ok();
    Some(Ailment::error("run-leftovers", message).fixed(ended))
}

fn numbers(processes: &[Process]) -> String {
    processes.iter().map(|process| process.pid.to_string()).collect::<Vec<_>>().join(", ")
}

/// A run that goes on without anything that could be read of it.
fn alive(hidden: &Hidden) -> Ailment {
    let whose = hidden.agent.as_ref().map_or_else(|| "of an agent".to_owned(), |agent| format!("of {agent}"));
    let why = match (hidden.has_folder(), file::read::<Plan>(&hidden.folder.plan())) {
        (false, _) => format!("its folder, {}, was deleted", hidden.folder.path().display()),
        (true, Fact::Unreadable(reason)) => format!("{} cannot be read: {reason}", hidden.folder.plan().display()),
        (true, _) => format!("{} is not there", hidden.folder.plan().display()),
    };
    let seen = match hidden.processes.as_slice() {
        [] => String::new(),
        processes => format!("; its processes: {}", numbers(processes)),
    };
    let wanted = hidden.agent.as_ref().map_or_else(|| "--all".to_owned(), ToString::to_string);
    Ailment::error("run-hidden", format!("a run {whose} is alive, and {why}{seen}"))
        .hint(format!("git agents kill {wanted}"))
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
    let hidden = hidden(repo).unwrap_or_default();
    found.extend(hidden.iter().map(alive));
    let is_dead = |folder: &Folder| hidden.iter().all(|one| one.folder != *folder);
    for folder in list::unreadable(repo).unwrap_or_default().into_iter().filter(is_dead) {
        if let Fact::Unreadable(reason) = file::read::<Plan>(&folder.plan()) {
            let message = format!("the run in {} cannot be read: {reason}", folder.path().display());
            let hint = format!("rm -r '{}'   (when nothing of it is needed)", folder.path().display());
            found.push(Ailment::warning("run-unreadable", message).hint(hint));
        }
    }
    found
}
