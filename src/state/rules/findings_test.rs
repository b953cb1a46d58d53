use crate::finding::{Finding, FindingState};
use crate::state::fixture::*;
use crate::state::{Action, Rejected, State};

fn add(findings: &[Finding]) -> Action {
    Action::AddFindings { findings: findings.to_vec() }
}

fn resolve(list: &[&str]) -> Action {
    Action::ResolveFindings { findings: list.iter().map(|text| finding_id(text)).collect() }
}

#[test]
fn findings_are_reported_all_or_none() {
    let state = State::after(&[add(&[new_finding("f1")])]);
    let rejected = state.then(add(&[new_finding("f2"), new_finding("f1")])).unwrap_err();
    assert_eq!(rejected, Rejected::FindingExists { id: finding_id("f1") });
    assert_eq!(state.then(add(&[new_finding("f2"), new_finding("f3")])).unwrap().findings.len(), 3);
}

#[test]
fn a_finding_names_agents_and_tasks_that_exist() {
    let state = State::after(&[add_agents(&["ann"]), add_tasks(&[("1", &[])])]);
    let by = |name: &str, task: &str| Finding { agent: Some(agent(name)), task: Some(id(task)), ..new_finding("f") };
    assert!(state.then(add(&[by("ann", "1")])).is_ok());
    assert_eq!(state.then(add(&[by("eve", "1")])).unwrap_err(), Rejected::UnknownAgent { name: agent("eve") });
    assert_eq!(state.then(add(&[by("ann", "2")])).unwrap_err(), Rejected::UnknownTask { id: id("2") });
}

#[test]
fn a_finding_is_resolved_once_and_keeps_its_time() {
    let state = State::after(&[add(&[new_finding("f1"), new_finding("f2")])]);
    let resolved = state.then(resolve(&["f1"])).unwrap();
    let finding = &resolved.findings[&finding_id("f1")];
    assert_eq!((finding.state, finding.resolved_at), (FindingState::Resolved, Some(at(60))));
    let again = resolved.apply(&operation(90, resolve(&["f1"]))).unwrap();
    assert_eq!(again.findings[&finding_id("f1")].resolved_at, Some(at(60)));
    assert_eq!(state.then(resolve(&["f1", "f9"])).unwrap_err(), Rejected::UnknownFinding { id: finding_id("f9") });
}
