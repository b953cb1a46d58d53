//! `git agents findings`, `findings add` and `findings resolve`.

use insta::assert_snapshot;

use crate::support::Sandbox;

fn with_findings() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.register(&["ann", "bob"]);
    sandbox.agents(["task", "add", "Parser", "--id", "16"]).good();
    let add = |words: &[&str]| drop(sandbox.agents([&["findings", "add"], words].concat()).good());
    add(&["--severity", "low", "--category", "Style", "--agent", "bob", "Long line"]);
    add(&[
        "--severity",
        "critical",
        "--category",
        "security",
        "--file",
        "./src/a.rs",
        "--line",
        "12-20",
        "--agent",
        "ann",
        "--task",
        "16",
        "Overflow\nin the second line",
    ]);
    add(&["--severity", "medium", "--category", "style", "--file", "src/b.rs", "--line", "3", "Odd name"]);
    sandbox
}

#[test]
fn the_table_has_the_worst_first_and_a_total() {
    let sandbox = with_findings();
    let drawn: Vec<String> = sandbox.state().findings.keys().map(ToString::to_string).collect();
    // Drawn ids differ with everything that is in the state.
    let shown =
        |words: &[&str]| drawn.iter().fold(sandbox.agents(words).to_string(), |text, id| text.replace(id, "[ID]"));
    assert_snapshot!(shown(&["findings"]), @"
    ID     AGENT  SEVERITY  CATEGORY  FILE       LINE  DESCRIPTION
    [ID]  ann    critical  security  src/a.rs  12-20  Overflow
    [ID]  -      medium    style     src/b.rs      3  Odd name
    [ID]  bob    low       Style                      Long line

    3 findings: 1 critical, 1 medium, 1 low
    [status 0]
    ");
    assert_eq!(sandbox.agents(["findings"]), sandbox.agents(["findings", "list"]));
    assert_snapshot!(shown(&["findings", "--json", "--severity", "critical"]), @r#"
    {
      "findings": [
        {
          "agent": "ann",
          "category": "security",
          "created_at": "2026-01-05T09:00:00Z",
          "end_line": 20,
          "file": "src/a.rs",
          "id": "[ID]",
          "line": 12,
          "message": "Overflow\nin the second line",
          "severity": "critical",
          "state": "open",
          "task": "16"
        }
      ],
      "kind": "findings",
      "summary": {
        "by_severity": {
          "critical": 1,
          "high": 0,
          "info": 0,
          "low": 0,
          "medium": 0
        },
        "total": 1
      },
      "version": 1
    }
    [status 0]
    "#);
}

#[test]
fn the_list_is_narrowed() {
    let sandbox = with_findings();
    let shown = |words: &[&str]| {
        let json = sandbox.agents([&["findings", "--json"], words].concat()).good().json();
        json["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["severity"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(&["--agent", "bob"]), ["low"]);
    assert_eq!(shown(&["--category", "STYLE"]), ["medium", "low"]);
    assert_eq!(shown(&["--task", "16"]), ["critical"]);
    assert_eq!(shown(&["--severity", "low", "--severity", "critical"]), ["critical", "low"]);
    assert_snapshot!(sandbox.agents(["findings", "--agent", "eve"]), @"
    [stderr]
    error: there is no agent eve
      try: git agents agent list
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["findings", "--severity", "bad"]), @"
    [stderr]
    error: invalid value 'bad' for '--severity <SEVERITY>'
      [possible values: critical, high, medium, low, info]

    For more information, try '--help'.
    [status 2]
    ");
}

#[test]
fn a_finding_remembers_the_agent_task_and_commit_of_its_worktree() {
    let sandbox = with_findings();
    let worktree = sandbox.worktree("ann");
    sandbox.start("ann", "16");
    std::fs::write(worktree.join("new"), "x").unwrap();
    sandbox.git_in(&worktree, ["add", "new"]);
    sandbox.git_in(&worktree, ["commit", "-q", "-m", "New"]);
    let add = ["findings", "add", "--severity", "high", "--category", "bug", "Broken", "--json"];
    let id = sandbox.run(add).dir(&worktree).output().good().json()["ids"][0].as_str().unwrap().to_owned();
    let finding = &sandbox.state().findings[&id.parse().unwrap()];
    assert_eq!(finding.agent.as_ref().unwrap().as_str(), "ann");
    assert_eq!(finding.task.as_ref().unwrap().as_str(), "16");
    let tip = sandbox.git_in(&worktree, ["rev-parse", "HEAD"]);
    assert_eq!(finding.commit.as_ref().unwrap().as_str(), tip);
}

#[test]
fn a_resolved_finding_is_shown_on_demand() {
    let sandbox = with_findings();
    let json = sandbox.agents(["findings", "--json"]).good().json();
    let id = json["findings"][0]["id"].as_str().unwrap().to_owned();
    let resolved = sandbox.agents(["findings", "resolve", &id[..4], "--json"]).good().json();
    assert_eq!(resolved["ids"][0].as_str(), Some(id.as_str()));
    assert_eq!(sandbox.agents(["findings", "--json"]).good().json()["summary"]["total"], 2);
    assert_eq!(sandbox.agents(["findings", "--all", "--json"]).good().json()["summary"]["by_severity"]["critical"], 1);
    assert!(sandbox.agents(["findings", "-a"]).good().stdout.contains("Overflow (resolved)"));
}

#[test]
fn what_is_wrong_with_a_finding_is_named() {
    let sandbox = with_findings();
    let refused = |words: &[&str]| {
        let begin = ["findings", "add", "--severity", "low", "--category", "c"];
        sandbox.refused([&begin, words].concat())
    };
    assert_snapshot!(refused(&[" "]), @"
    [stderr]
    error: the message cannot be used: it is empty
    [status 2]
    ");
    assert_snapshot!(refused(&["m", "--file", "/etc/passwd"]), @r#"
    [stderr]
    error: the file "/etc/passwd" must be inside the repository
    [status 2]
    "#);
    assert_snapshot!(refused(&["m", "--file", "../x"]), @r#"
    [stderr]
    error: the file "../x" must be inside the repository
    [status 2]
    "#);
    assert_snapshot!(refused(&["m", "--line", "3"]), @"
    [stderr]
    error: the following required arguments were not provided:
      --file <FILE>

    Usage: git agents findings add --severity <SEVERITY> --category <CATEGORY> --file <FILE> --line <N[-M]> <MESSAGE>

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(refused(&["m", "--file", "f", "--line", "9-3"]), @"
    [stderr]
    error: invalid value '9-3' for '--line <N[-M]>': lines are written N or N-M, from 1 and upwards

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(refused(&["m", "--agent", "eve"]), @"
    [stderr]
    error: there is no agent eve
      try: git agents agent list
    [status 3]
    ");
    assert_snapshot!(refused(&["m", "--task", "99"]), @"
    [stderr]
    error: there is no task 99
      try: git agents task list
    [status 3]
    ");
    assert_snapshot!(refused(&["m", "--category", "d"]), @"
    [stderr]
    error: the argument '--category <CATEGORY>' cannot be used multiple times

    Usage: git agents findings add [OPTIONS] --severity <SEVERITY> --category <CATEGORY> <MESSAGE>

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["findings", "add", "--severity", "low", "m"]), @"
    [stderr]
    error: the following required arguments were not provided:
      --category <CATEGORY>

    Usage: git agents findings add --severity <SEVERITY> --category <CATEGORY> <MESSAGE>

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["findings", "resolve", "zzzzz"]), @"
    [stderr]
    error: there is no finding zzzzz
      try: git agents findings --all
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["findings", "resolve", "../x"]), @r#"
    [stderr]
    error: "../x" cannot be a finding's id: '/' is not among a-z, 0-9, '.', '_' and '-'
    [status 2]
    "#);
    assert_snapshot!(sandbox.refused(["findings", "resolve"]), @"
    [stderr]
    error: the following required arguments were not provided:
      <ID>...

    Usage: git agents findings resolve <ID>...

    For more information, try '--help'.
    [status 2]
    ");
}

#[test]
fn one_unknown_id_resolves_nothing() {
    let sandbox = with_findings();
    let json = sandbox.agents(["findings", "--json"]).good().json();
    let id = json["findings"][0]["id"].as_str().unwrap().to_owned();
    sandbox.refused(["findings", "resolve", &id, "zzzzz"]);
}
