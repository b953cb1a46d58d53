//! What another clone writes into the state says nothing of the branches that are here.

use insta::assert_snapshot;

use crate::support::{Clone, Sandbox};

/// Ann has an agent whose branch is called as one of bob's, on which he has something of his own.
fn with_private<'s>(sandbox: &'s Sandbox) -> (Clone<'s>, Clone<'s>) {
    let ann = sandbox.here();
    ann.agents(["init", "ann"]).good();
    sandbox.remote();
    ann.agents(["sync"]).good();
    let bob = sandbox.clone("bob");
    bob.agents(["sync"]).good();
    bob.agents(["init", "bob"]).good();
    bob.git(["switch", "-q", "-c", "private"]);
    std::fs::write(bob.dir.join("secret"), "1\n").unwrap();
    bob.git(["add", "secret"]);
    bob.git(["commit", "-q", "-m", "Secret"]);
    bob.git(["switch", "-q", "main"]);
    ann.agents(["agent", "add", "evo", "--branch", "private", "--no-worktree"]).good();
    ann.agents(["sync"]).good();
    bob.agents(["sync"]).good();
    (ann, bob)
}

#[test]
fn a_branch_of_ones_own_does_not_land_because_somebody_names_it() {
    let sandbox = Sandbox::new();
    let (_, bob) = with_private(&sandbox);
    let (main, private) = (bob.git(["rev-parse", "main"]), bob.git(["rev-parse", "private"]));
    assert_snapshot!(bob.agents(["merge", "--all", "--yes"]), @"
    nothing to land
    [stderr]
    warning: evo is left out: private was not made for evo in this clone, and has what nobody has published; git log main..private; git agents init evo, when that is evo's work; git branch -m private OTHER, when it is not
    [status 0]
    ");
    assert_snapshot!(bob.agents(["merge", "evo", "--yes"]), @"
    [stderr]
    error: private was not made for evo in this clone, and has what nobody has published
      try: git log main..private
      try: git agents init evo, when that is evo's work
      try: git branch -m private OTHER, when it is not
    [status 3]
    ");
    assert_eq!(bob.agents(["merge", "evo", "--dry-run", "--json"]).json_error()["code"], "branch-not-taken");
    bob.git(["commit", "-q", "--allow-empty", "-m", "More"]);
    for command in ["rebase", "resolve"] {
        assert_eq!(bob.agents([command, "evo", "--json"]).json_error()["code"], "branch-not-taken");
    }
    assert_snapshot!(bob.agents(["init"]), @"
    ann on agents/ann in [ROOT]/bob-worktrees/ann
    2 agents unchanged: bob, evo
    work lands on main
    [stderr]
    warning: evo is left out: private was not made for evo in this clone, and has what nobody has published; git log main..private; git agents init evo, when that is evo's work; git branch -m private OTHER, when it is not
    [status 0]
    ");
    assert_eq!(bob.git(["rev-parse", "main~", "private"]), format!("{main}\n{private}"));
    // Who says that it is, is believed.
    bob.agents(["init", "evo"]).good();
    bob.agents(["rebase", "evo"]).good();
    bob.agents(["merge", "evo", "--yes"]).good();
    assert_eq!(bob.git(["show", "main:secret"]), "1");
}

#[test]
fn a_branch_that_was_given_to_an_agent_here_is_not_another_one() {
    let sandbox = Sandbox::new();
    let (ann, bob) = with_private(&sandbox);
    // The agent that bob knows has another branch all at once.
    ann.agents(["sync"]).good();
    ann.agents(["agent", "remove", "bob"]).good();
    ann.agents(["agent", "remove", "evo"]).good();
    ann.agents(["agent", "add", "bob", "--branch", "private", "--no-worktree"]).good();
    ann.agents(["sync"]).good();
    bob.agents(["sync"]).good();
    assert_eq!(bob.agents(["merge", "bob", "--json"]).json_error()["code"], "worktree-elsewhere");
    bob.git(["worktree", "remove", sandbox.root().join("bob-worktrees/bob").to_str().unwrap()]);
    assert_eq!(bob.agents(["rebase", "bob", "--json"]).json_error()["code"], "branch-not-taken");
}

#[test]
fn what_was_fetched_for_it_lands_and_goes_on() {
    let sandbox = Sandbox::new();
    let (ann, bob) = with_private(&sandbox);
    ann.agents(["start", "ann", "1"]);
    sandbox.commit_as("ann", "work", "1\n");
    ann.git(["push", "-q", "origin", "agents/ann"]);
    bob.git(["fetch", "-q", "origin", "agents/ann:agents/ann"]);
    bob.git(["commit", "-q", "--allow-empty", "-m", "More"]);
    bob.agents(["rebase", "ann"]).good();
    // By now it is nowhere else.
    bob.agents(["merge", "ann", "--yes"]).good();
    assert_eq!(bob.git(["show", "main:work"]), "1");
}

#[test]
fn a_branch_that_somebody_took_here_is_the_agents() {
    let sandbox = Sandbox::new();
    let (_, bob) = with_private(&sandbox);
    bob.git(["branch", "mine", "private"]);
    bob.agents(["agent", "add", "own", "--existing", "--branch", "mine", "--no-worktree"]).good();
    bob.agents(["merge", "own", "--yes"]).good();
    assert_eq!(bob.git(["show", "main:secret"]), "1");
}
