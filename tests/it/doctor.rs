//! `git agents doctor`: what is wrong is named, and the safe part is mended.

use std::process::Stdio;
use std::time::{Duration, Instant};

use git_agents::store::STATE_REF;
use insta::assert_snapshot;

use crate::support::Sandbox;

#[test]
fn nothing_is_wrong() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.agents(["doctor"]), @"
    all is well
    [status 0]
    ");
    sandbox.agents(["init", "ann", "bob"]).good();
    sandbox.write_as("ann", "draft", "mine\n");
    sandbox.agents(["assign", "ann", "1", "One"]).good();
    let before = sandbox.facts();
    assert_snapshot!(sandbox.agents(["doctor", "--json"]), @r#"
    {
      "kind": "doctor",
      "problems": [],
      "summary": {
        "errors": 0,
        "fixed": 0,
        "warnings": 0
      },
      "version": 1
    }
    [status 0]
    "#);
    assert_snapshot!(sandbox.agents(["doctor", "--fix"]), @"
    all is well
    [status 0]
    ");
    assert_eq!(before, sandbox.facts());
}

#[test]
fn a_lock_on_the_state_that_nobody_holds() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let lock = sandbox.repo().join(".git").join(format!("{STATE_REF}.lock"));
    std::fs::write(&lock, "").unwrap();
    assert_snapshot!(sandbox.refused(["doctor"]), @"
    error: [ROOT]/repo/.git/refs/agents/state.lock was left by a process that died
      try: git agents doctor --fix
    1 error
    [status 1]
    ");
    assert!(lock.exists());
    assert_snapshot!(sandbox.agents(["doctor", "--fix"]), @"
    fixed: [ROOT]/repo/.git/refs/agents/state.lock was left by a process that died
    1 fixed
    [status 0]
    ");
    assert!(!lock.exists());
    sandbox.agents(["task", "add", "One"]).good();
}

#[test]
fn a_damaged_document_is_mended() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.agents(["task", "add", "One", "--id", "1"]).good();
    sandbox.plant(&Sandbox::open_path("1"), b"{ half a");
    let damage = "tasks/open/c/1.json is damaged: key must be a string at line 1 column 3\n";
    let found = sandbox.refused(["doctor"]);
    assert!(found.stdout.starts_with(&format!("error: {damage}  try: git agents doctor --fix\n")), "{found}");
    let mended = sandbox.agents(["doctor", "--fix"]);
    assert!(mended.stdout.starts_with(&format!("fixed: {damage}")), "{mended}");
    assert_snapshot!(sandbox.agents(["task", "list"]), @"
    TASK  STATE  AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    1     open                                      One
    [status 0]
    ");
    // Whoever planted it is still in the history.
    assert_eq!(sandbox.agents(["doctor", "--json"]).json()["summary"]["errors"], 0);
}

#[test]
fn a_worktree_that_is_gone() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    std::fs::remove_dir_all(sandbox.worktree_of("ann")).unwrap();
    assert_snapshot!(sandbox.refused(["doctor"]), @"
    warning: ann's worktree is gone from [ROOT]/repo-worktrees/ann
      try: git agents init ann
    1 warning
    [status 1]
    ");
}

/// A commit whose editor is open holds the index of its worktree.
#[test]
fn the_lock_of_a_living_git_is_left_alone() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.write_as("ann", "README", "Changed.\n");
    let (lock, go) = (sandbox.repo().join(".git/worktrees/ann/index.lock"), sandbox.root().join("go"));
    let editor = format!("while [ ! -e '{}' ]; do sleep 0.05; done; echo Changed >", go.display());
    let mut git = sandbox.command("git");
    git.current_dir(sandbox.worktree_of("ann"))
        .args(["commit", "-q", "-a"])
        .env("GIT_EDITOR", format!("f() {{ {editor} \"$1\"; }}; f"));
    let mut commit = git.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while !lock.metadata().is_ok_and(|lock| lock.len() > 0) {
        assert!(begun.elapsed() < Duration::from_secs(20), "git does not lock the index any more");
        assert!(commit.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(5));
    }
    let content = std::fs::read(&lock).unwrap();
    let output = sandbox.agents(["doctor", "--fix"]);
    let left = std::fs::read(&lock).ok();
    std::fs::write(&go, "").unwrap();
    let committed = commit.wait_with_output().unwrap();
    assert_eq!(left, Some(content), "{output}");
    assert!(committed.status.success(), "{}", String::from_utf8_lossy(&committed.stderr));
    assert_eq!(sandbox.git(["log", "-1", "--format=%s", "agents/ann"]), "Changed");
    assert_snapshot!(output, @"
    warning: [ROOT]/repo/.git/worktrees/ann/index.lock is held by a git that is running, or was left by one that died
      try: rm '[ROOT]/repo/.git/worktrees/ann/index.lock'   (when no git command runs there)
    1 warning
    [status 1]
    ");
}

/// Everything that changes the state, then all of it once more.
#[test]
fn a_history_of_every_kind_is_what_it_says() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.work_as("ann", "1", "one", "1\n");
    sandbox.agents(["task", "add", "Two", "--id", "2", "--after", "1"]).good();
    sandbox.agents(["findings", "add", "--severity", "low", "--category", "c", "m"]).good();
    sandbox.agents(["merge", "ann", "--yes"]).good();
    sandbox.agents(["undo", "--yes"]).good();
    sandbox.agents(["merge", "ann", "--yes"]).good();
    sandbox.agents(["task", "edit", "2", "--title", "Second"]).good();
    sandbox.agents(["task", "block", "2", "--reason", "waits"]).good();
    sandbox.agents(["task", "reopen", "2"]).good();
    sandbox.agents(["start", "bob", "2"]).good();
    sandbox.agents(["fail", "bob", "--reason", "too hard"]).good();
    sandbox.agents(["task", "drop", "2"]).good();
    sandbox.agents(["agent", "remove", "ann"]).good();
    sandbox.plant(&Sandbox::closed_path("2"), b"{");
    sandbox.agents(["doctor", "--fix"]);
    assert_snapshot!(sandbox.agents(["doctor", "--deep"]), @"
    warning: refs/agents/state holds commits that are no operations this version knows: 1
      try: git log refs/agents/state
    1 warning
    [status 1]
    ");
}

#[test]
fn worktrees_and_settings_that_are_nobodys() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let path = sandbox.worktree_of("eve");
    sandbox.git(["worktree", "add", "-q", "--detach", path.to_str().unwrap()]);
    sandbox.git(["worktree", "add", "-q", "--detach", sandbox.root().join("mine").to_str().unwrap()]);
    sandbox.git(["config", "extensions.fancy", "true"]);
    assert_snapshot!(sandbox.agents(["doctor"]), @"
    warning: the repository has extensions that this version does not know: fancy
      try: install a newer git-agents
    warning: the worktree [ROOT]/repo-worktrees/eve is no agent's
      try: git worktree remove [ROOT]/repo-worktrees/eve
    2 warnings
    [status 1]
    ");
    std::fs::remove_dir_all(path).unwrap();
    sandbox.git(["config", "--unset", "extensions.fancy"]);
    assert_snapshot!(sandbox.agents(["doctor"]), @"
    warning: the worktree [ROOT]/repo-worktrees/eve is no agent's
      try: git worktree prune
    1 warning
    [status 1]
    ");
}

/// Checks leave it behind on purpose.
#[test]
fn the_worktree_of_checks_is_ours() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.work_as("ann", "1", "one", "1\n");
    sandbox.agents(["merge", "ann", "--yes", "--check", "true"]).good();
    assert_snapshot!(sandbox.agents(["doctor"]), @"
    all is well
    [status 0]
    ");
}
