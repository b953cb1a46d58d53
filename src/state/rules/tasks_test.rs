use crate::state::fixture::*;
use crate::state::{Action, Damaged, Document, Rejected, State};
use crate::task::{NewTask, Priority, TaskEdit, TaskState};

fn edit(task: &str, edit: TaskEdit) -> Action {
    Action::EditTask { task: id(task), edit }
}

fn after(task: &str, list: &[&str]) -> Action {
    edit(task, TaskEdit { after: Some(list.iter().map(|text| id(text)).collect()), ..TaskEdit::default() })
}

fn block(task: &str) -> Action {
    Action::BlockTask { task: id(task), reason: "legal".to_owned() }
}

fn reopen(task: &str) -> Action {
    Action::ReopenTask { task: id(task) }
}

/// A task in every state, called after it.
fn in_every_state() -> State {
    let open: Vec<(&str, &[&str])> = TaskState::ALL.iter().map(|state| (state.word(), &[][..])).collect();
    let state = State::after(&[
        add_agents(&["ann"]),
        add_tasks(&open),
        start("ann", "landed"),
        complete("ann", "landed"),
        land("ann", &["landed"]),
        start("ann", "completed"),
        complete("ann", "completed"),
        start("ann", "failed"),
        fail("ann", "failed"),
        start("ann", "in-progress"),
        assign("ann", "assigned"),
        block("blocked"),
        drop_task("dropped"),
    ]);
    for kind in TaskState::ALL {
        assert_eq!(state.has(kind.word()).state, kind);
    }
    state
}

/// In which states the action can be done.
fn possible_in(action: impl Fn(&str) -> Action) -> Vec<TaskState> {
    let state = in_every_state();
    let possible = |kind: &TaskState| match state.then(action(kind.word())) {
        Ok(_) => true,
        Err(Rejected::WrongState { task, state, .. }) => {
            assert_eq!((task.as_str(), state), (kind.word(), *kind));
            false
        }
        Err(Rejected::Held { task, .. }) => {
            assert_eq!(task.as_str(), kind.word());
            false
        }
        Err(other) => panic!("{kind}: {other:?}"),
    };
    TaskState::ALL.into_iter().filter(possible).collect()
}

#[test]
fn every_action_has_its_states() {
    use TaskState::{Assigned, Blocked, Dropped, Failed, Open};
    assert_eq!(possible_in(drop_task), [Assigned, Open, Blocked, Failed]);
    assert_eq!(possible_in(block), [Assigned, Open, Blocked, Failed]);
    assert_eq!(possible_in(reopen), [Blocked, Failed, Dropped]);
    assert_eq!(possible_in(|task| assign("ann", task)), [Open, Failed]);
    let title = TaskEdit { title: Some("New".to_owned()), ..TaskEdit::default() };
    assert_eq!(possible_in(|task| edit(task, title.clone())), TaskState::ALL);
}

#[test]
fn tasks_are_filed_all_or_none() {
    let state = State::after(&[add_tasks(&[("1", &[]), ("2", &["1"])])]);
    let task = state.has("2");
    assert_eq!((task.state, task.created_at, task.updated_at), (TaskState::Open, at(1), at(1)));
    let rejected = state.then(add_tasks(&[("3", &[]), ("1", &[])])).unwrap_err();
    assert_eq!(rejected, Rejected::TaskExists { id: id("1"), title: "Task 1".to_owned() });
    assert!(matches!(state.then(add_tasks(&[("3", &[]), ("3", &[])])), Err(Rejected::TaskExists { .. })));
    let rejected = state.then(add_tasks(&[("3", &["none"])])).unwrap_err();
    assert_eq!(rejected, Rejected::UnknownDependency { task: id("3"), after: id("none") });
}

#[test]
fn a_task_filed_as_dropped_is_counted() {
    let dropped = NewTask { dropped: true, ..new_task("old", &[]) };
    let state = State::after(&[Action::AddTasks { tasks: vec![dropped, new_task("new", &["old"])] }]);
    assert_eq!((state.tally.dropped, state.count(TaskState::Dropped), state.count(TaskState::Open)), (1, 1, 1));
    assert!(state.touched().any(|document| *document == Document::Tally));
}

#[test]
fn cycles_are_named() {
    let state = State::after(&[add_tasks(&[("a", &[]), ("b", &["a"]), ("c", &["b"])])]);
    let ids = |list: &[&str]| Rejected::Cycle { ids: list.iter().map(|text| id(text)).collect() };
    assert_eq!(state.then(after("a", &["c"])).unwrap_err(), ids(&["a", "c", "b", "a"]));
    assert_eq!(state.then(after("b", &["b"])).unwrap_err(), ids(&["b", "b"]));
    assert_eq!(state.then(add_tasks(&[("x", &["y"]), ("y", &["x"])])).unwrap_err(), ids(&["x", "y", "x"]));
    // A cycle that is not through the edited task is found where it can be reached from it, and named alone.
    assert_eq!(
        state.then(add_tasks(&[("w", &["x"]), ("x", &["y"]), ("y", &["x"])])).unwrap_err(),
        ids(&["x", "y", "x"])
    );
}

