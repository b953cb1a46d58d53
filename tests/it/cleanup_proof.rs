//! `git agents cleanup`: by what proof work counts as landed, and what is none.

use std::fs;

use git_agents::agent::CommitId;
use git_agents::state::{Action, Landed};
use insta::assert_snapshot;

use crate::cleanup::completed;
use crate::support::{Sandbox, name};

/// The branch is not rewritten by those who land by hand, so its own commits are never in the target.
#[test]
fn work_that_landed_under_other_ids_is_proven_by_its_changes() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    for n in 1..=40 {
        sandbox.commit_as("ann", &format!("file-{}", n % 7), &format!("version {n}\n"));
    }
    sandbox.commit_as("bob", "bob", "first\n");
    sandbox.commit_as("bob", "bob", "second\n");
    sandbox.commit("other", "y\n", "Meanwhile");
    sandbox.git(["cherry-pick", "main..agents/ann"]);
    // Only the first of bob's.
    sandbox.git(["cherry-pick", "agents/bob~1"]);
    assert_snapshot!(sandbox.agents(["cleanup", "--yes"]), @"
    removed ann: main has its 40 commits under other ids
      branch agents/ann
      worktree [ROOT]/repo-worktrees/ann
    kept bob: 1 commit not landed in main
      next: git agents merge bob
    to take it back: git agents undo --yes
    [status 0]
    ");
    sandbox.is_gone("ann");
    assert_eq!(fs::read_to_string(sandbox.worktree_of("bob").join("bob")).unwrap(), "second\n");
    // The target goes on in the same place: nobody can merge, and the changes are in its history all the same.
    sandbox.git(["cherry-pick", "agents/bob"]);
    sandbox.commit("bob", "third\n", "Goes on");
    assert_snapshot!(sandbox.agents(["cleanup", "bob", "--yes"]), @"
    removed bob: main has its 2 commits under other ids
      branch agents/bob
      worktree [ROOT]/repo-worktrees/bob
    to take it back: git agents undo --yes
    [status 0]
    ");
    sandbox.is_gone("bob");
}

#[test]
fn work_that_was_squashed_by_hand_has_no_proof() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.commit_as("ann", "one", "1\n");
    sandbox.commit_as("ann", "two", "2\n");
    sandbox.git(["merge", "-q", "--squash", "agents/ann"]);
    sandbox.git(["commit", "-q", "-m", "All of ann"]);
    assert_snapshot!(sandbox.keeps(&[]), @"
    kept ann: merging it would change nothing in main, but nothing says that it has landed there
      next: git agents agent remove ann
    nothing to clean up
    [status 0]
    ");
}

#[test]
fn what_the_target_has_taken_back_is_not_landed() {
    let kept = ["rebase", "merge", "squash"].map(|strategy| {
        let sandbox = completed(&["ann", "bob"]);
        sandbox.commit("other", "y\n", "Meanwhile");
        sandbox.agents(["merge", "ann", "--strategy", strategy, "--yes"]).good();
        let merge: &[&str] = if strategy == "merge" { &["-m", "1"] } else { &[] };
        sandbox.git([&["revert", "--no-edit"], merge, &["main"]].concat());
        let kept = sandbox.keeps(&["ann"]).to_string();
        // Taken back once more, it is there again.
        sandbox.git(["revert", "--no-edit", "HEAD"]);
        sandbox.agents(["cleanup", "ann", "--yes"]).good();
        sandbox.is_gone("ann");
        kept
    });
    assert_snapshot!(kept[0], @"
    kept ann: main had its work, and has taken all or a part of it back since ([COMMIT])
      next: git show [COMMIT]
      next: git agents agent remove ann
    nothing to clean up
    [status 1]
    ");
    assert_eq!(kept, [kept[0].as_str(); 3]);
    // The same by hand, where nothing was recorded.
    let sandbox = Sandbox::with_agents(&["ann", "bob", "cam"]);
    for agent in ["ann", "bob", "cam"] {
        sandbox.commit_as(agent, agent, "x\n");
    }
    sandbox.git(["merge", "-q", "--ff-only", "agents/ann"]);
    sandbox.git(["merge", "-q", "--no-ff", "--no-edit", "agents/bob"]);
    sandbox.git(["cherry-pick", "agents/cam"]);
    sandbox.git(["revert", "--no-edit", "HEAD"]);
    sandbox.git(["revert", "--no-edit", "-m", "1", "HEAD~2"]);
    sandbox.git(["revert", "--no-edit", "HEAD~4"]);
    assert_snapshot!(sandbox.keeps(&[]), @"
    kept ann: main had its work, and has taken all or a part of it back since ([COMMIT])
      next: git show [COMMIT]
      next: git agents agent remove ann
    kept bob: main had its work, and has taken all or a part of it back since ([COMMIT])
      next: git show [COMMIT]
      next: git agents agent remove bob
    kept cam: main had its work, and has taken all or a part of it back since ([COMMIT])
      next: git show [COMMIT]
      next: git agents agent remove cam
    nothing to clean up
    [status 0]
    ");
}

#[test]
fn a_landing_that_was_undone_is_no_landing() {
    let sandbox = completed(&["ann"]);
    sandbox.agents(["merge", "ann", "--yes"]).good();
    sandbox.agents(["undo", "--yes"]).good();
    assert_eq!(sandbox.keeps(&["ann"]).status, Some(1));
}

#[test]
fn a_target_that_was_set_back_has_nothing() {
    for strategy in ["rebase", "merge", "squash"] {
        let sandbox = completed(&["ann"]);
        let before = sandbox.commit("other", "y\n", "Meanwhile");
        sandbox.agents(["merge", "ann", "--strategy", strategy, "--yes"]).good();
        sandbox.git(["reset", "-q", "--hard", &before]);
        let kept = sandbox.keeps(&["ann"]);
        assert!(kept.stdout.contains("not landed in main"), "{strategy}: {kept}");
    }
}

/// Whoever shares the state can write what he likes: a record alone is no proof.
#[test]
fn a_record_without_the_work_proves_nothing() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    let tip = sandbox.commit_as("ann", "ann", "x\n");
    let main = sandbox.rev("main");
    let id = |hex: &str| CommitId::try_from(hex.to_owned()).unwrap();
    let landed = |commit: &str| Landed {
        agent: name("ann"),
        tasks: Vec::new(),
        commit: id(commit),
        tip: id(&tip),
        strategy: "squash".to_owned(),
        fences: Default::default(),
    };
    let kept = [tip.as_str(), main.as_str(), &"1".repeat(40)].map(|commit| {
        let (before, after, landed) = (id(&main), id(commit), vec![landed(commit)]);
        sandbox.act(&Action::Land { target: "main".to_owned(), before, start: None, after, landed });
        sandbox.keeps(&["ann"]).to_string()
    });
    assert_snapshot!(kept[0], @"
    kept ann: 1 commit not landed in main
      next: git agents merge ann
    nothing to clean up
    [status 1]
    ");
    assert_eq!(kept, [kept[0].as_str(); 3]);
    // The name of somebody else's branch in an agent's document.
    sandbox.git(["branch", "precious"]);
    let document = sandbox.stored("agents/bob.json").replace("agents/bob", "precious");
    sandbox.plant("agents/bob.json", document.as_bytes());
    assert_snapshot!(sandbox.keeps(&["bob"]), @"
    kept bob: its branch precious was not made for it
      next: git agents agent remove bob
    nothing to clean up
    [status 1]
    ");
}

/// The squashed commit is recorded; the branch itself is put back, as a remote or another clone would have it.
#[test]
fn what_was_squashed_is_proven_by_its_record() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.commit_as("ann", "one", "1\n");
    let tip = sandbox.commit_as("ann", "two", "2\n");
    sandbox.commit("other", "y\n", "Meanwhile");
    sandbox.agents(["merge", "ann", "--strategy", "squash", "--yes"]).good();
    sandbox.git_in(&sandbox.worktree_of("ann"), ["reset", "-q", "--hard", &tip]);
    assert_snapshot!(sandbox.agents(["cleanup", "--dry-run"]), @"
    would remove ann: it landed with [OPERATION], and merging it changes nothing in main
      branch agents/ann
      worktree [ROOT]/repo-worktrees/ann
    1 agent would go
    [status 0]
    ");
    sandbox.git(["revert", "--no-edit", "main"]);
    assert!(sandbox.keeps(&["ann"]).stdout.contains("taken all or a part of it back"));
    sandbox.git(["revert", "--no-edit", "main"]);
    sandbox.agents(["cleanup", "--yes"]).good();
    sandbox.is_gone("ann");
}
