//! `git agents agent`: one agent added, shown and removed.

use std::fs;

use insta::assert_snapshot;

use crate::support::{Output, Sandbox, name};

#[test]
fn added_with_what_is_asked_for() {
    let sandbox = Sandbox::new();
    let first = sandbox.rev("HEAD");
    sandbox.commit("two", "2\n", "Two");
    assert_snapshot!(sandbox.agents(["agent", "add", "ann"]), @"
    ann on agents/ann in [ROOT]/repo-worktrees/ann
    work lands on main
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["agent", "add", "bob", "--base", "HEAD~1", "--branch", "topic", "--path", "../b"]), @"
    bob on topic in [ROOT]/b
    work lands on main
    [status 0]
    ");
    assert_eq!(sandbox.git_in(&sandbox.root().join("b"), ["rev-parse", "topic"]), first);
    assert_snapshot!(sandbox.agents(["agent", "add", "cam", "--no-worktree"]), @"
    cam on agents/cam without a worktree
    work lands on main
    [status 0]
    ");
    assert!(!sandbox.of("cam").exists());
    assert_snapshot!(sandbox.agents(["agent", "list"]), @"
    AGENT  STATE  TASK  TIME  AHEAD  BEHIND  FILES  DIRTY  DONE
    ann    idle                   0       0      0      0
    bob    idle                   0       1      0      0
    cam    idle                   0       0      0      -
    [status 0]
    ");
}

#[test]
fn a_branch_and_a_worktree_that_are_there_can_be_taken() {
    let sandbox = Sandbox::new();
    sandbox.git(["branch", "topic"]);
    let worktree = sandbox.worktree("bob");
    fs::write(worktree.join("draft"), "mine\n").unwrap();
    assert_snapshot!(sandbox.refused(["agent", "add", "ann", "--branch", "topic"]), @"
    [stderr]
    error: ann cannot be added: refs/heads/topic exists already
      try: git agents agent add ann --existing --branch topic
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["agent", "add", "ann", "--existing", "--branch", "topic"]), @"
    ann on topic in [ROOT]/repo-worktrees/ann
    work lands on main
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["agent", "add", "bob", "--existing"]), @"
    bob on agents/bob in [ROOT]/bob
    work lands on main
    [status 0]
    ");
    assert_eq!(fs::read_to_string(worktree.join("draft")).unwrap(), "mine\n");
    assert_snapshot!(sandbox.refused(["agent", "add", "cam", "--existing", "--branch", "topic"]), @"
    [stderr]
    error: the branch topic is ann's already
      try: git agents agent show ann
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["agent", "add", "cam", "--existing"]), @"
    [stderr]
    error: there is no branch agents/cam to take
      try: git agents agent add cam --branch agents/cam
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["agent", "add", "cam", "--existing", "--branch", "main"]), @"
    [stderr]
    error: main is the target, where all work lands
      try: git agents agent add cam
    [status 3]
    ");
}

#[test]
fn added_once_only_and_somewhere_possible() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    assert_snapshot!(sandbox.refused(["agent", "add", "ann"]), @"
    [stderr]
    error: there is an agent ann already
      try: git agents agent show ann
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["agent", "add", "bob", "--base", "nowhere"]), @r#"
    [stderr]
    error: "nowhere" names no commit
      try: git log --oneline --all
    [status 3]
    "#);
    assert_snapshot!(sandbox.refused(["agent", "add", "bob", "--path", "."]), @"
    [stderr]
    error: bob cannot be added: [ROOT]/repo exists and is not an empty folder
      try: git agents agent add bob --path OTHER
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["agent", "add", "bob", "--branch", "a..b"]), @r#"
    [stderr]
    error: "a..b" cannot be the name of a branch
    [status 2]
    "#);
}

