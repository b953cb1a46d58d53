//! `git agents task import`: many tasks as one operation, all or none.

use insta::assert_snapshot;

use crate::support::{Output, Sandbox};

const GOOD: &str = r#"
{"title": "Design", "id": "1", "hours": 1.5, "priority": "high", "labels": ["plan"], "paths": ["docs/"]}
{"title": "Build", "id": "2", "after": ["1"], "body": "All of it.", "category": "code"}

{"title": "Old idea", "state": "dropped"}
"#;

fn import(sandbox: &Sandbox, text: impl Into<Vec<u8>>) -> Output {
    sandbox.run(["task", "import"]).input(text).output()
}

fn refused(sandbox: &Sandbox, text: impl Into<Vec<u8>>) -> Output {
    sandbox.unchanged(|| import(sandbox, text))
}

#[test]
fn lines_become_tasks_in_one_operation() {
    let sandbox = Sandbox::new();
    assert_snapshot!(import(&sandbox, GOOD), @"
    imported 3 tasks: 1, 2, k75gk
    [status 0]
    ");
    assert_eq!(sandbox.operations(), 1);
    assert_snapshot!(sandbox.agents(["task", "list", "--all"]), @"
    TASK   STATE    AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    1      open             1.5h  high                 Design
    2      waiting                          1          Build
    k75gk  dropped                                     Old idea
    [status 0]
    ");
    assert_eq!(sandbox.state().tally.dropped, 1);
    sandbox.fsck();
}

#[test]
fn a_file_is_found_from_where_we_are_told_to_be() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.repo().join("tasks.jsonl"), GOOD).unwrap();
    assert_snapshot!(sandbox.agents(["task", "import", "tasks.jsonl", "--json"]), @r#"
    {
      "ids": [
        "1",
        "2",
        "k75gk"
      ],
      "kind": "changed",
      "version": 1
    }
    [status 0]
    "#);
    let elsewhere = Sandbox::new();
    std::fs::write(elsewhere.repo().join("tasks.jsonl"), GOOD).unwrap();
    let path = elsewhere.repo().to_str().unwrap();
    elsewhere.run(["-C", path, "task", "import", "tasks.jsonl"]).dir(elsewhere.root()).output().good();
    assert_eq!(elsewhere.state().tasks.len(), 3);
}

#[test]
fn tasks_of_one_import_may_wait_for_each_other_in_any_order() {
    let sandbox = Sandbox::new();
    let text = r#"{"title":"B","id":"b","after":["a"]}
{"title":"A","id":"a"}"#;
    import(&sandbox, text).good();
    assert_eq!(sandbox.state().tasks.len(), 2);
}

#[test]
fn one_bad_line_stops_all_of_it() {
    let sandbox = Sandbox::new();
    let with = |line: &str| format!("{GOOD}{line}\n");
    assert_snapshot!(refused(&sandbox, with("{")), @"
    [stderr]
    error: line 6: EOF while parsing an object at line 1 column 1; nothing was imported
    [status 2]
    ");
    assert_snapshot!(refused(&sandbox, with("[]")), @"
    [stderr]
    error: line 6: invalid length 0, expected struct Line with 10 elements at line 1 column 2; nothing was imported
    [status 2]
    ");
    assert_snapshot!(refused(&sandbox, with("{}")), @"
    [stderr]
    error: line 6: missing field `title` at line 1 column 2; nothing was imported
    [status 2]
    ");
    assert_snapshot!(refused(&sandbox, with(r#"{"title":"T","hour":1}"#)), @"
    [stderr]
    error: line 6: unknown field `hour`, expected one of `title`, `id`, `body`, `hours`, `category`, `priority`, `labels`, `paths`, `after`, `state` at line 1 column 19; nothing was imported
    [status 2]
    ");
    assert_snapshot!(refused(&sandbox, with(r#"{"title":"T","hours":-1}"#)), @"
    [stderr]
    error: line 6: hours must be a number above 0 and at most 10000 at line 1 column 24; nothing was imported
    [status 2]
    ");
    assert_snapshot!(refused(&sandbox, with(r#"{"title":"T","state":"landed"}"#)), @"
    [stderr]
    error: line 6: unknown variant `landed`, expected `open` or `dropped` at line 1 column 29; nothing was imported
    [status 2]
    ");
    assert_snapshot!(refused(&sandbox, with(r#"{"title":"T","id":"../x"}"#)), @r#"
    [stderr]
    error: line 6: "../x" cannot be a task's id: '/' is not among a-z, 0-9, '.', '_' and '-'; nothing was imported
    [status 2]
    "#);
    assert_snapshot!(refused(&sandbox, with(r#"{"title":"T","paths":["a/../../b"]}"#)), @r#"
    [stderr]
    error: line 6: the path "a/../../b" must be relative to the top of the repository and stay inside it; nothing was imported
    [status 2]
    "#);
    assert_snapshot!(refused(&sandbox, with(r#"{"title":"T\u0000"}"#)), @r#"
    [stderr]
    error: line 6: the title cannot be used: it holds the control character '\0'; nothing was imported
    [status 2]
    "#);
    assert_snapshot!(refused(&sandbox, with(r#"{"title":"T","body":"\u001b[2J"}"#)), @r#"
    [stderr]
    error: line 6: the body cannot be used: it holds the control character '\u{1b}'; nothing was imported
    [status 2]
    "#);
    assert_snapshot!(refused(&sandbox, with(r#"{"title":"T","after":["none"]}"#)), @"
    [stderr]
    error: task licnd is after none, and there is no task none
      try: git agents task list --all
    [status 3]
    ");
    assert_snapshot!(refused(&sandbox, with(r#"{"title":"T","id":"1"}"#)), @"
    [stderr]
    error: there is a task 1 already: Design
      try: git agents task show 1
    [status 3]
    ");
}

#[test]
fn a_cycle_is_named() {
    let sandbox = Sandbox::new();
    let text = r#"{"title":"A","id":"a","after":["c"]}
{"title":"B","id":"b","after":["a"]}
{"title":"C","id":"c","after":["b"]}"#;
    assert_snapshot!(refused(&sandbox, text), @"
    [stderr]
    error: the tasks would wait for each other: a → c → b → a
    [status 3]
    ");
    assert_snapshot!(refused(&sandbox, r#"{"title":"A","id":"a","after":["a"]}"#), @"
    [stderr]
    error: the tasks would wait for each other: a → a
    [status 3]
    ");
}

#[test]
fn what_is_no_text_is_refused() {
    let sandbox = Sandbox::new();
    assert_snapshot!(refused(&sandbox, ""), @"
    [stderr]
    error: there is nothing to import: one JSON object a line is wanted
    [status 2]
    ");
    assert_snapshot!(refused(&sandbox, b"{\"title\": \"a\xff\"}".as_slice()), @"
    [stderr]
    error: standard input is not UTF-8 text
    [status 2]
    ");
    assert_snapshot!(refused(&sandbox, b"{\"title\": \"a\0b\"}".as_slice()), @r#"
    [stderr]
    error: line 1: control character (\u0000-\u001F) found while parsing a string at line 1 column 13; nothing was imported
    [status 2]
    "#);
    let long = format!(r#"{{"title": "{}"}}"#, "x".repeat(1024 * 1024));
    assert_snapshot!(refused(&sandbox, long), @"
    [stderr]
    error: line 1: the title cannot be used: it has 1048576 bytes, 500 are the most; nothing was imported
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["task", "import", "no-such-file"]), @"
    [stderr]
    error: no-such-file cannot be read: No such file or directory (os error 2)
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["task", "import", "."]), @"
    [stderr]
    error: . cannot be read: Is a directory (os error 21)
    [status 2]
    ");
}

#[test]
fn a_long_chain_is_no_trouble() {
    let sandbox = Sandbox::new();
    let line = |n: usize| format!("{{\"title\":\"T\",\"id\":\"{n}\",\"after\":[\"{}\"]}}\n", n + 1);
    let text: String = (0..3000).map(line).chain([r#"{"title":"Last","id":"3000"}"#.to_owned()]).collect();
    import(&sandbox, text).good();
    assert_eq!((sandbox.operations(), sandbox.state().tasks.len()), (1, 3001));
}
