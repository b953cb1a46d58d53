//! Words that no command can use: one sentence, the right status, nothing changed.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use insta::assert_snapshot;

use crate::support::Sandbox;

fn long(length: usize) -> String {
    "x".repeat(length)
}

#[test]
fn ids_outside_the_grammar() {
    let sandbox = Sandbox::new();
    let add = |id: &str| sandbox.refused(["task", "add", "T", "--id", id]);
    assert_snapshot!(add("../x"), @r#"
    [stderr]
    error: "../x" cannot be a task's id: '/' is not among a-z, 0-9, '.', '_' and '-'
    [status 2]
    "#);
    assert_snapshot!(add("-x"), @"
    [stderr]
    error: unexpected argument '-x' found

      tip: to pass '-x' as a value, use '-- -x'

    Usage: git agents task add [OPTIONS] <TITLE>

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(add("a b"), @r#"
    [stderr]
    error: "a b" cannot be a task's id: ' ' is not among a-z, 0-9, '.', '_' and '-'
    [status 2]
    "#);
    assert_snapshot!(add("🦀"), @r#"
    [stderr]
    error: "🦀" cannot be a task's id: '🦀' is not among a-z, 0-9, '.', '_' and '-'
    [status 2]
    "#);
    assert_snapshot!(add(""), @r#"
    [stderr]
    error: "" cannot be a task's id: it is empty
    [status 2]
    "#);
    assert_snapshot!(add("a..b"), @r#"
    [stderr]
    error: "a..b" cannot be a task's id: git refuses a ref part with '..', or one that ends with '.' or '.lock'
    [status 2]
    "#);
    assert_snapshot!(add("x.lock"), @r#"
    [stderr]
    error: "x.lock" cannot be a task's id: git refuses a ref part with '..', or one that ends with '.' or '.lock'
    [status 2]
    "#);
    assert_snapshot!(add("a\u{1b}[31m"), @r#"
    [stderr]
    error: "a\u{1b}[31m" cannot be a task's id: '\u{1b}' is not among a-z, 0-9, '.', '_' and '-'
    [status 2]
    "#);
    assert_snapshot!(add(&long(65)), @r#"
    [stderr]
    error: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" cannot be a task's id: it has 65 characters, 64 are the most
    [status 2]
    "#);
    sandbox.agents(["task", "add", "T", "--id", &long(64)]).good();
}

#[test]
fn ids_outside_the_grammar_are_refused_by_every_command_that_takes_one() {
    let sandbox = Sandbox::new();
    sandbox.register(&["ann"]);
    let commands: [&[&str]; 8] = [
        &["task", "show", "../x"],
        &["task", "edit", "../x", "--title", "T"],
        &["task", "drop", "../x"],
        &["task", "block", "../x", "--reason", "r"],
        &["task", "reopen", "../x"],
        &["assign", "ann", "../x", "T"],
        &["assign", "../x", "16", "T"],
        &["findings", "--task", "../x"],
    ];
    for command in commands {
        let output = sandbox.refused(command);
        assert_eq!(output.status, Some(2), "{command:?}\n{output}");
        assert!(output.stderr.starts_with("error: \"../x\" cannot be a"), "{command:?}\n{output}");
    }
}

#[test]
fn titles_that_are_no_line_of_text() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.refused(["task", "add", ""]), @"
    [stderr]
    error: the title cannot be used: it is empty
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["task", "add", " \t "]), @"
    [stderr]
    error: the title cannot be used: it is empty
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["task", "add", "a\nb"]), @r#"
    [stderr]
    error: the title cannot be used: it holds the control character '\n'
    [status 2]
    "#);
    assert_snapshot!(sandbox.refused(["task", "add", "a\u{7}b"]), @r#"
    [stderr]
    error: the title cannot be used: it holds the control character '\u{7}'
    [status 2]
    "#);
    assert_snapshot!(sandbox.refused(["task", "add", &long(501)]), @"
    [stderr]
    error: the title cannot be used: it has 501 bytes, 500 are the most
    [status 2]
    ");
    // The longest that the system passes as one argument.
    assert_snapshot!(sandbox.refused(["task", "add", &long(128 * 1024 - 1)]), @"
    [stderr]
    error: the title cannot be used: it has 131071 bytes, 500 are the most
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["task", "add", "T", "--body", "a\u{1b}]0;x\u{7}"]), @r#"
    [stderr]
    error: the body cannot be used: it holds the control character '\u{1b}'
    [status 2]
    "#);
    sandbox.agents(["task", "add", &long(500)]).good();
}

#[test]
fn arguments_that_are_not_utf_8() {
    let sandbox = Sandbox::new();
    let broken = OsString::from_vec(b"a\xffb".to_vec());
    let words = |list: &[&str]| list.iter().map(OsString::from).chain([broken.clone()]).collect::<Vec<_>>();
    assert_snapshot!(sandbox.refused(words(&["task", "add"])), @"
    [stderr]
    error: invalid UTF-8 was detected in one or more arguments

    Usage: git agents task add [OPTIONS] <TITLE>

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(words(&["task", "show"])), @"
    [stderr]
    error: invalid UTF-8 was detected in one or more arguments

    Usage: git agents task show [OPTIONS] <TASK>

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(words(&["task", "import"])), @"
    [stderr]
    error: a�b cannot be read: No such file or directory (os error 2)
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(words(&["findings", "add", "--severity", "low", "--category"])), @"
    [stderr]
    error: invalid UTF-8 was detected in one or more arguments

    Usage: git agents findings add [OPTIONS] --severity <SEVERITY> --category <CATEGORY> <MESSAGE>

    For more information, try '--help'.
    [status 2]
    ");
    let dir = [OsString::from("-C"), broken.clone(), "task".into(), "list".into()];
    assert_snapshot!(sandbox.refused(dir), @"
    [stderr]
    error: a�b is not a folder
    [status 2]
    ");
    assert_eq!(sandbox.refused(words(&["--json", "task", "add"])).json_error()["code"], "usage");
}

#[test]
fn a_file_whose_name_is_not_utf_8_is_a_file() {
    let sandbox = Sandbox::new();
    let name = OsString::from_vec(b"a\xffb".to_vec());
    std::fs::write(sandbox.repo().join(&name), r#"{"title":"T","id":"1"}"#).unwrap();
    sandbox.agents([OsString::from("task"), "import".into(), name]).good();
}

#[test]
fn commands_and_options_that_do_not_exist() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.refused(["taks"]), @"
    [stderr]
    error: unrecognized subcommand 'taks'

      tip: some similar subcommands exist: 'status', 'task'

    Usage: git agents [OPTIONS] [COMMAND]

    For more information, try '--help'.
    [status 2]
    ");
    // A group of commands answers with what there is.
    let group = sandbox.refused(["task"]);
    assert!(
        group.stderr.contains("\nCommands:\n  add ") && group.stdout.is_empty() && group.status == Some(2),
        "{group}"
    );
    assert_snapshot!(sandbox.refused(["task", "list", "--frobnicate"]), @"
    [stderr]
    error: unexpected argument '--frobnicate' found

    Usage: git agents task list [OPTIONS]

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["task", "list", "--json", "--frobnicate"]), @r#"
    [stderr]
    {"error":{"code":"usage","hints":["git agents -h"],"message":"unexpected argument '--frobnicate' found"},"kind":"error","version":1}
    [status 2]
    "#);
}
