//! `git agents resolve`, `merge --continue` and `merge --abort`: conflicts are resolved with git's own means, and
//! everything can be taken back.

use std::fs;
use std::path::PathBuf;

use insta::assert_snapshot;

use crate::support::{Sandbox, id, lines};

/// ann has landed a change to line 5 that bob's conflicts with; bob has a second commit beside it.
pub(crate) fn in_conflict() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.work_as("ann", "1", "lines", &lines(5, "ann"));
    sandbox.direct(["assign", "bob", "2", "Task 2"]).output().good();
    sandbox.direct(["start", "bob", "2"]).output().good();
    sandbox.commit_as("bob", "lines", &lines(5, "bob"));
    sandbox.commit_as("bob", "other", "By bob.\n");
    sandbox.direct(["complete", "bob"]).output().good();
    sandbox.direct(["merge", "ann", "--yes"]).output().good();
    sandbox
}

/// Everything that going back has to bring back: the branch, what is checked out, the index, every file.
pub(crate) fn place(sandbox: &Sandbox, agent: &str) -> (String, Vec<(PathBuf, Vec<u8>)>) {
    let dir = sandbox.worktree_of(agent);
    let mut files: Vec<(PathBuf, Vec<u8>)> = fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    let facts = [
        sandbox.rev(&format!("agents/{agent}")),
        sandbox.git_in(&dir, ["symbolic-ref", "HEAD"]),
        sandbox.git_in(&dir, ["ls-files", "--stage"]),
        sandbox.git_in(&dir, ["status", "--porcelain", "--branch", "--ignored"]),
    ];
    (facts.join("\n"), files)
}

/// Nothing of an operation is left in git's folder of the worktree.
pub(crate) fn is_at_rest(sandbox: &Sandbox, agent: &str) {
    let folder = sandbox.git_in(&sandbox.worktree_of(agent), ["rev-parse", "--absolute-git-dir"]);
    for name in ["rebase-merge", "rebase-apply", "MERGE_HEAD", "MERGE_MSG", "CHERRY_PICK_HEAD", "index.lock"] {
        assert!(!PathBuf::from(&folder).join(name).exists(), "{name} is left");
    }
    let records = fs::read_dir(sandbox.repo().join(".git/agents/resolve")).unwrap();
    let records: Vec<_> = records
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    assert!(records.is_empty(), "{records:?}");
}

/// A person or an agent resolves what waits in bob's worktree, with git alone.
pub(crate) fn resolve_by_hand(sandbox: &Sandbox, content: &str, go_on: &[&str]) {
    sandbox.write_as("bob", "lines", content);
    let dir = sandbox.worktree_of("bob");
    sandbox.git_in(&dir, ["add", "lines"]);
    sandbox.git_in(&dir, [&["-c", "core.editor=true"], go_on].concat());
}

