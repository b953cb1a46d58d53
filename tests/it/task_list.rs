//! `git agents task list`: what is to be done, the live first.

use insta::assert_snapshot;

use crate::support::Sandbox;

fn with_tasks() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.register(&["ann", "bob"]);
    for (id, title) in [("16", "Status"), ("9", "Parser"), ("100", "Docs"), ("7", "Idea"), ("8", "Release")] {
        sandbox.agents(["task", "add", title, "--id", id]).good();
    }
    sandbox.agents(["task", "edit", "100", "--after", "16", "--priority", "critical", "--hours", "0.25"]).good();
    sandbox.agents(["task", "block", "8", "--reason", "Waits for legal"]).good();
    sandbox.agents(["task", "drop", "7"]).good();
    sandbox.agents(["assign", "ann", "9"]).good();
    sandbox
}

#[test]
fn a_list_has_the_live_tasks_first_and_no_closed_ones() {
    let sandbox = with_tasks();
    assert_snapshot!(sandbox.agents(["task", "list"]), @"
    TASK  STATE     AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    9     assigned  ann                                Parser
    100   waiting          0.25h  critical  16         Docs
    16    open                                         Status
    8     blocked                                      Release
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["task", "list", "--all"]), @"
    TASK  STATE     AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    9     assigned  ann                                Parser
    100   waiting          0.25h  critical  16         Docs
    16    open                                         Status
    8     blocked                                      Release
    7     dropped                                      Idea
    [status 0]
    ");
}

#[test]
fn a_list_is_narrowed_by_state_and_agent() {
    let sandbox = with_tasks();
    assert_snapshot!(sandbox.agents(["task", "list", "--state", "dropped", "--state", "blocked"]), @"
    TASK  STATE    AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    8     blocked                                     Release
    7     dropped                                     Idea
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["task", "list", "--agent", "ann"]), @"
    TASK  STATE     AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    9     assigned  ann                                Parser
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["task", "list", "--agent", "bob"]), @"
    no tasks
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["task", "list", "--agent", "eve"]), @"
    [stderr]
    error: there is no agent eve
      try: git agents agent list
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["task", "list", "--state", "done"]), @"
    [stderr]
    error: invalid value 'done' for '--state <STATE>'
      [possible values: open, assigned, in-progress, completed, landed, blocked, failed, dropped]

      tip: a similar value exists: 'dropped'

    For more information, try '--help'.
    [status 2]
    ");
}

#[test]
fn nothing_there_is_a_good_answer() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.agents(["task", "list"]), @"
    no tasks
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["task", "list", "--json"]), @r#"
    {
      "kind": "task-list",
      "tasks": [],
      "version": 1
    }
    [status 0]
    "#);
    assert_eq!(sandbox.git(["for-each-ref", "refs/agents/"]), "", "reading writes nothing");
}

#[test]
fn json_has_every_task_with_its_facts() {
    assert_snapshot!(with_tasks().agents(["task", "list", "--json", "--state", "open"]), @r#"
    {
      "kind": "task-list",
      "tasks": [
        {
          "after": [
            "16"
          ],
          "created_at": "2026-01-05T09:00:00Z",
          "hours": 0.25,
          "id": "100",
          "paths": [],
          "priority": "critical",
          "ready": false,
          "state": "open",
          "title": "Docs",
          "updated_at": "2026-01-05T09:00:00Z",
          "waiting_for": [
            "16"
          ]
        },
        {
          "after": [],
          "created_at": "2026-01-05T09:00:00Z",
          "id": "16",
          "paths": [],
          "priority": "medium",
          "ready": true,
          "state": "open",
          "title": "Status",
          "updated_at": "2026-01-05T09:00:00Z"
        }
      ],
      "version": 1
    }
    [status 0]
    "#);
}

#[test]
fn titles_cannot_act_on_the_terminal() {
    let sandbox = Sandbox::new();
    sandbox.agents(["task", "add", "Harmless", "--id", "1"]).good();
    let plant = |title: &str| {
        let json = sandbox.stored(&Sandbox::open_path("1"));
        let mut json: serde_json::Value = serde_json::from_str(&json).unwrap();
        json["title"] = title.into();
        sandbox.plant(&Sandbox::open_path("1"), json.to_string().as_bytes());
        let listed = sandbox.agents(["task", "list", "--color", "never"]).good();
        let acts = ['\u{1b}', '\u{7}', '\u{202e}', '\u{2028}'];
        assert!(!listed.stdout.contains(acts) && !listed.stderr.contains(acts), "{listed:?}");
        listed
    };
    assert_snapshot!(plant("\u{202e}evil\u{2028}"), @"
    TASK  STATE  AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    1     open                                      �evil�
    [status 0]
    ");
    // No command of ours takes in what controls a terminal, so whoever has planted it is not believed.
    assert_snapshot!(plant("\u{1b}]0;owned\u{7}"), @r#"
    no tasks
    [stderr]
    warning: tasks/open/c/1.json is damaged and left out: its title cannot be used: it holds the control character '\u{1b}'
    [status 0]
    "#);
}
