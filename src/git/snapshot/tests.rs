//! Snapshots against what `git add -A` and `git write-tree` make of a copy of the same worktree.

use super::*;
use crate::git::fixture::{Fixture, lines_with, write_in};

/// Take a snapshot and make sure that index, files and objects are as before.
fn taken(fixture: &Fixture, worktree: &Path, scratch: &Scratch) -> Option<Snapshot> {
    let state = || {
        let index = fixture.git_in(worktree, &["rev-parse", "--path-format=absolute", "--git-path", "index"]);
        let git_dir = Path::new(&index).parent().unwrap().to_owned();
        let mut names: Vec<_> = fs::read_dir(git_dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        (
            fs::read(&index).ok(),
            fs::metadata(&index).ok().map(|data| data.modified().unwrap()),
            names,
            fixture.objects(),
        )
    };
    let before = state();
    let snapshot = snapshot(worktree, scratch).unwrap();
    assert_eq!(before, state(), "nothing was touched");
    snapshot
}

/// The tree that git itself would commit after `add -A`; it changes the index, so it comes last.
fn committed_by_git(fixture: &Fixture, worktree: &Path) -> String {
    fixture.git_in(worktree, &["add", "-A", "--sparse"]);
    fixture.git_in(worktree, &["write-tree"])
}

fn start() -> (Fixture, Scratch) {
    let fixture = Fixture::new();
    fixture.write("f", lines_with(20, &[]));
    fixture.write("d/e", "e\n");
    fixture.write("gone", "gone\n");
    fixture.write("staged-gone", "x\n");
    fixture.write(".gitignore", "ignored\n");
    fixture.commit("base");
    let scratch = Scratch::new(&fixture.open()).unwrap();
    (fixture, scratch)
}

#[test]
fn nothing_uncommitted_is_no_snapshot() {
    let (f, scratch) = start();
    f.write("ignored", "x");
    assert_eq!(taken(&f, f.path(), &scratch), None);
    // Dirty in its dates only.
    f.write("f", lines_with(20, &[]));
    assert_eq!(taken(&f, f.path(), &scratch), None);
}

#[test]
fn edits_staged_or_not_and_untracked_files() {
    let (f, scratch) = start();
    f.write("f", lines_with(20, &[(3, "staged")]));
    f.write("new \"and\" staged", "n\n");
    f.git(&["rm", "-q", "staged-gone"]);
    f.git(&["add", "f", "new \"and\" staged"]);
    f.write("f", lines_with(20, &[(3, "staged"), (9, "not staged")]));
    f.remove("gone");
    // A file becomes a folder and a folder a file; one in the index, one not.
    fs::remove_dir_all(f.path().join("d")).unwrap();
    f.write("d", "now a file\n");
    f.write("staged-gone/below", "b\n");
    f.git(&["add", "staged-gone/below"]);
    f.write("gone/below", "b\n");
    f.write("sub/é\nü", "u\n");
    f.write(b"not-utf8-\xff", "u\n");
    f.git(&["add", "-N", "sub"]);
    let snapshot = taken(&f, f.path(), &scratch).unwrap();
    assert_eq!(snapshot.head, Some(f.id("HEAD")));
    assert_eq!(snapshot.paths.len(), 10, "{:?}", snapshot.paths);
    assert!(snapshot.paths.contains(&"new \"and\" staged".into()));
    assert_eq!(snapshot.tree.to_string(), committed_by_git(&f, f.path()));
}

#[test]
fn deleted_in_the_index_and_there_again() {
    let (f, scratch) = start();
    f.git(&["rm", "-q", "--cached", "gone"]);
    assert_eq!(taken(&f, f.path(), &scratch), None);
    f.write("gone", "back, but different\n");
    let snapshot = taken(&f, f.path(), &scratch).unwrap();
    assert_eq!(snapshot.tree.to_string(), committed_by_git(&f, f.path()));
}

#[test]
fn an_edit_in_the_same_moment_as_the_index_is_seen() {
    let (f, scratch) = start();
    for round in 0..10 {
        f.write("d/e", "1\n");
        f.git(&["add", "d/e"]);
        // Same size, maybe the same time stamp.
        f.write("d/e", "2\n");
        let snapshot = taken(&f, f.path(), &scratch).unwrap();
        let file = Git::at(f.path()).args(["cat-file", "blob"]).arg(format!("{}:d/e", snapshot.tree));
        let file = scratch.environment().into_iter().fold(file, |git, (name, value)| git.env(name, value));
        assert_eq!(file.text().unwrap(), "2", "round {round}");
        f.git(&["checkout", "-q", "HEAD", "d/e"]);
    }
}

#[test]
fn in_the_middle_of_a_merge() {
    let (f, scratch) = start();
    f.branch("a", "main", |f| f.write("f", lines_with(20, &[(3, "a")])));
    f.branch("b", "main", |f| f.write("f", lines_with(20, &[(3, "b")])));
    f.try_git_in(f.path(), &["merge", "-q", "a"]);
    let snapshot = taken(&f, f.path(), &scratch).unwrap();
    assert_eq!(snapshot.paths, ["f"]);
    assert_eq!(snapshot.tree.to_string(), committed_by_git(&f, f.path()));
}

#[test]
fn a_linked_worktree_with_a_sparse_checkout_and_every_kind_of_index() {
    let (f, scratch) = start();
    let tree = f.beside("linked tree");
    f.git(&["worktree", "add", "-q", "-b", "agent", &tree.to_string_lossy()]);
    for (key, value) in [
        ("core.splitIndex", "true"),
        ("core.untrackedCache", "true"),
        ("core.fsmonitor", "true"),
        ("status.showUntrackedFiles", "no"),
        ("index.sparse", "true"),
    ] {
        f.git(&["config", key, value]);
    }
    f.git_in(&tree, &["-c", "core.fsmonitor=false", "sparse-checkout", "set", "--cone", "d"]);
    f.git_in(&tree, &["-c", "core.fsmonitor=false", "status"]);
    assert_eq!(taken(&f, &tree, &scratch), None);
    write_in(&tree, b"d/e", b"edited\n");
    write_in(&tree, b"outside/of/cone", b"new\n");
    let snapshot = taken(&f, &tree, &scratch).unwrap();
    assert_eq!(snapshot.paths, ["d/e", "outside/of/cone"]);
    f.git(&["config", "core.fsmonitor", "false"]);
    assert_eq!(snapshot.tree.to_string(), committed_by_git(&f, &tree));
}

#[test]
fn repositories_inside() {
    let (f, scratch) = start();
    let other = Fixture::new();
    other.write("x", "x\n");
    other.commit("other");
    f.git(&["submodule", "add", "-q", &other.path().to_string_lossy(), "sub"]);
    f.commit("with a submodule");
    // Untracked repositories, one of them without a commit.
    f.git(&["worktree", "add", "-q", "-b", "agent", "inner/tree"]);
    f.git(&["init", "-q", "empty"]);
    write_in(f.path(), b"sub/dirty", b"inside");
    assert_eq!(taken(&f, f.path(), &scratch), None);

    let sub = f.path().join("sub");
    f.git_in(&sub, &["add", "-A"]);
    f.git_in(&sub, &["commit", "-q", "-m", "moved"]);
    let snapshot = taken(&f, f.path(), &scratch).unwrap();
    assert_eq!(snapshot.paths, ["sub"]);
    let moved = f.git_in(&sub, &["rev-parse", "HEAD"]);
    let listed = scratch.on(Git::at(f.path())).args(["ls-tree"]).arg(snapshot.tree.to_string()).arg("sub").text();
    assert_eq!(listed.unwrap(), format!("160000 commit {moved}\tsub"));
}

#[test]
fn no_hook_runs() {
    let (f, scratch) = start();
    let hooks = f.path().join(".git/hooks");
    fs::create_dir_all(&hooks).unwrap();
    let hook = hooks.join("post-index-change");
    fs::write(&hook, "#!/bin/sh\ntouch \"$(dirname \"$0\")/ran\"\n").unwrap();
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    f.write("new", "new\n");
    assert!(taken(&f, f.path(), &scratch).is_some());
    assert!(!hooks.join("ran").exists());
}

#[test]
fn before_the_first_commit_and_without_a_checkout() {
    let f = Fixture::new();
    let scratch = Scratch::new(&f.open()).unwrap();
    f.write("first", "1\n");
    f.git(&["add", "first"]);
    let snapshot = taken(&f, f.path(), &scratch).unwrap();
    assert_eq!((snapshot.head, snapshot.paths), (None, vec!["first".into()]));
    f.commit("first");
    let tree = f.beside("bare");
    f.git(&["worktree", "add", "-q", "--no-checkout", "-b", "agent", &tree.to_string_lossy()]);
    assert_eq!(taken(&f, &tree, &scratch), None);
}
