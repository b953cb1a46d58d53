//! What git merges and people should look at, as it is found among agents with uncommitted work.

use git_agents::branch::hazard::Side;
use git_agents::branch::soft::{NEAR, Soft, SoftKind, warnings};
use git_agents::branch::{Options, matrix};
use git_agents::git::scratch::Scratch;
use git_agents::store::{self, Scope};
use git_agents::work::candidates;

use crate::support::{Sandbox, lines};

/// The warnings about all agents.
fn found(sandbox: &Sandbox) -> Vec<Soft> {
    let repo = sandbox.open();
    let state = store::load(&repo, &Scope::open()).unwrap().state;
    let candidates = candidates::of_agents(&repo, &state).unwrap();
    let scratch = Scratch::new(&repo).unwrap();
    let target = sandbox.git(["rev-parse", "main"]).parse().unwrap();
    let matrix = matrix(&repo, &scratch, target, &candidates, &Options::default()).unwrap();
    warnings(&scratch, &matrix, NEAR).unwrap()
}

#[test]
fn warnings_change_no_verdict() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.commit_as("ann", "lines", &lines(5, "ann"));
    sandbox.write_as("bob", "lines", &lines(9, "bob"));
    sandbox.write_as("ann", "0001_users.sql", "1\n");
    sandbox.commit_as("bob", "0001_roles.sql", "2\n");
    let before = (sandbox.facts(), sandbox.git(["count-objects", "-v"]));
    let found = found(&sandbox);
    assert_eq!(before, (sandbox.facts(), sandbox.git(["count-objects", "-v"])));
    assert!(found.iter().all(|one| (one.a, one.b) == (0, Side::Branch(1))));
    let number = SoftKind::Migration { number: "1".to_owned(), other: "0001_roles.sql".into() };
    assert_eq!((found[0].path.to_string(), &found[0].kind), ("0001_users.sql".to_owned(), &number));
    let SoftKind::Nearby { function: None, a, b, apart: 3 } = &found[1].kind else { panic!("{found:?}") };
    assert_eq!((a.start, b.start, found.len()), (5, 9, 2));
    sandbox.direct(["conflicts"]).output().good();
}
