//! Landings of branches that bring `.gitattributes`: what one brings counts for the next, as in a checkout.

use insta::assert_snapshot;

use crate::support::{Sandbox, lines};

/// Both change a file of forty lines, far from each other or in one place; ann brings attributes for it too.
fn at_work(attributes: &str, place: usize) -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.commit("f", &changed(0, ""), "Forty lines");
    for agent in ["ann", "bob"] {
        let dir = sandbox.worktree_of(agent);
        sandbox.git_in(&dir, ["reset", "--quiet", "--hard", "main"]);
    }
    sandbox.commit_as("ann", ".gitattributes", attributes);
    sandbox.commit_as("ann", "f", &changed(5, "ann"));
    sandbox.commit_as("bob", "f", &changed(place, "bob"));
    sandbox
}

fn changed(line: usize, by: &str) -> String {
    let with = |number: usize| if number == line { format!("{by}\n") } else { format!("{number}\n") };
    (1..=40).map(with).collect()
}

#[test]
fn a_file_that_is_not_to_be_merged_is_not() {
    let one_by_one = at_work("f -merge\n", 35);
    one_by_one.direct(["merge", "ann", "--yes"]).output().good();
    let second = one_by_one.direct(["merge", "bob", "--yes"]).output();
    assert!(second.status == Some(1) && second.stdout.contains("  f  binary\n"), "{second}");
    // The other way round both land, and that is the order of a landing of both.
    let together = at_work("f -merge\n", 35);
    assert_snapshot!(together.direct(["merge", "--all", "--yes"]).output(), @"
    landed bob by rebase at [COMMIT]
    landed ann by merge at [COMMIT]
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [status 0]
    ");
    let by_git = at_work("f -merge\n", 35);
    by_git.git(["merge", "-q", "--no-edit", "agents/bob"]);
    by_git.git(["merge", "-q", "--no-edit", "agents/ann"]);
    assert_eq!(by_git.git(["rev-parse", "main^{tree}"]), together.git(["rev-parse", "main^{tree}"]));
}

#[test]
fn a_file_whose_lines_are_joined_is_merged() {
    for strategy in ["rebase", "merge", "squash"] {
        let sandbox = at_work("f merge=union\n", 5);
        sandbox.direct(["merge", "ann", "bob", "--yes", "--strategy", strategy]).output().good();
        let joined = changed(5, "ann").replace("ann\n", "ann\nbob\n");
        assert_eq!(sandbox.git(["show", "main:f"]) + "\n", joined, "{strategy}");
    }
}

#[test]
fn within_one_branch_they_count_from_the_commit_that_brings_them() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.commit_as("ann", "f", &lines(3, "ann"));
    sandbox.commit_as("ann", ".gitattributes", "f merge=union\n");
    sandbox.commit_as("ann", "f", &(lines(3, "ann") + "more by ann\n"));
    sandbox.commit("f", &(lines(3, "ann") + "by main\n"), "The same, and more");
    // git itself, on a copy of the branch.
    sandbox.git(["worktree", "add", "-q", "-b", "copy", "../copy", "agents/ann"]);
    let rebased = sandbox.command("git").args(["-C", "../copy", "rebase", "-q", "main"]).output().unwrap();
    let landed = sandbox.direct(["merge", "ann", "--yes", "--strategy", "rebase"]).output();
    assert_eq!(landed.status == Some(0), rebased.status.success(), "{landed}");
    if rebased.status.success() {
        assert_eq!(sandbox.git(["rev-parse", "main^{tree}"]), sandbox.git(["rev-parse", "copy^{tree}"]));
    }
}
