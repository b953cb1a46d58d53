//! `git agents task add`: files one task, all of it or nothing.

use insta::assert_snapshot;

use crate::support::Sandbox;

#[test]
fn a_task_is_filed_with_the_id_it_names() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.agents(["task", "add", "Implement status command", "--id", "16"]), @"
    added 16: Implement status command
    [status 0]
    ");
    assert_snapshot!(sandbox.git(["log", "-1", "--format=%an <%ae> %ad%n%s", "--date=iso", "refs/agents/state"]), @"
    Ann <ann@example.com> 2026-01-05 09:00:00 +0000
    add task 16: Implement status command
    ");
    assert_snapshot!(sandbox.stored(&Sandbox::open_path("16")), @r#"
    {
      "created_at": "2026-01-05T09:00:00Z",
      "id": "16",
      "priority": "medium",
      "state": "open",
      "title": "Implement status command",
      "updated_at": "2026-01-05T09:00:00Z"
    }
    "#);
    assert_snapshot!(sandbox.stored("format.json"), @r#"
    {
      "version": 1
    }
    "#);
    sandbox.fsck();
}

#[test]
fn an_id_is_drawn_when_none_is_named() {
    let sandbox = Sandbox::new();
    let added = sandbox.agents(["task", "add", "One", "--json"]).good().json();
    let id = added["task"]["id"].as_str().unwrap();
    assert!(id.len() == 5 && id.starts_with(|c: char| c.is_ascii_lowercase()), "{id}");
    // The same seed on another state draws another id.
    let other = sandbox.agents(["task", "add", "Two", "--json"]).good().json();
    assert_ne!(other["task"]["id"].as_str(), Some(id));
}

#[test]
fn everything_that_can_be_said_is_kept() {
    let sandbox = Sandbox::new();
    sandbox.agents(["task", "add", "First", "--id", "1"]).good();
    std::fs::write(sandbox.repo().join("body.md"), "Line one\r\n\r\n\tLine two\n\n").unwrap();
    let added = sandbox.agents([
        "task",
        "add",
        "  Ünïcode – title 🦀 ",
        "--id",
        "PROJ-7",
        "--hours",
        "2.5h",
        "--category",
        "backend",
        "--priority",
        "p1",
        "--label",
        "api",
        "--label",
        "Needs review",
        "--path",
        "./src/**/*.rs",
        "--after",
        "#1",
        "--body-file",
        "body.md",
    ]);
    assert_snapshot!(added, @"
    added proj-7: Ünïcode – title 🦀 (2.5h, after 1)
    [status 0]
    ");
    assert_snapshot!(sandbox.stored(&Sandbox::open_path("proj-7")), @r#"
    {
      "after": [
        "1"
      ],
      "body": "Line one\n\n\tLine two",
      "category": "backend",
      "created_at": "2026-01-05T09:00:00Z",
      "hours": 2.5,
      "id": "proj-7",
      "labels": [
        "api",
        "Needs review"
      ],
      "paths": [
        "src/**/*.rs"
      ],
      "priority": "high",
      "state": "open",
      "title": "Ünïcode – title 🦀",
      "updated_at": "2026-01-05T09:00:00Z"
    }
    "#);
}

#[test]
fn the_body_may_come_from_standard_input() {
    let sandbox = Sandbox::new();
    sandbox.run(["task", "add", "T", "--id", "1", "--body-file", "-"]).input("From a pipe\n").output().good();
    assert_eq!(sandbox.state().tasks[&crate::support::id("1")].body, "From a pipe");
    let refused = sandbox
        .unchanged(|| sandbox.run(["task", "add", "T", "--body-file", "-"]).input(b"\xff\xfe".as_slice()).output());
    assert_snapshot!(refused, @"
    [stderr]
    error: standard input is not UTF-8 text
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["task", "add", "T", "--body-file", "no-such-file"]), @"
    [stderr]
    error: no-such-file cannot be read: No such file or directory (os error 2)
    [status 2]
    ");
}

#[test]
fn json_is_one_versioned_object() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.agents(["--json", "task", "add", "Status", "--id", "16", "--hours", "2"]), @r#"
    {
      "changed": true,
      "kind": "task-changed",
      "task": {
        "after": [],
        "created_at": "2026-01-05T09:00:00Z",
        "hours": 2.0,
        "id": "16",
        "paths": [],
        "priority": "medium",
        "ready": true,
        "state": "open",
        "title": "Status",
        "updated_at": "2026-01-05T09:00:00Z"
      },
      "version": 1
    }
    [status 0]
    "#);
}

#[test]
fn an_id_that_is_taken_is_refused_also_when_closed() {
    let sandbox = Sandbox::new();
    sandbox.agents(["task", "add", "Status", "--id", "16"]).good();
    assert_snapshot!(sandbox.refused(["task", "add", "Other", "--id", "16"]), @"
    [stderr]
    error: there is a task 16 already: Status
      try: git agents task show 16
    [status 3]
    ");
    sandbox.agents(["task", "drop", "16"]).good();
    assert_snapshot!(sandbox.refused(["task", "add", "Other", "--id", "16"]), @"
    [stderr]
    error: there is a task 16 already: Status
      try: git agents task show 16
    [status 3]
    ");
}

#[test]
fn what_it_waits_for_must_exist() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.refused(["task", "add", "T", "--after", "nothing"]), @"
    [stderr]
    error: there is no task nothing
      try: git agents task list
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["task", "add", "T", "--after", "../x"]), @r#"
    [stderr]
    error: "../x" cannot be a task's id: '/' is not among a-z, 0-9, '.', '_' and '-'
    [status 2]
    "#);
}

#[test]
fn details_are_checked() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.refused(["task", "add", "T", "--hours", "0"]), @"
    [stderr]
    error: invalid value '0' for '--hours <HOURS>': hours must be a number above 0 and at most 10000

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["task", "add", "T", "--hours", "-1"]), @"
    [stderr]
    error: invalid value '-1' for '--hours <HOURS>': hours must be a number above 0 and at most 10000

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["task", "add", "T", "--hours", "nan"]), @"
    [stderr]
    error: invalid value 'nan' for '--hours <HOURS>': hours must be a number above 0 and at most 10000

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["task", "add", "T", "--priority", "urgent"]), @"
    [stderr]
    error: invalid value 'urgent' for '--priority <PRIORITY>'
      [possible values: critical, high, medium, low]

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["task", "add", "T", "--path", "../outside"]), @r#"
    [stderr]
    error: the path "../outside" must be relative to the top of the repository and stay inside it
    [status 2]
    "#);
    assert_snapshot!(sandbox.refused(["task", "add", "T", "--path", "/etc/passwd"]), @r#"
    [stderr]
    error: the path "/etc/passwd" must be relative to the top of the repository and stay inside it
    [status 2]
    "#);
    assert_snapshot!(sandbox.refused(["task", "add", "T", "--label", " "]), @"
    [stderr]
    error: the label cannot be used: it is empty
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["task", "add", "T", "--body", "x", "--body-file", "README"]), @"
    [stderr]
    error: the argument '--body <TEXT>' cannot be used with '--body-file <FILE>'

    Usage: git agents task add --body <TEXT> <TITLE>

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["task", "add"]), @"
    [stderr]
    error: the following required arguments were not provided:
      <TITLE>

    Usage: git agents task add <TITLE>

    For more information, try '--help'.
    [status 2]
    ");
}
