//! Branches that are built on others: what has landed in another form never comes in twice, and what `git rebase --onto`
//! with the old tip makes is what lands.

use insta::assert_snapshot;

use crate::support::{Sandbox, lines};

/// ann's work in two tries at one line, and bob's on top of it, in branches that no task ties together.
fn stacked() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob", "cam"]);
    sandbox.commit_as("ann", "lines", &lines(5, "first try"));
    sandbox.commit_as("ann", "lines", &lines(5, "ann"));
    on_top(&sandbox, "bob", "ann");
    sandbox.commit_as("bob", "bob", "1\n");
    sandbox.commit_as("bob", "lines", &lines(5, "ann").replace("15\n", "bob\n"));
    sandbox.commit("meanwhile", "On main.\n", "Meanwhile");
    sandbox
}

/// One agent's branch goes to where another's is.
fn on_top(sandbox: &Sandbox, agent: &str, other: &str) {
    sandbox.git_in(&sandbox.worktree_of(agent), ["reset", "-q", "--hard", &format!("agents/{other}")]);
}

/// Trees, authors and messages of what `git rebase --onto` makes of a branch without what is below `upstream`.
fn onto(sandbox: &Sandbox, upstream: &str, branch: &str) -> String {
    let oracle = sandbox.root().join("oracle");
    sandbox.git(["worktree", "add", "-q", "--detach", oracle.to_str().unwrap(), branch]);
    sandbox.git_in(&oracle, ["rebase", "-q", "--onto", "main", upstream]);
    let made = sandbox.git_in(&oracle, ["log", "--format=%T %an %ad%n%B", "--date=raw", "main.."]);
    sandbox.git(["worktree", "remove", "--force", oracle.to_str().unwrap()]);
    made
}

fn landed(sandbox: &Sandbox, before: &str) -> String {
    sandbox.git(["log", "--format=%T %an %ad%n%B", "--date=raw", &format!("{before}..main")])
}

fn merge(sandbox: &Sandbox, args: &[&str]) -> crate::support::Output {
    sandbox.direct([&["merge", "--yes"], args].concat()).output()
}

#[test]
fn what_landed_in_another_form_is_not_replayed() {
    for strategy in ["rebase", "squash"] {
        let sandbox = stacked();
        let old = sandbox.rev("agents/ann");
        merge(&sandbox, &["ann", "--strategy", strategy]).good();
        // The target goes on where ann worked: her old commits would conflict.
        sandbox.commit("lines", &lines(5, "changed since"), "Since");
        let (before, expected) = (sandbox.rev("main"), onto(&sandbox, &old, "agents/bob"));
        merge(&sandbox, &["bob"]).good();
        assert_eq!(landed(&sandbox, &before), expected, "{strategy}");
        assert_eq!(sandbox.git(["show", "main:lines"]), lines(5, "changed since").replace("15\n", "bob\n").trim_end());
        sandbox.fsck();
    }
}

#[test]
fn two_levels_deep() {
    let sandbox = stacked();
    on_top(&sandbox, "cam", "bob");
    sandbox.commit_as("cam", "cam", "1\n");
    let old = sandbox.rev("agents/bob");
    merge(&sandbox, &["ann", "--strategy", "squash"]).good();
    merge(&sandbox, &["bob", "--strategy", "squash"]).good();
    sandbox.commit("lines", &lines(15, "changed since"), "Since");
    let (before, expected) = (sandbox.rev("main"), onto(&sandbox, &old, "agents/cam"));
    merge(&sandbox, &["cam"]).good();
    assert_eq!(landed(&sandbox, &before), expected);
    assert_eq!(sandbox.git(["log", "--format=%s", &format!("{before}..main")]), "cam by cam");
}

#[test]
fn after_rebases_of_what_it_is_built_on() {
    let sandbox = stacked();
    let old = sandbox.rev("agents/ann");
    sandbox.direct(["rebase", "ann"]).output().good();
    sandbox.commit("other", "On main.\n", "Other");
    sandbox.direct(["rebase", "ann"]).output().good();
    sandbox.commit_as("ann", "more", "1\n");
    merge(&sandbox, &["ann", "--strategy", "squash"]).good();
    sandbox.commit("lines", &lines(5, "changed since"), "Since");
    let (before, expected) = (sandbox.rev("main"), onto(&sandbox, &old, "agents/bob"));
    merge(&sandbox, &["bob"]).good();
    assert_eq!(landed(&sandbox, &before), expected);
}

