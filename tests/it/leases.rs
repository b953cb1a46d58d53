//! Leases and fencing: who gives no sign of life for the lease's length loses the task, and is told so.

use insta::assert_snapshot;

use crate::support::{Output, Sandbox, id, name};

/// `git agents …` at this time of the sandbox's day.
fn at(sandbox: &Sandbox, time: &str, args: &[&str]) -> Output {
    sandbox.direct(args).env("GIT_COMMITTER_DATE", format!("2026-01-05T{time}:00Z")).output()
}

/// Ann works on 16 since nine.
fn in_progress() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.agents(["assign", "ann", "16", "Status"]).good();
    sandbox.agents(["start", "ann"]).good();
    sandbox
}

#[test]
fn a_lease_that_runs_is_nobody_elses() {
    let sandbox = in_progress();
    assert_snapshot!(sandbox.unchanged(|| at(&sandbox, "10:59", &["start", "bob", "16", "--steal"])), @"
    [stderr]
    error: task 16 is held by ann since 2026-01-05 09:00 UTC (in-progress), and its lease runs until 2026-01-05 11:00 UTC
      try: git agents unassign ann 16
    [status 1]
    ");
    assert_snapshot!(sandbox.unchanged(|| at(&sandbox, "10:59", &["assign", "bob", "16", "--steal"])), @"
    [stderr]
    error: task 16 is held by ann since 2026-01-05 09:00 UTC (in-progress), and its lease runs until 2026-01-05 11:00 UTC
      try: git agents unassign ann 16
    [status 1]
    ");
    assert_snapshot!(sandbox.unchanged(|| at(&sandbox, "10:59", &["start", "bob", "16"])), @"
    [stderr]
    error: task 16 is held by ann since 2026-01-05 09:00 UTC (in-progress)
      try: git agents unassign ann 16
    [status 1]
    ");
    assert_snapshot!(sandbox.unchanged(|| at(&sandbox, "10:59", &["next", "bob", "--steal"])), @"
    no task is open
    [status 1]
    ");
}

#[test]
fn an_expired_lease_is_shown_and_taken_over() {
    let sandbox = in_progress();
    assert_snapshot!(at(&sandbox, "11:20", &["task", "show", "16"]), @"
    16 Status
      state:     in-progress
      agent:     ann
      lease:     expired 20m ago
      priority:  medium
      filed:     2h 20m ago

      ann on agents/ann: in progress, 2h 20m
    [status 0]
    ");
    assert_snapshot!(at(&sandbox, "11:20", &["status"]), @"
    work lands on main at [COMMIT]

    AGENT  STATE    TASK         TIME  AHEAD  BEHIND  FILES  DIRTY  DONE
    ann    working  16 Status  2h 20m      0       0      0      0
    bob    idle                            0       0      0      0

    tasks: 1 in progress

    needs attention
      ann has 16 and gave its last sign of life 2h 20m ago
        git agents assign OTHER 16 --steal
    [status 0]
    ");
    assert_snapshot!(sandbox.unchanged(|| at(&sandbox, "11:20", &["start", "bob", "16"])), @"
    [stderr]
    error: task 16 is held by ann since 2026-01-05 09:00 UTC (in-progress), and its lease has expired at 2026-01-05 11:00 UTC
      try: git agents start bob 16 --steal
      try: git agents unassign ann 16
    [status 1]
    ");
    assert_snapshot!(sandbox.unchanged(|| at(&sandbox, "11:20", &["assign", "bob", "16"])), @"
    [stderr]
    error: task 16 is held by ann since 2026-01-05 09:00 UTC (in-progress), and its lease has expired at 2026-01-05 11:00 UTC
      try: git agents assign bob 16 --steal
      try: git agents unassign ann 16
    [status 1]
    ");
    assert_snapshot!(at(&sandbox, "11:20", &["start", "bob", "16", "--steal", "--ttl", "30m"]), @"
    bob started 16 Status
    [status 0]
    ");
    assert_snapshot!(at(&sandbox, "11:20", &["task", "show", "16"]), @"
    16 Status
      state:     in-progress
      agent:     bob
      priority:  medium
      filed:     2h 20m ago

      ann on agents/ann: taken over by bob, 2h 20m

      bob on agents/bob: in progress, 0s
    [status 0]
    ");
    assert_snapshot!(at(&sandbox, "11:20", &["task", "show", "16", "--json"]), @r#"
    {
      "attempts": [
        {
          "agent": "ann",
          "base": "[COMMIT]",
          "branch": "agents/ann",
          "ended_at": "2026-01-05T11:20:00Z",
          "files": [],
          "outcome": "failed",
          "started_at": "2026-01-05T09:00:00Z",
          "taken_by": "bob"
        },
        {
          "agent": "bob",
          "base": "[COMMIT]",
          "branch": "agents/bob",
          "files": [],
          "started_at": "2026-01-05T11:20:00Z"
        }
      ],
      "kind": "task",
      "task": {
        "after": [],
        "agent": "bob",
        "created_at": "2026-01-05T09:00:00Z",
        "epoch": 2,
        "id": "16",
        "lease": {
          "expired": false,
          "renewed_at": "2026-01-05T11:20:00Z",
          "ttl_s": 1800,
          "until": "2026-01-05T11:50:00Z"
        },
        "paths": [],
        "priority": "medium",
        "state": "in-progress",
        "title": "Status",
        "updated_at": "2026-01-05T11:20:00Z"
      },
      "version": 1
    }
    [status 0]
    "#);
    assert_snapshot!(sandbox.git(["log", "-1", "--format=%s", "refs/agents/state"]), @"bob starts 16, taken over from ann");
}

#[test]
fn whoever_lost_a_task_is_told_and_keeps_the_branch() {
    let sandbox = in_progress();
    let tip = sandbox.commit_as("ann", "a", "a\n");
    // The commit was made at nine: a sign of life as well.
    at(&sandbox, "11:20", &["assign", "bob", "16", "--steal"]).good();
    assert_snapshot!(sandbox.unchanged(|| at(&sandbox, "11:30", &["complete", "ann"])), @"
    [stderr]
    error: 16 was taken over by bob at 2026-01-05 11:20 UTC, since ann had given no sign of life; ann's branch agents/ann is as it was
      try: git agents next ann
      try: git agents task show 16
      try: git merge agents/ann, in the worktree of bob, to keep what ann has done
    [status 1]
    ");
    assert_snapshot!(sandbox.unchanged(|| at(&sandbox, "11:30", &["fail", "ann", "--reason", "x"])), @"
    [stderr]
    error: 16 was taken over by bob at 2026-01-05 11:20 UTC, since ann had given no sign of life; ann's branch agents/ann is as it was
      try: git agents next ann
      try: git agents task show 16
      try: git merge agents/ann, in the worktree of bob, to keep what ann has done
    [status 1]
    ");
    assert_snapshot!(sandbox.unchanged(|| at(&sandbox, "11:30", &["complete", "ann", "--json"])), @r#"
    [stderr]
    {"error":{"code":"task-taken-over","hints":["git agents next ann","git agents task show 16","git merge agents/ann, in the worktree of bob, to keep what ann has done"],"message":"16 was taken over by bob at 2026-01-05 11:20 UTC, since ann had given no sign of life; ann's branch agents/ann is as it was"},"kind":"error","version":1}
    [status 1]
    "#);
    assert_eq!(sandbox.rev("agents/ann"), tip);
    at(&sandbox, "11:30", &["next", "bob"]).good();
    at(&sandbox, "11:31", &["complete", "bob", "--allow-empty"]).good();
    assert_snapshot!(at(&sandbox, "11:32", &["complete", "ann"]), @"
    [stderr]
    error: 16 was taken over by bob at 2026-01-05 11:20 UTC, since ann had given no sign of life; ann's branch agents/ann is as it was
      try: git agents next ann
      try: git agents task show 16
    [status 1]
    ");
    // Whoever goes on with something else is not reminded.
    at(&sandbox, "11:33", &["assign", "ann", "17", "Other"]).good();
    at(&sandbox, "11:33", &["start", "ann"]).good();
    assert_snapshot!(at(&sandbox, "11:34", &["fail", "ann", "--reason", "x"]), @"
    ann gave up 17: Other
    [status 0]
    ");
    assert_snapshot!(at(&sandbox, "11:35", &["complete", "ann"]), @"
    [stderr]
    error: ann has no task in progress
      try: git agents start ann
      try: git agents task list --agent ann
    [status 3]
    ");
}

#[test]
fn an_agent_that_was_assigned_anew_elsewhere_does_not_complete_what_it_began() {
    let sandbox = in_progress();
    sandbox.commit_as("ann", "a", "a\n");
    // As another clone would: this one does not hear of it.
    sandbox.act(&git_agents::state::Action::Unassign { agent: name("ann"), task: id("16") });
    sandbox.start("ann", "16");
    assert_snapshot!(sandbox.refused(["complete", "ann"]), @"
    [stderr]
    error: ann had 16 by assignment 1, which has ended: ann has it since 2026-01-05 09:00 UTC by assignment 2; what is on ann's branch is as it was
      try: git agents unassign ann 16 && git agents start ann 16
      try: git agents task show 16
    [status 1]
    ");
    assert_snapshot!(sandbox.refused(["fail", "ann", "--reason", "x"]), @"
    [stderr]
    error: ann had 16 by assignment 1, which has ended: ann has it since 2026-01-05 09:00 UTC by assignment 2; what is on ann's branch is as it was
      try: git agents unassign ann 16 && git agents start ann 16
      try: git agents task show 16
    [status 1]
    ");
    sandbox.agents(["unassign", "ann", "16"]).good();
    sandbox.agents(["start", "ann", "16"]).good();
    // What it did for the task before is a part of the work.
    assert_snapshot!(sandbox.agents(["complete", "ann"]), @"
    ann completed 16 Status: 1 commit, 1 file
      a
    [status 0]
    ");
}

#[test]
fn every_sign_of_life_counts() {
    let sandbox = in_progress();
    let steal = |time: &str| at(&sandbox, time, &["start", "bob", "16", "--steal"]).stderr;
    let noticed = ["findings", "add", "--agent", "ann", "--severity", "low", "--category", "style", "Odd"];
    at(&sandbox, "10:00", &noticed).good();
    assert_snapshot!(steal("11:30"), @"
    error: task 16 is held by ann since 2026-01-05 09:00 UTC (in-progress), and its lease runs until 2026-01-05 12:00 UTC
      try: git agents unassign ann 16
    ");
    // A commit is one.
    let worktree = sandbox.worktree_of("ann");
    sandbox.write_as("ann", "a", "a\n");
    sandbox.git_in(&worktree, ["add", "a"]);
    let commit = |time: &str| {
        let mut git = sandbox.command("git");
        git.current_dir(&worktree).args(["commit", "-q", "-m", "a", "--amend"]);
        git.env("GIT_COMMITTER_DATE", format!("2026-01-05T{time}:00Z")).output().unwrap()
    };
    assert!(commit("11:45").status.success());
    assert_snapshot!(steal("13:44"), @"
    error: task 16 is held by ann since 2026-01-05 09:00 UTC (in-progress), and its lease runs until 2026-01-05 13:45 UTC
      try: git agents unassign ann 16
    ");
    // One that is dated in the future says nothing.
    assert!(commit("23:00").status.success());
    assert_snapshot!(at(&sandbox, "13:46", &["start", "bob", "16", "--steal"]), @"
    bob started 16 Status
    [status 0]
    ");
}

#[test]
fn next_takes_over_what_is_abandoned_when_nothing_else_can_start() {
    let sandbox = in_progress();
    sandbox.agents(["task", "add", "Free", "--id", "free"]).good();
    assert_snapshot!(at(&sandbox, "12:00", &["next", "bob", "--steal"]), @"
    bob started free Free
    [status 0]
    ");
    at(&sandbox, "12:01", &["complete", "bob", "--allow-empty"]).good();
    assert_snapshot!(at(&sandbox, "12:02", &["next", "bob"]), @"
    no task is open
    [status 1]
    ");
    assert_snapshot!(at(&sandbox, "12:02", &["next", "bob", "--steal"]), @"
    bob started 16 Status
    [status 0]
    ");
    assert_snapshot!(at(&sandbox, "12:03", &["status", "--json", "--no-dirty"]).json()["agents"][1]["task"], @r#"{"elapsed_s":60,"epoch":2,"id":"16","lease":{"expired":false,"renewed_at":"2026-01-05T12:02:00Z","ttl_s":7200,"until":"2026-01-05T14:02:00Z"},"started_at":"2026-01-05T12:02:00Z","state":"in-progress","title":"Status"}"#);
}

#[test]
fn the_length_of_a_lease_is_a_span_of_time() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let ttl = |text: &str| sandbox.refused(["assign", "ann", "16", "Status", "--ttl", text]).stderr;
    assert_snapshot!(ttl("0"), @"
    error: invalid value '0' for '--ttl <DURATION>': a lease cannot end as it begins

    For more information, try '--help'.
    ");
    assert_snapshot!(ttl("soon"), @r#"
    error: invalid value 'soon' for '--ttl <DURATION>': "soon" is no duration: write 90s, 10m, 2h, 7d, 2w or 1h30m

    For more information, try '--help'.
    "#);
    assert_snapshot!(ttl("9000w"), @"
    error: invalid value '9000w' for '--ttl <DURATION>': a lease of more than a century is none

    For more information, try '--help'.
    ");
    sandbox.agents(["assign", "ann", "16", "Status", "--ttl", "1h30m"]).good();
    assert_eq!(sandbox.state().tasks[&id("16")].lease.as_ref().unwrap().ttl_s, 5400);
}

#[test]
fn tasks_of_an_older_version_have_leases_too() {
    let sandbox = in_progress();
    let path = Sandbox::open_path("16");
    let mut task: serde_json::Value = serde_json::from_str(&sandbox.stored(&path)).unwrap();
    for field in ["epoch", "assigned_by", "lease"] {
        assert!(task.as_object_mut().unwrap().remove(field).is_some(), "{field}");
    }
    sandbox.plant(&path, task.to_string().as_bytes());
    assert_snapshot!(at(&sandbox, "11:09", &["start", "bob", "16", "--steal"]).stderr, @"
    error: task 16 is held by ann since 2026-01-05 09:00 UTC (in-progress), and its lease runs until 2026-01-05 11:10 UTC
      try: git agents unassign ann 16
    ");
    assert_snapshot!(at(&sandbox, "11:10", &["start", "bob", "16", "--steal"]), @"
    bob started 16 Status
    [status 0]
    ");
}

/// As a lead who takes it back, or a start that did not count elsewhere.
#[test]
fn whoever_began_what_is_not_its_own_any_more_is_told() {
    let sandbox = in_progress();
    sandbox.agents(["unassign", "ann", "16"]).good();
    assert_snapshot!(sandbox.unchanged(|| sandbox.agents(["complete", "ann"])), @"
    [stderr]
    error: ann had 16 by assignment 1, which has ended: nobody has it since 2026-01-05 09:00 UTC; what is on ann's branch is as it was
      try: git agents start ann 16
      try: git agents task show 16
    [status 1]
    ");
    sandbox.agents(["assign", "bob", "16"]).good();
    assert_snapshot!(sandbox.unchanged(|| sandbox.agents(["fail", "ann", "--reason", "x"])), @"
    [stderr]
    error: ann had 16 by assignment 1, which has ended: bob has it since 2026-01-05 09:00 UTC by assignment 2; what is on ann's branch is as it was
      try: git agents next ann
      try: git agents task show 16
    [status 1]
    ");
}

#[test]
fn of_many_who_take_a_task_over_one_gets_it() {
    let names: Vec<String> = (0..6).map(|number| format!("agent-{number}")).collect();
    let sandbox = Sandbox::with_agents(&names.iter().map(String::as_str).collect::<Vec<_>>());
    sandbox.agents(["assign", "agent-0", "16", "Status"]).good();
    sandbox.agents(["start", "agent-0"]).good();
    let steal = |agent: &str| at(&sandbox, "12:00", &["start", agent, "16", "--steal"]);
    let outputs: Vec<Output> = std::thread::scope(|scope| {
        let all: Vec<_> = names[1..].iter().map(|agent| scope.spawn(|| steal(agent))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let winners = outputs.iter().filter(|output| output.status == Some(0)).count();
    assert_eq!(winners, 1, "{outputs:?}");
    for lost in outputs.iter().filter(|output| output.status != Some(0)) {
        assert!(lost.status == Some(1) && lost.stderr.contains("task 16 is held by"), "{lost}");
    }
    assert_eq!(sandbox.state().tasks[&id("16")].epoch, 2);
}