#[test]
fn resolved_by_hand_and_landed() {
    let sandbox = in_conflict();
    assert_snapshot!(sandbox.agents(["merge", "bob", "--yes"]), @"
    stopped bob: its commit [COMMIT] conflicts with main
      lines  content
        ann (#1 Task 1)
        @@ -2,7 +2,7 @@
         2
         3
         4
        -5
        +ann
         6
         7
         8
        bob (#2 Task 2)
        @@ -2,7 +2,7 @@
         2
         3
         4
        -5
        +bob
         6
         7
         8
      2 commits of its own
        [COMMIT] lines by bob
        [COMMIT] other by bob
      next: git agents resolve bob
    main stays at [COMMIT]
    [status 1]
    ");
    let tip = sandbox.rev("agents/bob");
    let output = sandbox.agents(["resolve", "bob"]);
    assert_eq!(output.status, Some(1));
    assert_snapshot!(output, @"
    bob rebases on main in [ROOT]/repo-worktrees/bob
      stopped at [COMMIT] lines by bob, commit 1 of 2
      lines  content
        ann (#1 Task 1)
        @@ -2,7 +2,7 @@
         2
         3
         4
        -5
        +ann
         6
         7
         8
        bob (#2 Task 2)
        @@ -2,7 +2,7 @@
         2
         3
         4
        -5
        +bob
         6
         7
         8
      2 commits of its own
        [COMMIT] lines by bob
        [COMMIT] other by bob
      resolve 1 file there, then:
        git -C [ROOT]/repo-worktrees/bob add -- lines
        git -C [ROOT]/repo-worktrees/bob rebase --continue
    and last: git agents merge --continue
    to take it back: git agents merge --abort
    [status 1]
    ");
    let shown = fs::read_to_string(sandbox.worktree_of("bob").join("lines")).unwrap();
    assert!(shown.contains("<<<<<<< HEAD\nann\n=======\nbob\n>>>>>>> "), "git's usual markers: {shown}");
    assert_eq!(
        sandbox.git(["for-each-ref", "--format=%(objectname)", "refs/agents-local/backup/*/heads/agents/bob"]),
        tip
    );

    let waiting = sandbox.agents(["merge", "--continue", "--yes"]);
    assert_eq!(waiting.status, Some(1));
    assert_snapshot!(waiting, @"
    bob rebases on main in [ROOT]/repo-worktrees/bob
      stopped at [COMMIT] lines by bob, commit 1 of 2
      lines  content
      resolve 1 file there, then:
        git -C [ROOT]/repo-worktrees/bob add -- lines
        git -C [ROOT]/repo-worktrees/bob rebase --continue
    and last: git agents merge --continue
    to take it back: git agents merge --abort
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["resolve", "bob"]), @"
    bob rebases on main in [ROOT]/repo-worktrees/bob
      stopped at [COMMIT] lines by bob, commit 1 of 2
      lines  content
        ann (#1 Task 1)
        @@ -2,7 +2,7 @@
         2
         3
         4
        -5
        +ann
         6
         7
         8
        bob (#2 Task 2)
        @@ -2,7 +2,7 @@
         2
         3
         4
        -5
        +bob
         6
         7
         8
      2 commits of its own
        [COMMIT] lines by bob
        [COMMIT] other by bob
      resolve 1 file there, then:
        git -C [ROOT]/repo-worktrees/bob add -- lines
        git -C [ROOT]/repo-worktrees/bob rebase --continue
    and last: git agents merge --continue
    to take it back: git agents merge --abort
    [status 1]
    ");

    resolve_by_hand(&sandbox, &lines(5, "both"), &["rebase", "--continue"]);
    assert_snapshot!(sandbox.agents(["merge", "--continue", "--yes"]), @"
    landed bob (2) by rebase at [COMMIT]
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [status 0]
    ");
    assert_eq!(sandbox.state().tasks[&id("2")].state.word(), "landed");
    sandbox.is_clean("bob");
    is_at_rest(&sandbox, "bob");
    assert_eq!(sandbox.git(["log", "--format=%s", "main"]), "other by bob\nlines by bob\nlines by ann\nLines\nBegin");
    assert_snapshot!(sandbox.refused(["merge", "--continue", "--yes"]), @"
    [stderr]
    error: no conflict is being resolved
      try: git agents status
      try: git agents resolve AGENT
    [status 3]
    ");
    sandbox.fsck();
}

#[test]
fn a_conflict_that_was_resolved_once_is_not_asked_again() {
    let sandbox = in_conflict();
    sandbox.git(["config", "rerere.enabled", "true"]);
    sandbox.agents(["resolve", "bob"]);
    resolve_by_hand(&sandbox, &lines(5, "both"), &["rebase", "--continue"]);
    sandbox.agents(["merge", "--abort", "--yes"]).good();
    assert_snapshot!(sandbox.agents(["resolve", "bob"]), @"
    resolved bob by rebase on main
    next: git agents merge --continue
    to take it back: git agents merge --abort
    [status 0]
    ");
    assert_eq!(sandbox.git(["show", "agents/bob:lines"]) + "\n", lines(5, "both"));
    sandbox.is_clean("bob");
    // The same when it is merged.
    sandbox.agents(["merge", "--abort", "--yes"]).good();
    let merged = sandbox.agents(["resolve", "bob", "--strategy", "merge"]).good();
    assert_snapshot!(merged, @"
    resolved bob by merge on main
    next: git agents merge --continue
    to take it back: git agents merge --abort
    [status 0]
    ");
    assert_eq!(sandbox.git(["show", "agents/bob:lines"]) + "\n", lines(5, "both"));
    assert_snapshot!(sandbox.agents(["merge", "--continue", "--yes"]), @"
    landed bob (2) by merge at [COMMIT]
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [status 0]
    ");
    is_at_rest(&sandbox, "bob");
}

#[test]
fn rerere_stays_off_where_it_is_off() {
    let sandbox = in_conflict();
    sandbox.agents(["resolve", "bob"]);
    resolve_by_hand(&sandbox, &lines(5, "both"), &["rebase", "--continue"]);
    sandbox.agents(["merge", "--abort", "--yes"]).good();
    assert_eq!(sandbox.agents(["resolve", "bob"]).status, Some(1));
    assert!(!sandbox.repo().join(".git/rr-cache").exists());
}

#[test]
fn by_a_merge() {
    let sandbox = in_conflict();
    let (before, tip) = (place(&sandbox, "bob"), sandbox.rev("agents/bob"));
    let output = sandbox.agents(["resolve", "bob", "--strategy", "merge"]);
    assert_snapshot!(output, @"
    bob merges main in [ROOT]/repo-worktrees/bob
      lines  content
        ann (#1 Task 1)
        @@ -2,7 +2,7 @@
         2
         3
         4
        -5
        +ann
         6
         7
         8
        bob (#2 Task 2)
        @@ -2,7 +2,7 @@
         2
         3
         4
        -5
        +bob
         6
         7
         8
      2 commits of its own
        [COMMIT] lines by bob
        [COMMIT] other by bob
      resolve 1 file there, then:
        git -C [ROOT]/repo-worktrees/bob add -- lines
        git -C [ROOT]/repo-worktrees/bob commit
    and last: git agents merge --continue
    to take it back: git agents merge --abort
    [status 1]
    ");
    let shown = fs::read_to_string(sandbox.worktree_of("bob").join("lines")).unwrap();
    assert!(shown.contains("<<<<<<< HEAD\nbob\n=======\nann\n>>>>>>> main\n"), "{shown}");
    // Added, and then edited again: git alone would not abort that.
    sandbox.write_as("bob", "lines", &lines(5, "both"));
    sandbox.git_in(&sandbox.worktree_of("bob"), ["add", "lines"]);
    sandbox.write_as("bob", "lines", &lines(6, "again"));
    sandbox.agents(["merge", "--abort", "--yes"]).good();
    assert_eq!(before, place(&sandbox, "bob"));
    is_at_rest(&sandbox, "bob");

    sandbox.agents(["resolve", "bob", "--strategy", "merge"]);
    resolve_by_hand(&sandbox, &lines(5, "both"), &["commit", "-q"]);
    assert_snapshot!(sandbox.agents(["merge", "--continue", "--yes"]), @"
    landed bob (2) by merge at [COMMIT]
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [status 0]
    ");
    assert_eq!(sandbox.rev("main^2^1"), tip);
    assert_eq!(sandbox.git(["log", "-1", "--format=%s", "main^2"]), "Merge branch 'main' into agents/bob");
    is_at_rest(&sandbox, "bob");
}

#[test]
fn a_stacked_branch_brings_its_own_commits_only() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.agents(["assign", "ann", "1", "Task 1"]).good();
    sandbox.agents(["start", "ann", "1"]).good();
    sandbox.commit_as("ann", "lines", &lines(5, "ann"));
    sandbox.commit_as("ann", "lines", &lines(5, "ann again"));
    sandbox.agents(["complete", "ann"]).good();
    sandbox.agents(["task", "add", "Top", "--id", "2", "--after", "1"]).good();
    sandbox.agents(["start", "bob", "2"]).good();
    sandbox.commit_as("bob", "lines", &lines(5, "ann again").replace("\n6\n", "\nbob\n"));
    sandbox.agents(["complete", "bob"]).good();
    sandbox.agents(["merge", "ann", "--strategy", "squash", "--yes"]).good();
    sandbox.commit("lines", &lines(5, "ann again").replace("\n6\n", "\nmain\n"), "Meanwhile");
    let output = sandbox.agents(["resolve", "bob"]);
    assert_snapshot!(output, @"
    bob rebases on main in [ROOT]/repo-worktrees/bob
      stopped at [COMMIT] lines by bob
      lines  content
        ann (#1 Task 1)
        @@ -3,7 +3,7 @@
         3
         4
         ann again
        -6
        +main
         7
         8
         9
        bob (#2 Top)
        @@ -3,7 +3,7 @@
         3
         4
         ann again
        -6
        +bob
         7
         8
         9
      resolve 1 file there, then:
        git -C [ROOT]/repo-worktrees/bob add -- lines
        git -C [ROOT]/repo-worktrees/bob rebase --continue
    and last: git agents merge --continue
    to take it back: git agents merge --abort
    [status 1]
    ");
}

#[test]
fn what_is_ready_lands_and_what_waits_is_named() {
    let sandbox = Sandbox::with_agents(&["ann", "bob", "cam"]);
    for (agent, at) in [("ann", 5), ("bob", 5), ("cam", 5)] {
        sandbox.commit_as(agent, "lines", &lines(at, agent));
    }
    sandbox.agents(["merge", "ann", "--yes"]).good();
    for agent in ["bob", "cam"] {
        assert_eq!(sandbox.agents(["resolve", agent]).status, Some(1));
    }
    resolve_by_hand(&sandbox, &lines(5, "both"), &["rebase", "--continue"]);
    assert_snapshot!(sandbox.agents(["merge", "--continue", "--yes"]), @"
    landed bob by rebase at [COMMIT]
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [stderr]
    warning: cam still waits in [ROOT]/repo-worktrees/cam: git -C [ROOT]/repo-worktrees/cam add -- lines && git -C [ROOT]/repo-worktrees/cam rebase --continue
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["merge", "--abort", "cam", "--yes"]), @"
    cam is back where it was, at [COMMIT]
      what was done meanwhile is kept in refs/agents-local/backup/[OPERATION]/worktrees/cam-1
    [status 0]
    ");
    is_at_rest(&sandbox, "cam");
    is_at_rest(&sandbox, "bob");
}
