//! What `git agents resolve` refuses, and what it and others say of a resolution.

use std::fs;

use insta::assert_snapshot;

use crate::resolve::{in_conflict, is_at_rest};

#[test]
fn refused_beforehand() {
    let sandbox = in_conflict();
    let tip = sandbox.rev("agents/bob");
    sandbox.write_as("bob", "other", "Edited.\n");
    assert_snapshot!(sandbox.refused(["resolve", "bob"]), @"
    [stderr]
    error: bob's worktree [ROOT]/repo-worktrees/bob has uncommitted changes: other
      try: git -C [ROOT]/repo-worktrees/bob commit -a
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["merge", "bob", "--dry-run"]).stdout, @"
    would stop bob: its commit [COMMIT] conflicts with main; its uncommitted changes have to be committed first
      lines  content
        ann (#1 Task 1)
        @@ -2,7 +2,7 @@
         2
         3
         4
        -5
        +ann
         6
         7
         8
        bob (#2 Task 2)
        @@ -2,7 +2,7 @@
         2
         3
         4
        -5
        +bob
         6
         7
         8
      2 commits of its own
        [COMMIT] lines by bob
        [COMMIT] other by bob
      next: git -C [ROOT]/repo-worktrees/bob commit -a && git agents resolve bob
    main stays at [COMMIT]
    ");
    sandbox.git_in(&sandbox.worktree_of("bob"), ["checkout", "-q", "other"]);

    sandbox.commit("ignored", "By main.\n", "Ignored");
    fs::write(sandbox.repo().join(".git/info/exclude"), "ignored\n").unwrap();
    sandbox.write_as("bob", "ignored", "bob's own\n");
    assert_snapshot!(sandbox.refused(["resolve", "bob"]), @"
    [stderr]
    error: bob's worktree [ROOT]/repo-worktrees/bob is not ready: uncommitted work is in the way: ignored
      try: git -C [ROOT]/repo-worktrees/bob status --ignored
    [status 3]
    ");
    fs::remove_file(sandbox.worktree_of("bob").join("ignored")).unwrap();

    let dir = sandbox.worktree_of("bob");
    sandbox.git_in(&dir, ["switch", "-q", "--detach"]);
    assert_snapshot!(sandbox.refused(["resolve", "bob"]), @"
    [stderr]
    error: bob's worktree [ROOT]/repo-worktrees/bob has no branch checked out, not agents/bob
      try: git -C [ROOT]/repo-worktrees/bob switch agents/bob
    [status 3]
    ");
    sandbox.git_in(&dir, ["switch", "-q", "agents/bob"]);

    // Somebody's own rebase is neither continued nor aborted.
    let rebase = sandbox.command("git").current_dir(&dir).args(["rebase", "-q", "main"]).output().unwrap();
    assert!(!rebase.status.success());
    assert_snapshot!(sandbox.refused(["resolve", "bob"]), @"
    [stderr]
    error: a rebase that git agents did not start is going on in bob's worktree [ROOT]/repo-worktrees/bob
      try: git -C [ROOT]/repo-worktrees/bob status
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["merge", "--abort", "--yes"]), @"
    [stderr]
    error: no conflict is being resolved
      try: git agents status
      try: git agents resolve AGENT
    [status 3]
    ");
    sandbox.git_in(&dir, ["rebase", "--abort"]);

    assert_snapshot!(sandbox.refused(["resolve", "ann"]), @"
    [stderr]
    error: ann does not conflict with main
      try: git agents merge ann
    [status 3]
    ");
    fs::rename(&dir, sandbox.root().join("moved")).unwrap();
    assert_snapshot!(sandbox.refused(["resolve", "bob"]), @"
    [stderr]
    error: bob's worktree is gone from [ROOT]/repo-worktrees/bob
      try: git agents init bob
    [status 3]
    ");
    fs::rename(sandbox.root().join("moved"), &dir).unwrap();
    assert_eq!(sandbox.rev("agents/bob"), tip);
    assert_eq!(sandbox.agents(["resolve", "bob"]).status, Some(1));
}

#[test]
fn everybody_who_looks_is_told() {
    let sandbox = in_conflict();
    sandbox.agents(["resolve", "bob"]);
    assert_snapshot!(sandbox.refused(["doctor"]), @"
    warning: bob is resolving its conflict with main
      try: git agents merge --continue
    1 warning
    [status 1]
    ");
    let status = sandbox.agents(["status"]).stdout;
    let attention = status.split_once("needs attention\n").unwrap().1;
    assert_snapshot!(attention, @"
    bob conflicts with main in lines
      git agents conflicts bob
    bob is resolving its conflict with main in [ROOT]/repo-worktrees/bob
      git agents merge --continue
    ");
    // A record whose operation is over is dropped by doctor, and by whoever comes next.
    sandbox.git_in(&sandbox.worktree_of("bob"), ["rebase", "--abort"]);
    assert_snapshot!(sandbox.refused(["doctor"]), @"
    warning: bob was to resolve its conflict with main, which is over
      try: git agents doctor --fix
    1 warning
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["doctor", "--fix"]), @"
    fixed: bob was to resolve its conflict with main, which is over
    1 fixed
    [status 0]
    ");
    is_at_rest(&sandbox, "bob");
}

#[test]
fn as_json() {
    let sandbox = in_conflict();
    let stopped = sandbox.agents(["merge", "bob", "--yes", "--json"]).json()["stopped"][0].clone();
    assert_snapshot!(serde_json::to_string_pretty(&stopped["packet"]).unwrap(), @r#"
    {
      "commits": [
        {
          "commit": "[COMMIT]",
          "subject": "lines by bob"
        },
        {
          "commit": "[COMMIT]",
          "subject": "other by bob"
        }
      ],
      "others": [
        {
          "name": "ann",
          "paths": [
            "lines"
          ],
          "tasks": [
            {
              "id": "1",
              "title": "Task 1"
            }
          ]
        }
      ],
      "paths": [
        {
          "hunks": {
            "a": "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+ann\n 6\n 7\n 8\n",
            "b": "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+bob\n 6\n 7\n 8\n"
          },
          "kind": "content",
          "path": "lines"
        }
      ],
      "tasks": [
        {
          "id": "2",
          "title": "Task 2"
        }
      ]
    }
    "#);
    assert_eq!(stopped["next"], "git agents resolve bob");
    let waiting = sandbox.agents(["resolve", "bob", "--json"]).json();
    assert_eq!(waiting["packet"], stopped["packet"]);
    let mut rest = waiting.clone();
    rest.as_object_mut().unwrap().remove("packet");
    assert_snapshot!(serde_json::to_string_pretty(&rest).unwrap(), @r#"
    {
      "abort": "git agents merge --abort",
      "agent": "bob",
      "branch": "agents/bob",
      "commands": [
        "git -C [ROOT]/repo-worktrees/bob add -- lines",
        "git -C [ROOT]/repo-worktrees/bob rebase --continue"
      ],
      "kind": "resolve",
      "next": "git agents merge --continue",
      "paths": [
        {
          "kind": "content",
          "path": "lines"
        }
      ],
      "state": "waiting",
      "stopped_at": {
        "commit": "[COMMIT]",
        "number": 1,
        "of": 2,
        "subject": "lines by bob"
      },
      "strategy": "rebase",
      "target": "main",
      "version": 1,
      "worktree": "[ROOT]/repo-worktrees/bob"
    }
    "#);
    let waiting = sandbox.agents(["merge", "--continue", "--json"]).json();
    assert_eq!((&waiting["kind"], &waiting["waiting"][0]["agent"]), (&"merge-continue".into(), &"bob".into()));
    let aborted = sandbox.agents(["merge", "--abort", "--yes", "--json"]).json();
    assert_eq!((&aborted["kind"], &aborted["aborted"][0]["outcome"]), (&"merge-abort".into(), &"aborted".into()));
}
