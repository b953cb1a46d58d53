//! What is believed of a remote, and what is never done to one: a ref that is something else's is not written over, what is
//! not all here is not judged, and nothing that others would refuse is pushed.

use insta::assert_snapshot;

use crate::support::{Clone, Sandbox, remote_tip};

const STATE: &str = "refs/agents/state";

/// Two clones that share.
fn shared(sandbox: &Sandbox) -> (Clone<'_>, Clone<'_>) {
    let ann = sandbox.here().with_agent("ann");
    sandbox.remote();
    ann.agents(["task", "add", "T", "--id", "1"]).good();
    ann.agents(["sync"]).good();
    let bob = sandbox.clone("bob");
    bob.agents(["sync"]).good();
    (ann, bob)
}

/// A commit on top of the state that is no operation.
fn by_hand(sandbox: &Sandbox) -> String {
    let remote = sandbox.remote();
    let by = ["-c", "user.name=Eve", "-c", "user.email=eve@example.com"];
    let tree = format!("{STATE}^{{tree}}");
    sandbox.git_in(&remote, [&by[..], &["commit-tree", "-p", STATE, "-m", "By hand", &tree]].concat())
}

#[test]
fn a_branch_of_people_is_not_written_over() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here().with_agent("ann");
    let remote = sandbox.remote();
    ann.git(["config", "agents.remoteRef", "refs/heads/main"]);
    let main = remote_tip(&sandbox, &remote, "refs/heads/main");
    assert_snapshot!(ann.agents(["sync", "--restore", "--yes"]), @"
    [stderr]
    error: refs/heads/main on origin is no state of git-agents: it holds no format.json; nothing was changed there
      try: git config agents.remoteRef refs/heads/agents-state
      try: git config --unset agents.remoteRef
    [status 3]
    ");
    assert_eq!(remote_tip(&sandbox, &remote, "refs/heads/main"), main);
    assert!(main.is_some());
}

