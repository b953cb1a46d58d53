//! `git agents status`, `conflicts` and `merge-order`: what is going on, what will collide, and in what order to land.

use insta::assert_snapshot;

use crate::support::{Sandbox, lines};

/// ann and bob change the same line, cam another file and another line.
fn at_work() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob", "cam"]);
    sandbox.work_as("ann", "1", "lines", &lines(5, "ann"));
    sandbox.work_as("bob", "2", "lines", &lines(5, "bob"));
    sandbox.work_as("cam", "3", "lines", &lines(15, "cam"));
    sandbox
}

#[test]
fn status_is_the_picture_at_a_glance() {
    let sandbox = at_work();
    sandbox.agents(["assign", "cam", "4", "Four", "2"]).good();
    sandbox.agents(["start", "cam"]).good();
    sandbox.write_as("cam", "untracked", "x");
    assert_snapshot!(sandbox.agents(["status"]), @"
    work lands on main at [COMMIT]

    AGENT  STATE      TASK         TIME  AHEAD  BEHIND  FILES  DIRTY  DONE
    ann    completed  1 Task 1       0s      1       0      1      0  1 task
    bob    completed  2 Task 2       0s      1       0      1      0  1 task
    cam    working    4 Four (2h)    0s      1       0      1      1  1 task

    tasks: 1 in progress, 3 completed

    needs attention
      ann, bob and cam have completed work that has not landed
        git agents merge --all
    [status 0]
    ");
    let json = sandbox.agents(["status", "--json"]).good().json();
    assert_eq!(json["kind"], "status");
    assert_eq!(json["tasks"]["completed"], 3, "{json}");
    assert_eq!(json["agents"].as_array().unwrap().len(), 3);
    // Nothing in an agent's worktree is looked into, so what is uncommitted cannot be told.
    let blind = sandbox.agents(["status", "--no-dirty", "--json"]).good().json();
    assert!(blind["agents"][2].get("dirty").is_none_or(serde_json::Value::is_null), "{blind}");
    assert_eq!(sandbox.agents(Vec::<&str>::new()), sandbox.agents(["status"]), "it is the default");
}

#[test]
fn status_without_agents_is_a_good_answer() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.agents(["status"]), @"
    work lands on main at [COMMIT]

    no agents; git agents init --agents 3 makes three

    no tasks
    [status 0]
    ");
    assert_eq!(sandbox.git(["for-each-ref", "refs/agents/"]), "", "reading writes nothing");
}

#[test]
fn status_tells_of_a_worktree_that_is_gone() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    std::fs::remove_dir_all(sandbox.worktree_of("ann")).unwrap();
    assert_snapshot!(sandbox.agents(["status"]), @"
    work lands on main at [COMMIT]

    AGENT  STATE  TASK  TIME  AHEAD  BEHIND  FILES  DIRTY  DONE
    ann    idle                   0       0      0      -
    bob    idle                   0       0      0      0

    no tasks

    needs attention
      ann's worktree is gone from [ROOT]/repo-worktrees/ann
        git agents init ann
    [status 0]
    ");
}

#[test]
fn conflicts_are_a_negative_answer_with_the_places() {
    let sandbox = at_work();
    assert_snapshot!(sandbox.agents(["conflicts"]), @"
    conflict  ann and bob
      ann: 1 Task 1; bob: 2 Task 2
      lines  content  lines: ann 5; bob 5
    overlap   ann and cam
      lines
    overlap   bob and cam
      lines
    warning   ann and cam
      lines  changes 9 lines apart  lines: ann 5; cam 15
    warning   bob and cam
      lines  changes 9 lines apart  lines: bob 5; cam 15

    3 branches, 3 pairs: 1 conflict, 2 overlaps
    [status 1]
    ");
    let json = sandbox.agents(["conflicts", "--json"]).json();
    assert_eq!((&json["summary"]["pairs"], &json["summary"]["conflicting"]), (&3.into(), &1.into()), "{json}");
    assert_snapshot!(sandbox.agents(["conflicts", "ann", "cam"]), @"
    overlap   ann and cam
      lines
    warning   ann and cam
      lines  changes 9 lines apart  lines: ann 5; cam 15

    2 branches, 1 pair: 1 overlap
    [status 0]
    ");
    assert_snapshot!(sandbox.refused(["conflicts", "nowhere"]), @r#"
    [stderr]
    error: "nowhere" is no agent, no branch and no commit
      try: git agents agent list
      try: git branch --list
    [status 3]
    "#);
}

#[test]
fn uncommitted_work_is_part_of_the_picture() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.write_as("ann", "lines", &lines(5, "ann"));
    sandbox.commit_as("bob", "lines", &lines(5, "bob"));
    let conflicting = |words: &[&str]| sandbox.agents(words).json()["summary"]["conflicting"].clone();
    assert_eq!(conflicting(&["conflicts", "--json"]), 1);
    assert_eq!(conflicting(&["conflicts", "--json", "--committed"]), 0);
    assert_eq!(sandbox.dirt("ann"), " M lines", "and it stays as it is");
}

#[test]
fn the_order_has_a_reason_for_each_position() {
    let sandbox = at_work();
    assert_snapshot!(sandbox.agents(["merge-order"]), @"
      1. cam  clean: shares lines with ann and bob, and merges
      2. ann  clean: before bob, which conflicts with it
      3. bob  needs resolution in lines with ann (1 region)

    on main: 2 land clean, 1 needs resolution; no order lands more
    [status 1]
    ");
    let json = sandbox.agents(["merge-order", "--json"]).json();
    assert_eq!((&json["summary"]["clean"], &json["summary"]["needs_resolution"]), (&2.into(), &1.into()), "{json}");
    assert_snapshot!(sandbox.refused(["merge-order", "nowhere"]), @r#"
    [stderr]
    error: "nowhere" is no agent, no branch and no commit
      try: git agents agent list
      try: git branch --list
    [status 3]
    "#);
}

#[test]
fn looking_changes_nothing() {
    let sandbox = at_work();
    sandbox.write_as("cam", "untracked", "x");
    let before = (sandbox.facts(), sandbox.dirt("cam"));
    for words in [&["status"][..], &["conflicts"], &["merge-order"], &["agent", "list"], &["agent", "show", "ann"]] {
        sandbox.agents(words);
        sandbox.run(words).dir(sandbox.worktree_of("ann")).output();
    }
    assert_eq!(before, (sandbox.facts(), sandbox.dirt("cam")));
}

/// A clone brings no refs/agents, so a team mate's first question finds nothing.
#[test]
fn a_fresh_clone_is_told_where_to_look() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here().with_agent("ann");
    sandbox.remote();
    ann.agents(["sync"]).good();
    let other = sandbox.clone("other");
    assert_snapshot!(other.agents(["status"]).good(), @"
    work lands on main at [COMMIT]

    no agents; git agents init --agents 3 makes three

    no tasks
    [stderr]
    nothing is known here yet; git agents sync brings what origin has
    [status 0]
    ");
    other.agents(["sync"]).good();
    assert!(other.agents(["status"]).stderr.is_empty());
}
