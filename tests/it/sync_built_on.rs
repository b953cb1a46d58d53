//! What was built on something that another clone has otherwise goes with it, and what both made alike is one.

use insta::assert_snapshot;

use crate::support::{Clone, Sandbox};

/// Ann and bob, each in a clone, with an agent each that both know; bob synchronises when he says so.
fn two(sandbox: &Sandbox) -> (Clone<'_>, Clone<'_>) {
    let ann = sandbox.here();
    ann.agents(["init", "ann", "bob"]).good();
    sandbox.remote();
    ann.agents(["sync"]).good();
    let bob = sandbox.clone("bob");
    bob.git(["config", "agents.sync", "manual"]);
    bob.agents(["sync"]).good();
    bob.agents(["init", "bob"]).good();
    (ann, bob)
}

#[test]
fn what_was_done_for_another_task_of_the_same_id_is_not_done_for_theirs() {
    let sandbox = Sandbox::new();
    let (ann, bob) = two(&sandbox);
    bob.agents(["task", "add", "Write the README", "--id", "3"]).good();
    bob.agents(["task", "add", "Print the README", "--id", "5", "--after", "3"]).good();
    bob.agents(["task", "add", "Something else", "--id", "6"]).good();
    bob.agents(["task", "edit", "6", "--after", "5"]).good();
    bob.agents(["task", "edit", "6", "--priority", "high"]).good();
    bob.agents(["start", "bob", "3"]).good();
    bob.agents(["findings", "add", "Of the README", "--severity", "low", "--category", "c"]).good();
    bob.agents(["complete", "bob", "--allow-empty"]).good();
    ann.agents(["task", "add", "Fix the security hole", "--id", "3"]).good();
    ann.agents(["sync"]).good();
    let before = bob.tip();
    assert_snapshot!(bob.agents(["sync"]), @"
    origin: 1 operation came, 3 operations went, 5 operations rejected

    came
      add task 3: Fix the security hole (Ann)

    went
      add task 6: Something else (bob)
      edit task 6 (bob)
      add low finding boq3t: Of the README (bob)

    rejected
      add task 3: Write the README: there is a task 3 already: Fix the security hole
      add task 5: Print the README: task 3 here was another one: add task 3: Write the README
      edit task 6: task 5 was made by what does not hold either: add task 5: Print the README
      bob starts 3: task 3 here was another one: add task 3: Write the README
      bob completes 3 (0 files): task 3 here was another one: add task 3: Write the README
      kept in refs/agents-local/backup/[OPERATION]/state
    [status 1]
    ");
    assert_snapshot!(bob.agents(["task", "list"]), @"
    TASK  STATE  AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    6     open                 high                 Something else
    3     open                                      Fix the security hole
    [status 0]
    ");
    // Nothing is lost.
    let backup = bob.git(["for-each-ref", "--format=%(objectname)", "refs/agents-local/backup/*/state"]);
    assert_eq!(backup, before);
    // From now on it is theirs that is meant.
    bob.agents(["start", "bob", "3"]).good();
    bob.agents(["complete", "bob", "--allow-empty"]).good();
    bob.agents(["sync"]).good();
    ann.agents(["sync"]).good();
    ann.agrees_with(&bob);
    assert_eq!(ann.agents(["task", "show", "3", "--json"]).json()["task"]["state"], "completed");
}

#[test]
fn a_task_that_is_dropped_is_the_own_one() {
    let sandbox = Sandbox::new();
    let (ann, bob) = two(&sandbox);
    ann.agents(["task", "add", "Keep me", "--id", "4"]).good();
    bob.agents(["task", "add", "Junk", "--id", "4"]).good();
    bob.agents(["task", "drop", "4"]).good();
    bob.agents(["task", "reopen", "4"]).good();
    bob.agents(["undo"]).good();
    ann.agents(["sync"]).good();
    assert_snapshot!(bob.agents(["sync"]), @"
    origin: 1 operation came, 4 operations rejected

    came
      add task 4: Keep me (Ann)

    rejected
      add task 4: Junk: there is a task 4 already: Keep me
      drop task 4: task 4 here was another one: add task 4: Junk
      reopen task 4: task 4 here was another one: add task 4: Junk
      undo: reopen task 4: task 4 here was another one: add task 4: Junk
      kept in refs/agents-local/backup/[OPERATION]/state
    [status 1]
    ");
    assert_eq!(bob.agents(["task", "show", "4", "--json"]).json()["task"]["state"], "open");
    bob.agrees_with(&ann);
}

#[test]
fn of_several_that_were_filed_together_none_is_there() {
    let sandbox = Sandbox::new();
    let (ann, bob) = two(&sandbox);
    let list = sandbox.root().join("list.jsonl");
    let task = |id, title| format!("{{\"id\": \"{id}\", \"title\": \"{title}\"}}\n");
    std::fs::write(&list, task("a", "Ours") + &task("b", "Ours") + &task("c", "Same")).unwrap();
    bob.agents(["task", "import", list.to_str().unwrap()]).good();
    bob.agents(["assign", "bob", "b"]).good();
    bob.agents(["assign", "bob", "c"]).good();
    ann.agents(["task", "add", "Theirs", "--id", "a"]).good();
    ann.agents(["task", "add", "Same", "--id", "c"]).good();
    ann.agents(["sync"]).good();
    assert_snapshot!(bob.agents(["sync"]), @"
    origin: 2 operations came, 1 operation went, 2 operations rejected

    came
      add task c: Same (Ann)
      add task a: Theirs (Ann)

    went
      assign c to bob (bob)

    rejected
      add tasks a, b and c: there is a task a already: Theirs
      assign b to bob: task b was made by what does not hold either: add tasks a, b and c
      kept in refs/agents-local/backup/[OPERATION]/state
    [status 1]
    ");
}

#[test]
fn another_agent_of_the_same_name_did_nothing_of_it() {
    let sandbox = Sandbox::new();
    let (ann, bob) = two(&sandbox);
    bob.agents(["agent", "add", "eva", "--branch", "evas", "--no-worktree"]).good();
    for id in ["1", "2"] {
        bob.agents(["task", "add", "T", "--id", id]).good();
    }
    bob.agents(["start", "eva", "1"]).good();
    bob.agents(["claim", "eva", "src"]).good();
    bob.agents(["assign", "bob", "2"]).good();
    ann.agents(["agent", "add", "eva", "--no-worktree"]).good();
    ann.agents(["sync"]).good();
    assert_snapshot!(bob.agents(["sync"]), @"
    origin: 1 operation came, 3 operations went, 3 operations rejected

    came
      add agent eva (Ann)

    went
      add task 1: T (bob)
      add task 2: T (bob)
      assign 2 to bob (bob)

    rejected
      add agent eva: there is an agent eva already
      eva starts 1: agent eva here was another one: add agent eva
      eva claims path src: agent eva here was another one: add agent eva
      kept in refs/agents-local/backup/[OPERATION]/state
    [status 1]
    ");
    assert_snapshot!(bob.agents(["task", "list"]), @"
    TASK  STATE     AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    2     assigned  bob                                T
    1     open                                         T
    [status 0]
    ");
}

#[test]
fn a_claim_that_does_not_hold_is_not_released_for_who_has_it() {
    let sandbox = Sandbox::new();
    let (ann, bob) = two(&sandbox);
    bob.agents(["claim", "bob", "src", "doc", "--exclusive"]).good();
    bob.agents(["claim", "bob", "etc"]).good();
    bob.agents(["release", "bob", "--all"]).good();
    // Bob's, by somebody who acts for him here.
    ann.agents(["claim", "ann", "doc"]).good();
    ann.agents(["claim", "bob", "src"]).good();
    ann.agents(["sync"]).good();
    assert_snapshot!(bob.agents(["sync"]), @"
    origin: 2 operations came, 2 operations went, 1 operation rejected

    came
      bob claims path src (Ann)
      ann claims path doc (Ann)

    went
      bob claims path etc (bob)
      bob releases path etc (bob)

    rejected
      bob claims paths src and doc: doc is claimed by ann
      kept in refs/agents-local/backup/[OPERATION]/state
    [status 1]
    ");
    assert_snapshot!(bob.agents(["claims"]), @"
    PATH  AGENT  CLAIM   TASK  ENDS IN  REASON
    doc   ann    shared          2h 0m
    src   bob    shared          2h 0m
    [status 0]
    ");
}

#[test]
fn what_both_clones_made_alike_is_one() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here();
    sandbox.remote();
    let bob = sandbox.clone("bob");
    for clone in [&ann, &bob] {
        clone.agents(["init", "ann", "bob"]).good();
        clone.agents(["task", "add", "Same", "--id", "1", "--priority", "high"]).good();
        clone.agents(["task", "add", "Same", "--id", "2", "--after", "1"]).good();
    }
    ann.agents(["assign", "ann", "3", "By hand"]).good();
    bob.agents(["task", "edit", "2", "--priority", "low"]).good();
    bob.agents(["assign", "bob", "3", "By hand"]).good();
    bob.agents(["assign", "bob", "1"]).good();
    ann.agents(["sync"]).good();
    assert_snapshot!(bob.agents(["sync"]), @"
    origin: 4 operations came, 2 operations went, 1 operation rejected

    came
      assign 3 to ann: By hand (Ann)
      add task 2: Same (Ann)
      add task 1: Same (Ann)
      add agents ann and bob (Ann)

    went
      edit task 2 (bob)
      assign 1 to bob (bob)

    rejected
      assign 3 to bob: By hand: task 3 is held by ann since 2026-01-05 09:00 UTC (assigned)
      kept in refs/agents-local/backup/[OPERATION]/state
    [status 1]
    ");
    ann.agents(["sync"]).good();
    ann.agrees_with(&bob);
    assert_snapshot!(ann.agents(["task", "list"]), @"
    TASK  STATE     AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    1     assigned  bob           high                 Same
    3     assigned  ann                                By hand
    2     waiting                 low       1          Same
    [status 0]
    ");
    assert_snapshot!(bob.agents(["doctor"]), @"
    warning: rejected by what others did first: assign 3 to bob: By hand: task 3 is held by ann since 2026-01-05 09:00 UTC (assigned)
      try: git agents sync --acknowledge
    1 warning
    [status 1]
    ");
}
