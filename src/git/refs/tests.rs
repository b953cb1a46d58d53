//! Refs against real git, in both ways of keeping them.

use super::*;
use crate::land::fixture::{Fixture, Shape, ann};

const REF: &str = "refs/agents/state";

fn move_to(expected: Option<ObjectId>, new: Option<ObjectId>) -> RefUpdate {
    RefUpdate { name: REF.into(), expected: expected.into(), new, message: "a\nmove".into() }
}

fn both() -> [Fixture; 3] {
    [
        Fixture::new(),
        Fixture::shaped(Shape { reftable: true, ..Shape::default() }),
        Fixture::shaped(Shape { sha256: true, ..Shape::default() }),
    ]
}

#[test]
fn one_ref_is_created_moved_logged_and_deleted() {
    for fixture in both() {
        let (one, two) = (fixture.id("HEAD"), fixture.commit("second"));
        let repo = fixture.open();
        assert_eq!(read(&repo, REF).unwrap(), None);
        swap_one(&repo, &move_to(None, Some(one)), &ann()).unwrap();
        swap_one(&repo, &move_to(Some(one), Some(two)), &ann()).unwrap();
        assert_eq!(read(&repo, REF).unwrap(), Some(two));
        assert_eq!(fixture.id(REF), two);
        let log = fixture.git(&["log", "-g", "--format=%gs %gn %gd", "--date=raw", REF]);
        assert_eq!(log, "a move Ann agents/state@{1700000200 +0100}\n".repeat(2).trim_end());
        assert_eq!(list(&repo, "refs/agents/").unwrap(), [(REF.to_owned(), two)]);
        swap_one(&repo, &move_to(Some(two), None), &ann()).unwrap();
        assert_eq!(read(&repo, REF).unwrap(), None);
    }
}

#[test]
fn a_ref_that_moved_is_told_with_its_value() {
    for fixture in both() {
        let (one, two) = (fixture.id("HEAD"), fixture.commit("second"));
        let repo = fixture.open();
        fixture.git(&["update-ref", REF, &two.to_string()]);
        for packed in [false, true] {
            if packed {
                fixture.git(&["pack-refs", "--all"]);
            }
            for (expected, new) in [(Some(one), Some(two)), (None, Some(two)), (None, Some(one)), (Some(one), None)] {
                for error in [
                    swap_one(&repo, &move_to(expected, new), &ann()).unwrap_err(),
                    transaction(&repo, &[move_to(expected, new)], &ann()).unwrap_err(),
                ] {
                    let RefError::OutOfDate { actual, .. } = error else { panic!("{error:?}") };
                    assert_eq!(actual, Some(two));
                }
            }
        }
    }
}

#[test]
fn several_move_all_or_none() {
    for fixture in both() {
        let (one, two) = (fixture.id("HEAD"), fixture.commit("second"));
        let repo = fixture.open();
        let other = |expected, new| RefUpdate { name: "refs/heads/other".into(), ..move_to(expected, new) };
        transaction(&repo, &[move_to(None, Some(one)), other(None, Some(one))], &ann()).unwrap();
        let error = transaction(&repo, &[move_to(Some(one), Some(two)), other(Some(two), None)], &ann()).unwrap_err();
        assert!(matches!(error, RefError::OutOfDate { name, .. } if name == "refs/heads/other"));
        assert_eq!(read(&repo, REF).unwrap(), Some(one));
        transaction(&repo, &[move_to(Some(one), Some(two)), other(Some(one), None)], &ann()).unwrap();
        assert_eq!((read(&repo, REF).unwrap(), read(&repo, "refs/heads/other").unwrap()), (Some(two), None));
    }
}

#[test]
fn refs_that_cannot_be_are_told() {
    let fixture = Fixture::new();
    let repo = fixture.open();
    let head = fixture.id("HEAD");
    let named = |name: &str| RefUpdate { name: name.into(), ..move_to(None, Some(head)) };
    for name in ["main", "refs/heads/a..b", "refs/heads/x\ny", "refs/heads/.lock"] {
        let error = transaction(&repo, &[named(name)], &ann()).unwrap_err();
        assert!(matches!(error, RefError::InvalidName { .. }), "{error:?}");
    }
    let below = swap_one(&repo, &named("refs/heads/main/below"), &ann()).unwrap_err();
    assert!(matches!(below, RefError::Storage { .. }), "{below:?}");
    let below = transaction(&repo, &[named("refs/heads/main/below")], &ann()).unwrap_err();
    assert!(matches!(below, RefError::Git(_)), "{below:?}");
    fixture.git(&["symbolic-ref", REF, "refs/heads/main"]);
    assert_eq!(read(&repo, REF).unwrap(), Some(head));
    let tied = swap_one(&repo, &move_to(Some(head), None), &ann()).unwrap_err();
    assert!(matches!(tied, RefError::Symbolic { .. }), "{tied:?}");
}

#[test]
fn writers_lose_nothing_while_refs_are_packed() {
    let fixture = Fixture::new();
    let tree = fixture.id("HEAD^{tree}");
    let first = fixture.id("HEAD");
    swap_one(&fixture.open(), &move_to(None, Some(first)), &ann()).unwrap();
    let (writers, rounds) = (4, 15);
    std::thread::scope(|scope| {
        for writer in 0..writers {
            let dir = fixture.dir();
            scope.spawn(move || {
                let repo = Repository::discover(&dir).unwrap();
                for round in 0..rounds {
                    loop {
                        let old = read(&repo, REF).unwrap();
                        let message = format!("{writer} {round}");
                        let new = repo.gix().new_commit(message, tree, old).unwrap().id;
                        match swap_one(&repo, &move_to(old, Some(new)), &ann()) {
                            Ok(()) => break,
                            Err(RefError::OutOfDate { .. }) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            });
        }
        for _ in 0..20 {
            fixture.git(&["pack-refs", "--all", "--prune"]);
        }
    });
    let count = fixture.git(&["rev-list", "--count", REF]);
    assert_eq!(count, (writers * rounds + 1).to_string());
}