#[test]
fn shown_by_name_and_in_its_worktree() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.agents(["assign", "ann", "1", "One", "2"]).good();
    sandbox.work("ann", "new", "work\n");
    sandbox.write("ann", "draft", "mine\n");
    assert_snapshot!(sandbox.agents(["agent", "show", "ann"]), @"
    ann
      state:     assigned
      branch:    agents/ann ([COMMIT])
      worktree:  [ROOT]/repo-worktrees/ann
      commits:   1 ahead, 0 behind, 1 file changed
      dirty:     1 uncommitted path
      done:      0 tasks, 0h

    TASK  STATE     AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    1     assigned  ann       2h                       One
    [status 0]
    ");
    assert_snapshot!(sandbox.run(["agent", "show", "--json"]).dir(sandbox.of("ann")).output(), @r#"
    {
      "agent": {
        "ahead": 1,
        "assigned": [
          "1"
        ],
        "base": "[COMMIT]",
        "behind": 0,
        "branch": "agents/ann",
        "commit": "[COMMIT]",
        "completed_tasks": 0,
        "dirty": 1,
        "files": 1,
        "hours_total": 0.0,
        "name": "ann",
        "state": "assigned",
        "task": {
          "hours": 2.0,
          "id": "1",
          "state": "assigned",
          "title": "One"
        },
        "worktree": "[ROOT]/repo-worktrees/ann"
      },
      "kind": "agent",
      "tasks": [
        {
          "after": [],
          "agent": "ann",
          "created_at": "2026-01-05T09:00:00Z",
          "hours": 2.0,
          "id": "1",
          "paths": [],
          "priority": "medium",
          "state": "assigned",
          "title": "One",
          "updated_at": "2026-01-05T09:00:00Z"
        }
      ],
      "version": 1
    }
    [status 0]
    "#);
    assert_snapshot!(sandbox.refused(["agent", "show"]), @"
    [stderr]
    error: say which agent: this is not the worktree of one
      try: git agents agent list
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["agent", "show", "eve"]), @"
    [stderr]
    error: there is no agent eve
      try: git agents agent list
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["agent", "list", "--json"]), @r#"
    {
      "agents": [
        {
          "ahead": 1,
          "assigned": [
            "1"
          ],
          "base": "[COMMIT]",
          "behind": 0,
          "branch": "agents/ann",
          "commit": "[COMMIT]",
          "completed_tasks": 0,
          "dirty": 1,
          "files": 1,
          "hours_total": 0.0,
          "name": "ann",
          "state": "assigned",
          "task": {
            "hours": 2.0,
            "id": "1",
            "state": "assigned",
            "title": "One"
          },
          "worktree": "[ROOT]/repo-worktrees/ann"
        }
      ],
      "kind": "agent-list",
      "version": 1
    }
    [status 0]
    "#);
}

#[test]
fn removed_when_nothing_is_lost() {
    let sandbox = Sandbox::with_agents(&["ann", "bob", "cam"]);
    assert_snapshot!(sandbox.agents(["agent", "remove", "ann"]), @"
    removed ann, its worktree [ROOT]/repo-worktrees/ann, its branch agents/ann
    [status 0]
    ");
    assert!(!sandbox.of("ann").exists() && !sandbox.state().agents.contains_key(&name("ann")));
    assert_eq!(sandbox.git(["branch", "--list", "agents/ann"]), "");

    sandbox.work("bob", "new", "work\n");
    sandbox.git(["merge", "-q", "--ff-only", "agents/bob"]);
    assert_snapshot!(sandbox.agents(["agent", "remove", "bob", "--json"]), @r#"
    {
      "agent": "bob",
      "backup": "refs/agents-local/backup/[OPERATION]/bob",
      "branch": "agents/bob",
      "kind": "agent-removed",
      "not_backed_up": [],
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

#[test]
fn refused_while_something_would_be_lost() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let refused = |sandbox: &Sandbox| {
        let output = sandbox.refused(["agent", "remove", "ann"]);
        assert!(sandbox.of("ann").join("README").is_file());
        output
    };
    sandbox.write("ann", "draft", "mine\n");
    assert_snapshot!(refused(&sandbox), @"
    [stderr]
    error: ann has 1 untracked file (draft)
      try: git agents merge ann
      try: git agents agent remove ann --force
    [status 3]
    ");
    fs::remove_file(sandbox.of("ann").join("draft")).unwrap();
    sandbox.write("ann", "README", "Changed.\n");
    assert_snapshot!(refused(&sandbox), @"
    [stderr]
    error: ann has 1 uncommitted file (README)
      try: git agents merge ann
      try: git agents agent remove ann --force
    [status 3]
    ");
    sandbox.work("ann", "README", "Changed.\n");
    assert_snapshot!(refused(&sandbox), @"
    [stderr]
    error: ann has 1 commit not landed
      try: git agents merge ann
      try: git agents agent remove ann --force
    [status 3]
    ");
    sandbox.write("ann", "draft", "mine\n");
    assert_snapshot!(refused(&sandbox), @"
    [stderr]
    error: ann has 1 untracked file (draft), 1 commit not landed
      try: git agents merge ann
      try: git agents agent remove ann --force
    [status 3]
    ");
}

/// What is printed after "to get it back:" is typed as it stands.
#[test]
fn by_force_everything_can_be_had_back() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let dir = sandbox.of("ann");
    let tip = sandbox.work("ann", ".gitignore", "*.secret\n");
    sandbox.write("ann", "README", "Changed, not staged.\n");
    sandbox.write("ann", "staged", "staged\n");
    sandbox.git_in(&dir, ["add", "staged"]);
    sandbox.write("ann", "a folder/draft", "untracked\n");
    sandbox.write("ann", "key.secret", "ignored\n");
    let raw = sandbox.command("git").args(["agents", "agent", "remove", "ann", "--force"]).output().unwrap();
    assert_snapshot!(Output::new(&raw, sandbox.root()), @"
    removed ann, its worktree [ROOT]/repo-worktrees/ann, its branch agents/ann
    2 uncommitted files (README, …), 1 untracked file (a folder/draft), 1 commit not landed: all of it is in refs/agents-local/backup/[OPERATION]/ann
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
