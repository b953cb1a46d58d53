//! `git agents resolve`, `merge --continue` and `merge --abort`: conflicts are resolved with git's own means, and
//! everything can be taken back.

use std::fs;
use std::path::PathBuf;

use insta::assert_snapshot;

use crate::support::{Sandbox, id, lines};

/// ann has landed a change to line 5 that bob's conflicts with; bob has a second commit beside it.
fn in_conflict() -> Sandbox {
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
fn place(sandbox: &Sandbox, agent: &str) -> (String, Vec<(PathBuf, Vec<u8>)>) {
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
fn is_at_rest(sandbox: &Sandbox, agent: &str) {
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
fn resolve_by_hand(sandbox: &Sandbox, content: &str, go_on: &[&str]) {
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
        git -C [ROOT]/repo-worktrees/bob add lines
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
        git -C [ROOT]/repo-worktrees/bob add lines
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
        git -C [ROOT]/repo-worktrees/bob add lines
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
fn aborted_in_the_middle() {
    let sandbox = in_conflict();
    sandbox.write_as("bob", "notes", "Untracked.\n");
    let before = place(&sandbox, "bob");
    sandbox.agents(["resolve", "bob"]);
    // The first commit is resolved, and something begun that no commit has.
    resolve_by_hand(&sandbox, &lines(5, "both"), &["commit", "-q", "-m", "Half"]);
    sandbox.write_as("bob", "lines", &lines(7, "begun"));
    sandbox.write_as("bob", "more", "Untracked, meanwhile.\n");
    let refused = sandbox.agents(["merge", "--abort"]);
    assert_eq!(refused.status, Some(3));
    assert_snapshot!(refused, @"
    [stderr]
    error: there is no terminal to ask on: Take back how bob was resolved, with what was done there meanwhile?
      try: the same command with --yes
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["merge", "--abort", "--yes"]), @"
    bob is back where it was, at [COMMIT]
      what was done meanwhile is kept in refs/agents-local/backup/[OPERATION]/worktrees/bob-1
    [status 0]
    ");
    fs::remove_file(sandbox.worktree_of("bob").join("more")).unwrap();
    assert_eq!(before, place(&sandbox, "bob"));
    is_at_rest(&sandbox, "bob");
    let kept = sandbox.git(["for-each-ref", "--format=%(refname)", "--sort=-creatordate", "refs/agents-local/backup"]);
    let kept: Vec<&str> = kept
        .lines()
        .filter(|name| {
            sandbox.command("git").args(["cat-file", "-e", &format!("{name}:more")]).status().unwrap().success()
        })
        .collect();
    assert_eq!(sandbox.git(["show", &format!("{}:lines", kept[0])]) + "\n", lines(7, "begun"));
    assert_eq!(sandbox.git(["log", "-1", "--format=%s", &format!("{}^2", kept[0])]), "Half");
    assert_eq!(sandbox.refused(["merge", "--abort", "--yes"]).status, Some(3));
    sandbox.fsck();
}

#[test]
fn aborted_after_it_was_finished() {
    let sandbox = in_conflict();
    let before = place(&sandbox, "bob");
    sandbox.agents(["resolve", "bob"]);
    resolve_by_hand(&sandbox, &lines(5, "both"), &["rebase", "--continue"]);
    sandbox.commit_as("bob", "after", "On top.\n");
    let on_top = sandbox.rev("agents/bob");
    sandbox.write_as("bob", "after", "Edited.\n");
    assert_snapshot!(sandbox.agents(["merge", "--abort", "--yes"]), @"
    [stderr]
    error: bob's branch cannot be put back: agents/bob at [ROOT]/repo-worktrees/bob cannot come along: uncommitted work is in the way: after
      try: commit what is in the way, or move it elsewhere
    [status 3]
    ");
    sandbox.git_in(&sandbox.worktree_of("bob"), ["checkout", "-q", "after"]);
    sandbox.write_as("bob", "notes", "Not in the way.\n");
    assert_snapshot!(sandbox.agents(["merge", "--abort", "--yes"]), @"
    bob is back where it was, at [COMMIT]
      what was done meanwhile is kept in refs/agents-local/backup/[OPERATION]/heads/agents/bob
    [status 0]
    ");
    fs::remove_file(sandbox.worktree_of("bob").join("notes")).unwrap();
    assert_eq!(before, place(&sandbox, "bob"));
    is_at_rest(&sandbox, "bob");
    assert!(sandbox.git(["for-each-ref", "refs/agents-local/backup"]).contains(&on_top));
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
        git -C [ROOT]/repo-worktrees/bob add lines
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

/// bob's work is built on ann's, which lands squashed and with a change on top: only bob's own commits are replayed.
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
        git -C [ROOT]/repo-worktrees/bob add lines
        git -C [ROOT]/repo-worktrees/bob rebase --continue
    and last: git agents merge --continue
    to take it back: git agents merge --abort
    [status 1]
    ");
}

#[test]
fn refused_beforehand() {
    let sandbox = in_conflict();
    let tip = sandbox.rev("agents/bob");
    sandbox.write_as("bob", "other", "Edited.\n");
    assert_snapshot!(sandbox.refused(["resolve", "bob"]), @"
    [stderr]
    error: bob's worktree [ROOT]/repo-worktrees/bob has uncommitted changes: other
      try: git -C [ROOT]/repo-worktrees/bob commit -a
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["merge", "bob", "--dry-run"]).stdout, @"
    would stop bob: its commit [COMMIT] conflicts with main; its uncommitted changes have to be committed first
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
      next: git -C [ROOT]/repo-worktrees/bob commit -a && git agents resolve bob
    main stays at [COMMIT]
    ");
    sandbox.git_in(&sandbox.worktree_of("bob"), ["checkout", "-q", "other"]);

    sandbox.commit("ignored", "By main.\n", "Ignored");
    fs::write(sandbox.repo().join(".git/info/exclude"), "ignored\n").unwrap();
    sandbox.write_as("bob", "ignored", "bob's own\n");
    assert_snapshot!(sandbox.refused(["resolve", "bob"]), @"
    [stderr]
    error: bob's worktree [ROOT]/repo-worktrees/bob is not ready: uncommitted work is in the way: ignored
      try: git -C [ROOT]/repo-worktrees/bob status --ignored
    [status 3]
    ");
    fs::remove_file(sandbox.worktree_of("bob").join("ignored")).unwrap();

    let dir = sandbox.worktree_of("bob");
    sandbox.git_in(&dir, ["switch", "-q", "--detach"]);
    assert_snapshot!(sandbox.refused(["resolve", "bob"]), @"
    [stderr]
    error: bob's worktree [ROOT]/repo-worktrees/bob has no branch checked out, not agents/bob
      try: git -C [ROOT]/repo-worktrees/bob switch agents/bob
    [status 3]
    ");
    sandbox.git_in(&dir, ["switch", "-q", "agents/bob"]);

    // Somebody's own rebase is neither continued nor aborted.
    let rebase = sandbox.command("git").current_dir(&dir).args(["rebase", "-q", "main"]).output().unwrap();
    assert!(!rebase.status.success());
    assert_snapshot!(sandbox.refused(["resolve", "bob"]), @"
    [stderr]
    error: a rebase that git agents did not start is going on in bob's worktree [ROOT]/repo-worktrees/bob
      try: git -C [ROOT]/repo-worktrees/bob status
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["merge", "--abort", "--yes"]), @"
    [stderr]
    error: no conflict is being resolved
      try: git agents status
      try: git agents resolve AGENT
    [status 3]
    ");
    sandbox.git_in(&dir, ["rebase", "--abort"]);

    assert_snapshot!(sandbox.refused(["resolve", "ann"]), @"
    [stderr]
    error: ann does not conflict with main
      try: git agents merge ann
    [status 3]
    ");
    fs::rename(&dir, sandbox.root().join("moved")).unwrap();
    assert_snapshot!(sandbox.refused(["resolve", "bob"]), @"
    [stderr]
    error: bob's worktree is gone from [ROOT]/repo-worktrees/bob
      try: git agents init bob
    [status 3]
    ");
    fs::rename(sandbox.root().join("moved"), &dir).unwrap();
    assert_eq!(sandbox.rev("agents/bob"), tip);
    assert_eq!(sandbox.agents(["resolve", "bob"]).status, Some(1));
}

#[test]
fn another_rebase_in_the_place_of_ours_is_not_aborted() {
    let sandbox = in_conflict();
    let dir = sandbox.worktree_of("bob");
    sandbox.agents(["resolve", "bob"]);
    sandbox.git_in(&dir, ["rebase", "--abort"]);
    sandbox.commit_as("bob", "later", "Later.\n");
    let rebase = sandbox.command("git").current_dir(&dir).args(["rebase", "-q", "main"]).output().unwrap();
    assert!(!rebase.status.success());
    assert_snapshot!(sandbox.refused(["merge", "--abort", "--yes"]), @"
    [stderr]
    error: the rebase in [ROOT]/repo-worktrees/bob is not what git agents began for bob, so it is not aborted
      try: git -C [ROOT]/repo-worktrees/bob status
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["merge", "--continue", "--yes"]), @"
    [stderr]
    error: a rebase is going on in [ROOT]/repo-worktrees/bob, which is not what git agents began
      try: git -C [ROOT]/repo-worktrees/bob status
    [status 3]
    ");
    assert!(dir.join(".git").exists() && !sandbox.dirt("bob").is_empty());
}

#[test]
fn taken_back_by_git_itself() {
    let sandbox = in_conflict();
    let before = place(&sandbox, "bob");
    sandbox.agents(["resolve", "bob"]);
    sandbox.git_in(&sandbox.worktree_of("bob"), ["rebase", "--abort"]);
    assert_snapshot!(sandbox.agents(["merge", "--abort", "--yes"]), @"
    bob is where it was, at [COMMIT]
    [status 0]
    ");
    assert_eq!(before, place(&sandbox, "bob"));
    is_at_rest(&sandbox, "bob");
}

#[test]
fn a_damaged_record_is_named() {
    let sandbox = in_conflict();
    sandbox.agents(["resolve", "bob"]);
    let record = sandbox.repo().join(".git/agents/resolve/bob.json");
    let whole = fs::read_to_string(&record).unwrap();
    fs::write(&record, &whole[..20]).unwrap();
    assert_snapshot!(sandbox.refused(["merge", "--abort", "--yes"]), @"
    [stderr]
    error: [ROOT]/repo/.git/agents/resolve/bob.json is damaged: EOF while parsing a value at line 3 column 2
      try: git worktree list
      try: rm [ROOT]/repo/.git/agents/resolve/bob.json   (when no resolution is going on there)
    [status 3]
    ");
    assert_eq!(sandbox.refused(["merge", "--continue", "--yes"]).status, Some(3));
    assert_eq!(sandbox.refused(["resolve", "bob"]).status, Some(3));
    fs::write(&record, whole).unwrap();
    sandbox.agents(["merge", "--abort", "--yes"]).good();
    is_at_rest(&sandbox, "bob");
}
