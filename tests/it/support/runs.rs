//! Runs of real processes: started, watched through `/proc`, and gone in the end.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use git_agents::process::table::{self, Process};
use git_agents::run::MARK;
use rustix::process::Signal;

use super::Sandbox;

/// Longer than anything takes here, also on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

impl Sandbox {
    /// Start a run of a shell script in the background; gives its id. Times are the machine's own.
    #[track_caller]
    pub(crate) fn start_run(&self, agent: &str, script: &str, options: &[&str]) -> String {
        let args = [&["run", agent, "--json"], options, &["--", "sh", "-c", script]].concat();
        self.answer(&args)["run"]["id"].as_str().unwrap().to_owned()
    }

    /// The answer of `git agents … --json` at the machine's own time, with the ids as they are.
    #[track_caller]
    pub(crate) fn answer(&self, args: &[&str]) -> serde_json::Value {
        let output = self.command(Sandbox::binary()).args(args).env_remove("GIT_COMMITTER_DATE").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}\n{said}"))
    }

    /// `git agents …` at the machine's own time.
    pub(crate) fn now(&self, args: &[&str]) -> super::Output {
        self.direct(args).without("GIT_COMMITTER_DATE").output()
    }

    /// What `runs` says of the last run of an agent.
    #[track_caller]
    pub(crate) fn run_of(&self, agent: &str) -> serde_json::Value {
        self.answer(&["runs", agent, "--json"])["runs"][0].clone()
    }

    /// The state of the last run of an agent.
    #[track_caller]
    pub(crate) fn run_state(&self, agent: &str) -> String {
        self.run_of(agent)["state"].as_str().unwrap_or("unknown").to_owned()
    }

    /// The folder of a run.
    pub(crate) fn run_folder(&self, id: &str) -> PathBuf {
        self.repo().join(".git/agents/runs").join(id)
    }

    /// One of its records.
    #[track_caller]
    pub(crate) fn run_record(&self, id: &str, name: &str) -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(self.run_folder(id).join(name)).unwrap()).unwrap()
    }

    /// Everything that belongs to a run: what carries its mark, and what is in its group or session.
    #[track_caller]
    pub(crate) fn processes_of(&self, id: &str) -> Vec<Process> {
        let began = self.run_record(id, "started.json");
        let number = |value: &serde_json::Value| value.as_i64().and_then(|number| i32::try_from(number).ok());
        // At a terminal they are also those of whoever has started it, who may be outside of our namespace.
        let own = |field: &str, leader: &str| {
            let leader = number(&began[leader]["pid"]).unwrap();
            number(&began[field]).filter(|number| *number == leader)
        };
        let (group, session) = (own("group", "agent"), own("session", "supervisor"));
        let is_of_it = |process: &Process| {
            let marks = [id.to_owned(), format!("guard-{id}")];
            let marked = table::variable(process.pid, MARK);
            let is_marked = marked.is_some_and(|mark| marks.iter().any(|of_it| of_it.as_bytes() == mark));
            is_marked || Some(process.group) == group || Some(process.session) == session
        };
        table::all().into_iter().filter(|process| process.is_alive() && is_of_it(process)).collect()
    }

    /// Nothing of the run is left: no process, no lock.
    #[track_caller]
    pub(crate) fn run_is_gone(&self, id: &str) {
        eventually("nothing of the run is left", || self.processes_of(id).is_empty());
        let lock = std::fs::File::open(self.run_folder(id).join("lock")).unwrap();
        assert!(lock.try_lock_shared().is_ok(), "nobody holds it");
    }

    /// Kill the process that a record names, as nothing else would.
    #[track_caller]
    pub(crate) fn kill_9(&self, id: &str, who: &str) {
        let birth = self.run_record(id, "started.json")[who].clone();
        let pid = i32::try_from(birth["pid"].as_i64().unwrap()).unwrap();
        table::signal(pid, birth["start"].as_u64().unwrap(), Signal::KILL).unwrap();
    }
}

/// Wait until it is so, which it must become.
#[track_caller]
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "not within a minute: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process that a file names is alive.
pub(crate) fn is_alive(file: &Path) -> bool {
    let pid = std::fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok());
    pid.and_then(table::look_up).is_some_and(|process| process.is_alive())
}
