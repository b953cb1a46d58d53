//! Ending a run: its supervisor is asked, and when there is none any more that answers, it is done for it.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::process::Signal;

use super::census::Census;
use super::error::RunError;
use super::file::{self, Fact};
use super::folder::Folder;
use super::list::{self, Run};
use super::record::{Began, Birth, Ended, Stop, Why};
use crate::git::Repository;
use crate::process::table::{self, Process};
use crate::world::World;

/// After the time that the program has to end by itself, the supervisor has this much to end what is left.
pub(super) const SUPERVISORS: Duration = Duration::from_secs(15);
/// How long what was killed may take to go.
const GOING: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);
/// So much of a name is written down: the record of the end has limited room.
const LONGEST_NAME: usize = 200;

/// How a run that was to end stands now.
#[derive(Debug, Clone, PartialEq)]
pub struct Stopped {
    /// It had ended before.
    pub was_over: bool,
    /// Processes that were there without a supervisor, and were ended.
    pub leftovers: usize,
    /// The run as it is now.
    pub run: Run,
}

/// End a run with all its processes. `by` is who wants it; its program has `grace` to end by itself.
///
/// # Errors
/// It could not be ended.
pub fn stop(repo: &Repository, run: &Run, by: &str, grace: Duration) -> Result<Stopped, RunError> {
    let again = || list::one(repo, &run.id).known().cloned().unwrap_or_else(|| without_records(run, by));
    let now = again();
    let was_over = now.facts.ended.known().is_some();
    let stop = Stop::new(by, grace);
    if now.is_live() {
        // For one that has not begun to listen. Without room for it, the pipe has to do.
        drop(file::write(&run.folder.stop(), &stop));
        let supervisor = supervisor(&now);
        let send = |signal| supervisor.is_some_and(|one| table::signal(one.pid, one.start, signal).is_ok());
        // One that was stopped does not hear.
        send(Signal::CONT);
        let begins = now.facts.began.known().is_none();
        let answers = tell(&run.folder, &stop) || begins || send(Signal::TERM);
        let patience = if answers { grace + SUPERVISORS } else { Duration::ZERO };
        if !wait_for(patience, || !again().is_live()) {
            force(&again());
        }
        if again().is_live() {
            return Err(RunError::OutOfReach { agent: run.plan().agent.clone() });
        }
    }
    // A supervisor that has said how it ended has ended everything before, and is perhaps recording that now.
    let is_told = again().facts.ended.known().is_some();
    let leftovers = if is_told { 0 } else { end_leftovers(&again())? };
    record(&again(), &stop.by);
    Ok(Stopped { was_over, leftovers, run: again() })
}

/// The run when somebody has deleted its records: it goes on for as long as its supervisor does, and then we have ended it.
fn without_records(run: &Run, by: &str) -> Run {
    let (mut run, began) = (run.clone(), run.facts.began.clone());
    run.facts.is_held = list::is_held(&run.folder, &began, run.facts.is_numbered);
    if !run.facts.is_held && began.known().is_some() && run.facts.ended.known().is_none() {
        run.facts.ended = Fact::Known(killed(by));
    }
    run
}

impl Stop {
    pub(super) fn new(by: &str, grace: Duration) -> Self {
        Stop { by: by.chars().take(LONGEST_NAME).collect(), at: World::here().now, grace_s: grace.as_secs() }
    }
}

/// Tell a supervisor that its run is to end, through its pipe: that needs no room on any disk. False when none listens.
pub(super) fn tell(folder: &Folder, stop: &Stop) -> bool {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let pipe = OpenOptions::new().write(true).custom_flags(flags).open(folder.control());
    let Ok(mut line) = serde_json::to_vec(stop) else { return false };
    line.push(b'\n');
    pipe.is_ok_and(|mut pipe| pipe.write_all(&line).is_ok())
}

/// A supervisor that does nothing any more is killed; its guard ends the rest. When it cannot be seen, all that can is.
fn force(run: &Run) {
    if !run.is_live() {
        return;
    }
    let those = supervisor(run).map_or_else(|| of_here(run), |one| vec![one]);
    for process in those {
        drop(table::signal(process.pid, process.start, Signal::KILL));
    }
    wait_for(GOING, || !run.folder.is_held());
}

/// What carries a run's mark, but for what says that it is of another repository.
fn of_here(run: &Run) -> Vec<Process> {
    let census = Census::default();
    match census.is_of(&run.id, &run.folder) {
        Some(false) => Vec::new(),
        _ => census.of(&run.id).iter().map(|one| one.process).collect(),
    }
}

