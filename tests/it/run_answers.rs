//! What the commands about runs say to what makes no sense.

use insta::assert_snapshot;

use crate::support::Sandbox;

#[test]
fn what_cannot_run_is_refused_and_leaves_nothing() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let not_executable = sandbox.worktree_of("ann").join("script");
    std::fs::write(&not_executable, "#!/bin/sh\n").unwrap();
    assert_snapshot!(sandbox.agents(["run", "ann", "--", "no-such-program"]), @"");
    assert_snapshot!(sandbox.agents(["run", "ann", "--", "./script"]), @"");
    assert_snapshot!(sandbox.agents(["run", "ann", "--", ""]), @"");
    assert_snapshot!(sandbox.agents(["run", "ann"]), @"");
    assert_snapshot!(sandbox.agents(["run", "eve", "--", "true"]), @"");
    assert_snapshot!(sandbox.agents(["run", "ann", "--task", "16", "--", "true"]), @"");
    assert_snapshot!(sandbox.agents(["run", "ann", "--env", "=x", "--", "true"]), @"");
    assert_snapshot!(sandbox.agents(["run", "ann", "--env", "GIT_AGENTS_RUN=x", "--", "true"]), @"");
    assert_snapshot!(sandbox.agents(["run", "ann", "--timeout", "soon", "--", "true"]), @"");
    assert_snapshot!(sandbox.agents(["run", "ann", "--profile", "nonsense"]), @"");
    assert_snapshot!(sandbox.agents(["run", "ann", "--profile", "claude"]), @"");
    assert_snapshot!(sandbox.agents(["run", "ann", "--resume"]), @"");
    sandbox.git(["config", "agents.maxConcurrent", "many"]);
    assert_snapshot!(sandbox.agents(["run", "ann", "--", "true"]), @"");
    sandbox.git(["config", "--unset", "agents.maxConcurrent"]);
    std::fs::remove_dir_all(sandbox.worktree_of("ann")).unwrap();
    assert_snapshot!(sandbox.agents(["run", "ann", "--", "true"]), @"");
    let left = std::fs::read_dir(sandbox.repo().join(".git/agents/runs")).map_or(0, Iterator::count);
    assert_eq!(left, 0);
    assert_snapshot!(sandbox.agents(["runs"]), @"");
}

#[test]
fn what_is_not_there_is_not_there() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    assert_snapshot!(sandbox.agents(["logs", "ann"]), @"");
    assert_snapshot!(sandbox.agents(["kill", "ann"]), @"");
    assert_snapshot!(sandbox.agents(["kill"]), @"");
    assert_snapshot!(sandbox.agents(["wait", "ann"]), @"");
    assert_snapshot!(sandbox.agents(["wait"]), @"");
    assert_snapshot!(sandbox.agents(["report", "waiting", "--agent", "ann"]), @"");
    assert_snapshot!(sandbox.agents(["report", "waiting"]), @"");
    assert_snapshot!(sandbox.agents(["report", "dead"]), @"");
    assert_snapshot!(sandbox.agents(["send", "ann"]), @"");
    assert_snapshot!(sandbox.agents(["send", "../x", "text"]), @"");
    assert_snapshot!(sandbox.agents(["runs", "../x"]), @"");
    assert_snapshot!(sandbox.agents(["logs", "ann", "--raw", "--json"]), @"");
    assert_snapshot!(sandbox.agents(["logs", "ann", "-f", "--json"]), @"");
}

#[test]
fn a_run_that_takes_no_input_says_so() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let id = sandbox.start_run("ann", "sleep 1000", &[]);
    assert_snapshot!(sandbox.agents(["send", "ann", "text"]), @"");
    assert_snapshot!(sandbox.agents(["wait", "ann", "--timeout", "0s"]), @"");
    sandbox.now(&["kill", "ann", "--grace", "0s"]).good();
    sandbox.run_is_gone(&id);
}

/// What is in the records was perhaps written by a newer version, or by somebody else.
#[test]
fn records_that_cannot_be_read_are_unknown() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    let id = sandbox.start_run("ann", "exit 0", &[]);
    sandbox.now(&["wait", "ann"]).good();
    sandbox.run_is_gone(&id);
    let folder = sandbox.run_folder(&id);
    std::fs::write(folder.join("ended.json"), "{\"why\":\"abducted\"}").unwrap();
    assert_snapshot!(sandbox.agents(["runs", "--json"]).json()["runs"][0]["state"], @"null");
    assert_snapshot!(sandbox.agents(["status"]).stdout.lines().last().unwrap(), @"");
    std::fs::write(folder.join("plan.json"), "\u{1b}[2J").unwrap();
    assert_snapshot!(sandbox.agents(["runs"]), @"");
    assert_snapshot!(sandbox.agents(["doctor"]), @"");
    std::fs::write(folder.join("plan.json"), vec![b'{'; 9 << 20]).unwrap();
    assert_eq!(sandbox.agents(["runs"]).status, Some(0));
    std::fs::create_dir(sandbox.repo().join(".git/agents/runs/not a run")).unwrap();
    sandbox.agents(["run", "bob", "--", "true"]).good();
    sandbox.agents(["wait"]);
}
