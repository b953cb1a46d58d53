use crate::state::fixture::*;
use crate::state::{Action, Document, DocumentChange, Rejected, State};
use crate::task::TaskState;

/// What taking `action` back would be, and the state after `action`.
fn done(state: &State, action: Action) -> (State, Action) {
    let after = state.then(action).unwrap();
    let change = |document: &Document| DocumentChange {
        document: document.clone(),
        before: after.document(document),
        after: state.document(document),
    };
    let documents = after.touched().filter(|d| after.document(d) != state.document(d)).map(change).collect();
    let undo = Action::Undo { operation: "op60".parse().unwrap(), sentence: "x".to_owned(), documents };
    (after, undo)
}

fn changed_since(document: Document) -> Rejected {
    Rejected::ChangedSince { document, operation: "op60".parse().unwrap() }
}

fn begun() -> State {
    State::after(&[add_agents(&["ann", "bob"]), add_tasks(&[("1", &[]), ("2", &[])])])
}

#[test]
fn documents_are_put_back_when_they_are_as_the_operation_left_them() {
    let before = begun();
    let (after, undo) = done(&before, start("ann", "1"));
    let undone = after.then(undo.clone()).unwrap();
    assert_eq!((&undone.tasks, &undone.agents), (&before.tasks, &before.agents));
    assert_eq!(undone.then(undo.clone()).unwrap_err(), changed_since(Document::Agent(agent("ann"))), "once");
    let changed = after.then(fail("ann", "1")).unwrap();
    assert_eq!(changed.then(undo).unwrap_err(), changed_since(Document::Task(id("1"))));
}

/// Whatever others have closed meanwhile stays counted.
#[test]
fn counts_follow_from_the_tasks_that_are_put_back() {
    let drop = |task: &str| Action::DropTask { task: id(task), reason: None };
    let (after, undo) = done(&begun(), drop("1"));
    assert_eq!(after.then(undo.clone()).unwrap().tally.dropped, 0);
    let meanwhile = after.then(drop("2")).unwrap();
    let undone = meanwhile.then(undo).unwrap();
    assert_eq!((undone.tally.dropped, undone.has("1").state), (1, TaskState::Open));
    assert!(undone.touched().any(|document| *document == Document::Tally));
    // And the other way round: what is closed again counts again.
    let (reopened, undo) = done(&meanwhile, Action::ReopenTask { task: id("1") });
    let meanwhile = reopened.then(Action::ReopenTask { task: id("2") }).unwrap();
    assert_eq!(meanwhile.tally.dropped, 0);
    assert_eq!(meanwhile.then(undo).unwrap().tally.dropped, 1);
}

#[test]
fn nobody_is_taken_away_who_has_a_task() {
    let (after, undo) = done(&begun(), add_agents(&["eve"]));
    let held = after.then(assign("eve", "1")).unwrap();
    assert_eq!(held.then(undo.clone()).unwrap_err(), changed_since(Document::Task(id("1"))));
    let free = held.then(Action::Unassign { agent: agent("eve"), task: id("1") }).unwrap();
    assert!(!free.then(undo).unwrap().agents.contains_key(&agent("eve")));
}

#[test]
fn no_task_comes_back_to_somebody_who_is_gone_or_busy() {
    let held = begun().then(start("ann", "1")).unwrap();
    let (free, undo) = done(&held, Action::Unassign { agent: agent("ann"), task: id("1") });
    let gone = free.then(Action::RemoveAgent { agent: agent("ann"), backup: None }).unwrap();
    assert_eq!(gone.then(undo.clone()).unwrap_err(), changed_since(Document::Agent(agent("ann"))));
    let busy = free.then(start("ann", "2")).unwrap();
    assert_eq!(busy.then(undo).unwrap_err(), changed_since(Document::Task(id("2"))));
}

#[test]
fn no_task_is_taken_away_that_something_rests_on() {
    let (after, undo) = done(&begun(), add_tasks(&[("3", &[])]));
    let waited_for = after.then(add_tasks(&[("4", &["3"])])).unwrap();
    assert_eq!(waited_for.then(undo.clone()).unwrap_err(), changed_since(Document::Task(id("4"))));
    let finding = crate::finding::Finding { task: Some(id("3")), ..new_finding("f") };
    let noticed = after.then(Action::AddFindings { findings: vec![finding] }).unwrap();
    assert_eq!(noticed.then(undo).unwrap_err(), changed_since(Document::Finding(finding_id("f"))));
}

#[test]
fn nothing_is_put_back_that_waits_for_itself_or_for_nothing() {
    let after = |task: &str, list: &[&str]| {
        let after = Some(list.iter().map(|text| id(text)).collect());
        Action::EditTask { task: id(task), edit: crate::task::TaskEdit { after, ..Default::default() } }
    };
    let waiting = begun().then(after("1", &["2"])).unwrap();
    let (free, undo) = done(&waiting, after("1", &[]));
    let turned = free.then(after("2", &["1"])).unwrap();
    assert!(matches!(turned.then(undo).unwrap_err(), Rejected::Cycle { .. }));
    let (filed, unfile) = done(&begun(), add_tasks(&[("3", &[])]));
    let waiting = filed.then(after("1", &["3"])).unwrap();
    let (free, undo) = done(&waiting, after("1", &[]));
    let gone = free.then(unfile).unwrap();
    assert_eq!(gone.then(undo).unwrap_err(), changed_since(Document::Task(id("3"))));
}

#[test]
fn a_repair_puts_back_whatever_stood_there() {
    let mut state = begun();
    let whole = state.document(&Document::Task(id("1")));
    state.tasks.remove(&id("1"));
    let document = Document::Task(id("1"));
    let damaged =
        crate::state::Damaged { path: String::new(), document: Some(document.clone()), reason: String::new() };
    state.damaged.push(damaged);
    let repair = |document: &Document, after| Action::Repair {
        documents: vec![DocumentChange { document: document.clone(), before: None, after }],
    };
    let repaired = state.then(repair(&document, whole.clone())).unwrap();
    assert_eq!((repaired.has("1").state, repaired.damaged.len()), (TaskState::Open, 0));
    let other = repair(&Document::Task(id("9")), whole);
    assert!(matches!(state.then(other).unwrap_err(), Rejected::BadDocument { .. }), "it is about another task");
}
