//! Ending a run: its supervisor is asked, and when there is none any more that answers, it is done for it.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::process::Signal;

use super::error::RunError;
use super::file;
use super::folder::Folder;
use super::id::MARK;
use super::list::{self, Run};
use super::record::{Began, Birth, Ended, Stop, Why};
use crate::git::Repository;
use crate::process::table::{self, Process};
use crate::world::World;

/// What is written into the pipe of a supervisor: look at what you have been told.
pub(super) const WAKE: &[u8] = b"s";
/// After the time that the program has to end by itself, the supervisor has this much to end what is left.
const SUPERVISORS: Duration = Duration::from_secs(15);
/// How long what was killed may take to go.
const GOING: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

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
    let again = || list::one(repo, &run.id).known().cloned().unwrap_or_else(|| run.clone());
    let now = again();
    let was_over = now.facts.ended.known().is_some();
    if now.is_live() {
        let stop = Stop { by: by.to_owned(), at: World::here().now, grace_s: grace.as_secs() };
        // Without room for it, it is ended all the same: by the signal below.
        drop(file::write(&run.folder.stop(), &stop));
        let answers = wake(&run.folder);
        let patience = if answers { grace + SUPERVISORS } else { Duration::ZERO };
        if !wait_for(patience, || !again().is_live()) {
            kill_supervisor(&again());
        }
    }
    let leftovers = end_leftovers(&again())?;
    record(&again(), by);
    Ok(Stopped { was_over, leftovers, run: again() })
}

/// Have a supervisor look at what it has been told. False when none is there.
pub(super) fn wake(folder: &Folder) -> bool {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let pipe = OpenOptions::new().write(true).custom_flags(flags).open(folder.control());
    pipe.is_ok_and(|mut pipe| pipe.write_all(WAKE).is_ok())
}

/// A supervisor that does nothing any more is killed; its guard ends the rest.
fn kill_supervisor(run: &Run) {
    if let (true, Some(Birth { pid, start: Some(start) })) = (run.is_live(), supervisor(run)) {
        drop(table::signal(pid, start, Signal::KILL));
        wait_for(GOING, || !run.folder.is_held());
    }
}

fn supervisor(run: &Run) -> Option<Birth> {
    run.facts.began.known().filter(|began| began.boot == run.facts.boot).map(|began| began.supervisor)
}

/// End what is left of a run that nobody watches over. Gives how many processes that were.
///
/// # Errors
/// [`RunError::NotEnded`].
pub fn end_leftovers(run: &Run) -> Result<usize, RunError> {
    if run.folder.is_held() {
        return Ok(0);
    }
    let found = leftovers(run);
    // Everything at once: there is nobody left whom it could tell that it has ended well.
    let gone = wait_for(GOING, || {
        let left = leftovers(run);
        for process in &left {
            drop(table::signal(process.pid, process.start, Signal::KILL));
        }
        left.is_empty()
    });
    if gone {
        Ok(found.len())
    } else {
        Err(RunError::NotEnded { agent: run.plan().agent.clone(), left: leftovers(run).len() })
    }
}

/// The processes of a run that nobody watches over: those that carry its mark, and those of its group and session, when
/// these are still what they were.
pub fn leftovers(run: &Run) -> Vec<Process> {
    if run.folder.is_held() {
        return Vec::new();
    }
    let all = table::all();
    let began = run.facts.began.known().filter(|began| began.boot == run.facts.boot);
    let is_of_it = |process: &Process| {
        let is_member = began.is_some_and(|began| is_member(began, process, &all));
        is_member || table::variable(process.pid, MARK).is_some_and(|mark| mark == run.id.as_str().as_bytes())
    };
    all.iter().filter(|process| process.is_alive() && is_of_it(process)).copied().collect()
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
    let ended = Ended {
        why: Why::Killed,
        exit_code: None,
        signal: None,
        by: Some(by.to_owned()),
        ended_at: World::here().now,
        peak_memory: None,
        cpu_s: None,
        dropped: 0,
        left: 0,
    };
    // A record that cannot be written leaves the run lost, which is true as well.
    drop(file::write(&run.folder.ended(), &ended));
}

/// Wait until it is so, but not longer than that.
fn wait_for(longest: Duration, mut is_so: impl FnMut() -> bool) -> bool {
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
