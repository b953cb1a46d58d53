//! Enrolling against real git.

use super::*;
use crate::agent::Agent;
use crate::land::fixture::Fixture;
use crate::work::past::made_branch;

fn enrolled(fixture: &Fixture, name: &str, branch: &str, existing: bool) -> Agent {
    let (repo, name) = (fixture.open(), name.parse::<AgentName>().unwrap());
    let enrolment = Enrolment {
        name: name.clone(),
        branch: branch.to_owned(),
        start: fixture.id("main"),
        existing,
        worktree: Some(fixture.root().join(name.as_str())),
        registered: false,
    };
    let world = World { now: "2026-01-02T03:04:05Z".parse().unwrap(), seed: Some(1), home: None };
    enrol(&repo, &world, &[enrolment], Making::silently(true)).unwrap().keep(&repo);
    store::load(&repo, &Scope::open()).unwrap().state.agents[&name].clone()
}

#[test]
fn only_the_chain_says_whose_a_branch_is() {
    let fixture = Fixture::new();
    fixture.git(&["branch", "victim"]);
    let (one, two) = (enrolled(&fixture, "one", "agents/one", false), enrolled(&fixture, "two", "victim", true));
    let repo = fixture.open();
    let made = |agent: &Agent| made_branch(&repo, store::tip(&repo).unwrap(), agent);
    assert!(made(&one), "made with the agent");
    assert!(!made(&two), "adopted");
    assert!(!made(&Agent { branch: "victim".into(), ..one.clone() }), "written into the document by somebody");
    assert!(!made(&Agent { branch: "agents/one".into(), ..two }), "made with another agent");
    assert!(!made_branch(&repo, None, &one), "nothing is known");
}
