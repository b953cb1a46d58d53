//! Records that somebody else has made up are no proof that anything here is ours.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{Clone, operation};
use crate::support::Sandbox;

/// The remote's chain says that an agent eve was added, and that `branch` was made for it here.
fn forged_agent(clone: &Clone, branch: &str) {
    let at = "2026-01-05T09:00:00Z";
    let tip = clone.sandbox.rev(branch);
    let document = json!({ "name": "eve", "branch": branch, "base": tip, "created_at": at }).to_string();
    let moved = json!([{ "ref": format!("refs/heads/{branch}"), "before": null, "after": tip }]);
    let agents = json!([{ "name": "eve", "branch": branch, "base": tip }]);
    let message = operation("01x", &json!({ "do": "add-agents", "agents": agents, "moved": moved }));
    clone.commit(&clone.tree(&[("100644", "agents/eve.json", document.as_bytes())]), &message);
    assert_eq!(clone.vetted(), "adopted");
    clone.fetch();
}

/// A branch of the user's own, which has nothing that the target lacks.
fn with_precious() -> Clone {
    let clone = Clone::new();
    clone.sandbox.git(["branch", "precious"]);
    forged_agent(&clone, "precious");
    clone
}

#[test]
fn a_forged_registration_does_not_make_a_branch_ours() {
    let clone = with_precious();
    let tip = clone.sandbox.rev("precious");
    assert_snapshot!(clone.agents(&["cleanup", "eve", "--yes"]), @"
    kept eve: its branch precious was not made for it
      next: git agents agent remove eve
    nothing to clean up
    [status 1]
    ");
    assert_snapshot!(clone.agents(&["agent", "remove", "eve", "--force"]), @"
    removed eve
    its branch precious stays: it was not made for eve
    [status 0]
    ");
    assert_eq!(clone.sandbox.rev("precious"), tip);
}

#[test]
fn undo_leaves_a_branch_that_another_clone_says_it_made() {
    let clone = with_precious();
    assert_snapshot!(clone.agents(&["undo", "--yes"]), @"
    took back: add agent eve
    [status 0]
    ");
    clone.sandbox.rev("precious");
    assert_snapshot!(clone.agents(&["agent", "list"]), @"
    AGENT  STATE  TASK  TIME  AHEAD  BEHIND  FILES  DIRTY  DONE
    ann    idle                   0       0      0      0
    bob    idle                   0       0      0      0
    [status 0]
    ");
}

/// The last operation says that it moved main: taking it back would move it here.
#[test]
fn undo_moves_no_ref_that_was_not_moved_here() {
    let clone = Clone::new();
    let (before, after) = (clone.sandbox.rev("main~1"), clone.sandbox.rev("main"));
    let landed = json!([{ "agent": "ann", "commit": after, "tip": after, "strategy": "rebase" }]);
    let moved = json!([{ "ref": "refs/heads/main", "before": before, "after": after }]);
    let land =
        json!({ "do": "land", "target": "main", "before": before, "after": after, "landed": landed, "moved": moved });
    clone.commit(&clone.tree(&[]), &operation("01x", &land));
    assert_eq!(clone.vetted(), "adopted");
    clone.fetch();
    assert_snapshot!(clone.sandbox.refused(["undo", "--yes"]), @r#"
    [stderr]
    error: "land agent ann in main" was done in another clone, with branches that are not moved back here
      try: git agents undo, in the clone that did it
    [status 3]
    "#);
}

/// An operation of ours, repeated by somebody else with other refs, is not ours.
#[test]
fn an_own_operation_cannot_be_borrowed() {
    let clone = Clone::new();
    let own = clone.sandbox.git(["log", "--format=%b", "--grep=^add agents", "-1", "refs/agents/state"]);
    let id = serde_json::from_str::<Value>(&own).unwrap()["id"].clone();
    let (before, after) = (clone.sandbox.rev("main~1"), clone.sandbox.rev("main"));
    let moved = json!([{ "ref": "refs/heads/main", "before": before, "after": after }]);
    let rebase = json!({ "do": "rebase", "agent": "ann", "target": "main", "onto": after, "moved": moved });
    clone.commit(&clone.tree(&[]), &operation(id.as_str().unwrap(), &rebase));
    clone.fetch();
    let refused = clone.sandbox.refused(["undo", "--yes"]);
    assert!(refused.stderr.contains("was done in another clone"), "{refused}");
}

/// Whatever the chain says has landed is left out of a landing: so it must be in the target for real.
#[test]
fn a_forged_landing_takes_nothing_out_of_a_branch() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    let secret = sandbox.commit_as("bob", "first", "1\n");
    sandbox.commit_as("bob", "second", "2\n");
    let target = sandbox.rev("main");
    let clone = Clone::of(sandbox);
    let landed = json!([{ "agent": "ann", "commit": target, "tip": secret, "strategy": "squash" }]);
    let base = clone.sandbox.rev("main~1");
    let land = json!({ "do": "land", "target": "main", "before": base, "after": target, "landed": landed });
    clone.commit(&clone.tree(&[]), &operation("01x", &land));
    clone.fetch();
    clone.agents(&["merge", "bob", "--yes"]).good();
    assert_eq!(clone.sandbox.git(["ls-tree", "--name-only", "main"]), "README\nfirst\nlines\nsecond");
}

/// In a clone of our own repository nothing was made by us, whatever the chain says.
#[test]
fn a_fresh_clone_owns_no_branch() {
    let clone = Clone::new();
    clone.sandbox.git(["push", "-q", "origin", "agents/ann"]);
    let there = clone.sandbox.root().join("there");
    clone.sandbox.git([
        "clone",
        "-q",
        clone.sandbox.root().join("remote.git").to_str().unwrap(),
        there.to_str().unwrap(),
    ]);
    let git = |args: &[&str]| clone.sandbox.git_in(&there, args);
    git(&["config", "user.name", "Bob"]);
    git(&["config", "user.email", "bob@example.com"]);
    git(&["fetch", "-q", "origin", "refs/agents/*:refs/agents/*"]);
    git(&["branch", "agents/ann", "origin/agents/ann"]);
    let output = clone.sandbox.direct(["agent", "remove", "ann"]).dir(&there).output();
    assert_snapshot!(output, @"
    removed ann
    its branch agents/ann stays: it was not made for ann
    [status 0]
    ");
    git(&["rev-parse", "agents/ann"]);
}
