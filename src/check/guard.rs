//! Making sure that what a check starts ends with it.
//!
//! A command is started in a process group of its own and held back until a second process, the guard, waits on a pipe
//! that only we hold open. However we end, a `kill -9` included, the pipe closes and the guard ends the group. What left
//! the group (a daemon) is found by a variable that every descendant inherits, where the system tells (`/proc`).

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use super::process::Spec;
use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process_group};

/// The variable that marks everything that a check starts.
pub(crate) const MARK: &str = "GIT_AGENTS_CHECK";

/// How long a group has to end by itself before it is killed.
const GRACE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(10);

/// Waits for a line, and ends the group and what left it when there is none. Its argument is both, with a space between.
const GUARD: &str = r#"read -r done && exit
group=${1%% *} mark=${1#* }
kill -s TERM -- "-$group"
sleep 2
kill -s KILL -- "-$group"
for process in /proc/[0-9]*; do
    tr '\0' '\n' <"$process/environ" | grep -qFx -e "$mark" && kill -s KILL "${process#/proc/}"
done"#;

/// A command that runs under guard.
pub(super) struct Guarded {
    child: Child,
    group: Pid,
    mark: String,
    guard: Child,
    /// Closing it before a line was written makes the guard end the group.
    wire: Option<ChildStdin>,
}

impl Guarded {
    /// Start a command with `sh`, everything it writes going to `output`.
    pub(super) fn start(spec: &Spec<'_>, output: &std::fs::File) -> io::Result<Self> {
        let Spec { command, dir, mark, environment, .. } = *spec;
        // Held back until the guard stands: if we die before, it reads the end of the pipe and never begins.
        let mut child = shell("read -r go && exec sh -c \"$1\" </dev/null", command)
            .current_dir(dir)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .env(MARK, mark)
            .stdout(output.try_clone()?)
            .stderr(output.try_clone()?)
            .spawn()?;
        let begin = || -> io::Result<(Pid, Child)> {
            let group = Pid::from_child(&child);
            let group_and_mark = [group.as_raw_nonzero().to_string(), format!("{MARK}={mark}")];
            let guard = shell(GUARD, &group_and_mark.join(" ")).current_dir("/").spawn()?;
            Ok((group, guard))
        };
        let (group, mut guard) = match begin() {
            Ok(begun) => begun,
            Err(error) => {
                drop(child.kill());
                drop(child.wait());
                return Err(error);
            }
        };
        let wire = guard.stdin.take();
        let go = child.stdin.take();
        let guarded = Guarded { child, group, mark: mark.to_owned(), guard, wire };
        if let Some(mut go) = go {
            go.write_all(b"\n")?;
        }
        Ok(guarded)
    }

    /// Its exit status, when it has ended.
    pub(super) fn ended(&mut self) -> io::Result<Option<std::process::ExitStatus>> {
        self.child.try_wait()
    }

    /// End everything that is left of it: ask, then kill.
    pub(super) fn end(&mut self) {
        if test_kill_process_group(self.group).is_ok() {
            kill_process_group(self.group, Signal::TERM).ok();
            wait_for(GRACE, || self.is_gone());
            kill_process_group(self.group, Signal::KILL).ok();
        }
        drop(self.child.wait());
        wait_for(GRACE, || test_kill_process_group(self.group).is_err());
        end_marked(&self.mark);
        if let Some(mut wire) = self.wire.take() {
            drop(wire.write_all(b"\n"));
        }
        drop(self.guard.wait());
    }

    /// Whether the group has no member that still runs. The first one is ours to bury before it counts as gone.
    fn is_gone(&mut self) -> bool {
        let buried = matches!(self.child.try_wait(), Ok(Some(_)));
        buried && test_kill_process_group(self.group).is_err()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if self.wire.is_some() {
            self.end();
        }
    }
}

/// A shell in a process group of its own that reads from us, without anything that ties it to a repository.
#[expect(clippy::disallowed_methods, reason = "a check is the user's own command, not git")]
fn shell(script: &str, argument: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh", argument]).process_group(0);
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"GIT_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Wait until it is so, but not longer than that.
fn wait_for(longest: Duration, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() && begun.elapsed() < longest {
        std::thread::sleep(PAUSE);
    }
}

/// Kill what carries the mark until nothing does.
pub(super) fn end_marked(mark: &str) {
    wait_for(GRACE, || kill_marked(mark) == 0);
}

/// Kill what carries the mark, wherever it went. Gives how many were found.
fn kill_marked(mark: &str) -> usize {
    let wanted = format!("{MARK}={mark}");
    let mut found = 0;
    let Ok(processes) = Path::new("/proc").read_dir() else { return found };
    for process in processes.flatten() {
        let number = process.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
        let Some(pid) = number else { continue };
        let environment = std::fs::read(process.path().join("environ")).unwrap_or_default();
        if environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes()) {
            kill_process(pid, Signal::KILL).ok();
            found += 1;
        }
    }
    found
}
