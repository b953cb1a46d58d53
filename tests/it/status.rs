//! `git agents status`: everybody at a glance, and what needs attention first.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::Sandbox;

/// One of everything: ann conflicts with the target, bob is mid-rebase, cam has completed, dan's worktree is gone.
fn in_trouble() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob", "cam", "dan", "eve"]);
    sandbox.agents(["assign", "ann", "1", "One", "2"]).good();
    sandbox.agents(["start", "ann"]).good();
    sandbox.commit_as("ann", "README", "By ann.\n");
    sandbox.write_as("ann", "draft", "mine\n");
    sandbox.commit_as("bob", "README", "By bob.\n");
    sandbox.agents(["assign", "cam", "2", "Two", "1"]).good();
    sandbox.agents(["start", "cam"]).good();
    sandbox.commit_as("cam", "new", "By cam.\n");
    sandbox.agents(["complete", "cam"]).good();
    sandbox.commit("README", "By main.\n", "Change");
    let rebase =
        sandbox.command("git").current_dir(sandbox.worktree_of("bob")).args(["rebase", "-q", "main"]).output().unwrap();
    assert!(!rebase.status.success());
    std::fs::remove_dir_all(sandbox.worktree_of("dan")).unwrap();
    sandbox
}

#[test]
fn what_needs_attention() {
    let sandbox = in_trouble();
    let before = sandbox.facts();
    assert_snapshot!(sandbox.agents(["status"]), @"
    work lands on main at [COMMIT]

    AGENT  STATE      TASK        TIME  AHEAD  BEHIND  FILES  DIRTY  DONE
    ann    working    1 One (2h)    0s      1       1      1      1
    bob    idle                             1       1      1      1
    cam    completed  2 Two (1h)    0s      1       1      1      0  1 task, 1h
    dan    idle                             0       1      0      -
    eve    idle                             0       1      0      0

    tasks: 1 in progress, 1 completed

    needs attention
      ann conflicts with main in README
        git agents resolve ann
      bob conflicts with main in README
        git agents conflicts bob
      bob's worktree is in the middle of a rebase
        git -C [ROOT]/repo-worktrees/bob status
      dan's worktree is gone from [ROOT]/repo-worktrees/dan
        git agents init dan
      cam has completed 2, not landed yet
        git agents merge cam
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["status", "--no-dirty"]), @"
    work lands on main at [COMMIT]

    AGENT  STATE      TASK        TIME  AHEAD  BEHIND  FILES  DIRTY  DONE
    ann    working    1 One (2h)    0s      1       1      1      -
    bob    idle                             1       1      1      -
    cam    completed  2 Two (1h)    0s      1       1      1      -  1 task, 1h
    dan    idle                             0       1      0      -
    eve    idle                             0       1      0      -

    tasks: 1 in progress, 1 completed

    needs attention
      ann conflicts with main in README
        git agents resolve ann
      bob conflicts with main in README
        git agents conflicts bob
      bob's worktree is in the middle of a rebase
        git -C [ROOT]/repo-worktrees/bob status
      dan's worktree is gone from [ROOT]/repo-worktrees/dan
        git agents init dan
      cam has completed 2, not landed yet
        git agents merge cam
    [status 0]
    ");
    assert_eq!(before, sandbox.facts());
}

#[test]
fn nobody_and_nothing() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.agents(["status"]), @"
    work lands on main at [COMMIT]

    no agents; git agents init --agents 3 makes three

    no tasks
    [status 0]
    ");
    sandbox.agents(["init", "ann"]).good();
    assert_snapshot!(sandbox.agents(Vec::<&str>::new()), @"
    work lands on main at [COMMIT]

    AGENT  STATE  TASK  TIME  AHEAD  BEHIND  FILES  DIRTY  DONE
    ann    idle                   0       0      0      0

    no tasks
    [status 0]
    ");
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The shape that tools rely on.
#[test]
fn the_json_has_every_key() {
    let sandbox = in_trouble();
    let json = sandbox.agents(["status", "--json"]).good().json();
    assert_eq!(json["version"], 1);
    assert_eq!(json["kind"], "status");
    let all = ["agents", "attention", "kind", "target", "tasks", "unsynced", "version"];
    assert_eq!(keys(&json), all.into());
    assert_eq!(keys(&json["target"]), ["branch", "commit"].into());
    let tasks = ["open", "ready", "assigned", "in_progress", "completed", "landed", "blocked", "failed", "dropped"];
    assert_eq!(keys(&json["tasks"]), tasks.into());
    assert!(json["tasks"].as_object().unwrap().values().all(Value::is_u64));
    let always = [
        "name",
        "branch",
        "base",
        "worktree",
        "state",
        "ahead",
        "behind",
        "dirty",
        "files",
        "completed_tasks",
        "hours_total",
    ];
    for agent in json["agents"].as_array().unwrap() {
        let there = keys(agent);
        assert!(always.iter().all(|key| there.contains(key)), "{agent:#}");
        assert_eq!(there.contains("task"), agent["state"] == "working" || agent["state"] == "completed", "{agent:#}");
    }
    let attention = json["attention"].as_array().unwrap();
    assert!(attention.iter().all(|entry| keys(entry) == ["agent", "hint", "kind", "message"].into()));
    let kinds: BTreeSet<(&str, &str)> =
        attention.iter().map(|entry| (entry["agent"].as_str().unwrap(), entry["kind"].as_str().unwrap())).collect();
    let all = [
        ("ann", "target-conflict"),
        ("bob", "target-conflict"),
        ("bob", "worktree-busy"),
        ("cam", "not-landed"),
        ("dan", "worktree-gone"),
    ];
    assert_eq!(kinds, all.into());
    let json = sandbox.agents(["status", "--no-dirty", "--json"]).good().json();
    assert!(json["agents"].as_array().unwrap().iter().all(|agent| agent["dirty"].is_null()));
}
