//! What stands in the way of a landing: it is told with the command that helps, and nothing has changed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use insta::assert_snapshot;

use crate::support::{Output, Run, Sandbox};

/// ann adds a file, bob adds another, and main has gone on, so that every branch has to move.
fn two_branches() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.commit_as("ann", "a", "By ann.\n");
    sandbox.commit_as("bob", "b", "By bob.\n");
    sandbox.commit("meanwhile", "On main.\n", "Meanwhile");
    sandbox
}

/// What git says of every worktree that it can look into.
fn all_statuses(sandbox: &Sandbox) -> String {
    let words = ["status", "--porcelain=v2", "--branch", "--untracked-files=all", "--ignored"];
    let listed = sandbox.git(["worktree", "list", "--porcelain"]);
    let dirs = listed.lines().filter_map(|line| line.strip_prefix("worktree "));
    let one = |dir: &str| {
        let output = sandbox.command("git").env("GIT_OPTIONAL_LOCKS", "0").args(["-C", dir]).args(words).output();
        format!("{dir}\n{:?}\n", Output::new(&output.unwrap(), sandbox.root()))
    };
    dirs.map(one).collect()
}

/// Run what must not say yes and must leave every worktree, every branch and every ref as it was.
#[track_caller]
fn refused(sandbox: &Sandbox, run: Run<'_>) -> Output {
    let before = all_statuses(sandbox);
    let output = sandbox.unchanged(|| run.output());
    assert_eq!(before, all_statuses(sandbox), "{output}");
    output
}

fn merge_all(sandbox: &Sandbox) -> Run<'_> {
    sandbox.direct(["merge", "--all", "--yes"])
}

fn lands(sandbox: &Sandbox) {
    merge_all(sandbox).output().good();
    assert_eq!(sandbox.git(["status", "--porcelain"]), "");
    for agent in ["ann", "bob"] {
        sandbox.is_clean(agent);
    }
}

