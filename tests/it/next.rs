//! `git agents next`: the best task that can start now, assigned and started in one operation.

use insta::assert_snapshot;

use crate::support::{Sandbox, id};

#[test]
fn by_priority_and_then_by_age() {
    let sandbox = Sandbox::with_agents(&["ann", "bob", "cam"]);
    let add = |id: &str, priority: &str, at: &str| {
        let args = ["task", "add", id, "--id", id, "--priority", priority];
        sandbox.run(args).env("GIT_COMMITTER_DATE", at).output().good();
    };
    add("young", "medium", "2026-01-04T10:00:00Z");
    add("old", "medium", "2026-01-04T09:00:00Z");
    add("urgent", "high", "2026-01-04T11:00:00Z");
    sandbox.agents(["task", "add", "Waits", "--id", "waits", "--after", "young", "--priority", "high"]).good();
    let operations = sandbox.operations();
    assert_snapshot!(sandbox.run(["next"]).dir(sandbox.worktree_of("ann")).output(), @"
    ann started urgent urgent
    [status 0]
    ");
    assert_eq!(sandbox.operations(), operations + 1);
    assert_snapshot!(sandbox.agents(["next", "bob"]), @"
    bob started old old
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["next", "cam", "--json"]), @r#"
    {
      "agent": "cam",
      "base": "[COMMIT]",
      "brought": [],
      "kind": "started",
      "task": {
        "after": [],
        "agent": "cam",
        "created_at": "2026-01-04T10:00:00Z",
        "epoch": 1,
        "id": "young",
        "lease": {
          "renewed_at": "2026-01-05T09:00:00Z",
          "ttl_s": 7200,
          "until": "2026-01-05T11:00:00Z"
        },
        "paths": [],
        "priority": "medium",
        "state": "in-progress",
        "title": "young",
        "updated_at": "2026-01-05T09:00:00Z"
      },
      "version": 1,
      "waiting_for": []
    }
    [status 0]
    "#);
}

#[test]
fn its_own_assigned_task_comes_first() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.agents(["task", "add", "Urgent", "--id", "1", "--priority", "high"]).good();
    sandbox.agents(["assign", "ann", "2", "Mine"]).good();
    assert_snapshot!(sandbox.agents(["next", "ann"]), @"
    ann started 2 Mine
    [status 0]
    ");
    assert_eq!(sandbox.state().tasks[&id("1")].state.word(), "open");
}

#[test]
fn nothing_to_start() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    let output = sandbox.refused(["next", "ann"]);
    assert_eq!(output.status, Some(1));
    assert_snapshot!(output, @"
    no task is open
    [status 1]
    ");
    sandbox.agents(["assign", "bob", "1", "One"]).good();
    sandbox.agents(["task", "add", "Two", "--id", "2", "--after", "1"]).good();
    let output = sandbox.refused(["next", "ann", "--json"]);
    assert_eq!(output.status, Some(1));
    assert_snapshot!(output, @r#"
    {
      "agent": "ann",
      "kind": "nothing-ready",
      "open": 1,
      "version": 1
    }
    [status 1]
    "#);
    sandbox.agents(["start", "bob"]).good();
    assert_snapshot!(sandbox.refused(["next", "bob"]), @r#"
    [stderr]
    error: bob is working on 1
      try: git agents complete bob
      try: git agents fail bob --reason "…"
    [status 3]
    "#);
}
