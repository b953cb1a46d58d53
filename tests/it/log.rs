//! `git agents log`: the chain of operations, newest first.

use insta::assert_snapshot;

use crate::support::Sandbox;

fn with_history() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.register(&["ann", "bob"]);
    sandbox.agents(["task", "add", "Parser", "--id", "16"]).good();
    sandbox.agents(["task", "add", "Docs", "--id", "17"]).good();
    sandbox.agents(["assign", "ann", "16"]).good();
    sandbox
}

#[test]
fn the_newest_operation_is_first() {
    let sandbox = with_history();
    assert_snapshot!(sandbox.agents(["log"]), @"
    [COMMIT] assign 16 to ann (0s ago, Ann)
    [COMMIT] add task 17: Docs (0s ago, Ann)
    [COMMIT] add task 16: Parser (0s ago, Ann)
    [COMMIT] add agents ann and bob (0s ago, Ann)
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["log", "-n", "1", "--json"]), @r#"
    {
      "kind": "log",
      "operations": [
        {
          "agents": [
            "ann"
          ],
          "at": "2026-01-05T09:00:00Z",
          "by": "Ann",
          "commit": "[COMMIT]",
          "do": "assign",
          "id": "[OPERATION]",
          "sentence": "assign 16 to ann",
          "tasks": [
            "16"
          ]
        }
      ],
      "version": 1
    }
    [status 0]
    "#);
}

#[test]
fn the_history_of_one_task_or_agent() {
    let sandbox = with_history();
    assert_snapshot!(sandbox.agents(["log", "#16"]), @"
    [COMMIT] assign 16 to ann (0s ago, Ann)
    [COMMIT] add task 16: Parser (0s ago, Ann)
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["log", "ann"]), @"
    [COMMIT] assign 16 to ann (0s ago, Ann)
    [COMMIT] add agents ann and bob (0s ago, Ann)
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["log", "eve"]), @"
    [stderr]
    error: nothing in the history is about eve
      try: git agents log
      try: git agents task list --all
      try: git agents agent list
    [status 3]
    ");
}

#[test]
fn nothing_has_happened_is_a_good_answer() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.agents(["log"]), @"
    nothing has happened yet
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["log", "--json"]), @r#"
    {
      "kind": "log",
      "operations": [],
      "version": 1
    }
    [status 0]
    "#);
}

#[test]
fn a_commit_by_hand_is_shown_and_does_not_stop_the_rest() {
    let sandbox = with_history();
    sandbox.plant("NOTE", b"by hand");
    assert_snapshot!(sandbox.agents(["log", "-n", "2"]), @"
    [COMMIT] by hand (, Ann)
    [COMMIT] assign 16 to ann (0s ago, Ann)
    [status 0]
    ");
    let json = sandbox.agents(["log", "-n", "1", "--json"]).good().json();
    assert!(json["operations"][0]["id"].is_null(), "what is not understood is null: {json}");
    sandbox.agents(["unassign", "ann"]).good();
    assert_eq!(sandbox.stored("NOTE"), "by hand", "what is not ours stays");
}

#[test]
fn a_landing_is_shown_with_what_it_moved_and_its_backups() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.work_as("ann", "1", "ann", "x\n");
    sandbox.commit("other", "y\n", "Meanwhile");
    sandbox.agents(["merge", "ann", "--yes"]).good();
    assert_snapshot!(sandbox.agents(["log", "-n", "2"]), @"
    [COMMIT] land agent ann in main (0s ago, Ann)
      main [COMMIT]..[COMMIT], agents/ann [COMMIT]..[COMMIT]; backups: refs/agents-local/backup/[OPERATION]/
    [COMMIT] ann completes 1 (1 file) (0s ago, Ann)
    [status 0]
    ");
    let json = sandbox.agents(["log", "-n", "1", "--json"]).good().json();
    assert_snapshot!(serde_json::to_string_pretty(&json["operations"][0]).unwrap(), @r#"
    {
      "agents": [
        "ann"
      ],
      "at": "2026-01-05T09:00:00Z",
      "backups": [
        "refs/agents-local/backup/[OPERATION]/heads/agents/ann",
        "refs/agents-local/backup/[OPERATION]/heads/main"
      ],
      "by": "Ann",
      "commit": "[COMMIT]",
      "do": "land",
      "id": "[OPERATION]",
      "moved": [
        {
          "after": "[COMMIT]",
          "before": "[COMMIT]",
          "name": "main"
        },
        {
          "after": "[COMMIT]",
          "before": "[COMMIT]",
          "name": "agents/ann"
        }
      ],
      "sentence": "land agent ann in main",
      "tasks": [
        "1"
      ]
    }
    "#);
    // What is kept no longer is not promised.
    let later = sandbox.run(["cleanup", "--backups", "--yes"]).env("GIT_COMMITTER_DATE", "2026-03-01T09:00:00Z");
    later.output().good();
    assert!(sandbox.agents(["log", "-n", "1"]).stdout.contains("; backups: "), "undo needs them");
    for name in sandbox.git(["for-each-ref", "--format=%(refname)", "refs/agents-local/backup/"]).lines() {
        sandbox.git(["update-ref", "-d", name]);
    }
    assert_snapshot!(sandbox.agents(["log", "-n", "1"]), @"
    [COMMIT] land agent ann in main (0s ago, Ann)
      main [COMMIT]..[COMMIT], agents/ann [COMMIT]..[COMMIT]
    [status 0]
    ");
}
