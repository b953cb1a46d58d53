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
fn a_dry_run_names_it_and_runs_nothing() {
    let sandbox = with_teardown("touch ../torn");
    assert_snapshot!(sandbox.agents(["cleanup", "ann", "--dry-run"]), @"
    would remove ann: its tip is in main
      branch agents/ann
      worktree [ROOT]/repo-worktrees/ann
    would run in each worktree before it goes: touch ../torn
    1 agent would go
    [status 0]
    ");
    assert_eq!(sandbox.agents(["cleanup", "ann", "-n", "--json"]).json()["would_run"][0], "touch ../torn");
    let without = sandbox.agents(["cleanup", "ann", "-n", "--no-teardown"]).good().stdout;
    assert!(!without.contains("would run"), "{without}");
    assert!(!sandbox.root().join("repo-worktrees/torn").exists());
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
      ignored and backed up: 2 files
    kept bob: it has a copy of an ignored file that was changed here (.env), 1 ignored file (.env.local)
      next: git -C [ROOT]/repo-worktrees/bob status --ignored
    to take it back: git agents undo --yes
    [status 1]
    ");
    assert!(!sandbox.worktree_of("ann").exists());
}

#[test]
fn a_copy_that_was_changed_stops_the_removal_and_goes_into_the_backup() {
    let sandbox = Sandbox::new();
    sandbox.commit(".gitignore", ".env*\nsecrets/\nbuild/\n", "Ignore");
    std::fs::create_dir(sandbox.repo().join("secrets")).unwrap();
    for file in [".env", "secrets/key", "secrets/other"] {
        std::fs::write(sandbox.repo().join(file), "first\n").unwrap();
    }
    std::fs::write(sandbox.repo().join(".worktreeinclude"), ".env\nsecrets/\n").unwrap();
    sandbox.agents(["init", "ann", "bob", "cam"]).good();
    // What main has as well is no work of anybody.
    for (agent, file, text) in
        [("ann", "secrets/key", "ann's\n"), ("bob", "secrets/other", "both\n"), ("cam", ".env", "cam's\n")]
    {
        std::fs::write(sandbox.worktree_of(agent).join(file), text).unwrap();
    }
    std::fs::write(sandbox.repo().join("secrets/other"), "both\n").unwrap();
    std::fs::create_dir(sandbox.worktree_of("ann").join("build")).unwrap();
    std::fs::write(sandbox.worktree_of("ann").join("build/out"), "x").unwrap();
    assert_snapshot!(sandbox.refused(["agent", "remove", "ann"]), @"
    [stderr]
    error: ann has a copy of an ignored file that was changed here (secrets/key); ignored folders would go without a backup: build, secrets
      try: git agents agent remove ann --force
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["cleanup", "ann", "bob", "cam", "--dry-run"]), @"
    would remove bob: its tip is in main
      branch agents/bob
      worktree [ROOT]/repo-worktrees/bob
      ignored and backed up: 1 file
      ignored and not backed up: secrets (2 files)
    kept ann: it has a copy of an ignored file that was changed here (secrets/key), 1 ignored file (.env)
      next: git -C [ROOT]/repo-worktrees/ann status --ignored
    kept cam: it has a copy of an ignored file that was changed here (.env)
      next: git -C [ROOT]/repo-worktrees/cam status --ignored
    1 agent would go
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["agent", "remove", "ann", "--force"]), @"
    removed ann, its worktree [ROOT]/repo-worktrees/ann, its branch agents/ann
    a copy of an ignored file that was changed here (secrets/key): all of it is in refs/agents-local/backup/[OPERATION]/ann
    its 2 ignored files are in refs/agents-local/backup/[OPERATION]/ann
    ignored and not backed up: build, secrets (2 files)
    to get it back:
      git branch agents/ann refs/agents-local/backup/[OPERATION]/ann^
      git agents agent add ann --existing --branch agents/ann --path [ROOT]/repo-worktrees/ann
      git -C [ROOT]/repo-worktrees/ann restore --source=refs/agents-local/backup/[OPERATION]/ann -- .
    [status 0]
    ");
    let backup = sandbox.git(["for-each-ref", "--format=%(refname)", "refs/agents-local/backup/"]);
    assert_eq!(sandbox.git(["show", &format!("{}:secrets/key", backup.trim())]), "ann's");
    assert_snapshot!(sandbox.agents(["agent", "remove", "bob"]), @"
    removed bob, its worktree [ROOT]/repo-worktrees/bob, its branch agents/bob
    its ignored file is in refs/agents-local/backup/[OPERATION]/bob
    ignored and not backed up: secrets (2 files)
    to get it back:
      git branch agents/bob refs/agents-local/backup/[OPERATION]/bob^
      git agents agent add bob --existing --branch agents/bob --path [ROOT]/repo-worktrees/bob
      git -C [ROOT]/repo-worktrees/bob restore --source=refs/agents-local/backup/[OPERATION]/bob -- .
    [status 0]
    ");
    assert_snapshot!(sandbox.refused(["agent", "remove", "cam"]), @"
    [stderr]
    error: cam has a copy of an ignored file that was changed here (.env); ignored folders would go without a backup: secrets
      try: git agents agent remove cam --force
    [status 3]
    ");
}
