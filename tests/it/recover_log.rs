//! `git agents recover`, afterwards: git finds nothing wrong with the log, and what was given up is named.

use git_agents::store::STATE_REF;
use insta::assert_snapshot;

use crate::support::Sandbox;

fn with_tasks(sandbox: Sandbox) -> Sandbox {
    for id in ["1", "2"] {
        sandbox.agents(["task", "add", &format!("Task {id}"), "--id", id]).good();
    }
    sandbox
}

/// Lose the newest commit of the chain.
fn lose_newest(sandbox: &Sandbox) {
    let id = sandbox.rev(STATE_REF);
    std::fs::remove_file(sandbox.repo().join(".git/objects").join(&id[..2]).join(&id[2..])).unwrap();
}

#[test]
fn a_ref_to_nothing_leaves_no_trace_in_the_log() {
    let sandbox = with_tasks(Sandbox::new());
    std::fs::write(sandbox.repo().join(".git").join(STATE_REF), format!("{}\n", "1".repeat(40))).unwrap();
    assert_snapshot!(sandbox.direct(["recover", "--yes"]).output(), @"
       COMMIT      MADE    OPERATIONS  STATE  FROM
    *  [COMMIT]  0s ago           2  whole  the log of refs/agents/state
       [COMMIT]  0s ago           1  whole  the log of refs/agents/state
    refs/agents/state is at [COMMIT] again
    what it was is kept in [ROOT]/repo/.git/agents/broken-refs
    [stderr]
    what the ref held is broken and noted in [ROOT]/repo/.git/agents/broken-refs
    [status 0]
    ");
    sandbox.fsck();
    assert_snapshot!(sandbox.git(["reflog", "--format=%gs", STATE_REF]), @"
    agents: recovered from the log of refs/agents/state
    agents: add task 2: Task 2
    agents: add task 1: Task 1
    ");
    sandbox.git(["gc", "-q", "--prune=now"]);
    sandbox.agents(["task", "add", "Task 3", "--id", "3"]).good();
    sandbox.git(["reflog", "expire", "--expire=now", "--all"]);
    sandbox.fsck();
}

#[test]
fn an_operation_whose_commit_is_gone_is_named() {
    let sandbox = with_tasks(Sandbox::new());
    lose_newest(&sandbox);
    assert_snapshot!(sandbox.direct(["recover", "--dry-run"]).output(), @"
       COMMIT      MADE    OPERATIONS  STATE  FROM
    *  [COMMIT]  0s ago           1  whole  the log of refs/agents/state
    [COMMIT] would be brought back
    given up: 1 operation
      [COMMIT] add task 2: Task 2 (cannot be read)
    [status 0]
    ");
    assert_snapshot!(sandbox.direct(["recover", "--yes", "--json"]).output().json()["given_up"], @r#"[{"commit":"[COMMIT]","readable":false,"sentence":"add task 2: Task 2"}]"#);
    sandbox.fsck();
    let kept = std::fs::read_to_string(sandbox.repo().join(".git/agents/broken-refs")).unwrap();
    assert_eq!(kept.lines().count(), 2, "what the ref was, and the line of its log: {kept}");
    assert!(kept.ends_with("agents: add task 2: Task 2\n"), "{kept}");
    assert_snapshot!(sandbox.git(["reflog", "--format=%gs", STATE_REF]), @"
    agents: recovered from the log of refs/agents/state
    agents: add task 1: Task 1
    ");
    assert_snapshot!(sandbox.direct(["recover"]).output(), @"
    refs/agents/state can be read to its beginning; there is nothing to recover
    [status 0]
    ");
}

#[test]
fn what_is_left_behind_on_purpose_is_named_too() {
    let sandbox = with_tasks(Sandbox::new());
    let before = sandbox.rev(&format!("{STATE_REF}~1"));
    assert_snapshot!(sandbox.agents(["recover", "--from", &before, "--yes"]), @"
       COMMIT      MADE    OPERATIONS  STATE  FROM
    *  [COMMIT]  0s ago           1  whole  [COMMIT]
    refs/agents/state is at [COMMIT] again
    what it was is kept in refs/agents-local/backup/[OPERATION]/state
    given up: 1 operation
      [COMMIT] add task 2: Task 2
    [status 0]
    ");
    // And nothing on the way back.
    assert_snapshot!(sandbox.agents(["recover", "--from", "backup", "--yes"]), @"
       COMMIT      MADE    OPERATIONS  STATE  FROM
    *  [COMMIT]  0s ago           2  whole  refs/agents-local/backup/[OPERATION]/state
    refs/agents/state is at [COMMIT] again
    what it was is kept in refs/agents-local/backup/[OPERATION]/state
    [status 0]
    ");
}
