//! `git agents start`, `complete` and `next`: from a free task to one that is done.

use insta::assert_snapshot;

use crate::support::{Sandbox, id, lines, name};

#[test]
fn starting_brings_an_idle_branch_to_the_target() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let target = sandbox.commit("newer", "x", "Newer");
    sandbox.agents(["assign", "ann", "1", "One"]).good();
    assert_snapshot!(sandbox.agents(["start", "ann"]), @"
    ann started 1 One
      the branch was moved forward to the target at [COMMIT]
    [status 0]
    ");
    assert_eq!(sandbox.git(["rev-parse", "agents/ann"]), target);
    assert!(sandbox.worktree_of("ann").join("newer").is_file() && sandbox.dirt("ann").is_empty());
    let state = sandbox.state();
    assert_eq!(state.tasks[&id("1")].live_attempt().unwrap().base.as_ref().unwrap().as_str(), target);
}

#[test]
fn starting_leaves_work_of_its_own_where_it_is() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let own = sandbox.commit_as("ann", "own", "x");
    sandbox.commit("newer", "x", "Newer");
    sandbox.agents(["task", "add", "One", "--id", "1"]).good();
    assert_snapshot!(sandbox.agents(["start", "ann", "1"]), @"
    ann started 1 One
    [status 0]
    ");
    assert_eq!(sandbox.git(["rev-parse", "agents/ann"]), own);
}

#[test]
fn what_a_task_is_after_is_brought_in_first() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.work_as("ann", "1", "base", "by ann\n");
    sandbox.agents(["task", "add", "Two", "--id", "2", "--after", "1"]).good();
    assert_snapshot!(sandbox.agents(["start", "bob", "2"]), @"
    bob started 2 Two
      the branch was moved forward to the work of 1 at [COMMIT], which has not landed
    [status 0]
    ");
    assert!(sandbox.worktree_of("bob").join("base").is_file());
}

#[test]
fn a_dependency_that_conflicts_is_refused_and_one_that_is_not_done_is_told() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.work_as("ann", "1", "lines", &lines(5, "ann"));
    sandbox.commit_as("bob", "lines", &lines(5, "bob"));
    sandbox.agents(["task", "add", "Two", "--id", "2", "--after", "1"]).good();
    assert_snapshot!(sandbox.refused(["start", "bob", "2"]), @"
    [stderr]
    error: the work of 1, which the task is after, conflicts with bob's branch in lines
      try: git merge agents/ann, in the worktree of bob, resolving what conflicts
      try: git agents merge ann
      try: git agents conflicts ann
    [status 3]
    ");
    sandbox.agents(["task", "add", "Three", "--id", "3"]).good();
    sandbox.agents(["task", "add", "Four", "--id", "4", "--after", "3"]).good();
    assert_snapshot!(sandbox.agents(["start", "bob", "4"]), @"
    bob started 4 Four
    [stderr]
    warning: 4 is after 3, which is not completed
    [status 0]
    ");
}

#[test]
fn what_cannot_be_started_is_refused() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    assert_snapshot!(sandbox.refused(["start", "ann"]), @"
    [stderr]
    error: ann has no assigned task
      try: git agents next ann
      try: git agents ready
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["start", "ann", "9"]), @"
    [stderr]
    error: there is no task 9
      try: git agents task list
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["start", "eve", "9"]), @"
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
    sandbox.agents(["start", "bob"]).good();
    sandbox.agents(["task", "add", "Two", "--id", "2"]).good();
    assert_snapshot!(sandbox.refused(["start", "bob", "2"]), @r#"
    [stderr]
    error: bob is working on 1
      try: git agents complete bob
      try: git agents fail bob --reason "…"
    [status 3]
    "#);
}

#[test]
fn completing_takes_the_files_from_the_branch() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.agents(["assign", "ann", "1", "One", "2"]).good();
    sandbox.agents(["start", "ann"]).good();
    let tip = sandbox.commit_as("ann", "new file", "x");
    sandbox.commit_as("ann", "lines", &lines(3, "ann"));
    assert_snapshot!(sandbox.agents(["complete", "ann", "lines", "other", "--hours", "1.5"]), @"
    ann completed 1 One: 2 commits, 2 files
      lines
      new file
    [stderr]
    warning: other was named, and the branch does not change it
    warning: new file is changed on the branch, and was not named
    [status 0]
    ");
    let state = sandbox.state();
    let attempt = state.tasks[&id("1")].last_attempt().unwrap();
    assert_eq!(attempt.files, ["lines", "new file"]);
    assert_ne!(attempt.tip.as_ref().unwrap().as_str(), tip, "the newest commit");
    assert_eq!(state.agents[&name("ann")].hours_total, 1.5);
}

#[test]
fn completing_wants_commits_and_nothing_uncommitted() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    assert_snapshot!(sandbox.refused(["complete", "ann"]), @"
    [stderr]
    error: ann has no task in progress
      try: git agents start ann
      try: git agents task list --agent ann
    [status 3]
    ");
    sandbox.agents(["assign", "ann", "1", "One"]).good();
    assert_snapshot!(sandbox.refused(["complete", "ann"]), @"
    [stderr]
    error: ann has no task in progress
      try: git agents start ann
      try: git agents task list --agent ann
    [status 3]
    ");
    sandbox.agents(["start", "ann"]).good();
    assert_snapshot!(sandbox.refused(["complete", "ann"]), @"
    [stderr]
    error: ann's branch has no commits for this task
      try: git -C [ROOT]/repo-worktrees/ann commit
      try: git agents complete ann --allow-empty
    [status 3]
    ");
    sandbox.write_as("ann", "untracked", "x");
    assert_snapshot!(sandbox.refused(["complete", "ann", "--allow-empty"]), @"
    [stderr]
    error: ann has 1 uncommitted path: untracked
      try: git -C [ROOT]/repo-worktrees/ann add … && git -C [ROOT]/repo-worktrees/ann commit
      try: git agents complete ann --allow-dirty
    [status 3]
    ");
    sandbox.agents(["complete", "ann", "--allow-empty", "--allow-dirty"]).good();
    assert_eq!(sandbox.dirt("ann"), "?? untracked", "it is left as it is");
}

#[test]
fn next_takes_the_best_task_and_says_when_there_is_none() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    assert_snapshot!(sandbox.agents(["next", "ann"]), @"
    no task is open
    [status 1]
    ");
    sandbox.agents(["task", "add", "Usual", "--id", "1"]).good();
    sandbox.agents(["task", "add", "Urgent", "--id", "2", "--priority", "high"]).good();
    let next = sandbox.run(["next", "--json"]).dir(sandbox.worktree_of("ann")).output().good().json();
    assert_eq!(next["task"].as_str().or(next["task"]["id"].as_str()), Some("2"), "{next}");
    assert_snapshot!(sandbox.refused(["next", "ann"]), @r#"
    [stderr]
    error: ann is working on 2
      try: git agents complete ann
      try: git agents fail ann --reason "…"
    [status 3]
    "#);
    assert_snapshot!(sandbox.refused(["next", "eve"]), @"
    [stderr]
    error: there is no agent eve
      try: git agents agent list
    [status 3]
    ");
}
