//! What others broke: it is named, left as it is, and everything else goes on.

use git_agents::store::{STATE_REF, open_shard, shard};
use insta::assert_snapshot;

use crate::support::{Sandbox, id};

fn with_tasks() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.register(&["ann"]);
    for id in ["1", "2", "3"] {
        sandbox.agents(["task", "add", &format!("Task {id}"), "--id", id]).good();
    }
    sandbox
}

#[test]
fn a_damaged_task_is_named_and_the_others_work() {
    let sandbox = with_tasks();
    let path = Sandbox::open_path("2");
    sandbox.plant(&path, b"{\"id\": \"2\", \"title\": ");
    assert_snapshot!(sandbox.agents(["task", "list"]), @"
    TASK  STATE  AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    1     open                                      Task 1
    3     open                                      Task 3
    [stderr]
    warning: tasks/open/5/2.json is damaged and left out: EOF while parsing a value at line 1 column 21
    [status 0]
    ");
    assert_eq!(sandbox.agents(["task", "list", "--json"]).good().json()["tasks"].as_array().unwrap().len(), 2);
    sandbox.agents(["assign", "ann", "1"]).good();
    sandbox.agents(["task", "add", "Four", "--id", "4"]).good();
    assert_eq!(sandbox.stored(&path), "{\"id\": \"2\", \"title\":", "a write leaves it as it is");
    assert_snapshot!(sandbox.refused(["task", "show", "2"]), @"
    [stderr]
    warning: tasks/open/5/2.json is damaged and left out: EOF while parsing a value at line 1 column 21
    error: the document tasks/2 is damaged
      try: git agents doctor --fix
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["assign", "ann", "2"]), @"
    [stderr]
    warning: tasks/open/5/2.json is damaged and left out: EOF while parsing a value at line 1 column 21
    error: the document tasks/2 is damaged
      try: git agents doctor --fix
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["task", "add", "Again", "--id", "2"]), @"
    [stderr]
    warning: tasks/open/5/2.json is damaged and left out: EOF while parsing a value at line 1 column 21
    error: the document tasks/2 is damaged
      try: git agents doctor --fix
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["task", "drop", "2", "--json"]), @r#"
    [stderr]
    {"kind":"warning","message":"tasks/open/5/2.json is damaged and left out: EOF while parsing a value at line 1 column 21","version":1}
    {"error":{"code":"document-damaged","hints":["git agents doctor --fix"],"message":"the document tasks/2 is damaged"},"kind":"error","version":1}
    [status 3]
    "#);
}

