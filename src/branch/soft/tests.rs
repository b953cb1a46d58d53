//! What is said of branches in real repositories.

use super::*;
use crate::branch::{Candidate, Options, matrix};
use crate::git::fixture::{Fixture, lines_with, write_in};

/// The warnings about these branches, a line each.
fn told(f: &Fixture, names: &[&str]) -> Vec<String> {
    let candidates: Vec<_> = names.iter().map(|name| Candidate::new(*name, f.id(name))).collect();
    told_of(f, &candidates)
}

fn told_of(f: &Fixture, candidates: &[Candidate]) -> Vec<String> {
    let repository = f.open();
    let scratch = Scratch::new(&repository).unwrap();
    let matrix = matrix(&repository, &scratch, f.id("main"), candidates, &Options::default()).unwrap();
    let line = |one: &Soft| {
        let b = match one.b {
            Side::Target => "target",
            Side::Branch(number) => &candidates[number].name,
        };
        let lines = |lines: &Lines| format!("{}+{}", lines.start, lines.lines);
        let listed = |all: &[Dependency]| all.iter().map(|one| one.name.clone()).collect::<Vec<_>>().join(" ");
        let what = match &one.kind {
            SoftKind::Nearby { function, a, b, apart } => {
                format!("near {} {} {} {apart}", function.as_deref().unwrap_or("-"), lines(a), lines(b))
            }
            SoftKind::Dependency { a, b } => {
                format!("adds {} and {}, {} clash", listed(a), listed(b), one.kind.clashes().len())
            }
            SoftKind::Migration { number, other } => format!("number {number} {other}"),
            SoftKind::Regenerate { command, folder } => format!("`{command}` in {folder:?}"),
        };
        format!("{} {b} {}: {what}", candidates[one.a].name, one.path)
    };
    warnings(&scratch, &matrix, NEAR).unwrap().iter().map(line).collect()
}

const CODE: &str = "fn f() {\n    1;\n    2;\n    3;\n    4;\n    5;\n    6;\n    7;\n    8;\n    9;\n    10;\n    11;\n    12;\n    13;\n    14;\n}\n";

fn start() -> Fixture {
    let f = Fixture::new();
    f.write("code.rs", CODE);
    f.write("lines", lines_with(60, &[]));
    f.write("Cargo.lock", lines_with(60, &[]));
    f.write("sub/go.sum", lines_with(3, &[]));
    f.write("Cargo.toml", format!("[package]\n{}[dependencies]\n{}", lines_with(3, &[]), lines_with(30, &[])));
    f.write("db/0001_first.up.sql", "1\n");
    f.write("db/0001_first.down.sql", "1\n");
    f.write("db/0002_second.sql", "1\n");
    f.write("pages/1_a", "1\n");
    f.write("pages/1_b", "1\n");
    f.commit("base");
    f
}

#[test]
fn one_function_or_lines_near() {
    let f = start();
    f.branch("one", "main", |f| {
        f.write("code.rs", CODE.replace(" 1;", " one;"));
        f.write("lines", lines_with(60, &[(10, "x"), (50, "x")]));
    });
    f.branch("two", "main", |f| {
        f.write("code.rs", CODE.replace(" 14;", " fourteen;\n    more;"));
        f.write("lines", lines_with(60, &[(15, "x")]));
    });
    let expected = ["one two code.rs: near fn f() 2+1 15+2 12", "one two lines: near - 10+1 15+1 4"];
    assert_eq!(told(&f, &["one", "two"]), expected);
    // In each side's own file, also when the target has moved on.
    f.git(&["checkout", "-q", "main"]);
    f.write("lines", ["new\n".repeat(3), lines_with(60, &[])].concat());
    f.commit("moved on");
    assert_eq!(told(&f, &["one", "two"]), expected);
    // What conflicts is no warning.
    f.branch("three", "main", |f| f.write("lines", lines_with(60, &[(10, "y")])));
    assert_eq!(told(&f, &["one", "three"]), [""; 0]);
}

