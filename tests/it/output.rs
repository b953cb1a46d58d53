//! How every command talks: the answer on standard output, the rest on standard error, JSON that machines can rely on.

use insta::assert_snapshot;

use crate::support::Sandbox;

#[test]
fn an_error_in_json_is_one_object_on_standard_error() {
    let sandbox = Sandbox::new();
    sandbox.register(&["ann", "bob"]);
    sandbox.agents(["assign", "bob", "1", "One"]).good();
    let code = |words: &[&str]| {
        let output = sandbox.refused([&["--json"], words].concat());
        let error = output.json_error();
        assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{output}");
        assert!(error["hints"].is_array(), "{output}");
        (error["code"].as_str().unwrap().to_owned(), output.status.unwrap())
    };
    let pair = |code: &str, status: i32| (code.to_owned(), status);
    assert_eq!(code(&["task", "show", "none"]), pair("task-not-found", 3));
    assert_eq!(code(&["assign", "eve", "1"]), pair("agent-not-found", 3));
    assert_eq!(code(&["assign", "ann", "1"]), pair("task-held", 1));
    assert_eq!(code(&["task", "add", "T", "--id", "1"]), pair("task-exists", 3));
    assert_eq!(code(&["task", "add", "T", "--id", "../x"]), pair("usage", 2));
    assert_eq!(code(&["task", "edit", "1", "--after", "1"]), pair("dependency-cycle", 3));
    assert_eq!(code(&["task", "reopen", "1"]), pair("task-state", 3));
    assert_eq!(code(&["fail", "ann", "--reason", "x"]), pair("nothing-in-progress", 3));
    assert_eq!(code(&["task"]), pair("usage", 2));
    assert_eq!(code(&["task", "list", "--state", "odd"]), pair("usage", 2));
}

#[test]
fn a_usage_error_in_json_says_what_is_wrong_in_one_line() {
    let sandbox = Sandbox::new();
    let message = |words: &[&str]| {
        let output = sandbox.refused([&["--json"], words].concat());
        output.json_error()["message"].as_str().unwrap().to_owned()
    };
    assert_snapshot!(message(&["task"]), @"the name of a command is missing");
    assert_snapshot!(message(&["task", "add"]), @"the following required arguments were not provided: <TITLE>");
    assert_snapshot!(message(&["task", "block", "1"]), @"the following required arguments were not provided: --reason <TEXT>");
    assert_snapshot!(message(&["task", "add", "T", "--priority", "urgent"]), @"invalid value 'urgent' for '--priority <PRIORITY>' [possible values: critical, high, medium, low]");
    assert_snapshot!(message(&["task", "list", "--frobnicate"]), @"unexpected argument '--frobnicate' found");
}

#[test]
fn json_is_asked_for_anywhere_on_the_line() {
    let sandbox = Sandbox::new();
    for line in [["--json", "task", "list"], ["task", "--json", "list"], ["task", "list", "--json"]] {
        assert_eq!(sandbox.agents(line).good().json()["kind"], "task-list");
    }
    // What stands behind `--` is text.
    assert!(sandbox.refused(["task", "show", "--", "--json"]).stderr.starts_with("error: "));
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let sandbox = Sandbox::new();
    for n in 0..30 {
        sandbox.direct(["task", "add", &format!("{n} {}", "x".repeat(400))]).output().good();
    }
    for words in [&["task", "list"][..], &["task", "list", "--json"], &["log"], &["-h"], &["--version"]] {
        let output = sandbox.direct(words).into_closed_pipe();
        assert_eq!((output.status, output.stderr.as_str()), (Some(0), ""), "{words:?}");
    }
    // What was asked for is done all the same.
    sandbox.direct(["task", "add", "Last", "--id", "last"]).into_closed_pipe().good();
    assert_eq!(sandbox.operations(), 31);
}

#[test]
fn a_full_disk_behind_standard_output_is_an_error() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(Sandbox::binary());
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command.args(["task", "list"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: standard output: "));
}

#[test]
fn colour_is_for_terminals_or_on_demand() {
    let sandbox = Sandbox::new();
    sandbox.agents(["task", "add", "T", "--id", "1"]).good();
    assert!(!sandbox.run(["task", "list"]).without("NO_COLOR").output().good().stdout.contains('\u{1b}'));
    assert!(sandbox.agents(["task", "list", "--color", "always"]).good().stdout.contains('\u{1b}'));
    assert!(!sandbox.agents(["task", "list", "--color", "always", "--json"]).good().stdout.contains('\u{1b}'));
}

#[test]
fn the_version_is_one_line() {
    let sandbox = Sandbox::new();
    let version = format!("git-agents {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(sandbox.agents(["--version"]).good().stdout, version);
    assert_eq!(sandbox.direct(["-V"]).dir("/").output().good().stdout, version);
}

#[test]
fn help_is_an_answer() {
    let sandbox = Sandbox::new();
    let help = sandbox.agents(["task", "-h"]).good();
    assert!(help.stdout.starts_with("File, list, change and drop tasks"), "{help}");
    let help = sandbox.agents(["task", "show", "-h"]).good();
    assert!(help.stdout.contains("\nUsage: git agents task show [OPTIONS] <TASK>\n"), "{help}");
}
