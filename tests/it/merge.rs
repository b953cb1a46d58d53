//! `git agents merge`: everything lands that can, in one step, and can be taken back.

use std::fs;

use insta::assert_snapshot;

use crate::support::{Sandbox, id};

/// ann and bob have completed tasks that conflict in README; cam's touches a file of its own.
fn three_completed() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob", "cam"]);
    for (agent, task) in [("ann", "1"), ("bob", "2"), ("cam", "3")] {
        sandbox.agents(["assign", agent, task, &format!("Task of {agent}")]).good();
        sandbox.agents(["start", agent]).good();
    }
    sandbox.commit_as("ann", "README", "By ann.\n");
    sandbox.commit_as("bob", "README", "By bob.\n");
    sandbox.commit_as("cam", "new", "By cam.\n");
    for agent in ["ann", "bob", "cam"] {
        sandbox.agents(["complete", agent]).good();
    }
    sandbox
}

fn task_states(sandbox: &Sandbox) -> Vec<&'static str> {
    let state = sandbox.state();
    ["1", "2", "3"].map(|task| state.tasks[&id(task)].state.word()).to_vec()
}

/// Every branch, and every file of every worktree.
fn all_work(sandbox: &Sandbox) -> (String, Vec<String>) {
    let dirs = ["ann", "bob", "cam"].map(|agent| sandbox.worktree_of(agent));
    let dirs = dirs.iter().map(std::path::PathBuf::as_path).chain([sandbox.repo()]);
    let worktrees = dirs.map(|dir| {
        let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
        let mut files: Vec<String> =
            files.map(|path| format!("{path:?}: {}", fs::read_to_string(&path).unwrap())).collect();
        files.sort();
        files.push(sandbox.git_in(dir, ["status", "--porcelain", "--branch"]));
        files.concat()
    });
    (sandbox.git(["for-each-ref", "refs/heads"]), worktrees.collect())
}

