use crate::state::fixture::*;
use crate::state::{Action, Rejected, State};
use crate::task::{Outcome, TaskState};

fn unassign(name: &str, task: &str) -> Action {
    Action::Unassign { agent: agent(name), task: id(task) }
}

/// Two agents; ann has `mine` assigned, and `other` is open.
fn with_assigned() -> State {
    State::after(&[add_agents(&["ann", "bob"]), add_tasks(&[("mine", &[]), ("other", &[])]), assign("ann", "mine")])
}

fn rejected(state: &State, action: Action) -> Rejected {
    state.then(action).unwrap_err()
}

#[test]
fn a_task_has_one_holder_until_it_is_free_again() {
    let state = with_assigned();
    let held = |state: &State, kind, since| {
        let expected = Rejected::Held { task: id("mine"), agent: agent("ann"), state: kind, since };
        assert_eq!(rejected(state, assign("bob", "mine")), expected);
        assert_eq!(rejected(state, start("bob", "mine")), expected);
    };
    held(&state, TaskState::Assigned, at(3));
    let started = state.then(start("ann", "mine")).unwrap();
    held(&started, TaskState::InProgress, at(60));
    let completed = started.then(complete("ann", "mine")).unwrap();
    held(&completed, TaskState::Completed, at(60));
    // An older attempt does not say since when it is held now.
    let retried = started.then(fail("ann", "mine")).unwrap().apply(&operation(90, assign("ann", "mine"))).unwrap();
    held(&retried, TaskState::Assigned, at(90));
    let freed = state.then(unassign("ann", "mine")).unwrap();
    assert_eq!((freed.has("mine").state, &freed.has("mine").agent), (TaskState::Open, &None));
    assert!(freed.then(assign("bob", "mine")).is_ok());
}

#[test]
fn only_the_holder_gives_it_back_completes_it_and_fails_it() {
    let state = with_assigned();
    for action in [unassign("bob", "mine"), complete("bob", "mine"), fail("bob", "mine")] {
        assert!(matches!(rejected(&state, action), Rejected::Held { .. }));
    }
    for action in [unassign("ann", "other"), complete("ann", "other"), fail("ann", "other")] {
        assert_eq!(rejected(&state, action), Rejected::NotHeld { task: id("other"), agent: agent("ann") });
    }
    assert!(matches!(rejected(&state, complete("ann", "mine")), Rejected::WrongState { .. }), "it has not begun");
}

#[test]
fn a_start_takes_a_free_task_and_opens_an_attempt() {
    let state = with_assigned().then(start("ann", "other")).unwrap();
    let task = state.has("other");
    assert_eq!((task.state, task.agent.as_ref()), (TaskState::InProgress, Some(&agent("ann"))));
    let attempt = task.live_attempt().unwrap();
    assert_eq!((&attempt.agent, attempt.branch.as_str()), (&agent("ann"), "agents/ann"));
    assert_eq!((attempt.base.as_ref(), attempt.started_at), (Some(&commit(1)), at(60)));
    assert_eq!(state.agents[&agent("ann")].base, Some(commit(1)));
    assert_eq!(state.in_progress(&agent("ann")).unwrap().id, id("other"));
}

#[test]
fn a_start_without_a_base_keeps_the_one_that_is_known() {
    let state = with_assigned().then(start("ann", "other")).unwrap().then(complete("ann", "other")).unwrap();
    let again = state
        .then(Action::Start { agent: agent("ann"), task: id("mine"), base: None, terms: Default::default() })
        .unwrap();
    assert_eq!(again.agents[&agent("ann")].base, Some(commit(1)));
}

#[test]
fn an_agent_works_on_one_task() {
    let state = with_assigned().then(start("ann", "mine")).unwrap();
    let busy = Rejected::Busy { agent: agent("ann"), task: id("mine") };
    assert_eq!(rejected(&state, start("ann", "other")), busy);
    assert_eq!(rejected(&state, start("ann", "mine")), busy, "begun is begun");
    assert!(state.then(start("bob", "other")).is_ok());
}

#[test]
fn completing_records_what_was_done_and_counts_it() {
    let state = with_assigned().then(start("ann", "mine")).unwrap();
    let done = state.then(complete("ann", "mine")).unwrap();
    let attempt = done.has("mine").last_attempt().unwrap();
    assert_eq!((attempt.outcome, attempt.ended_at), (Some(Outcome::Completed), Some(at(60))));
    assert_eq!((attempt.tip.as_ref(), attempt.files.as_slice()), (Some(&commit(2)), &["a.rs".to_owned()][..]));
    assert_eq!((done.agents[&agent("ann")].completed_tasks, done.agents[&agent("ann")].hours_total), (1, 0.0));
}

