//! `git agents agent add`, `list`, `show` and `remove`: nothing of anybody's work is ever lost.

use insta::assert_snapshot;

use crate::support::Sandbox;

#[test]
fn an_agent_may_come_without_a_worktree_or_with_what_is_there() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.agents(["agent", "add", "ann", "--no-worktree"]), @"
    ann on agents/ann without a worktree
    work lands on main
    [status 0]
    ");
    let there = sandbox.root().join("there");
    sandbox.git(["worktree", "add", "-q", "-b", "topic", there.to_str().unwrap()]);
    assert_snapshot!(sandbox.agents(["agent", "add", "bob", "--existing", "--branch", "topic"]), @"
    bob on topic in [ROOT]/there
    work lands on main
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["agent", "list"]), @"
    AGENT  STATE  TASK  TIME  AHEAD  BEHIND  FILES  DIRTY  DONE
    ann    idle                   0       0      0      -
    bob    idle                   0       0      0      0
    [status 0]
    ");
    // In an adopted worktree the agent is known.
    sandbox.run(["assign", "16", "Title"]).dir(&there).output().good();
}

#[test]
fn what_an_agent_cannot_have_is_named() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    assert_snapshot!(sandbox.refused(["agent", "add", "ann"]), @"
    [stderr]
    error: there is an agent ann already
      try: git agents agent show ann
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["agent", "add", "bob", "--branch", "agents/ann", "--existing"]), @"
    [stderr]
    error: the branch agents/ann is ann's already
      try: git agents agent show ann
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["agent", "add", "bob", "--branch", "main", "--existing"]), @"
    [stderr]
    error: main is the target, where all work lands
      try: git agents agent add bob
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["agent", "add", "bob", "--branch", "a..b"]), @r#"
    [stderr]
    error: "a..b" cannot be the name of a branch
    [status 2]
    "#);
    assert_snapshot!(sandbox.refused(["agent", "add", "bob", "--base", "nowhere"]), @r#"
    [stderr]
    error: "nowhere" names no commit
      try: git log --oneline --all
    [status 3]
    "#);
    assert_snapshot!(sandbox.refused(["agent", "add", "bob", "--existing"]), @"
    [stderr]
    error: there is no branch agents/bob to take
      try: git agents agent add bob --branch agents/bob
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["agent", "add", "bob", "--path", "README"]), @"
    [stderr]
    error: bob cannot be added: [ROOT]/repo/README is inside [ROOT]/repo
      try: git agents agent add bob --path OTHER
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["agent", "add", "-x"]), @"
    [stderr]
    error: unexpected argument '-x' found

      tip: to pass '-x' as a value, use '-- -x'

    Usage: git agents agent add [OPTIONS] <NAME>

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["agent", "show", "eve"]), @"
    [stderr]
    error: there is no agent eve
      try: git agents agent list
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["agent", "remove", "eve"]), @"
    [stderr]
    error: there is no agent eve
      try: git agents agent list
    [status 3]
    ");
}

#[test]
fn an_agent_without_work_is_removed_whole() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.agents(["assign", "ann", "1", "One"]).good();
    assert_snapshot!(sandbox.agents(["agent", "remove", "ann"]), @"
    removed ann, its worktree [ROOT]/repo-worktrees/ann, its branch agents/ann
    its task 1 is open again
    [status 0]
    ");
    assert!(!sandbox.worktree_of("ann").exists());
    assert_eq!(sandbox.git(["for-each-ref", "--format=%(refname)", "refs/heads/agents/"]), "refs/heads/agents/bob");
    assert_eq!(sandbox.state().tasks[&crate::support::id("1")].state.word(), "open");
    sandbox.fsck();
}

#[test]
fn an_agent_with_work_is_kept() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.write_as("ann", "untracked", "mine");
    assert_snapshot!(sandbox.refused(["agent", "remove", "ann"]), @"
    [stderr]
    error: ann has 1 untracked file (untracked)
      try: git agents merge ann
      try: git agents agent remove ann --force
    [status 3]
    ");
    std::fs::remove_file(sandbox.worktree_of("ann").join("untracked")).unwrap();
    sandbox.write_as("ann", "README", "changed");
    assert_snapshot!(sandbox.refused(["agent", "remove", "ann"]), @"
    [stderr]
    error: ann has 1 uncommitted file (README)
      try: git agents merge ann
      try: git agents agent remove ann --force
    [status 3]
    ");
    sandbox.git_in(&sandbox.worktree_of("ann"), ["commit", "-q", "-a", "-m", "Unlanded"]);
    assert_snapshot!(sandbox.refused(["agent", "remove", "ann", "--json"]), @r#"
    [stderr]
    {"error":{"code":"would-lose-work","hints":["git agents merge ann","git agents agent remove ann --force"],"message":"ann has 1 commit not landed"},"kind":"error","version":1}
    [status 3]
    "#);
    assert!(sandbox.worktree_of("ann").join("README").is_file());
}

#[test]
fn what_force_takes_away_is_in_a_backup() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let tip = sandbox.commit_as("ann", "new", "committed");
    sandbox.write_as("ann", "README", "uncommitted");
    sandbox.write_as("ann", "untracked", "mine");
    let removed = sandbox.agents(["agent", "remove", "ann", "--force"]).good();
    assert!(!sandbox.worktree_of("ann").exists(), "{removed}");
    let backups = sandbox.git(["for-each-ref", "--format=%(refname)", "refs/agents-local/backup/"]);
    let is_kept = |path: &str, text: &str| {
        backups.lines().any(|backup| {
            let output = sandbox.command("git").args(["show", &format!("{backup}:{path}")]).output().unwrap();
            output.status.success() && output.stdout == text.as_bytes()
        })
    };
    for (path, text) in [("README", "uncommitted"), ("untracked", "mine"), ("new", "committed")] {
        assert!(is_kept(path, text), "{path}: {backups}");
    }
    let contains =
        sandbox.git(["for-each-ref", "--contains", &tip, "--format=%(refname)", "refs/agents-local/backup/"]);
    assert!(!contains.is_empty(), "the commits themselves are in it");
    assert!(removed.to_string().contains("refs/agents-local/backup/"), "{removed}");
    sandbox.fsck();
}
