//! `git agents guard`: may this agent change these paths?

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{Output, Sandbox, Shape};

/// Ann has `src/db` for herself and shares `docs`; Bob has changed `lines` and `README`.
pub(crate) fn with_work() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.agents(["claim", "ann", "src/db", "--exclusive", "--reason", "New schema"]).good();
    sandbox.agents(["claim", "ann", "docs"]).good();
    sandbox.commit_as("bob", "lines", "committed\n");
    sandbox.write_as("bob", "README", "not committed\n");
    sandbox
}

/// From the worktree of an agent.
fn from(sandbox: &Sandbox, agent: &str, args: &[&str]) -> Output {
    sandbox.direct(args).dir(sandbox.worktree_of(agent)).output()
}

/// What a hook answers to this JSON, from the worktree of Bob.
pub(crate) fn hook(sandbox: &Sandbox, input: &str, args: &[&str]) -> Output {
    let run = sandbox.direct(["guard", "--hook-json"]).args(args).dir(sandbox.worktree_of("bob"));
    run.input(input).output()
}

#[test]
fn what_others_have_for_themselves_is_denied() {
    let sandbox = with_work();
    assert_snapshot!(from(&sandbox, "bob", &["guard", "src/db/a.sql", "free"]), @"
    denied  src/db/a.sql is in src/db, which is claimed exclusively by ann until 2026-01-05 11:00 UTC (New schema)
      try: git agents claims
    [status 1]
    ");
    assert_snapshot!(from(&sandbox, "bob", &["guard", "src", "--json"]), @r#"
    {
      "agent": "bob",
      "allowed": false,
      "denied": [
        {
          "claim": {
            "agent": "ann",
            "created_at": "2026-01-05T09:00:00Z",
            "exclusive": true,
            "lease": {
              "renewed_at": "2026-01-05T09:00:00Z",
              "ttl_s": 7200,
              "until": "2026-01-05T11:00:00Z"
            },
            "path": "src/db",
            "reason": "New schema"
          },
          "path": "src"
        }
      ],
      "kind": "guard",
      "paths": [
        "src"
      ],
      "version": 1
    }
    [status 1]
    "#);
    assert_snapshot!(from(&sandbox, "ann", &["guard", "src/db/a.sql"]), @"
    1 path may be changed
    [status 0]
    ");
    // A person without an agent is somebody else to all of them.
    assert_snapshot!(sandbox.agents(["guard", "src/db"]), @"
    denied  src/db is claimed exclusively by ann until 2026-01-05 11:00 UTC (New schema)
      try: git agents claims
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["guard", "src/db", "--agent", "ann"]), @"
    1 path may be changed
    [status 0]
    ");
}

#[test]
fn what_others_change_is_named_and_allowed() {
    let sandbox = with_work();
    assert_snapshot!(from(&sandbox, "ann", &["guard", "lines", "README", "docs/a.md", "free"]), @"
    note  bob changes lines
    note  bob changes README, uncommitted
    4 paths may be changed
    [status 0]
    ");
    assert_snapshot!(from(&sandbox, "bob", &["guard", "docs/a.md", "lines"]), @"
    note  ann has claimed docs
    2 paths may be changed
    [status 0]
    ");
    assert_snapshot!(from(&sandbox, "ann", &["guard", ".", "--json"]).json()["changed"], @r#"[{"by":"bob","committed":true,"path":"","uncommitted":true}]"#);
    // What the target has changed meanwhile is nobody's change, nor are line ends.
    sandbox.commit("other", "x\n", "Other");
    sandbox.commit("lines", "target\n", "Lines");
    sandbox.write_as("ann", "README", "A project.\r\n");
    sandbox.write_as("ann", "new", "untracked\n");
    assert_snapshot!(from(&sandbox, "bob", &["guard", "lines", "README", "other", "new"]), @"
    note  ann changes new, uncommitted
    4 paths may be changed
    [status 0]
    ");
    std::fs::remove_file(sandbox.worktree_of("ann").join("README")).unwrap();
    std::fs::write(sandbox.repo().join(".git/info/exclude"), "new\n").unwrap();
    assert_snapshot!(from(&sandbox, "bob", &["guard", "README", "new"]), @"
    note  ann changes README, uncommitted
    2 paths may be changed
    [status 0]
    ");
}

#[test]
fn what_cannot_be_seen_is_said() {
    let sandbox = with_work();
    let many: Vec<String> = (0..2000).map(|number| format!("file-{number}")).collect();
    let many: Vec<&str> = std::iter::once("guard").chain(many.iter().map(String::as_str)).collect();
    assert_snapshot!(from(&sandbox, "ann", &many), @"
    note  nobody looked whether others change 1000 paths
    2000 paths may be changed
    [status 0]
    ");
    sandbox.git(["config", "agents.target", "gone"]);
    assert_snapshot!(from(&sandbox, "ann", &["guard", "lines"]), @"
    note  what others change is unknown: there is no target branch to compare with
    1 path may be changed
    [status 0]
    ");
    assert_snapshot!(from(&sandbox, "bob", &["guard", "src/db"]), @"
    denied  src/db is claimed exclusively by ann until 2026-01-05 11:00 UTC (New schema)
    note  what others change is unknown: there is no target branch to compare with
      try: git agents claims
    [status 1]
    ");
}

#[test]
fn what_is_staged_is_what_would_be_committed() {
    let sandbox = with_work();
    let worktree = sandbox.worktree_of("bob");
    sandbox.git_in(&worktree, ["add", "README"]);
    assert_snapshot!(from(&sandbox, "bob", &["guard", "--staged"]), @"[status 0]");
    std::fs::create_dir_all(worktree.join("src/db")).unwrap();
    sandbox.write_as("bob", "src/db/ä b.sql", "x\n");
    assert_snapshot!(from(&sandbox, "bob", &["guard", "--staged"]), @"[status 0]");
    sandbox.git_in(&worktree, ["mv", "lines", "src/db/lines"]);
    assert_snapshot!(from(&sandbox, "bob", &["guard", "--staged"]), @"
    denied  src/db/lines is in src/db, which is claimed exclusively by ann until 2026-01-05 11:00 UTC (New schema)
      try: git agents claims
    [status 1]
    ");
    let bare = Sandbox::shaped(Shape { bare: true, ..Shape::default() });
    assert_snapshot!(bare.agents(["guard", "--staged"]), @"
    [stderr]
    error: nothing can be staged in a bare repository
      try: git agents guard PATH…
    [status 2]
    ");
}

#[test]
fn something_must_be_asked() {
    let sandbox = with_work();
    assert_snapshot!(sandbox.refused(["guard"]), @"
    [stderr]
    error: the following required arguments were not provided:
      <PATH|--staged|--hook-json>

    Usage: git agents guard <PATH|--staged|--hook-json>

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["guard", "x", "--staged"]), @"
    [stderr]
    error: the argument '[PATH]...' cannot be used with '--staged'

    Usage: git agents guard <PATH|--staged|--hook-json>

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["guard", ""]), @"
    [stderr]
    error: an empty path names nothing
      try: git agents guard .
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["guard", "/etc/passwd"]), @"
    [stderr]
    error: /etc/passwd is outside the repository
      try: git rev-parse --show-toplevel
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["guard", "x", "--agent", "eve"]), @"
    [stderr]
    error: there is no agent eve
      try: git agents agent list
    [status 3]
    ");
}

#[test]
fn tools_are_answered_in_their_own_form() {
    let sandbox = with_work();
    let edit = |event: &str, tool: &str, path: &str| {
        json!({ "session_id": "x", "hook_event_name": event, "tool_name": tool, "tool_input": { "file_path": path } })
            .to_string()
    };
    let file = sandbox.worktree_of("bob").join("src/db/a.sql");
    let file = file.to_str().unwrap();
    assert_snapshot!(hook(&sandbox, &edit("PreToolUse", "Edit", file), &[]), @r#"
    {"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny","permissionDecisionReason":"src/db/a.sql is in src/db, which is claimed exclusively by ann until 2026-01-05 11:00 UTC (New schema). Work on something else, or see: git agents claims"}}
    [status 0]
    "#);
    assert_snapshot!(hook(&sandbox, &edit("BeforeTool", "write_file", "src/db/a.sql"), &[]), @r#"
    {"decision":"deny","reason":"src/db/a.sql is in src/db, which is claimed exclusively by ann until 2026-01-05 11:00 UTC (New schema). Work on something else, or see: git agents claims"}
    [status 0]
    "#);
    assert_snapshot!(hook(&sandbox, &edit("preToolUse", "Write", "src/db"), &[]), @r#"
    {"agent_message":"src/db is claimed exclusively by ann until 2026-01-05 11:00 UTC (New schema). Work on something else, or see: git agents claims","permission":"deny","user_message":"src/db is claimed exclusively by ann until 2026-01-05 11:00 UTC (New schema). Work on something else, or see: git agents claims"}
    [status 0]
    "#);
    assert_snapshot!(hook(&sandbox, &edit("PreToolUse", "Write", "docs/a.md"), &[]), @r#"
    {"hookSpecificOutput":{"additionalContext":"ann has claimed docs","hookEventName":"PreToolUse"},"systemMessage":"ann has claimed docs"}
    [status 0]
    "#);
    assert_snapshot!(hook(&sandbox, &edit("PreToolUse", "Write", "free"), &[]), @"
    {}
    [status 0]
    ");
    assert_snapshot!(hook(&sandbox, &edit("PreToolUse", "Read", file), &[]), @"
    {}
    [status 0]
    ");
    assert_snapshot!(hook(&sandbox, &edit("PreToolUse", "Edit", file), &["--agent", "ann"]), @"
    {}
    [status 0]
    ");
    let patch = "*** Begin Patch\n*** Add File: free\n+x\n*** Update File: src/db/b.sql\n@@\n+x\n*** End Patch\n";
    let patch =
        json!({ "hook_event_name": "PreToolUse", "tool_name": "apply_patch", "tool_input": { "command": patch } });
    assert_snapshot!(hook(&sandbox, &patch.to_string(), &[]), @r#"
    {"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny","permissionDecisionReason":"src/db/b.sql is in src/db, which is claimed exclusively by ann until 2026-01-05 11:00 UTC (New schema). Work on something else, or see: git agents claims"}}
    [status 0]
    "#);
}

#[test]
fn whose_worktree_it_is_is_who_changes_it() {
    let sandbox = with_work();
    let ask = |dir: &std::path::Path, file: &std::path::Path, cwd: Option<&std::path::Path>| {
        let input = json!({ "tool_name": "Edit", "cwd": cwd, "tool_input": { "file_path": file } }).to_string();
        sandbox.direct(["guard", "--hook-json"]).dir(dir).input(input).output().good().stdout.contains("deny")
    };
    let path = |top: &std::path::Path| top.join("src/db/new/a.sql");
    let (ann, bob) = (sandbox.worktree_of("ann"), sandbox.worktree_of("bob"));
    assert!(!ask(&ann, &path(&ann), None));
    assert!(ask(&bob, &path(&bob), None));
    assert!(!ask(&bob, &path(&ann), None), "the file is in the worktree of Ann");
    assert!(!ask(sandbox.root(), &path(&ann), None));
    assert!(ask(sandbox.repo(), &path(sandbox.repo()), None));
    assert!(!ask(&ann, &path(sandbox.repo()), None), "Ann changes the main worktree");
    assert!(!ask(sandbox.root(), &path(sandbox.repo()), Some(&ann)));
}

#[test]
fn what_is_none_of_our_business_stops_nothing() {
    let sandbox = with_work();
    let edit = |path: &str| json!({ "tool_name": "Edit", "tool_input": { "file_path": path } }).to_string();
    for path in ["/etc/passwd", "../../elsewhere", ".git/config", "/nowhere/at/all"] {
        assert_eq!(hook(&sandbox, &edit(path), &[]).to_string(), "{}\n[status 0]", "{path}");
    }
    assert_eq!(hook(&sandbox, "{}", &[]).to_string(), "{}\n[status 0]");
    let fresh = Sandbox::new();
    let answer = fresh.direct(["guard", "--hook-json"]).input(edit("README")).output();
    assert_eq!(answer.to_string(), "{}\n[status 0]", "no agents");
    let outside = fresh.direct(["guard", "--hook-json"]).dir(fresh.root()).input(edit("x")).output();
    assert_eq!(outside.to_string(), "{}\n[status 0]", "no repository");
}

/// Found by `examples/fuzz`.
#[test]
fn no_symlink_leads_past_a_claim() {
    let sandbox = with_work();
    let worktree = sandbox.worktree_of("bob");
    std::fs::create_dir(worktree.join("src")).unwrap();
    std::os::unix::fs::symlink("src", worktree.join("way")).unwrap();
    std::os::unix::fs::symlink("src/db/later", worktree.join("link")).unwrap();
    // The folder that is claimed is not there yet.
    assert_snapshot!(from(&sandbox, "bob", &["guard", "way/db/a"]), @"
    denied  src/db/a is in src/db, which is claimed exclusively by ann until 2026-01-05 11:00 UTC (New schema)
      try: git agents claims
    [status 1]
    ");
    let edit = |path: &str| json!({ "tool_name": "Write", "tool_input": { "file_path": path } }).to_string();
    for path in ["way/db/a", "way/db", "./way/x/../db/a", "link"] {
        assert!(hook(&sandbox, &edit(path), &[]).good().stdout.contains("deny"), "{path}");
    }
    assert_snapshot!(hook(&sandbox, &edit("link"), &[]), @r#"
    {"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny","permissionDecisionReason":"src/db/later is in src/db, which is claimed exclusively by ann until 2026-01-05 11:00 UTC (New schema). Work on something else, or see: git agents claims"}}
    [status 0]
    "#);
    // What is named is the link itself, as git keeps it.
    assert_snapshot!(from(&sandbox, "bob", &["guard", "link"]), @"
    1 path may be changed
    [status 0]
    ");
}

/// Found by `examples/fuzz`: what is no file is not opened, since nobody may ever write into a pipe.
#[test]
fn nobody_waits_for_a_pipe() {
    let sandbox = with_work();
    let pipe = sandbox.worktree_of("bob").join("pipe");
    assert!(sandbox.command("mkfifo").arg(&pipe).status().unwrap().success());
    assert_snapshot!(from(&sandbox, "ann", &["guard", "pipe"]), @"
    1 path may be changed
    [status 0]
    ");
    sandbox.commit_as("bob", "file", "x\n");
    let file = sandbox.worktree_of("bob").join("file");
    std::fs::remove_file(&file).unwrap();
    assert!(sandbox.command("mkfifo").arg(&file).status().unwrap().success());
    assert_snapshot!(from(&sandbox, "ann", &["guard", "file"]), @"
    note  bob changes file, partly uncommitted
    1 path may be changed
    [status 0]
    ");
}

/// Status 2 would stop the tool: our own failure is none of that, unless it is asked for.
#[test]
fn a_failure_of_its_own_stops_nothing_unless_asked_for() {
    let sandbox = with_work();
    assert_snapshot!(hook(&sandbox, "nonsense", &[]), @"
    [stderr]
    error: standard input: it is no JSON object
    [status 4]
    ");
    assert_snapshot!(hook(&sandbox, "", &["--strict"]), @"
    [stderr]
    error: standard input: it is no JSON object
    [status 2]
    ");
    assert_snapshot!(hook(&sandbox, "{\"cwd\": 7}", &[]), @"
    [stderr]
    error: standard input: it is no JSON that a hook gets: invalid type: integer `7`, expected a string at line 1 column 9
    [status 4]
    ");
    assert_eq!(hook(&sandbox, "{}", &["--typo"]).status, Some(4));
    assert_snapshot!(hook(&sandbox, r#"{"tool_input":{"file_path":"x"}}"#, &["--agent", "eve"]), @"
    [stderr]
    error: there is no agent eve
      try: git agents agent list
    [status 4]
    ");
    let state = sandbox.git(["rev-parse", "refs/agents/state"]);
    let tree = sandbox.git(["rev-parse", "HEAD^{tree}"]);
    let broken = sandbox.git(["commit-tree", &tree, "-p", &state, "-m", "broken"]);
    sandbox.git(["update-ref", "refs/agents/state", &broken]);
    let edit = json!({ "tool_name": "Edit", "tool_input": { "file_path": "x" } }).to_string();
    assert_eq!(hook(&sandbox, &edit, &[]).status, Some(4));
    assert_eq!(hook(&sandbox, &edit, &["--strict"]).status, Some(2));
}

#[test]
fn reftable_hides_nothing() {
    let sandbox = Sandbox::shaped(Shape { reftable: true, ..Shape::default() });
    sandbox.agents(["init", "ann", "bob"]).good();
    sandbox.write_as("bob", "README", "not committed\n");
    assert_snapshot!(from(&sandbox, "ann", &["guard", "README"]), @"
    note  bob changes README, uncommitted
    1 path may be changed
    [status 0]
    ");
}
