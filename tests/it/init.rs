//! `git agents init`: agents with branches and worktrees; again, it adds what is missing.

use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;

use crate::support::{Sandbox, Shape};

#[test]
fn agents_get_a_branch_and_a_worktree_each() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.agents(["init", "ann", "bob"]), @"
    ann on agents/ann in [ROOT]/repo-worktrees/ann
    bob on agents/bob in [ROOT]/repo-worktrees/bob
    work lands on main
    [status 0]
    ");
    let listed = sandbox.git(["worktree", "list", "--porcelain"]);
    let branches: Vec<&str> = listed.lines().filter_map(|line| line.strip_prefix("branch refs/heads/")).collect();
    assert_eq!(branches, ["main", "agents/ann", "agents/bob"]);
    assert_eq!(sandbox.git(["status", "--porcelain"]), "", "the user's own worktree is left alone");
    assert_eq!(sandbox.operations(), 1);
    assert!(sandbox.worktree_of("ann").join("README").is_file());
}

#[test]
fn again_it_adds_what_is_missing_and_changes_nothing_else() {
    let sandbox = Sandbox::new();
    sandbox.agents(["init", "--agents", "2"]).good();
    let before = sandbox.facts();
    assert_snapshot!(sandbox.agents(["init", "--agents", "2"]), @"
    2 agents unchanged: agent-1, agent-2
    work lands on main
    [status 0]
    ");
    assert_eq!(before, sandbox.facts());
    assert_snapshot!(sandbox.agents(["init", "--agents", "3", "--json"]), @r#"
    {
      "added": [
        {
          "branch": "agents/agent-3",
          "made_branch": true,
          "made_worktree": true,
          "name": "agent-3",
          "worktree": "[ROOT]/repo-worktrees/agent-3"
        }
      ],
      "kind": "init",
      "target": "main",
      "unchanged": [
        "agent-1",
        "agent-2"
      ],
      "version": 1
    }
    [status 0]
    "#);
    assert_eq!(sandbox.operations(), 2);
    std::fs::remove_dir_all(sandbox.worktree_of("agent-2")).unwrap();
    sandbox.agents(["init", "--agents", "3"]).good();
    assert!(sandbox.worktree_of("agent-2").join("README").is_file());
}

#[test]
fn where_things_go_is_the_users_choice() {
    let sandbox = Sandbox::new();
    sandbox.git(["branch", "trunk"]);
    sandbox.agents(["init", "ann", "--target", "trunk", "--worktrees", "../trees", "--prefix", "bots/"]).good();
    assert!(sandbox.root().join("trees/ann/README").is_file());
    assert_eq!(sandbox.git(["for-each-ref", "--format=%(refname)", "refs/heads/bots/"]), "refs/heads/bots/ann");
    assert_eq!(sandbox.git(["config", "agents.target"]), "trunk");
    // What was chosen is chosen for the next one too.
    sandbox.agents(["agent", "add", "bob"]).good();
    assert!(sandbox.root().join("trees/bob/README").is_file());
}

#[test]
fn what_stands_in_the_way_is_named_and_nothing_is_made() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.refused(["init", "ann", "../x"]), @r#"
    [stderr]
    error: "../x" cannot be an agent's name: '/' is not among a-z, 0-9, '.', '_' and '-'
    [status 2]
    "#);
    assert_snapshot!(sandbox.refused(["init", "ann", "--target", "nowhere"]), @"
    [stderr]
    error: there is no local branch nowhere, which is the target
      try: git config agents.target BRANCH
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["init", "ann", "--prefix", "-x"]), @"
    [stderr]
    error: unexpected argument '-x' found

      tip: to pass '-x' as a value, use '-- -x'

    Usage: git agents init [OPTIONS] [NAME]...

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["init", "--agents", "0"]), @"
    [stderr]
    error: invalid value '0' for '--agents <N>': 0 is not in 1..=500

    For more information, try '--help'.
    [status 2]
    ");
    sandbox.git(["branch", "agents/bob"]);
    assert_snapshot!(sandbox.refused(["init", "ann", "bob"]), @"
    [stderr]
    error: bob cannot be added: refs/heads/agents/bob exists already
      try: git agents agent add bob --existing --branch agents/bob
    [status 3]
    ");
    sandbox.git(["branch", "-D", "-q", "agents/bob"]);
    std::fs::create_dir_all(sandbox.worktree_of("bob").join("mine")).unwrap();
    assert_snapshot!(sandbox.refused(["init", "ann", "bob"]), @"
    [stderr]
    error: bob cannot be added: [ROOT]/repo-worktrees/bob exists and is not an empty folder
      try: git agents agent add bob --path OTHER
    [status 3]
    ");
    assert!(!sandbox.worktree_of("ann").exists(), "all or none");
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
    assert_snapshot!(sandbox.refused(["init", "ann", "--json"]), @r#"
    [stderr]
    {"error":{"code":"no-commits","hints":["git commit --allow-empty -m \"Begin\""],"message":"the repository has no commits yet"},"kind":"error","version":1}
    [status 3]
    "#);
}

#[test]
fn a_detached_head_is_no_obstacle() {
    let sandbox = Sandbox::new();
    sandbox.git(["checkout", "-q", "--detach"]);
    sandbox.agents(["init", "ann"]).good();
}

#[test]
fn without_an_identity_nothing_is_made() {
    let sandbox = Sandbox::new();
    sandbox.git(["config", "--unset", "user.email"]);
    assert_snapshot!(sandbox.refused(["init", "ann"]), @r#"
    [stderr]
    error: git does not know who you are: user.name and user.email are not set
      try: git config user.name "Your Name"
      try: git config user.email you@example.com
    [status 3]
    "#);
    assert!(!sandbox.root().join("repo-worktrees").exists());
}

#[test]
fn git_missing_and_git_too_old() {
    let sandbox = Sandbox::new();
    let nothing = sandbox.root().join("tmp");
    let missing = sandbox.unchanged(|| sandbox.direct(["init", "ann"]).path(&[&nothing]).output());
    assert_snapshot!(missing, @"
    [stderr]
    error: git was not found on the PATH
      try: install git 2.45 or newer, or put it on the PATH
    [status 4]
    ");
    let old = sandbox.root().join("old");
    std::fs::create_dir(&old).unwrap();
    std::fs::write(old.join("git"), "#!/bin/sh\necho git version 2.39.5\n").unwrap();
    std::fs::set_permissions(old.join("git"), PermissionsExt::from_mode(0o755)).unwrap();
    assert_snapshot!(sandbox.unchanged(|| sandbox.direct(["init", "ann"]).path(&[&old]).output()), @"
    [stderr]
    error: git 2.39.5 is too old: 2.45 or newer is needed
      try: install git 2.45 or newer
    [status 4]
    ");
}

#[test]
fn every_layout_has_worktrees() {
    let shapes = [
        Shape { sha256: true, ..Shape::default() },
        Shape { reftable: true, ..Shape::default() },
        Shape { name: "Grüße an 'alle'", ..Shape::default() },
    ];
    for shape in shapes {
        let sandbox = Sandbox::shaped(shape);
        sandbox.agents(["init", "ann", "bob"]).good();
        let there = sandbox.root().join(format!("{}-worktrees/ann/README", shape.name));
        assert!(there.is_file(), "{shape:?}");
        sandbox.agents(["status"]).good();
        sandbox.agents(["agent", "remove", "ann"]).good();
        assert!(!there.exists(), "{shape:?}");
        sandbox.fsck();
    }
}

#[test]
fn a_bare_repository_has_worktrees() {
    let sandbox = Sandbox::shaped(Shape { bare: true, name: "project.git", ..Shape::default() });
    let tree = sandbox.git_with(&["mktree"], b"");
    let commit = sandbox.git(["commit-tree", &tree, "-m", "Begin"]);
    sandbox.git(["update-ref", "refs/heads/main", &commit]);
    sandbox.agents(["init", "ann"]).good();
    assert!(sandbox.root().join("project-worktrees/ann/.git").is_file());
}
