//! `git agents rebase`: exactly what `git rebase` makes, and nothing when it conflicts.

use insta::assert_snapshot;

use crate::support::Sandbox;

/// Trees, authors, author dates and messages of what is on the branch and not on the target.
fn commits(sandbox: &Sandbox, dir: &std::path::Path) -> String {
    sandbox.git_in(dir, ["log", "--format=%T %an <%ae> %ad%n%B", "--date=raw", "main..agents/ann"])
}

#[test]
fn the_result_is_that_of_git_rebase() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.commit_as("ann", "first", "1\n");
    sandbox.write_as("ann", "second", "2\n");
    let dir = sandbox.worktree_of("ann");
    sandbox.git_in(&dir, ["add", "second"]);
    let message = "Ünusual  subject\n\n  indented body\n\n# no comment\n\nSigned-off-by: Eve <eve@example.com>\n";
    let args = ["-q", "--cleanup=verbatim", "--author=Eve <eve@example.com>", "--date=2020-02-02T02:02:02+0530"];
    sandbox.git_in(&dir, ["commit"].iter().chain(&args).chain(&["-m", message]));
    // This one is on the target already, so that it becomes empty.
    sandbox.commit_as("ann", "same", "the same\n");
    sandbox.commit_as("ann", "first", "1\nand more\n");
    sandbox.commit("same", "the same\n", "Same");
    sandbox.commit("other", "on main\n", "Other");

    let clone = sandbox.root().join("clone");
    sandbox.git(["clone", "-q", ".", clone.to_str().unwrap()]);
    sandbox.git_in(&clone, ["checkout", "-q", "agents/ann"]);
    let identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"];
    sandbox.git_in(&clone, identity.iter().chain(&["rebase", "-q", "main"]));

    assert_snapshot!(sandbox.run(["rebase"]).dir(&dir).output(), @"
    rebased ann on main: 3 commits, now at [COMMIT]
    [status 0]
    ");
    assert_eq!(commits(&sandbox, sandbox.repo()), commits(&sandbox, &clone));
    assert_eq!(sandbox.git(["merge-base", "main", "agents/ann"]), sandbox.rev("main"));
    sandbox.is_clean("ann");
    assert_snapshot!(sandbox.agents(["rebase", "ann"]), @"
    ann is up to date with main
    [status 0]
    ");
}

#[test]
fn a_conflict_changes_nothing() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.commit_as("ann", "fine", "By ann.\n");
    sandbox.commit_as("ann", "README", "By ann.\n");
    sandbox.commit("README", "By main.\n", "Change");
    let output = sandbox.refused(["rebase", "ann"]);
    assert_eq!(output.status, Some(1));
    assert_snapshot!(output, @"
    stopped ann: its commit [COMMIT] conflicts with main
      README  content
      next: git agents resolve ann
    [status 1]
    ");
    sandbox.is_clean("ann");
    assert_snapshot!(sandbox.refused(["rebase", "ann", "--json"]), @r#"
    {
      "after": null,
      "agent": "ann",
      "before": null,
      "branch": "agents/ann",
      "dropped": 0,
      "kind": "rebase",
      "replayed": 0,
      "stopped": {
        "branch": "agents/ann",
        "message": "its commit [COMMIT] conflicts with main",
        "name": "ann",
        "next": "git agents resolve ann",
        "paths": [
          {
            "kind": "content",
            "path": "README"
          }
        ],
        "reason": "conflict"
      },
      "target": "main",
      "version": 1
    }
    [status 1]
    "#);
}

#[test]
fn uncommitted_work_in_the_way_is_refused() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.commit_as("ann", "fine", "By ann.\n");
    sandbox.write_as("ann", "README", "Not committed.\n");
    sandbox.commit("README", "By main.\n", "Change");
    let output = sandbox.refused(["rebase", "ann"]);
    assert_eq!(output.status, Some(3));
    assert_snapshot!(output, @"
    [stderr]
    error: ann: its worktree [ROOT]/repo-worktrees/ann cannot come along: uncommitted work is in the way: README
      try: git -C [ROOT]/repo-worktrees/ann status
    [status 3]
    ");
    assert_eq!(std::fs::read_to_string(sandbox.worktree_of("ann").join("README")).unwrap(), "Not committed.\n");
}

#[test]
fn it_can_be_taken_back() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let before = sandbox.commit_as("ann", "fine", "By ann.\n");
    sandbox.commit("other", "on main\n", "Other");
    assert_snapshot!(sandbox.agents(["rebase", "ann", "--json"]), @r#"
    {
      "after": "[COMMIT]",
      "agent": "ann",
      "before": "[COMMIT]",
      "branch": "agents/ann",
      "dropped": 0,
      "kind": "rebase",
      "replayed": 1,
      "target": "main",
      "version": 1
    }
    [status 0]
    "#);
    assert_ne!(sandbox.rev("agents/ann"), before);
    sandbox.agents(["undo", "--yes"]).good();
    assert_eq!(sandbox.rev("agents/ann"), before);
    sandbox.is_clean("ann");
}

#[test]
fn refused_beforehand() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    assert_snapshot!(sandbox.refused(["rebase"]), @"
    [stderr]
    error: say which agent: this is not the worktree of one
      try: git agents agent list
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["rebase", "eve"]), @"
    [stderr]
    error: there is no agent eve
      try: git agents agent list
    [status 3]
    ");
    sandbox.git_in(&sandbox.worktree_of("ann"), ["checkout", "-q", "--detach"]);
    sandbox.git(["branch", "-q", "-D", "agents/ann"]);
    assert_snapshot!(sandbox.refused(["rebase", "ann"]), @"
    [stderr]
    error: ann: its branch is gone
      try: git agents agent show ann
    [status 3]
    ");
}
