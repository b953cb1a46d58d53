//! `git agents trust`: nothing in the tree is run before its exact content was recorded, and again after it changed.

use insta::assert_snapshot;

use crate::support::Sandbox;

fn with_check(command: &str) -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.commit(".agents.toml", &format!("check = {command:?}\n"), "Settings");
    sandbox.direct(["rebase", "ann"]).output().good();
    sandbox.work_as("ann", "1", "one", "1\n");
    sandbox
}

#[test]
fn a_command_of_the_tree_is_run_only_once_it_is_trusted() {
    let proof = tempfile::tempdir().unwrap();
    let path = proof.path().join("was-run");
    let sandbox = with_check(&format!("touch {}", path.display()));
    let output = sandbox.agents(["merge", "ann", "--dry-run"]).good();
    assert!(output.stderr.contains("which is not trusted and not run; see git agents trust --show"), "{output}");
    sandbox.agents(["merge", "ann", "--yes"]).good();
    assert!(!path.exists());
    sandbox.agents(["trust", "--yes"]).good();
    sandbox.work_as("ann", "2", "two", "2\n");
    let merged = sandbox.agents(["merge", "ann", "--yes"]).good();
    assert!(path.exists() && !merged.stderr.contains("not trusted"), "{merged}");
    // It changes: another content, another question.
    std::fs::remove_file(&path).unwrap();
    sandbox.commit(".agents.toml", &format!("check = \"touch {} && true\"\n", path.display()), "Other settings");
    sandbox.work_as("ann", "3", "three", "3\n");
    let refused = sandbox.refused(["merge", "ann", "--yes"]);
    assert!(!path.exists() && refused.stderr.contains("not trusted"), "{refused}");
}

#[test]
fn what_would_run_is_shown_first() {
    let sandbox = with_check("make test");
    assert_snapshot!(sandbox.agents(["trust", "--show"]), @"
    .agents.toml is not trusted; it runs
      agents.check  make test
    [status 1]
    ");
    assert_snapshot!(sandbox.refused(["trust"]), @"
    [stderr]
    agents.check: make test
    error: there is no terminal to ask on: Let what .agents.toml says run here?
      try: the same command with --yes
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["trust", "--yes"]), @"
    .agents.toml is trusted; it runs
      agents.check  make test
    [stderr]
    agents.check: make test
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["trust", "--show", "--json"]), @r#"
    {
      "commands": [
        {
          "command": "make test",
          "key": "agents.check"
        }
      ],
      "file": ".agents.toml",
      "kind": "trust",
      "trusted": true,
      "version": 1
    }
    [status 0]
    "#);
    sandbox.commit(".agents.toml", "check = \"make other\"\n", "Other settings");
    assert_snapshot!(sandbox.agents(["trust", "--show"]), @"
    .agents.toml is not trusted any more; it runs
      agents.check  make other
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["trust", "--revoke"]), @"
    .agents.toml is not trusted any more; it runs
      agents.check  make other
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["trust", "--show"]), @"
    .agents.toml is not trusted; it runs
      agents.check  make other
    [status 1]
    ");
}

/// What is shown before it is trusted must be what is run.
#[test]
fn what_acts_on_a_terminal_is_no_command() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.commit(".agents.toml", "check = [\"make\", \"rm -rf ~ \\u001b[2K\"]\n", "Settings");
    assert_snapshot!(sandbox.agents(["trust", "--show"]), @"
    .agents.toml runs nothing
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["config", "list"]).stderr, @r#"warning: .agents.toml: agents.check cannot be "rm -rf ~ \u{1b}[2K": it takes a command in one line"#);
}

/// A file on an agent's branch, or only in a worktree, is nobody's default.
#[test]
fn only_the_target_is_asked() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.commit_as("ann", ".agents.toml", "check = \"false\"\n");
    std::fs::write(sandbox.repo().join(".agents.toml"), "check = \"false\"\n").unwrap();
    assert_snapshot!(sandbox.agents(["trust", "--show"]), @"
    .agents.toml runs nothing
    [stderr]
    warning: .agents.toml counts once main has it: commit it there
    [status 0]
    ");
}

/// Who has trusted a check relies on it: a change of the file is no reason to land unchecked.
#[test]
fn a_check_that_is_trusted_no_more_stops_the_landing() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.commit(".agents.toml", "check = \"true\"\n", "Settings");
    sandbox.agents(["trust", "--yes"]).good();
    sandbox.commit(".agents.toml", "check = \"true\" # or so\n", "A remark");
    sandbox.work_as("ann", "1", "f", "of ann\n");
    assert_snapshot!(sandbox.agents(["merge", "ann"]), @r#"
    [stderr]
    warning: .agents.toml proposes agents.check = "true", which is not trusted and not run; see git agents trust --show
    error: .agents.toml has changed since it was trusted, so its check is not run
      try: git agents trust --show
      try: git agents trust
      try: git agents merge --no-check, to land unchecked
    [status 3]
    "#);
    sandbox.agents(["merge", "ann", "--no-check", "--yes"]).good();
}
