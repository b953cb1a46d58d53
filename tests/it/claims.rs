//! `git agents claim`, `release` and `claims`: paths that agents have reserved.

use insta::assert_snapshot;

use crate::support::{Output, Sandbox};

/// `git agents …` at this time of the sandbox's day.
fn at(sandbox: &Sandbox, time: &str, args: &[&str]) -> Output {
    sandbox.direct(args).env("GIT_COMMITTER_DATE", format!("2026-01-05T{time}:00Z")).output()
}

fn with_claims() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.agents(["claim", "ann", "src/db", "--exclusive", "--reason", "New schema"]).good();
    sandbox.agents(["claim", "ann", "docs"]).good();
    sandbox
}

#[test]
fn an_exclusive_claim_is_nobody_elses_and_shared_ones_are_named() {
    let sandbox = with_claims();
    assert_snapshot!(sandbox.refused(["claim", "bob", "src"]), @"
    [stderr]
    error: src cannot be claimed: src/db is claimed exclusively by ann (New schema), since 2026-01-05 09:00 UTC and until 2026-01-05 11:00 UTC
      try: git agents claims
      try: git agents release ann src/db
    [status 1]
    ");
    assert_snapshot!(sandbox.refused(["claim", "bob", "free", "src/db/a.sql"]), @"
    [stderr]
    error: src/db/a.sql cannot be claimed: src/db is claimed exclusively by ann (New schema), since 2026-01-05 09:00 UTC and until 2026-01-05 11:00 UTC
      try: git agents claims
      try: git agents release ann src/db
    [status 1]
    ");
    assert_snapshot!(sandbox.refused(["claim", "bob", "docs/a.md", "--exclusive"]), @"
    [stderr]
    error: docs/a.md cannot be claimed: docs is claimed by ann, since 2026-01-05 09:00 UTC and until 2026-01-05 11:00 UTC
      try: git agents claims
      try: git agents release ann docs
    [status 1]
    ");
    assert_snapshot!(sandbox.refused(["claim", "bob", "SRC/DB", "--json"]), @r#"
    [stderr]
    {"error":{"code":"path-claimed","hints":["git agents claims","git agents release ann src/db"],"message":"SRC/DB cannot be claimed: src/db is claimed exclusively by ann (New schema), since 2026-01-05 09:00 UTC and until 2026-01-05 11:00 UTC"},"kind":"error","version":1}
    [status 1]
    "#);
    assert_snapshot!(sandbox.agents(["claim", "bob", "docs/a.md", "src/ui"]), @"
    bob claims docs/a.md
    bob claims src/ui
      ann has claimed docs as well
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["claim", "bob", "docs/a.md", "--json"]), @r#"
    {
      "agent": "bob",
      "claims": [
        {
          "agent": "bob",
          "created_at": "2026-01-05T09:00:00Z",
          "exclusive": false,
          "lease": {
            "renewed_at": "2026-01-05T09:00:00Z",
            "ttl_s": 7200,
            "until": "2026-01-05T11:00:00Z"
          },
          "path": "docs/a.md"
        }
      ],
      "kind": "claimed",
      "shared_with": [
        {
          "agent": "ann",
          "created_at": "2026-01-05T09:00:00Z",
          "exclusive": false,
          "lease": {
            "renewed_at": "2026-01-05T09:00:00Z",
            "ttl_s": 7200,
            "until": "2026-01-05T11:00:00Z"
          },
          "path": "docs"
        }
      ],
      "version": 1
    }
    [status 0]
    "#);
    assert_snapshot!(sandbox.agents(["claims"]), @"
    PATH       AGENT  CLAIM      TASK  ENDS IN  REASON
    docs       ann    shared             2h 0m
    docs/a.md  bob    shared             2h 0m
    src/db     ann    exclusive          2h 0m  New schema
    src/ui     bob    shared             2h 0m
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["claims", "--path", "src", "--json"]), @r#"
    {
      "claims": [
        {
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
        {
          "agent": "bob",
          "created_at": "2026-01-05T09:00:00Z",
          "exclusive": false,
          "lease": {
            "renewed_at": "2026-01-05T09:00:00Z",
            "ttl_s": 7200,
            "until": "2026-01-05T11:00:00Z"
          },
          "path": "src/ui"
        }
      ],
      "kind": "claims",
      "version": 1
    }
    [status 0]
    "#);
    assert_snapshot!(sandbox.git(["log", "-3", "--format=%s", "refs/agents/state"]), @"
    bob claims path docs/a.md
    bob claims paths docs/a.md and src/ui
    ann claims path docs
    ");
}

#[test]
fn an_agent_and_paths_are_needed() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    assert_snapshot!(sandbox.refused(["claim"]), @"
    [stderr]
    error: the following required arguments were not provided:
      <AGENT>

    Usage: git agents claim <AGENT> [PATH]...

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["claim", "ann"]), @"
    [stderr]
    error: say which files or folders ann claims
      try: git agents claim ann PATH…
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["claim", "eve", "src"]), @"
    [stderr]
    error: there is no agent eve
      try: git agents agent list
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["claim", "src/a.rs"]), @"
    [stderr]
    error: say which agent: this is not the worktree of one
      try: git agents agent list
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["release", "ann"]), @"
    [stderr]
    error: say which paths, or --all
      try: git agents claims
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["release", "ann", "x", "--all"]), @"
    [stderr]
    error: give paths or --all, not both
      try: git agents claims
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["claim", "ann", "x", "--reason", " "]), @"
    [stderr]
    error: the reason cannot be used: it is empty
    [status 2]
    ");
}

