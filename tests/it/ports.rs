//! The ports of agents where their file is not as it should be.

use insta::assert_snapshot;

use crate::support::Sandbox;

#[test]
fn a_broken_file_is_mended_as_the_refusal_says() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    let file = sandbox.repo().join(".git/agents/ports.json");
    std::fs::write(&file, "{").unwrap();
    assert_snapshot!(sandbox.refused(["run", "ann", "--", "true"]), @"
    [stderr]
    error: [ROOT]/repo/.git/agents/ports.json cannot be understood: EOF while parsing an object at line 1 column 1
      try: git agents doctor --fix
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["doctor"]), @"
    error: [ROOT]/repo/.git/agents/ports.json cannot be understood: EOF while parsing an object at line 1 column 1
      try: git agents doctor --fix
    1 error
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["doctor", "--fix"]), @"
    fixed: [ROOT]/repo/.git/agents/ports.json cannot be understood: EOF while parsing an object at line 1 column 1; 0 leases are kept, and the file is [ROOT]/repo/.git/agents/ports.json.broken now
    1 fixed
    [status 0]
    ");
    assert_eq!(std::fs::read_to_string(file.with_extension("json.broken")).unwrap(), "{");
    sandbox.agents(["run", "ann", "--", "true"]).good();
    assert_snapshot!(sandbox.agents(["doctor"]), @"
    all is well
    [status 0]
    ");
    sandbox.agents(["wait", "ann"]).good();
}

#[test]
fn what_the_system_refuses_is_no_refusal_of_ours() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    std::fs::create_dir(sandbox.repo().join(".git/agents/ports.lock")).unwrap();
    assert_snapshot!(sandbox.agents(["run", "ann", "--", "true"]), @"
    [stderr]
    error: [ROOT]/repo/.git/agents/ports.lock cannot be used: Is a directory (os error 21)
      try: git agents doctor
    [status 4]
    ");
}

#[test]
fn an_agent_is_shown_with_its_ports() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.git(["config", "agents.ports", "21000-21009"]);
    let shown = || sandbox.agents(["agent", "show", "ann"]).good().stdout;
    assert!(!shown().contains("ports"), "{}", shown());
    sandbox.agents(["run", "ann", "--", "true"]).good();
    sandbox.agents(["wait", "ann"]).good();
    assert!(shown().contains("  ports:     21000-21009\n"), "{}", shown());
    assert_eq!(sandbox.agents(["agent", "show", "ann", "--json"]).json()["ports"], "21000-21009");
}
