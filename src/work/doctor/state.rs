//! The state itself: can it be read, does it add up, does history still have what is damaged?

use std::collections::BTreeSet;

use super::Ailment;
use crate::git::Repository;
use crate::state::{Action, Damaged, Document, DocumentChange, State};
use crate::store::{self, Change, History, Refused, Scope, Snapshot};
use crate::sync;
use crate::task::{TaskState, cycle};
use crate::world::World;

/// Read everything there is and compare it with itself.
pub(super) fn examine(repo: &Repository, world: &World, mend: bool) -> Vec<Ailment> {
    let everything = Scope::open().with_closed().with_findings();
    let mut snapshot = match store::load(repo, &everything) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            let ailment = Ailment::error("state", error.to_string());
            return vec![ailment.hint("git agents recover")];
        }
    };
    let mut found = damaged(repo, world, &snapshot, mend);
    if let (true, Ok(mended)) = (found.iter().any(|one| one.fixed), store::load(repo, &everything)) {
        // What is back counts.
        snapshot = mended;
    }
    found.extend(tally(repo, world, &snapshot.state, mend));
    found.extend(relations(&snapshot.state));
    found.extend(chain(repo, &snapshot));
    found
}

/// Documents that cannot be read; those that history has whole can be put back.
fn damaged(repo: &Repository, world: &World, snapshot: &Snapshot, mend: bool) -> Vec<Ailment> {
    let state = &snapshot.state;
    let (Some(tip), false) = (snapshot.tip, state.damaged.is_empty()) else { return Vec::new() };
    // What is only missing here is still whole elsewhere; an older version in its place would reach everybody.
    let is_elsewhere = matches!(sync::known_remote(repo), Ok(Some(_)));
    let (lost, ours): (Vec<Damaged>, Vec<Damaged>) =
        state.damaged.iter().cloned().partition(|one| is_elsewhere && store::is_missing(repo, tip, &one.path));
    let readable = store::last_readable(repo, tip, &ours).unwrap_or_default();
    let known: BTreeSet<&Document> = readable.iter().map(|change| &change.document).collect();
    // What nobody could ever read came from elsewhere: the history keeps it, and its name is free again.
    let is_never = |document: &&Document| **document != Document::Tally && !known.contains(document);
    let never = ours.iter().filter_map(|one| one.document.as_ref()).filter(is_never);
    let taken_out = never.map(|document| DocumentChange { document: document.clone(), before: None, after: None });
    let changes: Vec<DocumentChange> = readable.iter().cloned().chain(taken_out).collect();
    let repaired = mend && !changes.is_empty() && repair(repo, world, &changes);
    let mended: BTreeSet<&Document> = changes.iter().map(|change| &change.document).collect();
    let ailment = |damaged: &Damaged| {
        let message = format!("{} is damaged: {}", damaged.path, damaged.reason);
        let ailment = Ailment::error("damaged-document", message);
        let is_tally = damaged.document == Some(Document::Tally);
        match damaged.document.as_ref().is_some_and(|document| mended.contains(document)) {
            true => ailment.fixed(repaired),
            // The counts are made anew by `tally`, and written with the next change.
            false if is_tally => ailment.fixed(mend),
            false if lost.contains(damaged) => ailment.hint("git agents recover --from remote"),
            false => ailment.hint(format!("git log refs/agents/state -- {}", damaged.path)),
        }
    };
    state.damaged.iter().map(ailment).collect()
}

fn repair(repo: &Repository, world: &World, documents: &[DocumentChange]) -> bool {
    let change = || Ok(Some(Change::from(Action::Repair { documents: documents.to_vec() })));
    let written: Result<_, Refused<std::convert::Infallible>> =
        store::transact(repo, world, &Scope::open(), |_, _| change());
    written.is_ok()
}

/// The counts of closed tasks against the tasks themselves.
fn tally(repo: &Repository, world: &World, state: &State, mend: bool) -> Vec<Ailment> {
    let count = |of: TaskState| state.tasks.values().filter(|task| task.state == of).count() as u64;
    let (landed, dropped) = (count(TaskState::Landed), count(TaskState::Dropped));
    if (state.tally.landed, state.tally.dropped) == (landed, dropped) {
        return Vec::new();
    }
    let mut right = state.tally.clone();
    (right.landed, right.dropped) = (landed, dropped);
    let documents =
        [DocumentChange { document: Document::Tally, before: None, after: serde_json::to_value(&right).ok() }];
    let fixed = mend && repair(repo, world, &documents);
    let (old, new) = (&state.tally, &right);
    let message = format!(
        "tally.json counts {} landed and {} dropped tasks, and there are {} and {}",
        old.landed, old.dropped, new.landed, new.dropped
    );
    vec![Ailment::error("tally", message).fixed(fixed)]
}

