//! What was done offline and no remote has confirmed: `provisional` wherever somebody reads who has what.

use serde_json::{Value, json};

use crate::support::{Clone, Sandbox};

/// Bob's clone, which shares by itself, with a task.
fn bob(sandbox: &Sandbox) -> Clone<'_> {
    sandbox.remote();
    let bob = sandbox.clone("bob").with_agent("bob");
    bob.agents(["task", "add", "Fix it", "--id", "16"]).good();
    bob.agents(["sync"]).good();
    bob
}

/// Everywhere that who has what can be read.
fn said(clone: &Clone<'_>) -> Vec<Value> {
    let read = |args: &[&str]| clone.agents([args, &["--json"]].concat()).json();
    vec![
        read(&["status"])["agents"][0]["task"]["provisional"].clone(),
        read(&["agent", "list"])["agents"][0]["task"]["provisional"].clone(),
        read(&["agent", "show", "bob"])["tasks"][0]["provisional"].clone(),
        read(&["task", "list"])["tasks"][0]["provisional"].clone(),
        read(&["task", "show", "16"])["task"]["provisional"].clone(),
        read(&["claims"])["claims"][0]["provisional"].clone(),
    ]
}

#[test]
fn what_was_done_offline_says_so_until_it_is_shared() {
    let sandbox = Sandbox::new();
    let bob = bob(&sandbox);
    let assigned = bob.agents(["assign", "bob", "16", "--offline", "--json"]).good().json();
    assert_eq!(assigned["task"]["provisional"], true);
    let again = bob.agents(["assign", "bob", "16", "--offline", "--json"]).good().json();
    assert_eq!((&again["changed"], &again["task"]["provisional"]), (&json!(false), &json!(true)));
    let claimed = bob.agents(["claim", "bob", "src", "--offline", "--json"]).good().json();
    assert_eq!(claimed["claims"][0]["provisional"], true);
    assert_eq!(said(&bob), vec![json!(true); 6]);
    assert_eq!(bob.agents(["status", "--json"]).json()["unsynced"], 2);
    assert!(bob.agents(["task", "show", "16"]).stdout.contains("shared:    not yet: no remote has confirmed it\n"));
    let started = bob.agents(["start", "bob", "16", "--offline", "--json"]).good().json();
    assert_eq!(started["task"]["provisional"], true);
    bob.agents(["sync"]).good();
    assert_eq!(said(&bob), vec![Value::Null; 6], "absent");
    // What is made exclusive without asking is not confirmed, although the claim is.
    bob.agents(["claim", "bob", "src", "--exclusive", "--offline"]).good();
    assert_eq!(bob.agents(["claims", "--json"]).json()["claims"][0]["provisional"], true);
    assert_eq!(bob.agents(["task", "show", "16", "--json"]).json()["task"].get("provisional"), None);
}

#[test]
fn where_nobody_else_decides_nothing_is_provisional() {
    let sandbox = Sandbox::with_agents(&["bob"]);
    sandbox.agents(["assign", "bob", "16", "Fix it", "--offline"]).good();
    sandbox.agents(["claim", "bob", "src"]).good();
    assert_eq!(said(&sandbox.here()), vec![Value::Null; 6]);
}

/// Who synchronises by hand has confirmed nothing before that.
#[test]
fn in_a_clone_that_is_synchronised_by_hand_everything_is_at_first() {
    let sandbox = Sandbox::new();
    let bob = bob(&sandbox);
    bob.git(["config", "agents.sync", "manual"]);
    bob.agents(["assign", "bob", "16"]).good();
    bob.agents(["claim", "bob", "src"]).good();
    assert_eq!(said(&bob), vec![json!(true); 6]);
    bob.agents(["sync"]).good();
    assert_eq!(said(&bob), vec![Value::Null; 6]);
}