#[test]
fn the_target_is_locked() {
    let sandbox = two_branches();
    let lock = sandbox.repo().join(".git/refs/heads/main.lock");
    fs::write(&lock, "").unwrap();
    assert_snapshot!(refused(&sandbox, merge_all(&sandbox)), @"
    [stderr]
    error: refs/heads/main is locked by [ROOT]/repo/.git/refs/heads/main.lock
      try: git agents doctor --fix
    [status 4]
    ");
    fs::write(&lock, "something else\n").unwrap();
    assert_snapshot!(refused(&sandbox, merge_all(&sandbox)), @"
    [stderr]
    error: refs/heads/main is locked by [ROOT]/repo/.git/refs/heads/main.lock
      try: git agents doctor --fix
    [status 4]
    ");
    fs::write(&lock, "").unwrap();
    assert_snapshot!(sandbox.direct(["doctor", "--fix"]).output(), @"
    fixed: [ROOT]/repo/.git/refs/heads/main.lock was left by a process that died
    1 fixed
    [status 0]
    ");
    lands(&sandbox);
}

#[test]
fn head_is_locked() {
    let sandbox = two_branches();
    let lock = sandbox.repo().join(".git/HEAD.lock");
    fs::write(&lock, "").unwrap();
    assert_snapshot!(refused(&sandbox, merge_all(&sandbox)), @"
    [stderr]
    error: HEAD is locked by [ROOT]/repo/.git/HEAD.lock
      try: git agents doctor --fix
    [status 4]
    ");
    assert_snapshot!(sandbox.direct(["doctor", "--fix"]).output(), @"
    fixed: [ROOT]/repo/.git/HEAD.lock was left by a process that died
    1 fixed
    [status 0]
    ");
    lands(&sandbox);
}

#[test]
fn the_packed_refs_are_locked() {
    let sandbox = two_branches();
    sandbox.git(["pack-refs", "--all"]);
    let lock = sandbox.repo().join(".git/packed-refs.lock");
    fs::write(&lock, "").unwrap();
    assert_snapshot!(merge_all(&sandbox).output(), @"
    landed ann by rebase at [COMMIT]
    landed bob by rebase at [COMMIT]
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [status 0]
    ");
}

#[test]
fn an_index_is_locked() {
    let sandbox = two_branches();
    let lock = sandbox.repo().join(".git/index.lock");
    fs::write(&lock, "").unwrap();
    assert_snapshot!(refused(&sandbox, merge_all(&sandbox)), @"
    [stderr]
    error: main at [ROOT]/repo cannot come along: somebody is writing to it ([ROOT]/repo/.git/index.lock exists)
      try: git agents doctor
    [status 3]
    ");
    sandbox.direct(["doctor", "--fix"]).output().good();
    assert!(!lock.exists());
    let lock = sandbox.repo().join(".git/worktrees/ann/index.lock");
    fs::write(&lock, "somebody's\n").unwrap();
    assert_snapshot!(refused(&sandbox, sandbox.direct(["merge", "ann", "--yes"])), @"
    [stderr]
    error: ann: its worktree [ROOT]/repo-worktrees/ann cannot come along: somebody is writing to it ([ROOT]/repo/.git/worktrees/ann/index.lock exists)
      try: git agents doctor
    [status 3]
    ");
    assert_snapshot!(merge_all(&sandbox).output(), @"
    landed bob by rebase at [COMMIT]
    stopped ann: its worktree [ROOT]/repo-worktrees/ann cannot come along: somebody is writing to it ([ROOT]/repo/.git/worktrees/ann/index.lock exists)
      next: git agents doctor
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [status 1]
    ");
    assert_eq!(fs::read_to_string(&lock).unwrap(), "somebody's\n");
}

#[test]
fn a_worktree_has_vanished() {
    let sandbox = two_branches();
    fs::remove_dir_all(sandbox.worktree_of("ann")).unwrap();
    assert_snapshot!(refused(&sandbox, sandbox.direct(["merge", "ann", "--yes"])), @"
    [stderr]
    error: ann: its worktree at [ROOT]/repo-worktrees/ann is missing: when it was moved, git worktree repair PATH; when it was deleted, git worktree prune
      try: git agents init ann
    [status 3]
    ");
    assert_snapshot!(merge_all(&sandbox).output(), @"
    landed bob by rebase at [COMMIT]
    stopped ann: its worktree at [ROOT]/repo-worktrees/ann is missing: when it was moved, git worktree repair PATH; when it was deleted, git worktree prune
      next: git agents init ann
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [status 1]
    ");
    let other = two_branches();
    other.git(["checkout", "-q", "-b", "aside"]);
    let dir = other.root().join("target");
    other.git(["worktree", "add", "-q", dir.to_str().unwrap(), "main"]);
    fs::remove_dir_all(&dir).unwrap();
    assert_snapshot!(refused(&other, merge_all(&other)), @"
    [stderr]
    error: the worktree of main at [ROOT]/target is missing: when it was moved, git worktree repair PATH; when it was deleted, git worktree prune
      try: git worktree prune
      try: git worktree repair PATH
    [status 3]
    ");
    other.git(["worktree", "prune"]);
    merge_all(&other).output().good();
}

#[test]
fn a_worktree_is_another_repository_by_now() {
    let sandbox = two_branches();
    let dir = sandbox.worktree_of("ann");
    fs::remove_dir_all(&dir).unwrap();
    fs::create_dir(&dir).unwrap();
    sandbox.git_in(&dir, ["init", "-q"]);
    sandbox.write_as("ann", "a", "another repository's\n");
    assert_snapshot!(refused(&sandbox, sandbox.direct(["merge", "ann", "--yes"])), @"
    [stderr]
    error: ann: its worktree [ROOT]/repo-worktrees/ann cannot come along: it is not the worktree that git believes it to be
      try: git -C [ROOT]/repo-worktrees/ann status
    [status 3]
    ");
    assert_snapshot!(merge_all(&sandbox).output(), @"
    landed bob by rebase at [COMMIT]
    stopped ann: its worktree [ROOT]/repo-worktrees/ann cannot come along: it is not the worktree that git believes it to be
      next: git -C [ROOT]/repo-worktrees/ann status
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [status 1]
    ");
    assert_eq!(sandbox.git_in(&dir, ["status", "--porcelain"]), "?? a");
    let other = two_branches();
    other.git(["checkout", "-q", "-b", "aside"]);
    let dir = other.root().join("target");
    other.git(["worktree", "add", "-q", dir.to_str().unwrap(), "main"]);
    fs::remove_dir_all(&dir).unwrap();
    fs::create_dir(&dir).unwrap();
    other.git_in(&dir, ["init", "-q"]);
    assert_snapshot!(refused(&other, merge_all(&other)), @"
    [stderr]
    error: main at [ROOT]/target cannot come along: it is not the worktree that git believes it to be
      try: git worktree list
      try: move that folder elsewhere, and git worktree prune
    [status 3]
    ");
}

#[test]
fn a_branch_is_checked_out_twice() {
    let sandbox = two_branches();
    let dir = sandbox.root().join("second");
    sandbox.git(["worktree", "add", "-q", "--force", dir.to_str().unwrap(), "agents/ann"]);
    assert_snapshot!(refused(&sandbox, sandbox.direct(["merge", "ann", "--yes"])), @"
    [stderr]
    error: ann: its branch is checked out more than once: [ROOT]/repo-worktrees/ann, [ROOT]/second
      try: git worktree list
    [status 3]
    ");
    assert_snapshot!(merge_all(&sandbox).output(), @"
    landed bob by rebase at [COMMIT]
    stopped ann: its branch is checked out more than once: [ROOT]/repo-worktrees/ann, [ROOT]/second
      next: git worktree list
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [status 1]
    ");
    sandbox.git(["worktree", "remove", dir.to_str().unwrap()]);
    sandbox.git(["worktree", "add", "-q", "--force", dir.to_str().unwrap(), "main"]);
    assert_snapshot!(refused(&sandbox, merge_all(&sandbox)), @"
    [stderr]
    error: main is checked out more than once: [ROOT]/repo, [ROOT]/second
      try: git worktree list
    [status 3]
    ");
}

/// The same command without root's right to write everywhere.
fn as_anybody<'s>(sandbox: &'s Sandbox, words: &[&str]) -> Run<'s> {
    let bounds = "--bounding-set=-dac_override,-dac_read_search";
    let program = Sandbox::binary().to_str().unwrap();
    sandbox.program("setpriv").args([bounds, program]).args(words)
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_folder_is_read_only() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.commit("docs/page", "Old.\n", "Docs");
    sandbox.agents(["rebase", "ann"]).good();
    sandbox.commit_as("ann", "docs/page", "New.\n");
    sandbox.commit_as("bob", "b", "By bob.\n");
    let docs = sandbox.repo().join("docs");
    set_mode(&docs, 0o555);
    assert_snapshot!(refused(&sandbox, as_anybody(&sandbox, &["merge", "--all", "--yes"])), @"
    [stderr]
    error: main at [ROOT]/repo cannot come along: [ROOT]/repo/docs cannot be written to: Permission denied (os error 13)
      try: make it writable (chmod u+w, mount -o remount,rw), and run the command again
    [status 3]
    ");
    set_mode(&docs, 0o755);
    // A file that is read-only is no obstacle, for git neither.
    set_mode(&docs.join("page"), 0o444);
    let theirs = sandbox.worktree_of("bob");
    set_mode(&theirs, 0o555);
    assert_snapshot!(as_anybody(&sandbox, &["merge", "--all", "--yes"]).output(), @"
    landed ann by rebase at [COMMIT]
    stopped bob: its worktree [ROOT]/repo-worktrees/bob cannot come along: [ROOT]/repo-worktrees/bob cannot be written to: Permission denied (os error 13)
      next: chmod u+w [ROOT]/repo-worktrees/bob
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [status 1]
    ");
    set_mode(&theirs, 0o755);
    assert_eq!(fs::read_to_string(docs.join("page")).unwrap(), "New.\n");
    assert_eq!(sandbox.git(["status", "--porcelain"]), "");
}

#[test]
fn the_repository_is_read_only() {
    let sandbox = two_branches();
    let git_dir = sandbox.repo().join(".git");
    let refused_without = |folders: &[&str]| {
        folders.iter().for_each(|folder| set_mode(&git_dir.join(folder), 0o555));
        let output = refused(&sandbox, as_anybody(&sandbox, &["merge", "--all", "--yes"]));
        folders.iter().for_each(|folder| set_mode(&git_dir.join(folder), 0o755));
        output
    };
    assert_snapshot!(refused_without(&["objects", "objects/pack"]), @r#"
    [stderr]
    error: the state could not be written: Could not create temporary object file, path="[ROOT]/repo/.git/objects"
      try: look at the permissions of .git/agents and at the free space: df .
    [status 4]
    "#);
    assert_snapshot!(refused_without(&["refs/heads"]), @"
    [stderr]
    error: `git --git-dir [ROOT]/repo/.git -c core.filesRefLockTimeout=5000 -c core.packedRefsTimeout=5000 -c reftable.lockTimeout=5000 update-ref --create-reflog -m agents: land agents ann and bob in main --stdin -z` failed with status 128: fatal: prepare: cannot lock ref 'refs/heads/main': Unable to create '[ROOT]/repo/.git/refs/heads/main.lock': Permission denied
    [status 4]
    ");
    lands(&sandbox);
}

#[test]
fn a_hook_says_no() {
    let sandbox = two_branches();
    hook(&sandbox, "reference-transaction", "test \"$1\" != prepared || { echo 'not today' >&2; exit 1; }");
    assert_snapshot!(refused(&sandbox, merge_all(&sandbox)), @"
    [stderr]
    error: the refs did not move, and the repository has a reference-transaction hook: not today; fatal: ref updates aborted by hook
      try: git rev-parse --git-path hooks/reference-transaction, and look at what it asks for
    [status 3]
    ");
    fs::remove_file(sandbox.repo().join(".git/hooks/reference-transaction")).unwrap();
    lands(&sandbox);
}

fn hook(sandbox: &Sandbox, name: &str, script: &str) {
    let path = sandbox.repo().join(".git/hooks").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    set_mode(&path, 0o755);
}
