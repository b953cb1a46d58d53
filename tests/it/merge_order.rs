//! `git agents merge-order`: the order in which the most branches land.

use insta::assert_snapshot;

use crate::support::Sandbox;

#[test]
fn the_most_that_can_land() {
    let sandbox = Sandbox::with_agents(&["ann", "bob", "cam", "dan"]);
    sandbox.commit_as("ann", "README", "By ann.\n");
    sandbox.commit_as("ann", "x", "By ann.\n");
    sandbox.commit_as("bob", "README", "By bob.\n");
    sandbox.commit_as("cam", "x", "By cam.\n");
    sandbox.commit_as("dan", "y", "By dan.\n");
    let before = (sandbox.facts(), sandbox.git(["count-objects", "-v"]));
    let output = sandbox.agents(["merge-order"]);
    assert_eq!(output.status, Some(1));
    assert_snapshot!(output, @"
      1. dan  clean: touches nothing that the others touch
      2. bob  clean: before ann, which conflicts with it
      3. cam  clean: before ann, which conflicts with it
      4. ann  needs resolution in README with bob (1 region); in x with cam (1 region)

    on main: 3 land clean, 1 needs resolution; no order lands more
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["merge-order", "ann", "cam", "--json"]), @r#"
    {
      "kind": "merge-order",
      "order": [
        {
          "after": [],
          "branch": "agents/ann",
          "conflicts_with": [
            "cam"
          ],
          "name": "ann",
          "outcome": "clean",
          "position": 1,
          "reason": "before cam, which conflicts with it"
        },
        {
          "after": [],
          "branch": "agents/cam",
          "conflicts_with": [
            "ann"
          ],
          "name": "cam",
          "outcome": "needs-resolution",
          "position": 2,
          "reason": "needs resolution in x with ann (1 region)"
        }
      ],
      "summary": {
        "clean": 1,
        "conflicts_with_target": 0,
        "exact": true,
        "most_clean": 1,
        "needs_resolution": 1,
        "unknown": 0
      },
      "target": {
        "branch": "main",
        "commit": "[COMMIT]"
      },
      "version": 1
    }
    [status 1]
    "#);
    assert_eq!(before, (sandbox.facts(), sandbox.git(["count-objects", "-v"])));
}

#[test]
fn all_of_them() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    assert_snapshot!(sandbox.agents(["merge-order"]), @"
    nothing to land
    [status 0]
    ");
    sandbox.commit_as("ann", "a", "By ann.\n");
    sandbox.write_as("bob", "README", "Not committed.\n");
    assert_snapshot!(sandbox.agents(["merge-order"]), @"
      1. ann  clean: touches nothing that the others touch
      2. bob  clean: touches nothing that the others touch

    on main: 2 land clean
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["merge-order", "--committed"]), @"
      1. ann  clean: touches nothing that the others touch

    on main: 1 lands clean
    [status 0]
    ");
}

#[test]
fn a_stack_lands_from_below() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.commit_as("bob", "base", "By bob.\n");
    sandbox.git_in(&sandbox.worktree_of("ann"), ["merge", "-q", "agents/bob"]);
    sandbox.commit_as("ann", "top", "By ann.\n");
    assert_snapshot!(sandbox.agents(["merge-order"]), @"
      1. bob  clean: touches nothing that the others touch
      2. ann  clean: after bob: contains its commits

    on main: 2 land clean
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["merge-order", "--json"]).json()["order"][1]["after"], @r#"["bob"]"#);
}

#[test]
fn branches_and_commits_are_named_as_they_were_given() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.commit_as("ann", "README", "By ann.\n");
    sandbox.git(["checkout", "-q", "-b", "topic"]);
    let commit = sandbox.commit("README", "By hand.\n", "Topic");
    sandbox.git(["checkout", "-q", "main"]);
    assert_snapshot!(sandbox.agents(["merge-order", "topic", "ann"]), @"
      1. topic  clean: before ann, which conflicts with it
      2. ann    needs resolution in README with topic (1 region)

    on main: 1 lands clean, 1 needs resolution; no order lands more
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["merge-order", &commit]), @"
      1. [COMMIT]  clean: touches nothing that the others touch

    on main: 1 lands clean
    [status 0]
    ");
    assert_snapshot!(sandbox.refused(["merge-order", "nobody"]), @r#"
    [stderr]
    error: "nobody" is no agent, no branch and no commit
      try: git agents agent list
      try: git branch --list
    [status 3]
    "#);
}

#[test]
fn what_has_no_common_history_cannot_be_judged() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.commit_as("ann", "new", "By ann.\n");
    let commit = sandbox.git(["commit-tree", "HEAD^{tree}", "-m", "Another beginning"]);
    sandbox.git(["branch", "island", &commit]);
    assert_snapshot!(sandbox.agents(["merge-order", "ann", "island"]), @"
      1. ann     clean: touches nothing that the others touch
      2. island  cannot be judged: refusing to merge unrelated histories

    on main: 1 lands clean, 1 is unknown; no order lands more
    [status 1]
    ");
}
