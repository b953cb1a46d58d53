//! `git agents fail`: giving up, with the reason for whoever is next.

use insta::assert_snapshot;

use crate::support::{Sandbox, id};

fn at_work() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.register(&["ann", "bob"]);
    sandbox.agents(["assign", "ann", "1", "One"]).good();
    sandbox.start("ann", "1");
    sandbox
}

#[test]
fn the_reason_stays_with_the_task() {
    let sandbox = at_work();
    assert_snapshot!(sandbox.agents(["fail", "ann", "--reason", "Needs a key"]), @"
    ann gave up 1: One
    [status 0]
    ");
    let task = &sandbox.state().tasks[&id("1")];
    assert_eq!((task.state.word(), task.reason.as_deref()), ("failed", Some("Needs a key")));
    assert_snapshot!(sandbox.agents(["task", "show", "1"]), @"
    1 One
      state:     failed
      agent:     ann
      priority:  medium
      reason:    Needs a key
      filed:     0s ago

      ann on agents/ann: failed, 0s
    [status 0]
    ");
}

#[test]
fn in_its_worktree_the_agent_is_known() {
    let sandbox = at_work();
    let worktree = sandbox.worktree("ann");
    sandbox.run(["fail", "--reason", "x"]).dir(&worktree).output().good();
    assert_eq!(sandbox.state().tasks[&id("1")].state.word(), "failed");
}

#[test]
fn there_must_be_something_to_give_up() {
    let sandbox = at_work();
    assert_snapshot!(sandbox.refused(["fail", "bob", "--reason", "x"]), @"
    [stderr]
    error: bob has no task in progress
      try: git agents start bob
      try: git agents task list --agent bob
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["fail", "eve", "--reason", "x"]), @"
    [stderr]
    error: there is no agent eve
      try: git agents agent list
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["fail", "ann"]), @"
    [stderr]
    error: the following required arguments were not provided:
      --reason <TEXT>

    Usage: git agents fail --reason <TEXT> <AGENT>

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["fail", "ann", "--reason", "\n"]), @"
    [stderr]
    error: the reason cannot be used: it is empty
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["fail", "--reason", "x"]), @"
    [stderr]
    error: say which agent: this is not the worktree of one
      try: git agents agent list
    [status 2]
    ");
}
