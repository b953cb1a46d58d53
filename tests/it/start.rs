//! `git agents start`: the branch is brought to where the task begins.

use insta::assert_snapshot;

use crate::support::{Output, Sandbox, id};

#[test]
fn the_base_is_recorded() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.agents(["assign", "ann", "1", "One"]).good();
    assert_snapshot!(sandbox.run(["start"]).dir(sandbox.worktree_of("ann")).output(), @"
    ann started 1 One
    [status 0]
    ");
    let task = &sandbox.state().tasks[&id("1")];
    assert_eq!(task.state.word(), "in-progress");
    let base = task.live_attempt().unwrap().base.clone().unwrap();
    assert_eq!(base.to_string(), sandbox.rev("main"));
    assert_snapshot!(sandbox.refused(["start", "ann", "1"]), @"
    [stderr]
    error: ann has started 1 already
      try: git agents complete ann
    [status 3]
    ");
    sandbox.agents(["assign", "ann", "2", "Two"]).good();
    assert_snapshot!(sandbox.refused(["start", "ann", "2"]), @r#"
    [stderr]
    error: ann is working on 1
      try: git agents complete ann
      try: git agents fail ann --reason "…"
    [status 3]
    "#);
}

#[test]
fn a_branch_that_is_behind_is_moved_forward_with_its_worktree() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let target = sandbox.commit("new", "from main\n", "New");
    sandbox.agents(["assign", "ann", "1", "One"]).good();
    assert_snapshot!(sandbox.agents(["start", "ann"]), @"
    ann started 1 One
      the branch was moved forward to the target at [COMMIT]
    [status 0]
    ");
    assert_eq!(sandbox.rev("agents/ann"), target);
    sandbox.is_clean("ann");
    assert!(sandbox.worktree_of("ann").join("new").is_file());
}

#[test]
fn a_dirty_worktree_is_left_where_it_is() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let before = sandbox.rev("agents/ann");
    sandbox.commit("new", "from main\n", "New");
    sandbox.write_as("ann", "README", "Changed.\n");
    sandbox.agents(["assign", "ann", "1", "One"]).good();
    assert_snapshot!(sandbox.agents(["start", "ann", "1", "--json"]), @r#"
    {
      "agent": "ann",
      "base": "[COMMIT]",
      "brought": [
        {
          "do": "left",
          "reason": "uncommitted"
        }
      ],
      "kind": "started",
      "task": {
        "after": [],
        "agent": "ann",
        "created_at": "2026-01-05T09:00:00Z",
        "epoch": 1,
        "id": "1",
        "lease": {
          "renewed_at": "2026-01-05T09:00:00Z",
          "ttl_s": 7200,
          "until": "2026-01-05T11:00:00Z"
        },
        "paths": [],
        "priority": "medium",
        "state": "in-progress",
        "title": "One",
        "updated_at": "2026-01-05T09:00:00Z"
      },
      "version": 1,
      "waiting_for": []
    }
    [status 0]
    "#);
    assert_eq!(sandbox.rev("agents/ann"), before);
    assert_eq!(std::fs::read_to_string(sandbox.worktree_of("ann").join("README")).unwrap(), "Changed.\n");
}

/// bob's task 2 comes after ann's task 1, which is completed and has not landed.
fn with_dependency() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.agents(["assign", "ann", "1", "One"]).good();
    sandbox.agents(["start", "ann"]).good();
    sandbox.commit_as("ann", "base", "by ann\n");
    sandbox.agents(["complete", "ann"]).good();
    sandbox.agents(["task", "add", "Two", "--id", "2", "--after", "1"]).good();
    sandbox
}

fn start_bob(sandbox: &Sandbox) -> Output {
    sandbox.agents(["start", "bob", "2"])
}

#[test]
fn a_dependency_that_has_not_landed_is_brought_in() {
    let sandbox = with_dependency();
    assert_snapshot!(start_bob(&sandbox), @"
    bob started 2 Two
      the branch was moved forward to the work of 1 at [COMMIT], which has not landed
    [status 0]
    ");
    assert_eq!(sandbox.rev("agents/bob"), sandbox.rev("agents/ann"));
    sandbox.is_clean("bob");
}

#[test]
fn a_dependency_is_merged_into_work_of_ones_own() {
    let sandbox = with_dependency();
    let own = sandbox.commit_as("bob", "own", "by bob\n");
    assert_snapshot!(start_bob(&sandbox), @"
    bob started 2 Two
      the work of 1, which has not landed, was merged as [COMMIT]
    [status 0]
    ");
    assert_eq!(sandbox.rev("agents/bob^1"), own);
    assert_eq!(sandbox.rev("agents/bob^2"), sandbox.rev("agents/ann"));
    sandbox.is_clean("bob");
    assert!(sandbox.worktree_of("bob").join("base").is_file());
}

#[test]
fn a_dependency_that_conflicts_is_refused() {
    let sandbox = with_dependency();
    sandbox.commit_as("bob", "base", "by bob\n");
    assert_snapshot!(sandbox.unchanged(|| start_bob(&sandbox)), @"
    [stderr]
    error: the work of 1, which the task is after, conflicts with bob's branch in base
      try: git merge agents/ann, in the worktree of bob, resolving what conflicts
      try: git agents merge ann
      try: git agents conflicts ann
    [status 3]
    ");
    sandbox.is_clean("bob");
}

#[test]
fn a_dependency_that_is_not_completed_is_a_warning() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.agents(["task", "add", "One", "--id", "1"]).good();
    sandbox.agents(["task", "add", "Two", "--id", "2", "--after", "1"]).good();
    assert_snapshot!(sandbox.agents(["start", "ann", "2"]), @"
    ann started 2 Two
    [stderr]
    warning: 2 is after 1, which is not completed
    [status 0]
    ");
    assert_eq!(sandbox.state().tasks[&id("2")].state.word(), "in-progress");
}

#[test]
fn refused_with_nothing_changed() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    assert_snapshot!(sandbox.refused(["start", "ann"]), @"
    [stderr]
    error: ann has no assigned task
      try: git agents next ann
      try: git agents ready
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["start"]), @"
    [stderr]
    error: say which agent: this is not the worktree of one
      try: git agents agent list
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["start", "ann", "7"]), @"
    [stderr]
    error: there is no task 7
      try: git agents task list
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["start", "eve", "7"]), @"
    [stderr]
    error: there is no agent eve
      try: git agents agent list
    [status 3]
    ");
    sandbox.agents(["assign", "bob", "1", "One"]).good();
    assert_snapshot!(sandbox.refused(["start", "ann", "1"]), @"
    [stderr]
    error: task 1 is held by bob since 2026-01-05 09:00 UTC (assigned)
      try: git agents unassign bob 1
    [status 1]
    ");
}
