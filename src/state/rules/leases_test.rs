use crate::agent::AgentName;
use crate::state::fixture::*;
use crate::state::{Action, Rejected, State};
use crate::task::{DEFAULT_TTL_S, Fence, Outcome, Task, TaskState, Terms};

/// Ann works on `mine` since the third minute, by the first assignment.
fn in_progress() -> State {
    let all = [add_agents(&["ann", "bob"]), add_tasks(&[("mine", &[]), ("other", &[])]), start("ann", "mine")];
    State::after(&all)
}

fn taking(task: &Task) -> Terms {
    Terms { ttl_s: None, takes: task.take_over() }
}

fn steal(name: &str, task: &Task) -> Action {
    Action::Start { agent: agent(name), task: task.id.clone(), base: None, terms: taking(task) }
}

fn completes(name: &str, fence: Option<Fence>) -> Action {
    Action::Complete { agent: agent(name), task: id("mine"), tip: None, files: Vec::new(), hours: None, fence }
}

fn fails(name: &str, fence: Option<Fence>) -> Action {
    Action::Fail { agent: agent(name), task: id("mine"), reason: "x".to_owned(), fence }
}

#[test]
fn every_assignment_has_a_higher_number_and_beginning_is_none() {
    let state = State::after(&[add_agents(&["ann", "bob"]), add_tasks(&[("mine", &[])]), assign("ann", "mine")]);
    assert_eq!((state.has("mine").epoch, state.has("mine").assigned_by.as_ref().unwrap().as_str()), (1, "op3"));
    let begun = state.then(start("ann", "mine")).unwrap();
    assert_eq!(begun.has("mine").epoch, 1);
    let freed = begun.then(Action::Unassign { agent: agent("ann"), task: id("mine") }).unwrap();
    assert_eq!((freed.has("mine").epoch, &freed.has("mine").lease), (1, &None));
    let again = freed.then(start("bob", "mine")).unwrap();
    assert_eq!(again.has("mine").fence(), Some(Fence { epoch: 2, by: Some("op60".parse().unwrap()) }));
}

#[test]
fn the_holders_acts_renew_the_lease_and_others_do_not() {
    let state = in_progress();
    let renewed = |state: &State| state.has("mine").lease.as_ref().unwrap().renewed_at;
    assert_eq!((renewed(&state), state.has("mine").lease.as_ref().unwrap().ttl_s), (at(3), DEFAULT_TTL_S));
    assert_eq!(renewed(&state.then(start("bob", "other")).unwrap()), at(3));
    assert_eq!(renewed(&state.then(assign("ann", "other")).unwrap()), at(3), "a lead's act");
    let noticed = crate::finding::Finding { agent: Some(agent("ann")), ..new_finding("f1") };
    let after = state.then(Action::AddFindings { findings: vec![noticed] }).unwrap();
    assert_eq!((renewed(&after), after.has("mine").updated_at), (at(60), at(3)));
    assert_eq!(after.has("mine").lease().unwrap().until(), at(180));
    assert!(after.then(complete("ann", "mine")).unwrap().has("mine").lease.is_none());
}

#[test]
fn a_start_may_lengthen_the_lease() {
    let all = [add_agents(&["ann"]), add_tasks(&[("mine", &[])]), assign("ann", "mine")];
    let terms = Terms { ttl_s: Some(60), takes: None };
    let begin = |terms| Action::Start { agent: agent("ann"), task: id("mine"), base: None, terms };
    let begun = State::after(&all).then(begin(terms)).unwrap();
    assert_eq!(begun.has("mine").lease.as_ref().unwrap().ttl_s, 60);
    assert_eq!(State::after(&all).then(begin(Terms::default())).unwrap().has("mine").lease().unwrap().ttl_s, 7200);
}

#[test]
fn what_is_taken_over_is_exactly_what_was_seen() {
    let state = in_progress();
    let taken = state.then(steal("bob", state.has("mine"))).unwrap();
    let task = taken.has("mine");
    assert_eq!((task.agent.as_ref(), task.epoch, task.attempts.len()), (Some(&agent("bob")), 2, 2));
    assert_eq!((task.attempts[0].outcome, &task.attempts[0].taken_by), (Some(Outcome::Failed), &Some(agent("bob"))));
    // Ann has given a sign of life meanwhile.
    let noticed = crate::finding::Finding { agent: Some(agent("ann")), ..new_finding("f1") };
    let alive = state.then(Action::AddFindings { findings: vec![noticed] }).unwrap();
    assert!(matches!(alive.then(steal("bob", state.has("mine"))), Err(Rejected::Held { .. })));
    // It was given to her anew meanwhile.
    let unassign = Action::Unassign { agent: agent("ann"), task: id("mine") };
    let anew = state.then(unassign.clone()).unwrap().then(assign("ann", "mine")).unwrap();
    assert!(matches!(anew.then(steal("bob", state.has("mine"))), Err(Rejected::Held { .. })));
    // Nobody has it any more: it is simply assigned.
    let free = state.then(unassign).unwrap().then(steal("bob", state.has("mine"))).unwrap();
    assert_eq!((free.has("mine").epoch, &free.has("mine").attempts[0].taken_by), (2, &None));
    // What waits to be landed is nobody's to take.
    let done = state.then(complete("ann", "mine")).unwrap();
    assert!(matches!(done.then(steal("bob", state.has("mine"))), Err(Rejected::Held { .. })));
}

