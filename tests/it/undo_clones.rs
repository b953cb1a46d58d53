//! `git agents undo` while others go on in their clones: what they close stays closed, and is counted.

use crate::support::{Clone, Sandbox};

/// Two clones that share by hand, with the tasks 1 to 3.
fn shared(sandbox: &Sandbox) -> (Clone<'_>, Clone<'_>) {
    let ann = sandbox.here();
    ann.agents(["init", "ann"]).good();
    sandbox.remote();
    for id in ["1", "2", "3"] {
        ann.agents(["task", "add", &format!("Task {id}"), "--id", id]).good();
    }
    let bob = sandbox.clone("bob");
    for clone in [&ann, &bob] {
        clone.git(["config", "agents.sync", "manual"]);
        clone.agents(["sync"]).good();
    }
    (ann, bob)
}

/// Both have the same chain, in which nothing is wrong, and count so many landed and dropped tasks.
#[track_caller]
fn count(ann: &Clone<'_>, bob: &Clone<'_>, landed: u64, dropped: u64) {
    ann.agrees_with(bob);
    for clone in [ann, bob] {
        let tasks = clone.agents(["status", "--json"]).good().json()["tasks"].clone();
        assert_eq!((tasks["landed"].as_u64(), tasks["dropped"].as_u64()), (Some(landed), Some(dropped)), "{tasks}");
        let doctor = clone.agents(["doctor", "--deep"]);
        assert!(!doctor.stdout.contains("error") && !doctor.stdout.contains("tally"), "{doctor}");
    }
}

#[test]
fn a_task_that_was_dropped_by_mistake() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    ann.agents(["task", "drop", "1"]).good();
    ann.agents(["sync"]).good();
    bob.agents(["sync"]).good();
    // At the same time.
    ann.agents(["undo", "--yes"]).good();
    bob.agents(["task", "drop", "2"]).good();
    bob.agents(["task", "drop", "3"]).good();
    bob.agents(["sync"]).good();
    ann.agents(["sync"]).good();
    bob.agents(["sync"]).good();
    count(&ann, &bob, 0, 2);
    assert_eq!(bob.agents(["task", "show", "1", "--json"]).json()["task"]["state"], "open");
    // And when it is the other who comes first.
    bob.agents(["undo", "--yes"]).good();
    ann.agents(["task", "drop", "1"]).good();
    ann.agents(["sync"]).good();
    bob.agents(["sync"]).good();
    ann.agents(["sync"]).good();
    count(&ann, &bob, 0, 2);
    assert_eq!(ann.agents(["task", "show", "3", "--json"]).json()["task"]["state"], "open");
}

#[test]
fn a_landing_that_is_taken_back() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    ann.agents(["start", "ann", "1"]).good();
    sandbox.commit_as("ann", "one", "1\n");
    ann.agents(["complete", "ann"]).good();
    ann.agents(["merge", "ann", "--yes"]).good();
    ann.agents(["sync"]).good();
    bob.agents(["sync"]).good();
    count(&ann, &bob, 1, 0);
    ann.agents(["undo", "--yes"]).good();
    bob.agents(["task", "drop", "2"]).good();
    bob.agents(["sync"]).good();
    ann.agents(["sync"]).good();
    bob.agents(["sync"]).good();
    count(&ann, &bob, 0, 1);
    assert_eq!(bob.agents(["task", "show", "1", "--json"]).json()["task"]["state"], "completed");
    ann.agents(["merge", "ann", "--yes"]).good();
    ann.agents(["sync"]).good();
    bob.agents(["sync"]).good();
    count(&ann, &bob, 1, 1);
}
