//! `git agents task show`: one task, found by any beginning that only it has.

use insta::assert_snapshot;

use crate::support::Sandbox;

#[test]
fn a_task_is_shown_with_every_go_at_it() {
    let sandbox = Sandbox::new();
    sandbox.register(&["ann", "bob"]);
    sandbox.agents(["task", "add", "Parser", "--id", "p", "--body", "Two\nlines", "--hours", "3"]).good();
    sandbox.start("ann", "p");
    sandbox.agents(["fail", "ann", "--reason", "Too hard"]).good();
    sandbox.start("bob", "p");
    assert_snapshot!(sandbox.agents(["task", "show", "p"]), @"
    p Parser
      state:     in-progress
      agent:     bob
      estimate:  3h
      priority:  medium
      filed:     0s ago

        Two
        lines

      ann on agents/ann: failed, 0s

      bob on agents/bob: in progress, 0s
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["task", "show", "p", "--json"]), @r#"
    {
      "attempts": [
        {
          "agent": "ann",
          "branch": "agents/ann",
          "ended_at": "2026-01-05T09:00:00Z",
          "files": [],
          "outcome": "failed",
          "started_at": "2026-01-05T09:00:00Z"
        },
        {
          "agent": "bob",
          "branch": "agents/bob",
          "files": [],
          "started_at": "2026-01-05T09:00:00Z"
        }
      ],
      "body": "Two\nlines",
      "kind": "task",
      "task": {
        "after": [],
        "agent": "bob",
        "created_at": "2026-01-05T09:00:00Z",
        "epoch": 2,
        "hours": 3.0,
        "id": "p",
        "lease": {
          "expired": false,
          "renewed_at": "2026-01-05T09:00:00Z",
          "ttl_s": 7200,
          "until": "2026-01-05T11:00:00Z"
        },
        "paths": [],
        "priority": "medium",
        "state": "in-progress",
        "title": "Parser",
        "updated_at": "2026-01-05T09:00:00Z"
      },
      "version": 1
    }
    [status 0]
    "#);
}

#[test]
fn a_beginning_is_enough_when_only_one_task_has_it() {
    let sandbox = Sandbox::new();
    for id in ["alpha", "alpine", "al", "beta"] {
        sandbox.agents(["task", "add", "T", "--id", id]).good();
    }
    let shown = |text: &str| {
        sandbox.agents(["task", "show", text, "--json"]).good().json()["task"]["id"].as_str().unwrap().to_owned()
    };
    assert_eq!(shown("b"), "beta");
    assert_eq!(shown("BETA"), "beta");
    assert_eq!(shown("al"), "al", "a whole id goes before beginnings");
    assert_snapshot!(sandbox.refused(["task", "show", "a"]), @"
    [stderr]
    error: a may mean al, alpha, alpine
      try: git agents task show al
    [status 3]
    ");
    // An open task goes before a closed one with the same beginning; a closed one is found too.
    sandbox.agents(["task", "drop", "alpha"]).good();
    sandbox.agents(["task", "drop", "al"]).good();
    assert_eq!(shown("a"), "alpine");
    assert_eq!(shown("alph"), "alpha");
}

#[test]
fn no_such_task_is_refused() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.refused(["task", "show", "16"]), @"
    [stderr]
    error: there is no task 16
      try: git agents task list
    [status 3]
    ");
    sandbox.agents(["task", "add", "T", "--id", "1"]).good();
    assert_snapshot!(sandbox.refused(["task", "show", "#16"]), @"
    [stderr]
    error: there is no task 16
      try: git agents task list
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["task", "show", "16", "--json"]), @r#"
    [stderr]
    {"error":{"code":"task-not-found","hints":["git agents task list"],"message":"there is no task 16"},"kind":"error","version":1}
    [status 3]
    "#);
}
