//! `agents.sync`: who takes a task is acknowledged when the remote has it, and the rest rides along.

use insta::assert_snapshot;

use crate::support::{Clone, Sandbox, remote_tip, script};

const STATE: &str = "refs/agents/state";

/// Ann and bob, each in a clone, with two tasks; both have synchronised once.
pub(crate) fn shared(sandbox: &Sandbox) -> (Clone<'_>, Clone<'_>) {
    let ann = sandbox.here();
    ann.agents(["init", "ann", "bob"]).good();
    sandbox.remote();
    for id in ["16", "17"] {
        ann.agents(["task", "add", "Fix it", "--id", id]).good();
    }
    ann.agents(["sync"]).good();
    let bob = sandbox.clone("bob");
    bob.agents(["sync"]).good();
    bob.git(["branch", "agents/bob"]);
    (ann, bob)
}

/// The chain of the remote is the one here.
#[track_caller]
pub(crate) fn is_shared(sandbox: &Sandbox, clone: &Clone<'_>) {
    assert_eq!(remote_tip(sandbox, &sandbox.remote(), STATE), Some(clone.tip()));
}

#[test]
fn who_never_shared_never_waits_for_a_network() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here().with_agent("ann");
    ann.git(["remote", "add", "origin", "file:///nowhere.git"]);
    ann.agents(["assign", "ann", "16", "Fix it"]).good();
    ann.agents(["status"]).good();
    assert!(!ann.dir.join(".git/agents/sync.lock").exists());
}

