//! A git child that talks to a host: it has so much time, and when that is over, nothing that it started stays behind.
//!
//! It runs in a process group of its own, so that its ssh or its helper ends with it. What interrupts us on a terminal
//! does not reach that group, so while we wait it is passed on before we go ourselves.

use std::io::Read;
use std::process::{Child, ExitStatus, Output};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use gix::bstr::ByteSlice;
use gix::tempfile::signal::{handler::Mode, setup};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::git::{Git, GitError};

/// No more of a host's words than this is repeated.
const MOST_WORDS: usize = 600;
/// How long a group may take to put its lock files away before it is killed.
const GRACE: Duration = Duration::from_secs(2);
/// How often is looked whether somebody interrupts us; what the child says is never waited for so long.
const LOOK: Duration = Duration::from_millis(50);

/// What a child that may have been stopped has said.
pub(super) struct Answer {
    /// None when it took too long.
    pub(super) status: Option<ExitStatus>,
    pub(super) stdout: Vec<u8>,
    stderr: Vec<u8>,
    limit: Duration,
}

impl Answer {
    /// Whether it ended in time, and well.
    pub(super) fn is_good(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    /// The host's and git's words in one line, fit for a terminal.
    pub(super) fn words(&self) -> String {
        let text = self.stderr.to_str_lossy();
        let porcelain = self.stdout.to_str_lossy();
        let said = text.lines().chain(porcelain.lines().filter(|line| line.starts_with('!')));
        let lines = said.map(|line| line.trim().replace('\t', " ")).filter(|line| !line.is_empty());
        let mut words = crate::text::printable(&lines.collect::<Vec<_>>().join("; "));
        if words.len() > MOST_WORDS {
            let end = (0..=MOST_WORDS).rev().find(|at| words.is_char_boundary(*at)).unwrap_or_default();
            words.truncate(end);
            words.push('…');
        }
        match (self.status.is_none(), words.is_empty()) {
            (true, _) => format!("no answer within {} seconds", self.limit.as_secs()),
            (false, true) => "git said nothing".to_owned(),
            (false, false) => words,
        }
    }
}

/// Run a child for at most so long.
pub(super) fn run(git: Git, limit: Duration) -> Result<Answer, GitError> {
    let command = git.line();
    let waiting = Waiting::begin();
    let mut child = git.in_own_group().spawn()?;
    drop(child.stdin.take());
    let give_up = Instant::now() + limit;
    let streams = [child.stdout.take().map(reading), child.stderr.take().map(reading)];
    let mut texts = streams.into_iter().map(|stream| waiting.read(&stream?, give_up));
    let (stdout, stderr) = (texts.next().flatten(), texts.next().flatten());
    let io = |source| GitError::Io { command: command.clone(), source };
    let (Some(stdout), Some(stderr)) = (stdout, stderr) else {
        end(&mut child);
        child.wait().map_err(io)?;
        return Ok(Answer { status: None, stdout: Vec::new(), stderr: Vec::new(), limit });
    };
    let Output { status, .. } = child.wait_with_output().map_err(io)?;
    Ok(Answer { status: Some(status), stdout, stderr, limit })
}

/// All that comes out of a pipe, read beside us; a process that the child left behind may keep the pipe open for ever.
fn reading(mut pipe: impl Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        drop(pipe.read_to_end(&mut bytes));
        drop(sender.send(bytes));
    });
    receiver
}

/// End the child and what it started: ask, so that git puts its lock files away, then kill.
fn end(child: &mut Child) {
    let group = Pid::from_child(child);
    kill_process_group(group, Signal::TERM).ok();
    let begun = Instant::now();
    // The child is ours to bury before its group counts as gone.
    while !(matches!(child.try_wait(), Ok(Some(_))) && test_kill_process_group(group).is_err())
        && begun.elapsed() < GRACE
    {
        std::thread::sleep(Duration::from_millis(10));
    }
    kill_process_group(group, Signal::KILL).ok();
}

/// What interrupts us. We hear of it from the first child on; while nobody waits it does what it would do anyway.
struct Interrupts {
    is_idle: Arc<AtomicBool>,
    came: Arc<AtomicUsize>,
}

