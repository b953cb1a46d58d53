//! `git agents agent remove`: what has landed may go; what is taken by force can be had back.

use std::fs;

use insta::assert_snapshot;

use crate::support::{Output, Sandbox, name};

#[test]
fn removed_when_nothing_is_lost() {
    let sandbox = Sandbox::with_agents(&["ann", "bob", "cam"]);
    assert_snapshot!(sandbox.agents(["agent", "remove", "ann"]), @"
    removed ann, its worktree [ROOT]/repo-worktrees/ann, its branch agents/ann
    [status 0]
    ");
    assert!(!sandbox.worktree_of("ann").exists() && !sandbox.state().agents.contains_key(&name("ann")));
    assert_eq!(sandbox.git(["branch", "--list", "agents/ann"]), "");

    sandbox.commit_as("bob", "new", "work\n");
    sandbox.git(["merge", "-q", "--ff-only", "agents/bob"]);
    assert_snapshot!(sandbox.agents(["agent", "remove", "bob", "--json"]), @r#"
    {
      "agent": "bob",
      "backup": "refs/agents-local/backup/[OPERATION]/bob",
      "branch": "agents/bob",
      "ignored_files": 0,
      "kind": "agent-removed",
      "not_backed_up": [],
      "not_backed_up_files": 0,
      "restore": [
        "git branch agents/bob refs/agents-local/backup/[OPERATION]/bob^",
        "git agents agent add bob --existing --branch agents/bob --path [ROOT]/repo-worktrees/bob",
        "git -C [ROOT]/repo-worktrees/bob restore --source=refs/agents-local/backup/[OPERATION]/bob -- ."
      ],
      "version": 1,
      "worktree": "[ROOT]/repo-worktrees/bob"
    }
    [status 0]
    "#);
    assert_snapshot!(sandbox.agents(["agent", "remove", "cam", "--keep-branch"]), @"
    removed cam, its worktree [ROOT]/repo-worktrees/cam
    [status 0]
    ");
    assert!(sandbox.git(["branch", "--list", "agents/cam"]).ends_with("agents/cam"));
    assert_snapshot!(sandbox.refused(["agent", "remove", "cam"]), @"
    [stderr]
    error: there is no agent cam
      try: git agents agent list
      try: git agents init --agents 3
    [status 3]
    ");
}

/// What is given back is said, and names of files do nothing to the terminal.
#[test]
fn tasks_are_open_again_and_names_are_shown_safely() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.agents(["assign", "ann", "1", "One"]).good();
    let inner = sandbox.worktree_of("ann").join("a\nb\u{1b}[2J");
    fs::create_dir(&inner).unwrap();
    sandbox.git_in(&inner, ["init", "-q"]);
    let refused = sandbox.refused(["agent", "remove", "ann"]).stderr;
    assert!(!refused.contains("a\nb") && !refused.contains('\u{1b}'), "{refused}");
    fs::remove_dir_all(&inner).unwrap();
    assert_snapshot!(sandbox.agents(["agent", "remove", "ann"]), @"
    removed ann, its worktree [ROOT]/repo-worktrees/ann, its branch agents/ann
    its task 1 is open again
    [status 0]
    ");
}

/// What is printed after "to get it back:" is typed as it stands.
#[test]
fn by_force_everything_can_be_had_back() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let dir = sandbox.worktree_of("ann");
    let tip = sandbox.commit_as("ann", ".gitignore", "*.secret\n");
    sandbox.write_as("ann", "README", "Changed, not staged.\n");
    sandbox.write_as("ann", "staged", "staged\n");
    sandbox.git_in(&dir, ["add", "staged"]);
    fs::create_dir(dir.join("a folder")).unwrap();
    sandbox.write_as("ann", "a folder/draft", "untracked\n");
    sandbox.write_as("ann", "key.secret", "ignored\n");
    let raw = sandbox.command("git").args(["agents", "agent", "remove", "ann", "--force"]).output().unwrap();
    assert_snapshot!(Output::new(&raw, sandbox.root()), @"
    removed ann, its worktree [ROOT]/repo-worktrees/ann, its branch agents/ann
    2 uncommitted files (README, …), 1 untracked file (a folder/draft), 1 commit not landed: all of it is in refs/agents-local/backup/[OPERATION]/ann
    its ignored file is in refs/agents-local/backup/[OPERATION]/ann
    to get it back:
      git branch agents/ann refs/agents-local/backup/[OPERATION]/ann^
      git agents agent add ann --existing --branch agents/ann --path [ROOT]/repo-worktrees/ann
      git -C [ROOT]/repo-worktrees/ann restore --source=refs/agents-local/backup/[OPERATION]/ann -- .
    [status 0]
    ");
    assert!(!dir.exists());
    assert_eq!(sandbox.git(["branch", "--list", "agents/ann"]), "");

    let shown = String::from_utf8(raw.stdout).unwrap();
    let script: Vec<&str> = shown.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    assert!(!script.is_empty(), "no commands to restore:\n{shown}");
    for line in script {
        let ran = sandbox.command("sh").args(["-c", line]).output().unwrap();
        assert!(ran.status.success(), "{line}: {}", String::from_utf8_lossy(&ran.stderr));
    }
    assert_eq!(sandbox.rev("agents/ann"), tip);
    let read = |path: &str| fs::read_to_string(dir.join(path)).unwrap();
    assert_eq!(read("README"), "Changed, not staged.\n");
    assert_eq!(read("staged"), "staged\n");
    assert_eq!(read("a folder/draft"), "untracked\n");
    assert_eq!(read("key.secret"), "ignored\n");
}
