use super::*;
use crate::git::fixture::Fixture;
use crate::state::fixture::{add_agents, add_tasks, agent, at, id, new_finding, start};
use crate::state::{Action, State};

/// Ann works on `mine` since the third minute after nine, with a lease of two hours.
fn in_progress() -> State {
    State::after(&[add_agents(&["ann"]), add_tasks(&[("mine", &[])]), start("ann", "mine")])
}

fn alive(state: &State) -> State {
    let noticed = crate::finding::Finding { agent: Some(agent("ann")), ..new_finding("f1") };
    state.then(Action::AddFindings { findings: vec![noticed] }).unwrap()
}

fn live_until(minute: i64) -> Option<Standing> {
    Some(Standing::Live { until: at(minute) })
}

#[test]
fn what_was_not_seen_before_is_as_old_as_it_says_and_a_little_younger() {
    let fixture = Fixture::new();
    let (repo, state) = (fixture.open(), in_progress());
    let standing = |minute| Leases::read(&repo, at(minute)).standing(&state, state.has("mine"));
    assert_eq!(standing(5), live_until(125), "by our own clock, which is earlier");
    assert_eq!(standing(100), live_until(133));
    assert_eq!(standing(133), Some(Standing::Expired { at: at(133), heard: at(3) }));
}

#[test]
fn what_was_seen_counts_from_then_by_our_own_clock() {
    let fixture = Fixture::new();
    let (repo, state) = (fixture.open(), in_progress());
    Leases::read(&repo, at(4)).observe(&state);
    Leases::read(&repo, at(90)).observe(&state);
    let standing = |state: &State, minute| Leases::read(&repo, at(minute)).standing(state, state.has("mine"));
    assert_eq!(standing(&state, 123), live_until(124));
    assert!(matches!(standing(&state, 124), Some(Standing::Expired { .. })));
    // A sign of life that was made an hour after nine, and arrives now: the holder's clock does not matter.
    let renewed = alive(&state);
    assert_eq!(standing(&renewed, 500), live_until(620));
    Leases::read(&repo, at(500)).observe(&renewed);
    assert_eq!(standing(&renewed, 600), live_until(620));
    // Our clock was put back: what it saw is nothing.
    assert_eq!(standing(&renewed, 400), live_until(520));
}

#[test]
fn a_file_that_is_damaged_or_cannot_be_written_is_no_error() {
    let fixture = Fixture::new();
    let (repo, state) = (fixture.open(), in_progress());
    std::fs::create_dir_all(repo.agents_dir().join("leases")).unwrap();
    Leases::read(&repo, at(4)).observe(&state);
    assert_eq!(Leases::read(&repo, at(100)).standing(&state, state.has("mine")), live_until(133));
}

#[test]
fn an_agent_knows_what_it_began_with() {
    let fixture = Fixture::new();
    let (repo, state) = (fixture.open(), in_progress());
    let (ann, mut task) = (agent("ann"), state.has("mine").clone());
    assert_eq!(known(&repo, &ann, &task), task.fence());
    remember(&repo, &ann, &task);
    let began = task.fence();
    task.epoch = 2;
    task.assigned_by = Some("later".parse().unwrap());
    assert_eq!(known(&repo, &ann, &task), began);
    task.id = id("other");
    assert_eq!(known(&repo, &ann, &task), task.fence(), "of another task nothing was noted");
    assert_eq!(held(&repo, &ann), began.map(|fence| (id("mine"), fence)));
    forget(&repo, &ann);
    assert_eq!(held(&repo, &ann), None);
    task.id = id("mine");
    assert_eq!(known(&repo, &ann, &task), task.fence());
}
