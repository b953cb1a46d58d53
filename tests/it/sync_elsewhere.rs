//! What one clone does shows up in the other: tasks, landings, findings, and branches as the remote has them.

use insta::assert_snapshot;

use crate::support::Sandbox;

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
    // Only its own clone can land it.
    assert_snapshot!(ann.agents(["merge", "bob"]), @"
    [stderr]
    error: bob's branch agents/bob does not exist
      try: git agents agent show bob
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
