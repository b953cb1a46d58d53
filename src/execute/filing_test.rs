use chrono::DateTime;

use super::*;
use crate::plan::{Format, parse};
use crate::state::fixture::{add_agents, start};
use crate::state::{Action, State};

const PLAN: &str = "- [ ] t1: One (2h)\n- [ ] t2: Two (after: t1)\n";

fn plan(text: &str) -> Plan {
    parse(text.as_bytes(), Format::Markdown).unwrap()
}

fn batch() -> Batch {
    Batch { name: "p".parse().unwrap(), created_at: DateTime::UNIX_EPOCH, plan: None, tasks: BTreeMap::new() }
}

/// The batch after `plan` was filed, and the tasks then.
fn filed(text: &str) -> (Batch, State) {
    let plan = plan(text);
    let mut batch = batch();
    for task in &plan.tasks {
        batch.tasks.entry(task.id.clone()).or_default().planned = Some(mark(task));
    }
    let tasks = filing(&plan, &batch, &BTreeMap::new()).unwrap().new;
    (batch, State::after(&[add_agents(&["ann"]), Action::AddTasks { tasks }]))
}

#[test]
fn what_is_not_there_is_new_and_what_is_the_same_is_left_alone() {
    let (batch, state) = filed(PLAN);
    assert_eq!(state.tasks.len(), 2);
    assert!(state.tasks.values().all(|task| task.labels == ["batch:p"]));
    assert_eq!(filing(&plan(PLAN), &batch, &state.tasks).unwrap(), Filing::default());
}

#[test]
fn what_the_plan_says_otherwise_is_changed_until_it_is_begun() {
    let (batch, state) = filed(PLAN);
    let changed = plan("- [ ] t1: One more (2h)\n- [ ] t2: Two\n- [ ] t3: Three\n");
    let found = filing(&changed, &batch, &state.tasks).unwrap();
    let edits: Vec<&str> = found.edits.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!((edits, found.new.len()), (vec!["t1", "t2"], 1));
    assert_eq!(found.edits[1].1, TaskEdit { after: Some(Vec::new()), ..TaskEdit::default() });
    let state = State::after(&[
        add_agents(&["ann"]),
        Action::AddTasks { tasks: filing(&plan(PLAN), &batch, &BTreeMap::new()).unwrap().new },
        start("ann", "t1"),
    ]);
    let found = filing(&changed, &batch, &state.tasks).unwrap();
    assert_eq!(found.begun.iter().map(TaskId::as_str).collect::<Vec<_>>(), ["t1"]);
}

#[test]
fn what_somebody_has_changed_by_hand_stays() {
    let (batch, mut state) = filed(PLAN);
    state.tasks.get_mut(&"t1".parse().unwrap()).unwrap().title = "Mine".to_owned();
    assert_eq!(filing(&plan(PLAN), &batch, &state.tasks).unwrap(), Filing::default());
}

#[test]
fn a_task_of_somebody_else_is_not_taken() {
    let (batch, mut state) = filed(PLAN);
    let id: TaskId = "t1".parse().unwrap();
    state.tasks.get_mut(&id).unwrap().labels = vec!["mine".to_owned()];
    let fresh = Batch { tasks: BTreeMap::new(), ..batch.clone() };
    let found = filing(&plan(PLAN), &fresh, &state.tasks).unwrap();
    let labels = vec!["mine".to_owned(), "batch:p".to_owned()];
    assert_eq!(found.edits, [(id.clone(), TaskEdit { labels: Some(labels), ..TaskEdit::default() })], "the same title");
    state.tasks.get_mut(&id).unwrap().title = "Other".to_owned();
    let said = filing(&plan(PLAN), &batch, &state.tasks).unwrap_err().to_string();
    assert_eq!(said, "line 1: there is a task t1 already: Other");
    state.tasks.get_mut(&id).unwrap().labels = vec!["batch:q".to_owned()];
    let said = filing(&plan(PLAN), &batch, &state.tasks).unwrap_err().to_string();
    assert_eq!(said, "line 1: there is a task t1 already, of the batch q: Other");
}

#[test]
fn what_is_waited_for_elsewhere_must_be_there() {
    let (batch, state) = filed(PLAN);
    let outside = plan("- [ ] t5: Five (after: t1)\n\n- [ ] t6: Six (after: nothing)\n");
    let said = filing(&outside, &batch, &state.tasks).unwrap_err().to_string();
    assert_eq!(said, "line 3: t6 is after nothing, and there is no task nothing, in the plan or elsewhere");
}

/// Whatever order it is turned into, no step on the way is a loop; and a loop is found before the first.
#[test]
fn an_order_is_turned_round_without_a_loop_on_the_way() {
    let (batch, state) = filed("- [ ] t1: One\n- [ ] t2: Two (after: t1)\n- [ ] t3: Three (after: t2)\n");
    let turned =
        plan("- [ ] n: New (after: t3)\n- [ ] t1: One (after: t2, n)\n- [ ] t2: Two (after: t3)\n- [ ] t3: Three\n");
    let found = filing(&turned, &batch, &state.tasks).unwrap();
    found.check_loops(state.tasks.clone()).unwrap();
    let edit = |(task, edit): (TaskId, TaskEdit)| Action::EditTask { task, edit };
    let steps = found.first.into_iter().map(edit).chain([Action::AddTasks { tasks: found.new }]);
    let state = steps.chain(found.edits.into_iter().map(edit)).fold(state, |state, step| state.then(step).unwrap());
    assert_eq!(filing(&turned, &batch, &state.tasks).unwrap(), Filing::default());
    let state = state.then(crate::state::fixture::add_tasks(&[("out", &["t1"])])).unwrap();
    let looped = plan("- [ ] t1: One (3h)\n- [ ] t3: Three (after: out)\n");
    let found = filing(&looped, &batch, &state.tasks).unwrap();
    assert_eq!(found.check_loops(state.tasks.clone()), Ok(()), "t1 is not after anything any more");
    let looped = plan("- [ ] t3: Three (after: out)\n");
    let found = filing(&looped, &batch, &state.tasks).unwrap();
    assert!(matches!(found.check_loops(state.tasks), Err(FilingError::Loop { .. })));
}
