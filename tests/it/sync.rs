//! `git agents sync`: what comes, what goes, what is rejected.

use insta::assert_snapshot;

use crate::support::{Sandbox, remote_tip};

#[test]
fn the_first_sync_brings_the_state_to_the_remote_and_a_fresh_clone_adopts_it() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here().with_agent("ann");
    sandbox.remote();
    ann.agents(["task", "add", "Fix it", "--id", "16"]).good();
    assert_snapshot!(ann.agents(["sync"]), @"
    origin: 2 operations went

    went
      add agent ann (Ann)
      add task 16: Fix it (Ann)
    [status 0]
    ");
    assert_snapshot!(ann.agents(["sync"]), @"
    origin: nothing new on either side
    [status 0]
    ");
    let bob = sandbox.clone("bob");
    assert_snapshot!(bob.agents(["sync"]), @"
    origin: 2 operations came

    came
      add task 16: Fix it (Ann)
      add agent ann (Ann)
    [status 0]
    ");
    bob.agrees_with(&ann);
    assert_eq!(remote_tip(&sandbox, &sandbox.remote(), "refs/agents/state"), Some(ann.tip()));
}

#[test]
fn ahead_and_behind() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here().with_agent("ann");
    sandbox.remote();
    ann.agents(["sync"]).good();
    let bob = sandbox.clone("bob");
    bob.agents(["sync"]).good();
    bob.agents(["task", "add", "One", "--id", "1"]).good();
    bob.agents(["task", "add", "Two", "--id", "2"]).good();
    assert_snapshot!(bob.agents(["sync", "--fetch-only"]), @"
    origin: 2 operations waiting to go
    [status 0]
    ");
    assert_snapshot!(bob.agents(["sync", "--push-only", "--json"]), @r#"
    {
      "came": [],
      "came_count": 0,
      "kind": "sync",
      "quarantined": [],
      "rejected": [],
      "remote": "origin",
      "tip": "[COMMIT]",
      "version": 1,
      "waiting": 0,
      "went": [
        {
          "at": "2026-01-05T09:00:00Z",
          "by": "bob",
          "commit": "[COMMIT]",
          "id": "[OPERATION]",
          "sentence": "add task 1: One"
        },
        {
          "at": "2026-01-05T09:00:00Z",
          "by": "bob",
          "commit": "[COMMIT]",
          "id": "[OPERATION]",
          "sentence": "add task 2: Two"
        }
      ]
    }
    [status 0]
    "#);
    assert_snapshot!(ann.agents(["sync", "--json"]), @r#"
    {
      "came": [
        {
          "at": "2026-01-05T09:00:00Z",
          "by": "bob",
          "commit": "[COMMIT]",
          "id": "[OPERATION]",
          "sentence": "add task 2: Two"
        },
        {
          "at": "2026-01-05T09:00:00Z",
          "by": "bob",
          "commit": "[COMMIT]",
          "id": "[OPERATION]",
          "sentence": "add task 1: One"
        }
      ],
      "came_count": 2,
      "kind": "sync",
      "quarantined": [],
      "rejected": [],
      "remote": "origin",
      "tip": "[COMMIT]",
      "version": 1,
      "waiting": 0,
      "went": []
    }
    [status 0]
    "#);
    ann.agrees_with(&bob);
}

#[test]
fn operations_of_both_are_kept_by_replay_with_their_authors() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here().with_agent("ann");
    sandbox.remote();
    ann.agents(["sync"]).good();
    let bob = sandbox.clone("bob");
    bob.agents(["sync"]).good();
    ann.agents(["task", "add", "Of Ann", "--id", "1"]).good();
    bob.agents(["task", "add", "Of Bob", "--id", "2"]).good();
    bob.agents(["findings", "add", "Look here", "--severity", "high", "--category", "bug"]).good();
    let before = bob.git(["log", "-2", "--format=%an %ae %ad %cn %cd %B", "refs/agents/state"]);
    ann.agents(["sync"]).good();
    assert_snapshot!(bob.agents(["sync", "--push-only"]), @"
    [stderr]
    error: origin has 1 operation that is not here; nothing was pushed
      try: git agents sync origin
    [status 3]
    ");
    assert_snapshot!(bob.agents(["sync"]), @"
    origin: 1 operation came, 2 operations went

    came
      add task 1: Of Ann (Ann)

    went
      add task 2: Of Bob (bob)
      add high finding l4abi: Look here (bob)
    [status 0]
    ");
    // The same messages with the same operations, by the same people at the same times.
    assert_eq!(bob.git(["log", "-2", "--format=%an %ae %ad %cn %cd %B", "refs/agents/state"]), before);
    ann.agents(["sync"]).good();
    ann.agrees_with(&bob);
    assert_eq!(ann.git(["rev-list", "--count", "--merges", "refs/agents/state"]), "0");
}

#[test]
fn what_does_not_hold_any_more_is_rejected_with_the_reason_and_kept() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here().with_agent("ann").with_agent("bob");
    sandbox.remote();
    ann.agents(["task", "add", "Fix it", "--id", "16"]).good();
    ann.agents(["task", "add", "Another", "--id", "17"]).good();
    ann.agents(["sync"]).good();
    let bob = sandbox.clone("bob");
    bob.agents(["sync"]).good();
    bob.git(["config", "agents.sync", "manual"]);
    ann.agents(["assign", "ann", "16"]).good();
    ann.agents(["sync"]).good();
    bob.agents(["assign", "bob", "16"]).good();
    bob.agents(["assign", "bob", "17"]).good();
    let chain = bob.tip();
    assert_snapshot!(bob.agents(["sync"]), @"
    origin: 1 operation came, 1 operation went, 1 operation rejected

    came
      assign 16 to ann (Ann)

    went
      assign 17 to bob (bob)

    rejected
      assign 16 to bob: task 16 is held by ann since 2026-01-05 09:00 UTC (assigned)
      kept in refs/agents-local/backup/[OPERATION]/state
    [status 1]
    ");
    let backups = bob.git(["for-each-ref", "--format=%(objectname)", "refs/agents-local/backup/"]);
    assert_eq!(backups, chain);
    ann.agents(["sync"]).good();
    ann.agrees_with(&bob);
    assert_snapshot!(bob.agents(["sync", "--acknowledge"]), @"
    taken notice of 1 rejected operation
      assign 16 to bob: task 16 is held by ann since 2026-01-05 09:00 UTC (assigned)
    [status 0]
    ");
    assert_snapshot!(bob.agents(["sync", "--acknowledge"]), @"
    nothing was rejected
    [status 0]
    ");
}

#[test]
fn two_that_both_began_are_joined() {
    let sandbox = Sandbox::new();
    sandbox.remote();
    let ann = sandbox.here().with_agent("ann");
    ann.agents(["task", "add", "Of Ann", "--id", "1"]).good();
    let bob = sandbox.clone("bob").with_agent("bob");
    bob.agents(["task", "add", "Of Bob", "--id", "2"]).good();
    ann.agents(["sync"]).good();
    assert_snapshot!(bob.agents(["sync"]), @"
    origin: 2 operations came, 2 operations went

    came
      add task 1: Of Ann (Ann)
      add agent ann (Ann)

    went
      add agent bob (bob)
      add task 2: Of Bob (bob)
    [status 0]
    ");
    ann.agents(["sync"]).good();
    ann.agrees_with(&bob);
    assert_eq!(ann.sentences(), ["add agent ann", "add task 1: Of Ann", "add agent bob", "add task 2: Of Bob"]);
}

#[test]
fn an_undo_holds_only_on_what_it_takes_back() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here().with_agent("ann");
    sandbox.remote();
    ann.agents(["task", "add", "Fix it", "--id", "16"]).good();
    ann.agents(["sync"]).good();
    let bob = sandbox.clone("bob");
    bob.agents(["sync"]).good();
    for clone in [&ann, &bob] {
        clone.git(["config", "agents.sync", "manual"]);
    }
    ann.agents(["task", "edit", "16", "--title", "Fix it well"]).good();
    ann.agents(["sync"]).good();
    bob.agents(["task", "edit", "16", "--priority", "high"]).good();
    bob.agents(["undo", "--yes"]).good();
    assert_snapshot!(bob.agents(["sync"]), @"
    origin: 1 operation came, 1 operation went, 1 operation rejected

    came
      edit task 16 (Ann)

    went
      edit task 16 (bob)

    rejected
      undo: edit task 16: tasks/16 has changed since operation [OPERATION]
      kept in refs/agents-local/backup/[OPERATION]/state
    [status 1]
    ");
}

#[test]
fn plain_push_and_fetch_work_when_one_side_is_ahead_and_harm_nothing_otherwise() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here().with_agent("ann");
    sandbox.remote();
    ann.git(["push", "-q", "origin", "refs/agents/*"]);
    let bob = sandbox.clone("bob");
    bob.git(["fetch", "-q", "origin", "refs/agents/*:refs/agents/*"]);
    bob.agrees_with(&ann);
    ann.agents(["task", "add", "Of Ann", "--id", "1"]).good();
    ann.git(["push", "-q", "origin", "refs/agents/*"]);
    bob.agents(["task", "add", "Of Bob", "--id", "2"]).good();
    let mine = bob.tip();
    for words in [["push", "-q", "origin", "refs/agents/*"], ["fetch", "-q", "origin", "refs/agents/*:refs/agents/*"]] {
        let refused = sandbox.program("git").args(words).dir(&bob.dir).output();
        assert_eq!(refused.status, Some(1), "{refused}");
        assert_eq!(bob.tip(), mine);
    }
    bob.agents(["sync"]).good();
    ann.git(["fetch", "-q", "origin", "refs/agents/*:refs/agents/*"]);
    ann.agrees_with(&bob);
    assert_snapshot!(ann.agents(["sync"]), @"
    origin: nothing new on either side
    [status 0]
    ");
}

#[test]
fn which_remote_it_is() {
    let sandbox = Sandbox::new();
    let ann = sandbox.here().with_agent("ann");
    assert_snapshot!(ann.agents(["sync"]), @"
    [stderr]
    error: the repository has no remote
      try: git remote add origin URL
    [status 3]
    ");
    assert_snapshot!(ann.agents(["sync", "nobody"]), @"
    [stderr]
    error: there is no remote nobody
      try: git remote -v
    [status 3]
    ");
    let url = format!("file://{}", sandbox.remote().display());
    ann.git(["remote", "rename", "origin", "here"]);
    ann.git(["remote", "add", "there", &url]);
    assert_snapshot!(ann.agents(["sync"]), @"
    [stderr]
    error: there are several remotes, and agents.remote does not say which one keeps the state: here, there
      try: git config agents.remote here
    [status 3]
    ");
    assert_snapshot!(ann.agents(["sync", "there"]), @"
    there: 1 operation went

    went
      add agent ann (Ann)
    [status 0]
    ");
    ann.git(["config", "agents.remote", "here"]);
    assert_snapshot!(ann.agents(["sync"]), @"
    here: nothing new on either side
    [status 0]
    ");
    ann.git(["remote", "set-url", "--add", "--push", "here", &url]);
    ann.git(["remote", "set-url", "--add", "--push", "here", "file:///elsewhere.git"]);
    assert_snapshot!(ann.agents(["sync"]), @"
    [stderr]
    error: here has 2 push URLs, so there is no single place that decides who was first
      try: git remote get-url --push --all here
      try: git remote add state URL && git config agents.remote state
    [status 3]
    ");
    assert_snapshot!(ann.agents(["sync", "--json"]), @r#"
    [stderr]
    {"error":{"code":"several-push-urls","hints":["git remote get-url --push --all here","git remote add state URL && git config agents.remote state"],"message":"here has 2 push URLs, so there is no single place that decides who was first"},"kind":"error","version":1}
    [status 3]
    "#);
}

#[test]
fn agents_and_tasks_that_both_have_made_alike_are_the_same() {
    let sandbox = Sandbox::new();
    sandbox.remote();
    let ann = sandbox.here();
    ann.agents(["init", "--agents", "2"]).good();
    let bob = sandbox.clone("bob");
    bob.agents(["init", "--agents", "3"]).good();
    let tasks =
        |ids: &[&str]| ids.iter().map(|id| format!("{{\"id\":\"{id}\",\"title\":\"T\"}}\n")).collect::<String>();
    ann.run(["task", "import"]).input(tasks(&["1", "2"])).output().good();
    bob.run(["task", "import"]).input(tasks(&["1", "2", "3"])).output().good();
    bob.agents(["assign", "agent-3", "3"]).good();
    ann.agents(["sync"]).good();
    assert_snapshot!(bob.agents(["sync"]), @"
    origin: 2 operations came, 3 operations went

    came
      add tasks 1 and 2 (Ann)
      add agents agent-1 and agent-2 (Ann)

    went
      add agent agent-3 (bob)
      add task 3: T (bob)
      assign 3 to agent-3 (bob)
    [status 0]
    ");
    ann.agents(["sync"]).good();
    ann.agrees_with(&bob);
    assert_snapshot!(ann.sentences().join("\n"), @"
    add agents agent-1 and agent-2
    add tasks 1 and 2
    add agent agent-3
    add task 3: T
    assign 3 to agent-3
    ");
}
