//! `git agents init`: branches, worktrees and agents, all of them or none.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use insta::assert_snapshot;

use crate::support::{Sandbox, Shape};

/// No agent, branch, worktree or folder of one, and no state.
#[track_caller]
fn nothing_is_left(sandbox: &Sandbox) {
    assert!(!sandbox.root().join("repo-worktrees").exists(), "a folder is left");
    assert_eq!(sandbox.git(["worktree", "list"]).lines().count(), 1);
    assert_eq!(sandbox.git(["for-each-ref", "refs/agents"]), "");
}

#[test]
fn three_agents_in_one_operation() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.agents(["init", "ann", "bob", "--agents", "1"]), @"
    ann on agents/ann in [ROOT]/repo-worktrees/ann
    bob on agents/bob in [ROOT]/repo-worktrees/bob
    agent-1 on agents/agent-1 in [ROOT]/repo-worktrees/agent-1
    work lands on main
    [status 0]
    ");
    assert_eq!(sandbox.operations(), 1);
    let listed = sandbox.git(["worktree", "list", "--porcelain"]);
    let checked_out: Vec<&str> = listed.lines().filter_map(|line| line.strip_prefix("branch refs/heads/")).collect();
    assert_eq!(checked_out, ["main", "agents/agent-1", "agents/ann", "agents/bob"]);
    let head = sandbox.rev("HEAD");
    for (name, agent) in &sandbox.state().agents {
        assert_eq!(agent.branch, format!("agents/{name}"));
        assert_eq!(sandbox.rev(&agent.branch), head);
        sandbox.is_clean(&name.to_string());
    }
}

#[test]
fn as_many_as_are_asked_for() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.agents(["init", "--agents", "2", "--json"]), @r#"
    {
      "added": [
        {
          "branch": "agents/agent-1",
          "made_branch": true,
          "made_worktree": true,
          "name": "agent-1",
          "worktree": "[ROOT]/repo-worktrees/agent-1"
        },
        {
          "branch": "agents/agent-2",
          "made_branch": true,
          "made_worktree": true,
          "name": "agent-2",
          "worktree": "[ROOT]/repo-worktrees/agent-2"
        }
      ],
      "kind": "init",
      "target": "main",
      "unchanged": [],
      "version": 1
    }
    [status 0]
    "#);
}

