//! Random operations, one after the other: whatever is accepted, the state stays in order.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::fixture::{
    add_agents, agent, at, cases, claim, commit, finding_id, id, new_finding, new_task, past_run, release,
};
use super::{Action, Document, DocumentChange, Operation, State, Tally};
use crate::agent::AgentName;
use crate::finding::Finding;
use crate::task::{Fence, Hours, NewTask, Outcome, Priority, Task, TaskEdit, TaskId, TaskState, Terms, cycle};

/// What is tried next.
#[derive(Debug, Clone)]
enum Step {
    Do(Action),
    /// Take back what the accepted operation with this number, from the end, did.
    Undo(usize),
    /// Take a task over from whoever has it.
    Steal(AgentName, TaskId),
}

fn names() -> impl Strategy<Value = AgentName> {
    prop_oneof![Just("ann"), Just("bob"), Just("eve")].prop_map(agent)
}

fn ids() -> impl Strategy<Value = TaskId> {
    prop_oneof![Just("1"), Just("2"), Just("3"), Just("4"), Just("5")].prop_map(id)
}

fn hours() -> impl Strategy<Value = Option<Hours>> {
    proptest::option::of((1e-3..1e4_f64).prop_map(|number| Hours::try_from(number).unwrap()))
}

fn new_tasks() -> impl Strategy<Value = NewTask> {
    let after = proptest::collection::vec(ids(), 0..3);
    (ids(), after, hours(), any::<bool>(), "\\PC{1,20}").prop_map(|(id, after, hours, dropped, title)| NewTask {
        after,
        hours,
        title,
        dropped,
        ..new_task(id.as_str(), &[])
    })
}

fn edits() -> impl Strategy<Value = TaskEdit> {
    let after = proptest::option::of(proptest::collection::vec(ids(), 0..3));
    let priority = proptest::option::of(prop_oneof![Just(Priority::Low), Just(Priority::Critical)]);
    (after, hours(), priority).prop_map(|(after, hours, priority)| TaskEdit {
        after,
        hours,
        priority,
        ..TaskEdit::default()
    })
}

fn findings() -> impl Strategy<Value = Finding> {
    (prop_oneof![Just("f1"), Just("f2")], proptest::option::of(names()), proptest::option::of(ids()))
        .prop_map(|(id, agent, task)| Finding { agent, task, ..new_finding(id) })
}

fn about_agents() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => names().prop_map(|name| add_agents(&[name.as_str()])),
        1 => names().prop_map(|agent| Action::RemoveAgent { agent, backup: None }),
        1 => (names(), proptest::option::of(ids())).prop_map(|(agent, task)| Action::RecordRun {
            agent,
            task,
            run: Box::new(past_run()),
        }),
        1 => names().prop_map(|agent| Action::Rebase { agent, target: "main".to_owned(), onto: commit(5) }),
    ]
}

fn about_tasks() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => proptest::collection::vec(new_tasks(), 1..3).prop_map(|tasks| Action::AddTasks { tasks }),
        3 => (ids(), edits()).prop_map(|(task, edit)| Action::EditTask { task, edit }),
        1 => ids().prop_map(|task| Action::DropTask { task, reason: Some("no".to_owned()) }),
        1 => ids().prop_map(|task| Action::BlockTask { task, reason: "wait".to_owned() }),
        2 => ids().prop_map(|task| Action::ReopenTask { task }),
    ]
}

fn about_attempts() -> impl Strategy<Value = Action> {
    let new = proptest::option::of(new_tasks().prop_map(Box::new));
    prop_oneof![
        2 => (names(), ids(), new).prop_map(|(agent, task, new)| {
            let task = new.as_ref().map_or(task, |new| new.id.clone());
            Action::Assign { agent, task, new, terms: Terms::default() }
        }),
        1 => (names(), ids()).prop_map(|(agent, task)| Action::Unassign { agent, task }),
        4 => (names(), ids()).prop_map(|(name, task)| super::fixture::start(name.as_str(), task.as_str())),
        3 => (names(), ids(), hours(), fences()).prop_map(|(agent, task, hours, fence)| {
            Action::Complete { agent, task, tip: None, files: vec!["a".to_owned()], hours, fence }
        }),
        1 => (names(), ids(), fences()).prop_map(|(agent, task, fence)| {
            Action::Fail { agent, task, reason: "x".to_owned(), fence }
        }),
        3 => (names(), ids()).prop_map(|(name, task)| super::fixture::land(name.as_str(), &[task.as_str()])),
    ]
}

/// What somebody may believe about an assignment.
fn fences() -> impl Strategy<Value = Option<Fence>> {
    prop_oneof![3 => Just(None), 1 => (1..3_u64).prop_map(|epoch| Some(Fence { epoch, by: None }))]
}