#[test]
fn documents_about_something_else_are_damaged() {
    let sandbox = with_tasks();
    let one = sandbox.stored(&Sandbox::open_path("1"));
    sandbox.plant(&Sandbox::open_path("2"), one.as_bytes());
    sandbox.plant(&Sandbox::open_path("3"), format!("{one} trailing").as_bytes());
    assert_snapshot!(sandbox.agents(["task", "list"]), @"
    TASK  STATE  AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    1     open                                      Task 1
    [stderr]
    warning: tasks/open/2/3.json is damaged and left out: it is about 1 and not about 3
    warning: tasks/open/5/2.json is damaged and left out: it is about 1 and not about 2
    [status 0]
    ");
}

#[test]
fn paths_and_names_that_we_never_write_are_passed_over() {
    let sandbox = with_tasks();
    let other_shard = if open_shard("1") == "0" { "1" } else { "0" };
    for path in [
        format!("tasks/open/{other_shard}/1.json"),
        "tasks/open/README".to_owned(),
        "agents/UPPER.json".to_owned(),
        "somewhere/else.json".to_owned(),
    ] {
        sandbox.plant(&path, b"not for us");
        sandbox.agents(["task", "list"]).good();
    }
    assert_eq!(sandbox.state().tasks.len(), 3);
}

#[test]
fn a_damaged_agent_and_finding_are_named() {
    let sandbox = with_tasks();
    sandbox.agents(["findings", "add", "--severity", "low", "--category", "c", "m"]).good();
    let finding = sandbox.state().findings.keys().next().unwrap().to_string();
    sandbox.plant("agents/ann.json", b"[]");
    sandbox.plant(&format!("findings/{}/{finding}.json", shard(&finding)), b"\xff");
    let listed = sandbox.agents(["findings"]);
    assert_eq!(listed.stdout, "no findings\n");
    assert_eq!(listed.stderr.matches("is damaged and left out").count(), 2, "{listed}");
    assert_snapshot!(sandbox.agents(["task", "list", "--agent", "ann"]), @"
    [stderr]
    warning: agents/ann.json is damaged and left out: invalid type: sequence, expected struct Agent at line 1 column 0
    error: there is no agent ann
      try: git agents agent list
      try: git agents init --agents 3
    [status 3]
    ");
}

#[test]
fn two_documents_of_one_task_do_not_stop_anything() {
    let sandbox = with_tasks();
    let text = sandbox.stored(&Sandbox::open_path("1"));
    sandbox.plant(&Sandbox::closed_path("1"), text.as_bytes());
    sandbox.agents(["assign", "ann", "1"]).good();
    let paths = sandbox.git(["ls-tree", "-r", "--name-only", STATE_REF, "tasks"]);
    assert_eq!(paths.matches("/1.json").count(), 1, "the write leaves one of them: {paths}");
}

#[test]
fn unknown_fields_survive_a_rewrite() {
    let sandbox = with_tasks();
    let with_more = |path: &str| {
        let text = sandbox.stored(path).replacen('{', "{\n  \"novel\": {\"deep\": [1, null, \"x\"]},", 1);
        sandbox.plant(path, text.as_bytes());
    };
    with_more(&Sandbox::open_path("1"));
    with_more("agents/ann.json");
    sandbox.agents(["assign", "ann", "1"]).good();
    sandbox.start("ann", "1");
    sandbox.complete("ann", "1");
    for path in [Sandbox::open_path("1"), "agents/ann.json".to_owned()] {
        let json: serde_json::Value = serde_json::from_str(&sandbox.stored(&path)).unwrap();
        assert_eq!(json["novel"], serde_json::json!({"deep": [1, null, "x"]}), "{path}");
    }
    assert_eq!(sandbox.state().tasks[&id("1")].state.word(), "completed");
}

#[test]
fn a_newer_format_is_refused_and_left_alone() {
    let sandbox = with_tasks();
    sandbox.plant("format.json", b"{\"version\": 2}");
    assert_snapshot!(sandbox.refused(["task", "list"]), @"
    [stderr]
    error: the state has format 2, and this program knows 1
      try: install a newer git-agents
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["task", "add", "T", "--json"]), @r#"
    [stderr]
    {"error":{"code":"format-too-new","hints":["install a newer git-agents"],"message":"the state has format 2, and this program knows 1"},"kind":"error","version":1}
    [status 3]
    "#);
    // The history is shown all the same: it needs no format.
    sandbox.agents(["log"]).good();
}

#[test]
fn a_damaged_tally_is_counted_again() {
    let sandbox = with_tasks();
    sandbox.agents(["task", "drop", "1"]).good();
    sandbox.plant("tally.json", b"{\"dropped\": \"many\"}");
    assert_eq!(sandbox.state().tally.dropped, 1);
    sandbox.agents(["task", "drop", "2"]).good();
    assert_eq!(sandbox.stored("tally.json"), "{\n  \"dropped\": 2,\n  \"landed\": 0\n}");
    // From then on nothing is wrong any more.
    assert_eq!(sandbox.agents(["task", "list"]).good().stderr, "");
}

#[test]
fn a_missing_tally_is_counted_again() {
    let sandbox = with_tasks();
    sandbox.agents(["task", "drop", "1"]).good();
    let without = sandbox
        .git(["ls-tree", STATE_REF])
        .lines()
        .filter(|l| !l.ends_with("tally.json"))
        .collect::<Vec<_>>()
        .join("\n");
    let tree = sandbox.git_with(&["mktree"], without.as_bytes());
    let commit = sandbox.git(["commit-tree", &tree, "-p", STATE_REF, "-m", "by hand"]);
    sandbox.git(["update-ref", STATE_REF, &commit]);
    assert_eq!(sandbox.state().tally.dropped, 1);
    sandbox.agents(["task", "drop", "2"]).good();
    assert_eq!(sandbox.stored("tally.json"), "{\n  \"dropped\": 2,\n  \"landed\": 0\n}");
}

#[test]
fn a_state_ref_that_leads_nowhere() {
    let point_at = |what: &str| {
        let sandbox = Sandbox::new();
        let object = match what {
            "a blob" => sandbox.git_with(&["hash-object", "-w", "--stdin"], b"garbage"),
            "another commit" => sandbox.git(["rev-parse", "HEAD"]),
            "nothing" => "0123456789012345678901234567890123456789".to_owned(),
            _ => unreachable!(),
        };
        let file = sandbox.repo().join(".git").join(STATE_REF);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, format!("{object}\n")).unwrap();
        let read = sandbox.direct(["task", "list"]).output();
        let written = sandbox.direct(["task", "add", "T"]).output();
        assert_eq!((read.status, &read.stderr), (written.status, &written.stderr), "{what}");
        assert_eq!(std::fs::read_to_string(&file).unwrap().trim(), object, "{what}");
        read
    };
    assert_snapshot!(point_at("a blob"), @"
    [stderr]
    error: the state at [COMMIT] cannot be read: Expected object of kind commit but got blob at [COMMIT]
      try: git agents doctor
      try: git agents recover
    [status 4]
    ");
    assert_snapshot!(point_at("another commit"), @"
    [stderr]
    error: [COMMIT] is no state of git-agents: it holds no format.json
      try: git agents doctor
      try: git agents recover
    [status 4]
    ");
    assert_snapshot!(point_at("nothing"), @"
    [stderr]
    error: the state at [COMMIT] cannot be read: An object with id [COMMIT] could not be found
      try: git agents doctor
      try: git agents recover
    [status 4]
    ");
}

#[test]
fn a_state_ref_with_garbage_in_its_file() {
    let sandbox = Sandbox::new();
    let file = sandbox.repo().join(".git").join(STATE_REF);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "garbage\n").unwrap();
    assert_snapshot!(sandbox.direct(["task", "list"]).output(), @r#"
    [stderr]
    error: refs/agents/state could not be read or written: The reference at "refs/agents/state" could not be decoded
      try: git agents doctor
    [status 4]
    "#);
    assert_snapshot!(sandbox.direct(["task", "add", "T"]).output(), @r#"
    [stderr]
    error: refs/agents/state could not be read or written: The reference at "refs/agents/state" could not be decoded
      try: git agents doctor
    [status 4]
    "#);
}

#[test]
fn a_damaged_copy_of_the_state_is_not_believed() {
    let sandbox = with_tasks();
    let copy = sandbox.repo().join(".git/agents/cache/state");
    let list = sandbox.agents(["task", "list"]).good();
    let whole = std::fs::read(&copy).unwrap();
    let first_line = whole.split_inclusive(|byte| *byte == b'\n').next().unwrap();
    let other_commit = String::from_utf8(whole.clone()).unwrap().replace(&sandbox.tip(), &"0".repeat(40));
    let damaged: [&[u8]; 6] = [
        b"",
        b"garbage\n{}",
        first_line,
        &whole[..whole.len() - 1],
        other_commit.as_bytes(),
        &whole[first_line.len()..],
    ];
    for bytes in damaged {
        std::fs::write(&copy, bytes).unwrap();
        assert_eq!(sandbox.agents(["task", "list"]), list, "{}", String::from_utf8_lossy(bytes));
    }
    // In the way of the copy: it is only a copy.
    std::fs::remove_file(&copy).unwrap();
    std::fs::create_dir(&copy).unwrap();
    sandbox.agents(["task", "add", "Four", "--id", "4"]).good();
    assert_eq!(sandbox.state().tasks.len(), 4);
}

#[test]
fn a_state_that_somebody_else_moved_is_read_anew() {
    let sandbox = with_tasks();
    sandbox.agents(["task", "list"]).good();
    let before = sandbox.git(["rev-parse", &format!("{STATE_REF}^")]);
    sandbox.git(["update-ref", STATE_REF, &before]);
    assert_eq!(sandbox.agents(["task", "list", "--json"]).good().json()["tasks"].as_array().unwrap().len(), 2);
}
