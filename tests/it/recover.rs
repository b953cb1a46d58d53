//! `git agents recover`: the state comes back from wherever it still is, and what the ref held is kept.

use git_agents::store::STATE_REF;
use insta::assert_snapshot;

use crate::support::{Sandbox, remote_tip};

fn with_tasks() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann"]);
    for id in ["1", "2"] {
        sandbox.agents(["task", "add", &format!("Task {id}"), "--id", id]).good();
    }
    sandbox
}

/// The file of a loose object.
fn object(sandbox: &Sandbox, revision: &str) -> std::path::PathBuf {
    let id = sandbox.rev(revision);
    sandbox.repo().join(".git/objects").join(&id[..2]).join(&id[2..])
}

#[test]
fn nothing_is_wrong() {
    let sandbox = with_tasks();
    let before = sandbox.facts();
    assert_snapshot!(sandbox.agents(["recover"]), @"
    refs/agents/state can be read to its beginning; there is nothing to recover
    [status 0]
    ");
    assert_eq!(before, sandbox.facts());
    assert_snapshot!(Sandbox::new().refused(["recover"]), @"
    [stderr]
    error: there is no refs/agents/state, and there is nothing else to bring back
      try: git agents recover --from remote
      try: git fsck --lost-found
    [status 3]
    ");
}

#[test]
fn a_ref_whose_file_is_gone_comes_back_from_its_log() {
    let sandbox = with_tasks();
    let tip = sandbox.tip();
    std::fs::remove_file(sandbox.repo().join(".git").join(STATE_REF)).unwrap();
    assert_snapshot!(sandbox.agents(["recover", "--dry-run"]), @"
       COMMIT      MADE    OPERATIONS  STATE  FROM
    *  [COMMIT]  0s ago           3  whole  the log of refs/agents/state
       [COMMIT]  0s ago           2  whole  the log of refs/agents/state
       [COMMIT]  0s ago           1  whole  the log of refs/agents/state
    [COMMIT] would be brought back
    [status 0]
    ");
    assert_snapshot!(sandbox.refused(["recover"]), @"
    [stderr]
    error: there is no terminal to ask on: Bring back [COMMIT] with 3 operations, from the log of refs/agents/state?
      try: the same command with --yes
    [status 3]
    ");
    sandbox.agents(["recover", "--yes"]).good();
    assert_eq!(sandbox.tip(), tip);
    sandbox.agents(["assign", "ann", "1"]).good();
}

/// git takes the log along with the ref; the copy for speed still names the commit.
#[test]
fn a_deleted_ref_comes_back() {
    let sandbox = with_tasks();
    let tip = sandbox.tip();
    sandbox.git(["update-ref", "-d", STATE_REF]);
    assert_snapshot!(sandbox.agents(["recover", "--yes"]), @"
       COMMIT      MADE    OPERATIONS  STATE  FROM
    *  [COMMIT]  0s ago           3  whole  agents/cache/state
    refs/agents/state is at [COMMIT] again
    [status 0]
    ");
    assert_eq!(sandbox.tip(), tip);
}

#[test]
fn a_reset_state_comes_back_from_its_backup() {
    let sandbox = with_tasks();
    let tip = sandbox.tip();
    sandbox.agents(["reset", "--yes"]).good();
    assert_snapshot!(sandbox.agents(["recover", "--from", "backup", "--yes"]), @"
       COMMIT      MADE    OPERATIONS  STATE  FROM
    *  [COMMIT]  0s ago           3  whole  refs/agents-local/backup/[OPERATION]/state
    refs/agents/state is at [COMMIT] again
    [status 0]
    ");
    assert_eq!(sandbox.tip(), tip);
}

#[test]
fn a_newest_commit_that_is_gone_gives_way_to_the_one_before() {
    let sandbox = with_tasks();
    let before = sandbox.rev(&format!("{STATE_REF}~1"));
    std::fs::remove_file(object(&sandbox, STATE_REF)).unwrap();
    assert_snapshot!(sandbox.direct(["task", "list"]).output(), @"
    TASK  STATE  AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    1     open                                      Task 1
    2     open                                      Task 2
    [status 0]
    ");
    assert_snapshot!(sandbox.direct(["recover", "--yes", "--json"]).output(), @r#"
    {
      "before": "[COMMIT]",
      "candidates": [
        {
          "at": "2026-01-05T09:00:00Z",
          "chosen": true,
          "commit": "[COMMIT]",
          "from": "reflog",
          "name": "the log of refs/agents/state",
          "operations": 2
        },
        {
          "at": "2026-01-05T09:00:00Z",
          "chosen": false,
          "commit": "[COMMIT]",
          "from": "reflog",
          "name": "the log of refs/agents/state",
          "operations": 1
        }
      ],
      "commit": "[COMMIT]",
      "given_up": [
        {
          "commit": "[COMMIT]",
          "readable": false,
          "sentence": "add task 2: Task 2"
        }
      ],
      "kept": "[ROOT]/repo/.git/agents/broken-refs",
      "kind": "recover",
      "recovered": true,
      "version": 1
    }
    [stderr]
    {"kind":"note","message":"what the ref held is broken and noted in [ROOT]/repo/.git/agents/broken-refs","version":1}
    [status 0]
    "#);
    assert_eq!(sandbox.tip(), before);
    assert_snapshot!(sandbox.agents(["task", "list"]), @"
    TASK  STATE  AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    1     open                                      Task 1
    [status 0]
    ");
    assert_eq!(std::fs::read_to_string(sandbox.repo().join(".git/agents/broken-refs")).unwrap().lines().count(), 2);
    sandbox.git(["gc", "-q", "--prune=now"]);
}

#[test]
fn a_tree_that_is_gone_is_found_too() {
    let sandbox = with_tasks();
    std::fs::remove_file(object(&sandbox, &format!("{STATE_REF}^{{tree}}"))).unwrap();
    sandbox.direct(["recover", "--yes"]).output().good();
    assert_eq!(sandbox.state().tasks.len(), 1);
}

#[test]
fn garbage_in_the_file_of_the_ref_is_kept_and_replaced() {
    let sandbox = with_tasks();
    let tip = sandbox.tip();
    std::fs::write(sandbox.repo().join(".git").join(STATE_REF), "garbage\n").unwrap();
    assert_snapshot!(sandbox.direct(["recover", "--yes"]).output(), @"
       COMMIT      MADE    OPERATIONS  STATE  FROM
    *  [COMMIT]  0s ago           3  whole  the log of refs/agents/state
       [COMMIT]  0s ago           2  whole  the log of refs/agents/state
       [COMMIT]  0s ago           1  whole  the log of refs/agents/state
    refs/agents/state is at [COMMIT] again
    what it was is kept in [ROOT]/repo/.git/agents/broken-refs
    [stderr]
    what the ref held is broken and noted in [ROOT]/repo/.git/agents/broken-refs
    [status 0]
    ");
    assert_eq!(sandbox.tip(), tip);
    let kept = std::fs::read_to_string(sandbox.repo().join(".git/agents/broken-refs")).unwrap();
    assert!(kept.ends_with(" refs/agents/state \"garbage\\n\"\n"), "{kept}");
}

#[test]
fn the_remote_has_what_is_gone_here() {
    let sandbox = with_tasks();
    let remote = sandbox.root().join("remote.git");
    sandbox.git(["init", "-q", "--bare", remote.to_str().unwrap()]);
    sandbox.git(["remote", "add", "hub", remote.to_str().unwrap()]);
    sandbox.git(["push", "-q", "hub", "refs/agents/*"]);
    let tip = sandbox.tip();
    // A commit in the middle, without which nothing older can be read.
    std::fs::remove_file(object(&sandbox, &format!("{STATE_REF}~1"))).unwrap();
    assert_snapshot!(sandbox.direct(["doctor"]).output(), @"
    error: history breaks off: the state at [COMMIT] cannot be read: An object with id [COMMIT] could not be found
      try: git agents recover
    1 error
    [status 1]
    ");
    assert_snapshot!(sandbox.refused(["recover", "--yes"]), @"
    [stderr]
    error: the history of refs/agents/state breaks off at [COMMIT], and the state itself can be read
      try: git agents recover --from remote
      try: git agents recover --from reflog --dry-run
    [status 3]
    ");
    assert_snapshot!(sandbox.direct(["recover", "--from", "reflog", "--dry-run"]).output(), @"
       COMMIT      MADE     OPERATIONS  STATE           FROM
    *  [COMMIT]  0s ago            1  whole           the log of refs/agents/state
       [COMMIT]  unknown           0  cannot be read  the log of refs/agents/state
    [COMMIT] would be brought back
    given up: 2 operations
      [COMMIT] add task 1: Task 1 (cannot be read)
      [COMMIT] add task 2: Task 2
    [status 0]
    ");
    assert_snapshot!(sandbox.direct(["recover", "--from", "remote", "--yes"]).output(), @"
    the remote had what was missing; refs/agents/state can be read to its beginning
    [status 0]
    ");
    assert_eq!(sandbox.tip(), tip);
    sandbox.fsck();
    // All of it gone, and a copy that names nothing that is here.
    sandbox.git(["update-ref", "-d", STATE_REF]);
    std::fs::remove_dir_all(sandbox.repo().join(".git/agents")).unwrap();
    assert_snapshot!(sandbox.direct(["recover", "--from", "remote", "--yes"]).output(), @"
       COMMIT      MADE    OPERATIONS  STATE  FROM
    *  [COMMIT]  0s ago           3  whole  refs/agents-local/incoming/hub/state
    refs/agents/state is at [COMMIT] again
    [status 0]
    ");
    assert_eq!(sandbox.tip(), tip);
}

/// Hosts that take only branches have the state under another name.
#[test]
fn the_remote_is_asked_for_the_ref_that_has_the_state() {
    let sandbox = with_tasks();
    let remote = sandbox.remote();
    sandbox.git(["config", "agents.remoteRef", "refs/heads/agents-state"]);
    sandbox.agents(["sync"]).good();
    let tip = sandbox.tip();
    assert_eq!(remote_tip(&sandbox, &remote, "refs/heads/agents-state"), Some(tip.clone()));
    sandbox.git(["update-ref", "-d", STATE_REF]);
    sandbox.git(["update-ref", "-d", "refs/agents-local/remotes/origin/state"]);
    std::fs::remove_dir_all(sandbox.repo().join(".git/agents")).unwrap();
    assert_snapshot!(sandbox.direct(["recover", "--from", "remote", "--yes"]).output(), @"
       COMMIT      MADE    OPERATIONS  STATE  FROM
    *  [COMMIT]  0s ago           3  whole  refs/agents-local/incoming/origin/state
    refs/agents/state is at [COMMIT] again
    [status 0]
    ");
    assert_eq!(sandbox.tip(), tip);
    // And what is unreachable is said to be.
    std::fs::rename(&remote, sandbox.root().join("away")).unwrap();
    assert_snapshot!(sandbox.direct(["recover", "--from", "remote", "--yes"]).output(), @"
    [stderr]
    error: origin could not be asked: fatal: '[ROOT]/remote.git' does not appear to be a git repository; fatal: Could not read from remote repository.; Please make sure you have the correct access rights; and the repository exists.
      try: git ls-remote origin
    [status 4]
    ");
}

/// What was fetched and never judged counts as nothing: sync judges it all the same.
#[test]
fn what_the_remote_has_is_not_accepted_by_asking_for_it() {
    let sandbox = with_tasks();
    let remote = sandbox.remote();
    sandbox.agents(["sync"]).good();
    let (tip, accepted) = (sandbox.tip(), "refs/agents-local/remotes/origin/state");
    let tree = sandbox.git(["rev-parse", &format!("{STATE_REF}^{{tree}}")]);
    let commit = sandbox.git(["commit-tree", &tree, "-p", &tip, "-p", "main", "-m", "by hand"]);
    sandbox.git(["push", "-q", "origin", &format!("{commit}:{STATE_REF}")]);
    sandbox.agents(["recover", "--from", "remote", "--dry-run"]);
    assert_snapshot!(sandbox.agents(["recover", "--from", "remote", "--yes"]), @"
    [stderr]
    error: nothing is wrong with refs/agents/state, and nothing that could be brought back can be read: the commit [COMMIT] has 2 parents, and operations have one
      try: git agents recover --from reflog --dry-run
      try: git fsck --lost-found
    [status 3]
    ");
    assert_eq!((sandbox.tip(), sandbox.rev(accepted)), (tip.clone(), tip.clone()));
    assert_snapshot!(sandbox.agents(["sync"]), @"
    [stderr]
    error: what origin has is no sound state: the commit [COMMIT] has 2 parents, and operations have one; it was not taken in
      try: git log refs/agents-local/incoming/origin/state
      try: git agents sync origin --restore --yes, to put back there what is sound
    [status 3]
    ");
    // Neither does it forget what was there before, when that is taken away.
    sandbox.git_in(&remote, ["update-ref", STATE_REF, &format!("{tip}~1")]);
    sandbox.agents(["recover", "--from", "remote", "--dry-run"]).good();
    assert_snapshot!(sandbox.agents(["sync"]), @"
    [stderr]
    error: the state on origin was rewritten: it is at [COMMIT] and does not continue [COMMIT], which it had before; everything here stays as it is
      try: git agents sync origin --restore, to bring back there what is missing
      try: git agents sync origin --adopt, to take what is there; ours is kept as a backup
    [status 3]
    ");
    // And what is not there is not waited for.
    sandbox.git_in(&remote, ["update-ref", "-d", STATE_REF]);
    assert_snapshot!(sandbox.agents(["recover", "--from", "remote", "--dry-run"]), @"
       COMMIT      MADE    OPERATIONS  STATE  FROM
    *  [COMMIT]  0s ago           2  whole  refs/agents-local/incoming/origin/state
    [COMMIT] would be brought back
    given up: 1 operation
      [COMMIT] add task 2: Task 2
    [status 0]
    ");
}

#[test]
fn a_whole_state_is_replaced_only_when_asked_and_is_kept() {
    let sandbox = with_tasks();
    let (tip, before) = (sandbox.tip(), sandbox.rev(&format!("{STATE_REF}~1")));
    assert_snapshot!(sandbox.agents(["recover", "--from", &before, "--yes"]), @"
       COMMIT      MADE    OPERATIONS  STATE  FROM
    *  [COMMIT]  0s ago           2  whole  [COMMIT]
    refs/agents/state is at [COMMIT] again
    what it was is kept in refs/agents-local/backup/[OPERATION]/state
    given up: 1 operation
      [COMMIT] add task 2: Task 2
    [status 0]
    ");
    assert_eq!(sandbox.tip(), before);
    let backup = sandbox.git(["for-each-ref", "--format=%(objectname)", "refs/agents-local/backup/"]);
    assert_eq!(backup, tip);
    assert_snapshot!(sandbox.refused(["recover", "--from", "main", "--yes"]), @"
    [stderr]
    error: nothing is wrong with refs/agents/state, and nothing that could be brought back can be read: [COMMIT] is no state of git-agents: it holds no format.json
      try: git agents recover --from remote
      try: git fsck --lost-found
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["recover", "--from", "nowhere", "--yes"]), @r#"
    [stderr]
    error: "nowhere" names no commit
      try: git log --oneline --all
    [status 3]
    "#);
}

/// A clock that was put back, or an operation that was done again with its own time, makes nothing older than what it goes
/// on from.
#[test]
fn what_goes_on_from_another_is_newer() {
    let sandbox = with_tasks();
    let dated = |id: &str, date: &str| {
        sandbox.run(["task", "add", "T", "--id", id]).env("GIT_COMMITTER_DATE", date).output().good();
    };
    dated("late", "2026-01-05T12:00:00Z");
    dated("early", "2026-01-05T08:00:00Z");
    let tip = sandbox.tip();
    std::fs::write(sandbox.repo().join(".git/refs/agents/state"), "garbage").unwrap();
    sandbox.agents(["recover", "--yes"]).good();
    assert_eq!(sandbox.tip(), tip);
}
