//! Watching over a program until it and everything of it has ended: what it writes is kept, what it uses is looked at now
//! and then, and when it is to end it is asked, then made to.

use std::fs::File;
use std::io::{PipeReader, Read};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, test_kill_process_group, wait};

use super::hear::{Ear, Said};
use super::log::Log;
use super::look::Looks;
use super::tree::Tree;
use crate::process::guard::Guard;
use crate::run::file::{self, Reserved};
use crate::run::folder::Folder;
use crate::run::id::MARK;
use crate::run::record::{Began, Ended, Stop, Why};
use crate::world::World;

/// How long a program has to end by itself when its time is over.
const GRACE: Duration = Duration::from_secs(10);
/// How long what it leaves behind has, before it is asked to end and then before it is killed.
const LEFT_ALONE: Duration = Duration::from_millis(300);
const LEFT_GRACE: Duration = Duration::from_secs(2);
/// How long what was killed may take to go; a broken disk can hold a process for ever.
const GOING: Duration = Duration::from_secs(10);
/// How often what ends is looked at.
const PAUSE: Duration = Duration::from_millis(30);
/// So much is read at once, and so much at most of what is left in the pipe at the end.
const AT_ONCE: usize = 32 << 10;
const AT_LAST: usize = 4 << 20;
/// A guard that is killed again and again is not set up again.
const GUARDS: u32 = 5;

/// One of the streams that the program writes.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) reader: PipeReader,
    pub(super) log: Log,
    pub(super) is_open: bool,
}

/// What is being done.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    /// It runs.
    Running,
    /// It has ended, and what it has left may end by itself until then.
    Left { until: Instant },
    /// It was asked to end, and has until then.
    Asked { until: Instant },
    /// It is killed, and may take until then to be gone.
    Killed { until: Instant },
}

/// Everything that is needed to watch.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) folder: Folder,
    pub(super) began: Began,
    pub(super) agent: Pid,
    pub(super) tree: Tree,
    pub(super) guard: Option<Guard>,
    pub(super) streams: Vec<Stream>,
    pub(super) signals: UnixStream,
    pub(super) asked: Arc<AtomicBool>,
    pub(super) control: Option<File>,
    /// Held open, so that the program's input does not end.
    pub(super) input: Option<File>,
    pub(super) ended: Reserved,
    pub(super) activity: Reserved,
    pub(super) deadline: Option<Instant>,
    pub(super) rest: Rest,
}

/// What changes while it goes on.
#[derive(Debug)]
pub(super) struct Rest {
    phase: Phase,
    /// Why it is to end, when we make it, and who wants it.
    cause: Option<(Why, Option<String>)>,
    status: Option<WaitStatus>,
    /// How many processes the program has left behind.
    left: u64,
    guards: u32,
    pub(super) looks: Looks,
    pub(super) has_output: bool,
    ear: Ear,
    /// Who has said that it is to end.
    told: Option<Stop>,
}

impl Rest {
    pub(super) fn new(look_every: Duration) -> Self {
        Rest {
            phase: Phase::Running,
            cause: None,
            status: None,
            left: 0,
            guards: 0,
            looks: Looks::new(look_every),
            has_output: false,
            ear: Ear::default(),
            told: None,
        }
    }
}

impl Watch {
    /// Watch until everything has ended, and write down how.
    pub(super) fn finish(&mut self) -> Ended {
        self.look(Instant::now());
        while !self.step() {
            self.wait();
        }
        self.drain();
        let ended = self.how();
        // There is room for it. Where even that fails, the run is lost, which is what others then say.
        drop(self.ended.write(&ended));
        if let Some(mut guard) = self.guard.take() {
            guard.dismiss();
        }
        ended
    }