fn about_findings() -> impl Strategy<Value = Action> {
    prop_oneof![
        findings().prop_map(|finding| Action::AddFindings { findings: vec![finding] }),
        Just(Action::ResolveFindings { findings: vec![finding_id("f1")] }),
    ]
}

fn about_claims() -> impl Strategy<Value = Action> {
    let path = || prop_oneof![Just("a"), Just("a/b"), Just("A"), Just("!a"), Just("!a/b"), Just("!c"), Just(".")];
    let paths = || proptest::collection::vec(path(), 1..3);
    prop_oneof![
        3 => (names(), paths(), proptest::option::of(60..600_u32)).prop_map(|(name, paths, ttl_s)| {
            let Action::Claim { agent, claims, .. } = claim(name.as_str(), &paths) else { unreachable!() };
            Action::Claim { agent, claims, ttl_s }
        }),
        1 => (names(), paths()).prop_map(|(name, paths)| {
            let paths: Vec<&str> = paths.iter().map(|path| path.trim_start_matches('!')).collect();
            release(name.as_str(), &paths)
        }),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => about_agents().prop_map(Step::Do),
        5 => about_tasks().prop_map(Step::Do),
        6 => about_attempts().prop_map(Step::Do),
        1 => about_findings().prop_map(Step::Do),
        4 => about_claims().prop_map(Step::Do),
        2 => (0..6_usize).prop_map(Step::Undo),
        2 => (names(), ids()).prop_map(|(name, task)| Step::Steal(name, task)),
    ]
}

/// The task is started by this agent, whoever has it.
fn steal(state: &State, agent: AgentName, task: TaskId) -> Action {
    let takes = state.tasks.get(&task).and_then(Task::take_over);
    Action::Start { agent, task, base: None, terms: Terms { ttl_s: Some(60), takes } }
}

/// An accepted operation and the states around it.
struct Accepted {
    operation: Operation,
    before: State,
    after: State,
}

impl Accepted {
    fn taken_back(&self) -> Action {
        let change = |document: &Document| DocumentChange {
            document: document.clone(),
            before: self.after.document(document),
            after: self.before.document(document),
        };
        let documents = self.after.touched().map(change).collect();
        Action::Undo { operation: self.operation.id.clone(), sentence: String::new(), documents }
    }
}

/// The state as a later command reads it: nothing of it has changed yet.
fn stored(mut state: State) -> State {
    state.touched.clear();
    state
}

fn all_documents(state: &State) -> BTreeMap<Document, Option<serde_json::Value>> {
    let agents = state.agents.keys().cloned().map(Document::Agent);
    let tasks = state.tasks.keys().cloned().map(Document::Task);
    let findings = state.findings.keys().cloned().map(Document::Finding);
    let claims = state.claims.keys().cloned().map(Document::Claim);
    let all = agents.chain(tasks).chain(findings).chain(claims).chain([Document::Tally]);
    all.map(|document| (document.clone(), state.document(&document))).collect()
}

fn in_order(state: &State) -> Result<(), TestCaseError> {
    let count = |kind| state.tasks.values().filter(|task| task.state == kind).count() as u64;
    let closed = Tally { landed: count(TaskState::Landed), dropped: count(TaskState::Dropped), ..Tally::default() };
    prop_assert_eq!(&state.tally, &closed);
    prop_assert_eq!(cycle(&state.tasks, state.tasks.keys()), None);
    for name in state.agents.keys() {
        let current = state.tasks_of(name).filter(|task| task.state == TaskState::InProgress);
        prop_assert!(current.count() <= 1, "{} works on more than one task", name);
    }
    for task in state.tasks.values() {
        let is_held = matches!(task.state, TaskState::Assigned | TaskState::InProgress | TaskState::Completed);
        if is_held {
            let holder = task.agent.as_ref().filter(|name| state.agents.contains_key(name));
            prop_assert!(holder.is_some(), "{} is held by nobody", task.id);
        }
        let is_free = matches!(task.state, TaskState::Open | TaskState::Blocked | TaskState::Dropped);
        prop_assert!(!is_free || task.agent.is_none(), "{} is free and held", task.id);
        prop_assert_eq!(task.live_attempt().is_some(), task.state == TaskState::InProgress, "{:?}", task);
        prop_assert!(task.lease.is_none() || task.is_in_hand(), "{} is leased to nobody", task.id);
        prop_assert!(!task.is_in_hand() || (task.epoch > 0 && task.lease.is_some()), "{:?}", task);
        let is_done = |outcome| task.last_attempt().is_some_and(|attempt| attempt.outcome == Some(outcome));
        prop_assert!(task.state != TaskState::Completed || is_done(Outcome::Completed));
        prop_assert!(task.state != TaskState::Landed || is_done(Outcome::Landed));
        prop_assert!(task.after.iter().all(|id| state.tasks.contains_key(id)), "{} is after nothing", task.id);
    }
    claims_in_order(state)
}

