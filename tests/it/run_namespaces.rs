//! Runs in a namespace of processes of their own, as in a container, seen from outside: their numbers are other ones there,
//! and somebody else's here.

use std::process::{Child, Command, Stdio};

use crate::support::{Sandbox, eventually};

/// A run that was started in such a namespace, whose first process goes on until it is dropped.
struct Container {
    first: Child,
}

impl Container {
    /// None where nobody may make one.
    fn with_run(sandbox: &Sandbox, options: &[&str], script: &str) -> Option<Self> {
        let may = Command::new("unshare").args(options).arg("true").stderr(Stdio::null()).status();
        if !may.is_ok_and(|status| status.success()) {
            eprintln!("SKIPPED: unshare {options:?} is not possible");
            return None;
        }
        let mut command = sandbox.command("unshare");
        command.args(options).args(["sh", "-c", "\"$0\" run ann -- sh -c \"$1\" && exec sleep 1000"]);
        command.arg(Sandbox::binary()).arg(script).env_remove("GIT_COMMITTER_DATE");
        let first = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        eventually("it runs", || sandbox.run_state("ann") == "working");
        Some(Container { first })
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        drop(self.first.kill());
        drop(self.first.wait());
    }
}

/// With its own `/proc`, as a user who is nobody here, and with a `/proc` that counts otherwise.
const KINDS: [&[&str]; 3] = [
    &["--pid", "--fork", "--kill-child", "--mount-proc"],
    &["--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc"],
    &["--pid", "--fork", "--kill-child"],
];

#[test]
fn it_is_told_to_end_from_outside() {
    for options in KINDS {
        let sandbox = Sandbox::with_agents(&["ann"]);
        let script = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done";
        let Some(_container) = Container::with_run(&sandbox, options, script) else { continue };
        eventually("it listens", || sandbox.now(&["logs", "ann"]).stdout.contains("ready"));
        let shown = sandbox.run_of("ann");
        assert_eq!((&shown["pid"], &shown["cpu_s"]), (&serde_json::Value::Null, &serde_json::Value::Null));
        sandbox.now(&["kill", "ann"]).good();
        let run = sandbox.run_of("ann");
        assert_eq!((run["state"].as_str(), run["exit_code"].as_i64()), (Some("killed"), Some(7)), "{options:?}");
    }
}

#[test]
fn a_supervisor_that_was_stopped_is_found_from_outside() {
    for options in KINDS {
        let sandbox = Sandbox::with_agents(&["ann"]);
        let Some(_container) = Container::with_run(&sandbox, options, "sleep 1000") else { continue };
        let id = sandbox.run_of("ann")["id"].as_str().unwrap().to_owned();
        let marked = git_agents::process::table::marked(git_agents::run::MARK, &id);
        for process in marked {
            drop(git_agents::process::table::signal(process.pid, process.start, rustix::process::Signal::STOP));
        }
        sandbox.now(&["kill", "ann", "--grace", "0s"]).good();
        assert_eq!(sandbox.run_state("ann"), "killed", "{options:?}");
        eventually("all is gone", || git_agents::process::table::marked(git_agents::run::MARK, &id).is_empty());
    }
}

/// What it had is ended by number only where the numbers are ours.
#[test]
fn the_numbers_of_another_namespace_are_nobody_of_ours() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let id = sandbox.start_run("ann", "sleep 1000", &[]);
    sandbox.kill_9(&id, "supervisor");
    sandbox.run_is_gone(&id);
    let mut command = sandbox.command("setsid");
    let mut stranger = command.args(["sleep", "1000"]).spawn().unwrap();
    let pid = i32::try_from(stranger.id()).unwrap();
    let start = git_agents::process::table::look_up(pid).unwrap().start;
    let mut began = sandbox.run_record(&id, "started.json");
    for who in ["agent", "supervisor"] {
        began[who] = serde_json::json!({ "pid": pid, "start": start });
    }
    (began["group"], began["session"]) = (pid.into(), pid.into());
    began["namespace"] = "pid:[1]".into();
    std::fs::write(sandbox.run_folder(&id).join("started.json"), began.to_string()).unwrap();
    let run = sandbox.run_of("ann");
    assert_eq!((run["state"].as_str(), run.get("left")), (Some("lost"), Some(&serde_json::Value::Null)));
    assert!(sandbox.now(&["runs"]).stdout.contains("what it has left in its container cannot be seen from here"));
    assert_eq!(sandbox.now(&["kill", "ann"]).status, Some(3));
    sandbox.now(&["doctor", "--fix"]);
    // Nor is anybody else taken for a supervisor that holds it.
    let held = std::fs::File::open(sandbox.run_folder(&id).join("lock")).unwrap();
    held.lock().unwrap();
    let killed = sandbox.now(&["kill", "ann"]);
    assert_eq!(killed.status, Some(4), "{killed}");
    assert!(killed.stderr.contains("ann's run could not be ended"), "{killed}");
    assert!(stranger.try_wait().unwrap().is_none(), "it lives");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}
