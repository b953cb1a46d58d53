//! `git agents unassign`: the task is open again.

use insta::assert_snapshot;

use crate::support::{Sandbox, id};

fn with_assigned() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.register(&["ann", "bob"]);
    sandbox.agents(["assign", "ann", "1", "One"]).good();
    sandbox
}

#[test]
fn the_only_task_need_not_be_named() {
    let sandbox = with_assigned();
    assert_snapshot!(sandbox.agents(["unassign", "ann"]), @"
    took 1 back from ann: One
    [status 0]
    ");
    assert_eq!(sandbox.state().tasks[&id("1")].state.word(), "open");
    assert_snapshot!(sandbox.refused(["unassign", "ann"]), @"
    [stderr]
    error: ann has no task to take back
      try: git agents task list --agent ann
    [status 3]
    ");
}

#[test]
fn the_agents_worktree_says_who_is_meant() {
    let sandbox = with_assigned();
    let worktree = sandbox.worktree("ann");
    assert_snapshot!(sandbox.run(["unassign", "--json"]).dir(&worktree).output(), @r#"
    {
      "changed": true,
      "kind": "task-changed",
      "task": {
        "after": [],
        "created_at": "2026-01-05T09:00:00Z",
        "epoch": 1,
        "id": "1",
        "paths": [],
        "priority": "medium",
        "ready": true,
        "state": "open",
        "title": "One",
        "updated_at": "2026-01-05T09:00:00Z"
      },
      "version": 1
    }
    [status 0]
    "#);
    assert_snapshot!(sandbox.refused(["unassign"]), @"
    [stderr]
    error: say which agent: this is not the worktree of one
      try: git agents agent list
    [status 2]
    ");
}

#[test]
fn several_tasks_must_be_told_apart() {
    let sandbox = with_assigned();
    sandbox.agents(["assign", "ann", "2", "Two"]).good();
    assert_snapshot!(sandbox.refused(["unassign", "ann"]), @"
    [stderr]
    error: ann has several tasks; say which
      try: git agents task list --agent ann
    [status 2]
    ");
    sandbox.agents(["unassign", "ann", "2"]).good();
    assert_eq!(sandbox.state().tasks[&id("1")].state.word(), "assigned");
}

#[test]
fn work_in_progress_becomes_a_failed_go() {
    let sandbox = with_assigned();
    sandbox.start("ann", "1");
    sandbox.agents(["unassign", "ann", "1"]).good();
    let task = &sandbox.state().tasks[&id("1")];
    assert_eq!(task.state.word(), "open");
    assert!(task.live_attempt().is_none() && task.attempts.len() == 1);
}

#[test]
fn only_who_has_it_can_lose_it() {
    let sandbox = with_assigned();
    assert_snapshot!(sandbox.refused(["unassign", "bob", "1"]), @"
    [stderr]
    error: task 1 is held by ann since 2026-01-05 09:00 UTC (assigned)
      try: git agents unassign ann 1
    [status 1]
    ");
    assert_snapshot!(sandbox.refused(["unassign", "eve", "1"]), @"
    [stderr]
    error: there is no agent eve
      try: git agents agent list
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["unassign", "ann", "2"]), @"
    [stderr]
    error: there is no task 2
      try: git agents task list
    [status 3]
    ");
    sandbox.agents(["task", "add", "Free", "--id", "2"]).good();
    assert_snapshot!(sandbox.refused(["unassign", "ann", "2"]), @"
    [stderr]
    error: task 2 is not ann's
      try: git agents assign ann 2
    [status 3]
    ");
    sandbox.start("ann", "1");
    sandbox.complete("ann", "1");
    assert_snapshot!(sandbox.refused(["unassign", "ann", "1"]), @"
    [stderr]
    error: task 1 is completed: only an assigned task, or one in progress, can be taken back
      try: git agents task show 1
    [status 3]
    ");
}
