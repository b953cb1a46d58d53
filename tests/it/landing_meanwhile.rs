//! Somebody works on the same branches while a landing is under way.
//!
//! The moment is a required filter: git runs it after the plan was made from the refs and before anything moves.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;

use crate::support::Sandbox;

/// ann and bob have a file each; what ann's goes through runs `script` in the middle of a landing, with git's folder in
/// `$GIT_DIR` out of the way.
fn with_moment(script: &str) -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.commit_as("ann", "a", "By ann.\n");
    sandbox.commit_as("bob", "b", "By bob.\n");
    sandbox.commit("meanwhile", "On main.\n", "Meanwhile");
    let path = sandbox.root().join("moment");
    let unset = "unset $(git rev-parse --local-env-vars)";
    fs::write(&path, format!("#!/bin/sh\n{unset}\ncd '{}'\n{script}\nexec cat\n", sandbox.repo().display())).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(sandbox.repo().join(".git/info/attributes"), "a filter=moment\n").unwrap();
    for (key, value) in [("required", "true"), ("clean", "cat"), ("smudge", path.to_str().unwrap())] {
        sandbox.git(["config", &format!("filter.moment.{key}"), value]);
    }
    sandbox
}

/// Only the first time.
fn once(script: &str) -> String {
    format!("test -e ../done || {{ touch ../done; {script}; }} >/dev/null 2>&1 </dev/null")
}

const COMMIT: &str = "git commit -q --allow-empty -m between";

#[test]
fn the_target_moves_and_all_of_it_is_planned_again() {
    let sandbox = with_moment(&once(COMMIT));
    assert_snapshot!(sandbox.direct(["merge", "--all", "--yes"]).output(), @"
    landed ann by rebase at [COMMIT]
    landed bob by rebase at [COMMIT]
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [stderr]
    refs/heads/main has moved meanwhile; planning again
    [status 0]
    ");
    assert_snapshot!(sandbox.git(["log", "--format=%s", "main"]), @"
    b by bob
    a by ann
    between
    Meanwhile
    Lines
    Begin
    ");
    assert_eq!(sandbox.git(["status", "--porcelain"]), "");
    sandbox.is_clean("ann");
}

#[test]
fn a_branch_moves_and_lands_with_what_it_has_then() {
    let sandbox = with_moment(&once(&format!("cd ../repo-worktrees/bob; {COMMIT}")));
    assert_snapshot!(sandbox.direct(["merge", "--all", "--yes"]).output(), @"
    landed ann by rebase at [COMMIT]
    landed bob by rebase at [COMMIT]
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [stderr]
    refs/heads/agents/bob has moved meanwhile; planning again
    [status 0]
    ");
    assert_snapshot!(sandbox.git(["log", "--format=%s", "main"]), @"
    between
    b by bob
    a by ann
    Meanwhile
    Lines
    Begin
    ");
    sandbox.is_clean("bob");
}

#[test]
fn a_worktree_vanishes() {
    let sandbox = with_moment(&once("mv ../repo-worktrees/bob ../away"));
    assert_snapshot!(sandbox.direct(["merge", "--all", "--yes"]).output(), @"
    landed ann by rebase at [COMMIT]
    stopped bob: its worktree at [ROOT]/repo-worktrees/bob is missing: when it was moved, git worktree repair PATH; when it was deleted, git worktree prune
      next: git agents init bob
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [status 1]
    ");
    assert_eq!(sandbox.git(["log", "-1", "--format=%s", "main"]), "a by ann");
    fs::rename(sandbox.root().join("away"), sandbox.worktree_of("bob")).unwrap();
    sandbox.is_clean("bob");
}

#[test]
fn somebody_begins_to_edit_what_lands() {
    let sandbox = with_moment(&once("echo mine >b"));
    assert_snapshot!(sandbox.direct(["merge", "--all", "--yes"]).output(), @"
    [stderr]
    error: main at [ROOT]/repo cannot come along: uncommitted work is in the way: b
      try: commit what is in the way, or move it elsewhere
    [status 3]
    ");
    assert_eq!(fs::read_to_string(sandbox.repo().join("b")).unwrap(), "mine\n");
    assert_eq!(sandbox.git(["log", "-1", "--format=%s", "main"]), "Meanwhile");
    sandbox.is_clean("bob");
}

#[test]
fn the_target_never_stands_still() {
    let sandbox = with_moment(&format!("{COMMIT} >/dev/null 2>&1 </dev/null"));
    let branches = || sandbox.git(["for-each-ref", "refs/heads/agents/", "refs/agents-local/"]);
    let before = branches();
    assert_snapshot!(sandbox.direct(["merge", "--all", "--yes"]).output(), @"
    [stderr]
    refs/heads/main has moved meanwhile; planning again
    refs/heads/main has moved meanwhile; planning again
    error: branches keep moving; nothing was landed
      try: run the command again
    [status 3]
    ");
    assert_eq!(before, branches());
    assert_eq!(sandbox.git(["log", "-1", "--format=%s", "main"]), "between");
    sandbox.is_clean("ann");
    sandbox.is_clean("bob");
}