#[test]
fn who_conflicts_is_stopped_and_the_others_land() {
    let sandbox = three_completed();
    let bob = (sandbox.rev("agents/bob"), fs::read(sandbox.worktree_of("bob").join("README")).unwrap());
    let output = sandbox.agents(["merge", "--all", "--yes"]);
    assert_eq!(output.status, Some(1));
    assert_snapshot!(output, @"
    landed cam (3) by rebase at [COMMIT]
    landed ann (1) by rebase at [COMMIT]
    stopped bob: its commit [COMMIT] conflicts with ann
      README  content
        ann (#1 Task of ann)
        @@ -1 +1 @@
        -A project.
        +By ann.
        bob (#2 Task of bob)
        @@ -1 +1 @@
        -A project.
        +By bob.
      next: git agents resolve bob
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [status 1]
    ");
    assert_eq!(bob, (sandbox.rev("agents/bob"), fs::read(sandbox.worktree_of("bob").join("README")).unwrap()));
    let target = sandbox.rev("main");
    assert_eq!(sandbox.rev("agents/ann"), target);
    assert_eq!(sandbox.git(["log", "--format=%s", "main"]), "README by ann\nnew by cam\nLines\nBegin");
    for agent in ["ann", "bob", "cam"] {
        sandbox.is_clean(agent);
    }
    assert_eq!(fs::read_to_string(sandbox.repo().join("README")).unwrap(), "By ann.\n");
    assert_eq!(fs::read_to_string(sandbox.repo().join("new")).unwrap(), "By cam.\n");
    assert_eq!(sandbox.git(["status", "--porcelain"]), "");
    assert_eq!(task_states(&sandbox), ["landed", "completed", "landed"]);
    sandbox.fsck();
}

#[test]
fn every_branch_that_landed_stands_at_the_new_target() {
    let sandbox = three_completed();
    sandbox.agents(["merge", "ann", "cam", "--yes"]).good();
    let target = sandbox.rev("main");
    assert_eq!((sandbox.rev("agents/ann"), sandbox.rev("agents/cam")), (target.clone(), target));
}

#[test]
fn undo_puts_everything_back() {
    let sandbox = three_completed();
    let before = all_work(&sandbox);
    sandbox.agents(["merge", "--all", "--yes"]);
    assert_ne!(before, all_work(&sandbox));
    let refused = sandbox.refused(["undo"]);
    assert_eq!(refused.status, Some(3), "{refused}");
    assert_snapshot!(sandbox.agents(["undo", "--yes"]), @"
    took back: land agents cam and ann in main
      main is where it was
      agents/cam is where it was
      agents/ann is where it was
    [status 0]
    ");
    assert_eq!(before, all_work(&sandbox));
    assert_eq!(task_states(&sandbox), ["completed", "completed", "completed"]);
    assert_snapshot!(sandbox.agents(["undo", "--yes"]), @"
    took back: cam completes 3 (1 file)
    [status 0]
    ");
    assert_eq!(task_states(&sandbox), ["completed", "completed", "in-progress"]);
}

#[test]
fn undo_is_refused_when_something_was_built_on_it() {
    let sandbox = three_completed();
    sandbox.agents(["merge", "cam", "--yes"]).good();
    sandbox.commit("later", "On top.\n", "Later");
    assert_snapshot!(sandbox.refused(["undo", "--yes"]), @r#"
    [stderr]
    warning: agents/cam was built on this landing, and keeps what it brought
    error: something was built on "land agent cam in main" since
      main moved from [COMMIT] to [COMMIT]: 1 commit
        [COMMIT] Later
      try: git revert --no-edit [COMMIT]..[COMMIT]
      try: git agents log
    [status 3]
    "#);
}

#[test]
fn tried_without_doing_it() {
    let sandbox = three_completed();
    let before = (sandbox.facts(), all_work(&sandbox));
    let output = sandbox.agents(["merge", "--all", "--dry-run"]);
    assert_eq!(output.status, Some(1));
    assert_snapshot!(output, @"
    would land cam (3) by rebase at [COMMIT]
    would land ann (1) by rebase at [COMMIT]
    would stop bob: its commit [COMMIT] conflicts with ann
      README  content
        ann (#1 Task of ann)
        @@ -1 +1 @@
        -A project.
        +By ann.
        bob (#2 Task of bob)
        @@ -1 +1 @@
        -A project.
        +By bob.
      next: git agents resolve bob
    main would move from [COMMIT] to [COMMIT]
      ref main [COMMIT]..[COMMIT]
      ref agents/cam [COMMIT]..[COMMIT]
      ref agents/ann [COMMIT]..[COMMIT]
      worktree [ROOT]/repo (main)
      worktree [ROOT]/repo-worktrees/cam (agents/cam)
      worktree [ROOT]/repo-worktrees/ann (agents/ann)
    [status 1]
    ");
    assert_eq!(before, (sandbox.facts(), all_work(&sandbox)));
}

#[test]
fn asked_for_where_nobody_can_be_asked() {
    let sandbox = three_completed();
    let output = sandbox.refused(["merge", "--all"]);
    assert_eq!(output.status, Some(3));
    assert_snapshot!(output, @"
    [stderr]
    error: there is no terminal to ask on: Land cam, ann in main (bob would stop)?
      try: the same command with --yes
    [status 3]
    ");
}

#[test]
fn by_a_merge_commit() {
    let sandbox = three_completed();
    let (before, tip) = (sandbox.rev("main"), sandbox.rev("agents/cam"));
    assert_snapshot!(sandbox.agents(["merge", "cam", "--strategy", "merge", "--yes"]), @"
    landed cam (3) by merge at [COMMIT]
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [status 0]
    ");
    assert_eq!(
        sandbox.git(["rev-list", "--parents", "-1", "main"]).split(' ').skip(1).collect::<Vec<_>>(),
        [&before, &tip]
    );
    assert_eq!(sandbox.rev("agents/cam"), sandbox.rev("main"));
    sandbox.is_clean("cam");
}

#[test]
fn as_one_commit() {
    let sandbox = three_completed();
    sandbox.commit_as("cam", "more", "By cam.\n");
    let before = sandbox.rev("main");
    assert_snapshot!(sandbox.agents(["merge", "cam", "--strategy", "squash", "--yes", "--json"]), @r#"
    {
      "dry_run": false,
      "empty": [],
      "kind": "merge",
      "landed": [
        {
          "before": "[COMMIT]",
          "branch": "agents/cam",
          "commit": "[COMMIT]",
          "dropped": 0,
          "name": "cam",
          "replayed": 0,
          "strategy": "squash",
          "task": "3",
          "tasks": [
            "3"
          ]
        }
      ],
      "stopped": [],
      "target": {
        "after": "[COMMIT]",
        "before": "[COMMIT]",
        "branch": "main"
      },
      "undo": "git agents undo --yes",
      "version": 1,
      "worktrees": [
        "[ROOT]/repo",
        "[ROOT]/repo-worktrees/cam"
      ]
    }
    [status 0]
    "#);
    assert_eq!(sandbox.rev("main^"), before);
    assert_eq!(sandbox.git(["diff", "--name-only", "main^", "main"]), "more\nnew");
    sandbox.is_clean("cam");
}

#[test]
fn a_dirty_target_is_kept_where_it_is_not_in_the_way() {
    let sandbox = three_completed();
    fs::write(sandbox.repo().join("README"), "Mine.\n").unwrap();
    sandbox.agents(["merge", "cam", "--yes"]).good();
    assert_eq!(fs::read_to_string(sandbox.repo().join("README")).unwrap(), "Mine.\n");
    assert_eq!(sandbox.git(["status", "--porcelain"]), " M README");
    assert_eq!(fs::read_to_string(sandbox.repo().join("new")).unwrap(), "By cam.\n");
}

#[test]
fn a_dirty_target_in_the_way_is_named() {
    let sandbox = three_completed();
    fs::write(sandbox.repo().join("README"), "Mine.\n").unwrap();
    let output = sandbox.refused(["merge", "ann", "--yes"]);
    assert_eq!(output.status, Some(3));
    assert_snapshot!(output, @"
    [stderr]
    error: main at [ROOT]/repo cannot come along: uncommitted work is in the way: README
      try: commit what is in the way, or move it elsewhere
    [status 3]
    ");
    sandbox.git(["checkout", "-q", "README"]);
    fs::write(sandbox.repo().join("new"), "Untracked.\n").unwrap();
    assert_snapshot!(sandbox.refused(["merge", "cam", "--yes"]), @"
    [stderr]
    error: main at [ROOT]/repo cannot come along: uncommitted work is in the way: new
      try: commit what is in the way, or move it elsewhere
    [status 3]
    ");
}

#[test]
fn a_stack_lands_in_order() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.agents(["assign", "bob", "1", "Base"]).good();
    sandbox.agents(["start", "bob"]).good();
    sandbox.commit_as("bob", "base", "By bob.\n");
    sandbox.agents(["complete", "bob"]).good();
    sandbox.agents(["task", "add", "Top", "--id", "2", "--after", "1"]).good();
    sandbox.agents(["start", "ann", "2"]).good();
    sandbox.commit_as("ann", "top", "By ann.\n");
    sandbox.agents(["complete", "ann"]).good();
    sandbox.commit("meanwhile", "On main.\n", "Meanwhile");
    assert_snapshot!(sandbox.agents(["merge", "--all", "--yes"]), @"
    landed bob (1) by rebase at [COMMIT]
    landed ann (2) by rebase at [COMMIT]
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [status 0]
    ");
    assert_eq!(sandbox.git(["log", "--format=%s", "main"]), "top by ann\nbase by bob\nMeanwhile\nLines\nBegin");
}

#[test]
fn a_branch_with_merges_in_it_lands_by_merge() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.commit_as("ann", "a", "By ann.\n");
    let dir = sandbox.worktree_of("ann");
    sandbox.git_in(&dir, ["checkout", "-q", "-b", "side", "HEAD^"]);
    sandbox.commit_as("ann", "side", "Aside.\n");
    sandbox.git_in(&dir, ["checkout", "-q", "agents/ann"]);
    sandbox.git_in(&dir, ["merge", "-q", "--no-edit", "side"]);
    let tip = sandbox.rev("agents/ann");
    assert_snapshot!(sandbox.agents(["merge", "ann", "--yes"]), @"
    landed ann by merge at [COMMIT]
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [status 0]
    ");
    assert_eq!(sandbox.rev("main^2"), tip);
    sandbox.is_clean("ann");
}

#[test]
fn refused_beforehand() {
    let sandbox = three_completed();
    assert_snapshot!(sandbox.refused(["merge"]), @"
    [stderr]
    error: say who is to land
      try: git agents merge --all
      try: git agents status
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["merge", "eve", "--yes"]), @"
    [stderr]
    error: there is no agent eve
      try: git agents agent list
    [status 3]
    ");
    sandbox.commit("meanwhile", "On main.\n", "Meanwhile");
    sandbox.write_as("cam", "meanwhile", "Not committed.\n");
    assert_snapshot!(sandbox.refused(["merge", "cam", "--yes"]), @"
    [stderr]
    error: cam: its worktree [ROOT]/repo-worktrees/cam cannot come along: uncommitted work is in the way: meanwhile
      try: git -C [ROOT]/repo-worktrees/cam status
    [status 3]
    ");
    fs::remove_file(sandbox.worktree_of("cam").join("meanwhile")).unwrap();

    let dir = sandbox.worktree_of("bob");
    let merge = sandbox.command("git").current_dir(&dir).args(["merge", "-q", "agents/ann"]).output().unwrap();
    assert!(!merge.status.success());
    assert_snapshot!(sandbox.refused(["merge", "bob", "--yes"]), @"
    [stderr]
    error: bob: its worktree [ROOT]/repo-worktrees/bob cannot come along: a merge is going on
      try: git -C [ROOT]/repo-worktrees/bob status
    [status 3]
    ");
    sandbox.git_in(&dir, ["merge", "--abort"]);

    sandbox.git_in(&sandbox.worktree_of("ann"), ["checkout", "-q", "--detach"]);
    assert_snapshot!(sandbox.refused(["merge", "ann", "--yes"]), @"
    [stderr]
    error: ann's worktree [ROOT]/repo-worktrees/ann has a detached HEAD, not agents/ann
      try: git -C [ROOT]/repo-worktrees/ann switch agents/ann
    [status 3]
    ");
    sandbox.git(["branch", "-q", "-D", "agents/ann"]);
    let output = sandbox.refused(["merge", "ann", "--yes"]);
    assert!(output.stderr.starts_with("error: ann's branch agents/ann does not exist\n"), "{output}");
    assert_eq!(output.status, Some(3));
    sandbox.git(["config", "agents.target", "nowhere"]);
    assert_snapshot!(sandbox.refused(["merge", "cam", "--yes"]), @"
    [stderr]
    error: there is no local branch nowhere, which is the target
      try: git config agents.target BRANCH
    [status 3]
    ");
}

#[test]
fn two_agents_at_one_commit_land_together() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.work_as("ann", "1", "file", "By ann.\n");
    let dir = sandbox.worktree_of("bob");
    sandbox.git_in(&dir, ["reset", "--quiet", "--hard", "agents/ann"]);
    assert_snapshot!(sandbox.agents(["merge", "--all", "--yes"]).good(), @"
    landed ann (1) by rebase at [COMMIT]
    nothing to land: bob
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [status 0]
    ");
    assert_eq!(sandbox.rev("main"), sandbox.rev("agents/bob"));
}
