//! What `git agents conflicts` and `merge-order` cannot see they say, and never count as good.

use insta::assert_snapshot;

use crate::support::{Sandbox, lines};

/// ann and bob change one line, bob without committing it.
fn one_line_twice() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.commit_as("ann", "lines", &lines(3, "by ann"));
    sandbox.write_as("bob", "lines", &lines(3, "by bob"));
    sandbox
}

/// What `conflicts`, `merge-order` and `conflicts --path` say, with their exit statuses.
fn told(sandbox: &Sandbox) -> String {
    let all: [&[&str]; 3] = [&["conflicts"], &["merge-order"], &["conflicts", "--path", "lines"]];
    all.map(|args| sandbox.agents(args).to_string()).join("\n")
}

#[test]
fn work_goes_on_without_a_branch() {
    let sandbox = one_line_twice();
    let bob = sandbox.worktree_of("bob");
    sandbox.git_in(&bob, ["checkout", "-q", "--detach"]);
    // At the branch's own commit it is that branch's work all the same.
    assert_snapshot!(told(&sandbox), @"");
    sandbox.git_in(&bob, ["commit", "-q", "-a", "-m", "Nobody's"]);
    assert_snapshot!(told(&sandbox), @"");
}

#[test]
fn work_goes_on_on_another_branch() {
    let sandbox = one_line_twice();
    sandbox.git_in(&sandbox.worktree_of("bob"), ["checkout", "-q", "-b", "wip"]);
    assert_snapshot!(told(&sandbox), @"");
    assert_snapshot!(sandbox.agents(["conflicts", "--committed"]), @"");
    let json = sandbox.agents(["conflicts", "--json"]).json();
    assert_snapshot!(json["branches"][1]["left_out"], @"");
    assert_snapshot!(json["summary"]["left_out"], @"");
}

#[test]
fn a_worktree_that_was_moved_or_lost_its_git_folder() {
    let sandbox = one_line_twice();
    let (bob, moved) = (sandbox.worktree_of("bob"), sandbox.root().join("moved"));
    std::fs::rename(&bob, &moved).unwrap();
    assert_snapshot!(told(&sandbox), @"");
    std::fs::rename(&moved, &bob).unwrap();
    std::fs::remove_file(bob.join(".git")).unwrap();
    assert_snapshot!(sandbox.agents(["conflicts"]), @"");
}

#[test]
fn a_branch_that_is_gone_or_is_none() {
    let sandbox = one_line_twice();
    let branch = sandbox.repo().join(".git/refs/heads/agents/bob");
    let blob = sandbox.git(["rev-parse", "main:lines"]);
    let with = |content: &str| {
        std::fs::write(&branch, format!("{content}\n")).unwrap();
        told(&sandbox)
    };
    assert_snapshot!(with("garbage"), @"");
    assert_snapshot!(with("1234567890123456789012345678901234567890"), @"");
    assert_snapshot!(with(&blob), @"");
    std::fs::remove_file(&branch).unwrap();
    assert_snapshot!(told(&sandbox), @"");
}

#[test]
fn branches_that_git_does_not_list() {
    use std::os::unix::ffi::OsStrExt;
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.commit_as("ann", "lines", &lines(3, "by ann"));
    sandbox.git(["checkout", "-q", "-b", "lost"]);
    let lost = sandbox.commit("other", "x", "Lost");
    let odd = std::ffi::OsStr::from_bytes(b"caf\xe9");
    sandbox.git(["checkout".as_ref(), "-q".as_ref(), "-b".as_ref(), odd, "main".as_ref()]);
    sandbox.commit("lines", &lines(3, "odd"), "Odd");
    // Called like an agent, and not the agent's.
    sandbox.git(["checkout", "-q", "-b", "ann", "main"]);
    sandbox.commit("README", "By hand.\n", "By hand");
    sandbox.git(["checkout", "-q", "main"]);
    std::fs::remove_file(sandbox.repo().join(".git/objects").join(&lost[..2]).join(&lost[2..])).unwrap();
    assert_snapshot!(sandbox.agents(["conflicts", "--all-branches"]), @"");
    assert_snapshot!(sandbox.agents(["conflicts", "--all-branches", "--format", "matrix"]), @"");
}