#[test]
fn work_on_shared_commits_is_compared_with_them() {
    let f = start();
    f.branch("below", "main", |f| f.write("lines", lines_with(60, &[(20, "below")])));
    f.branch("one", "below", |f| f.write("lines", lines_with(60, &[(20, "below"), (22, "one")])));
    f.branch("two", "below", |f| f.write("lines", lines_with(60, &[(20, "below"), (40, "two")])));
    f.branch("three", "below", |f| f.write("lines", lines_with(60, &[(20, "below"), (30, "three")])));
    let expected = ["one three lines: near - 22+1 30+1 7", "two three lines: near - 40+1 30+1 9"];
    assert_eq!(told(&f, &["one", "two", "three"]), expected);
}

#[test]
fn dependencies_that_both_add() {
    let f = start();
    let manifest = |f: &Fixture, name: &str, at: usize, text: &str| {
        let lines = lines_with(30, &[(at, text)]);
        f.branch(name, "main", |f| {
            f.write("Cargo.toml", format!("[package]\n{}[dependencies]\n{lines}", lines_with(3, &[])))
        });
    };
    manifest(&f, "one", 1, "serde = \"1\"\nlog = \"0.4\"");
    manifest(&f, "two", 25, "serde = \"2\"\nlog = \"0.4\"");
    manifest(&f, "three", 14, "anyhow = \"1\"");
    let found: Vec<_> = told(&f, &["one", "two", "three"]).into_iter().filter(|line| line.contains("adds")).collect();
    assert_eq!(
        found,
        [
            "one two Cargo.toml: adds serde and serde, 1 clash",
            "one three Cargo.toml: adds log serde and anyhow, 0 clash",
            "two three Cargo.toml: adds log serde and anyhow, 0 clash",
        ]
    );
}

#[test]
fn numbers_that_are_used_twice() {
    let f = start();
    f.branch("one", "main", |f| {
        f.write("db/0003_users.up.sql", "1\n");
        f.write("db/0003_users.down.sql", "2\n");
        f.write("pages/2_x", "2\n");
        f.write("new/01-a/up.sql", "3\n");
    });
    f.branch("two", "main", |f| {
        f.write("db/0003_roles.py", "4\n");
        f.write("pages/2_y", "5\n");
        f.write("new/01-b/up.sql", "6\n");
        f.git(&["mv", "db/0002_second.sql", "db/0002_renamed.sql"]);
    });
    f.branch("three", "main", |f| f.write("db/0001_again.sql", "7\n"));
    assert_eq!(
        told(&f, &["one", "two", "three"]),
        [
            "one two db/0003_users.down.sql: number 3 db/0003_roles.py",
            "one two new/01-a: number 1 new/01-b",
            "three target db/0001_again.sql: number 1 db/0001_first.down.sql",
        ]
    );
}

#[test]
fn files_that_a_tool_writes() {
    let f = start();
    f.branch("one", "main", |f| {
        f.write("Cargo.lock", lines_with(60, &[(1, "x")]));
        f.write("sub/go.sum", lines_with(3, &[(2, "x")]));
    });
    f.branch("two", "main", |f| {
        f.write("Cargo.lock", lines_with(60, &[(3, "y")]));
        f.write("sub/go.sum", lines_with(3, &[(2, "y")]));
    });
    assert_eq!(
        told(&f, &["one", "two"]),
        ["one two Cargo.lock: `cargo update --workspace` in \"\"", "one two sub/go.sum: `go mod tidy` in \"sub\""]
    );
}

#[test]
fn work_that_is_not_committed_and_files_that_are_no_text() {
    let f = start();
    f.branch("one", "main", |f| {
        f.write("lines", lines_with(60, &[(10, "x")]));
        f.write("big", "x\n".repeat(3 << 20));
        f.write("binary", b"\0one\n");
    });
    let dir = f.beside("tree");
    f.git(&["worktree", "add", "-q", "-b", "two", dir.to_str().unwrap(), "main"]);
    write_in(&dir, b"lines", lines_with(60, &[(15, "x")]).as_bytes());
    let two = Candidate { worktree: Some(dir), ..Candidate::new("two", f.id("two")) };
    let both = [Candidate::new("one", f.id("one")), two];
    assert_eq!(told_of(&f, &both), ["one two lines: near - 10+1 15+1 4"]);
}
