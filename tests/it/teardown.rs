//! `agents.teardown`: what runs before a worktree goes, and what keeps it.

use insta::assert_snapshot;

use crate::support::Sandbox;

fn with_teardown(command: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.commit(".gitignore", ".env*\n", "Ignore");
    sandbox.git(["config", "agents.teardown", command]);
    sandbox.agents(["init", "ann", "bob"]).good();
    sandbox
}

#[test]
fn it_runs_before_the_worktree_goes() {
    let sandbox = with_teardown("echo bye $GIT_AGENTS_AGENT; ls README; echo $GIT_AGENTS_AGENT >>../torn");
    let torn = || std::fs::read_to_string(sandbox.root().join("repo-worktrees/torn")).unwrap_or_default();
    assert_snapshot!(sandbox.agents(["agent", "remove", "ann"]), @"
    removed ann, its worktree [ROOT]/repo-worktrees/ann, its branch agents/ann
    [stderr]
    ann: teardown: echo bye $GIT_AGENTS_AGENT; ls README; echo $GIT_AGENTS_AGENT >>../torn
      | bye ann
      | README
    [status 0]
    ");
    assert_eq!(torn(), "ann\n");
    // What would be lost is looked at first.
    sandbox.write_as("bob", "new", "x");
    assert_eq!(sandbox.agents(["agent", "remove", "bob"]).status, Some(3));
    assert_eq!(torn(), "ann\n");
    let removed = sandbox.agents(["agent", "remove", "bob", "--force", "--json"]).good().json();
    assert_eq!(removed["teardown"][0]["command"].as_str().unwrap().split(' ').next(), Some("echo"));
    sandbox.agents(["init", "cam"]).good();
    sandbox.agents(["undo", "--yes"]).good();
    assert_eq!(torn(), "ann\nbob\ncam\n");
    sandbox.agents(["init", "dan"]).good();
    sandbox.agents(["cleanup", "dan", "--yes"]).good();
    assert_eq!(torn(), "ann\nbob\ncam\ndan\n");
    sandbox.agents(["init", "eve"]).good();
    sandbox.agents(["agent", "remove", "eve", "--no-teardown"]).good();
    assert_eq!(torn(), "ann\nbob\ncam\ndan\n");
}

#[test]
fn one_that_fails_keeps_the_worktree_unless_forced() {
    let sandbox = with_teardown("echo cannot; exit 2");
    assert_snapshot!(sandbox.agents(["agent", "remove", "ann", "--quiet"]), @"
    [stderr]
    error: ann is not removed: the teardown command `echo cannot; exit 2` exited with 2
      | $ echo cannot; exit 2
      | cannot
      try: cat [ROOT]/repo/.git/agents/logs/teardown/[OPERATION]-ann.log
      try: git agents agent remove ann --no-teardown
    [status 4]
    ");
    assert!(sandbox.worktree_of("ann").exists());
    assert_snapshot!(sandbox.agents(["cleanup", "bob", "--yes", "--quiet"]), @"
    kept bob: bob is not removed: the teardown command `echo cannot; exit 2` exited with 2
      next: cat [ROOT]/repo/.git/agents/logs/teardown/[OPERATION]-bob.log
      next: git agents agent remove bob --no-teardown
    nothing to clean up
    [status 4]
    ");
    assert_eq!(sandbox.agents(["undo", "--yes"]).status, Some(4));
    assert_eq!(sandbox.state().agents.len(), 2);
    assert_snapshot!(sandbox.agents(["agent", "remove", "ann", "--force", "--quiet"]), @"
    removed ann, its worktree [ROOT]/repo-worktrees/ann, its branch agents/ann
    [stderr]
    warning: ann is removed although the teardown command `echo cannot; exit 2` exited with 2
      | $ echo cannot; exit 2
      | cannot
    [status 0]
    ");
    sandbox.agents(["cleanup", "bob", "--yes", "--no-teardown"]).good();
    assert!(!sandbox.worktree_of("bob").exists());
}

#[test]
fn a_worktree_goes_with_what_it_began_with() {
    let sandbox = Sandbox::new();
    sandbox.commit(".gitignore", ".env*\n", "Ignore");
    std::fs::write(sandbox.repo().join(".env"), "secret\n").unwrap();
    std::fs::write(sandbox.repo().join(".worktreeinclude"), ".env\n").unwrap();
    sandbox.git(["config", "agents.setup", "echo PORT=$GIT_AGENTS_PORT >.env.local"]);
    sandbox.agents(["init", "ann", "bob"]).good();
    std::fs::write(sandbox.worktree_of("bob").join(".env"), "changed\n").unwrap();
    let cleaned = sandbox.agents(["cleanup", "ann", "bob", "--yes"]);
    assert_snapshot!(cleaned, @"
    removed ann: its tip is in main
      branch agents/ann
      worktree [ROOT]/repo-worktrees/ann
    kept bob: it has 2 ignored files (.env, .env.local)
      next: git -C [ROOT]/repo-worktrees/bob status --ignored
    to take it back: git agents undo --yes
    [status 1]
    ");
    assert!(!sandbox.worktree_of("ann").exists());
}
