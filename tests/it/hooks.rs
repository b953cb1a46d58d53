//! The repository's own hooks during a landing: `pre-merge-commit`, `commit-msg`, `post-merge`, `reference-transaction`.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;

use crate::support::{Output, Sandbox};

fn at_work() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.commit_as("ann", "ann", "1\n");
    sandbox.commit_as("bob", "bob", "1\n");
    sandbox.commit("meanwhile", "On main.\n", "Meanwhile");
    sandbox
}

fn hook(sandbox: &Sandbox, folder: &Path, name: &str, script: &str) {
    fs::create_dir_all(folder).unwrap();
    let file = folder.join(name);
    let log = sandbox.root().join("log");
    fs::write(&file, format!("#!/bin/sh\nlog='{}'\n{script}\n", log.display())).unwrap();
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
}

fn hooks(sandbox: &Sandbox) -> std::path::PathBuf {
    sandbox.repo().join(".git/hooks")
}

fn log(sandbox: &Sandbox) -> String {
    fs::read_to_string(sandbox.root().join("log"))
        .unwrap_or_default()
        .replace(sandbox.root().to_str().unwrap(), "[ROOT]")
}

fn merge(sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox.agents([&["merge", "--yes"], args].concat())
}

#[test]
fn commit_msg_sees_what_we_write_and_may_change_it() {
    let sandbox = at_work();
    // The folder that core.hooksPath names is looked for from the worktree's top.
    sandbox.git(["config", "core.hooksPath", ".hooks"]);
    let script = "env | grep -c '^GIT_\\(DIR\\|INDEX_FILE\\|WORK_TREE\\)=' >> $log\npwd >> $log\ncat \"$1\" >> $log\n\
                  echo 'Change-Id: I1' >> \"$1\"";
    hook(&sandbox, &sandbox.repo().join(".hooks"), "commit-msg", script);
    merge(&sandbox, &["ann", "-s", "merge"]).good();
    assert_snapshot!(log(&sandbox), @"
    0
    [ROOT]/repo
    Merge branch 'agents/ann'
    ");
    assert_eq!(sandbox.git(["log", "-1", "--format=%B", "main"]), "Merge branch 'agents/ann'\nChange-Id: I1");
    merge(&sandbox, &["bob", "-s", "squash"]).good();
    assert_eq!(sandbox.git(["log", "-1", "--format=%B", "main"]), "bob by bob\nChange-Id: I1");
}

#[test]
fn pre_merge_commit_sees_the_merge_and_stops_a_branch() {
    let sandbox = at_work();
    let script = "pwd >> $log\ngit diff --cached --name-only HEAD >> $log\ntest -f ann && cat ann >> $log\n\
                  git log -1 --format=%s HEAD >> $log\ngit log -1 --format=%s MERGE_HEAD >> $log\n\
                  ! test -f bob || { echo 'no bob'; exit 1; }";
    hook(&sandbox, &hooks(&sandbox), "pre-merge-commit", script);
    assert_snapshot!(merge(&sandbox, &["--all", "-s", "merge", "--check", "! test -f bob"]), @"
    landed ann by merge at [COMMIT]
    stopped bob: the pre-merge-commit hook says no: no bob
      next: git rev-parse --git-path hooks/pre-merge-commit
    checked with ! test -f bob: 1 command run
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [stderr]
    check 1: ! test -f bob (ann on main)
    check 1 passed
    [status 1]
    ");
    assert_snapshot!(log(&sandbox), @"
    [ROOT]/repo-worktrees/.integration
    ann
    1
    Meanwhile
    ann by ann
    [ROOT]/repo-worktrees/.integration
    bob
    1
    Merge branch 'agents/ann'
    bob by bob
    ");
    assert!(!sandbox.git(["ls-tree", "--name-only", "main"]).lines().any(|name| name == "bob"));
    assert_eq!(sandbox.git(["status", "--porcelain"]), "");
    // As for git, it is not asked about anything but merges.
    merge(&sandbox, &["bob", "-s", "squash"]).good();
}

#[test]
fn pre_merge_commit_may_not_change_what_lands() {
    let sandbox = at_work();
    hook(&sandbox, &hooks(&sandbox), "pre-merge-commit", "echo more > ann\ngit add ann");
    assert_snapshot!(merge(&sandbox, &["ann", "-s", "merge"]), @"
    [stderr]
    error: ann: the pre-merge-commit hook says no: it has changed what would be merged, which a landing does not take
      try: git rev-parse --git-path hooks/pre-merge-commit
    [status 3]
    ");
    hook(&sandbox, &hooks(&sandbox), "pre-merge-commit", "echo more > ann\necho new > new");
    merge(&sandbox, &["ann", "-s", "merge"]).good();
    assert_eq!(sandbox.git(["show", "main:ann"]), "1");
    hook(&sandbox, &hooks(&sandbox), "pre-merge-commit", "exit 1");
    merge(&sandbox, &["bob", "-s", "merge", "--dry-run"]).good();
    assert_snapshot!(merge(&sandbox, &["bob", "-s", "merge"]), @"
    [stderr]
    error: bob: the pre-merge-commit hook says no
      try: git rev-parse --git-path hooks/pre-merge-commit
    [status 3]
    ");
}

#[test]
fn commit_msg_stops_a_branch() {
    let sandbox = at_work();
    hook(
        &sandbox,
        &hooks(&sandbox),
        "commit-msg",
        "grep -q ann \"$1\" && { echo 'No ticket.'; echo Sorry. >&2; exit 1; }\nexit 0",
    );
    assert_snapshot!(sandbox.refused(["merge", "ann", "--yes", "-s", "merge"]), @"
    [stderr]
    error: ann: the commit-msg hook says no: No ticket.
    Sorry.
      try: git rev-parse --git-path hooks/commit-msg
    [status 3]
    ");
    assert_snapshot!(merge(&sandbox, &["ann", "bob", "-s", "squash", "--json"]), @r#"
    {
      "dry_run": false,
      "empty": [],
      "kind": "merge",
      "landed": [
        {
          "before": "[COMMIT]",
          "branch": "agents/bob",
          "commit": "[COMMIT]",
          "dropped": 0,
          "name": "bob",
          "replayed": 0,
          "strategy": "squash",
          "tasks": []
        }
      ],
      "stopped": [
        {
          "branch": "agents/ann",
          "message": "the commit-msg hook says no: No ticket.\nSorry.",
          "name": "ann",
          "next": "git rev-parse --git-path hooks/commit-msg",
          "paths": [],
          "reason": "hook"
        }
      ],
      "target": {
        "after": "[COMMIT]",
        "before": "[COMMIT]",
        "branch": "main"
      },
      "undo": "git agents undo --yes",
      "version": 1,
      "worktrees": [
        "[ROOT]/repo",
        "[ROOT]/repo-worktrees/bob"
      ]
    }
    [status 1]
    "#);
    // The branch's own commits have been seen when they were made.
    merge(&sandbox, &["ann", "-s", "rebase"]).good();
    assert_eq!(log(&sandbox), "");
}

#[test]
fn commit_msg_does_not_run_for_a_plan() {
    let sandbox = at_work();
    hook(&sandbox, &hooks(&sandbox), "commit-msg", "echo ran >> $log; exit 1");
    assert_snapshot!(sandbox.agents(["merge", "ann", "--dry-run", "-s", "merge"]), @"
    would land ann by merge at [COMMIT]
    main would move from [COMMIT] to [COMMIT]
      ref main [COMMIT]..[COMMIT]
      ref agents/ann [COMMIT]..[COMMIT]
      worktree [ROOT]/repo (main)
      worktree [ROOT]/repo-worktrees/ann (agents/ann)
    [stderr]
    the commit-msg hook would run on the messages of merged and squashed branches
    [status 0]
    ");
    assert_eq!(log(&sandbox), "");
}

#[test]
fn an_empty_message_is_none() {
    let sandbox = at_work();
    hook(&sandbox, &hooks(&sandbox), "commit-msg", ": > \"$1\"");
    assert_snapshot!(sandbox.refused(["merge", "ann", "--yes", "-s", "merge"]), @"
    [stderr]
    error: ann: the commit-msg hook says no: it leaves an empty message
      try: git rev-parse --git-path hooks/commit-msg
    [status 3]
    ");
}

#[test]
fn post_merge_runs_where_the_target_is() {
    let sandbox = at_work();
    hook(&sandbox, &hooks(&sandbox), "post-merge", "echo \"$1 $(pwd) $(git rev-parse --abbrev-ref HEAD)\" >> $log");
    merge(&sandbox, &["ann"]).good();
    assert_eq!(log(&sandbox), "0 [ROOT]/repo main\n");
    merge(&sandbox, &["bob", "-s", "squash"]).good();
    assert_eq!(log(&sandbox), "0 [ROOT]/repo main\n1 [ROOT]/repo main\n");
    // Nothing landed, or the target is checked out nowhere.
    merge(&sandbox, &["bob"]).good();
    sandbox.git(["checkout", "-q", "--detach"]);
    sandbox.commit_as("bob", "more", "1\n");
    merge(&sandbox, &["bob"]).good();
    assert_eq!(log(&sandbox).lines().count(), 2);
}

#[test]
fn post_merge_cannot_undo_a_landing() {
    let sandbox = at_work();
    hook(&sandbox, &hooks(&sandbox), "post-merge", "echo 'npm is not there' >&2; exit 1");
    assert_snapshot!(merge(&sandbox, &["ann"]), @"
    landed ann by rebase at [COMMIT]
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [stderr]
    warning: the post-merge hook failed: npm is not there
    [status 0]
    ");
    assert_eq!(sandbox.rev("main"), sandbox.rev("agents/ann"));
}

#[test]
fn reference_transaction_sees_the_moves() {
    let sandbox = at_work();
    hook(
        &sandbox,
        &hooks(&sandbox),
        "reference-transaction",
        "[ \"$1\" = committed ] && cut -d' ' -f3 >> $log; exit 0",
    );
    merge(&sandbox, &["ann"]).good();
    let seen = log(&sandbox);
    for name in ["refs/heads/main", "refs/heads/agents/ann", "refs/agents/state"] {
        assert!(seen.lines().any(|line| line == name), "{name} is not in\n{seen}");
    }
}

#[test]
fn reference_transaction_refuses_a_landing() {
    let sandbox = at_work();
    let script = "[ \"$1\" = prepared ] && grep -q refs/heads/main && { echo 'main is frozen' >&2; exit 1; }\nexit 0";
    hook(&sandbox, &hooks(&sandbox), "reference-transaction", script);
    assert_snapshot!(sandbox.refused(["merge", "ann", "--yes"]), @"
    [stderr]
    error: the refs did not move, and the repository has a reference-transaction hook: main is frozen; fatal: ref updates aborted by hook
      try: git rev-parse --git-path hooks/reference-transaction, and look at what it asks for
    [status 3]
    ");
    sandbox.is_clean("ann");
    fs::remove_file(hooks(&sandbox).join("reference-transaction")).unwrap();
    merge(&sandbox, &["ann"]).good();
}

#[test]
fn what_a_hook_leaves_running_is_not_waited_for() {
    let sandbox = at_work();
    let pid = sandbox.root().join("pid");
    hook(&sandbox, &hooks(&sandbox), "post-merge", &format!("sleep 600 & echo $! >'{}'\necho seen", pid.display()));
    assert_snapshot!(merge(&sandbox, &["ann"]).good(), @"
    landed ann by rebase at [COMMIT]
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [stderr]
    seen
    [status 0]
    ");
    let pid = fs::read_to_string(pid).unwrap();
    assert!(sandbox.command("kill").arg(pid.trim()).status().unwrap().success(), "it still runs");
}

#[test]
fn a_landing_in_a_hook_does_not_wait_for_the_one_around_it() {
    let sandbox = at_work();
    let program = Sandbox::binary();
    let script = format!("'{}' merge bob --yes --no-check >> $log 2>&1; echo $? >> $log", program.display());
    hook(&sandbox, &hooks(&sandbox), "commit-msg", &script);
    merge(&sandbox, &["ann", "-s", "merge"]).good();
    assert!(log(&sandbox).contains("is landing since"), "{}", log(&sandbox));
    assert!(log(&sandbox).ends_with("3\n"), "{}", log(&sandbox));
}
