//! `git agents task edit`: what is not named stays.

use insta::assert_snapshot;

use crate::support::{Sandbox, id};

#[test]
fn what_is_named_changes_and_the_rest_stays() {
    let sandbox = Sandbox::new();
    sandbox.agents(["task", "add", "Old", "--id", "1", "--hours", "2", "--label", "x", "--body", "Text"]).good();
    let before = sandbox.state().tasks[&id("1")].clone();
    assert_snapshot!(sandbox.agents(["task", "edit", "1", "--title", "New", "--priority", "low"]), @"
    edited 1: New
    [status 0]
    ");
    let after = sandbox.state().tasks[&id("1")].clone();
    assert_eq!((after.title.as_str(), after.priority.word()), ("New", "low"));
    assert_eq!((&after.hours, &after.labels, &after.body), (&before.hours, &before.labels, &before.body));
}

#[test]
fn dependencies_are_replaced_or_taken_away() {
    let sandbox = Sandbox::new();
    for id in ["1", "2", "3"] {
        sandbox.agents(["task", "add", "T", "--id", id]).good();
    }
    sandbox.agents(["task", "edit", "3", "--after", "2", "--after", "1", "--after", "2"]).good();
    assert_eq!(sandbox.state().tasks[&id("3")].after, [id("1"), id("2")], "each once");
    sandbox.agents(["task", "edit", "3", "--no-after"]).good();
    assert!(sandbox.state().tasks[&id("3")].after.is_empty());
    assert_snapshot!(sandbox.refused(["task", "edit", "3", "--after", "1", "--no-after"]), @"
    [stderr]
    error: the argument '--after <TASK>' cannot be used with '--no-after'

    Usage: git agents task edit --after <TASK> <TASK>

    For more information, try '--help'.
    [status 2]
    ");
}

#[test]
fn a_cycle_is_named() {
    let sandbox = Sandbox::new();
    sandbox.agents(["task", "add", "A", "--id", "a"]).good();
    sandbox.agents(["task", "add", "B", "--id", "b", "--after", "a"]).good();
    sandbox.agents(["task", "add", "C", "--id", "c", "--after", "b"]).good();
    assert_snapshot!(sandbox.refused(["task", "edit", "a", "--after", "c"]), @"
    [stderr]
    error: the tasks would wait for each other: a → c → b → a
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["task", "edit", "a", "--after", "a", "--json"]), @r#"
    [stderr]
    {"error":{"code":"dependency-cycle","hints":[],"message":"the tasks would wait for each other: a → a"},"kind":"error","version":1}
    [status 3]
    "#);
}

#[test]
fn a_cycle_through_closed_tasks_is_a_cycle() {
    let sandbox = Sandbox::new();
    sandbox.agents(["task", "add", "A", "--id", "a"]).good();
    sandbox.agents(["task", "add", "C", "--id", "c", "--after", "a"]).good();
    sandbox.agents(["task", "add", "B", "--id", "b", "--after", "c"]).good();
    sandbox.agents(["task", "drop", "b"]).good();
    sandbox.agents(["task", "drop", "c"]).good();
    // Both can be reopened, and then the three would wait for each other.
    assert_snapshot!(sandbox.refused(["task", "edit", "a", "--after", "b"]), @"
    [stderr]
    error: the tasks would wait for each other: a → b → c → a
    [status 3]
    ");
}

#[test]
fn changes_are_checked() {
    let sandbox = Sandbox::new();
    sandbox.agents(["task", "add", "T", "--id", "1"]).good();
    assert_snapshot!(sandbox.refused(["task", "edit", "1"]), @"
    [stderr]
    error: say what is to be changed
      try: git agents task edit -h
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["task", "edit", "1", "--title", "a\nb"]), @r#"
    [stderr]
    error: the title cannot be used: it holds the control character '\n'
    [status 2]
    "#);
    assert_snapshot!(sandbox.refused(["task", "edit", "2", "--title", "T"]), @"
    [stderr]
    error: there is no task 2
      try: git agents task list
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["task", "edit", "1", "--after", "2"]), @"
    [stderr]
    error: there is no task 2
      try: git agents task list
    [status 3]
    ");
}
