//! `git agents merge`, `rebase` and `undo`: branches come home, and what conflicts stays as it is.

use insta::assert_snapshot;

use crate::support::{Sandbox, id, lines};

fn at_work() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob", "cam"]);
    sandbox.work_as("ann", "1", "lines", &lines(5, "ann"));
    sandbox.work_as("bob", "2", "lines", &lines(5, "bob"));
    sandbox.work_as("cam", "3", "cam", "x\n");
    sandbox
}

#[test]
fn what_merges_lands_and_what_conflicts_stays_as_it_is() {
    let sandbox = at_work();
    let bob = sandbox.git(["rev-parse", "agents/bob"]);
    assert_snapshot!(sandbox.agents(["merge", "--all", "--yes"]), @"
    landed cam (3) by rebase at [COMMIT]
    landed ann (1) by rebase at [COMMIT]
    stopped bob: its commit [COMMIT] conflicts with ann
      lines  content
        ann (#1 Task 1)
        @@ -2,7 +2,7 @@
         2
         3
         4
        -5
        +ann
         6
         7
         8
        bob (#2 Task 2)
        @@ -2,7 +2,7 @@
         2
         3
         4
        -5
        +bob
         6
         7
         8
      next: git agents resolve bob
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [status 1]
    ");
    assert_eq!(sandbox.git(["log", "--format=%s", "main"]), "lines by ann\ncam by cam\nLines\nBegin");
    assert_eq!(sandbox.git(["status", "--porcelain"]), "", "the worktree that has the target follows");
    assert_eq!(std::fs::read_to_string(sandbox.repo().join("cam")).unwrap(), "x\n");
    assert_eq!(sandbox.git(["rev-parse", "agents/bob"]), bob);
    let state = sandbox.state();
    let words = ["1", "2", "3"].map(|task| state.tasks[&id(task)].state.word());
    assert_eq!((words, state.tally.landed), (["landed", "completed", "landed"], 2));
    sandbox.fsck();
}

#[test]
fn a_plan_alone_changes_nothing() {
    let sandbox = at_work();
    let before = sandbox.facts();
    let plan = sandbox.agents(["merge", "--all", "--dry-run"]);
    assert_snapshot!(plan, @"
    would land cam (3) by rebase at [COMMIT]
    would land ann (1) by rebase at [COMMIT]
    would stop bob: its commit [COMMIT] conflicts with ann
      lines  content
        ann (#1 Task 1)
        @@ -2,7 +2,7 @@
         2
         3
         4
        -5
        +ann
         6
         7
         8
        bob (#2 Task 2)
        @@ -2,7 +2,7 @@
         2
         3
         4
        -5
        +bob
         6
         7
         8
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
    assert_eq!(before, sandbox.facts());
}

#[test]
fn nobody_to_ask_is_a_refusal() {
    let sandbox = at_work();
    assert_snapshot!(sandbox.refused(["merge", "cam"]), @"
    [stderr]
    error: there is no terminal to ask on: Land cam in main?
      try: the same command with --yes
    [status 3]
    ");
}

#[test]
fn every_strategy_brings_the_same_content() {
    let history = |strategy: &str| {
        let sandbox = at_work();
        sandbox.commit("other", "y\n", "Meanwhile");
        sandbox.agents(["merge", "cam", "--strategy", strategy, "--yes"]).good();
        assert_eq!(std::fs::read_to_string(sandbox.repo().join("cam")).unwrap(), "x\n", "{strategy}");
        assert_eq!(sandbox.git(["status", "--porcelain"]), "", "{strategy}");
        sandbox.git(["log", "--format=%s (%an)", "--first-parent", "main"])
    };
    assert_snapshot!(history("rebase"), @"
    cam by cam (Ann)
    Meanwhile (Ann)
    Lines (Ann)
    Begin (Ann)
    ");
    assert_snapshot!(history("merge"), @"
    Merge branch 'agents/cam' (Ann)
    Meanwhile (Ann)
    Lines (Ann)
    Begin (Ann)
    ");
    assert_snapshot!(history("squash"), @"
    Task 3 (Ann)
    Meanwhile (Ann)
    Lines (Ann)
    Begin (Ann)
    ");
}

#[test]
fn uncommitted_work_in_the_way_is_kept_and_refused_beforehand() {
    let sandbox = at_work();
    std::fs::write(sandbox.repo().join("cam"), "mine").unwrap();
    assert_snapshot!(sandbox.refused(["merge", "cam", "--yes"]), @"
    [stderr]
    error: main at [ROOT]/repo cannot come along: uncommitted work is in the way: cam
      try: commit what is in the way, or move it elsewhere
    [status 3]
    ");
    // What is not in the way is kept and carried along.
    std::fs::rename(sandbox.repo().join("cam"), sandbox.repo().join("elsewhere")).unwrap();
    sandbox.agents(["merge", "cam", "--yes"]).good();
    assert_eq!(std::fs::read_to_string(sandbox.repo().join("elsewhere")).unwrap(), "mine");
}

#[test]
fn what_cannot_land_is_refused() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    assert_snapshot!(sandbox.refused(["merge", "eve", "--yes"]), @"
    [stderr]
    error: there is no agent eve
      try: git agents agent list
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["merge", "main", "--yes"]), @"
    [stderr]
    error: there is no agent main
      try: git agents agent list
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["merge", "ann", "--yes"]), @"
    nothing to land: ann
    main stays at [COMMIT]
    [status 0]
    ");
    assert_snapshot!(sandbox.refused(["merge", "ann", "--strategy", "octopus"]), @"
    [stderr]
    error: invalid value 'octopus' for '--strategy <[AGENT=]STRATEGY>': a strategy is rebase, merge or squash

    For more information, try '--help'.
    [status 2]
    ");
}

#[test]
fn a_rebase_replays_one_branch_on_the_target() {
    let sandbox = at_work();
    let target = sandbox.commit("other", "y\n", "Meanwhile");
    assert_snapshot!(sandbox.agents(["rebase", "cam"]), @"
    rebased cam on main: 1 commit, now at [COMMIT]
    [status 0]
    ");
    assert_eq!(sandbox.git(["rev-parse", "agents/cam^"]), target);
    assert!(sandbox.worktree_of("cam").join("other").is_file() && sandbox.dirt("cam").is_empty());
    assert_snapshot!(sandbox.agents(["rebase", "cam"]), @"
    cam is up to date with main
    [status 0]
    ");
    sandbox.commit("lines", &lines(5, "main"), "In the way");
    assert_snapshot!(sandbox.refused(["rebase", "ann"]), @"
    stopped ann: its commit [COMMIT] conflicts with main
      lines  content
      next: git agents resolve ann
    [status 1]
    ");
}

#[test]
fn a_landing_is_taken_back_whole() {
    let sandbox = at_work();
    let branches = || sandbox.git(["for-each-ref", "refs/heads/"]);
    let before = (branches(), sandbox.state().tasks);
    sandbox.agents(["merge", "cam", "--yes"]).good();
    sandbox.agents(["undo", "--yes"]).good();
    assert_eq!(before, (branches(), sandbox.state().tasks));
    assert!(!sandbox.repo().join("cam").exists() && sandbox.git(["status", "--porcelain"]).is_empty());
    assert_eq!(sandbox.state().tally.landed, 0);
    sandbox.fsck();
}

#[test]
fn undo_stops_where_something_was_built_on_it() {
    let sandbox = at_work();
    sandbox.agents(["merge", "cam", "--yes"]).good();
    let built = sandbox.commit("later", "z\n", "Built on it");
    assert_snapshot!(sandbox.refused(["undo", "--yes"]), @r#"
    [stderr]
    warning: agents/cam was built on this landing, and keeps what it brought
    error: something was built on "land agent cam in main" since
      main moved from [COMMIT] to [COMMIT]: 1 commit
        [COMMIT] Built on it
      try: git revert --no-edit [COMMIT]..[COMMIT]
      try: git agents log
    [status 3]
    "#);
    assert_eq!(sandbox.git(["rev-parse", "main"]), built);
    let empty = Sandbox::new();
    assert_snapshot!(empty.refused(["undo"]), @"
    [stderr]
    error: there is nothing to undo
      try: git agents log
    [status 3]
    ");
}
