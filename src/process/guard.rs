//! A second process that ends what we have started when we are no longer there to do it.
//!
//! It waits on a pipe that only we hold open. However we end, a `kill -9` included, the pipe closes, and the guard ends
//! the process group that it was told of, and everything that carries the mark: a variable that every descendant
//! inherits, by which also what has left the group is found, where the system tells (`/proc`).

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};

use rustix::process::Pid;

/// Reads the group, an empty line for none, then waits for a line that says that all is done. Its argument is the mark.
const SCRIPT: &str = r#"group=
while read -r line; do
    case $line in done) exit;; *) group=$line;; esac
done
marked() {
    # Where /proc belongs to another namespace of processes, its numbers are not ours.
    read -r self rest </proc/self/stat && test "$self" = $$ || return
    for process in /proc/[0-9]*; do
        tr '\0' '\n' <"$process/environ" | grep -qFx -e "$1" && kill -s "$2" "${process#/proc/}"
    done
}
end() {
    test "$group" && kill -s "$2" -- "-$group"
    marked "$1" "$2"
}
end "$1" TERM
# The number of a group that is empty once may soon be somebody else's.
for pause in 1 2 3 4 5 6 7 8 9 10; do
    test "$group" && { kill -s 0 -- "-$group" || group=; }
    sleep 0.2 || sleep 1
done
end "$1" KILL
end "$1" KILL"#;

/// A guard that stands.
#[derive(Debug)]
pub struct Guard {
    child: Child,
    /// Closing it before a line was written makes the guard act.
    wire: Option<ChildStdin>,
}

impl Guard {
    /// Let one stand over everything that has `value` for the variable `name`.
    ///
    /// # Errors
    /// There is no `sh`, or no room for another process.
    #[expect(clippy::disallowed_methods, reason = "the guard is a shell of ours, not git")]
    pub fn stand(name: &str, value: &str) -> io::Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "sh", &format!("{name}={value}")]).process_group(0).current_dir("/");
        // It is none of what it watches over, nor is it part of anything else.
        command.env_clear().env("PATH", DEFAULT_PATH).env(name, format!("{GUARD}{value}"));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let wire = child.stdin.take();
        Ok(Guard { child, wire })
    }

    /// It is to end this process group, too.
    ///
    /// # Errors
    /// It is not there any more.
    pub fn watch(&mut self, group: Pid) -> io::Result<()> {
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        self.wire.as_mut().ok_or_else(gone)?.write_all(format!("{}\n", group.as_raw_nonzero()).as_bytes())
    }

    /// That process group is gone, and its number may become somebody else's.
    pub fn forget(&mut self) {
        drop(self.wire.as_mut().map(|wire| wire.write_all(b"\n")));
    }

    /// Its number.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Everything has ended: it may go.
    pub fn dismiss(&mut self) {
        if let Some(mut wire) = self.wire.take() {
            drop(wire.write_all(b"done\n"));
        }
        drop(self.child.wait());
    }
}

/// What a guard's own mark begins with.
pub const GUARD: &str = "guard-";
/// Where `sh`, `tr`, `grep` and `sleep` are, whatever the environment of the guarded says.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:/run/current-system/sw/bin";
