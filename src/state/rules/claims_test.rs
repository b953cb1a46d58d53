use crate::state::fixture::*;
use crate::state::{Action, Document, DocumentChange, Rejected, State};

/// Ann works on `mine`, Bob on nothing.
fn working() -> State {
    State::after(&[add_agents(&["ann", "bob"]), add_tasks(&[("mine", &[]), ("other", &[])]), start("ann", "mine")])
}

fn claimed(state: &State) -> Vec<String> {
    let one = |claim: &crate::claim::Claim| {
        format!("{} {}{}", claim.agent, if claim.exclusive { "!" } else { "" }, claim.path)
    };
    state.claims.values().map(one).collect()
}

#[test]
fn shared_claims_overlap_and_exclusive_ones_do_not() {
    let state = working().then(claim("ann", &["src", "!docs/a.md"])).unwrap();
    assert_eq!(claimed(&state), ["ann src", "ann !docs/a.md"]);
    assert_eq!(claimed(&state.apply(&operation(61, claim("bob", &["src/a.rs"]))).unwrap()).len(), 3);
    for (paths, held) in [
        (&["docs"][..], "docs cannot be claimed: docs/a.md is claimed exclusively by ann"),
        (&["docs/a.md"], "docs/a.md is claimed exclusively by ann"),
        (&["free", "Docs/A.md"], "Docs/A.md cannot be claimed: docs/a.md is claimed exclusively by ann"),
        (&["!src/a.rs"], "src/a.rs cannot be claimed: src is claimed by ann"),
        (&["."], ". cannot be claimed: docs/a.md is claimed exclusively by ann"),
    ] {
        let rejected = state.apply(&operation(61, claim("bob", paths))).unwrap_err();
        assert_eq!(rejected.to_string(), held);
    }
    assert!(matches!(state.then(claim("eve", &["x"])), Err(Rejected::UnknownAgent { .. })));
}

#[test]
fn what_one_has_claimed_one_may_claim_again() {
    let state = working().then(claim("ann", &["src"])).unwrap();
    let again = state.apply(&operation(90, claim("ann", &["!Src", "src/a.rs"]))).unwrap();
    assert_eq!(claimed(&again), ["ann !src", "ann src/a.rs"]);
    let first = again.claims.values().next().unwrap();
    assert_eq!((first.id.as_str(), first.created_at, first.lease.renewed_at), ("op60-0", at(60), at(90)));
}

#[test]
fn a_claim_ends_with_the_task_that_was_in_hand() {
    let state = working().then(claim("ann", &["src"])).unwrap();
    assert_eq!(state.claims.values().next().unwrap().task, Some(id("mine")));
    let (ann, mine) = (agent("ann"), id("mine"));
    let unassign = Action::Unassign { agent: ann.clone(), task: mine };
    let remove = Action::RemoveAgent { agent: ann, backup: None };
    let mut steal = start("bob", "mine");
    if let Action::Start { terms, .. } = &mut steal {
        terms.takes = state.has("mine").take_over();
    }
    for ending in [complete("ann", "mine"), fail("ann", "mine"), unassign, remove, steal] {
        let after = state.apply(&operation(61, ending.clone())).unwrap();
        assert_eq!(claimed(&after), [""; 0], "{ending:?}");
        assert!(after.touched().any(|document| matches!(document, Document::Claim(_))), "it is taken away on disk too");
    }
    assert_eq!(claimed(&state.apply(&operation(61, start("bob", "other"))).unwrap()).len(), 1);
}

#[test]
fn a_claim_without_a_task_stays_until_it_is_released() {
    let state = working().then(claim("bob", &["src", "docs"])).unwrap();
    let begun = state.apply(&operation(61, start("bob", "other"))).unwrap();
    let done = begun.apply(&operation(62, complete("bob", "other"))).unwrap();
    assert_eq!(claimed(&done), ["bob src", "bob docs"]);
    let released = done.apply(&operation(63, release("bob", &["SRC", "nothing"]))).unwrap();
    assert_eq!(claimed(&released), ["bob docs"]);
    assert_eq!(claimed(&released.apply(&operation(64, release("ann", &["docs"]))).unwrap()), ["bob docs"], "not hers");
}

#[test]
fn an_expired_claim_is_in_nobodys_way_and_acts_renew_it() {
    let state = working().then(claim("bob", &["!src"])).unwrap();
    let later = |minute, action: Action| state.apply(&operation(minute, action));
    assert!(later(179, claim("ann", &["src"])).is_err());
    assert_eq!(claimed(&later(180, claim("ann", &["src"])).unwrap()), ["ann src"]);
    assert_eq!(claimed(&later(180, drop_task("other")).unwrap()), [""; 0], "whoever writes next clears it away");
    let renewed = later(179, release("bob", &["x"])).unwrap();
    assert!(renewed.apply(&operation(298, claim("ann", &["src"]))).is_err());
}

#[test]
fn no_claim_comes_back_into_anothers_way() {
    let state = working().then(claim("bob", &["!src"])).unwrap();
    let released = state.apply(&operation(61, release("bob", &["src"]))).unwrap();
    let document = Document::Claim("op60-0".parse().unwrap());
    let change = DocumentChange { before: None, after: state.document(&document), document: document.clone() };
    let undo = Action::Undo { operation: "op61".parse().unwrap(), sentence: String::new(), documents: vec![change] };
    let back = released.apply(&operation(62, undo.clone())).unwrap();
    assert_eq!(claimed(&back), ["bob !src"]);
    let changed = |state: &State| match state.apply(&operation(63, undo.clone())) {
        Err(Rejected::ChangedSince { document, .. }) => document.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(changed(&released.apply(&operation(62, claim("ann", &["src/a"]))).unwrap()), "claims/op62-0");
    assert_eq!(changed(&released.apply(&operation(62, claim("bob", &["src"]))).unwrap()), "claims/op62-0");
    let gone = Action::RemoveAgent { agent: agent("bob"), backup: None };
    assert_eq!(changed(&released.apply(&operation(62, gone)).unwrap()), "claims/op60-0");
}