#[test]
fn hours_are_those_reported_else_those_estimated() {
    let hours = |text: &str| Some(text.parse().unwrap());
    let estimated = crate::task::TaskEdit { hours: hours("2"), ..Default::default() };
    let state = with_assigned().then(Action::EditTask { task: id("mine"), edit: estimated }).unwrap();
    let state = state.then(start("ann", "mine")).unwrap();
    let total = |hours| {
        let (agent, task) = (agent("ann"), id("mine"));
        let action = Action::Complete { agent: agent.clone(), task, tip: None, files: Vec::new(), hours, fence: None };
        state.then(action).unwrap().agents[&agent].hours_total
    };
    assert_eq!((total(None), total(hours("0.5"))), (2.0, 0.5));
}

#[test]
fn giving_up_keeps_the_reason_and_frees_the_task() {
    let state = with_assigned();
    let failed = state.then(start("ann", "mine")).unwrap().then(fail("ann", "mine")).unwrap();
    let task = failed.has("mine");
    assert_eq!((task.state, task.reason.as_deref()), (TaskState::Failed, Some("too hard")));
    assert_eq!(task.last_attempt().unwrap().outcome, Some(Outcome::Failed));
    assert_eq!(rejected(&failed, unassign("bob", "mine")), Rejected::NotHeld { task: id("mine"), agent: agent("bob") });
    let taken = failed.then(start("bob", "mine")).unwrap();
    assert_eq!((taken.has("mine").attempts.len(), &taken.has("mine").reason), (2, &None));
    // An assigned task can fail without an attempt.
    assert!(state.then(fail("ann", "mine")).unwrap().has("mine").attempts.is_empty());
}

#[test]
fn taking_back_work_in_progress_ends_the_attempt() {
    let state = with_assigned().then(start("ann", "mine")).unwrap().then(unassign("ann", "mine")).unwrap();
    assert_eq!(state.has("mine").last_attempt().unwrap().outcome, Some(Outcome::Failed));
    assert!(state.in_progress(&agent("ann")).is_none());
}

#[test]
fn landing_is_for_completed_tasks_of_that_agent_all_or_none() {
    let state = with_assigned().then(start("ann", "mine")).unwrap();
    assert!(matches!(rejected(&state, land("ann", &["mine"])), Rejected::WrongState { .. }));
    let done = state.then(complete("ann", "mine")).unwrap();
    assert!(matches!(rejected(&done, land("bob", &["mine"])), Rejected::Held { .. }));
    assert!(matches!(rejected(&done, land("ann", &["mine", "other"])), Rejected::NotHeld { .. }));
    let landed = done.then(land("ann", &["mine"])).unwrap();
    let attempt = landed.has("mine").last_attempt().unwrap();
    assert_eq!((attempt.outcome, attempt.landed.as_ref()), (Some(Outcome::Landed), Some(&commit(3))));
    assert_eq!((attempt.tip.as_ref(), landed.tally.landed), (Some(&commit(4)), 1));
    assert!(matches!(rejected(&landed, land("ann", &["mine"])), Rejected::WrongState { .. }), "once");
}

#[test]
fn assigning_may_file_the_task_first() {
    let state = with_assigned();
    let new = |text: &str| Some(Box::new(new_task(text, &["mine"])));
    let assign =
        |text: &str| Action::Assign { agent: agent("bob"), task: id(text), new: new(text), terms: Default::default() };
    let assigned = state.then(assign("16")).unwrap();
    assert_eq!((assigned.has("16").state, assigned.has("16").title.as_str()), (TaskState::Assigned, "Task 16"));
    assert!(matches!(rejected(&state, assign("mine")), Rejected::TaskExists { .. }));
    let unknown = Action::Assign { agent: agent("eve"), task: id("17"), new: new("17"), terms: Default::default() };
    assert!(matches!(rejected(&state, unknown), Rejected::UnknownAgent { .. }), "nothing is filed either");
}

#[test]
fn ready_is_open_with_everything_before_it_done() {
    let state = State::after(&[
        add_agents(&["ann"]),
        add_tasks(&[("a", &[]), ("b", &["a"]), ("c", &["b"]), ("d", &["gone"]), ("gone", &[])]),
        drop_task("gone"),
    ]);
    let ready = |state: &State| state.ready().iter().map(|task| task.id.to_string()).collect::<Vec<_>>();
    assert_eq!(ready(&state), ["a"]);
    let completed = state.then(start("ann", "a")).unwrap().then(complete("ann", "a")).unwrap();
    assert_eq!(ready(&completed), ["b"], "completed is enough");
    assert_eq!(ready(&completed.then(land("ann", &["a"])).unwrap()), ["b"]);
}

#[test]
fn urgent_is_priority_then_age_then_id() {
    let mut state =
        State::after(&[add_tasks(&[("b", &[]), ("a", &[])]), add_tasks(&[("0", &[])]), add_tasks(&[("z", &[])])]);
    state.tasks.get_mut(&id("z")).unwrap().priority = crate::task::Priority::Critical;
    let order: Vec<String> = state.ready().iter().map(|task| task.id.to_string()).collect();
    assert_eq!(order, ["z", "a", "b", "0"]);
}