#[test]
fn only_what_was_claimed_can_be_released() {
    let sandbox = with_claims();
    assert_snapshot!(sandbox.refused(["release", "ann", "src/db/a.sql"]), @"
    [stderr]
    error: ann has no claim on src/db/a.sql
      try: git agents release ann src/db
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["release", "bob", "docs"]), @"
    [stderr]
    error: bob has no claim on docs
      try: git agents claims
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["release", "ann", "docs", "src/db"]), @"
    ann releases 2 paths
      docs
      src/db
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["claims"]), @"
    nothing is claimed
    [status 0]
    ");
}

#[test]
fn claims_end_with_the_task() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.agents(["assign", "ann", "16", "Status"]).good();
    sandbox.agents(["start", "ann"]).good();
    sandbox.agents(["claim", "ann", "src", "--exclusive"]).good();
    sandbox.commit_as("ann", "a", "a\n");
    sandbox.agents(["complete", "ann"]).good();
    assert_snapshot!(sandbox.agents(["claims"]), @"
    nothing is claimed
    [status 0]
    ");
    assert_eq!(sandbox.git(["ls-tree", "--name-only", "refs/agents/state:"]), "agents\nformat.json\ntasks");
    // One that was made without a task stays with the agent.
    sandbox.agents(["claim", "bob", "src"]).good();
    sandbox.agents(["agent", "remove", "bob"]).good();
    assert_snapshot!(sandbox.agents(["claims"]), @"
    nothing is claimed
    [status 0]
    ");
    // What took it away puts it back.
    sandbox.agents(["claim", "ann", "src"]).good();
    sandbox.agents(["release", "ann", "--all"]).good();
    sandbox.agents(["undo", "--yes"]).good();
    assert_eq!(sandbox.state().claims.len(), 1);
}

#[test]
fn an_expired_claim_is_in_nobodys_way() {
    let sandbox = with_claims();
    at(&sandbox, "09:30", &["claim", "bob", "lines", "--ttl", "4h"]).good();
    assert_snapshot!(at(&sandbox, "10:59", &["claims"]), @"
    PATH    AGENT  CLAIM      TASK  ENDS IN  REASON
    docs    ann    shared                1m
    lines   bob    shared            2h 31m
    src/db  ann    exclusive             1m  New schema
    [status 0]
    ");
    assert_snapshot!(at(&sandbox, "11:00", &["claims"]), @"
    PATH   AGENT  CLAIM   TASK  ENDS IN  REASON
    lines  bob    shared         2h 30m
    [status 0]
    ");
    assert_eq!(sandbox.state().claims.len(), 3, "whoever reads writes nothing");
    assert_snapshot!(at(&sandbox, "11:00", &["claim", "bob", "src/db/x"]), @"
    bob claims src/db/x
    [status 0]
    ");
    assert_eq!(sandbox.state().claims.len(), 2, "whoever writes clears it away");
}

/// What another clone wrote is shown without harm, and a claim that is none is left out.
#[test]
fn claims_of_others_are_not_believed_blindly() {
    let sandbox = with_claims();
    let path = sandbox.git(["ls-tree", "--name-only", "refs/agents/state:claims"]).lines().next().unwrap().to_owned();
    let path = format!("claims/{path}");
    let planted = |path: &str, field: &str, value: serde_json::Value| {
        let mut claim: serde_json::Value = serde_json::from_str(&sandbox.stored(path)).unwrap();
        claim[field] = value;
        sandbox.plant(path, claim.to_string().as_bytes());
    };
    planted(&path, "reason", "\u{1b}[2Jgone".into());
    assert_snapshot!(sandbox.agents(["claims"]), @r#"
    PATH    AGENT  CLAIM      TASK  ENDS IN  REASON
    src/db  ann    exclusive          2h 0m  New schema
    [stderr]
    warning: claims/[OPERATION]-0.json is damaged and left out: its reason cannot be used: it holds the control character '\u{1b}'
    [status 0]
    "#);
    planted(&path, "path", "../outside".into());
    assert_snapshot!(sandbox.agents(["claims"]).stdout, @"
    PATH    AGENT  CLAIM      TASK  ENDS IN  REASON
    src/db  ann    exclusive          2h 0m  New schema
    ");
}

#[test]
fn conflicts_notes_who_changes_what_others_have_reserved() {
    let sandbox = with_claims();
    sandbox.agents(["task", "add", "Lines", "--id", "16", "--path", "li*"]).good();
    sandbox.agents(["assign", "ann", "16"]).good();
    for path in ["src/db", "docs"] {
        std::fs::create_dir_all(sandbox.worktree_of("bob").join(path)).unwrap();
    }
    sandbox.commit_as("bob", "src/db/a.sql", "a\n");
    sandbox.commit_as("bob", "docs/a.md", "a\n");
    sandbox.commit_as("bob", "docs/b.md", "b\n");
    sandbox.write_as("bob", "lines", "changed\n");
    sandbox.write_as("ann", "README", "changed\n");
    assert_snapshot!(sandbox.agents(["conflicts"]), @"
    note  bob changes 2 files in docs, which ann has claimed
    note  bob changes lines in li*, which ann's task 16 declares
    note  bob changes src/db/a.sql in src/db, which ann has claimed exclusively (New schema)

    2 branches, 1 pair: nothing collides
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["conflicts", "--json"]).json()["reserved"], @r#"[{"branch":"bob","by":"ann","class":"claim","exclusive":false,"files":["docs/a.md","docs/b.md"],"path":"docs"},{"branch":"bob","by":"ann","class":"task","files":["lines"],"path":"li*","task":"16"},{"branch":"bob","by":"ann","class":"claim","exclusive":true,"files":["src/db/a.sql"],"path":"src/db","reason":"New schema"}]"#);
    let here = |args: &[&str]| sandbox.run(args).dir(sandbox.worktree_of("bob")).output();
    assert_snapshot!(here(&["conflicts", "--path", "src/db/a.sql", "--path", "lines"]), @"
    note  ann's task 16 declares li*
    note  ann has claimed src/db exclusively (New schema)

    nobody else is changing any of the 2 paths
    [status 0]
    ");
    assert_snapshot!(here(&["conflicts", "--path", "docs", "--json"]).json()["reserved"], @r#"[{"by":"ann","class":"claim","exclusive":false,"path":"docs"}]"#);
    assert_snapshot!(here(&["conflicts", "--path", "README"]), @"
    ann
      README  modified, uncommitted  lines: 1

    ann is changing README
    [status 1]
    ");
}

#[test]
fn next_prefers_what_meets_nobody() {
    let sandbox = with_claims();
    let add = |id: &str, path: &str, minute: u32| {
        let time = format!("2026-01-04T09:{minute:02}:00Z");
        let args = ["task", "add", id, "--id", id, "--path", path];
        sandbox.direct(args).env("GIT_COMMITTER_DATE", time).output().good();
    };
    add("claimed", "src/db/*.sql", 0);
    add("changed", "lines", 1);
    add("free", "free/**", 2);
    add("later", "elsewhere", 3);
    sandbox.write_as("ann", "lines", "changed\n");
    assert_snapshot!(sandbox.agents(["next", "bob"]), @"
    bob started free free
    [status 0]
    ");
    // Its own claims and changes are in nobody's way.
    assert_snapshot!(sandbox.agents(["next", "ann"]), @"
    ann started claimed claimed
    [status 0]
    ");
}
