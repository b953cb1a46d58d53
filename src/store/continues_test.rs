//! The verdict is git's own: whatever object is missing.

use std::convert::Infallible;

use gix::objs::tree::{Entry, EntryKind, EntryMode};
use serde_json::json;

use super::*;
use crate::git::fixture::Fixture;
use crate::state::Action;
use crate::store::{self, Change, Scope};
use crate::world::World;

/// File some tasks, each in an operation of its own; gives where the chain was before and where it is now.
fn grow(repo: &Repository, ids: &[&str]) -> (Option<ObjectId>, ObjectId) {
    let before = store::tip(repo).unwrap();
    let world = World { now: chrono::DateTime::UNIX_EPOCH, seed: None, home: None };
    for id in ids {
        let tasks = vec![serde_json::from_value(json!({ "id": id, "title": format!("Task {id}") })).unwrap()];
        let change = || Ok::<_, Infallible>(Some(Change::from(Action::AddTasks { tasks: tasks.clone() })));
        store::transact(repo, &world, &Scope::open(), |_, _| change()).unwrap();
    }
    (before, store::tip(repo).unwrap().unwrap())
}

fn commit(repo: &Repository, parents: &[ObjectId], tree: ObjectId) -> ObjectId {
    let signature = gix::actor::Signature { name: "X".into(), email: "x".into(), time: gix::date::Time::new(0, 0) };
    let commit = gix::objs::Commit {
        message: "X".into(),
        tree,
        author: signature.clone(),
        committer: signature,
        encoding: None,
        parents: parents.iter().copied().collect(),
        extra_headers: Vec::new(),
    };
    repo.gix().write_object(&commit).unwrap().detach()
}

#[test]
fn a_chain_goes_on_when_nothing_that_is_new_is_missing() {
    let fixture = Fixture::new();
    let repo = fixture.open();
    grow(&repo, &["1", "2"]);
    let (before, tip) = grow(&repo, &["3", "4", "5"]);
    let before = before.unwrap();
    assert!(continues(&repo, before, tip));
    assert!(continues(&repo, tip, tip));
    assert!(!continues(&repo, tip, before), "it was taken back");
    let listed = fixture.git(&["rev-list", "--objects", &tip.to_string(), &format!("^{before}")]);
    let new: Vec<&str> = listed.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(new.len() > 12, "{new:?}");
    for id in new {
        let path = repo.common_dir().join("objects").join(&id[..2]).join(&id[2..]);
        let aside = fixture.beside("aside");
        std::fs::rename(&path, &aside).unwrap();
        assert!(!continues(&fixture.open(), before, tip), "without {id}");
        std::fs::rename(&aside, &path).unwrap();
    }
    assert!(continues(&fixture.open(), before, tip));
}

#[test]
fn what_is_unusual_is_left_to_git() {
    let fixture = Fixture::new();
    let repo = fixture.open();
    let (_, first) = grow(&repo, &["1"]);
    let (_, tip) = grow(&repo, &["2"]);
    let tree = |id| objects::tree_of(&repo, id).unwrap();
    assert!(continues(&repo, tip, commit(&repo, &[tip], tree(first))), "whatever it says");
    assert!(!continues(&repo, tip, commit(&repo, &[tip, first], tree(first))), "two parents");
    assert!(!continues(&repo, tip, commit(&repo, &[], tree(first))), "no parent");
    let missing = ObjectId::from_hex(&[b'7'; 40]).unwrap();
    let blob = repo.gix().write_blob(b"x").unwrap().detach();
    let with = |entries: &[(&[u8], EntryKind, ObjectId)]| {
        let entry = |(name, kind, oid): &(&[u8], EntryKind, ObjectId)| Entry {
            mode: EntryMode::from(*kind),
            filename: (*name).into(),
            oid: *oid,
        };
        let tree = gix::objs::Tree { entries: entries.iter().map(entry).collect() };
        continues(&repo, tip, commit(&repo, &[tip], repo.gix().write_object(&tree).unwrap().detach()))
    };
    assert!(with(&[(b"a", EntryKind::Blob, blob)]));
    assert!(!with(&[(b"a", EntryKind::Blob, missing)]));
    assert!(!with(&[(b"a", EntryKind::Tree, missing)]));
    assert!(!with(&[(b"a", EntryKind::Commit, tip)]), "a submodule");
    // As text they have the same name.
    assert!(!with(&[(b"\xfe", EntryKind::Blob, missing), (b"\xff", EntryKind::Blob, blob)]));
}

#[test]
fn folders_are_not_followed_for_ever() {
    let fixture = Fixture::new();
    let repo = fixture.open();
    let (_, tip) = grow(&repo, &["1"]);
    let mut tree = objects::tree_of(&repo, tip).unwrap();
    for depth in 1..10 {
        let entry = Entry { mode: EntryKind::Tree.into(), filename: "a".into(), oid: tree };
        tree = repo.gix().write_object(gix::objs::Tree { entries: vec![entry] }).unwrap().detach();
        let nested = continues(&repo, tip, commit(&repo, &[tip], tree));
        assert_eq!(nested, depth <= 2, "{depth}");
    }
}