#[test]
fn rebased_and_landed_together_with_what_it_is_built_on() {
    let sandbox = stacked();
    let old = sandbox.rev("agents/ann");
    sandbox.direct(["rebase", "ann"]).output().good();
    sandbox.commit_as("ann", "lines", &lines(5, "third try"));
    let output = merge(&sandbox, &["ann", "bob", "-s", "squash"]).good();
    assert_snapshot!(output, @"
    landed ann by squash at [COMMIT]
    landed bob by squash at [COMMIT]
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [status 0]
    ");
    assert_ne!(old, sandbox.rev("agents/ann"));
    assert_eq!(sandbox.git(["diff", "--name-only", "main^"]), "bob\nlines");
    assert_eq!(sandbox.git(["log", "-1", "--format=%B", "main"]), "bob by bob\n\n* bob by bob\n* lines by bob");
}

#[test]
fn a_merge_of_it_is_refused_with_what_works() {
    let sandbox = stacked();
    merge(&sandbox, &["ann", "--strategy", "squash"]).good();
    let output = sandbox.unchanged(|| merge(&sandbox, &["bob", "--strategy", "merge"]));
    assert_snapshot!(output, @"
    [stderr]
    error: bob: it is built on commits that have landed in another form, which a merge would bring in twice
      try: git agents merge bob --strategy rebase
    [status 3]
    ");
    // Its own merge cannot be replayed, and a merge would bring ann's commits again.
    sandbox.git_in(&sandbox.worktree_of("bob"), ["merge", "-q", "-m", "Catch up", "main"]);
    sandbox.commit("other", "On main.\n", "Other");
    let output = sandbox.unchanged(|| merge(&sandbox, &["bob"]));
    assert_snapshot!(output, @"
    [stderr]
    error: bob: it is built on commits that have landed in another form, which a merge would bring in twice
      try: git agents merge bob --strategy squash
    [status 3]
    ");
    merge(&sandbox, &["bob", "--strategy", "squash"]).good();
    assert_eq!(sandbox.git(["diff", "--name-only", "main^"]), "bob\nlines");
}

#[test]
fn the_default_does_not_merge_what_it_would_bring_in_twice() {
    let sandbox = stacked();
    // bob's single commits conflict with the target, which a merge as a whole would not.
    sandbox.commit_as("bob", "meanwhile", "Tried.\n");
    sandbox.git_in(&sandbox.worktree_of("bob"), ["rm", "-q", "meanwhile"]);
    sandbox.git_in(&sandbox.worktree_of("bob"), ["commit", "-q", "-m", "Taken out again"]);
    merge(&sandbox, &["ann", "--strategy", "squash"]).good();
    let output = sandbox.unchanged(|| merge(&sandbox, &["bob"]));
    assert_snapshot!(output, @"
    stopped bob: its commit [COMMIT] conflicts with main
      meanwhile  add/add
        main
        @@ -0,0 +1 @@
        +On main.
        bob
        @@ -0,0 +1 @@
        +Tried.
      4 commits of its own
        [COMMIT] bob by bob
        [COMMIT] lines by bob
        [COMMIT] meanwhile by bob
        [COMMIT] Taken out again
      next: git agents resolve bob
    main stays at [COMMIT]
    [status 1]
    ");
}

#[test]
fn a_landing_that_was_taken_back_leaves_the_work_to_who_has_it() {
    let sandbox = stacked();
    merge(&sandbox, &["ann", "--strategy", "squash"]).good();
    sandbox.direct(["undo", "--yes"]).output().good();
    let (before, expected) = (sandbox.rev("main"), onto(&sandbox, "main", "agents/bob"));
    merge(&sandbox, &["bob"]).good();
    assert_eq!(landed(&sandbox, &before), expected);
    assert_eq!(sandbox.git(["rev-list", "--count", &format!("{before}..main")]), "4");
}

#[test]
fn a_branch_that_is_nothing_but_what_landed_has_nothing_to_land() {
    let sandbox = stacked();
    on_top(&sandbox, "cam", "ann");
    merge(&sandbox, &["ann", "--strategy", "squash"]).good();
    sandbox.commit("lines", &lines(5, "changed since"), "Since");
    for strategy in ["rebase", "merge", "squash"] {
        let output = merge(&sandbox, &["cam", "--strategy", strategy]).good();
        assert!(output.stdout.starts_with("nothing to land: cam\n"), "{strategy}: {output}");
    }
    let (before, cam) = (sandbox.rev("main"), sandbox.rev("agents/cam"));
    assert_snapshot!(merge(&sandbox, &["cam"]), @"
    nothing to land: cam
    main stays at [COMMIT]
    [status 0]
    ");
    assert_eq!((before, cam), (sandbox.rev("main"), sandbox.rev("agents/cam")));
}