#[test]
fn taking_a_task_is_known_to_all_before_it_is_acknowledged() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    ann.agents(["assign", "ann", "16"]).good();
    is_shared(&sandbox, &ann);
    assert_snapshot!(bob.agents(["assign", "bob", "16"]), @"
    [stderr]
    error: task 16 is held by ann since 2026-01-05 09:00 UTC (assigned)
      try: git agents unassign ann 16
    [status 1]
    ");
    assert_snapshot!(bob.agents(["start", "bob", "16"]), @"
    [stderr]
    error: task 16 is held by ann since 2026-01-05 09:00 UTC (assigned)
      try: git agents unassign ann 16
    [status 1]
    ");
    bob.agents(["next", "bob"]).good();
    is_shared(&sandbox, &bob);
    assert_snapshot!(ann.agents(["assign", "ann", "17", "--json"]), @r#"
    [stderr]
    {"error":{"code":"task-held","hints":["git agents unassign bob 17"],"message":"task 17 is held by bob since 2026-01-05 09:00 UTC (in-progress)"},"kind":"error","version":1}
    [status 1]
    "#);
    ann.agents(["start", "ann"]).good();
    is_shared(&sandbox, &ann);
}

/// Whoever pushes next is overtaken by ann, who does this in her clone first.
fn overtake(sandbox: &Sandbox, ann: &Clone<'_>, bob: &Clone<'_>, words: &str) {
    let (wrapper, done) = (sandbox.root().join("receive-pack"), sandbox.root().join("overtaken"));
    let program = Sandbox::binary().display();
    let body = format!(
        "[ -e {done} ] || {{ touch {done}; cd {dir} && env -u GIT_DIR GIT_AGENTS_SEED=99 {program} {words} >&2; }}\nexec git-receive-pack \"$@\"",
        done = done.display(),
        dir = ann.dir.display()
    );
    script(&wrapper, &body);
    bob.git(["config", "remote.origin.receivepack", wrapper.to_str().unwrap()]);
}

#[test]
fn a_race_that_is_lost_in_the_last_moment() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    overtake(&sandbox, &ann, &bob, "assign ann 16");
    assert_snapshot!(bob.agents(["assign", "bob", "16"]), @"
    [stderr]
    error: task 16 is held by ann since 2026-01-05 09:00 UTC (assigned)
      try: git agents unassign ann 16
    [status 1]
    ");
    assert!(sandbox.root().join("overtaken").exists());
    bob.agrees_with(&ann);
    // It was told to who asked: nobody else has to know.
    assert_snapshot!(bob.agents(["sync", "--acknowledge"]), @"
    nothing was rejected
    [status 0]
    ");
    std::fs::remove_file(sandbox.root().join("overtaken")).unwrap();
    ann.agents(["task", "add", "Meanwhile", "--id", "m"]).good();
    overtake(&sandbox, &ann, &bob, "sync");
    bob.agents(["assign", "bob", "17"]).good();
    is_shared(&sandbox, &bob);
    assert!(bob.sentences().contains(&"add task m: Meanwhile".to_owned()));
}

#[test]
fn next_takes_another_one_when_a_race_is_lost() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    overtake(&sandbox, &ann, &bob, "start ann 16");
    assert_snapshot!(bob.agents(["next", "bob"]), @"
    bob started 17 Fix it
    [status 0]
    ");
    is_shared(&sandbox, &bob);
}

#[test]
fn without_the_remote_nobody_takes_a_task_but_who_says_so() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    let (remote, away) = (sandbox.remote(), sandbox.root().join("away.git"));
    std::fs::rename(&remote, &away).unwrap();
    let before = bob.tip();
    assert_snapshot!(bob.agents(["assign", "bob", "16"]), @"
    [stderr]
    error: origin could not be asked: fatal: '[ROOT]/remote.git' does not appear to be a git repository; fatal: Could not read from remote repository.; Please make sure you have the correct access rights; and the repository exists.
      try: the same command with --offline, to record it here only
      try: git ls-remote origin
    [status 4]
    ");
    assert_eq!(bob.tip(), before);
    assert_snapshot!(bob.agents(["assign", "bob", "16", "--offline"]), @"
    assigned 16 to bob: Fix it
    [stderr]
    provisional: no remote has confirmed it; git agents sync shares it
    [status 0]
    ");
    assert_snapshot!(bob.agents(["next", "bob", "--offline"]), @"
    bob started 16 Fix it
    [stderr]
    provisional: no remote has confirmed it; git agents sync shares it
    [status 0]
    ");
    assert_snapshot!(bob.agents(["status"]), @"
    work lands on main at [COMMIT]

    AGENT  STATE    TASK       TIME  AHEAD  BEHIND  FILES  DIRTY  DONE
    ann    idle                          ?       ?      ?      -
    bob    working  16 Fix it    0s      0       0      0      -

    tasks: 1 in progress, 1 open (1 ready)
    2 operations not shared with origin yet
    [status 0]
    ");
    std::fs::rename(&away, &remote).unwrap();
    ann.agents(["assign", "ann", "16"]).good();
    // What was provisional is decided with the next act.
    assert_snapshot!(bob.agents(["assign", "bob", "17"]), @"
    assigned 17 to bob: Fix it
    [stderr]
    warning: rejected by what others did first: assign 16 to bob: task 16 is held by ann since 2026-01-05 09:00 UTC (assigned)
    warning: rejected by what others did first: bob starts 16: task 16 is held by ann since 2026-01-05 09:00 UTC (assigned)
    [status 0]
    ");
    assert_snapshot!(bob.agents(["status"]), @"
    work lands on main at [COMMIT]

    AGENT  STATE     TASK       TIME  AHEAD  BEHIND  FILES  DIRTY  DONE
    ann    assigned  16 Fix it            ?       ?      ?      -
    bob    assigned  17 Fix it            0       0      0      -

    tasks: 2 assigned

    needs attention
      rejected by what others did first: assign 16 to bob: task 16 is held by ann since 2026-01-05 09:00 UTC (assigned)
        git agents sync --acknowledge
      rejected by what others did first: bob starts 16: task 16 is held by ann since 2026-01-05 09:00 UTC (assigned)
        git agents sync --acknowledge
    [status 0]
    ");
    assert_eq!(bob.agents(["status", "--json"]).json()["rejected"].as_array().unwrap().len(), 2);
    assert_snapshot!(bob.agents(["doctor"]), @"
    warning: rejected by what others did first: assign 16 to bob: task 16 is held by ann since 2026-01-05 09:00 UTC (assigned)
      try: git agents sync --acknowledge
    warning: rejected by what others did first: bob starts 16: task 16 is held by ann since 2026-01-05 09:00 UTC (assigned)
      try: git agents sync --acknowledge
    2 warnings
    [status 1]
    ");
    bob.agents(["sync", "--acknowledge"]).good();
    bob.agents(["doctor"]).good();
    bob.git(["config", "agents.remote", "nobody"]);
    assert_snapshot!(bob.agents(["doctor"]), @"
    error: ann's branch agents/ann is gone
      try: git reflog show agents/ann || git agents init ann
    error: there is no remote nobody
      try: git config agents.remote NAME
    2 errors
    [status 1]
    ");
    bob.git(["config", "--unset", "agents.remote"]);
    assert_eq!(bob.agents(["status", "--json"]).json()["unsynced"], 0);
}

#[test]
fn what_the_host_does_not_take_is_not_recorded() {
    let sandbox = Sandbox::new();
    let (_, bob) = shared(&sandbox);
    script(&sandbox.remote().join("hooks/pre-receive"), "echo 'Closed today' >&2; exit 1");
    let before = bob.tip();
    assert_snapshot!(bob.agents(["assign", "bob", "16"]), @"
    [stderr]
    error: origin does not take the push: remote: Closed today; error: failed to push some refs to 'file://[ROOT]/remote.git'; ! [COMMIT]:refs/agents/state [remote rejected] (pre-receive hook declined), so nobody has confirmed it and it is not recorded
      try: git push --dry-run origin refs/agents/state
      try: git config agents.remoteRef refs/heads/agents-state, when the host takes only branches
      try: git agents sync origin --adopt, to give up what waits here; it is kept as a backup
      try: the same command with --offline, to record it here only
    [status 4]
    ");
    assert_eq!(bob.tip(), before);
    assert_eq!(bob.agents(["start", "bob", "16"]).status, Some(4));
    assert_eq!(bob.tip(), before);
    // What was not confirmed may be taken once the host is back.
    std::fs::remove_file(sandbox.remote().join("hooks/pre-receive")).unwrap();
    bob.agents(["start", "bob", "16"]).good();
    is_shared(&sandbox, &bob);
}

#[test]
fn one_note_that_the_host_refuses_is_not_in_the_way_of_a_task() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    let hook =
        "while read old new ref; do git log --format=%s $old..$new | grep -q 'Bad words' && exit 1; done; exit 0";
    script(&sandbox.remote().join("hooks/pre-receive"), hook);
    bob.agents(["task", "add", "Bad words", "--id", "bad"]).good();
    bob.agents(["assign", "bob", "16"]).good();
    assert_eq!(remote_tip(&sandbox, &sandbox.remote(), STATE), Some(bob.git(["rev-parse", "refs/agents/state~1"])));
    assert_snapshot!(bob.agents(["status"]), @"
    work lands on main at [COMMIT]

    AGENT  STATE     TASK       TIME  AHEAD  BEHIND  FILES  DIRTY  DONE
    ann    idle                           ?       ?      ?      -
    bob    assigned  16 Fix it            0       0      0      -

    tasks: 1 assigned, 2 open (2 ready)
    1 operation not shared with origin yet
    [status 0]
    ");
    ann.agents(["sync"]).good();
    assert!(ann.sentences().contains(&"assign 16 to bob".to_owned()));
}

#[test]
fn the_rest_rides_along_or_follows_after_a_minute() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    let later = |clone: &Clone<'_>, minute: u32, id: &str| {
        let at = format!("2026-01-05T09:{minute:02}:30Z");
        clone.run(["task", "add", "T", "--id", id]).env("GIT_COMMITTER_DATE", at).output().good();
    };
    later(&bob, 0, "a");
    assert_eq!(bob.agents(["status", "--json"]).json()["unsynced"], 1);
    later(&bob, 2, "b");
    is_shared(&sandbox, &bob);
    later(&bob, 2, "c");
    assert_eq!(bob.agents(["status", "--json"]).json()["unsynced"], 1);
    bob.agents(["assign", "bob", "16"]).good();
    is_shared(&sandbox, &bob);
    // Nobody is told of a remote that is away for what does not need it.
    std::fs::rename(sandbox.remote(), sandbox.root().join("away.git")).unwrap();
    later(&ann, 5, "d");
}

#[test]
fn a_path_that_is_claimed_in_one_clone_is_refused_in_the_other() {
    let sandbox = Sandbox::new();
    let (ann, bob) = shared(&sandbox);
    ann.agents(["claim", "ann", "src", "--exclusive"]).good();
    is_shared(&sandbox, &ann);
    assert_snapshot!(bob.agents(["claim", "bob", "src/main.rs"]), @"
    [stderr]
    error: src/main.rs cannot be claimed: src is claimed exclusively by ann, since 2026-01-05 09:00 UTC and until 2026-01-05 11:00 UTC
      try: git agents claims
      try: git agents release ann src
    [status 1]
    ");
    overtake(&sandbox, &ann, &bob, "claim ann doc --exclusive");
    assert_snapshot!(bob.agents(["claim", "bob", "doc", "--exclusive"]), @"
    [stderr]
    error: doc is claimed exclusively by ann, since 2026-01-05 09:00 UTC and until 2026-01-05 11:00 UTC
      try: git agents claims
      try: git agents release ann doc
    [status 1]
    ");
    bob.agrees_with(&ann);
}

#[test]
fn who_wants_to_be_asked_is() {
    let sandbox = Sandbox::new();
    let (ann, _) = shared(&sandbox);
    ann.git(["config", "agents.sync", "manual"]);
    let before = remote_tip(&sandbox, &sandbox.remote(), STATE);
    ann.agents(["assign", "ann", "16"]).good();
    assert_eq!(remote_tip(&sandbox, &sandbox.remote(), STATE), before);
    assert_eq!(ann.agents(["status", "--json"]).json()["unsynced"], 1);
    ann.git(["config", "agents.sync", "sometimes"]);
    assert_snapshot!(ann.agents(["assign", "ann", "17"]), @r#"
    [stderr]
    error: agents.sync is "sometimes"; it can be auto or manual
      try: git config --unset agents.sync
    [status 3]
    "#);
    ann.git(["config", "agents.sync", "auto"]);
    ann.agents(["assign", "ann", "17"]).good();
    is_shared(&sandbox, &ann);
}
