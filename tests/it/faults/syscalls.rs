//! Landings in which one system call fails, or is the last: every call that writes, of the program itself and of each
//! git child that it starts once the journal has its entry.
//!
//! `strace` does it. The children are found by a `git` on the PATH that counts them; it starts the real one, under strace
//! where it is that child's turn.

use std::fmt::{Display, Formatter, Result};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::facts::{End, Work};
use super::ground::Ground;
use super::scenario::Scenario;
use super::tally::Tally;

/// The calls that change something.
const CALLS: &str = "openat,write,pwrite64,rename,renameat,renameat2,link,linkat,unlink,unlinkat,rmdir,fsync,fdatasync,\
    mkdir,mkdirat,ftruncate,symlink,symlinkat,fchmod,fchmodat";

/// More children than a small landing has.
const MOST_CHILDREN: usize = 60;

/// One call that is to go wrong.
#[derive(Debug, Clone)]
struct Call {
    /// Which child since the journal entry; none is the program itself.
    child: Option<usize>,
    name: String,
    /// Which of the process's calls of that name.
    number: usize,
    blow: Blow,
    /// How strace showed it when nothing went wrong.
    line: String,
}

/// How it goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blow {
    Error(&'static str),
    /// The process is killed as it makes the call.
    Killed,
    /// The program, too.
    AllKilled,
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let child = self.child.map_or("the program".to_owned(), |child| format!("child {child}"));
        write!(f, "{child}, {} number {}, {:?}: {}", self.name, self.number, self.blow, self.line)
    }
}

/// Why strace cannot be used where there is none.
pub(crate) const NOT_INSTALLED: &str = "strace is not installed";

/// Why strace cannot be used here; none when it can.
pub(crate) fn why_no_strace() -> Option<String> {
    match Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).trim_end().to_owned()),
        Err(_) => Some(NOT_INSTALLED.to_owned()),
    }
}

/// Disturb every `stride`-th of all calls of this landing, several landings at a time.
pub(crate) fn disturb_calls(program: &Path, scenario: Scenario, stride: usize, jobs: usize) -> Tally {
    let calls = Disturber::new(program, scenario).all_calls();
    // Every process, kind of call and kind of fault comes up, whatever the stride.
    let calls: Vec<Call> = calls.into_iter().step_by(stride).collect();
    let (all, next) = (Mutex::new(Tally::default()), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                let mut disturber = Disturber::new(program, scenario);
                while let Some(call) = calls.get(next.fetch_add(1, Ordering::Relaxed)) {
                    disturber.round(call);
                }
                all.lock().unwrap().add(disturber.tally);
            });
        }
    });
    all.into_inner().unwrap()
}

struct Disturber {
    ground: Ground,
    work: Work,
    end: End,
    tally: Tally,
}

impl Disturber {
    fn new(program: &Path, scenario: Scenario) -> Self {
        let ground = Ground::new(program, scenario);
        install_shim(&ground);
        let work = Work::of(&ground);
        let output = ground.land();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let end = End::of(&ground);
        Disturber { ground, work, end, tally: Tally::default() }
    }

    /// Every call of an undisturbed landing, with every fault that it can meet.
    fn all_calls(&self) -> Vec<Call> {
        let mut calls = Vec::new();
        for child in (0..=MOST_CHILDREN).map(|child| (child > 0).then_some(child)) {
            self.ground.restore();
            let options = format!("-e trace={CALLS}");
            let trace = self.trace();
            drop(std::fs::remove_file(&trace));
            assert!(self.run(child, &options, false).status.success());
            // No more children.
            let Ok(text) = std::fs::read_to_string(&trace) else { break };
            let kinds = [Blow::Error("EIO"), Blow::Error("ENOSPC"), Blow::Killed, Blow::AllKilled];
            // The program's end is its children's too.
            let kinds = &kinds[..if child.is_some() { 4 } else { 3 }];
            for (name, number, line) in writing_calls(&text) {
                // Into a pipe, where neither error ever comes from.
                let is_said = child.is_some() && (line.starts_with("write(1,") || line.starts_with("write(2,"));
                let kinds = if is_said { &kinds[2..] } else { kinds };
                calls.extend(kinds.iter().map(|&blow| Call {
                    child,
                    name: name.clone(),
                    number,
                    blow,
                    line: line.clone(),
                }));
            }
        }
        calls
    }

