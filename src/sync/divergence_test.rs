use std::convert::Infallible;

use super::*;
use crate::git::fixture::Fixture;
use crate::state::Action;
use crate::store::{Change, STATE_REF, Scope};
use crate::world::World;

/// One more operation on the chain that the state's ref names; gives its commit.
fn add(fixture: &Fixture, id: &str) -> ObjectId {
    let world = World { now: chrono::DateTime::UNIX_EPOCH, seed: None, home: None };
    let task = serde_json::from_value(serde_json::json!({ "id": id, "title": "T" })).unwrap();
    let action = Action::AddTasks { tasks: vec![task] };
    let change = || Ok::<_, Infallible>(Some(Change::from(action.clone())));
    store::transact(&fixture.open(), &world, &Scope::open(), |_, _| change()).unwrap().unwrap().commit
}

fn sentences(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.sentence.as_str()).collect()
}

#[test]
fn chains_part_where_they_part_and_not_before() {
    let fixture = Fixture::new();
    let repo = fixture.open();
    let (first, base) = (add(&fixture, "1"), add(&fixture, "2"));
    add(&fixture, "a");
    let ours = add(&fixture, "b");
    fixture.git(&["update-ref", STATE_REF, &base.to_string()]);
    let theirs = add(&fixture, "c");
    let split = between(&repo, Some(ours), Some(theirs)).unwrap();
    assert_eq!(split.base, Some(base));
    assert_eq!(sentences(&split.ours), ["add task b: T", "add task a: T"]);
    assert_eq!(sentences(&split.theirs), ["add task c: T"]);
    assert_eq!(sentences(&split.missing_there()), ["add task a: T", "add task b: T"]);

    let behind = between(&repo, Some(first), Some(theirs)).unwrap();
    assert_eq!((behind.base, behind.ours.len()), (Some(first), 0));
    assert_eq!(sentences(&behind.theirs), ["add task c: T", "add task 2: T"]);
    let same = between(&repo, Some(ours), Some(ours)).unwrap();
    assert_eq!((same.base, same.ours.len(), same.theirs.len()), (Some(ours), 0, 0));
    let nothing = between(&repo, None, Some(base)).unwrap();
    assert_eq!((nothing.base, nothing.theirs.len()), (None, 2));
}

#[test]
fn an_operation_that_is_there_under_another_commit_is_not_missing() {
    let fixture = Fixture::new();
    let repo = fixture.open();
    let base = add(&fixture, "1");
    let ours = add(&fixture, "a");
    fixture.git(&["update-ref", STATE_REF, &base.to_string()]);
    let other = add(&fixture, "c");
    let split = between(&repo, Some(ours), Some(other)).unwrap();
    let mut replay = store::Replay::on(&repo, Some(other), &split.missing_there()).unwrap();
    replay.add(&split.ours[0]).unwrap().unwrap();
    let replayed = replay.tip();
    assert_ne!(replayed, Some(ours));
    let again = between(&repo, Some(ours), replayed).unwrap();
    assert_eq!((again.ours.len(), again.missing_there().len()), (1, 0));
    assert_eq!(sentences(&again.missing_here()), ["add task c: T"]);
}