#[test]
fn an_assigned_task_is_taken_over_without_an_attempt_of_its_holder() {
    let state = State::after(&[
        add_agents(&["ann", "bob"]),
        add_tasks(&[("mine", &[])]),
        start("bob", "mine"),
        fail("bob", "mine"),
        assign("ann", "mine"),
    ]);
    let taken = state.then(steal("bob", state.has("mine"))).unwrap();
    assert!(taken.has("mine").attempts.iter().all(|attempt| attempt.taken_by.is_none()));
}

#[test]
fn an_outdated_assignment_completes_fails_and_lands_nothing() {
    let state = in_progress();
    let known = state.has("mine").fence();
    let taken = state.then(steal("bob", state.has("mine"))).unwrap();
    let outdated = |name: &str, holder: Option<AgentName>, since| Rejected::Outdated {
        task: id("mine"),
        agent: agent(name),
        known: 1,
        epoch: 2,
        holder,
        since,
    };
    assert_eq!(taken.then(completes("ann", known.clone())).unwrap_err(), outdated("ann", Some(agent("bob")), at(60)));
    let words = taken.then(fails("ann", known.clone())).unwrap_err().to_string();
    assert_eq!(
        words,
        "ann had mine by assignment 1, which has ended: bob has it since 2026-01-05 10:00 UTC by assignment 2"
    );
    assert!(matches!(taken.then(completes("ann", None)), Err(Rejected::Held { .. })), "an old version's");
    // The same agent in another clone, where it was assigned anew.
    let back = taken.then(completes("bob", known.clone())).unwrap_err();
    assert_eq!(back, outdated("bob", Some(agent("bob")), at(60)));
    let done = taken.then(completes("bob", taken.has("mine").fence())).unwrap();
    let lands = |fence: Option<Fence>| {
        let Action::Land { target, before, start, after, mut landed } = land("bob", &["mine"]) else { unreachable!() };
        landed[0].fences = fence.map(|fence| (id("mine"), fence)).into_iter().collect();
        Action::Land { target, before, start, after, landed }
    };
    assert!(matches!(done.then(lands(known)), Err(Rejected::Outdated { .. })));
    assert_eq!(done.then(lands(done.has("mine").fence())).unwrap().has("mine").state, TaskState::Landed);
    assert!(done.then(lands(None)).is_ok());
}

#[test]
fn a_replayed_assignment_is_the_same_under_another_number() {
    let fence = in_progress().has("mine").fence();
    // The same operations after others of another clone: the number is higher, the operation is the same.
    let before = [add_agents(&["ann", "bob"]), add_tasks(&[("mine", &[])])];
    let elsewhere = [before[0].clone(), before[1].clone(), assign("bob", "mine")];
    let freed = State::after(&elsewhere).then(Action::Unassign { agent: agent("bob"), task: id("mine") }).unwrap();
    let replayed = freed.apply(&operation(3, start("ann", "mine"))).unwrap();
    assert_eq!(replayed.has("mine").epoch, 2);
    assert!(replayed.then(completes("ann", fence)).is_ok());
}

#[test]
fn what_an_older_version_wrote_has_the_usual_lease() {
    let mut state = in_progress();
    let task = state.tasks.get_mut(&id("mine")).unwrap();
    (task.epoch, task.assigned_by, task.lease) = (0, None, None);
    assert_eq!(state.has("mine").lease().unwrap().until(), at(123));
    assert!(state.then(complete("ann", "mine")).is_ok());
    let taken = state.then(steal("bob", state.has("mine"))).unwrap();
    assert_eq!(taken.has("mine").epoch, 1);
}

#[test]
fn operations_of_an_older_version_are_read_and_usual_ones_look_like_them() {
    let old = [
        r#"{"id":"op1","nonce":"","at":"2026-01-05T09:01:00Z","do":"assign","agent":"ann","task":"mine","new":null}"#,
        r#"{"id":"op1","nonce":"","at":"2026-01-05T09:01:00Z","do":"start","agent":"ann","task":"mine","base":null}"#,
        r#"{"id":"op1","nonce":"","at":"2026-01-05T09:01:00Z","do":"fail","agent":"ann","task":"mine","reason":"x"}"#,
    ];
    for line in old {
        let operation: crate::state::Operation = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&operation).unwrap(), line);
    }
}
