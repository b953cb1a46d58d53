//! What keeps the tasks of a plan from beginning: agents that are busy, claims, what is in the way. Nothing of that is a
//! failure of theirs.

use std::io::{BufRead, BufReader};

use insta::assert_snapshot;

use crate::support::{Ground, eventually, name, without_times};

const AGENT: &str = r#"#!/bin/sh
task=$1
echo "+ $(date +%s%N) $task" >> "$LOG"
case $task in long*) while test ! -e "$LOG.go"; do sleep 0.02; done ;; esac
mkdir -p src; echo "$task" >> "src/${SAME:-$task}"; git add -A; git commit -qm "Do $task"
echo "- $(date +%s%N) $task" >> "$LOG"
"#;

/// The agents that are named, one of whom works on a task of her own, outside of any plan.
fn at_work(ground: &Ground, agent: &str) {
    ground.sandbox.now(&["agent", "add", agent]).good();
    ground.sandbox.now(&["task", "add", "Own", "--id", "own"]).good();
    ground.sandbox.now(&["start", agent, "own"]).good();
}

#[test]
fn what_runs_elsewhere_is_waited_for() {
    let ground = Ground::new(AGENT);
    let first = ground.plan("- [ ] long: One\n");
    let other = ground.sandbox.root().join("second.md");
    std::fs::write(&other, "- [ ] t2: Two\n- [ ] t3: Three (agent: ann)\n").unwrap();
    let child = ground.with_agent(&["execute", first.to_str().unwrap(), "--agents", "ann"]).spawn();
    eventually("it runs", || ground.log().len() == 1);
    let args = ["execute", other.to_str().unwrap(), "--agents", "ann", "--json=lines"];
    let mut second = ground.with_agent(&args).spawn();
    let mut said = BufReader::new(second.stdout.take().unwrap()).lines();
    let event: serde_json::Value = serde_json::from_str(&said.next().unwrap().unwrap()).unwrap();
    assert_eq!((&event["event"], &event["reason"]), (&"waiting".into(), &"ann is running for long".into()));
    std::fs::write(ground.note("log.go"), "").unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    let rest: Vec<String> = said.map(Result::unwrap).collect();
    assert!(second.wait().unwrap().success(), "{rest:?}");
    assert_eq!(ground.states().into_values().collect::<Vec<_>>(), ["completed"; 3]);
}

