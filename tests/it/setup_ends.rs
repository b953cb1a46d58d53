//! How `agents.setup` may end: with more output than anybody reads, without a worktree, or with something that stays.

use insta::assert_snapshot;

use crate::support::Sandbox;

fn with_setup(command: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.commit("a", "a", "A");
    sandbox.git(["config", "agents.setup", command]);
    sandbox
}

#[test]
fn of_much_output_the_beginning_is_shown_and_all_is_in_the_log() {
    let sandbox = with_setup("seq 1 1000; head -c 1000000 /dev/zero | tr '\\0' x");
    let added = sandbox.agents(["agent", "add", "ann"]).good();
    let lines: Vec<&str> = added.stderr.lines().collect();
    assert_eq!((lines.len(), lines[1], lines[200]), (202, "  | 1", "  | 200"));
    assert!(lines[201].starts_with("  | … (all of it is in [ROOT]/repo/.git/agents/logs/setup/"), "{}", lines[201]);
    let logs = sandbox.repo().join(".git/agents/logs/setup");
    let log = logs.read_dir().unwrap().next().unwrap().unwrap().path();
    assert!(log.metadata().unwrap().len() > 1_000_000);
    sandbox.git(["config", "agents.setup", "head -c 1000000 /dev/zero | tr '\\0' x; exit 3"]);
    let failed = sandbox.agents(["agent", "add", "bob"]);
    assert_eq!(failed.status, Some(4));
    assert!(failed.stderr.lines().all(|line| line.len() < 500), "{}", failed.stderr);
    assert!(failed.stderr.contains("xxx…\n"), "{}", failed.stderr);
}

#[test]
fn what_is_no_worktree_afterwards_is_rolled_back() {
    for (command, what) in [
        ("rm .git", "without its .git, so that it is no worktree any more"),
        ("rm -rf \"$PWD\"", "gone"),
        ("git checkout -q -b other", "with other checked out"),
        ("git checkout -q --detach", "with no branch checked out"),
    ] {
        let sandbox = with_setup(command);
        let refused = sandbox.agents(["agent", "add", "ann", "--quiet"]);
        assert_eq!(refused.status, Some(4), "{command}: {refused:?}");
        let message = format!("error: ann cannot be added: the setup has left [ROOT]/repo-worktrees/ann {what}\n");
        assert!(refused.stderr.starts_with(&message), "{command}: {}", refused.stderr);
        assert!(sandbox.state().agents.is_empty());
        assert!(!sandbox.root().join("repo-worktrees/ann").exists(), "{command}");
        assert_eq!(sandbox.git(["worktree", "list"]).lines().count(), 1, "{command}");
        assert_eq!(sandbox.git(["branch", "--list", "agents/*"]), "", "{command}");
        sandbox.git(["config", "--unset", "agents.setup"]);
        sandbox.agents(["agent", "add", "ann"]).good();
    }
}

#[test]
fn a_commit_that_a_failing_setup_made_is_named() {
    let sandbox = with_setup("git commit -q --allow-empty -m mine; echo no; false");
    assert_snapshot!(sandbox.agents(["agent", "add", "ann", "--quiet"]), @"
    [stderr]
    error: ann cannot be added: the setup command `git commit -q --allow-empty -m mine; echo no; false` exited with 1
      | $ git commit -q --allow-empty -m mine; echo no; false
      | no
    something of it stays: refs/heads/agents/ann has moved
      try: cat [ROOT]/repo/.git/agents/logs/setup/[OPERATION]-ann.log
      try: the same command with --no-setup
    [status 4]
    ");
    assert!(!sandbox.root().join("repo-worktrees/ann").exists());
    assert_eq!(sandbox.git(["log", "-1", "--format=%s", "agents/ann"]), "mine");
}
