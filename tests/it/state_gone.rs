//! `refs/agents/state` is deleted or replaced behind our back: it is missed, nothing is written in its place, and it comes
//! back.

use insta::assert_snapshot;

use crate::support::Sandbox;

const FETCH: [&str; 5] = ["fetch", "-q", "--prune", "origin", "refs/agents/*:refs/agents/*"];

#[test]
fn a_fetch_that_prunes_hides_nothing() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here().with_agent("ann");
    sandbox.remote();
    ann.agents(["task", "add", "One", "--id", "1"]).good();
    let mine = ann.tip();
    ann.git(FETCH);
    assert_snapshot!(sandbox.refused(["status"]), @"
    [stderr]
    error: refs/agents/state is gone; it was at [COMMIT]
      try: git agents recover
      try: git agents reset, to begin anew
    [status 3]
    ");
    let said = sandbox.refused(["status"]).stderr;
    for words in [&["task", "add", "Two", "--id", "2"][..], &["init", "ben"], &["next", "ann"], &["log"], &["undo"]] {
        assert_eq!(sandbox.refused(words).stderr, said);
    }
    assert_snapshot!(ann.agents(["doctor"]), @"
    error: refs/agents/state is gone; it was at [COMMIT]
      try: git agents recover
    1 error
    [status 1]
    ");
    assert_snapshot!(ann.agents(["recover", "--yes"]), @"
       COMMIT      MADE    OPERATIONS  STATE  FROM
    *  [COMMIT]  0s ago           2  whole  agents/cache/state
    refs/agents/state is at [COMMIT] again
    [status 0]
    ");
    assert_eq!(ann.tip(), mine);
    ann.agents(["task", "add", "Two", "--id", "2"]).good();
}

#[test]
fn sync_brings_back_what_was_deleted_with_what_was_never_shared() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here().with_agent("ann");
    sandbox.remote();
    ann.agents(["sync"]).good();
    ann.agents(["task", "add", "One", "--id", "1"]).good();
    ann.git(["update-ref", "-d", "refs/agents/state"]);
    assert_snapshot!(ann.agents(["sync"]), @"
    origin: 1 operation went

    went
      add task 1: One (Ann)
    [stderr]
    refs/agents/state was gone, and was brought back
    [status 0]
    ");
    assert_snapshot!(ann.agents(["task", "list"]), @"
    TASK  STATE  AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    1     open                                      One
    [status 0]
    ");
}

#[test]
fn what_cannot_be_brought_back_is_said() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here().with_agent("ann");
    sandbox.remote();
    ann.agents(["sync"]).good();
    ann.agents(["task", "add", "One", "--id", "1"]).good();
    ann.git(["update-ref", "-d", "refs/agents/state"]);
    ann.git(["gc", "-q", "--prune=now"]);
    assert_snapshot!(ann.agents(["sync"]), @"
    origin: 1 operation came

    came
      add agent ann (Ann)
    [stderr]
    warning: refs/agents/state was gone, and so is [COMMIT], where it was: what was not shared before is lost
    [status 0]
    ");
    assert_snapshot!(ann.agents(["task", "list"]), @"
    no tasks
    [status 0]
    ");
}

#[test]
fn reset_begins_anew_where_the_state_is_gone() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.git(["update-ref", "-d", "refs/agents/state"]);
    assert_snapshot!(sandbox.agents(["reset", "--yes"]), @"
    there was nothing to forget
    [status 0]
    ");
    sandbox.agents(["task", "add", "One", "--id", "1"]).good();
    assert_eq!(sandbox.operations(), 1);
}

#[test]
fn acts_between_two_fetches_of_a_mirror_are_all_brought_back() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here().with_agent("ann");
    sandbox.remote();
    ann.agents(["sync"]).good();
    let mirror = sandbox.clone_with("other", &["--mirror"]);
    mirror.agents(["sync"]).good();
    for id in ["one", "two", "three"] {
        // After a fetch the chain is as it was: the same seed would give the same ids again.
        mirror.run(["task", "add", id, "--id", id]).without("GIT_AGENTS_SEED").output().good();
        mirror.git(["fetch", "-q"]);
    }
    mirror.agents(["task", "add", "four", "--id", "four"]).good();
    assert_snapshot!(mirror.agents(["sync"]), @"
    origin: 4 operations went

    went
      add task four: four (other)
      add task one: one (other)
      add task two: two (other)
      add task three: three (other)
    [stderr]
    warning: a plain git fetch of origin replaces the state here by what is there; git agents sync brings it back
    [status 0]
    ");
    assert_snapshot!(mirror.agents(["sync"]), @"
    origin: nothing new on either side
    [stderr]
    warning: a plain git fetch of origin replaces the state here by what is there; git agents sync brings it back
    [status 0]
    ");
    assert_snapshot!(mirror.agents(["task", "list"]), @"
    TASK   STATE  AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    one    open                                      one
    two    open                                      two
    four   open                                      four
    three  open                                      three
    [status 0]
    ");
}

#[test]
fn what_a_fetch_replaced_and_does_not_hold_any_more_is_told_once() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here().with_agent("ann");
    sandbox.remote();
    ann.agents(["task", "add", "One", "--id", "1"]).good();
    ann.agents(["sync"]).good();
    let mirror = sandbox.clone_with("other", &["--mirror"]);
    mirror.agents(["sync"]).good();
    mirror.agents(["task", "drop", "1"]).good();
    ann.agents(["start", "ann", "1"]).good();
    ann.agents(["sync"]).good();
    mirror.git(["fetch", "-q"]);
    assert_snapshot!(mirror.agents(["sync"]), @"
    origin: 1 operation rejected

    rejected
      drop task 1: task 1 is in-progress: its agent gives it up first
      kept in refs/agents-local/backup/[OPERATION]/state
    [stderr]
    warning: a plain git fetch of origin replaces the state here by what is there; git agents sync brings it back
    [status 1]
    ");
    assert_snapshot!(mirror.agents(["sync"]), @"
    origin: nothing new on either side
    [stderr]
    warning: a plain git fetch of origin replaces the state here by what is there; git agents sync brings it back
    [status 0]
    ");
    mirror.agrees_with(&ann);
}
