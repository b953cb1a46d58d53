//! Every kind of repository that git has: the state is one, wherever one looks from.

use std::path::Path;

use git_agents::store::STATE_REF;
use insta::assert_snapshot;

use crate::support::{Sandbox, Shape};

/// File, assign and list in `dir`; git must see the chain and find nothing wrong with it.
fn work_in(sandbox: &Sandbox, dir: &Path) {
    sandbox.register(&["ann"]);
    let run = |words: &[&str]| sandbox.run(words).dir(dir).output().good();
    run(&["task", "add", "One", "--id", "1"]);
    run(&["assign", "ann", "1"]);
    run(&["task", "add", "Two", "--id", "2", "--after", "1"]);
    run(&["task", "drop", "2"]);
    let list = run(&["task", "list", "--all", "--json"]).json();
    let states: Vec<_> = list["tasks"].as_array().unwrap().iter().map(|task| task["state"].clone()).collect();
    assert_eq!(states, ["assigned", "dropped"]);
    assert_eq!(sandbox.operations(), 5);
    let seen = sandbox.git(["for-each-ref", "--format=%(refname) %(objecttype)", "refs/agents/"]);
    assert_eq!(seen, "refs/agents/state commit");
    assert_eq!(sandbox.git(["rev-list", "--merges", "--count", STATE_REF]), "0");
    sandbox.fsck();
}

/// The log of the state ref has a line for every operation.
fn log_is_kept(sandbox: &Sandbox) {
    let log = sandbox.git(["reflog", "show", "--format=%gs", STATE_REF, "--"]);
    insta::allow_duplicates!(assert_snapshot!(log, @"
    agents: drop task 2
    agents: add task 2: Two
    agents: assign 1 to ann
    agents: add task 1: One
    agents: add agent ann
    "));
}

#[test]
fn the_usual_one() {
    let sandbox = Sandbox::new();
    work_in(&sandbox, sandbox.repo());
    log_is_kept(&sandbox);
}

#[test]
fn sha256() {
    let sandbox = Sandbox::shaped(Shape { sha256: true, ..Shape::default() });
    work_in(&sandbox, sandbox.repo());
    assert_eq!(sandbox.tip().len(), 64);
    log_is_kept(&sandbox);
}

#[test]
fn reftable() {
    let sandbox = Sandbox::shaped(Shape { reftable: true, ..Shape::default() });
    work_in(&sandbox, sandbox.repo());
    assert!(!sandbox.repo().join(".git/refs/agents").exists(), "nothing beside the tables");
    log_is_kept(&sandbox);
}

#[test]
fn reftable_with_sha256_and_a_linked_worktree() {
    let sandbox = Sandbox::shaped(Shape { reftable: true, sha256: true, ..Shape::default() });
    let worktree = sandbox.worktree("ann");
    work_in(&sandbox, &worktree);
    assert_eq!(sandbox.tip().len(), 64);
    // The agent of the worktree is known here too.
    let mine = sandbox.run(["unassign", "--json"]).dir(&worktree).output().good().json();
    assert_eq!(mine["task"]["id"], "1");
}

#[test]
fn a_linked_worktree_and_a_folder_in_it() {
    let sandbox = Sandbox::new();
    let worktree = sandbox.worktree("ann");
    let below = worktree.join("deep/er");
    std::fs::create_dir_all(&below).unwrap();
    work_in(&sandbox, &below);
    // Told from elsewhere.
    let told = sandbox.run(["-C", below.to_str().unwrap(), "task", "list"]).dir("/").output().good();
    assert_eq!(told, sandbox.agents(["task", "list"]));
}

#[test]
fn a_folder_in_the_main_worktree() {
    let sandbox = Sandbox::new();
    let below = sandbox.repo().join("src/deep");
    std::fs::create_dir_all(&below).unwrap();
    work_in(&sandbox, &below);
}

#[test]
fn inside_the_git_folder() {
    let sandbox = Sandbox::new();
    work_in(&sandbox, &sandbox.repo().join(".git"));
}

#[test]
fn a_bare_repository_with_worktrees() {
    let sandbox = Sandbox::shaped(Shape { bare: true, name: "project.git", ..Shape::default() });
    let tree = sandbox.git_with(&["mktree"], b"");
    let commit = sandbox.git(["commit-tree", &tree, "-m", "Begin"]);
    sandbox.git(["update-ref", "refs/heads/main", &commit]);
    let worktree = sandbox.worktree("ann");
    work_in(&sandbox, &worktree);
    let list = sandbox.agents(["task", "list"]).good();
    assert_eq!(list, sandbox.run(["task", "list"]).dir(&worktree).output().good());
}

#[test]
fn a_path_with_spaces_and_other_letters() {
    let sandbox = Sandbox::shaped(Shape { name: "Grüße an 'alle' 🦀", ..Shape::default() });
    let worktree = sandbox.worktree("zweite-Käpié");
    work_in(&sandbox, &worktree);
    sandbox.agents(["task", "list"]).good();
}

#[test]
fn packed_refs() {
    let sandbox = Sandbox::new();
    work_in(&sandbox, sandbox.repo());
    let tip = sandbox.tip();
    sandbox.git(["pack-refs", "--all", "--prune"]);
    assert!(!sandbox.repo().join(".git").join(STATE_REF).exists());
    let list = sandbox.agents(["task", "list", "--json"]).good().json();
    assert_eq!(list["tasks"].as_array().unwrap().len(), 1);
    sandbox.agents(["task", "add", "After packing", "--id", "3"]).good();
    assert_eq!(sandbox.git(["rev-parse", &format!("{STATE_REF}^")]), tip);
    // Everything in one pack, and the objects on loan to another repository.
    sandbox.git(["gc", "-q"]);
    sandbox.agents(["task", "add", "After gc", "--id", "4"]).good();
    assert_eq!(sandbox.operations(), 7);
    sandbox.fsck();
}

#[test]
fn a_shallow_clone_holds_a_state_of_its_own() {
    let origin = Sandbox::new();
    origin.commit("b", "x", "Second");
    let sandbox = Sandbox::new();
    let clone = sandbox.root().join("clone");
    let url = format!("file://{}", origin.repo().display());
    sandbox.git(["clone", "-q", "--depth=1", &url, clone.to_str().unwrap()]);
    for (key, value) in [("user.name", "Ann"), ("user.email", "ann@example.com")] {
        sandbox.git_in(&clone, ["config", key, value]);
    }
    sandbox.run(["task", "add", "T", "--id", "1"]).dir(&clone).output().good();
    assert_eq!(sandbox.git_in(&clone, ["rev-list", "--count", STATE_REF]), "1");
}

#[test]
fn the_state_travels_with_a_plain_fetch() {
    let origin = Sandbox::new();
    origin.register(&["ann"]);
    origin.agents(["assign", "ann", "1", "One"]).good();
    let other = Sandbox::new();
    let url = origin.repo().to_str().unwrap().to_owned();
    other.git(["fetch", "-q", &url, "refs/agents/*:refs/agents/*"]);
    assert_eq!(other.agents(["task", "list"]), origin.agents(["task", "list"]));
    other.agents(["unassign", "ann"]).good();
    assert_eq!(other.operations(), 3);
}