#[test]
fn again_it_adds_what_is_missing_and_changes_nothing_else() {
    let sandbox = Sandbox::with_agents(&["ann", "bob", "cam"]);
    let before = (sandbox.facts(), sandbox.tip());
    assert_snapshot!(sandbox.agents(["init", "ann", "bob", "cam"]), @"
    3 agents unchanged: ann, bob, cam
    work lands on main
    [status 0]
    ");
    assert_eq!(before, (sandbox.facts(), sandbox.tip()));

    let work = sandbox.work("bob", "new", "work\n");
    sandbox.write("ann", "draft", "not to be lost\n");
    std::fs::remove_dir_all(sandbox.of("bob")).unwrap();
    assert_snapshot!(sandbox.agents(["init", "ann", "bob", "cam"]), @"
    bob on agents/bob in [ROOT]/repo-worktrees/bob
    2 agents unchanged: ann, cam
    work lands on main
    [status 0]
    ");
    assert_eq!(sandbox.git_in(&sandbox.of("bob"), ["rev-parse", "HEAD"]), work);
    sandbox.is_clean("bob");

    assert_snapshot!(sandbox.agents(["init", "ann", "bob", "cam", "dan"]), @"
    dan on agents/dan in [ROOT]/repo-worktrees/dan
    3 agents unchanged: ann, bob, cam
    work lands on main
    [status 0]
    ");
    sandbox.is_clean("dan");
    assert_eq!(sandbox.state().agents.len(), 4);
    assert_eq!(std::fs::read_to_string(sandbox.of("ann").join("draft")).unwrap(), "not to be lost\n");
}

#[test]
fn the_settings_are_kept_and_used() {
    let sandbox = Sandbox::new();
    sandbox.git(["branch", "release"]);
    let args = ["init", "ann", "--target", "release", "--worktrees", "../trees", "--prefix", "work/"];
    assert_snapshot!(sandbox.agents(args), @"
    ann on work/ann in [ROOT]/trees/ann
    work lands on release
    [status 0]
    ");
    let config = sandbox.git(["config", "--local", "--get-regexp", "^agents"]);
    assert_snapshot!(config.replace(sandbox.root().to_str().unwrap(), "[ROOT]"), @"
    agents.target release
    agents.worktrees [ROOT]/trees
    agents.prefix work/
    ");
    assert_snapshot!(sandbox.agents(["init", "bob"]), @"
    bob on work/bob in [ROOT]/trees/bob
    work lands on release
    [status 0]
    ");
    assert!(sandbox.root().join("trees/bob/README").is_file());
}

#[test]
fn refused_with_nothing_left() {
    let sandbox = Sandbox::new();
    sandbox.git(["branch", "agents/bob"]);
    assert_snapshot!(sandbox.refused(["init", "ann", "bob"]), @"
    [stderr]
    error: bob cannot be added: refs/heads/agents/bob exists already
      try: git agents agent add bob --existing --branch agents/bob
    [status 3]
    ");
    sandbox.git(["branch", "-D", "agents/bob"]);
    assert_snapshot!(sandbox.refused(["init"]), @"
    [stderr]
    error: say which agents there are to be
      try: git agents init --agents 3
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["init", "ann", "--target", "nowhere"]), @"
    [stderr]
    error: there is no local branch nowhere, which is the target
      try: git config agents.target BRANCH
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["init", "ann", "--prefix", "a..b/"]), @r#"
    [stderr]
    error: no branch's name can begin with "a..b/"
    [status 2]
    "#);
    for bad in ["../x", "a b", "ü", "HEAD", ".hidden", "a.lock", ""] {
        let output = sandbox.refused(["init", "ann", bad]);
        assert_eq!(output.status, Some(2), "{bad}: {output}");
    }
    nothing_is_left(&sandbox);
    // In the way of one of two.
    let occupied = sandbox.of("bob");
    std::fs::create_dir_all(&occupied).unwrap();
    std::fs::write(occupied.join("mine"), "").unwrap();
    assert_snapshot!(sandbox.refused(["init", "ann", "bob"]), @"
    [stderr]
    error: bob cannot be added: [ROOT]/repo-worktrees/bob exists and is not an empty folder
      try: git agents agent add bob --path OTHER
    [status 3]
    ");
    assert!(occupied.join("mine").is_file() && !sandbox.of("ann").exists());
}

#[test]
fn an_empty_repository_has_nothing_to_begin_from() {
    let sandbox = Sandbox::shaped(Shape { empty: true, ..Shape::default() });
    assert_snapshot!(sandbox.refused(["init", "ann"]), @r#"
    [stderr]
    error: the repository has no commits yet
      try: git commit --allow-empty -m "Begin"
    [status 3]
    "#);
    nothing_is_left(&sandbox);
}

#[test]
fn in_a_bare_repository() {
    let sandbox = Sandbox::shaped(Shape { bare: true, name: "repo.git", ..Shape::default() });
    let tree = sandbox.git_with(&["mktree"], b"");
    let commit = sandbox.git(["commit-tree", &tree, "-m", "Begin"]);
    sandbox.git(["update-ref", "refs/heads/main", &commit]);
    assert_snapshot!(sandbox.agents(["init", "ann"]), @"
    ann on agents/ann in [ROOT]/repo-worktrees/ann
    work lands on main
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["status"]), @"
    work lands on main at [COMMIT]

    AGENT  STATE  TASK  TIME  AHEAD  BEHIND  FILES  DIRTY  DONE
    ann    idle                   0       0      0      0

    no tasks
    [status 0]
    ");
}

#[test]
fn a_git_that_is_too_old_is_told_at_once() {
    let sandbox = Sandbox::new();
    let folder = sandbox.root().join("old");
    std::fs::create_dir(&folder).unwrap();
    let git = folder.join("git");
    std::fs::write(&git, "#!/bin/sh\necho git version 2.30.0\n").unwrap();
    std::fs::set_permissions(&git, PermissionsExt::from_mode(0o755)).unwrap();
    let run = || sandbox.direct(["init", "ann"]).path(&[&folder, Path::new("/usr/bin"), Path::new("/bin")]).output();
    assert_snapshot!(sandbox.unchanged(run), @"
    [stderr]
    error: git 2.30.0 is too old: 2.45 or newer is needed
      try: install git 2.45 or newer
    [status 4]
    ");
    nothing_is_left(&sandbox);
}
/// git itself fails in the middle: a filter that is required does not work in the worktree of bob.
#[test]
fn a_failure_of_one_takes_the_others_back() {
    let sandbox = Sandbox::new();
    sandbox.commit(".gitattributes", "README filter=picky\n", "Filter");
    sandbox.git(["config", "filter.picky.smudge", "case \"$PWD\" in *bob*) exit 1;; esac; cat"]);
    sandbox.git(["config", "filter.picky.clean", "cat"]);
    sandbox.git(["config", "filter.picky.required", "true"]);
    let output = sandbox.refused(["init", "ann", "bob", "cam"]);
    assert_eq!(output.status, Some(4), "{output}");
    for agent in ["ann", "bob", "cam"] {
        assert!(!sandbox.of(agent).exists(), "the worktree of {agent} is left");
    }
    assert_eq!(sandbox.git(["worktree", "list"]).lines().count(), 1);
    sandbox.git(["config", "filter.picky.smudge", "cat"]);
    sandbox.agents(["init", "ann", "bob", "cam"]).good();
}
