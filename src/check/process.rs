//! One command, from start to end: output to a log, a time limit, and nothing left behind.
//!
//! The command writes to the log itself, not to a pipe of ours: a daemon that it leaves cannot make us wait for an end
//! that never comes. What is shown while it runs is read from the log.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::guard::{self, Guarded};

/// How much is shown before the clock is looked at again, and how much at the end.
const SHOWN_AT_ONCE: u64 = 64 << 10;
const SHOWN_AT_LAST: u64 = 1 << 20;
/// More output than anybody reads; a command that goes on like this fills the disk.
const MOST_OUTPUT: u64 = 256 << 20;
const SHORTEST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// What is to be run.
#[derive(Debug, Clone, Copy)]
pub struct Spec<'a> {
    /// For `sh -c`.
    pub command: &'a str,
    /// Where.
    pub dir: &'a Path,
    /// What it writes goes to the end of this file.
    pub log: &'a Path,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// Names this run; every process that it starts carries it in `GIT_AGENTS_CHECK`.
    pub mark: &'a str,
    /// Variables besides those that we have ourselves; of ours, what begins with `GIT_` is left out.
    pub environment: &'a [(String, OsString)],
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// By itself, with this exit status.
    Exited(i32),
    /// By this signal, which was not ours.
    Signal(i32),
    /// It took too long and was ended.
    TimedOut,
    /// It wrote without end and was ended.
    TooMuchOutput,
}

impl End {
    /// Whether the check passed.
    pub fn is_good(self) -> bool {
        self == End::Exited(0)
    }
}

/// Run it to its end; `show` gets what it writes as it comes.
///
/// # Errors
/// The log could not be written or the shell not be started.
pub fn run(spec: &Spec<'_>, show: &mut dyn FnMut(&[u8])) -> io::Result<End> {
    let log = OpenOptions::new().create(true).append(true).open(spec.log)?;
    let mut shown = File::open(spec.log)?;
    let before = shown.seek(SeekFrom::End(0))?;
    let begun = Instant::now();
    let mut running = Guarded::start(spec, &log)?;
    let mut pause = SHORTEST_PAUSE;
    let end = loop {
        let status = running.ended()?;
        let read = forward(&shown, SHOWN_AT_ONCE, show)?;
        if let Some(status) = status {
            break status.code().map_or_else(|| End::Signal(status.signal().unwrap_or_default()), End::Exited);
        }
        if spec.timeout.is_some_and(|limit| begun.elapsed() >= limit) {
            break End::TimedOut;
        }
        if log.metadata()?.len().saturating_sub(before) > MOST_OUTPUT {
            break End::TooMuchOutput;
        }
        pause = if read { SHORTEST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
        std::thread::sleep(pause);
    };
    running.end();
    if end == End::TooMuchOutput {
        log.set_len(before + MOST_OUTPUT)?;
    }
    forward(&shown, SHOWN_AT_LAST, show)?;
    if shown.stream_position()? < log.metadata()?.len() {
        show(b"\n(the rest is in the log)\n");
    }
    Ok(end)
}

/// End what is left of a command whose caller was killed: everything that carries its mark, where the system tells.
pub fn end_left(mark: &str) {
    guard::end_marked(mark);
}

/// Show what has been written since, but no more than so many bytes. True when there was something.
fn forward(log: &File, most: u64, show: &mut dyn FnMut(&[u8])) -> io::Result<bool> {
    let mut buffer = [0; 8192];
    let mut any = false;
    let mut log = log.take(most);
    loop {
        match log.read(&mut buffer)? {
            0 => return Ok(any),
            length => show(&buffer[..length]),
        }
        any = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_in(dir: &Path, command: &str, timeout: Option<Duration>) -> (End, String) {
        let mark = dir.file_name().unwrap().to_str().unwrap();
        let mut seen = Vec::new();
        let spec = Spec { command, dir, log: &dir.join("log"), timeout, mark, environment: &[] };
        let end = run(&spec, &mut |bytes| seen.extend_from_slice(bytes)).unwrap();
        (end, String::from_utf8(seen).unwrap())
    }

    fn is_alive(pid: &str) -> bool {
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        !state.is_empty() && !state.contains(") Z ")
    }

    #[test]
    fn its_end_and_its_output_are_told() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(run_in(folder.path(), "echo out; echo err >&2", None), (End::Exited(0), "out\nerr\n".into()));
        assert_eq!(run_in(folder.path(), "exit 3", None), (End::Exited(3), String::new()));
        assert_eq!(run_in(folder.path(), "kill -9 $$", None), (End::Signal(9), String::new()));
        assert_eq!(run_in(folder.path(), "cat", None), (End::Exited(0), String::new()));
        assert_eq!(std::fs::read_to_string(folder.path().join("log")).unwrap(), "out\nerr\n");
        assert!(End::Exited(0).is_good() && !End::Exited(1).is_good() && !End::TimedOut.is_good());
    }

    #[test]
    fn what_writes_faster_than_it_is_shown_is_ended_in_time() {
        for command in ["yes", "tr '\\0' x </dev/zero"] {
            let folder = tempfile::tempdir().unwrap();
            let (end, seen) = run_in(folder.path(), command, Some(Duration::from_millis(300)));
            assert!(matches!(end, End::TimedOut | End::TooMuchOutput), "{command}: {end:?}");
            assert!(seen.len() as u64 <= MOST_OUTPUT, "{command}: {}", seen.len());
            let log = folder.path().join("log").metadata().unwrap().len();
            assert!(seen.len() as u64 == log || seen.ends_with("(the rest is in the log)\n"), "{command}");
        }
    }

    #[test]
    fn the_environment_says_nothing_of_a_repository() {
        let folder = tempfile::tempdir().unwrap();
        let (_, output) = run_in(folder.path(), "env | grep ^GIT_ | cut -d= -f1", None);
        let mut names: Vec<&str> = output.lines().collect();
        names.sort_unstable();
        assert_eq!(names, ["GIT_AGENTS_CHECK"]);
    }

    #[test]
    fn nothing_outlives_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let command = "sleep 300 & echo $!; setsid sleep 301 & echo $!; wait";
        let (end, output) = run_in(folder.path(), command, Some(Duration::from_millis(300)));
        assert_eq!(end, End::TimedOut);
        let pids: Vec<&str> = output.lines().collect();
        assert_eq!(pids.len(), 2, "{output}");
        assert!(pids.iter().all(|pid| !is_alive(pid)), "{pids:?}");
    }

    #[test]
    fn a_daemon_neither_holds_it_up_nor_stays() {
        let folder = tempfile::tempdir().unwrap();
        let command = "setsid sh -c 'echo $$ >pid; sleep 302; :' & while ! test -s pid; do sleep 0.01; done";
        let (end, _) = run_in(folder.path(), command, None);
        assert_eq!(end, End::Exited(0));
        let pid = std::fs::read_to_string(folder.path().join("pid")).unwrap();
        assert!(!is_alive(pid.trim()));
    }
}
