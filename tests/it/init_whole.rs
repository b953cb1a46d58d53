//! `git agents init`: settings that are kept, work that is kept, and all of it or none.

use insta::assert_snapshot;

use crate::support::Sandbox;

#[test]
fn three_agents_in_one_operation() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.agents(["init", "ann", "bob", "--agents", "1"]), @"
    ann on agents/ann in [ROOT]/repo-worktrees/ann
    bob on agents/bob in [ROOT]/repo-worktrees/bob
    agent-1 on agents/agent-1 in [ROOT]/repo-worktrees/agent-1
    work lands on main
    [status 0]
    ");
    assert_eq!(sandbox.operations(), 1);
    let listed = sandbox.git(["worktree", "list", "--porcelain"]);
    let checked_out: Vec<&str> = listed.lines().filter_map(|line| line.strip_prefix("branch refs/heads/")).collect();
    assert_eq!(checked_out, ["main", "agents/agent-1", "agents/ann", "agents/bob"]);
    let head = sandbox.rev("HEAD");
    for (name, agent) in &sandbox.state().agents {
        assert_eq!(agent.branch, format!("agents/{name}"));
        assert_eq!(sandbox.rev(&agent.branch), head);
        sandbox.is_clean(&name.to_string());
    }
}

#[test]
fn again_it_adds_what_is_missing_and_changes_nothing_else() {
    let sandbox = Sandbox::with_agents(&["ann", "bob", "cam"]);
    let before = (sandbox.facts(), sandbox.tip());
    assert_snapshot!(sandbox.agents(["init", "ann", "bob", "cam"]), @"
    3 agents unchanged: ann, bob, cam
    work lands on main
    [status 0]
    ");
    assert_eq!(before, (sandbox.facts(), sandbox.tip()));

    let work = sandbox.commit_as("bob", "new", "work\n");
    sandbox.write_as("ann", "draft", "not to be lost\n");
    std::fs::remove_dir_all(sandbox.worktree_of("bob")).unwrap();
    assert_snapshot!(sandbox.agents(["init", "ann", "bob", "cam"]), @"
    bob on agents/bob in [ROOT]/repo-worktrees/bob
    2 agents unchanged: ann, cam
    work lands on main
    [status 0]
    ");
    assert_eq!(sandbox.git_in(&sandbox.worktree_of("bob"), ["rev-parse", "HEAD"]), work);
    sandbox.is_clean("bob");

    assert_snapshot!(sandbox.agents(["init", "ann", "bob", "cam", "dan"]), @"
    dan on agents/dan in [ROOT]/repo-worktrees/dan
    3 agents unchanged: ann, bob, cam
    work lands on main
    [status 0]
    ");
    sandbox.is_clean("dan");
    assert_eq!(sandbox.state().agents.len(), 4);
    assert_eq!(std::fs::read_to_string(sandbox.worktree_of("ann").join("draft")).unwrap(), "not to be lost\n");
}

#[test]
fn the_settings_are_kept_and_used() {
    let sandbox = Sandbox::new();
    sandbox.git(["branch", "release"]);
    let args = ["init", "ann", "--target", "release", "--worktrees", "../trees", "--prefix", "work/"];
    assert_snapshot!(sandbox.agents(args), @"
    ann on work/ann in [ROOT]/trees/ann
    work lands on release
    [status 0]
    ");
    let config = sandbox.git(["config", "--local", "--get-regexp", "^agents"]);
    assert_snapshot!(config.replace(sandbox.root().to_str().unwrap(), "[ROOT]"), @"
    agents.target release
    agents.worktrees [ROOT]/trees
    agents.prefix work/
    ");
    assert_snapshot!(sandbox.agents(["init", "bob"]), @"
    bob on work/bob in [ROOT]/trees/bob
    work lands on release
    [status 0]
    ");
    assert!(sandbox.root().join("trees/bob/README").is_file());
}

/// git itself fails in the middle: a filter that is required does not work in the worktree of bob.
#[test]
fn a_failure_of_one_takes_the_others_back() {
    let sandbox = Sandbox::new();
    sandbox.commit(".gitattributes", "README filter=picky\n", "Filter");
    sandbox.git(["config", "filter.picky.smudge", "case \"$PWD\" in *bob*) exit 1;; esac; cat"]);
    sandbox.git(["config", "filter.picky.clean", "cat"]);
    sandbox.git(["config", "filter.picky.required", "true"]);
    let output = sandbox.refused(["init", "ann", "bob", "cam"]);
    assert_eq!(output.status, Some(4), "{output}");
    for agent in ["ann", "bob", "cam"] {
        assert!(!sandbox.worktree_of(agent).exists(), "the worktree of {agent} is left");
    }
    assert_eq!(sandbox.git(["worktree", "list"]).lines().count(), 1);
    sandbox.git(["config", "filter.picky.smudge", "cat"]);
    sandbox.agents(["init", "ann", "bob", "cam"]).good();
}