/// Claims have their agents and their tasks, and nobody has what another has for itself.
fn claims_in_order(state: &State) -> Result<(), TestCaseError> {
    for one in state.claims.values() {
        prop_assert!(state.agents.contains_key(&one.agent), "{:?} is nobody's", one);
        let task = one.task.as_ref().map(|id| &state.tasks[id]);
        prop_assert!(task.is_none_or(|task| task.is_in_hand() && task.agent.as_ref() == Some(&one.agent)), "{:?}", one);
        for other in state.claims_on(&one.path).filter(|other| other.id != one.id) {
            let is_own = one.agent == other.agent;
            prop_assert!(!is_own || !one.path.is(&other.path), "{:?} and {:?} are the same", one, other);
            prop_assert!(is_own || !(one.exclusive || other.exclusive), "{:?} and {:?}", one, other);
        }
    }
    Ok(())
}

/// Whoever gets a task gets it by a higher number than anybody before.
fn numbers_grow(before: &State, after: &State, operation: &Operation) -> Result<(), TestCaseError> {
    if matches!(operation.action, Action::Undo { .. }) {
        return Ok(());
    }
    for task in after.tasks.values() {
        let Some(was) = before.tasks.get(&task.id) else { continue };
        let is_anew = task.is_in_hand() && (!was.is_in_hand() || was.agent != task.agent);
        prop_assert_eq!(task.epoch, was.epoch + u64::from(is_anew), "{:?} after {:?}", task, operation);
    }
    Ok(())
}

/// What was written can be read, and is the same then.
fn documents_survive_json(state: &State) -> Result<(), TestCaseError> {
    let mut read = State::default();
    for (document, json) in all_documents(state) {
        let Some(json) = json else { continue };
        let text = serde_json::to_string_pretty(&json).unwrap();
        let mut json = serde_json::Deserializer::from_str(&text);
        read.load_document(&document, &mut json).unwrap();
    }
    prop_assert_eq!(&read, state);
    Ok(())
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn whatever_is_accepted_keeps_the_state_in_order(steps in proptest::collection::vec(steps(), 1..60)) {
        let mut state = State::default();
        let mut chain: Vec<Accepted> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            let action = match step {
                Step::Do(action) => action,
                Step::Undo(back) => match chain.iter().rev().nth(back) {
                    Some(accepted) => accepted.taken_back(),
                    None => continue,
                },
                Step::Steal(agent, task) => steal(&state, agent, task),
            };
            let id = format!("op{number}").parse().unwrap();
            let operation = Operation { id, nonce: String::new(), at: at(number as i64), moved: Vec::new(), action };
            let result = state.apply(&operation);
            prop_assert_eq!(&result, &state.apply(&operation), "the same twice");
            let Ok(after) = result else { continue };
            in_order(&after)?;
            numbers_grow(&state, &after, &operation)?;
            let changed = |document: &Document| state.document(document) != after.document(document);
            let mut seen: Vec<Document> = all_documents(&state).into_keys().chain(all_documents(&after).into_keys()).collect();
            seen.retain(changed);
            let touched: Vec<&Document> = after.touched().collect();
            prop_assert!(seen.iter().all(|document| touched.contains(&document)), "{:?} would not be written", seen);
            let before = std::mem::replace(&mut state, stored(after.clone()));
            documents_survive_json(&state)?;
            chain.push(Accepted { operation, before, after });
        }
        // The chain alone, as its commits hold it, gives the same state.
        let replayed = chain.iter().try_fold(State::default(), |state, accepted| {
            let line = serde_json::to_string(&accepted.operation).unwrap();
            let operation: Operation = serde_json::from_str(&line).unwrap();
            assert_eq!(operation, accepted.operation);
            state.apply(&operation).map(stored)
        });
        prop_assert_eq!(replayed.as_ref(), Ok(&state));
    }

    /// Whatever is taken back at once leaves every document as it was.
    #[test]
    fn what_is_taken_back_at_once_is_as_it_was(steps in proptest::collection::vec(steps(), 1..40)) {
        let mut state = State::default();
        for (number, step) in steps.into_iter().enumerate() {
            let action = match step {
                Step::Do(action) => action,
                Step::Undo(_) => continue,
                Step::Steal(agent, task) => steal(&state, agent, task),
            };
            let operation = |name: &str, action| Operation {
                id: format!("{name}{number}").parse().unwrap(),
                nonce: String::new(),
                at: at(number as i64),
                moved: Vec::new(),
                action,
            };
            let operation_done = operation("do", action);
            let Ok(after) = state.apply(&operation_done) else { continue };
            let accepted = Accepted { operation: operation_done, before: state.clone(), after: after.clone() };
            let undone = stored(after.clone()).apply(&operation("undo", accepted.taken_back())).map(stored);
            prop_assert_eq!(undone.as_ref(), Ok(&state));
            state = stored(after);
        }
    }
}
