//! What the system tells of processes (`/proc`). Where it does not, nothing is known, and nothing is guessed.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use rustix::process::{Pid, Signal};

/// One process at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// A letter: `R` runs, `Z` has ended and waits to be buried.
    pub state: char,
    /// The process that it is a child of.
    pub parent: i32,
    /// Its process group.
    pub group: i32,
    /// Its session.
    pub session: i32,
    /// When it was started, in clock ticks since the boot.
    pub start: u64,
    /// The processor time that it has used, in clock ticks.
    pub own_ticks: u64,
    /// What the children that it has buried had used, in clock ticks.
    pub buried_ticks: u64,
}

impl Process {
    /// It has not ended.
    pub fn is_alive(&self) -> bool {
        !matches!(self.state, 'Z' | 'X')
    }
}

/// Whether `/proc` counts processes as we do. Where somebody has made a namespace of processes and left the old `/proc` in
/// it, it does not, and a number there is somebody else's here.
fn is_ours() -> bool {
    static IS_OURS: OnceLock<bool> = OnceLock::new();
    *IS_OURS.get_or_init(|| {
        let own = std::fs::read_link("/proc/self").ok();
        own.is_some_and(|own| own.to_str() == Some(&std::process::id().to_string()))
    })
}

/// Names the namespace of processes that we are in; a number means nothing in another one.
pub fn namespace() -> Option<String> {
    std::fs::read_link("/proc/self/ns/pid").ok()?.into_os_string().into_string().ok()
}

/// The process with this number.
pub fn look_up(pid: i32) -> Option<Process> {
    if !is_ours() {
        return None;
    }
    parse(&std::fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// A line of `/proc/PID/stat` (proc_pid_stat(5)). The name may hold anything, so what counts begins after its last
/// parenthesis.
fn parse(line: &[u8]) -> Option<Process> {
    let pid = std::str::from_utf8(line.split(|byte| *byte == b' ').next()?).ok()?.parse().ok()?;
    let end = line.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(line.get(end + 1..)?).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<i64>().ok();
    let ticks = |field: usize| Some(u64::try_from(number(field)?).unwrap_or_default());
    Some(Process {
        pid,
        state: fields.first()?.chars().next()?,
        parent: i32::try_from(number(4)?).ok()?,
        group: i32::try_from(number(5)?).ok()?,
        session: i32::try_from(number(6)?).ok()?,
        start: ticks(22)?,
        own_ticks: ticks(14)? + ticks(15)?,
        buried_ticks: ticks(16)? + ticks(17)?,
    })
}

/// Everything that runs.
pub fn all() -> Vec<Process> {
    if !is_ours() {
        return Vec::new();
    }
    let Ok(entries) = Path::new("/proc").read_dir() else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(look_up).collect()
}

/// What has come from this process, children before grandchildren; what has ended and waits to be buried is among it.
pub fn descendants(pid: i32) -> Vec<Process> {
    let mut found: Vec<Process> = Vec::new();
    let Some(mut next) = children(pid) else { return descendants_among(pid, all()) };
    let mut at = 0;
    loop {
        found.extend(next.drain(..).filter_map(look_up));
        let Some(process) = found.get(at) else { return found };
        next = children(process.pid).unwrap_or_default();
        next.retain(|child| found.iter().all(|known| known.pid != *child));
        at += 1;
    }
}

/// The numbers of the children of all its threads; none when the system does not list them.
fn children(pid: i32) -> Option<Vec<i32>> {
    if !is_ours() {
        return None;
    }
    let threads = Path::new("/proc").join(pid.to_string()).join("task").read_dir().ok()?;
    let mut found = Vec::new();
    for thread in threads.flatten() {
        let listed = std::fs::read_to_string(thread.path().join("children")).ok()?;
        found.extend(listed.split_ascii_whitespace().filter_map(|word| word.parse::<i32>().ok()));
    }
    Some(found)
}

fn descendants_among(pid: i32, all: Vec<Process>) -> Vec<Process> {
    let mut by_parent: BTreeMap<i32, Vec<Process>> = BTreeMap::new();
    for process in all {
        by_parent.entry(process.parent).or_default().push(process);
    }
    let mut found = by_parent.remove(&pid).unwrap_or_default();
    let mut at = 0;
    while let Some(process) = found.get(at) {
        let more = by_parent.remove(&process.pid).unwrap_or_default();
        found.extend(more);
        at += 1;
    }
    found
}

/// What a process has for this variable in the environment that it was started with; none also when we may not look.
pub fn variable(pid: i32, name: &str) -> Option<Vec<u8>> {
    let [value] = variables(pid, [name]);
    value
}

/// What it has for several.
pub fn variables<const N: usize>(pid: i32, names: [&str; N]) -> [Option<Vec<u8>>; N] {
    let environment = if is_ours() { std::fs::read(format!("/proc/{pid}/environ")).ok() } else { None };
    let environment = environment.unwrap_or_default();
    names.map(|name| {
        let value = |entry: &[u8]| Some(entry.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?.to_vec());
        environment.split(|byte| *byte == 0).find_map(value)
    })
}

/// The words that a process was started with; none when we may not look.
pub fn words(pid: i32) -> Vec<Vec<u8>> {
    let line = if is_ours() { std::fs::read(format!("/proc/{pid}/cmdline")).ok() } else { None };
    line.unwrap_or_default().split(|byte| *byte == 0).map(<[u8]>::to_vec).collect()
}

/// Everything that has this value for this variable.
pub fn marked(name: &str, value: &str) -> Vec<Process> {
    let has_it = |process: &Process| variable(process.pid, name).is_some_and(|found| found == value.as_bytes());
    all().into_iter().filter(|process| process.is_alive() && has_it(process)).collect()
}

/// The memory that a process has in use, in bytes.
pub fn memory(pid: i32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let pages: u64 = text.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// A number of clock ticks as a time.
pub fn ticks(number: u64) -> Duration {
    Duration::from_millis(number.saturating_mul(1000) / rustix::param::clock_ticks_per_second().max(1))
}

/// Names the time since the machine was last started.
pub fn boot() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned()).filter(|id| !id.is_empty())
}

/// Send a signal to the process with this number that was started at this time, and to no other.
///
/// # Errors
/// It is gone, or it is not ours to end.
pub fn signal(pid: i32, start: u64, signal: Signal) -> io::Result<()> {
    let gone = || io::Error::from(io::ErrorKind::NotFound);
    let number = Pid::from_raw(pid).ok_or_else(gone)?;
    let is_it = || look_up(pid).is_some_and(|process| process.start == start);
    send(number, signal, is_it).unwrap_or_else(|| Err(gone()))
}

/// Signal a process when it is the one that is meant; none when it is not. What is held is one process, and only then is
/// it asked who it is.
#[cfg(target_os = "linux")]
fn send(number: Pid, signal: Signal, is_it: impl FnOnce() -> bool) -> Option<io::Result<()>> {
    use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};
    match pidfd_open(number, PidfdFlags::empty()) {
        Ok(held) => is_it().then(|| Ok(pidfd_send_signal(&held, signal)?)),
        Err(error) => Some(Err(error.into())),
    }
}

