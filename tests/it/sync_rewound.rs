//! A remote whose state was rewritten or deleted: nothing is lost here, and it can be brought back there.

use insta::assert_snapshot;

use crate::support::{Clone, Sandbox, remote_tip};

const STATE: &str = "refs/agents/state";

/// Two clones with three tasks, all shared.
fn shared(sandbox: &Sandbox) -> (Clone<'_>, Clone<'_>) {
    let ann = sandbox.here().with_agent("ann");
    sandbox.remote();
    for id in ["1", "2", "3"] {
        ann.agents(["task", "add", "T", "--id", id]).good();
    }
    ann.agents(["sync"]).good();
    let bob = sandbox.clone("bob");
    bob.agents(["sync"]).good();
    (ann, bob)
}

#[test]
fn a_rewound_remote_stops_everything_and_is_restored() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    let tip = ann.tip();
    sandbox.git_in(&sandbox.remote(), ["update-ref", STATE, &format!("{tip}~2")]);
    ann.agents(["task", "add", "T", "--id", "4"]).good();
    let mine = ann.tip();
    assert_snapshot!(ann.agents(["sync"]), @"
    [stderr]
    error: the state on origin was rewritten: it is at [COMMIT] and does not continue [COMMIT], which it had before; everything here stays as it is
      try: git agents sync origin --restore, to bring back there what is missing
      try: git agents sync origin --adopt, to take what is there; ours is kept as a backup
    [status 3]
    ");
    assert_eq!(ann.tip(), mine);
    assert_snapshot!(ann.agents(["sync"]), @"
    [stderr]
    error: the state on origin was rewritten: it is at [COMMIT] and does not continue [COMMIT], which it had before; everything here stays as it is
      try: git agents sync origin --restore, to bring back there what is missing
      try: git agents sync origin --adopt, to take what is there; ours is kept as a backup
    [status 3]
    ");
    assert_snapshot!(ann.agents(["sync", "--restore"]), @"
    origin: 3 operations went

    went
      add task 2: T (Ann)
      add task 3: T (Ann)
      add task 4: T (Ann)
    [status 0]
    ");
    bob.agents(["sync"]).good();
    bob.agrees_with(&ann);
    assert_eq!(ann.tip(), mine);
}

#[test]
fn a_rewound_remote_that_went_on_is_joined() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    let carl = sandbox.clone("carl");
    let tip = ann.tip();
    sandbox.git_in(&sandbox.remote(), ["update-ref", STATE, &format!("{tip}~2")]);
    carl.agents(["sync"]).good();
    carl.agents(["task", "add", "T", "--id", "5"]).good();
    carl.agents(["sync"]).good();
    assert_snapshot!(bob.agents(["sync"]), @"
    [stderr]
    error: the state on origin was rewritten: it is at [COMMIT] and does not continue [COMMIT], which it had before; everything here stays as it is
      try: git agents sync origin --restore, to bring back there what is missing
      try: git agents sync origin --adopt, to take what is there; ours is kept as a backup
    [status 3]
    ");
    assert_snapshot!(bob.agents(["sync", "--restore"]), @"
    origin: 1 operation came, 2 operations went

    came
      add task 5: T (carl)

    went
      add task 2: T (Ann)
      add task 3: T (Ann)
    [status 0]
    ");
    carl.agents(["sync"]).good();
    carl.agrees_with(&bob);
    // Ann has seen what was lost, and takes what is there: nothing of hers is missing there.
    assert_snapshot!(ann.agents(["sync", "--adopt"]), @"
    [stderr]
    error: there is no terminal to ask on: Take the state of origin in the place of the one here?
      try: the same command with --yes
    [status 3]
    ");
    assert_snapshot!(ann.agents(["sync", "--adopt", "--yes"]), @"
    origin: 1 operation came

    came
      add task 5: T (carl)
    [status 0]
    ");
    ann.agrees_with(&bob);
}

#[test]
fn a_deleted_ref_is_said_and_brought_back() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    let mine = ann.tip();
    sandbox.git_in(&sandbox.remote(), ["update-ref", "-d", STATE]);
    assert_snapshot!(ann.agents(["sync"]), @"
    [stderr]
    error: the state on origin is gone; it was at [COMMIT]; everything here stays as it is
      try: git agents sync origin --restore, to bring it back
    [status 3]
    ");
    assert_snapshot!(bob.agents(["sync", "--adopt", "--yes"]), @"
    [stderr]
    error: origin has no state to adopt
      try: git agents sync origin --restore
    [status 3]
    ");
    assert_eq!((ann.tip(), bob.tip()), (mine.clone(), mine.clone()));
    assert_snapshot!(ann.agents(["sync", "--restore"]), @"
    origin: 4 operations went

    went
      add agent ann (Ann)
      add task 1: T (Ann)
      add task 2: T (Ann)
      add task 3: T (Ann)
    [status 0]
    ");
    assert_eq!(remote_tip(&sandbox, &sandbox.remote(), STATE), Some(mine));
    assert_snapshot!(bob.agents(["sync"]), @"
    origin: nothing new on either side
    [status 0]
    ");
}

#[test]
fn adopting_keeps_what_was_here() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    let tip = ann.tip();
    sandbox.git_in(&sandbox.remote(), ["update-ref", STATE, &format!("{tip}~2")]);
    bob.agents(["task", "add", "T", "--id", "4"]).good();
    let mine = bob.tip();
    assert_snapshot!(bob.agents(["sync", "--adopt", "--yes"]), @"
    origin: 3 operations rejected

    rejected
      add task 2: T: the state of origin was adopted in its place
      add task 3: T: the state of origin was adopted in its place
      add task 4: T: the state of origin was adopted in its place
      kept in refs/agents-local/backup/[OPERATION]/state
    [status 1]
    ");
    assert_eq!(bob.git(["for-each-ref", "--format=%(objectname)", "refs/agents-local/backup/"]), mine);
    assert_eq!(bob.tip(), sandbox.git(["rev-parse", &format!("{tip}~2")]));
}

#[test]
fn a_push_of_a_mirror_that_never_fetched_is_repaired() {
    let sandbox = Sandbox::new();
    let (ann, _) = shared(&sandbox);
    let carl = sandbox.clone("carl");
    carl.git(["push", "-q", "--mirror", "origin"]);
    assert_eq!(remote_tip(&sandbox, &sandbox.remote(), STATE), None, "this is what git does");
    assert_eq!(ann.agents(["sync"]).status, Some(3));
    ann.agents(["sync", "--restore"]).good();
    carl.agents(["sync"]).good();
    carl.agrees_with(&ann);
}

#[test]
fn something_else_under_that_name_is_not_taken_in() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here().with_agent("ann");
    sandbox.git_in(&sandbox.remote(), ["update-ref", STATE, "refs/heads/main"]);
    let mine = ann.tip();
    assert_snapshot!(ann.agents(["sync"]), @"
    [stderr]
    error: refs/agents/state on origin is no state of git-agents: it holds no format.json; nothing was changed there
      try: git config agents.remoteRef refs/heads/agents-state
    [status 3]
    ");
    assert_eq!(ann.tip(), mine);
    let bob = sandbox.clone("bob");
    assert_eq!(bob.agents(["sync"]).status, Some(3));
}

#[test]
fn a_commit_by_hand_on_the_remote_is_taken_away_there() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    bob.agents(["task", "add", "T", "--id", "4"]).good();
    bob.agents(["sync"]).good();
    let remote = sandbox.remote();
    // The bare repository knows nobody.
    let by = ["-c", "user.name=Eve", "-c", "user.email=eve@example.com"];
    for message in ["By hand", "And again"] {
        let tree = format!("{STATE}^{{tree}}");
        let commit = sandbox.git_in(&remote, [&by[..], &["commit-tree", "-p", STATE, "-m", message, &tree]].concat());
        sandbox.git_in(&remote, ["update-ref", STATE, &commit]);
    }
    ann.agents(["task", "add", "T", "--id", "5"]).good();
    assert_snapshot!(ann.agents(["sync"]), @"
    [stderr]
    error: what origin has is no sound state: the commit [COMMIT] is no operation: its message has one paragraph; it was not taken in
      try: git log refs/agents-local/incoming/origin/state
      try: git agents sync origin --restore --yes, to put back there what is sound
    [status 3]
    ");
    assert_snapshot!(ann.agents(["doctor"]), @"
    warning: what origin had when it was last asked was not taken in
      try: git agents sync origin
    1 warning
    [status 1]
    ");
    assert_snapshot!(ann.agents(["sync", "--restore"]), @"
    [stderr]
    error: there is no terminal to ask on: Take away from origin what is not sound there, and all that came after it?
      try: the same command with --yes
    [status 3]
    ");
    assert_snapshot!(ann.agents(["sync", "--restore", "--yes"]), @"
    origin: 1 operation came, 1 operation went

    came
      add task 4: T (bob)

    went
      add task 5: T (Ann)
    [stderr]
    what was taken away from origin is kept in refs/agents-local/taken-away/[COMMIT]/state
    [status 0]
    ");
    ann.agents(["doctor"]).good();
    bob.agents(["sync"]).good();
    bob.agrees_with(&ann);
    assert!(bob.sentences().contains(&"add task 4: T".to_owned()));
}
