//! What one clone does shows up in the other: tasks, landings, findings, and branches as the remote has them.

use insta::assert_snapshot;

use crate::support::{Clone, Sandbox};

#[test]
fn work_of_another_clone_is_seen_through_its_remote_tracking_branch() {
    let sandbox = Sandbox::new();
    sandbox.commit("lines", "1\n2\n3\n", "Lines");
    let ann = sandbox.here();
    sandbox.remote();
    ann.agents(["init", "ann"]).good();
    ann.agents(["sync"]).good();
    let bob = sandbox.clone("bob");
    bob.agents(["sync"]).good();
    bob.agents(["init", "bob"]).good();
    bob.agents(["assign", "bob", "2", "Theirs"]).good();
    bob.agents(["start", "bob"]).good();
    ann.agents(["assign", "ann", "1", "Mine"]).good();
    ann.agents(["start", "ann"]).good();
    sandbox.commit_as("ann", "lines", "1\nann\n3\n");
    ann.agents(["complete", "ann"]).good();
    assert_snapshot!(ann.agents(["status", "--no-dirty"]), @"
    work lands on main at [COMMIT]

    AGENT  STATE      TASK      TIME  AHEAD  BEHIND  FILES  DIRTY  DONE
    ann    completed  1 Mine      0s      1       0      1      -  1 task
    bob    working    2 Theirs    0s      ?       ?      ?      -

    tasks: 1 in progress, 1 completed
    1 operation not shared with origin yet

    needs attention
      bob's branch agents/bob is not here, and was not on origin when it was fetched
        git fetch origin
      ann has completed 1, not landed yet
        git agents merge ann
    [status 0]
    ");
    assert_snapshot!(ann.agents(["conflicts"]), @"
    unknown  bob and main
      its branch agents/bob is not here, and was not on origin when it was fetched
    unknown  ann and bob
      its branch agents/bob is not here, and was not on origin when it was fetched

    2 branches, 1 pair: 2 unknown
    [status 1]
    ");
    let worktree = sandbox.root().join("bob-worktrees/bob");
    std::fs::write(worktree.join("lines"), "1\nbob\n3\n").unwrap();
    sandbox.git_in(&worktree, ["commit", "-q", "-a", "-m", "Change"]);
    sandbox.git_in(&worktree, ["push", "-q", "origin", "agents/bob"]);
    bob.agents(["complete", "bob"]).good();
    bob.agents(["findings", "add", "Look", "--severity", "low", "--category", "c"]).good();
    bob.agents(["sync"]).good();
    ann.git(["fetch", "-q"]);
    ann.agents(["sync"]).good();
    assert_snapshot!(ann.agents(["status", "--no-dirty"]), @"
    work lands on main at [COMMIT]

    AGENT  STATE      TASK      TIME  AHEAD  BEHIND  FILES  DIRTY  DONE
    ann    completed  1 Mine      0s      1       0      1      -  1 task
    bob    completed  2 Theirs    0s      1       0      1      -  1 task

    tasks: 2 completed

    needs attention
      ann and bob have completed work that has not landed
        git agents merge --all
    [status 0]
    ");
    assert_snapshot!(ann.agents(["agent", "show", "bob"]), @"
    bob
      state:     completed
      branch:    agents/bob ([COMMIT], seen as origin/agents/bob)
      worktree:  none
      commits:   1 ahead, 0 behind, 1 file changed
      done:      1 task, 0h

    TASK  STATE      AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    2     completed  bob                                Theirs
    [status 0]
    ");
    assert_snapshot!(ann.agents(["conflicts"]), @"
    conflict  ann and bob
      ann: 1 Mine; bob: 2 Theirs
      lines  content  lines: ann 2; bob 2

    2 branches, 1 pair: 1 conflict
    [status 1]
    ");
    assert_snapshot!(ann.agents(["merge-order", "ann", "bob"]), @"
      1. ann  clean: before bob, which conflicts with it
      2. bob  needs resolution in lines with ann (1 region)

    on main: 1 lands clean, 1 needs resolution; no order lands more
    [status 1]
    ");
    // What lands is what is here.
    assert_snapshot!(ann.agents(["merge", "bob"]), @"
    [stderr]
    error: bob's branch agents/bob is not here; origin has it, as origin/agents/bob shows
      try: git fetch origin agents/bob:agents/bob
    [status 3]
    ");
    ann.agents(["merge", "ann", "--yes"]).good();
    ann.agents(["sync"]).good();
    bob.agents(["sync"]).good();
    assert_snapshot!(bob.agents(["log", "-n", "3"]), @"
    [COMMIT] land agent ann in main (0s ago, Ann)
      main [COMMIT]..[COMMIT]
    [COMMIT] ann completes 1 (1 file) (0s ago, Ann)
    [COMMIT] add low finding gid4v: Look (0s ago, bob)
    [status 0]
    ");
    assert_eq!(bob.agents(["task", "show", "1", "--json"]).json()["task"]["state"], "landed");
}

#[test]
fn an_agent_of_another_clone_goes_on_where_it_left_off() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here();
    sandbox.remote();
    ann.agents(["init", "ann"]).good();
    ann.agents(["assign", "ann", "1", "Mine"]).good();
    ann.agents(["start", "ann"]).good();
    let work = sandbox.commit_as("ann", "work", "1\n");
    ann.agents(["complete", "ann"]).good();
    ann.agents(["sync"]).good();
    ann.git(["push", "-q", "origin", "agents/ann"]);
    let bob = sandbox.clone("bob");
    bob.agents(["sync"]).good();
    assert_snapshot!(bob.agents(["init"]), @"
    ann on agents/ann in [ROOT]/bob-worktrees/ann
    work lands on main
    [stderr]
    ann goes on from origin/agents/ann
    [status 0]
    ");
    assert_eq!(bob.git(["rev-parse", "agents/ann"]), work);
    bob.agents(["merge", "--all", "--yes"]).good();
    assert_eq!(bob.git(["show", "main:work"]), "1");
}

#[test]
fn a_task_whose_work_is_elsewhere_does_not_land() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here();
    sandbox.remote();
    ann.agents(["init", "ann"]).good();
    ann.agents(["assign", "ann", "1", "Mine"]).good();
    ann.agents(["start", "ann"]).good();
    sandbox.commit_as("ann", "work", "1\n");
    ann.agents(["complete", "ann"]).good();
    ann.agents(["sync"]).good();
    let bob = sandbox.clone("bob");
    bob.agents(["sync"]).good();
    bob.agents(["init"]).good();
    // The branch was never pushed: what is here now is another one of its name, with or without commits.
    assert_snapshot!(bob.agents(["merge", "--all", "--yes"]), @"
    [stderr]
    error: ann: task 1 was completed at [COMMIT], and neither its branch nor the target has that: bring it back
      try: git fetch --all
    [status 3]
    ");
    let dir = sandbox.root().join("bob-worktrees/ann");
    std::fs::write(dir.join("other"), "1\n").unwrap();
    sandbox.git_in(&dir, ["add", "other"]);
    sandbox.git_in(&dir, ["commit", "-q", "-m", "Other"]);
    assert_snapshot!(bob.agents(["merge", "ann", "--yes"]), @"
    [stderr]
    error: ann: task 1 was completed at [COMMIT], and neither its branch nor the target has that: bring it back
      try: git fetch --all
    [status 3]
    ");
    ann.git(["push", "-q", "origin", "agents/ann"]);
    bob.git(["fetch", "-q"]);
    assert_snapshot!(bob.agents(["merge", "ann", "--dry-run"]), @"
    [stderr]
    error: ann: task 1 was completed at [COMMIT], and neither its branch nor the target has that: bring it back
      try: git branch --all --contains [COMMIT]
    [status 3]
    ");
    sandbox.git_in(&dir, ["merge", "-q", "origin/agents/ann", "-m", "Both"]);
    bob.agents(["merge", "ann", "--yes"]).good();
    assert_eq!(bob.git(["show", "main:work"]), "1");
}

#[test]
fn work_that_was_amended_or_went_home_otherwise_lands() {
    let sandbox = Sandbox::with_agents(&["amends", "picked", "reset"]);
    for agent in ["amends", "picked", "reset"] {
        sandbox.work_as(agent, &format!("of-{agent}"), agent, "1\n");
    }
    let amends = sandbox.worktree_of("amends");
    sandbox.write_as("amends", "amends", "2\n");
    sandbox.git_in(&amends, ["commit", "-q", "-a", "--amend", "--no-edit"]);
    sandbox.git(["cherry-pick", "agents/picked"]);
    for agent in ["picked", "reset"] {
        sandbox.git_in(&sandbox.worktree_of(agent), ["reset", "-q", "--hard", "main"]);
    }
    assert_snapshot!(sandbox.agents(["merge", "--all", "--yes"]), @"
    landed amends (of-amends) by rebase at [COMMIT]
    stopped reset: task of-reset was completed at [COMMIT], and neither its branch nor the target has that: bring it back
      next: git branch rescue [COMMIT]
    nothing to land: picked
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["task", "list", "--all"]), @"
    TASK       STATE      AGENT   HOURS  PRIORITY  WAITS FOR  TITLE
    of-reset   completed  reset                               Task of-reset
    of-amends  landed     amends                              Task of-amends
    of-picked  landed     picked                              Task of-picked
    [status 0]
    ");
}

/// Completed work of Bob in another clone, pushed or not, and an agent here.
fn with_theirs(sandbox: &Sandbox, is_pushed: bool) -> Clone<'_> {
    let ann = sandbox.here();
    sandbox.remote();
    ann.agents(["init", "ann"]).good();
    ann.agents(["sync"]).good();
    let bob = sandbox.clone("bob");
    bob.agents(["sync"]).good();
    bob.agents(["init", "bob"]).good();
    bob.agents(["assign", "bob", "2", "Theirs"]).good();
    bob.agents(["start", "bob"]).good();
    let worktree = sandbox.root().join("bob-worktrees/bob");
    std::fs::write(worktree.join("theirs"), "bob\n").unwrap();
    sandbox.git_in(&worktree, ["add", "theirs"]);
    sandbox.git_in(&worktree, ["commit", "-q", "-m", "Theirs"]);
    if is_pushed {
        sandbox.git_in(&worktree, ["push", "-q", "origin", "agents/bob"]);
    }
    bob.agents(["complete", "bob"]).good();
    bob.agents(["sync"]).good();
    ann.git(["fetch", "-q"]);
    ann.agents(["sync"]).good();
    sandbox.commit_as("ann", "mine", "ann\n");
    ann
}

#[test]
fn a_branch_of_another_clone_lands_once_it_is_brought_here() {
    let sandbox = Sandbox::new();
    let ann = with_theirs(&sandbox, true);
    assert_snapshot!(ann.agents(["merge", "bob", "ann", "--yes"]), @"
    [stderr]
    error: bob's branch agents/bob is not here; origin has it, as origin/agents/bob shows
      try: git fetch origin agents/bob:agents/bob
    [status 3]
    ");
    // Everybody else lands without it.
    assert_snapshot!(ann.agents(["merge", "--all", "--yes"]), @"
    landed ann by rebase at [COMMIT]
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [stderr]
    warning: bob is left out: bob's branch agents/bob is not here; origin has it, as origin/agents/bob shows; git fetch origin agents/bob:agents/bob
    [status 0]
    ");
    ann.git(["fetch", "-q", "origin", "agents/bob:agents/bob"]);
    assert_snapshot!(ann.agents(["merge", "bob", "--yes"]), @"
    landed bob (2) by rebase at [COMMIT]
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [status 0]
    ");
    assert_eq!(ann.git(["show", "main:theirs"]), "bob");
}

#[test]
fn a_branch_that_nobody_has_pushed_is_where_it_was_made() {
    let sandbox = Sandbox::new();
    let ann = with_theirs(&sandbox, false);
    assert_snapshot!(ann.agents(["merge", "bob", "--yes"]), @"
    [stderr]
    error: bob's branch agents/bob is not here, and was not on origin when it was fetched
      try: git push origin agents/bob, in the clone that has it
      try: git fetch origin agents/bob:agents/bob
    [status 3]
    ");
    assert_snapshot!(ann.agents(["merge", "--all", "--dry-run"]), @"
    would land ann by rebase at [COMMIT]
    main would move from [COMMIT] to [COMMIT]
      ref main [COMMIT]..[COMMIT]
      worktree [ROOT]/repo (main)
    [stderr]
    warning: bob is left out: bob's branch agents/bob is not here, and was not on origin when it was fetched; git push origin agents/bob, in the clone that has it; git fetch origin agents/bob:agents/bob
    [status 0]
    ");
    assert_eq!(ann.agents(["merge", "bob", "--json"]).json_error()["code"], "branch-elsewhere");
}

/// Another remote than the one that keeps the state may have it.
#[test]
fn another_remote_may_show_it() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let fork = sandbox.root().join("fork.git");
    sandbox.git(["clone", "-q", "--bare", ".", fork.to_str().unwrap()]);
    sandbox.git(["remote", "add", "fork", fork.to_str().unwrap()]);
    sandbox.git(["fetch", "-q", "fork"]);
    sandbox.git(["worktree", "remove", sandbox.worktree_of("ann").to_str().unwrap()]);
    sandbox.git(["branch", "-D", "agents/ann"]);
    assert_snapshot!(sandbox.refused(["merge", "ann"]), @"
    [stderr]
    error: ann's branch agents/ann is not here; fork has it, as fork/agents/ann shows
      try: git fetch fork agents/ann:agents/ann
    [status 3]
    ");
    sandbox.git(["remote", "remove", "fork"]);
    assert_snapshot!(sandbox.refused(["merge", "ann"]), @"
    [stderr]
    error: ann's branch agents/ann does not exist
      try: git agents agent show ann
    [status 3]
    ");
}

#[test]
fn what_landed_in_another_clone_and_is_not_here_is_said() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here();
    sandbox.remote();
    ann.agents(["init", "ann"]).good();
    ann.agents(["sync"]).good();
    let bob = sandbox.clone("bob");
    bob.agents(["sync"]).good();
    ann.agents(["assign", "ann", "1", "Mine"]).good();
    ann.agents(["start", "ann"]).good();
    sandbox.commit_as("ann", "work", "1\n");
    ann.agents(["complete", "ann"]).good();
    ann.agents(["merge", "ann", "--yes"]).good();
    ann.agents(["sync"]).good();
    assert_snapshot!(bob.agents(["sync"]), @"
    origin: 4 operations came

    came
      land agent ann in main (Ann)
      ann completes 1 (1 file) (Ann)
      ann starts 1 (Ann)
      assign 1 to ann: Mine (Ann)
    [stderr]
    ann landed in another clone, and main does not have [COMMIT] here: git pull
    [status 0]
    ");
    assert_snapshot!(bob.agents(["task", "show", "1"]), @"
    1 Mine
      state:     landed
      agent:     ann
      priority:  medium
      filed:     0s ago

      ann on agents/ann: landed, and not in the target as it is here, 0s, 1 file at [COMMIT]
        work
    [status 0]
    ");
    assert_eq!(bob.agents(["task", "show", "1", "--json"]).json()["attempts"][0]["in_target"], false);
    ann.git(["push", "-q", "origin", "main"]);
    bob.git(["pull", "-q", "--ff-only"]);
    assert_snapshot!(bob.agents(["task", "show", "1"]), @"
    1 Mine
      state:     landed
      agent:     ann
      priority:  medium
      filed:     0s ago

      ann on agents/ann: landed, 0s, 1 file at [COMMIT]
        work
    [status 0]
    ");
}
