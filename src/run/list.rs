//! The runs of a repository with everything that is known of them.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::census::Census;
use super::error::RunError;
use super::file::{self, Fact};
use super::folder::{self, Folder, Stream};
use super::id::{MARK, RunId};
use super::record::{Began, Plan};
use super::state::{Facts, State};
use super::stop::leftovers;
use crate::agent::AgentName;
use crate::config;
use crate::duration;
use crate::git::Repository;
use crate::process::guard::GUARD;
use crate::process::table::{self, Process};

/// How long nothing has to happen until a run is idle.
const IDLE_AFTER: Duration = Duration::from_secs(5 * 60);

/// One run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its name.
    pub id: RunId,
    /// Where its files are.
    pub folder: Folder,
    /// What is known of it.
    pub facts: Facts,
    /// What its processes use now, while it runs and the system tells.
    pub usage: Option<Usage>,
}

/// What the processes of a run use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// The processor time of all of them so far, those that have ended included.
    pub cpu: Duration,
    /// The memory in use, in bytes.
    pub memory: u64,
    /// How many there are.
    pub processes: u64,
}

impl Run {
    /// What it is doing.
    pub fn state(&self, now: DateTime<Utc>, idle_after: Duration) -> State {
        self.facts.state(now, idle_after)
    }

    /// What was to be run.
    pub fn plan(&self) -> &Plan {
        &self.facts.plan
    }

    /// It has not ended: somebody holds it who has not said how it has.
    pub fn is_live(&self) -> bool {
        self.facts.is_held && self.facts.ended.known().is_none()
    }

    /// It was started, and in the boot that we are in.
    pub fn is_of_this_boot(&self) -> bool {
        self.facts.began.known().is_some_and(|began| began.boot == self.facts.boot)
    }

    /// How many bytes of its output could not be kept; none when all could, as far as is known.
    pub fn dropped(&self) -> Option<u64> {
        let (ended, seen) = (self.facts.ended.known(), self.facts.activity.known());
        ended.map(|ended| ended.dropped).or(seen.map(|seen| seen.dropped)).filter(|dropped| *dropped > 0)
    }

    /// How many bytes of its output were given up for what came later; none when none were, as far as is known.
    pub fn rotated(&self) -> Option<u64> {
        let (ended, seen) = (self.facts.ended.known(), self.facts.activity.known());
        ended.map(|ended| ended.rotated).or(seen.map(|seen| seen.rotated)).filter(|rotated| *rotated > 0)
    }

    /// What of it is alive although nobody watches over it any more.
    pub fn left(&self, census: &Census) -> Vec<Process> {
        if self.is_live() || self.facts.ended.known().is_some() { Vec::new() } else { leftovers(self, census) }
    }

    /// When it was started, or planned when that is not known.
    pub fn started_at(&self) -> DateTime<Utc> {
        self.facts.began.known().map_or(self.facts.plan.created_at, |began| began.started_at)
    }
}

/// All runs, the newest first. Those whose plan cannot be read are left out; see [`unreadable`].
///
/// # Errors
/// The folder of the runs cannot be read.
pub fn all(repo: &Repository) -> Result<Vec<Run>, RunError> {
    let here = Here::now();
    let ids = ids(repo)?.into_iter().rev();
    Ok(ids.filter_map(|id| look(repo, &id, &here).known().cloned()).collect())
}

/// One run.
pub fn one(repo: &Repository, id: &RunId) -> Fact<Run> {
    look(repo, id, &Here::now())
}

/// What the numbers of processes depend on.
struct Here {
    boot: Option<String>,
    namespace: Option<String>,
}

impl Here {
    fn now() -> Self {
        Here { boot: table::boot(), namespace: table::namespace() }
    }

    /// Whether the numbers in a record mean what they did when it was written.
    fn is_where(&self, began: &Began) -> bool {
        began.boot == self.boot && (began.namespace.is_none() || began.namespace == self.namespace)
    }
}

/// The run of an agent that has not ended.
///
/// # Errors
/// The folder of the runs cannot be read.
pub fn live_of(repo: &Repository, agent: &AgentName) -> Result<Option<Run>, RunError> {
    Ok(all(repo)?.into_iter().find(|run| run.plan().agent == *agent && run.is_live()))
}

/// The newest run of an agent.
///
/// # Errors
/// The folder of the runs cannot be read.
pub fn newest_of(repo: &Repository, agent: &AgentName) -> Result<Option<Run>, RunError> {
    Ok(all(repo)?.into_iter().find(|run| run.plan().agent == *agent))
}

/// The folders that hold no plan that can be read: of starts that were interrupted, or damaged.
///
/// # Errors
/// The folder of the runs cannot be read.
pub fn unreadable(repo: &Repository) -> Result<Vec<Folder>, RunError> {
    let folders = ids(repo)?.into_iter().map(|id| Folder::of(repo, &id));
    Ok(folders.filter(|folder| file::read::<Plan>(&folder.plan()).known().is_none()).collect())
}

