//! Whose runs are meant: by name, by pattern, by batch; and what is said when there is nobody who could be.

use insta::assert_snapshot;

use crate::support::{Sandbox, eventually};

#[test]
fn of_several_those_that_run_are_ended_and_the_others_named() {
    let sandbox = Sandbox::with_agents(&["ann", "bob", "cat"]);
    let first = sandbox.start_run("ann", "sleep 1000", &[]);
    sandbox.start_run("bob", "exit 0", &[]);
    sandbox.now(&["wait", "bob"]).good();
    assert_snapshot!(sandbox.agents(["kill", "ann", "bobby", "cat"]), @"
    [stderr]
    error: there is no agent bobby
      try: git agents agent list
    [status 3]
    ");
    assert_eq!(sandbox.run_state("ann"), "working", "nothing was changed");
    assert_snapshot!(sandbox.agents(["kill", "ann", "bob", "cat"]), @"
    ann's run is ended: killed
    [stderr]
    bob was not running
    cat was not running
    [status 0]
    ");
    sandbox.run_is_gone(&first);
    assert_snapshot!(sandbox.agents(["kill", "bob", "cat"]), @"
    [stderr]
    error: bob is not running
      try: git agents runs
    [status 3]
    ");
}

#[test]
fn a_pattern_is_taken_wherever_a_run_is_meant() {
    let sandbox = Sandbox::with_agents(&["dates-1", "dates-2", "cat"]);
    for agent in ["dates-1", "dates-2"] {
        sandbox.start_run(agent, "while ! test -e go; do sleep 0.02; done", &[]);
        sandbox.write_as(agent, "go", "");
    }
    assert_snapshot!(sandbox.agents(["wait", "dates-*"]), @"
    dates-1: done
    dates-2: done
    [status 0]
    ");
    assert_eq!(sandbox.answer(&["runs", "*-1", "--json"])["runs"].as_array().unwrap().len(), 1);
    assert_snapshot!(sandbox.agents(["kill", "dates-?"]), @"
    nothing runs
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["wait", "times-*"]), @"
    [stderr]
    error: there is no agent whose name is like 'times-*'
      try: git agents agent list
    [status 3]
    ");
    for command in ["kill", "runs"] {
        let (one, other) = (sandbox.agents([command, "times-*"]), sandbox.agents(["wait", "times-*"]));
        assert_eq!((one.status, one.stderr), (other.status, other.stderr));
    }
    assert_snapshot!(sandbox.agents(["wait", "c?t"]), @"
    [stderr]
    error: c?t has not run
      try: git agents runs
    [status 3]
    ");
}

#[test]
fn nobody_is_told_that_all_is_quiet_who_meant_something_else() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let unknown = sandbox.agents(["runs", "eve"]);
    assert_snapshot!(unknown, @"
    [stderr]
    error: there is no agent eve
      try: git agents agent list
    [status 3]
    ");
    for command in ["wait eve", "logs eve", "kill eve", "send eve x", "attach eve", "report working --agent eve"] {
        let said = sandbox.agents(command.split(' '));
        assert_eq!((said.status, &said.stderr), (unknown.status, &unknown.stderr), "{command}");
    }
    let unknown = sandbox.agents(["kill", "--batch", "nope"]);
    assert_snapshot!(unknown, @"
    [stderr]
    error: no run belongs to the batch nope
      try: git agents runs --all --json
    [status 3]
    ");
    assert_eq!(sandbox.agents(["runs", "--batch", "nope"]).stderr, unknown.stderr);
    assert_snapshot!(sandbox.agents(["run", "ann", "--timeout", "0", "--", "true"]), @"
    [stderr]
    error: invalid value '0' for '--timeout <DURATION>': it must be longer than nothing

    For more information, try '--help'.
    [status 2]
    ");
    // An agent that is there no more has runs all the same.
    sandbox.start_run("ann", "exit 0", &[]);
    sandbox.now(&["wait", "ann"]).good();
    eventually("it can be removed", || sandbox.now(&["agent", "remove", "ann"]).status == Some(0));
    assert_eq!(sandbox.answer(&["runs", "ann", "--json"])["runs"].as_array().unwrap().len(), 1);
}

#[test]
fn output_that_could_not_be_kept_is_told_beside_what_could() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let id = sandbox.start_run("ann", "echo said", &[]);
    sandbox.now(&["wait", "ann"]).good();
    sandbox.run_is_gone(&id);
    let mut ended = sandbox.run_record(&id, "ended.json");
    ended["dropped"] = 5000.into();
    std::fs::write(sandbox.run_folder(&id).join("ended.json"), ended.to_string()).unwrap();
    assert_snapshot!(sandbox.agents(["logs", "ann"]), @"
    said
    [stderr]
    4 KB of what ann wrote could not be kept
    [status 0]
    ");
    assert!(sandbox.agents(["runs"]).stdout.ends_with("\n4 KB of ann's output could not be kept\n"));
}
