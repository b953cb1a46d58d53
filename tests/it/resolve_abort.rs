//! `git agents merge --abort`: back to exactly where a resolution began, and never anybody else's operation.

use std::fs;

use insta::assert_snapshot;

use crate::resolve::{in_conflict, is_at_rest, place, resolve_by_hand};
use crate::support::lines;

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

#[test]
fn of_an_agent_that_is_gone_nothing_is_left() {
    let sandbox = in_conflict();
    sandbox.agents(["resolve", "bob"]);
    sandbox.agents(["agent", "remove", "bob", "--force"]).good();
    assert_snapshot!(sandbox.agents(["merge", "--continue"]), @"
    [stderr]
    error: no conflict is being resolved
      try: git agents status
      try: git agents resolve AGENT
    [status 3]
    ");
    assert_eq!(sandbox.agents(["doctor"]).good().stdout, "all is well\n");
}

#[test]
fn a_branch_that_is_gone_stops_nobody_else() {
    let sandbox = in_conflict();
    sandbox.agents(["init", "cam"]).good();
    sandbox.agents(["resolve", "bob"]);
    resolve_by_hand(&sandbox, &lines(5, "both"), &["-c", "core.editor=true", "rebase", "--continue"]);
    let record = sandbox.repo().join(".git/agents/resolve");
    let of_bob = fs::read_to_string(record.join("bob.json")).unwrap();
    fs::write(record.join("cam.json"), of_bob.replace("agents/bob", "agents/gone").replace("\"bob\"", "\"cam\""))
        .unwrap();
    assert_snapshot!(sandbox.agents(["merge", "--continue", "--yes"]), @"
    landed bob (2) by rebase at [COMMIT]
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [stderr]
    warning: cam's branch agents/gone is gone
    [status 0]
    ");
}