/// Whether it is known what this run is; what it does is not looked at.
pub(super) fn is_readable(repo: &Repository, id: &RunId) -> bool {
    file::read::<Plan>(&Folder::of(repo, id).plan()).known().is_some_and(|plan| plan.id == *id)
}

/// `agents.idleAfter`.
///
/// # Errors
/// It is no span of time.
pub fn idle_after(repo: &Repository) -> Result<Duration, RunError> {
    const KEY: &str = "agents.idleAfter";
    let Some(value) = config::value(repo, KEY) else { return Ok(IDLE_AFTER) };
    duration::parse(&value).map_err(|_| RunError::Setting { key: KEY, value })
}

/// The names of all runs, the oldest first.
fn ids(repo: &Repository) -> Result<Vec<RunId>, RunError> {
    let path = folder::all_of(repo);
    let entries = match path.read_dir() {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(RunError::io(path)(error)),
    };
    let names = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut ids: Vec<RunId> = names.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    ids.sort();
    Ok(ids)
}

fn look(repo: &Repository, id: &RunId, here: &Here) -> Fact<Run> {
    let folder = Folder::of(repo, id);
    // The lock first: whoever lets go of it has written everything before.
    let is_held = folder.is_held();
    let plan = match file::read::<Plan>(&folder.plan()) {
        Fact::Known(plan) if plan.id == *id => plan,
        Fact::Known(_) => return Fact::Unreadable("its plan is another run's".to_owned()),
        Fact::Absent => return Fact::Absent,
        Fact::Unreadable(reason) => return Fact::Unreadable(reason),
    };
    let ended = file::read(&folder.ended());
    let began: Fact<Began> = file::read(&folder.began());
    let is_numbered = began.known().is_some_and(|began| here.is_where(began));
    // Begun in this boot, and not here: the folder of the repository was copied since.
    let place = began.known().filter(|began| began.boot == here.boot).and_then(|began| began.place.as_ref());
    let is_elsewhere = !is_held && place.is_some() && place != folder.place().as_ref();
    let is_held = is_held || (!is_elsewhere && is_held_without_lock(&folder, &began, is_numbered));
    let is_live = is_held && ended.known().is_none();
    let usage = began.known().filter(|_| is_live && is_numbered).and_then(usage);
    // The lock of those who start is only looked at where it says something.
    let is_starting = !is_held && began == Fact::Absent && folder.has_starter();
    let facts = Facts {
        is_held,
        is_elsewhere,
        is_starting,
        activity: file::read(&folder.activity()),
        report: file::read(&folder.report()),
        stop: file::read(&folder.stop()),
        output_at: output_at(&[folder.log(Stream::Out), folder.log(Stream::Err)]),
        cpu_ms: usage.map(|usage| u64::try_from(usage.cpu.as_millis()).unwrap_or(u64::MAX)),
        boot: here.boot.clone(),
        is_numbered,
        plan,
        began,
        ended,
    };
    Fact::Known(Run { id: id.clone(), folder, facts, usage })
}

/// Whether a run is held, by what was known of it.
pub(super) fn is_held(folder: &Folder, began: &Fact<Began>, is_numbered: bool) -> bool {
    folder.is_held() || is_held_without_lock(folder, began, is_numbered)
}

/// Somebody may have deleted the lock from under its holder.
fn is_held_without_lock(folder: &Folder, began: &Fact<Began>, is_numbered: bool) -> bool {
    is_numbered && !folder.has_lock() && began.known().is_some_and(is_supervised)
}

/// Whether its supervisor is there, by a number that is of our namespace.
fn is_supervised(began: &Began) -> bool {
    let found = table::look_up(began.supervisor.pid);
    found.is_some_and(|found| found.is_alive() && Some(found.start) == began.supervisor.start)
}

/// What the processes of a run use, when its supervisor is who it was.
fn usage(began: &Began) -> Option<Usage> {
    let supervisor = table::look_up(began.supervisor.pid)?;
    let is_it = Some(supervisor.start) == began.supervisor.start;
    is_it.then(|| usage_below(&supervisor))
}

/// What comes from a supervisor, which has used next to nothing itself.
pub(super) fn usage_below(supervisor: &table::Process) -> Usage {
    let mut below = table::descendants(supervisor.pid);
    let is_guard = |process: &table::Process| {
        let mark = || table::variable(process.pid, MARK);
        process.parent == supervisor.pid && mark().is_some_and(|mark| mark.starts_with(GUARD.as_bytes()))
    };
    below.retain(|process| !is_guard(process));
    let ticks: u64 = below.iter().map(|process| process.own_ticks + process.buried_ticks).sum();
    Usage {
        cpu: table::ticks(ticks + supervisor.buried_ticks),
        memory: below.iter().filter_map(|process| table::memory(process.pid)).sum(),
        processes: below.iter().filter(|process| process.is_alive()).count() as u64,
    }
}

/// When any of these files was written to.
fn output_at(logs: &[PathBuf]) -> Option<DateTime<Utc>> {
    let written = |log: &PathBuf| log.symlink_metadata().ok().filter(|data| data.len() > 0)?.modified().ok();
    logs.iter().filter_map(written).max().map(DateTime::from)
}