#[test]
fn a_cycle_through_dropped_tasks_is_one_and_through_landed_ones_is_none() {
    let state =
        State::after(&[add_agents(&["ann"]), add_tasks(&[("a", &[]), ("b", &["a"]), ("c", &["b"])]), drop_task("b")]);
    assert!(matches!(state.then(after("a", &["c"])), Err(Rejected::Cycle { .. })));
    let landed = State::after(&[
        add_agents(&["ann"]),
        add_tasks(&[("a", &[]), ("b", &["a"])]),
        start("ann", "b"),
        complete("ann", "b"),
        land("ann", &["b"]),
    ]);
    assert!(landed.then(after("a", &["b"])).is_ok(), "b waits for nothing any more");
}

#[test]
fn an_edit_changes_what_it_names() {
    let full = NewTask {
        body: "Body".to_owned(),
        hours: Some("2".parse().unwrap()),
        category: Some("code".to_owned()),
        priority: Priority::High,
        labels: vec!["x".to_owned()],
        paths: vec!["src/".to_owned()],
        ..new_task("1", &[])
    };
    let state = State::after(&[Action::AddTasks { tasks: vec![new_task("2", &[]), full] }]);
    let before = state.has("1").clone();
    let unchanged = state.then(edit("1", TaskEdit::default())).unwrap();
    assert_eq!(*unchanged.has("1"), crate::task::Task { updated_at: at(60), ..before.clone() });
    let all = TaskEdit {
        title: Some("New".to_owned()),
        body: Some(String::new()),
        hours: Some("3".parse().unwrap()),
        category: Some("docs".to_owned()),
        priority: Some(Priority::Low),
        labels: Some(Vec::new()),
        paths: Some(vec!["docs/".to_owned()]),
        after: Some(vec![id("2")]),
    };
    let task = state.then(edit("1", all)).unwrap().has("1").clone();
    assert_eq!((task.title.as_str(), task.body.as_str(), task.hours.unwrap().get()), ("New", "", 3.0));
    assert_eq!((task.category.as_deref(), task.priority), (Some("docs"), Priority::Low));
    assert_eq!((task.labels.len(), task.paths, task.after), (0, vec!["docs/".to_owned()], vec![id("2")]));
    assert_eq!((task.state, task.created_at), (before.state, before.created_at));
    let missing = state.then(after("1", &["none"])).unwrap_err();
    assert_eq!(missing, Rejected::UnknownDependency { task: id("1"), after: id("none") });
}

#[test]
fn putting_aside_takes_the_task_from_its_agent_and_counts() {
    let state = State::after(&[add_agents(&["ann"]), add_tasks(&[("1", &[])]), assign("ann", "1")]);
    let blocked = state.then(block("1")).unwrap();
    assert_eq!((&blocked.has("1").agent, blocked.has("1").reason.as_deref()), (&None, Some("legal")));
    let dropped = blocked.then(Action::DropTask { task: id("1"), reason: Some("no".to_owned()) }).unwrap();
    assert_eq!((dropped.has("1").reason.as_deref(), dropped.tally.dropped), (Some("no"), 1));
    let reopened = dropped.then(reopen("1")).unwrap();
    let task = reopened.has("1");
    assert_eq!((task.state, &task.agent, &task.reason, reopened.tally.dropped), (TaskState::Open, &None, &None, 0));
}

#[test]
fn an_unknown_task_cannot_be_changed() {
    let state = State::after(&[add_agents(&["ann"])]);
    let title = TaskEdit { title: Some("T".to_owned()), ..TaskEdit::default() };
    for action in [edit("1", title), drop_task("1"), block("1"), reopen("1"), assign("ann", "1"), start("ann", "1")] {
        assert_eq!(state.then(action).unwrap_err(), Rejected::UnknownTask { id: id("1") });
    }
}

#[test]
fn nothing_is_built_on_a_damaged_task() {
    let mut state = State::after(&[add_agents(&["ann"]), add_tasks(&[("2", &[])])]);
    let document = Document::Task(id("1"));
    let damaged = Damaged { path: String::new(), document: Some(document.clone()), reason: String::new() };
    state.damaged.push(damaged);
    for action in [add_tasks(&[("1", &[])]), drop_task("1"), assign("ann", "1"), reopen("1"), block("1")] {
        assert_eq!(state.then(action).unwrap_err(), Rejected::Damaged { document: document.clone() });
    }
    assert!(state.then(drop_task("2")).is_ok());
}