#[test]
fn an_agent_at_work_is_given_nothing_and_nothing_fails() {
    let ground = Ground::new(AGENT);
    at_work(&ground, "ann");
    let plan = "- [ ] t1: One (agent: ann)\n- [ ] t2: Two (after: own)\n- [ ] t3: Three\n";
    assert_snapshot!(without_times(&ground.execute(plan, &[]).output()), @"
    batch parser: 1 of 3 tasks completed, 2 not begun
    TASK  STATE    AGENT  WHY
    t1    waiting         ann is working on own
    t2    waiting         it is after own: ann is working on own
      try: git agents complete ann
    after that the same command again goes on from here
    [stderr]
    filed 3 tasks with the label batch:parser
    own, which t2 is after, is not completed
    t3 started
    t3 completed
    to land what is completed: git agents merge --all
    [status 1]
    ");
    assert_eq!(ground.states()["t1"], "open");
    ground.sandbox.now(&["complete", "ann", "--allow-empty"]).good();
    ground.execute(plan, &[]).output().good();
}

/// What was not done when the plan was begun may be done while it goes on.
#[test]
fn what_is_completed_elsewhere_meanwhile_counts() {
    let ground = Ground::new(AGENT);
    at_work(&ground, "ann");
    let child = ground.execute("- [ ] t1: One (after: own)\n- [ ] long: Two\n", &[]).spawn();
    eventually("it runs", || ground.log().len() == 1);
    ground.sandbox.now(&["complete", "ann", "--allow-empty"]).good();
    std::fs::write(ground.note("log.go"), "").unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    assert_eq!(ground.states().into_values().collect::<Vec<_>>(), ["completed"; 3]);
}

#[test]
fn what_somebody_has_put_before_a_task_is_waited_for() {
    let ground = Ground::new("#!/bin/sh\ntest -e $GOES && git commit -q --allow-empty -m x\n");
    let plan = "- [ ] t1: One\n- [ ] t2: Two (after: t1)\n";
    let execute = |more: &[&str]| ground.execute(plan, more).env("GOES", ground.note("goes")).output();
    execute(&[]);
    ground.sandbox.now(&["task", "add", "Extra", "--id", "extra"]).good();
    ground.sandbox.now(&["task", "edit", "t2", "--after", "t1", "--after", "extra"]).good();
    std::fs::write(ground.note("goes"), "").unwrap();
    let said = execute(&["--dry-run"]);
    assert!(said.stdout.contains("(left out: it is after extra)"), "{said}");
    assert!(execute(&[]).stdout.contains("it is after extra"));
    assert_eq!(ground.states().into_values().collect::<Vec<_>>(), ["open", "completed", "open"]);
}

#[test]
fn what_others_have_claimed_for_themselves_is_left_alone() {
    let ground = Ground::new(AGENT);
    ground.sandbox.now(&["agent", "add", "zoe"]).good();
    ground.sandbox.now(&["claim", "zoe", "src", "--exclusive"]).good();
    let plan = "- [ ] t1: One (paths: src/x)\n- [ ] t2: Two (paths: docs)\n";
    let output = ground.execute(plan, &["--avoid-overlap"]).output();
    assert_snapshot!(without_times(&output), @"
    batch parser: 1 of 2 tasks completed, 1 not begun
    TASK  STATE    AGENT  WHY
    t1    waiting         zoe has claimed src for itself
      try: git agents release zoe src
    after that the same command again goes on from here
    [stderr]
    filed 2 tasks with the label batch:parser
    t2 started
    t2 completed
    to land what is completed: git agents merge --all
    [status 1]
    ");
    ground.sandbox.now(&["release", "zoe", "src"]).good();
    ground.execute(plan, &["--avoid-overlap"]).output().good();
}

#[test]
fn what_is_uncommitted_before_is_not_the_agents_work() {
    let ground = Ground::new(AGENT);
    ground.sandbox.now(&["agent", "add", "ann"]).good();
    ground.sandbox.now(&["agent", "add", "bob"]).good();
    std::fs::write(ground.sandbox.worktree_of("ann").join("old"), "").unwrap();
    let plan = "- [ ] t1: One\n- [ ] t2: Two (agent: ann)\n";
    let output = ground.execute(plan, &["--agents", "ann,bob", "--max-concurrent", "1"]).output();
    assert_snapshot!(without_times(&output), @"
    batch parser: 1 of 2 tasks completed, 1 not begun
    TASK  STATE    AGENT  WHY
    t2    waiting         the worktree of ann has 1 uncommitted path already: old
      try: git -C [ROOT]/repo-worktrees/ann status
      try: git -C [ROOT]/repo-worktrees/ann add … && git -C [ROOT]/repo-worktrees/ann commit
    after that the same command again goes on from here
    [stderr]
    filed 2 tasks with the label batch:parser
    t1 started by bob
    t1 completed
    to land what is completed: git agents merge --all
    [status 1]
    ");
    assert_eq!(ground.sandbox.state().tasks[&"t1".parse().unwrap()].agent, Some(name("bob")));
    assert_snapshot!(ground.with_agent(&["create", "ann", "--prompt", "x"]).output(), @"
    [stderr]
    error: the worktree of ann has 1 uncommitted path already: old
      try: git -C [ROOT]/repo-worktrees/ann status
      try: git -C [ROOT]/repo-worktrees/ann add … && git -C [ROOT]/repo-worktrees/ann commit
    [status 3]
    ");
}

#[test]
fn what_is_in_the_way_is_told_with_what_helps() {
    let ground = Ground::new(AGENT);
    ground.sandbox.git(["branch", "agents/t1"]);
    let plan = "- [ ] t1: One\n- [ ] t2: Two (after: t1)\n- [ ] t3: Three\n";
    assert_snapshot!(without_times(&ground.execute(plan, &[]).output()), @"
    batch parser: 1 of 3 tasks completed, 2 left out
    TASK  STATE    AGENT  WHY
    t1    closed          t1 cannot be added: refs/heads/agents/t1 exists already
    t2    skipped         it is after t1
      try: git agents agent add t1 --existing --branch agents/t1
    after that the same command again goes on from here
    [stderr]
    filed 3 tasks with the label batch:parser
    t1 is left out: t1 cannot be added: refs/heads/agents/t1 exists already
    t3 started
    t3 completed
    t2 is left out: it is after t1
    to land what is completed: git agents merge --all
    [status 1]
    ");
    assert_eq!(ground.states()["t1"], "open");
    ground.sandbox.now(&["agent", "add", "t1", "--existing", "--branch", "agents/t1"]).good();
    assert_snapshot!(without_times(&ground.execute(plan, &[]).output()), @"
    batch parser: 3 of 3 tasks completed
    [stderr]
    t1 started
    t1 completed
    t2 started
    t2 completed
    to land what is completed: git agents merge --all
    [status 0]
    ");
}

/// Two tasks change the same, and a third is after both.
#[test]
fn dependencies_that_conflict_are_merged_by_hand_and_the_plan_goes_on() {
    let plan = "- [ ] t1: One\n- [ ] t2: Two\n- [ ] t3: Three (after: t1, t2)\n- [ ] t4: Four (after: t3)\n";
    let conflicting = || {
        let ground = Ground::new(AGENT);
        let output = ground.execute(plan, &[]).env("SAME", "same").output();
        assert_eq!(ground.states()["t3"], "open");
        (ground, without_times(&output))
    };
    let (ground, said) = conflicting();
    assert_snapshot!(said, @"
    batch parser: 2 of 4 tasks completed, 2 left out
    TASK  STATE    AGENT  WHY
    t3    closed          the work of t2, which the task is after, conflicts with that of t1, which it is after too, in src/same
    t4    skipped         it is after t3
      try: git merge agents/t1 && git merge agents/t2, in the worktree of t3, resolving what conflicts
      try: git agents merge t2
      try: git agents conflicts t2
    after that the same command again goes on from here
    [stderr]
    filed 4 tasks with the label batch:parser
    t1 started
    t2 started
    t1 completed
    t2 completed
    t3 is left out: the work of t2, which the task is after, conflicts with that of t1, which it is after too, in src/same
    t4 is left out: it is after t3
    to land what is completed: git agents merge --all
    [status 1]
    ");
    let dir = ground.sandbox.worktree_of("t3");
    ground.sandbox.git_in(&dir, ["merge", "-q", "agents/t1"]);
    ground.sandbox.git_in(&dir, ["merge", "-q", "-s", "ours", "agents/t2"]);
    ground.execute(plan, &[]).output().good();
    // Or one of them lands, and the other on top of it.
    let (ground, _) = conflicting();
    ground.sandbox.now(&["merge", "t1", "--yes"]).good();
    let output = ground.execute(plan, &[]).output();
    let row = output.stdout.lines().find(|line| line.starts_with("t3")).unwrap_or_default();
    assert!(
        row.ends_with("the work of t2, which the task is after, conflicts with t3's branch in src/same"),
        "{output}"
    );
    let dir = ground.sandbox.worktree_of("t2");
    ground.sandbox.git_in(&dir, ["merge", "-q", "-s", "ours", "main"]);
    ground.sandbox.now(&["merge", "t2", "--yes"]).good();
    ground.execute(plan, &[]).output().good();
    let files = ground.sandbox.git(["log", "--format=%s", "--no-merges", "agents/t3"]);
    assert!(files.contains("Do t1") && files.contains("Do t2"), "{files}");
}
