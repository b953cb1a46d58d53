//! `git agents complete`: what the branch holds is what was done.

use insta::assert_snapshot;

use crate::support::{Sandbox, id};

/// ann works on task 1 and has committed one file.
fn at_work() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.agents(["assign", "ann", "1", "One", "2"]).good();
    sandbox.agents(["start", "ann"]).good();
    std::fs::create_dir(sandbox.worktree_of("ann").join("src")).unwrap();
    sandbox.commit_as("ann", "src/new", "work\n");
    sandbox
}

#[test]
fn the_files_come_from_the_branch() {
    let sandbox = at_work();
    sandbox.commit_as("ann", "README", "Changed.\n");
    assert_snapshot!(sandbox.run(["complete"]).dir(sandbox.worktree_of("ann").join("src")).output(), @"
    ann completed 1 One: 2 commits, 2 files
      README
      src/new
    [status 0]
    ");
    assert_eq!(sandbox.state().tasks[&id("1")].state.word(), "completed");
    assert_snapshot!(sandbox.refused(["complete", "ann"]), @"
    [stderr]
    error: ann has no task in progress; 1 is completed already
      try: git agents start ann
      try: git agents task list --agent ann
    [status 3]
    ");
}

#[test]
fn named_files_are_compared() {
    let sandbox = at_work();
    sandbox.commit_as("ann", "README", "Changed.\n");
    assert_snapshot!(sandbox.agents(["complete", "ann", "src/new", "LICENSE", "--hours", "1.5"]), @"
    ann completed 1 One: 2 commits, 2 files
      README
      src/new
    [stderr]
    warning: LICENSE was named, and the branch does not change it
    warning: README is changed on the branch, and was not named
    [status 0]
    ");
    let json = sandbox.agents(["agent", "show", "ann", "--json"]).good().json();
    assert_eq!(json["agent"]["hours_total"], 1.5);
}

#[test]
fn both_differences_are_in_the_json() {
    let sandbox = at_work();
    assert_snapshot!(sandbox.agents(["complete", "ann", "LICENSE", "--json"]), @r#"
    {
      "agent": "ann",
      "commit": "[COMMIT]",
      "commits": 1,
      "files": [
        "src/new"
      ],
      "kind": "completed",
      "not_changed": [
        "LICENSE"
      ],
      "not_named": [
        "src/new"
      ],
      "task": {
        "after": [],
        "agent": "ann",
        "created_at": "2026-01-05T09:00:00Z",
        "epoch": 1,
        "hours": 2.0,
        "id": "1",
        "paths": [],
        "priority": "medium",
        "state": "completed",
        "title": "One",
        "updated_at": "2026-01-05T09:00:00Z"
      },
      "version": 1
    }
    [stderr]
    {"kind":"warning","message":"LICENSE was named, and the branch does not change it","version":1}
    {"kind":"warning","message":"src/new is changed on the branch, and was not named","version":1}
    [status 0]
    "#);
}

#[test]
fn uncommitted_changes_are_refused() {
    let sandbox = at_work();
    sandbox.write_as("ann", "README", "Changed.\n");
    sandbox.write_as("ann", "draft", "mine\n");
    assert_snapshot!(sandbox.refused(["complete", "ann"]), @"
    [stderr]
    error: ann has 2 uncommitted paths: README, draft
      try: git -C [ROOT]/repo-worktrees/ann add … && git -C [ROOT]/repo-worktrees/ann commit
      try: git agents complete ann --allow-dirty
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["complete", "ann", "--allow-dirty"]), @"
    ann completed 1 One: 1 commit, 1 file
      src/new
    [status 0]
    ");
    assert!(sandbox.worktree_of("ann").join("draft").is_file());
}

#[test]
fn a_branch_with_nothing_on_it_is_refused() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    assert_snapshot!(sandbox.refused(["complete", "ann"]), @"
    [stderr]
    error: ann has no task in progress
      try: git agents start ann
      try: git agents task list --agent ann
    [status 3]
    ");
    sandbox.agents(["assign", "ann", "1", "One", "2"]).good();
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
    assert_snapshot!(sandbox.agents(["complete", "ann", "--allow-empty"]), @"
    ann completed 1 One: 0 commits, 0 files
    [status 0]
    ");
}

#[test]
fn in_the_middle_of_a_rebase_it_is_refused() {
    let sandbox = at_work();
    sandbox.commit("src/new", "from main\n", "New");
    let dir = sandbox.worktree_of("ann");
    let rebase = sandbox.command("git").current_dir(&dir).args(["rebase", "-q", "main"]).output().unwrap();
    assert!(!rebase.status.success());
    assert_snapshot!(sandbox.refused(["complete", "ann"]), @"
    [stderr]
    error: ann's worktree is in the middle of a rebase
      try: git -C [ROOT]/repo-worktrees/ann rebase --continue
      try: git -C [ROOT]/repo-worktrees/ann rebase --abort
    [status 3]
    ");
    sandbox.git_in(&dir, ["rebase", "--abort"]);
    sandbox.agents(["complete", "ann"]).good();
}

/// What was done on another branch is not on the agent's.
#[test]
fn a_worktree_with_something_else_checked_out_is_refused() {
    let sandbox = at_work();
    let dir = sandbox.worktree_of("ann");
    sandbox.git_in(&dir, ["switch", "-qc", "side"]);
    std::fs::write(dir.join("left"), "").unwrap();
    assert_snapshot!(sandbox.unchanged(|| sandbox.agents(["complete", "ann"])), @"
    [stderr]
    error: ann's worktree [ROOT]/repo-worktrees/ann has side checked out, not agents/ann
      try: git -C [ROOT]/repo-worktrees/ann switch agents/ann
    [status 3]
    ");
    sandbox.git_in(&dir, ["switch", "-q", "--detach"]);
    assert_snapshot!(sandbox.unchanged(|| sandbox.agents(["complete", "ann", "--allow-dirty"])), @"
    [stderr]
    error: ann's worktree [ROOT]/repo-worktrees/ann has a detached HEAD, not agents/ann
      try: git -C [ROOT]/repo-worktrees/ann switch agents/ann
    [status 3]
    ");
    // A run's environment tells who it is, in its own worktree.
    let within = |folder: &std::path::Path| {
        sandbox.unchanged(|| sandbox.run(["complete"]).env("GIT_AGENTS_AGENT", "ann").dir(folder).output())
    };
    assert!(within(&dir).stderr.contains("git -C [ROOT]/repo-worktrees/ann switch agents/ann"));
    assert!(within(sandbox.repo()).stderr.contains("say which agent"));
    sandbox.git_in(&dir, ["switch", "-q", "agents/ann"]);
    sandbox.agents(["complete", "ann", "--allow-dirty"]).good();
}

/// Whoever puts in order what failed need not start it anew.
#[test]
fn what_failed_is_completed_with_all_that_was_done_for_it() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let dir = sandbox.worktree_of("ann");
    let fail = |id: &str| {
        sandbox.agents(["assign", "ann", id, "Lines"]).good();
        sandbox.agents(["start", "ann", id]).good();
        sandbox.git_in(&dir, ["commit", "-q", "--allow-empty", "-m", id]);
        sandbox.agents(["fail", "ann", "--reason", "Too hard"]).good();
    };
    fail("16");
    std::fs::write(dir.join("left"), "").unwrap();
    assert_snapshot!(sandbox.unchanged(|| sandbox.agents(["complete", "ann"])), @"
    [stderr]
    error: ann has 1 uncommitted path: left
      try: git -C [ROOT]/repo-worktrees/ann add … && git -C [ROOT]/repo-worktrees/ann commit
      try: git agents complete ann --allow-dirty
    [status 3]
    ");
    sandbox.git_in(&dir, ["add", "left"]);
    sandbox.git_in(&dir, ["commit", "-qm", "By hand"]);
    assert_snapshot!(sandbox.agents(["complete", "ann"]), @"
    ann completed 16 Lines: 2 commits, 1 file
      left
    [status 0]
    ");
    // What is on the branch by now may be another task's.
    fail("17");
    sandbox.agents(["assign", "ann", "20", "Other"]).good();
    sandbox.agents(["start", "ann", "20"]).good();
    sandbox.agents(["complete", "ann", "--allow-empty"]).good();
    assert_snapshot!(sandbox.unchanged(|| sandbox.agents(["complete", "ann"])), @"
    [stderr]
    error: ann has failed at 17, and begun something else since
      try: git agents start ann 17 && git agents complete ann
    [status 3]
    ");
    fail("18");
    assert_snapshot!(sandbox.agents(["complete", "ann"]), @"
    [stderr]
    error: ann has failed at 2 tasks
      try: git agents start ann 17 && git agents complete ann
      try: git agents start ann 18 && git agents complete ann
    [status 3]
    ");
    sandbox.agents(["start", "ann", "17"]).good();
    sandbox.agents(["complete", "ann"]).good();
}