    /// Do what is due. True when everything has ended.
    fn step(&mut self) -> bool {
        self.bury();
        let now = Instant::now();
        let is_alive = self.rest.status.is_none();
        if is_alive && self.rest.cause.is_none() {
            if let Some((by, grace)) = self.told_to_stop() {
                self.ask(Why::Killed, Some(by), now + grace);
            } else if self.deadline.is_some_and(|deadline| now >= deadline) {
                self.ask(Why::TimedOut, None, now + GRACE);
            }
        }
        self.hurry(now);
        match self.rest.phase {
            Phase::Running if is_alive => {
                if now >= self.rest.looks.next {
                    self.look(now);
                }
                return false;
            }
            Phase::Running => {
                self.rest.left = self.tree.alive().len() as u64;
                self.rest.phase = Phase::Left { until: now + LEFT_ALONE };
            }
            _ => {}
        }
        if self.rest.status.is_some() && self.tree.is_gone() {
            return true;
        }
        match self.rest.phase {
            Phase::Left { until } if now >= until => {
                self.tree.signal(Signal::TERM);
                self.rest.phase = Phase::Asked { until: now + LEFT_GRACE };
            }
            Phase::Asked { until } if now >= until => {
                self.tree.signal(Signal::KILL);
                self.rest.phase = Phase::Killed { until: now + GOING };
            }
            Phase::Killed { until } => {
                self.tree.signal(Signal::KILL);
                return now >= until;
            }
            _ => {}
        }
        false
    }

    /// Ask it to end.
    fn ask(&mut self, why: Why, by: Option<String>, until: Instant) {
        self.rest.cause = Some((why, by));
        self.tree.signal(Signal::TERM);
        // What was stopped does not hear.
        self.tree.signal(Signal::CONT);
        self.rest.phase = Phase::Asked { until };
    }

    /// Whoever has said since that it has less time is heard.
    fn hurry(&mut self, now: Instant) {
        let Phase::Asked { until } = self.rest.phase else { return };
        if let Some((_, grace)) = self.rest.told.take().map(|stop| (stop.by, Duration::from_secs(stop.grace_s))) {
            self.rest.phase = Phase::Asked { until: until.min(now + grace) };
        }
    }

    /// Who wants it to end, and how long it has for that.
    fn told_to_stop(&self) -> Option<(String, Duration)> {
        let written = || file::read::<Stop>(&self.folder.stop()).known().cloned();
        match self.rest.told.clone().or_else(written) {
            Some(stop) => Some((stop.by, Duration::from_secs(stop.grace_s))),
            None if self.asked.load(Ordering::Relaxed) => Some(("signal".to_owned(), GRACE)),
            // Nothing can be written down any more, nor can anybody find the run.
            None if self.ended.is_deleted() && !self.folder.path().exists() => {
                Some(("whoever has deleted its folder".to_owned(), GRACE))
            }
            None => None,
        }
    }

    /// Wait until something happens, or something is due.
    fn wait(&mut self) {
        let now = Instant::now();
        let due = match self.rest.phase {
            Phase::Running => self.deadline.map_or(self.rest.looks.next, |deadline| deadline.min(self.rest.looks.next)),
            _ => now + PAUSE,
        };
        // A moment more, so that it is due when we wake.
        let left = due.saturating_duration_since(now) + Duration::from_millis(1);
        let timeout = Timespec::try_from(left).ok();
        let mut ready = {
            let mut fds = vec![PollFd::new(&self.signals, PollFlags::IN)];
            fds.extend(self.control.iter().map(|control| PollFd::new(control, PollFlags::IN)));
            let open = self.streams.iter().filter(|stream| stream.is_open);
            fds.extend(open.map(|stream| PollFd::new(&stream.reader, PollFlags::IN)));
            // A signal ends it early, which is what it is for.
            if poll(&mut fds, timeout.as_ref()).is_err() {
                return;
            }
            fds.iter().map(|fd| !fd.revents().is_empty()).collect::<Vec<_>>().into_iter()
        };
        if ready.next() == Some(true) {
            let mut bytes = [0; 64];
            while (&self.signals).read(&mut bytes).is_ok_and(|length| length > 0) {}
        }
        if self.control.is_some() && ready.next() == Some(true) {
            self.hear();
        }
        for stream in self.streams.iter_mut().filter(|stream| stream.is_open) {
            if ready.next() == Some(true) {
                self.rest.has_output |= stream.take() > 0;
            }
        }
    }

