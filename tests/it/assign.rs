//! `git agents assign`: one task, one agent; who loses is told who won.

use insta::assert_snapshot;

use crate::support::{Sandbox, id, name};

fn with_agents() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.register(&["agent-1", "agent-2"]);
    sandbox
}

#[test]
fn a_title_files_the_task_first() {
    let sandbox = with_agents();
    let assign = ["assign", "agent-1", "16", "Implement status command", "2.0"];
    assert_snapshot!(sandbox.agents(assign), @"
    assigned 16 to agent-1: Implement status command (2h)
    [status 0]
    ");
    assert_eq!(sandbox.operations(), 2, "one operation files and assigns");
    // The same command again says so and writes nothing.
    assert_snapshot!(sandbox.agents(assign), @"
    agent-1 has 16 already: Implement status command
    [status 0]
    ");
    assert_eq!(sandbox.operations(), 2);
}

#[test]
fn a_task_that_is_there_is_assigned() {
    let sandbox = with_agents();
    sandbox.agents(["task", "add", "Status", "--id", "16"]).good();
    assert_snapshot!(sandbox.agents(["assign", "agent-1", "#16"]), @"
    assigned 16 to agent-1: Status
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["assign", "agent-1", "16", "--json"]), @r#"
    {
      "agent": "agent-1",
      "changed": false,
      "kind": "task-changed",
      "task": {
        "after": [],
        "agent": "agent-1",
        "created_at": "2026-01-05T09:00:00Z",
        "epoch": 1,
        "id": "16",
        "lease": {
          "renewed_at": "2026-01-05T09:00:00Z",
          "ttl_s": 7200,
          "until": "2026-01-05T11:00:00Z"
        },
        "paths": [],
        "priority": "medium",
        "state": "assigned",
        "title": "Status",
        "updated_at": "2026-01-05T09:00:00Z"
      },
      "version": 1
    }
    [status 0]
    "#);
    let task = &sandbox.state().tasks[&id("16")];
    assert_eq!((task.state.word(), task.agent.clone()), ("assigned", Some(name("agent-1"))));
}

#[test]
fn a_held_task_is_a_negative_answer_that_names_the_holder() {
    let sandbox = with_agents();
    sandbox.agents(["assign", "agent-1", "16", "Status"]).good();
    assert_snapshot!(sandbox.refused(["assign", "agent-2", "16"]), @"
    [stderr]
    error: task 16 is held by agent-1 since 2026-01-05 09:00 UTC (assigned)
      try: git agents unassign agent-1 16
    [status 1]
    ");
    assert_snapshot!(sandbox.refused(["assign", "agent-2", "16", "Status"]), @"
    [stderr]
    error: task 16 is held by agent-1 since 2026-01-05 09:00 UTC (assigned)
      try: git agents unassign agent-1 16
    [status 1]
    ");
    assert_snapshot!(sandbox.refused(["assign", "agent-2", "16", "--json"]), @r#"
    [stderr]
    {"error":{"code":"task-held","hints":["git agents unassign agent-1 16"],"message":"task 16 is held by agent-1 since 2026-01-05 09:00 UTC (assigned)"},"kind":"error","version":1}
    [status 1]
    "#);
    sandbox.start("agent-1", "16");
    assert_snapshot!(sandbox.refused(["assign", "agent-2", "16"]), @"
    [stderr]
    error: task 16 is held by agent-1 since 2026-01-05 09:00 UTC (in-progress)
      try: git agents unassign agent-1 16
    [status 1]
    ");
    sandbox.complete("agent-1", "16");
    assert_snapshot!(sandbox.refused(["assign", "agent-2", "16"]), @"
    [stderr]
    error: task 16 is held by agent-1 since 2026-01-05 09:00 UTC (completed)
      try: git agents merge agent-1
    [status 1]
    ");
}

#[test]
fn an_agent_may_have_several_tasks() {
    let sandbox = with_agents();
    sandbox.agents(["assign", "agent-1", "1", "One"]).good();
    sandbox.agents(["assign", "agent-1", "2", "Two", "--priority", "high"]).good();
    assert_eq!(sandbox.state().assigned_to(&name("agent-1")).len(), 2);
}

#[test]
fn a_failed_task_is_free_for_another() {
    let sandbox = with_agents();
    sandbox.agents(["assign", "agent-1", "1", "One"]).good();
    sandbox.start("agent-1", "1");
    sandbox.agents(["fail", "agent-1", "--reason", "No idea"]).good();
    sandbox.agents(["assign", "agent-2", "1"]).good();
    assert_eq!(sandbox.state().tasks[&id("1")].reason, None);
}

#[test]
fn in_its_worktree_the_agent_is_known() {
    let sandbox = with_agents();
    let worktree = sandbox.worktree("agent-2");
    sandbox.agents(["task", "add", "Status", "--id", "16"]).good();
    assert_snapshot!(sandbox.run(["assign", "16"]).dir(&worktree).output(), @"
    assigned 16 to agent-2: Status
    [status 0]
    ");
    assert_snapshot!(sandbox.run(["assign", "17", "Another", "1h"]).dir(&worktree).output(), @"
    assigned 17 to agent-2: Another (1h)
    [status 0]
    ");
    // Elsewhere the first word must be an agent.
    assert_snapshot!(sandbox.refused(["assign", "16"]), @"
    [stderr]
    error: there is no agent 16
      try: git agents agent list
    [status 3]
    ");
}

#[test]
fn what_is_not_there_is_named() {
    let sandbox = with_agents();
    assert_snapshot!(sandbox.refused(["assign", "eve", "16", "T"]), @"
    [stderr]
    error: there is no agent eve
      try: git agents agent list
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["assign", "agent-1", "16"]), @r#"
    [stderr]
    error: there is no task 16
      try: git agents task list
      try: git agents assign agent-1 16 "Its title"
    [status 3]
    "#);
    assert_snapshot!(sandbox.refused(["assign", "agent-1"]), @"
    [stderr]
    error: assign takes AGENT TASK [TITLE] [HOURS]
      try: git agents assign -h
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["assign", "agent-1", "16", "T", "--after", "nothing"]), @"
    [stderr]
    error: there is no task nothing
      try: git agents task list
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["assign", "agent-1", "16", "--hours", "2"]), @"
    [stderr]
    error: a title is needed to file a new task with these details
      try: git agents task edit 16 …
    [status 2]
    ");
    let empty = Sandbox::new();
    assert_snapshot!(empty.refused(["assign", "agent-1", "16", "T"]), @"
    [stderr]
    error: there is no agent agent-1
      try: git agents agent list
      try: git agents init --agents 3
    [status 3]
    ");
}

#[test]
fn hours_are_a_number_given_once() {
    let sandbox = with_agents();
    assert_snapshot!(sandbox.refused(["assign", "agent-1", "16", "T", "soon"]), @r#"
    [stderr]
    error: "soon": hours must be a number above 0 and at most 10000
    [status 2]
    "#);
    assert_snapshot!(sandbox.refused(["assign", "agent-1", "16", "T", "-2"]), @r#"
    [stderr]
    error: "-2": hours must be a number above 0 and at most 10000
    [status 2]
    "#);
    assert_snapshot!(sandbox.refused(["assign", "agent-1", "16", "T", "2", "--hours", "3"]), @"
    [stderr]
    error: the hours are given twice
    [status 2]
    ");
}

#[test]
fn another_title_for_a_known_task_is_refused() {
    let sandbox = with_agents();
    sandbox.agents(["task", "add", "Status", "--id", "16"]).good();
    assert_snapshot!(sandbox.refused(["assign", "agent-1", "16", "Parser"]), @"
    [stderr]
    error: there is a task 16 already: Status
      try: git agents task show 16
    [status 3]
    ");
}
