//! `git agents findings import`: an array or lines, all or none.

use insta::assert_snapshot;

use crate::support::{Output, Sandbox};

const LINES: &str = r#"{"severity":"high","category":"bug","message":"Overflow","file":"src/a.rs","line":3,"end_line":5}
{"severity":"info","category":"note","description":"Nice"}
"#;

fn refused(sandbox: &Sandbox, text: impl Into<Vec<u8>>) -> Output {
    sandbox.unchanged(|| sandbox.run(["findings", "import", "-"]).input(text).output())
}

#[test]
fn lines_and_arrays_are_one_operation() {
    let sandbox = Sandbox::new();
    let imported = sandbox.run(["findings", "import", "-", "--json"]).input(LINES).output().good().json();
    assert_eq!(imported["ids"].as_array().unwrap().len(), 2);
    let array = format!("[{}]", LINES.trim().replace('\n', ","));
    std::fs::write(sandbox.repo().join("findings.json"), array).unwrap();
    assert_snapshot!(sandbox.agents(["findings", "import", "findings.json"]), @"
    imported 2 findings
    [status 0]
    ");
    assert_eq!((sandbox.operations(), sandbox.state().findings.len()), (2, 4));
}

#[test]
fn one_bad_finding_stops_all_of_them() {
    let sandbox = Sandbox::new();
    let with = |line: &str| format!("{LINES}{line}\n");
    assert_snapshot!(refused(&sandbox, with("{")), @"
    [stderr]
    error: line 3: EOF while parsing an object at line 1 column 1; nothing was imported
    [status 2]
    ");
    assert_snapshot!(refused(&sandbox, with(r#"{"severity":"bad","category":"c","message":"m"}"#)), @"
    [stderr]
    error: line 3: unknown variant `bad`, expected one of `info`, `low`, `medium`, `high`, `critical` at line 1 column 17; nothing was imported
    [status 2]
    ");
    assert_snapshot!(refused(&sandbox, with(r#"{"severity":"low","category":"c"}"#)), @"
    [stderr]
    error: line 3: missing field `message` at line 1 column 33; nothing was imported
    [status 2]
    ");
    assert_snapshot!(refused(&sandbox, with(r#"{"severity":"low","category":"c","message":"m","row":1}"#)), @"
    [stderr]
    error: line 3: unknown field `row`, expected one of `severity`, `category`, `description`, `message`, `file`, `line`, `end_line`, `agent`, `task`, `commit` at line 1 column 52; nothing was imported
    [status 2]
    ");
    assert_snapshot!(refused(&sandbox, with(r#"{"severity":"low","category":"c","message":"m","line":1}"#)), @"
    [stderr]
    error: finding 3: a line needs a file; nothing was imported
    [status 2]
    ");
    assert_snapshot!(refused(&sandbox, with(r#"{"severity":"low","category":"c","message":"m","file":"a","line":0}"#)), @"
    [stderr]
    error: finding 3: lines are written N or N-M, from 1 and upwards; nothing was imported
    [status 2]
    ");
    assert_snapshot!(refused(&sandbox, with(r#"{"severity":"low","category":"c","message":"m","file":"../a"}"#)), @r#"
    [stderr]
    error: finding 3: the file "../a" must be inside the repository; nothing was imported
    [status 2]
    "#);
    assert_snapshot!(refused(&sandbox, with(r#"{"severity":"low","category":"c","message":"m","agent":"eve"}"#)), @"
    [stderr]
    error: finding 3: there is no agent eve; nothing was imported
      try: git agents agent list
      try: git agents init --agents 3
    [status 3]
    ");
    assert_snapshot!(refused(&sandbox, with(r#"{"severity":"low","category":"c","message":"m","task":"1"}"#)), @"
    [stderr]
    error: finding 3: there is no task 1; nothing was imported
      try: git agents task list
    [status 3]
    ");
    assert_snapshot!(refused(&sandbox, with(r#"{"severity":"low","category":"c","message":"m","commit":"HEAD"}"#)), @r#"
    [stderr]
    error: line 3: "HEAD" is not a full object id at line 1 column 63; nothing was imported
    [status 2]
    "#);
    assert_snapshot!(refused(&sandbox, with("{\"severity\":\"low\",\"category\":\"c\",\"message\":\"\0\"}")), @r#"
    [stderr]
    error: line 3: control character (\u0000-\u001F) found while parsing a string at line 1 column 45; nothing was imported
    [status 2]
    "#);
    assert_snapshot!(refused(&sandbox, "[{]"), @"
    [stderr]
    error: key must be a string at line 1 column 3; nothing was imported
    [status 2]
    ");
    assert_snapshot!(refused(&sandbox, "[]"), @"
    [stderr]
    error: there is nothing to import: a JSON array or one JSON object a line is wanted
    [status 2]
    ");
    assert_snapshot!(refused(&sandbox, ""), @"
    [stderr]
    error: there is nothing to import: a JSON array or one JSON object a line is wanted
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["findings", "import"]), @"
    [stderr]
    error: the following required arguments were not provided:
      <FILE>

    Usage: git agents findings import <FILE>

    For more information, try '--help'.
    [status 2]
    ");
}
