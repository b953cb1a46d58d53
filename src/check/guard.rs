//! Making sure that what a check starts ends with it.
//!
//! A command is started in a process group of its own and held back until a guard stands over it (see
//! [`crate::process::guard`]), so that it ends however we end. What left the group (a daemon) is found by a variable that
//! every descendant inherits, where the system tells (`/proc`).

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::process::Spec;
use crate::process::guard::Guard;
use crate::process::table;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

/// The variable that marks everything that a check starts.
pub(crate) const MARK: &str = "GIT_AGENTS_CHECK";

/// How long a group has to end by itself before it is killed.
const GRACE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(10);

/// A command that runs under guard.
pub(super) struct Guarded {
    child: Child,
    group: Pid,
    mark: String,
    /// Gone when everything has ended.
    guard: Option<Guard>,
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
        let group = Pid::from_child(&child);
        let stand = || -> io::Result<Guard> {
            let mut guard = Guard::stand(MARK, mark)?;
            guard.watch(group)?;
            Ok(guard)
        };
        let guard = match stand() {
            Ok(guard) => guard,
            Err(error) => {
                drop(child.kill());
                drop(child.wait());
                return Err(error);
            }
        };
        let go = child.stdin.take();
        let guarded = Guarded { child, group, mark: mark.to_owned(), guard: Some(guard) };
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
        if let Some(mut guard) = self.guard.take() {
            guard.dismiss();
        }
    }

    /// Whether the group has no member that still runs. The first one is ours to bury before it counts as gone.
    fn is_gone(&mut self) -> bool {
        let buried = matches!(self.child.try_wait(), Ok(Some(_)));
        buried && test_kill_process_group(self.group).is_err()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if self.guard.is_some() {
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
    let found = table::marked(MARK, mark);
    for process in &found {
        drop(table::signal(process.pid, process.start, Signal::KILL));
    }
    found.len()
}
