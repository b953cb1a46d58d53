//! `git agents conflicts` in its other forms: the matrix, against the target only, all branches, watching.

use std::io::{BufRead, BufReader};

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{Sandbox, lines};

/// ann and bob collide, cam is apart from both, and dan's branch is nobody's.
fn at_work() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob", "cam"]);
    sandbox.commit_as("ann", "lines", &lines(5, "ann"));
    sandbox.write_as("bob", "lines", &lines(5, "bob"));
    sandbox.commit_as("cam", "new", "cam\n");
    sandbox.git(["branch", "dan", "agents/cam"]);
    sandbox.git(["branch", "landed", "main"]);
    sandbox
}

#[test]
fn a_matrix() {
    let sandbox = at_work();
    assert_snapshot!(sandbox.agents(["conflicts", "--format", "matrix"]), @r#"
      T 123
    1 . \X.  ann
    2 . X\.  bob
    3 . ..\  cam

    T is main; X conflict, o both change a file, ? unknown, - stacked, . apart
    3 branches, 3 pairs: 1 conflict
    [status 1]
    "#);
    // About one branch too it has a place for every pair.
    assert_snapshot!(sandbox.agents(["conflicts", "cam", "--format", "matrix"]), @r#"
      T 123
    1 . \..  cam
    2 . .\X  ann
    3 . .X\  bob

    T is main; X conflict, o both change a file, ? unknown, - stacked, . apart
    3 branches, 3 pairs: 1 conflict
    [status 1]
    "#);
    let error = sandbox.agents(["conflicts", "nobody", "--format=json"]).json_error();
    assert_eq!(error["code"], "not-found", "{error:#}");
    let json = sandbox.agents(["conflicts", "--format=json"]).json();
    assert_eq!(json, sandbox.agents(["conflicts", "--json"]).json());
    assert_eq!(json["pairs"][0]["paths"][0]["uncommitted"], serde_json::json!(["bob"]));
}

#[test]
fn against_the_target_only() {
    let sandbox = at_work();
    sandbox.commit("lines", &lines(5, "main"), "main moves on");
    assert_snapshot!(sandbox.agents(["conflicts", "--with-target"]), @"
    conflict  ann
      lines  content  lines: main 5; ann 5
    conflict  bob
      lines  content  lines: main 5; bob 5  not committed by bob
    clean     cam

    3 branches on main: 2 conflicts with the target
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["conflicts", "--with-target", "cam"]), @"
    clean     cam

    1 branch on main: nothing collides
    [status 0]
    ");
    let json = sandbox.agents(["conflicts", "--with-target", "--json"]).json();
    assert_eq!(json["pairs"], serde_json::json!([]));
}

#[test]
fn every_branch_that_is_not_merged() {
    let sandbox = at_work();
    assert_snapshot!(sandbox.agents(["conflicts", "--all-branches", "--format=matrix"]), @r#"
      T 1234
    1 . \X..  ann
    2 . X\..  bob
    3 . ..\.  cam
    4 . ...\  dan

    T is main; X conflict, o both change a file, ? unknown, - stacked, . apart
    4 branches, 6 pairs: 1 conflict
    [status 1]
    "#);
    let json = sandbox.agents(["conflicts", "dan", "--all-branches", "--json"]).json();
    assert_eq!(json["summary"]["pairs"], 3, "{json:#}");
}

#[test]
fn what_contradicts_is_a_usage_error() {
    let sandbox = at_work();
    for args in [
        &["--direct", "--with-target"][..],
        &["--path", "x", "--format", "matrix"],
        &["--with-target", "--format", "matrix"],
        &["--interval", "5"],
        &["--watch", "--interval", "0"],
        &["--near", "many"],
    ] {
        let answer = sandbox.agents(["conflicts"].into_iter().chain(args.iter().copied()));
        assert_eq!(answer.status, Some(2), "{args:?}: {answer}");
    }
}

#[test]
fn watching_answers_whenever_the_answer_is_another() {
    let sandbox = at_work();
    let mut watch = sandbox.direct(["conflicts", "--watch", "--interval", "1", "--json"]).spawn();
    let mut answers = BufReader::new(watch.stdout.take().unwrap())
        .lines()
        .map(|line| -> Value { serde_json::from_str(&line.unwrap()).unwrap() });
    assert_eq!(answers.next().unwrap()["summary"]["conflicting"], 1);
    sandbox.write_as("bob", "lines", &lines(15, "bob"));
    assert_eq!(answers.next().unwrap()["summary"]["conflicting"], 0);
    sandbox.write_as("cam", "lines", &lines(15, "cam"));
    assert_eq!(answers.next().unwrap()["summary"]["conflicting"], 1);
    watch.kill().unwrap();
    watch.wait().unwrap();
}