/// What documents say of each other.
fn relations(state: &State) -> Vec<Ailment> {
    let mut found = Vec::new();
    for task in state.tasks.values() {
        let is_held = matches!(task.state, TaskState::Assigned | TaskState::InProgress | TaskState::Completed);
        match &task.agent {
            Some(agent) if is_held && !state.agents.contains_key(agent) => {
                let message = format!("task {} is {} by {agent}, and there is no such agent", task.id, task.state);
                found.push(Ailment::error("task-without-agent", message).hint(format!("git agents agent add {agent}")));
            }
            None if is_held => {
                let message = format!("task {} is {} by nobody", task.id, task.state);
                found.push(Ailment::error("task-without-agent", message).hint(format!("git agents log {}", task.id)));
            }
            _ => {}
        }
        for missing in task.after.iter().filter(|id| !state.tasks.contains_key(id)) {
            let message = format!("task {} is after {missing}, and there is no such task", task.id);
            let hint = format!("git agents task edit {} --no-after", task.id);
            found.push(Ailment::warning("unknown-dependency", message).hint(hint));
        }
        let dropped = |id: &&crate::task::TaskId| state.tasks.get(id).is_some_and(|t| t.state == TaskState::Dropped);
        if let (false, Some(gone)) = (task.state.is_closed(), task.after.iter().find(dropped)) {
            let message = format!("task {} waits for {gone}, which was dropped", task.id);
            let hint = format!("git agents task edit {} --no-after", task.id);
            found.push(Ailment::warning("waits-for-dropped", message).hint(hint));
        }
    }
    if let Some(ids) = cycle(&state.tasks, state.tasks.keys()) {
        let around = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" → ");
        let hint = format!("git agents task edit {} --no-after", ids[0]);
        found.push(Ailment::error("dependency-cycle", format!("tasks wait for each other: {around}")).hint(hint));
    }
    found
}

/// Every commit of the chain can be read and says what it did.
fn chain(repo: &Repository, snapshot: &Snapshot) -> Vec<Ailment> {
    let mut foreign = 0;
    let mut merges = Vec::new();
    for entry in History::from(repo, snapshot.tip) {
        match entry {
            Ok(entry) => {
                foreign += usize::from(entry.operation.is_none());
                merges.extend((entry.parents > 1).then_some(entry.commit));
            }
            Err(error) => {
                return vec![
                    Ailment::error("chain", format!("history breaks off: {error}")).hint("git agents recover"),
                ];
            }
        }
    }
    let mut found = Vec::new();
    for commit in merges {
        let message =
            format!("the commit {commit} of {} has several parents, and operations have one", store::STATE_REF);
        found.push(Ailment::error("chain", message).hint("git agents recover --from reflog"));
    }
    if foreign > 0 {
        let message =
            format!("{} holds commits that are no operations this version knows: {foreign}", store::STATE_REF);
        found.push(Ailment::warning("foreign-commits", message).hint("git log refs/agents/state"));
    }
    found
}

/// So many commits that do not hold what they say are named one by one.
const MOST_NAMED: usize = 20;

/// Every operation applied anew: the commits must hold what they say.
pub(super) fn recompute(repo: &Repository) -> Vec<Ailment> {
    let Ok(Some(tip)) = store::tip(repo) else { return Vec::new() };
    // A chain that cannot be read is named already.
    let Ok((_, all)) = store::recompute(repo, tip) else { return Vec::new() };
    let told = |one: &store::Mismatch| {
        let message = format!("the commit {} ({}) is not what it says: {}", one.commit, one.sentence, one.difference);
        Ailment::warning("chain-mismatch", message).hint(format!("git show {}", one.commit))
    };
    let mut found: Vec<Ailment> = all.iter().take(MOST_NAMED).map(told).collect();
    if let more @ 1.. = all.len().saturating_sub(MOST_NAMED) {
        found.push(Ailment::warning("chain-mismatch", format!("{more} more commits are not what they say")));
    }
    found
}
