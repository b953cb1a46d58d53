//! `git agents cleanup --remote`: branches on remotes go where what they hold has landed, and from nowhere else.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;

use crate::support::{Sandbox, Shape};

/// Agents with a completed task each, and the remote `origin` that has the target and their branches.
fn pushed(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::with_agents(names);
    let origin = format!("file://{}", sandbox.root().join("origin.git").display());
    sandbox.git(["clone", "-q", "--bare", ".", sandbox.root().join("origin.git").to_str().unwrap()]);
    sandbox.git(["remote", "add", "origin", &origin]);
    for agent in names {
        sandbox.work_as(agent, &format!("task-{agent}"), agent, &format!("by {agent}\n"));
        sandbox.git(["push", "-q", "-u", "origin", &format!("agents/{agent}")]);
    }
    sandbox.git(["push", "-q", "-u", "origin", "main"]);
    sandbox
}

impl Sandbox {
    /// The branches that the remote has.
    fn on_origin(&self) -> String {
        self.git_in(&self.root().join("origin.git"), ["for-each-ref", "--format=%(refname:short)"])
    }
}

#[test]
fn what_has_landed_goes_from_the_remote_too() {
    let sandbox = pushed(&["ann", "bob", "cam"]);
    sandbox.commit("other", "y\n", "Meanwhile");
    sandbox.git(["tag", "v1"]);
    // Rebased, so that the remote has other commits than the target.
    sandbox.agents(["merge", "ann", "--yes"]).good();
    sandbox.agents(["merge", "bob", "--strategy", "squash", "--yes"]).good();
    // The remote's only copy stays until the remote has the landing.
    assert_snapshot!(sandbox.agents(["cleanup", "ann", "--remote", "--dry-run"]), @"
    would remove ann: its tip is in main
      branch agents/ann
      worktree [ROOT]/repo-worktrees/ann
    kept origin's agents/ann: main as it is here has not been pushed to origin (git push origin main)
    1 agent would go
    [status 1]
    ");
    sandbox.git(["push", "-q", "origin", "main"]);
    assert_snapshot!(sandbox.agents(["cleanup", "--remote", "--dry-run"]), @"
    would remove ann: its tip is in main
      branch agents/ann
      worktree [ROOT]/repo-worktrees/ann
    would remove bob: its tip is in main
      branch agents/bob
      worktree [ROOT]/repo-worktrees/bob
    would delete origin's agents/ann: main has its commit under another id
    would delete origin's agents/bob: main has its commit under another id
    kept cam: 1 task completed and not landed: task-cam
      next: git agents merge cam
    2 agents would go
    [status 0]
    ");
    assert_eq!(sandbox.on_origin(), "agents/ann\nagents/bob\nagents/cam\nmain");
    assert_snapshot!(sandbox.refused(["cleanup", "--remote"]), @"
    [stderr]
    error: there is no terminal to ask on: Remove ann and bob with their worktrees and branches, and delete origin's agents/ann and origin's agents/bob?
      try: the same command with --yes
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["cleanup", "--remote", "--yes"]), @"
    removed ann: its tip is in main
      branch agents/ann
      worktree [ROOT]/repo-worktrees/ann
    removed bob: its tip is in main
      branch agents/bob
      worktree [ROOT]/repo-worktrees/bob
    deleted origin's agents/ann: main has its commit under another id
    deleted origin's agents/bob: main has its commit under another id
    kept cam: 1 task completed and not landed: task-cam
      next: git agents merge cam
    to take the last one back: git agents undo --yes
    [status 0]
    ");
    assert_eq!(sandbox.on_origin(), "agents/cam\nmain", "and no tag went along");
    assert_eq!(
        sandbox.git(["for-each-ref", "--format=%(refname:short)", "refs/remotes"]),
        "origin/agents/cam\norigin/main"
    );
}

#[test]
fn what_others_have_pushed_there_stays() {
    let sandbox = pushed(&["ann", "bob", "cam", "dan"]);
    sandbox.agents(["merge", "--all", "--yes"]).good();
    sandbox.git(["push", "-q", "origin", "main"]);
    let clone = sandbox.root().join("clone");
    sandbox.git([
        "clone",
        "-q",
        &format!("file://{}", sandbox.root().join("origin.git").display()),
        clone.to_str().unwrap(),
    ]);
    let in_clone = |args: &[&str]| drop(sandbox.git_in(&clone, args));
    in_clone(&["switch", "-q", "agents/ann"]);
    in_clone(&["-c", "user.name=Eve", "-c", "user.email=e@e", "commit", "-q", "--allow-empty", "-m", "More"]);
    in_clone(&["push", "-q"]);
    // Here too, but not landed.
    sandbox.git(["push", "-q", "-f", "origin", "main:agents/bob"]);
    in_clone(&["fetch", "-q"]);
    in_clone(&["switch", "-q", "agents/bob"]);
    fs::write(clone.join("late"), "late\n").unwrap();
    in_clone(&["add", "late"]);
    in_clone(&["-c", "user.name=Eve", "-c", "user.email=e@e", "commit", "-q", "-m", "Late"]);
    in_clone(&["push", "-q", "-f", "origin", "HEAD:agents/bob"]);
    sandbox.git(["fetch", "-q", "origin", "agents/bob"]);
    // What an agent's branch tracks may be the target itself, or something else that is shared.
    sandbox.git(["push", "-q", "origin", "main:develop"]);
    sandbox.git(["branch", "-q", "--set-upstream-to=origin/main", "agents/cam"]);
    sandbox.git(["config", "branch.agents/dan.merge", "refs/heads/develop"]);
    let output = sandbox.agents(["cleanup", "ann", "bob", "cam", "dan", "--remote", "--yes", "--json"]);
    let messages: Vec<String> = output.json()["remote"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {} {}", one["agent"], one["outcome"], one["message"]))
        .collect();
    assert_snapshot!(messages.join("\n"), @r#"
    "ann" "kept" "it has commits that are not here"
    "bob" "kept" "1 commit not landed in main"
    "cam" "kept" "it is the default there, or where main goes"
    "dan" "kept" "it has another name than the agent's"
    "#);
    assert_eq!(output.status, Some(1), "{output}");
    assert_eq!(sandbox.on_origin(), "agents/ann\nagents/bob\nagents/cam\nagents/dan\ndevelop\nmain");
}

#[test]
fn whose_branch_stays_on_the_remote_stays_here_too() {
    let sandbox = pushed(&["ann", "bob", "cam"]);
    sandbox.agents(["merge", "--all", "--yes"]).good();
    sandbox.git(["push", "-q", "origin", "main"]);
    let hook = sandbox.repo().join(".git/hooks/pre-push");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, "#!/bin/sh\npwd >&2\nexit 1\n").unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    assert_snapshot!(sandbox.agents(["cleanup", "ann", "--remote", "--yes"]), @"
    failed origin's agents/ann is still there: error: failed to push some refs to 'file://[ROOT]/origin.git'
    kept ann: its branch is still on origin
      next: git agents cleanup ann --remote
      next: git agents cleanup ann
    nothing to clean up
    [status 4]
    ");
    fs::remove_file(&hook).unwrap();
    fs::write(sandbox.root().join("origin.git/hooks/update"), "#!/bin/sh\nexit 1\n").unwrap();
    fs::set_permissions(sandbox.root().join("origin.git/hooks/update"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_snapshot!(sandbox.agents(["cleanup", "bob", "--remote", "--yes"]), @"
    failed origin's agents/bob is still there: [remote rejected] (hook declined)
    kept bob: its branch is still on origin
      next: git agents cleanup bob --remote
      next: git agents cleanup bob
    nothing to clean up
    [status 4]
    ");
    fs::rename(sandbox.root().join("origin.git"), sandbox.root().join("away.git")).unwrap();
    assert_snapshot!(sandbox.agents(["cleanup", "--remote", "--yes"]), @"
    failed origin's agents/ann is still there: fatal: '[ROOT]/origin.git' does not appear to be a git repository
    failed origin's agents/bob is still there: fatal: '[ROOT]/origin.git' does not appear to be a git repository
    failed origin's agents/cam is still there: fatal: '[ROOT]/origin.git' does not appear to be a git repository
    kept ann: its branch is still on origin
      next: git agents cleanup ann --remote
      next: git agents cleanup ann
    kept bob: its branch is still on origin
      next: git agents cleanup bob --remote
      next: git agents cleanup bob
    kept cam: its branch is still on origin
      next: git agents cleanup cam --remote
      next: git agents cleanup cam
    nothing to clean up
    [status 4]
    ");
    // Nobody is lost sight of whose branch is still there.
    assert_eq!(sandbox.state().agents.len(), 3);
    fs::rename(sandbox.root().join("away.git"), sandbox.root().join("origin.git")).unwrap();
    fs::remove_file(sandbox.root().join("origin.git/hooks/update")).unwrap();
    sandbox.agents(["cleanup", "--remote", "--yes"]).good();
    assert_eq!((sandbox.state().agents.len(), sandbox.on_origin()), (0, "main".to_owned()));
}

/// The remote that is pushed to by default, without an upstream; where git keeps the refs.
#[test]
fn the_remote_that_is_pushed_to_has_it_under_the_same_name() {
    let sandbox = Sandbox::shaped(Shape { reftable: true, sha256: true, ..Shape::default() });
    sandbox.agents(["init", "ann"]).good();
    let origin = sandbox.root().join("origin.git");
    sandbox.git(["clone", "-q", "--bare", ".", origin.to_str().unwrap()]);
    sandbox.git(["remote", "add", "origin", &format!("file://{}", origin.display())]);
    sandbox.git(["config", "remote.pushDefault", "origin"]);
    sandbox.work_as("ann", "1", "ann", "x\n");
    sandbox.git(["push", "-q", "origin", "agents/ann"]);
    sandbox.agents(["merge", "ann", "--yes"]).good();
    sandbox.git(["push", "-q", "origin", "main"]);
    sandbox.agents(["cleanup", "--remote", "--yes"]).good();
    assert_eq!(sandbox.on_origin(), "main");
    sandbox.fsck();
}
