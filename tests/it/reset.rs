//! `git agents reset`: everything is forgotten, and can be remembered again.

use insta::assert_snapshot;

use crate::support::{Output, Sandbox};

#[test]
fn the_printed_command_brings_it_back() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.agents(["assign", "ann", "1", "One"]).good();
    let output = sandbox.refused(["reset"]);
    assert_eq!(output.status, Some(3));
    assert_snapshot!(output, @"
    [stderr]
    error: there is no terminal to ask on: Forget all agents, tasks, findings and history (a backup ref is written first)?
      try: the same command with --yes
    [status 3]
    ");

    let (before, branches) = (sandbox.tip(), sandbox.git(["for-each-ref", "refs/heads"]));
    let raw = sandbox.command("git").args(["agents", "reset", "--yes"]).output().unwrap();
    assert_snapshot!(Output::new(&raw, sandbox.root()), @"
    forgot everything; it is in refs/agents-local/backup/[OPERATION]/state
    to get it back:
      git update-ref refs/agents/state refs/agents-local/backup/[OPERATION]/state
    [status 0]
    ");
    assert!(sandbox.state().agents.is_empty() && sandbox.state().tasks.is_empty());
    assert_eq!(sandbox.git(["for-each-ref", "refs/heads"]), branches);
    sandbox.is_clean("ann");

    let shown = String::from_utf8(raw.stdout).unwrap();
    let script: Vec<&str> = shown.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    assert_eq!(script.len(), 1, "{shown}");
    let ran = sandbox.command("sh").args(["-c", script[0]]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(sandbox.tip(), before);
    assert_eq!(sandbox.state().tasks.len(), 1);
    sandbox.agents(["start", "ann"]).good();
}

#[test]
fn where_there_is_nothing() {
    let sandbox = Sandbox::new();
    let before = sandbox.facts();
    assert_snapshot!(sandbox.agents(["reset", "--yes"]), @"
    there was nothing to forget
    [status 0]
    ");
    assert_eq!(before, sandbox.facts());
}
