//! The list against real git, with everything that a worktree can be in the middle of.

use super::*;
use crate::land::fixture::{Fixture, Shape, lines_with, write_in};

fn find<'a>(all: &'a [Worktree], path: &Path) -> &'a Worktree {
    all.iter().find(|one| one.path == path).unwrap()
}

/// A worktree whose branch conflicts with main on a.txt.
fn conflicting(fixture: &Fixture, name: &str) -> PathBuf {
    let dir = fixture.worktree(name, "HEAD~1");
    write_in(&dir, "a.txt", &lines_with(20, 5, name));
    fixture.commit_in(&dir, name);
    dir
}

#[test]
fn each_worktree_with_its_branch_and_lock() {
    let fixture = Fixture::new();
    let one = fixture.worktree("one with space", "HEAD");
    let two = fixture.worktree("two", "HEAD");
    fixture.git(&["worktree", "lock", "--reason", "on a\nstick", two.to_str().unwrap()]);
    let gone = fixture.worktree("gone", "HEAD");
    std::fs::remove_dir_all(&gone).unwrap();
    let all = list(&fixture.open()).unwrap();
    assert_eq!(all.len(), 4);
    let main = &all[0];
    assert_eq!((&main.path, main.is_main, main.branch.as_deref()), (&fixture.dir(), true, Some("refs/heads/main")));
    assert_eq!(find(&all, &one).git_dir.as_deref(), Some(&*fixture.dir().join(".git/worktrees/one-with-space")));
    assert_eq!(find(&all, &two).locked.as_deref(), Some("on a\nstick"));
    assert!(find(&all, &gone).prunable.is_some() && !find(&all, &gone).exists());
    assert!(find(&all, &gone).git_dir.is_some());
    let held = by_branch(&all);
    assert_eq!(held["refs/heads/agents/two"][0].path, two);
}

#[test]
fn what_each_is_in_the_middle_of() {
    let fixture = Fixture::new();
    fixture.write("a.txt", &lines_with(20, 5, "main"));
    fixture.commit("second");
    for (name, command, kind) in [
        ("rebase", &["rebase", "main"][..], OperationKind::Rebase),
        ("apply", &["rebase", "--apply", "main"], OperationKind::Rebase),
        ("merge", &["merge", "main"], OperationKind::Merge),
        ("pick", &["cherry-pick", "main"], OperationKind::CherryPick),
        ("revert", &["revert", "main"], OperationKind::Revert),
    ] {
        let dir = conflicting(&fixture, name);
        assert!(!fixture.try_git_in(&dir, command), "{name}");
        let all = list(&fixture.open()).unwrap();
        let found = find(&all, &dir);
        assert_eq!(found.operation.as_ref().unwrap().kind, kind, "{name}");
        assert!(found.holds(&format!("refs/heads/agents/{name}")), "{name}");
        assert_eq!(found.branch.is_none(), kind == OperationKind::Rebase);
    }
    let dir = fixture.worktree("bisect", "HEAD");
    fixture.git_in(&dir, &["bisect", "start", "HEAD", "HEAD~1"]);
    fixture.git_in(&dir, &["checkout", "-q", "--detach"]);
    let all = list(&fixture.open()).unwrap();
    assert_eq!(find(&all, &dir).operation.as_ref().unwrap().kind, OperationKind::Bisect);
    assert!(find(&all, &dir).holds("refs/heads/agents/bisect"));
}

#[test]
fn a_branch_in_two_places_and_one_that_a_stacked_rebase_will_move() {
    let fixture = Fixture::new();
    fixture.write("a.txt", &lines_with(20, 5, "main"));
    fixture.commit("second");
    let dir = conflicting(&fixture, "top");
    fixture.git_in(&dir, &["branch", "below"]);
    write_in(&dir, "b.txt", "b");
    fixture.commit_in(&dir, "above");
    assert!(!fixture.try_git_in(&dir, &["rebase", "--update-refs", "main"]));
    let again = fixture.root().join("again");
    fixture.git(&["worktree", "add", "-q", "--force", again.to_str().unwrap(), "main"]);
    let all = list(&fixture.open()).unwrap();
    let held = by_branch(&all);
    assert_eq!(held["refs/heads/main"].len(), 2);
    assert_eq!(held["refs/heads/below"][0].path, dir);
}

#[test]
fn bare_repositories_and_those_seen_from_a_linked_worktree() {
    let fixture = Fixture::new();
    let bare = fixture.root().join("bare.git");
    fixture.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    let linked = fixture.root().join("linked");
    fixture.git_in(&bare, &["worktree", "add", "-q", linked.to_str().unwrap(), "main"]);
    let all = list(&Repository::discover(&linked).unwrap()).unwrap();
    assert!(all[0].is_bare && all[0].path == bare && all[0].branch.is_none());
    assert_eq!(all[1].branch.as_deref(), Some("refs/heads/main"));
    let empty = Fixture::shaped(Shape { bare: true, ..Shape::default() });
    assert_eq!(list(&empty.open()).unwrap().len(), 1);
}
