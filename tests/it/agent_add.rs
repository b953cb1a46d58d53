//! `git agents agent add` and `show`: new branches where they are asked for, and branches that are there.

use std::fs;

use insta::assert_snapshot;

use crate::support::Sandbox;

#[test]
fn added_with_what_is_asked_for() {
    let sandbox = Sandbox::new();
    let first = sandbox.rev("HEAD");
    sandbox.commit("two", "2\n", "Two");
    assert_snapshot!(sandbox.agents(["agent", "add", "ann"]), @"
    ann on agents/ann in [ROOT]/repo-worktrees/ann
    work lands on main
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["agent", "add", "bob", "--base", "HEAD~1", "--branch", "topic", "--path", "../b"]), @"
    bob on topic in [ROOT]/b
    work lands on main
    [status 0]
    ");
    assert_eq!(sandbox.git_in(&sandbox.root().join("b"), ["rev-parse", "topic"]), first);
    assert_snapshot!(sandbox.agents(["agent", "add", "cam", "--no-worktree"]), @"
    cam on agents/cam without a worktree
    work lands on main
    [status 0]
    ");
    assert!(!sandbox.worktree_of("cam").exists());
    assert_snapshot!(sandbox.agents(["agent", "list"]), @"
    AGENT  STATE  TASK  TIME  AHEAD  BEHIND  FILES  DIRTY  DONE
    ann    idle                   0       0      0      0
    bob    idle                   0       1      0      0
    cam    idle                   0       0      0      -
    [status 0]
    ");
}

#[test]
fn a_branch_and_a_worktree_that_are_there_can_be_taken() {
    let sandbox = Sandbox::new();
    sandbox.git(["branch", "topic"]);
    let worktree = sandbox.worktree("bob");
    fs::write(worktree.join("draft"), "mine\n").unwrap();
    assert_snapshot!(sandbox.refused(["agent", "add", "ann", "--branch", "topic"]), @"
    [stderr]
    error: ann cannot be added: refs/heads/topic exists already
      try: git agents agent add ann --existing --branch topic
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["agent", "add", "ann", "--existing", "--branch", "topic"]), @"
    ann on topic in [ROOT]/repo-worktrees/ann
    work lands on main
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["agent", "add", "bob", "--existing"]), @"
    bob on agents/bob in [ROOT]/bob
    work lands on main
    [status 0]
    ");
    assert_eq!(fs::read_to_string(worktree.join("draft")).unwrap(), "mine\n");
    assert_snapshot!(sandbox.refused(["agent", "add", "cam", "--existing", "--branch", "topic"]), @"
    [stderr]
    error: the branch topic is ann's already
      try: git agents agent show ann
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["agent", "add", "cam", "--existing"]), @"
    [stderr]
    error: there is no branch agents/cam to take
      try: git agents agent add cam --branch agents/cam
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["agent", "add", "cam", "--existing", "--branch", "main"]), @"
    [stderr]
    error: main is the target, where all work lands
      try: git agents agent add cam
    [status 3]
    ");
}

#[test]
fn shown_by_name_and_in_its_worktree() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.agents(["assign", "ann", "1", "One", "2"]).good();
    sandbox.commit_as("ann", "new", "work\n");
    sandbox.write_as("ann", "draft", "mine\n");
    assert_snapshot!(sandbox.agents(["agent", "show", "ann"]), @"
    ann
      state:     assigned
      branch:    agents/ann ([COMMIT])
      worktree:  [ROOT]/repo-worktrees/ann
      commits:   1 ahead, 0 behind, 1 file changed
      dirty:     1 uncommitted path
      done:      0 tasks, 0h

    TASK  STATE     AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    1     assigned  ann       2h                       One
    [status 0]
    ");
    assert_snapshot!(sandbox.run(["agent", "show", "--json"]).dir(sandbox.worktree_of("ann")).output(), @r#"
    {
      "agent": {
        "ahead": 1,
        "assigned": [
          "1"
        ],
        "base": "[COMMIT]",
        "behind": 0,
        "branch": "agents/ann",
        "commit": "[COMMIT]",
        "completed_tasks": 0,
        "dirty": 1,
        "files": 1,
        "hours_total": 0.0,
        "name": "ann",
        "state": "assigned",
        "task": {
          "epoch": 1,
          "hours": 2.0,
          "id": "1",
          "lease": {
            "renewed_at": "2026-01-05T09:00:00Z",
            "ttl_s": 7200,
            "until": "2026-01-05T11:00:00Z"
          },
          "state": "assigned",
          "title": "One"
        },
        "worktree": "[ROOT]/repo-worktrees/ann"
      },
      "kind": "agent",
      "tasks": [
        {
          "after": [],
          "agent": "ann",
          "created_at": "2026-01-05T09:00:00Z",
          "epoch": 1,
          "hours": 2.0,
          "id": "1",
          "lease": {
            "renewed_at": "2026-01-05T09:00:00Z",
            "ttl_s": 7200,
            "until": "2026-01-05T11:00:00Z"
          },
          "paths": [],
          "priority": "medium",
          "state": "assigned",
          "title": "One",
          "updated_at": "2026-01-05T09:00:00Z"
        }
      ],
      "version": 1
    }
    [status 0]
    "#);
    assert_snapshot!(sandbox.refused(["agent", "show"]), @"
    [stderr]
    error: say which agent: this is not the worktree of one
      try: git agents agent list
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["agent", "show", "eve"]), @"
    [stderr]
    error: there is no agent eve
      try: git agents agent list
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["agent", "list", "--json"]), @r#"
    {
      "agents": [
        {
          "ahead": 1,
          "assigned": [
            "1"
          ],
          "base": "[COMMIT]",
          "behind": 0,
          "branch": "agents/ann",
          "commit": "[COMMIT]",
          "completed_tasks": 0,
          "dirty": 1,
          "files": 1,
          "hours_total": 0.0,
          "name": "ann",
          "state": "assigned",
          "task": {
            "epoch": 1,
            "hours": 2.0,
            "id": "1",
            "lease": {
              "renewed_at": "2026-01-05T09:00:00Z",
              "ttl_s": 7200,
              "until": "2026-01-05T11:00:00Z"
            },
            "state": "assigned",
            "title": "One"
          },
          "worktree": "[ROOT]/repo-worktrees/ann"
        }
      ],
      "kind": "agent-list",
      "version": 1
    }
    [status 0]
    "#);
}

#[test]
fn a_name_may_have_dots() {
    let sandbox = Sandbox::with_agents(&["web.ui"]);
    assert!(sandbox.worktree_of("web.ui").join("lines").exists());
    sandbox.agents(["agent", "add", "web.api"]).good();
    sandbox.is_clean("web.api");
}