    /// One landing with one fault, and the same again without.
    fn round(&mut self, call: &Call) {
        self.ground.restore();
        let fault = match call.blow {
            Blow::Error(name) => format!("error={name}"),
            Blow::Killed | Blow::AllKilled => "signal=KILL".to_owned(),
        };
        let Call { name, number, .. } = call;
        let options = format!("-e trace={name} -e inject={name}:{fault}:when={number}");
        let output = self.run(call.child, &options, call.blow == Blow::AllKilled);
        self.tally.faults += 1;
        self.tally.under_way += usize::from(call.child.is_some());
        let mut losses = self.work.losses(&self.ground);
        let is_killed = call.blow == Blow::AllKilled || (call.child.is_none() && call.blow == Blow::Killed);
        match output.status.code() {
            Some(0 | 4) => {}
            Some(3) => losses.extend(self.work.differences(&self.ground)),
            None if is_killed => {}
            _ => losses.push(format!("it ended with {}", output.status)),
        }
        let again = self.ground.land();
        self.tally.landings += 1;
        losses.extend(self.work.losses(&self.ground));
        if again.status.success() {
            losses.extend(self.end.differences(&self.ground, &End::of(&self.ground)));
        } else {
            losses.push(format!("the next run ended with {}", again.status));
        }
        if !losses.is_empty() {
            let said = [&output, &again].map(|output| String::from_utf8_lossy(&output.stderr).into_owned()).join("\n");
            let (kept, losses) = (self.ground.keep(), losses.join("\n"));
            self.tally.losses.push(format!("{call}\n{losses}\nit said: {said}\nkept in {}", kept.display()));
        }
    }

    fn trace(&self) -> PathBuf {
        self.ground.root().join("trace")
    }

    /// The landing, with that process under strace.
    fn run(&self, child: Option<usize>, options: &str, ends_all: bool) -> Output {
        let shim = self.ground.root().join("shim");
        drop(std::fs::remove_file(shim.join("count")));
        let mut path = shim.clone().into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap());
        let mut command = self.ground.landing();
        if child.is_none() {
            command = self.ground.landing_under("strace", |strace| {
                strace.args(["-qq", "-o"]).arg(self.trace()).args(options.split(' '));
            });
        }
        command
            .env("PATH", path)
            .env("FAULT_CHILD", child.unwrap_or_default().to_string())
            .env("FAULT_OPTIONS", options)
            .env("FAULT_TRACE", self.trace())
            .env("FAULT_COUNT", shim.join("count"))
            .env("FAULT_JOURNAL", self.ground.repo().join(".git/agents/journal"))
            .env("FAULT_ENDS_ALL", if ends_all { "yes" } else { "" })
            .env("FAULT_GIT", real_git())
            .stderr(Stdio::piped());
        command.output().unwrap()
    }
}

/// A `git` that counts itself while the journal has an entry.
fn install_shim(ground: &Ground) {
    let folder = ground.root().join("shim");
    std::fs::create_dir(&folder).unwrap();
    let script = r#"#!/bin/sh
set -- "$FAULT_GIT" "$@"
entry () { [ -e "$1" ]; }
if [ "$FAULT_CHILD" -gt 0 ] && entry "$FAULT_JOURNAL"/*.json
then
	number=$(($(cat "$FAULT_COUNT" 2>/dev/null || echo 0) + 1))
	echo $number >"$FAULT_COUNT"
	if [ $number -eq "$FAULT_CHILD" ]
	then
		set -- strace -qq -o "$FAULT_TRACE" $FAULT_OPTIONS "$@"
		[ "$FAULT_ENDS_ALL" ] || exec "$@"
		"$@"
		# It was killed, and so is everybody in this process group, before anybody hears of it.
		[ $? -lt 128 ] || kill -KILL 0
		exit
	fi
fi
exec "$@"
"#;
    let path = folder.join("git");
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn real_git() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).map(|folder| folder.join("git")).find(|path| path.is_file()).unwrap()
}

/// The calls in a trace that write, each with its number among those of its name.
fn writing_calls(trace: &str) -> Vec<(String, usize, String)> {
    let mut seen = std::collections::BTreeMap::<&str, usize>::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let Some((name, _)) = line.split_once('(') else { continue };
        let number = seen.entry(name).and_modify(|number| *number += 1).or_insert(1);
        if name != "openat" || line.contains("O_CREAT") {
            calls.push((name.to_owned(), *number, line.chars().take(200).collect()));
        }
    }
    calls
}
