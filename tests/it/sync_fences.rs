//! An assignment that another clone has ended, or has not heard of: what completes and lands is decided there first.

use insta::assert_snapshot;

use crate::support::{Clone, Sandbox};
use crate::sync_auto::{is_shared, shared};

#[test]
fn what_was_killed_before_the_remote_heard_of_it_is_decided_first() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    // A process that dies while it pushes leaves the same.
    ann.agents(["start", "ann", "16", "--offline"]).good();
    assert_snapshot!(ann.agents(["start", "ann", "16"]), @"
    [stderr]
    error: ann has started 16 already
      try: git agents complete ann
    [status 3]
    ");
    is_shared(&sandbox, &ann);
    assert_snapshot!(bob.agents(["start", "bob", "16"]), @"
    [stderr]
    error: task 16 is held by ann since 2026-01-05 09:00 UTC (in-progress)
      try: git agents unassign ann 16
    [status 1]
    ");
    bob.agents(["start", "bob", "17", "--offline"]).good();
    ann.agents(["complete", "ann", "--allow-empty"]).good();
    ann.agents(["start", "ann", "17"]).good();
    assert_snapshot!(bob.agents(["start", "bob", "17"]), @"
    [stderr]
    warning: rejected by what others did first: bob starts 17: task 17 is held by ann since 2026-01-05 09:00 UTC (in-progress)
    error: task 17 is held by ann since 2026-01-05 09:00 UTC (in-progress)
      try: git agents unassign ann 17
    [status 1]
    ");
    bob.agents(["next", "bob", "--offline"]);
    assert_snapshot!(bob.agents(["next", "bob"]), @"
    no task is open
    [status 1]
    ");
}

/// Ann's lease of 16 ran out, and bob has taken the task over in the other clone.
fn taken_over<'s>(sandbox: &'s Sandbox) -> (Clone<'s>, Clone<'s>) {
    let (ann, bob) = shared(sandbox);
    ann.agents(["start", "ann", "16"]).good();
    bob.agents(["sync"]).good();
    let later = |clone: &Clone<'_>, args: &[&str]| {
        clone.run(args).env("GIT_COMMITTER_DATE", "2026-01-05T12:00:00Z").output().good();
    };
    later(&bob, &["start", "bob", "16", "--steal"]);
    (ann, bob)
}

#[test]
fn who_completes_after_the_lease_hears_first_that_it_was_taken_over() {
    let sandbox = Sandbox::new();
    let (ann, _) = taken_over(&sandbox);
    sandbox.commit_as("ann", "a", "a\n");
    let complete = || ann.run(["complete", "ann"]).env("GIT_COMMITTER_DATE", "2026-01-05T12:00:00Z").output();
    assert_snapshot!(complete(), @"
    [stderr]
    error: 16 was taken over by bob at 2026-01-05 12:00 UTC, since ann had given no sign of life; ann's branch agents/ann is as it was
      try: git agents next ann
      try: git agents task show 16
      try: git merge agents/ann, in the worktree of bob, to keep what ann has done
    [status 1]
    ");
    assert_snapshot!(ann.agents(["merge", "ann", "--yes"]), @"
    [stderr]
    error: 16 was taken over by bob at 2026-01-05 12:00 UTC, since ann had given no sign of life; ann's branch agents/ann is as it was
      try: git agents next ann
      try: git agents task show 16
      try: git merge agents/ann, in the worktree of bob, to keep what ann has done
    [status 1]
    ");
    assert_snapshot!(ann.agents(["merge", "--all", "--yes"]), @"
    nothing to land
    [stderr]
    bob is left out: it works on 16
    warning: ann is left out: 16 was taken over by bob at 2026-01-05 12:00 UTC, since ann had given no sign of life; ann's branch agents/ann is as it was
    [status 0]
    ");
}

#[test]
fn what_was_completed_unheard_does_not_land_when_it_was_taken_over() {
    let sandbox = Sandbox::new();
    let (ann, bob) = taken_over(&sandbox);
    sandbox.commit_as("ann", "a", "a\n");
    let main = ann.git(["rev-parse", "main"]);
    ann.agents(["complete", "ann"]).good();
    assert_snapshot!(ann.agents(["merge", "ann", "--yes"]), @"
    [stderr]
    warning: rejected by what others did first: ann completes 16 (1 file): ann had 16 by assignment 1, which has ended: bob has it since 2026-01-05 12:00 UTC by assignment 2
    error: 16 was taken over by bob at 2026-01-05 12:00 UTC, since ann had given no sign of life; ann's branch agents/ann is as it was
      try: git agents next ann
      try: git agents task show 16
      try: git merge agents/ann, in the worktree of bob, to keep what ann has done
    [status 1]
    ");
    assert_eq!(ann.git(["rev-parse", "main"]), main);
    ann.agrees_with(&bob);
    // Without the remote nobody can tell, and that is said.
    bob.git(["remote", "set-url", "origin", "file:///nowhere"]);
    bob.agents(["complete", "bob", "--allow-empty"]).good();
    assert_snapshot!(bob.agents(["merge", "bob", "--yes"]), @"
    nothing to land: bob
    main stays at [COMMIT]
    [stderr]
    warning: whether somebody has taken over 16 is not known: origin could not be asked: fatal: '/nowhere' does not appear to be a git repository; fatal: Could not read from remote repository.; Please make sure you have the correct access rights; and the repository exists.
    [status 0]
    ");
}

#[test]
fn doctor_names_what_has_waited_too_long() {
    let sandbox = Sandbox::new();
    let (ann, _) = shared(&sandbox);
    ann.git(["remote", "set-url", "origin", "file:///nowhere"]);
    ann.agents(["task", "add", "Waits", "--id", "w"]).good();
    ann.agents(["doctor"]).good();
    let later = ann.run(["doctor"]).env("GIT_COMMITTER_DATE", "2026-01-05T12:00:00Z").output();
    assert_snapshot!(later, @"
    warning: 1 operation not shared with origin, the oldest of 2026-01-05 09:00 UTC
      try: git agents sync origin
    1 warning
    [status 1]
    ");
}
