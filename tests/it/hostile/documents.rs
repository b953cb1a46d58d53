//! A document each that breaks one rule: it is named, left out, and everything else works.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{Clone, task};
use crate::support::Sandbox;

/// Task 2 as somebody else has written it, and what comes of that.
fn second_task(content: &[u8]) -> String {
    let clone = Clone::new();
    clone.attack(&[("100644", &Sandbox::open_path("2"), content)]);
    clone.outcome()
}

fn told(cases: &[(&str, Value)]) -> String {
    let one = |(name, change): &(&str, Value)| format!("{name}\n{}", second_task(&task("2", change)));
    cases.iter().map(one).collect()
}

#[test]
fn paths() {
    let cases =
        ["/etc/passwd", "../x", ".git/hooks/pre-commit", "-rf", "C:\\Windows", "\\\\server\\x", "a\0b", "a\u{202e}b"];
    let cases = cases.map(|path| (path.escape_debug().to_string(), json!({ "paths": [path] })));
    let cases: Vec<(&str, Value)> = cases.iter().map(|(name, change)| (name.as_str(), change.clone())).collect();
    assert_snapshot!(told(&cases), @r#"
    /etc/passwd
    quarantined tasks/open/5/2.json: the path "/etc/passwd" cannot be used: it is absolute
    warning: tasks/open/5/2.json is damaged and left out: the path "/etc/passwd" cannot be used: it is absolute
    ../x
    quarantined tasks/open/5/2.json: the path "../x" cannot be used: it leads out of the repository
    warning: tasks/open/5/2.json is damaged and left out: the path "../x" cannot be used: it leads out of the repository
    .git/hooks/pre-commit
    quarantined tasks/open/5/2.json: the path ".git/hooks/pre-commit" cannot be used: it leads into .git
    warning: tasks/open/5/2.json is damaged and left out: the path ".git/hooks/pre-commit" cannot be used: it leads into .git
    -rf
    quarantined tasks/open/5/2.json: the path "-rf" cannot be used: it looks like an option
    warning: tasks/open/5/2.json is damaged and left out: the path "-rf" cannot be used: it looks like an option
    C:\\Windows
    quarantined tasks/open/5/2.json: the path "C:\\Windows" cannot be used: it is absolute
    warning: tasks/open/5/2.json is damaged and left out: the path "C:\\Windows" cannot be used: it is absolute
    \\\\server\\x
    quarantined tasks/open/5/2.json: the path "\\\\server\\x" cannot be used: it is absolute
    warning: tasks/open/5/2.json is damaged and left out: the path "\\\\server\\x" cannot be used: it is absolute
    a\0b
    quarantined tasks/open/5/2.json: the path "a\0b" cannot be used: it holds '\0'
    warning: tasks/open/5/2.json is damaged and left out: the path "a\0b" cannot be used: it holds '\0'
    a\u{202e}b
    quarantined tasks/open/5/2.json: the path "a\u{202e}b" cannot be used: it holds '\u{202e}'
    warning: tasks/open/5/2.json is damaged and left out: the path "a\u{202e}b" cannot be used: it holds '\u{202e}'
    "#);
}

#[test]
fn numbers_and_dates() {
    assert_snapshot!(told(&[
        ("negative hours", json!({ "hours": -1 })),
        ("hours without end", json!({ "hours": 1e308 })),
        ("before git", json!({ "created_at": "1823-01-01T00:00:00Z" })),
        ("after everything", json!({ "updated_at": "+200000-01-01T00:00:00Z" })),
        ("no date", json!({ "created_at": "soon" })),
    ]), @"
    negative hours
    quarantined tasks/open/5/2.json: hours must be a number above 0 and at most 10000 at line 1 column 47
    warning: tasks/open/5/2.json is damaged and left out: hours must be a number above 0 and at most 10000 at line 1 column 47
    hours without end
    quarantined tasks/open/5/2.json: hours must be a number above 0 and at most 10000 at line 1 column 51
    warning: tasks/open/5/2.json is damaged and left out: hours must be a number above 0 and at most 10000 at line 1 column 51
    before git
    quarantined tasks/open/5/2.json: its created_at is out of range: 1823
    warning: tasks/open/5/2.json is damaged and left out: its created_at is out of range: 1823
    after everything
    quarantined tasks/open/5/2.json: its updated_at is out of range: 200000
    warning: tasks/open/5/2.json is damaged and left out: its updated_at is out of range: 200000
    no date
    quarantined tasks/open/5/2.json: input contains invalid characters at line 1 column 20
    warning: tasks/open/5/2.json is damaged and left out: input contains invalid characters at line 1 column 20
    ");
}

#[test]
fn sizes_and_counts() {
    let many: Vec<String> = (0..5000).map(|n| format!("t{n}")).collect();
    assert_snapshot!(told(&[
        ("a title", json!({ "title": "x".repeat(100_000) })),
        ("a body", json!({ "body": "x".repeat(300_000) })),
        ("labels", json!({ "labels": many })),
        ("dependencies", json!({ "after": many })),
        ("a document", json!({ "novel": "x".repeat(5 << 20) })),
    ]), @"
    a title
    quarantined tasks/open/5/2.json: its title cannot be used: it has 100000 bytes, 500 are the most
    warning: tasks/open/5/2.json is damaged and left out: its title cannot be used: it has 100000 bytes, 500 are the most
    a body
    quarantined tasks/open/5/2.json: its body cannot be used: it has 300000 bytes, 262144 are the most
    warning: tasks/open/5/2.json is damaged and left out: its body cannot be used: it has 300000 bytes, 262144 are the most
    labels
    quarantined tasks/open/5/2.json: it has 5000 labels, 1000 are the most
    warning: tasks/open/5/2.json is damaged and left out: it has 5000 labels, 1000 are the most
    dependencies
    quarantined tasks/open/5/2.json: it has 5000 dependencies, 1000 are the most
    warning: tasks/open/5/2.json is damaged and left out: it has 5000 dependencies, 1000 are the most
    a document
    quarantined tasks/open/5/2.json: it has 5243000 bytes, 4194304 are the most
    warning: tasks/open/5/2.json is damaged and left out: it has 5243000 bytes, 4194304 are the most
    ");
}

#[test]
fn ids_and_places() {
    let clone = Clone::new();
    clone.attack(&[("100644", &Sandbox::open_path("2"), &task("3", &json!({})))]);
    let another_id = clone.outcome();
    let clone = Clone::new();
    clone.attack(&[("100644", "tasks/open/zz/4.json", &task("4", &json!({})))]);
    let another_shard = clone.outcome();
    let clone = Clone::new();
    clone.attack(&[("100644", "tasks/open/0/--force.json", &task("4", &json!({})))]);
    let no_id = clone.outcome();
    let clone = Clone::new();
    clone.attack(&[("100644", &Sandbox::open_path("2"), &task("2", &json!({ "state": "landed" })))]);
    let another_state = clone.outcome();
    assert_snapshot!([another_id, another_shard, no_id, another_state].concat(), @"
    quarantined tasks/open/5/2.json: it is about 3 and not about 2
    warning: tasks/open/5/2.json is damaged and left out: it is about 3 and not about 2
    quarantined tasks/open/zz/4.json: it does not belong in this folder
    warning: tasks/open/zz/4.json is damaged and left out: it does not belong in this folder
    quarantined tasks/open/0/--force.json: nothing is called that: it must begin with a lower-case letter or a digit, not '-'
    warning: tasks/open/0/--force.json is damaged and left out: nothing is called that: it must begin with a lower-case letter or a digit, not '-'
    quarantined tasks/open/5/2.json: it is landed, and does not stand among such tasks
    warning: tasks/open/5/2.json is damaged and left out: it is landed, and does not stand among such tasks
    ");
}

#[test]
fn duplicates() {
    let clone = Clone::new();
    let text = task("2", &json!({}));
    clone.attack(&[("100644", &Sandbox::closed_path("2"), &text)]);
    let twice = clone.outcome();
    let fields = second_task(b"{\"id\":\"2\",\"id\":\"2\"}");
    let dependencies = second_task(&task("2", &json!({ "after": ["1", "1"] })));
    assert_snapshot!([twice, fields, dependencies].concat(), @"
    quarantined tasks/closed/15/2.json: it is open, and does not stand among such tasks
    (nothing)
    quarantined tasks/open/5/2.json: duplicate field `id` at line 1 column 14
    warning: tasks/open/5/2.json is damaged and left out: duplicate field `id` at line 1 column 14
    quarantined tasks/open/5/2.json: its list of dependencies has 1 twice
    warning: tasks/open/5/2.json is damaged and left out: its list of dependencies has 1 twice
    ");
}

#[test]
fn json_that_is_none_or_too_deep() {
    let deep = [&b"{\"novel\":"[..], &b"[".repeat(100_000), &b"]".repeat(100_000), b"}"].concat();
    assert_snapshot!([second_task(b""), second_task(b"\xff\xfe"), second_task(&deep)].concat(), @"
    quarantined tasks/open/5/2.json: EOF while parsing a value at line 1 column 0
    warning: tasks/open/5/2.json is damaged and left out: EOF while parsing a value at line 1 column 0
    quarantined tasks/open/5/2.json: expected value at line 1 column 1
    warning: tasks/open/5/2.json is damaged and left out: expected value at line 1 column 1
    quarantined tasks/open/5/2.json: recursion limit exceeded at line 1 column 136
    warning: tasks/open/5/2.json is damaged and left out: recursion limit exceeded at line 1 column 136
    ");
}

#[test]
fn dependencies_that_are_a_cycle() {
    let clone = Clone::new();
    let waits = |id: &str, after: &[&str]| task(id, &json!({ "after": after }));
    clone.attack(&[
        ("100644", &Sandbox::open_path("2"), &waits("2", &["4"])),
        ("100644", &Sandbox::open_path("4"), &waits("4", &["2"])),
        ("100644", &Sandbox::open_path("5"), &waits("5", &["5"])),
        ("100644", &Sandbox::open_path("6"), &waits("6", &["2"])),
    ]);
    clone.fetch();
    assert_snapshot!(clone.agents(&["task", "list"]), @"
    TASK  STATE    AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    1     open                                        Task 1
    3     open                                        Task 3
    6     waiting                          2          T
    [stderr]
    warning: tasks/open/5/2.json is damaged and left out: these tasks wait for each other: 2, 4
    warning: tasks/open/3/4.json is damaged and left out: these tasks wait for each other: 2, 4
    warning: tasks/open/0/5.json is damaged and left out: it waits for itself
    [status 0]
    ");
    assert_snapshot!(clone.agents(&["ready"]), @"
    TASK  STATE  AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    1     open                                      Task 1
    3     open                                      Task 3
    [stderr]
    warning: tasks/open/5/2.json is damaged and left out: these tasks wait for each other: 2, 4
    warning: tasks/open/3/4.json is damaged and left out: these tasks wait for each other: 2, 4
    warning: tasks/open/0/5.json is damaged and left out: it waits for itself
    [status 0]
    ");
    assert_snapshot!(clone.agents(&["assign", "ann", "2"]), @"
    [stderr]
    warning: tasks/open/5/2.json is damaged and left out: these tasks wait for each other: 2, 4
    warning: tasks/open/3/4.json is damaged and left out: these tasks wait for each other: 2, 4
    warning: tasks/open/0/5.json is damaged and left out: it waits for itself
    error: the document tasks/2 is damaged
      try: git agents doctor --fix
    [status 3]
    ");
}

/// A branch that is an option, a path, or somebody else's ref is nobody's branch.
#[test]
fn branches_of_agents() {
    let said = ["--upload-pack=touch", "../../config", "refs/heads/main", "HEAD", "a\u{1b}[2J"].map(|branch| {
        let clone = Clone::new();
        let json = json!({ "name": "bob", "branch": branch, "created_at": "2026-01-05T09:00:00Z" });
        clone.attack(&[("100644", "agents/bob.json", json.to_string().as_bytes())]);
        clone.fetch();
        let before = clone.sandbox.git(["for-each-ref"]);
        let listed = clone.agents(&["agent", "list"]).good();
        for command in [&["agent", "remove", "bob", "--force"][..], &["merge", "bob", "--yes"], &["start", "bob", "2"]]
        {
            assert_ne!(clone.agents(command).status, Some(0), "{command:?}");
        }
        assert_eq!(before, clone.sandbox.git(["for-each-ref"]));
        listed.stderr
    });
    assert_snapshot!(said.concat(), @r#"
    warning: agents/bob.json is damaged and left out: "--upload-pack=touch" is not the name of a branch
    warning: agents/bob.json is damaged and left out: "../../config" is not the name of a branch
    warning: agents/bob.json is damaged and left out: "refs/heads/main" is not the name of a branch
    warning: agents/bob.json is damaged and left out: "HEAD" is not the name of a branch
    warning: agents/bob.json is damaged and left out: "a\u{1b}[2J" is not the name of a branch
    "#);
}

#[test]
fn what_doctor_makes_of_it() {
    let clone = Clone::new();
    clone.attack(&[
        ("100644", &Sandbox::open_path("2"), &task("2", &json!({ "paths": ["/etc"] }))),
        ("100644", "agents/bob.json", b"{}"),
        ("100644", "tasks/open/zz/x.json", b"{}"),
    ]);
    clone.fetch();
    assert_snapshot!(clone.agents(&["doctor"]), @r#"
    error: agents/bob.json is damaged: missing field `name` at line 1 column 2
      try: git agents doctor --fix
    error: tasks/open/5/2.json is damaged: the path "/etc" cannot be used: it is absolute
      try: git agents doctor --fix
    error: tasks/open/zz/x.json is damaged: it does not belong in this folder
      try: git log refs/agents/state -- tasks/open/zz/x.json
    warning: the branch agents/bob is no agent's
      try: git agents agent add bob --existing --branch agents/bob
    warning: the worktree [ROOT]/repo-worktrees/bob is no agent's
      try: git worktree remove [ROOT]/repo-worktrees/bob
    3 errors, 2 warnings
    [status 1]
    "#);
    assert_snapshot!(clone.agents(&["doctor", "--fix"]), @r#"
    fixed: agents/bob.json is damaged: missing field `name` at line 1 column 2
    fixed: tasks/open/5/2.json is damaged: the path "/etc" cannot be used: it is absolute
    error: tasks/open/zz/x.json is damaged: it does not belong in this folder
      try: git log refs/agents/state -- tasks/open/zz/x.json
    1 error, 2 fixed
    [status 1]
    "#);
    assert_snapshot!(clone.agents(&["task", "list"]), @"
    TASK  STATE  AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    1     open                                      Task 1
    2     open                                      Task 2
    3     open                                      Task 3
    [stderr]
    warning: tasks/open/zz/x.json is damaged and left out: it does not belong in this folder
    [status 0]
    ");
}
