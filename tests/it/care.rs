//! `git agents doctor` and `reset`: what is wrong and how it is mended; a fresh start that can be taken back.

use git_agents::store::STATE_REF;
use insta::assert_snapshot;

use crate::support::Sandbox;

#[test]
fn a_healthy_repository_is_told_so() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    assert_snapshot!(sandbox.agents(["doctor"]), @"
    all is well
    [status 0]
    ");
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
}

#[test]
fn a_damaged_document_is_put_back() {
    let sandbox = Sandbox::new();
    sandbox.agents(["task", "add", "Good", "--id", "1"]).good();
    sandbox.plant(&Sandbox::open_path("1"), b"broken");
    assert_snapshot!(sandbox.agents(["doctor"]), @"
    error: tasks/open/c/1.json is damaged: expected value at line 1 column 1
      try: git agents doctor --fix
    warning: refs/agents/state holds commits that are no operations this version knows: 1
      try: git log refs/agents/state
    1 error, 1 warning
    [status 1]
    ");
    let before = sandbox.operations();
    let fixed = sandbox.agents(["doctor", "--fix"]);
    assert!(fixed.stdout.starts_with("fixed: tasks/open/"), "{fixed}");
    assert_eq!(sandbox.operations(), before + 1);
    assert!(sandbox.agents(["task", "show", "1"]).good().stdout.starts_with("1 Good\n"));
    assert!(!sandbox.agents(["doctor"]).stdout.contains("damaged"));
}

#[test]
fn locks_that_dead_processes_left_are_found_and_removed() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let git_dir = sandbox.repo().join(".git");
    let locks = [format!("{STATE_REF}.lock"), "refs/heads/agents/ann.lock".to_owned(), "packed-refs.lock".to_owned()];
    for lock in &locks {
        std::fs::write(git_dir.join(lock), "").unwrap();
    }
    let found = sandbox.agents(["doctor", "--json"]);
    assert_eq!(found.status, Some(1), "{found}");
    assert!(locks.iter().all(|lock| git_dir.join(lock).exists()), "looking removes nothing");
    sandbox.agents(["doctor", "--fix"]).good();
    assert!(!locks.iter().any(|lock| git_dir.join(lock).exists()));
    sandbox.agents(["agent", "remove", "ann"]).good();
}

#[test]
fn what_is_gone_is_named() {
    let sandbox = Sandbox::with_agents(&["ann", "bob", "cam"]);
    std::fs::remove_dir_all(sandbox.worktree_of("ann")).unwrap();
    sandbox.agents(["agent", "add", "dan", "--no-worktree"]).good();
    sandbox.git(["update-ref", "-d", "refs/heads/agents/dan"]);
    assert_snapshot!(sandbox.agents(["doctor"]), @"
    warning: ann's worktree is gone from [ROOT]/repo-worktrees/ann
      try: git agents init ann
    error: dan's branch agents/dan is gone
      try: git reflog show agents/dan || git agents init dan
    1 error, 1 warning
    [status 1]
    ");
}

#[test]
fn a_reset_says_how_to_take_it_back() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.agents(["task", "add", "One", "--id", "1"]).good();
    let (tip, list) = (sandbox.tip(), sandbox.agents(["task", "list"]));
    assert_snapshot!(sandbox.refused(["reset"]), @"
    [stderr]
    error: there is no terminal to ask on: Forget all agents, tasks, findings and history (a backup ref is written first)?
      try: the same command with --yes
    [status 3]
    ");
    let reset = sandbox.agents(["reset", "--yes"]).good();
    assert_eq!(sandbox.git(["for-each-ref", STATE_REF]), "", "{reset}");
    let backup = sandbox.git(["for-each-ref", "--format=%(refname)", "refs/agents-local/backup/"]);
    assert_snapshot!(reset, @"
    forgot everything; it is in refs/agents-local/backup/[OPERATION]/state
    to get it back:
      git update-ref refs/agents/state refs/agents-local/backup/[OPERATION]/state
    [status 0]
    ");
    assert!(sandbox.worktree_of("ann").is_dir(), "work is left alone");
    sandbox.git(["update-ref", STATE_REF, &backup]);
    assert_eq!((sandbox.tip(), sandbox.agents(["task", "list"])), (tip, list));
    assert_snapshot!(Sandbox::new().agents(["reset", "--yes"]), @"
    there was nothing to forget
    [status 0]
    ");
}