    /// What has come through the pipe.
    fn hear(&mut self) {
        let mut bytes = [0; 4096];
        let heard = self.control.as_mut().map_or(Ok(0), |control| control.read(&mut bytes)).unwrap_or(0);
        for said in self.rest.ear.hear(&bytes[..heard]) {
            match said {
                Said::EndOfInput => self.input = None,
                Said::Stop(stop) => self.rest.told = Some(stop),
            }
        }
    }

    /// Take note of every child that has ended; some have only come to us when their parent did.
    fn bury(&mut self) {
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            if pid == self.agent {
                self.rest.status = Some(status);
                self.tree.group = None;
                if test_kill_process_group(self.agent).is_err() {
                    self.guard.iter_mut().for_each(Guard::forget);
                }
            } else if self.guard.as_ref().is_some_and(|guard| guard.pid() == pid) {
                self.guard = None;
                self.set_up_guard();
            }
        }
    }

    /// Somebody has killed the guard: another one takes its place.
    fn set_up_guard(&mut self) {
        if self.rest.guards >= GUARDS {
            return;
        }
        self.rest.guards += 1;
        self.guard = Guard::stand(MARK, self.tree.id()).ok();
        if let (Some(guard), Some(group)) = (&mut self.guard, self.tree.group) {
            drop(guard.watch(group));
        }
    }

    /// What is still in the pipes. Whoever else holds their other ends is not waited for.
    fn drain(&mut self) {
        for stream in &mut self.streams {
            let mut left = AT_LAST;
            while stream.is_open && left > 0 && is_readable(&stream.reader) {
                left = left.saturating_sub(stream.take());
            }
        }
    }

    pub(super) fn dropped(&self) -> u64 {
        self.streams.iter().map(|stream| stream.log.dropped).sum()
    }

    pub(super) fn rotated(&self) -> u64 {
        self.streams.iter().map(|stream| stream.log.rotated).sum()
    }

    fn how(&self) -> Ended {
        let status = self.rest.status;
        let (exit_code, signal) =
            status.map_or((None, None), |status| (status.exit_status(), status.terminating_signal()));
        let (why, by) = match &self.rest.cause {
            Some((why, by)) => (*why, by.clone()),
            None if signal.is_some() => (Why::Signalled, None),
            None => (Why::Exited, None),
        };
        let used = getrusage(UsageWho::RUSAGE_CHILDREN).ok();
        let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
        let cpu = used.as_ref().map(|used| seconds(used.user_time()) + seconds(used.system_time()));
        // Linux counts it in kilobytes, others in bytes.
        let unit = if cfg!(target_os = "linux") { 1024 } else { 1 };
        let largest = used.map(|used| u64::try_from(used.max_rss()).unwrap_or_default() * unit);
        let seen = self.rest.looks.seen.as_ref().map(|seen| seen.peak_memory);
        Ended {
            why,
            exit_code,
            signal,
            by,
            ended_at: World::here().now,
            peak_memory: largest.max(seen),
            cpu_s: cpu.map(|cpu| (cpu * 1000.0).round() / 1000.0),
            dropped: self.dropped(),
            rotated: self.rotated(),
            left: self.rest.left,
        }
    }
}

impl Stream {
    /// Keep what is there, which is something or its end. Gives how much it was.
    fn take(&mut self) -> usize {
        let mut bytes = [0; AT_ONCE];
        match self.reader.read(&mut bytes) {
            Ok(0) => {
                self.is_open = false;
                0
            }
            Ok(length) => {
                self.log.keep(&bytes[..length]);
                length
            }
            Err(error) => {
                self.is_open = error.kind() == std::io::ErrorKind::Interrupted;
                0
            }
        }
    }
}

fn is_readable(reader: &PipeReader) -> bool {
    let mut fds = [PollFd::new(reader, PollFlags::IN)];
    poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok_and(|ready| ready > 0)
}
