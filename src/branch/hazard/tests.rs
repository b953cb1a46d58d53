//! What branches add in real repositories.

use super::*;
use crate::branch::{Candidate, Options, matrix};
use crate::git::fixture::Fixture;

/// The hazards of these branches, a line each.
fn told(f: &Fixture, names: &[&str]) -> Vec<String> {
    let repository = f.open();
    let scratch = Scratch::new(&repository).unwrap();
    let candidates: Vec<_> = names.iter().map(|name| Candidate::new(*name, f.id(name))).collect();
    let matrix = matrix(&repository, &scratch, f.id("main"), &candidates, &Options::default()).unwrap();
    let line = |one: &Hazard| match &one.kind {
        HazardKind::Windows(why) => format!("{} {} {why:?}", names[one.branch], one.path),
        HazardKind::Alike { with: Side::Target, path, how } => {
            format!("{} {} = target {path} {how:?}", names[one.branch], one.path)
        }
        HazardKind::Alike { with: Side::Branch(other), path, how } => {
            format!("{} {} = {} {path} {how:?}", names[one.branch], one.path, names[*other])
        }
    };
    matrix.hazards.iter().map(line).collect()
}

fn start() -> Fixture {
    let f = Fixture::new();
    f.write("src/cli.rs", "1\n2\n3\n");
    f.write("old", "1\n2\n3\n");
    f.write("aux", "1\n");
    f.commit("base");
    f
}

#[test]
fn beside_what_the_target_has() {
    let f = start();
    f.branch("file", "main", |f| f.write("src/Cli.rs", "1\n"));
    f.branch("folder", "main", |f| f.write("SRC/other.rs", "1\n"));
    f.branch("renamed", "main", |f| f.git(&["mv", "old", "Old"]).clear());
    f.branch("moved", "main", |f| f.git(&["mv", "src", "SRC"]).clear());
    assert_eq!(told(&f, &["file"]), ["file src/Cli.rs = target src/cli.rs Case"]);
    assert_eq!(told(&f, &["folder"]), ["folder SRC = target src Case"]);
    assert_eq!(told(&f, &["renamed", "moved"]), [""; 0]);
    // What one moved the other has added to.
    assert_eq!(told(&f, &["folder", "moved"]), ["folder SRC = target src Case"]);
}

#[test]
fn names_that_windows_and_macos_cannot_hold() {
    let f = start();
    f.branch("one", "main", |f| {
        f.write("doc/nul.md", "1\n");
        f.write("a:b/c", "1\n");
        f.write("a:b/d", "1\n");
        f.write("aux", "changed\n");
    });
    f.branch("two", "main", |f| {
        f.write("\u{e4}", "1\n");
        f.write("x", "1\n");
        f.write("X", "2\n");
    });
    f.branch("three", "main", |f| {
        f.write("a\u{308}", "1\n");
        f.write("old.", "1\n");
    });
    assert_eq!(
        told(&f, &["one", "two", "three"]),
        [
            "one doc/nul.md Device",
            "one a:b Character(':')",
            "two X = two x Case",
            "two \u{e4} = three a\u{308} Composition",
            "three old. = target old Ending",
            "three old. Ending",
        ]
    );
}
