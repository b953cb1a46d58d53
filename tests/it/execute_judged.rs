//! What has ended while it could not be judged is judged later, by whoever looks.

use std::fs::{File, create_dir_all};

use git_agents::task::TaskState;

use crate::support::{Ground, eventually};

/// Waits until it may go on.
const AGENT: &str = r#"#!/bin/sh
while test ! -e "$LOG.go"; do sleep 0.02; done
echo "$1" > "$1.txt"; git add -A; git commit -qm "Do $1"
"#;

const CREATE: [&str; 4] = ["create", "a", "--prompt", "Write a"];

fn go(ground: &Ground) {
    std::fs::write(ground.note("log.go"), "").unwrap();
}

fn has_ended(ground: &Ground) {
    eventually("it has ended", || ground.sandbox.answer(&["runs", "a", "--json"])["runs"][0]["state"] == "done");
}

#[test]
fn whoever_settles_a_run_waits_for_its_batch() {
    let ground = Ground::new(AGENT);
    ground.with_agent(&CREATE).output().good();
    let batches = ground.sandbox.repo().join(".git/agents/batches");
    create_dir_all(&batches).unwrap();
    let lock = File::options().read(true).write(true).open(batches.join("a.lock")).unwrap();
    lock.lock().unwrap();
    go(&ground);
    has_ended(&ground);
    assert_eq!(ground.states()["a"], "in-progress", "somebody works on its batch");
    drop(lock);
    eventually("it is judged", || ground.all_are(TaskState::Completed));
}

#[test]
fn what_could_not_be_judged_is_judged_by_the_next_command() {
    let looks: [&[&str]; 4] = [&["runs"], &["wait", "a"], &["merge", "--all", "--yes"], &CREATE];
    for look in looks {
        let ground = Ground::new(AGENT);
        ground.with_agent(&CREATE).output().good();
        ground.sandbox.git(["config", "agents.target", "nope"]);
        go(&ground);
        has_ended(&ground);
        let said = ground.sandbox.now(&["runs"]);
        assert!(said.stderr.contains("warning: how a went cannot be judged yet: "), "{said}");
        ground.sandbox.git(["config", "--unset", "agents.target"]);
        match look.first() {
            Some(&"create") => ground.with_agent(look).output().good(),
            _ => ground.sandbox.now(look).good(),
        };
        assert!(ground.all_are(if look[0] == "merge" { TaskState::Landed } else { TaskState::Completed }), "{look:?}");
    }
}

/// A run by hand is nobody's to judge, but that of the command which has begun the task.
#[test]
fn the_same_command_judges_what_was_run_again_by_hand() {
    let ground = Ground::new(AGENT);
    ground.with_agent(&CREATE).output().good();
    ground.sandbox.now(&["kill", "a"]).good();
    go(&ground);
    ground.with_agent(&["run", "a"]).output().good();
    has_ended(&ground);
    assert_eq!(ground.states()["a"], "in-progress");
    let said = ground.with_agent(&CREATE).output().good();
    assert!(said.stdout.contains("it is completed already") && said.stderr.contains("a completed"), "{said}");
    assert!(ground.all_are(TaskState::Completed));
}