/// Whether interrupts are heard elsewhere.
static HEARD: AtomicBool = AtomicBool::new(false);

/// Interrupts are heard by the command itself from now on: they end neither us nor a child that has its own time.
pub fn leave_interrupts() {
    HEARD.store(true, Ordering::SeqCst);
}

/// The time in which a child runs; at its end we go as we would have gone, if something wanted us to. None where that is
/// left to the command.
struct Waiting(Option<&'static Interrupts>);

impl Waiting {
    fn begin() -> Self {
        if HEARD.load(Ordering::SeqCst) {
            return Waiting(None);
        }
        static ONE: OnceLock<Interrupts> = OnceLock::new();
        let one = ONE.get_or_init(|| {
            let one = Interrupts { is_idle: Arc::new(AtomicBool::new(true)), came: Arc::default() };
            for signal in [SIGINT, SIGTERM] {
                // Where it cannot be heard it ends us, and the child goes on: nothing worse.
                drop(signal_hook::flag::register_conditional_default(signal, Arc::clone(&one.is_idle)));
                let number = usize::try_from(signal).unwrap_or_default();
                drop(signal_hook::flag::register_usize(signal, Arc::clone(&one.came), number));
            }
            one
        });
        one.is_idle.store(false, Ordering::SeqCst);
        // gix has handlers of its own, for its lock files, which would end us at once.
        setup(Mode::DeleteTempfilesOnTermination);
        Waiting(Some(one))
    }

    fn is_interrupted(&self) -> bool {
        self.0.is_some_and(|one| one.came.load(Ordering::SeqCst) != 0)
    }

    /// All that the stream says; none when the time is over or we are interrupted before its end.
    fn read(&self, stream: &mpsc::Receiver<Vec<u8>>, give_up: Instant) -> Option<Vec<u8>> {
        loop {
            let left = give_up.saturating_duration_since(Instant::now());
            match stream.recv_timeout(left.min(LOOK)) {
                Ok(bytes) => return Some(bytes),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) if left.is_zero() || self.is_interrupted() => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Some(one) = self.0 else { return };
        one.is_idle.store(true, Ordering::SeqCst);
        setup(Mode::DeleteTempfilesOnTerminationAndRestoreDefaultBehaviour);
        if let Some(signal) = i32::try_from(one.came.load(Ordering::SeqCst)).ok().filter(|signal| *signal != 0) {
            drop(signal_hook::low_level::emulate_default_handler(signal));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_does_not_end_is_stopped_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        // A helper that keeps the pipes open and does not hear when it is asked to end.
        let git = Git::at(folder.path()).args(["-c", "alias.wait=!trap '' TERM; echo $$ >pid; sleep 600", "wait"]);
        let answer = run(git, Duration::from_secs(2)).unwrap();
        assert!(answer.status.is_none());
        assert_eq!(answer.words(), "no answer within 2 seconds");
        let helper = std::fs::read_to_string(folder.path().join("pid")).unwrap();
        let helper = Pid::from_raw(helper.trim().parse().unwrap()).unwrap();
        // Whoever adopts it has to bury it first.
        let is_gone = || {
            let state = std::fs::read_to_string(format!("/proc/{}/stat", helper.as_raw_nonzero()));
            rustix::process::test_kill_process(helper).is_err() || state.is_ok_and(|state| state.contains(") Z "))
        };
        while !is_gone() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn words_are_one_line_and_do_nothing_to_a_terminal() {
        let folder = tempfile::tempdir().unwrap();
        let print =
            "alias.say=!printf '!\\trefs\\t[remote rejected]\\n'; printf 'remote: \\033[2J\\n\\nmore\\n' >&2; exit 1";
        let answer = run(Git::at(folder.path()).args(["-c", print, "say"]), Duration::from_secs(20)).unwrap();
        assert_eq!(answer.words(), "remote: \u{fffd}[2J; more; ! refs [remote rejected]");
        let long = Answer { stderr: "ä".repeat(MOST_WORDS).into_bytes(), ..answer };
        assert_eq!(long.words(), format!("{}…", "ä".repeat(MOST_WORDS / 2)));
    }
}