/// The same where no process can be held: its number is all that there is, and it is asked who it is just before.
#[cfg(not(target_os = "linux"))]
fn send(number: Pid, signal: Signal, is_it: impl FnOnce() -> bool) -> Option<io::Result<()>> {
    is_it().then(|| Ok(rustix::process::kill_process(number, signal)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_looks_like_a_line_deceives_nobody() {
        let line = b"42 (a) R 1 1 1 (b) S 7 8 9 0 -1 4194304 1 0 0 0 11 12 13 14 20 0 1 0 555 1 2 3";
        let process = parse(line).unwrap();
        assert_eq!((process.pid, process.state, process.parent), (42, 'S', 7));
        assert_eq!((process.group, process.session, process.start), (8, 9, 555));
        assert_eq!((process.own_ticks, process.buried_ticks), (23, 27));
        for bad in [&b""[..], b"42", b"42 (a", b"42 (a)", b"42 (a) R 1", b"\xff (a) R 1 1 1"] {
            assert_eq!(parse(bad), None);
        }
    }

    #[test]
    fn we_are_here() {
        let own = i32::try_from(std::process::id()).unwrap();
        let process = look_up(own).unwrap();
        assert!(process.is_alive() && memory(own).unwrap() > 0 && boot().is_some());
        assert!(all().contains(&look_up(1).unwrap()));
        let gone = signal(own, process.start + 1, Signal::KILL).unwrap_err();
        assert_eq!(gone.kind(), io::ErrorKind::NotFound, "a number with another time is somebody else");
    }
}
