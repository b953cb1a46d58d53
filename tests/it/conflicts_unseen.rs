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
    assert_snapshot!(told(&sandbox), @"
    conflict  ann and bob
      lines  content  lines: ann 3; bob 3  not committed by bob

    2 branches, 1 pair: 1 conflict
    [status 1]
      1. ann  clean: before bob, which conflicts with it
      2. bob  needs resolution in lines with ann (1 region)

    on main: 1 lands clean, 1 needs resolution; no order lands more
    [status 1]
    ann
      lines  modified  lines: 3
    bob
      lines  modified, uncommitted  lines: 3

    ann and bob are changing lines
    [status 1]
    ");
    sandbox.git_in(&bob, ["commit", "-q", "-a", "-m", "Nobody's"]);
    assert_snapshot!(told(&sandbox), @"
    2 branches, 1 pair: 1 judged by commits only
    [stderr]
    warning: bob is judged by its commits: the worktree [ROOT]/repo-worktrees/bob has no branch checked out
    [status 1]
      1. ann  clean: touches nothing that the others touch

    on main: 1 lands clean
    [stderr]
    warning: bob is judged by its commits: the worktree [ROOT]/repo-worktrees/bob has no branch checked out
    [status 1]
    ann
      lines  modified  lines: 3

    ann is changing lines
    [stderr]
    warning: bob is judged by its commits: the worktree [ROOT]/repo-worktrees/bob has no branch checked out
    [status 1]
    ");
}

#[test]
fn work_goes_on_on_another_branch() {
    let sandbox = one_line_twice();
    sandbox.git_in(&sandbox.worktree_of("bob"), ["checkout", "-q", "-b", "wip"]);
    assert_snapshot!(told(&sandbox), @"
    2 branches, 1 pair: 1 judged by commits only
    [stderr]
    warning: bob is judged by its commits: the worktree [ROOT]/repo-worktrees/bob has wip checked out
    [status 1]
      1. ann  clean: touches nothing that the others touch

    on main: 1 lands clean
    [stderr]
    warning: bob is judged by its commits: the worktree [ROOT]/repo-worktrees/bob has wip checked out
    [status 1]
    ann
      lines  modified  lines: 3

    ann is changing lines
    [stderr]
    warning: bob is judged by its commits: the worktree [ROOT]/repo-worktrees/bob has wip checked out
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["conflicts", "--committed"]), @"
    2 branches, 1 pair: nothing collides
    [status 0]
    ");
    let json = sandbox.agents(["conflicts", "--json"]).json();
    assert_snapshot!(json["branches"][1]["left_out"], @r#""the worktree [ROOT]/repo-worktrees/bob has wip checked out""#);
    assert_snapshot!(json["summary"]["left_out"], @"1");
}

#[test]
fn a_worktree_that_was_moved_or_lost_its_git_folder() {
    let sandbox = one_line_twice();
    let (bob, moved) = (sandbox.worktree_of("bob"), sandbox.root().join("moved"));
    std::fs::rename(&bob, &moved).unwrap();
    assert_snapshot!(told(&sandbox), @"
    2 branches, 1 pair: 1 judged by commits only
    [stderr]
    warning: bob is judged by its commits: the worktree [ROOT]/repo-worktrees/bob is missing or cannot be read
    [status 1]
      1. ann  clean: touches nothing that the others touch

    on main: 1 lands clean
    [stderr]
    warning: bob is judged by its commits: the worktree [ROOT]/repo-worktrees/bob is missing or cannot be read
    [status 1]
    ann
      lines  modified  lines: 3

    ann is changing lines
    [stderr]
    warning: bob is judged by its commits: the worktree [ROOT]/repo-worktrees/bob is missing or cannot be read
    [status 1]
    ");
    std::fs::rename(&moved, &bob).unwrap();
    std::fs::remove_file(bob.join(".git")).unwrap();
    assert_snapshot!(sandbox.agents(["conflicts"]), @"
    2 branches, 1 pair: 1 judged by commits only
    [stderr]
    warning: bob is judged by its commits: the worktree [ROOT]/repo-worktrees/bob is missing or cannot be read
    [status 1]
    ");
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
    assert_snapshot!(with("garbage"), @r#"
        unknown  bob and main
          refs/heads/agents/bob could not be read or written: The reference at "refs/heads/agents/bob" could not be decoded
        unknown  ann and bob
          refs/heads/agents/bob could not be read or written: The reference at "refs/heads/agents/bob" could not be decoded

        2 branches, 1 pair: 2 unknown
        [status 1]
          1. ann  clean: touches nothing that the others touch
          2. bob  cannot be judged: refs/heads/agents/bob could not be read or written: The reference at "refs/heads/agents/bob" could not be decoded

        on main: 1 lands clean, 1 is unknown; no order lands more
        [status 1]
        ann
          lines  modified  lines: 3
        bob  unknown
          refs/heads/agents/bob could not be read or written: The reference at "refs/heads/agents/bob" could not be decoded

        ann is changing lines
        [status 1]
        "#);
    assert_snapshot!(with("1234567890123456789012345678901234567890"), @"
    unknown  bob and main
      bad object [COMMIT]
    unknown  ann and bob
      bad object [COMMIT]

    2 branches, 1 pair: 2 unknown, 1 judged by commits only
    [stderr]
    warning: bob is judged by its commits: `git -c core.fsync=none -c core.fsmonitor=false -c core.splitIndex=false -c core.untrackedCache=keep -c core.hooksPath=/dev/null -c gc.auto=0 status --porcelain=v2 -z --branch --no-ahead-behind --no-renames --untracked-files=all --ignore-submodules=dirty` failed with status 128: fatal: bad object HEAD
    [status 1]
      1. ann  clean: touches nothing that the others touch
      2. bob  cannot be judged: bad object [COMMIT]

    on main: 1 lands clean, 1 is unknown; no order lands more
    [stderr]
    warning: bob is judged by its commits: `git -c core.fsync=none -c core.fsmonitor=false -c core.splitIndex=false -c core.untrackedCache=keep -c core.hooksPath=/dev/null -c gc.auto=0 status --porcelain=v2 -z --branch --no-ahead-behind --no-renames --untracked-files=all --ignore-submodules=dirty` failed with status 128: fatal: bad object HEAD
    [status 1]
    ann
      lines  modified  lines: 3
    bob  unknown
      bad object [COMMIT]

    ann is changing lines
    [status 1]
    ");
    assert_snapshot!(with(&blob), @"
    unknown  bob and main
      object [COMMIT] is not a commit
    unknown  ann and bob
      object [COMMIT] is not a commit

    2 branches, 1 pair: 2 unknown, 1 judged by commits only
    [stderr]
    warning: bob is judged by its commits: `git -c core.fsync=none -c core.fsmonitor=false -c core.splitIndex=false -c core.untrackedCache=keep -c core.hooksPath=/dev/null -c gc.auto=0 status --porcelain=v2 -z --branch --no-ahead-behind --no-renames --untracked-files=all --ignore-submodules=dirty` failed with status 128: error: bad tree object HEAD
    [status 1]
      1. ann  clean: touches nothing that the others touch
      2. bob  cannot be judged: object [COMMIT] is not a commit

    on main: 1 lands clean, 1 is unknown; no order lands more
    [stderr]
    warning: bob is judged by its commits: `git -c core.fsync=none -c core.fsmonitor=false -c core.splitIndex=false -c core.untrackedCache=keep -c core.hooksPath=/dev/null -c gc.auto=0 status --porcelain=v2 -z --branch --no-ahead-behind --no-renames --untracked-files=all --ignore-submodules=dirty` failed with status 128: error: bad tree object HEAD
    [status 1]
    ann
      lines  modified  lines: 3
    bob  unknown
      object [COMMIT] is not a commit

    ann is changing lines
    [status 1]
    ");
    std::fs::remove_file(&branch).unwrap();
    assert_snapshot!(told(&sandbox), @"
    unknown  bob and main
      its branch agents/bob does not exist
    unknown  ann and bob
      its branch agents/bob does not exist

    2 branches, 1 pair: 2 unknown
    [status 1]
      1. ann  clean: touches nothing that the others touch
      2. bob  cannot be judged: its branch agents/bob does not exist

    on main: 1 lands clean, 1 is unknown; no order lands more
    [status 1]
    ann
      lines  modified  lines: 3
    bob  unknown
      its branch agents/bob does not exist

    ann is changing lines
    [status 1]
    ");
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
    assert_snapshot!(sandbox.agents(["conflicts", "--all-branches"]), @r#"
    unknown  lost and main
      bad object [COMMIT]
    conflict  ann and "caf\351"
      lines  content  lines: ann 3; "caf\351" 3
    unknown  ann and lost
      bad object [COMMIT]
    unknown  refs/heads/ann and lost
      bad object [COMMIT]
    unknown  "caf\351" and lost
      bad object [COMMIT]

    4 branches, 6 pairs: 1 conflict, 4 unknown
    [status 1]
    "#);
    assert_snapshot!(sandbox.agents(["conflicts", "--all-branches", "--format", "matrix"]), @r#"
      T 1234
    1 . \.X?  ann
    2 . .\.?  refs/heads/ann
    3 . X.\?  "caf\351"
    4 ? ???\  lost

    T is main; X conflict, o both change a file, ? unknown, - stacked, . apart
    4 branches, 6 pairs: 1 conflict, 4 unknown
    [status 1]
    "#);
}
