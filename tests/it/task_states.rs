//! `git agents task drop`, `block` and `reopen`: tasks are put aside and taken up again.

use insta::assert_snapshot;

use crate::support::{Sandbox, id};

fn with_task() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.register(&["ann"]);
    sandbox.agents(["task", "add", "Status", "--id", "16"]).good();
    sandbox
}

#[test]
fn a_dropped_task_is_closed_until_it_is_reopened() {
    let sandbox = with_task();
    assert_snapshot!(sandbox.agents(["task", "drop", "16", "--reason", "Not needed"]), @"
    dropped 16: Status
    [status 0]
    ");
    assert!(sandbox.stored(&Sandbox::closed_path("16")).contains("\"reason\": \"Not needed\""));
    assert_eq!(sandbox.stored("tally.json"), "{\n  \"dropped\": 1,\n  \"landed\": 0\n}");
    assert_snapshot!(sandbox.refused(["task", "drop", "16"]), @"
    [stderr]
    error: task 16 is dropped: there is nothing left to drop
      try: git agents task reopen 16
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["task", "reopen", "16"]), @"
    reopened 16: Status
    [status 0]
    ");
    assert_eq!(sandbox.git(["ls-tree", "-r", "--name-only", "refs/agents/state", "tasks/closed"]), "");
    assert_eq!(sandbox.state().tally.dropped, 0);
}

#[test]
fn a_blocked_task_leaves_its_agent() {
    let sandbox = with_task();
    sandbox.agents(["assign", "ann", "16"]).good();
    assert_snapshot!(sandbox.agents(["task", "block", "16", "--reason", "Waits for legal"]), @"
    blocked 16: Status
    [status 0]
    ");
    assert_eq!(sandbox.state().tasks[&id("16")].agent, None);
    assert_snapshot!(sandbox.refused(["assign", "ann", "16"]), @"
    [stderr]
    error: task 16 is blocked: it must be reopened first
      try: git agents task reopen 16
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["task", "reopen", "16", "--json"]), @r#"
    {
      "changed": true,
      "kind": "task-changed",
      "task": {
        "after": [],
        "created_at": "2026-01-05T09:00:00Z",
        "epoch": 1,
        "id": "16",
        "paths": [],
        "priority": "medium",
        "ready": true,
        "state": "open",
        "title": "Status",
        "updated_at": "2026-01-05T09:00:00Z"
      },
      "version": 1
    }
    [status 0]
    "#);
}

#[test]
fn what_somebody_works_on_is_left_alone() {
    let sandbox = with_task();
    sandbox.start("ann", "16");
    assert_snapshot!(sandbox.refused(["task", "drop", "16"]), @"
    [stderr]
    error: task 16 is in-progress: its agent gives it up first
      try: git agents task show 16
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["task", "block", "16", "--reason", "x"]), @"
    [stderr]
    error: task 16 is in-progress: only a task that nobody works on can be blocked
      try: git agents task show 16
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["task", "reopen", "16"]), @"
    [stderr]
    error: task 16 is in-progress: only a blocked, failed or dropped task can be reopened
      try: git agents task show 16
    [status 3]
    ");
    sandbox.complete("ann", "16");
    assert_snapshot!(sandbox.refused(["task", "drop", "16"]), @"
    [stderr]
    error: task 16 is completed: its work waits to be landed
      try: git agents task show 16
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["task", "reopen", "16"]), @"
    [stderr]
    error: task 16 is completed: only a blocked, failed or dropped task can be reopened
      try: git agents task show 16
    [status 3]
    ");
}

#[test]
fn reasons_are_one_line_of_text() {
    let sandbox = with_task();
    assert_snapshot!(sandbox.refused(["task", "block", "16"]), @"
    [stderr]
    error: the following required arguments were not provided:
      --reason <TEXT>

    Usage: git agents task block --reason <TEXT> <TASK>

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["task", "block", "16", "--reason", ""]), @"
    [stderr]
    error: the reason cannot be used: it is empty
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["task", "drop", "16", "--reason", "a\u{1b}[31mb"]), @r#"
    [stderr]
    error: the reason cannot be used: it holds the control character '\u{1b}'
    [status 2]
    "#);
    assert_snapshot!(sandbox.refused(["task", "drop", "none"]), @"
    [stderr]
    error: there is no task none
      try: git agents task list
    [status 3]
    ");
}