/// What watches over a run: as it has said, or, where its numbers are not ours, as it can be seen from here.
fn supervisor(run: &Run) -> Option<Process> {
    let began = run.facts.began.known().filter(|_| run.facts.is_numbered);
    if let Some(Began { supervisor: Birth { pid, start: Some(start) }, .. }) = began {
        return table::look_up(*pid).filter(|found| found.start == *start);
    }
    let census = Census::default();
    let is_ours = census.is_of(&run.id, &run.folder) != Some(false);
    let found = census.of(&run.id).iter().find(|one| one.is_supervisor && is_ours);
    found.map(|found| found.process)
}

/// End what is left of a run that nobody watches over. Gives how many processes that were.
///
/// # Errors
/// [`RunError::NotEnded`].
pub fn end_leftovers(run: &Run) -> Result<usize, RunError> {
    let left = || if run.folder.is_held() { Vec::new() } else { leftovers(run, &Census::default()) };
    end_all(left).map_err(|left| RunError::NotEnded { agent: run.plan().agent.clone(), left })
}

/// End everything that is found until nothing is found any more: at once, since there is nobody left whom it could tell
/// that it has ended well. Gives how many there were first, or how many there are still.
pub(super) fn end_all(find: impl Fn() -> Vec<Process>) -> Result<usize, usize> {
    let found = find().len();
    let gone = wait_for(GOING, || {
        let left = find();
        for process in &left {
            drop(table::signal(process.pid, process.start, Signal::KILL));
        }
        left.is_empty()
    });
    if gone { Ok(found) } else { Err(find().len()) }
}

/// The processes of a run that nobody watches over: those that carry its mark, those of its group and session, when
/// these are still what they were, and those without the mark that its supervisor has seen.
pub fn leftovers(run: &Run, census: &Census) -> Vec<Process> {
    // Nothing outlives a restart; and what a run has left elsewhere is not of this repository, which was copied from there.
    if run.folder.is_held() || run.facts.is_elsewhere || (run.facts.began.known().is_some() && !run.is_of_this_boot()) {
        return Vec::new();
    }
    if census.is_of(&run.id, &run.folder) == Some(false) {
        return Vec::new();
    }
    let marked = census.of(&run.id);
    let began = run.facts.began.known().filter(|_| run.facts.is_numbered);
    let seen = run.facts.activity.known().filter(|_| run.facts.is_numbered);
    let unmarked = seen.map_or(&[][..], |seen| &seen.unmarked);
    let is_of_it = |process: &&Process| {
        let is = |birth: &Birth| birth.pid == process.pid && birth.start == Some(process.start);
        marked.iter().any(|one| one.process.pid == process.pid)
            || unmarked.iter().any(is)
            || began.is_some_and(|began| is_member(began, process, census.all()))
    };
    census.all().iter().filter(|process| process.is_alive()).filter(is_of_it).copied().collect()
}

/// Whether a process is in the group of the run's program. The number of a group is free again when nobody is in it, so
/// it counts only while its leader is who it was; and a session, while ours is the only one that it can be.
fn is_member(began: &Began, process: &Process, all: &[Process]) -> bool {
    let leads = |birth: Birth| all.iter().any(|one| one.pid == birth.pid && Some(one.start) == birth.start);
    let in_group = process.group == began.group && began.group == began.agent.pid && leads(began.agent);
    let own_session = began.session == Some(began.supervisor.pid);
    let in_session = own_session && process.session == began.supervisor.pid && leads(began.supervisor);
    in_group || in_session
}

/// Say how it ended when its supervisor has not, and cannot any more.
fn record(run: &Run, by: &str) {
    if run.facts.ended.known().is_some() || run.facts.began.known().is_none() {
        return;
    }
    let Some(_held) = run.folder.hold() else { return };
    let ended = killed(by);
    // The room that was kept for it is there on a full disk, too. A record that cannot be written leaves the run lost,
    // which is true as well.
    drop(file::write(&run.folder.ended(), &ended).or_else(|_| file::overwrite(&run.folder.ended(), &ended)));
}

fn killed(by: &str) -> Ended {
    Ended {
        why: Why::Killed,
        exit_code: None,
        signal: None,
        by: Some(by.to_owned()),
        ended_at: World::here().now,
        peak_memory: None,
        cpu_s: None,
        dropped: 0,
        rotated: 0,
        left: 0,
    }
}

/// Wait until it is so, but not longer than that.
pub(super) fn wait_for(longest: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    loop {
        if is_so() {
            return true;
        }
        if begun.elapsed() >= longest {
            return false;
        }
        std::thread::sleep(PAUSE);
    }
}