#[test]
fn what_a_shallow_clone_cannot_see_is_not_taken_for_wrong() {
    let sandbox = Sandbox::new();
    let (ann, _) = shared(&sandbox);
    let bob = sandbox.clone_with("shallow", &["--depth", "1"]);
    bob.git(["fetch", "-q", "--depth=1", "origin", "refs/agents/*:refs/agents/*"]);
    bob.agents(["task", "add", "T", "--id", "b"]).good();
    ann.agents(["task", "add", "T", "--id", "a"]).good();
    ann.agents(["sync"]).good();
    let before = remote_tip(&sandbox, &sandbox.remote(), STATE);
    assert_snapshot!(bob.agents(["sync"]), @"
    [stderr]
    error: what origin has cannot be read here: the commit [COMMIT] cannot be read: An object with id [COMMIT] could not be found; it was not taken in
      try: git fetch --unshallow origin refs/agents/state
    [status 3]
    ");
    assert_eq!(bob.agents(["sync", "--restore", "--yes"]).status, Some(3));
    assert_eq!(remote_tip(&sandbox, &sandbox.remote(), STATE), before);
    bob.git(["fetch", "-q", "--unshallow", "origin", STATE]);
    bob.agents(["sync"]).good();
    ann.agents(["sync"]).good();
    bob.agrees_with(&ann);
}

/// A plain fetch into a partial clone leaves the documents out.
#[test]
fn what_a_partial_clone_has_not_is_not_taken_for_wrong() {
    let sandbox = Sandbox::new();
    let (ann, _) = shared(&sandbox);
    sandbox.git_in(&sandbox.remote(), ["config", "uploadpack.allowFilter", "true"]);
    let bob = sandbox.clone_with("partial", &["--filter=blob:none"]);
    bob.git(["fetch", "-q", "origin", "refs/agents/*:refs/agents/*"]);
    ann.agents(["task", "add", "T", "--id", "a"]).good();
    ann.agents(["sync"]).good();
    let before = remote_tip(&sandbox, &sandbox.remote(), STATE);
    assert_snapshot!(bob.agents(["sync"]), @"
    [stderr]
    error: what origin has cannot be read here: [COMMIT] is no state of git-agents: its format.json cannot be read; it was not taken in
      try: git agents recover --from remote
    [status 3]
    ");
    assert_eq!(bob.agents(["sync", "--restore", "--yes"]).status, Some(3));
    assert_eq!(remote_tip(&sandbox, &sandbox.remote(), STATE), before);
    bob.agents(["recover", "--from", "remote", "--yes"]).good();
    bob.agents(["sync"]).good();
    bob.agrees_with(&ann);
}

/// A plain fetch brings whatever is there; what was written on top of it is done again on what is sound.
#[test]
fn what_others_would_refuse_is_not_pushed() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    let remote = sandbox.remote();
    sandbox.git_in(&remote, ["update-ref", STATE, &by_hand(&sandbox)]);
    bob.git(["fetch", "-q", "origin", "refs/agents/*:refs/agents/*"]);
    bob.agents(["task", "add", "T", "--id", "2"]).good();
    assert_snapshot!(bob.agents(["sync", "--restore", "--yes"]), @"
    origin: 1 operation went, 1 operation rejected

    went
      add task 2: T (bob)

    rejected
      By hand: this version of git-agents does not know the operation
      kept in refs/agents-local/backup/[OPERATION]/state
    [stderr]
    what was taken away from origin is kept in refs/agents-local/taken-away/[COMMIT]/state
    [status 1]
    ");
    ann.agents(["sync"]).good();
    ann.agrees_with(&bob);
    assert!(ann.sentences().contains(&"add task 2: T".to_owned()));
}

#[test]
fn a_mirror_is_not_told_what_it_has_accepted() {
    let sandbox = Sandbox::new();
    let (ann, _) = shared(&sandbox);
    let mirror = sandbox.clone_with("mirror", &["--mirror"]);
    mirror.agents(["sync"]).good();
    let remote = sandbox.remote();
    let evil = by_hand(&sandbox);
    for name in [STATE, "refs/agents-local/remotes/origin/state"] {
        sandbox.git_in(&remote, ["update-ref", name, &evil]);
    }
    mirror.git(["fetch", "-q", "--prune"]);
    assert_snapshot!(mirror.agents(["sync"]), @"
    [stderr]
    warning: a plain git fetch of origin replaces the state here by what is there; git agents sync brings it back
    error: what origin has is no sound state: the commit [COMMIT] is no operation: its message has one paragraph; it was not taken in
      try: git log refs/agents-local/incoming/origin/state
      try: git agents sync origin --restore --yes, to put back there what is sound
    [status 3]
    ");
    let late = sandbox.clone_with("late", &["--mirror"]);
    assert_eq!(late.agents(["sync"]).status, Some(3), "nor is a new one");
    mirror.agents(["sync", "--restore", "--yes"]);
    ann.agents(["sync"]).good();
    mirror.agents(["sync"]).good();
    mirror.agrees_with(&ann);
}

/// A fetch that prunes takes the refs of this clone, too.
#[test]
fn a_mirror_that_prunes_goes_on_sharing() {
    let sandbox = Sandbox::new();
    let (ann, _) = shared(&sandbox);
    let mirror = sandbox.clone_with("mirror", &["--mirror"]);
    mirror.agents(["sync"]).good();
    mirror.git(["fetch", "-q", "--prune"]);
    assert_eq!(mirror.git(["for-each-ref", "refs/agents-local"]), "");
    ann.agents(["assign", "ann", "1"]).good();
    mirror.agents(["agent", "add", "mo", "--no-worktree"]);
    assert_snapshot!(mirror.agents(["assign", "mo", "1"]), @"
    [stderr]
    error: task 1 is held by ann since 2026-01-05 09:00 UTC (assigned)
      try: git agents unassign ann 1
    [status 1]
    ");
}

#[test]
fn another_remote_is_no_reason_to_ask_nobody() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    bob.agents(["init", "ben"]).good();
    bob.git(["remote", "rename", "origin", "hub"]);
    bob.agents(["assign", "ben", "2", "Two"]).good();
    bob.git(["remote", "add", "fork", "/nowhere"]);
    bob.agents(["start", "ben", "1"]).good();
    assert_snapshot!(ann.agents(["start", "ann", "1"]), @"
    [stderr]
    error: task 1 is held by ben since 2026-01-05 09:00 UTC (in-progress)
      try: git agents unassign ben 1
    [status 1]
    ");
    bob.git(["remote", "remove", "hub"]);
    bob.git(["remote", "remove", "fork"]);
    assert_snapshot!(bob.agents(["assign", "ben", "3", "Three"]), @"
    [stderr]
    error: the repository has no remote
      try: git remote add origin URL
      try: git config agents.sync manual, to go on alone
    [status 3]
    ");
}

/// That it is done already is an answer when the remote has it, and not before.
#[test]
fn what_nobody_has_confirmed_is_confirmed_when_it_is_asked_for_again() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    bob.agents(["init", "ben"]).good();
    ann.agents(["assign", "ann", "1", "--offline"]).good();
    ann.agents(["assign", "ann", "1"]).good();
    assert_eq!(bob.agents(["assign", "ben", "1"]).status, Some(1));
    ann.agents(["claim", "ann", "src", "--exclusive", "--offline"]).good();
    bob.agents(["claim", "ben", "src", "--exclusive"]).good();
    assert_snapshot!(ann.agents(["claim", "ann", "src", "--exclusive"]), @"
    [stderr]
    warning: rejected by what others did first: ann claims path src: src is claimed exclusively by ben
    error: src is claimed exclusively by ben, since 2026-01-05 09:00 UTC and until 2026-01-05 11:00 UTC
      try: git agents claims
      try: git agents release ben src
    [status 1]
    ");
}

/// The lead took it back and gave it to somebody else: what was completed meanwhile was not, and does not land.
#[test]
fn work_of_an_assignment_that_has_ended_elsewhere_does_not_land() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let ann = sandbox.here();
    sandbox.remote();
    ann.agents(["assign", "ann", "1", "One"]).good();
    ann.agents(["sync"]).good();
    let bob = sandbox.clone("bob");
    bob.agents(["sync"]).good();
    bob.agents(["init", "ben"]).good();
    ann.agents(["start", "ann", "1"]).good();
    sandbox.commit_as("ann", "f", "of ann\n");
    ann.agents(["complete", "ann"]).good();
    bob.agents(["sync"]).good();
    bob.agents(["unassign", "1"]).good();
    bob.agents(["start", "ben", "1"]).good();
    assert_snapshot!(ann.agents(["merge", "ann", "--yes"]), @"
    [stderr]
    warning: rejected by what others did first: ann completes 1 (1 file): ann had 1 by assignment 1, which has ended: ben has it since 2026-01-05 09:00 UTC by assignment 2
    error: ann had 1 by assignment 1, which has ended: ben has it since 2026-01-05 09:00 UTC by assignment 2; what is on ann's branch is as it was
      try: git agents next ann
      try: git agents task show 1
    [status 1]
    ");
    assert_snapshot!(ann.agents(["merge", "ann", "--yes"]), @"
    [stderr]
    error: ann had 1 by assignment 1, which has ended: ben has it since 2026-01-05 09:00 UTC by assignment 2; what is on ann's branch is as it was
      try: git agents next ann
      try: git agents task show 1
    [status 1]
    ");
}

#[test]
fn a_clock_that_is_ahead_is_named() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    bob.run(["task", "add", "T", "--id", "2"]).env("GIT_COMMITTER_DATE", "2026-01-05T12:00:00Z").output().good();
    bob.agents(["sync"]).good();
    assert_snapshot!(ann.agents(["sync"]), @"
    origin: 1 operation came

    came
      add task 2: T (bob)
    [stderr]
    warning: the clock of bob is ahead of the one here by 3h 0m: leases and claims may end too early
    [status 0]
    ");
}

/// Not only in a mirror: a fetch that is forced takes what was never shared.
#[test]
fn what_a_forced_fetch_takes_is_brought_back() {
    let sandbox = Sandbox::new();
    let (_, bob) = shared(&sandbox);
    bob.agents(["task", "add", "T", "--id", "2"]).good();
    bob.git(["fetch", "-q", "origin", "+refs/agents/*:refs/agents/*"]);
    assert!(!bob.sentences().contains(&"add task 2: T".to_owned()), "this is what git does");
    assert_snapshot!(bob.agents(["sync"]), @"
    origin: 1 operation went

    went
      add task 2: T (bob)
    [status 0]
    ");
}

/// What others have confirmed is not ended by who does not see the work.
#[test]
fn an_agent_at_work_elsewhere_is_not_removed() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here();
    sandbox.remote();
    ann.agents(["init", "ann"]).good();
    ann.agents(["assign", "ann", "1", "One"]).good();
    ann.agents(["sync"]).good();
    let bob = sandbox.clone("bob");
    bob.agents(["sync"]).good();
    ann.agents(["start", "ann"]).good();
    assert_snapshot!(bob.agents(["agent", "remove", "ann"]), @"
    [stderr]
    error: ann works on 1 in another clone, and its lease runs until 2026-01-05 11:00 UTC
      try: git agents agent remove ann, in that clone
      try: git agents agent remove ann --force, which takes 1 from it
    [status 3]
    ");
    bob.agents(["agent", "remove", "ann", "--force"]).good();
}

/// Whoever makes a commit chooses its first line.
#[test]
fn what_was_done_is_what_the_operation_says() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    bob.agents(["task", "drop", "1"]).good();
    let message = bob.git(["log", "-1", "--format=%B", STATE]).replace("drop task 1", "edit task 1");
    let liar = bob.git(["commit-tree", "-p", &format!("{STATE}~1"), "-m", &message, &format!("{STATE}^{{tree}}")]);
    bob.git(["push", "-q", "origin", &format!("{liar}:{STATE}")]);
    assert_snapshot!(ann.agents(["sync"]), @"
    origin: 1 operation came

    came
      drop task 1 (bob)
    [status 0]
    ");
}
