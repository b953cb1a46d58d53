//! How the ends of runs are judged: what fails, what is tried again, and what that does to the others.

use insta::assert_snapshot;

use crate::support::{Ground, most_at_once, name, without_times};

/// Does what its task's id says.
const AGENT: &str = r#"#!/bin/sh
task=$1
echo "+ $(date +%s%N) $task" >> "$LOG"
trap 'echo "- $(date +%s%N) $task" >> "$LOG"' EXIT
commit() { echo "$task" >> "$task.txt"; git add -A; git commit -qm "Do $task"; }
case $task in
  good*) commit ;;
  fails*) commit; exit 3 ;;
  dirty*) commit; echo more > left.txt; echo "$task" >> README ;;
  empty*) true ;;
  gives-up*) git agents fail --reason "Too hard" >/dev/null; exit 1 ;;
  early*) commit; git agents complete >/dev/null; exit 7 ;;
  second*) test -e "$LOG.$task" && { commit; exit 0; }; echo x > half.txt; git add -A; git commit -qm Half; touch "$LOG.$task"; exit 1 ;;
  middle*) commit; git checkout -q --detach; git checkout -q -; git merge --no-commit --no-ff main >/dev/null 2>&1; touch "$(git rev-parse --git-dir)/MERGE_HEAD"; git rev-parse main > "$(git rev-parse --git-dir)/MERGE_HEAD" ;;
  slow*) sleep 600 ;;
  waits*) commit; sleep 0.4 ;;
  kills*) commit; kill -9 $$ ;;
esac
"#;

#[test]
fn a_failure_is_told_and_stops_only_what_depends_on_it() {
    let ground = Ground::new(AGENT);
    let plan = "- [ ] fails: a\n- [ ] dirty: b\n- [ ] empty: c\n- [ ] gives-up: d\n- [ ] early: e\n- [ ] kills: f\n\
                - [ ] good: g\n- [ ] good-2: h (after: fails)\n- [ ] good-3: i (after: good-2)\n- [ ] good-4: j (after: early)\n";
    let output = ground.execute(plan, &["--max-concurrent", "1"]).output();
    assert_snapshot!(without_times(&output), @"
    batch parser: 3 of 10 tasks completed, 5 failed, 2 left out
    TASK      STATE    AGENT     WHY
    fails     failed   fails     exit status 3
    dirty     failed   dirty     it left 2 uncommitted paths: README, left.txt
    empty     failed   empty     it has made no commit
    gives-up  failed   gives-up  Too hard
    kills     failed   kills     ended by signal 9
    good-2    skipped            it is after fails
    good-3    skipped            it is after good-2
    the same command again goes on from here; what you mend by hand counts with git agents complete AGENT
    [stderr]
    filed 10 tasks with the label batch:parser
    fails started
    warning: fails failed: exit status 3
    good-2 is left out: it is after fails
    good-3 is left out: it is after good-2
    early started
    early completed
    dirty started
    warning: dirty failed: it left 2 uncommitted paths: README, left.txt
    empty started
    warning: empty failed: it has made no commit
    gives-up started
    warning: gives-up failed: Too hard
    kills started
    warning: kills failed: ended by signal 9
    good started
    good completed
    good-4 started
    good-4 completed
    to land what is completed: git agents merge --all
    [status 1]
    ");
    let state = ground.sandbox.state();
    let reason = |task: &str| state.tasks[&task.parse().unwrap()].reason.clone().unwrap_or_default();
    assert_eq!(reason("dirty"), "it left 2 uncommitted paths: README, left.txt");
    // Everything is kept.
    let left = ground.sandbox.root().join("repo-worktrees/dirty/left.txt");
    assert_eq!(std::fs::read_to_string(left).unwrap(), "more\n");
    assert_eq!(ground.sandbox.git(["show", "agents/fails:fails.txt"]), "fails");
    // What somebody puts in order can be completed; then the plan goes on, and the others are tried again.
    let dir = ground.sandbox.root().join("repo-worktrees/dirty");
    ground.sandbox.git_in(&dir, ["add", "-A"]);
    ground.sandbox.git_in(&dir, ["commit", "-qm", "By hand"]);
    assert_snapshot!(ground.sandbox.now(&["complete", "dirty"]), @"
    dirty completed dirty b: 2 commits, 3 files
      README
      dirty.txt
      left.txt
    [status 0]
    ");
    // An attempt that begins where the one before has ended has its work.
    ground.sandbox.now(&["start", "fails", "fails"]).good();
    ground.sandbox.now(&["complete", "fails"]).good();
    let again = ground.execute(plan, &["--max-concurrent", "1"]).output();
    assert_snapshot!(without_times(&again), @"
    batch parser: 7 of 10 tasks completed, 3 failed
    TASK      STATE   AGENT     WHY
    empty     failed  empty     it has made no commit
    gives-up  failed  gives-up  Too hard
    kills     failed  kills     ended by signal 9
    the same command again goes on from here; what you mend by hand counts with git agents complete AGENT
    [stderr]
    good-2 started
    good-2 completed
    empty started
    warning: empty failed: it has made no commit
    gives-up started
    warning: gives-up failed: Too hard
    kills started
    warning: kills failed: ended by signal 9
    good-3 started
    good-3 completed
    to land what is completed: git agents merge --all
    [status 1]
    ");
}

#[test]
fn what_fails_is_tried_again_in_its_worktree() {
    let ground = Ground::new(AGENT);
    let plan = "- [ ] second: a\n- [ ] good: b (after: second)\n- [ ] fails: c\n";
    let output = ground.execute(plan, &["--max-concurrent", "1", "--retries", "1"]).output();
    assert_snapshot!(without_times(&output), @"
    batch parser: 2 of 3 tasks completed, 1 failed
    TASK   STATE   AGENT  WHY
    fails  failed  fails  exit status 3
    the same command again goes on from here; what you mend by hand counts with git agents complete AGENT
    [stderr]
    filed 3 tasks with the label batch:parser
    second started
    warning: second failed: exit status 1; trying again
    second started, try 2
    second completed
    good started
    good completed
    fails started
    warning: fails failed: exit status 3; trying again
    fails started, try 2
    warning: fails failed: exit status 3
    to land what is completed: git agents merge --all
    [status 1]
    ");
    // The first try's commit is a part of the work.
    let state = ground.sandbox.state();
    assert_eq!(state.tasks[&"second".parse().unwrap()].attempts.last().unwrap().files, ["half.txt", "second.txt"]);
}

#[test]
fn a_run_that_takes_too_long_is_ended() {
    let ground = Ground::new(AGENT);
    let output = ground.execute("- [ ] slow: a\n- [ ] good: b (after: slow)\n", &["--timeout", "1s"]).output();
    assert_snapshot!(without_times(&output), @"
    batch parser: 0 of 2 tasks completed, 1 failed, 1 left out
    TASK  STATE    AGENT  WHY
    slow  failed   slow   it took longer than 1s
    good  skipped         it is after slow
    the same command again goes on from here; what you mend by hand counts with git agents complete AGENT
    [stderr]
    filed 2 tasks with the label batch:parser
    slow started
    warning: slow failed: it took longer than 1s
    good is left out: it is after slow
    [status 1]
    ");
}

#[test]
fn an_unfinished_merge_is_no_completed_task() {
    let ground = Ground::new(AGENT);
    let output = ground.execute("- [ ] middle: a\n", &[]).output();
    assert!(output.to_string().contains("middle failed: it left a merge unfinished"), "{output}");
}

#[test]
fn the_limit_of_the_repository_holds_for_all_commands() {
    let ground = Ground::new(AGENT);
    ground.sandbox.git(["config", "agents.maxConcurrent", "2"]);
    ground.sandbox.agents(["agent", "add", "other"]).good();
    ground.sandbox.start_run("other", "sleep 1.5", &[]);
    let plan: String = (1..=4).map(|n| format!("- [ ] waits-{n}: x\n")).collect();
    let output = ground.execute(&plan, &["--max-concurrent", "4"]).output().good();
    let waits = |line: &str| line.starts_with("waiting: ") && line.ends_with("agents.maxConcurrent is 2");
    assert!(output.stderr.lines().any(waits), "{output}");
    assert!(most_at_once(&ground.log()) <= 2, "{:?}", ground.log());
}

#[test]
fn what_would_change_the_same_is_not_done_at_once() {
    let ground = Ground::new(AGENT);
    let plan = "- [ ] waits-1: a (paths: src)\n- [ ] waits-2: b (paths: src/x)\n- [ ] waits-3: c (paths: docs)\n";
    ground.execute(plan, &["--avoid-overlap"]).output().good();
    let log = ground.log();
    let place = |step: i32, task: &str| log.iter().position(|line| *line == (step, task.to_owned())).unwrap();
    assert!(place(-1, "waits-1") < place(1, "waits-2"), "{log:?}");
    assert!(place(1, "waits-3") < place(-1, "waits-1"), "{log:?}");
}

#[test]
fn agents_that_are_named_do_it() {
    let ground = Ground::new(AGENT);
    let plan = "- [ ] good-1: a\n- [ ] good-2: b (agent: zoe)\n- [ ] good-3: c\n";
    ground.execute(plan, &["--agents", "ann,bob", "--max-concurrent", "1"]).output().good();
    let state = ground.sandbox.state();
    let names: Vec<&str> = state.agents.keys().map(|name| name.as_str()).collect();
    assert_eq!(names, ["ann", "zoe"], "bob was never needed");
    assert_eq!(state.tasks[&"good-2".parse().unwrap()].agent, Some(name("zoe")));
}

#[test]
fn events_are_lines() {
    let ground = Ground::new(AGENT);
    let plan = "- [ ] good: a\n- [ ] fails: b (after: good)\n- [ ] good-2: c (after: fails)\n";
    let output = ground.execute(plan, &["--json=lines"]).output();
    let events: Vec<String> = output
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| format!("{} {} {}", line["kind"], line["event"], line["task"]))
        .collect();
    assert_snapshot!(events.join("\n"), @r#"
    "event" "started" "good"
    "event" "completed" "good"
    "event" "started" "fails"
    "event" "failed" "fails"
    "event" "skipped" "good-2"
    "execution" null null
    "#);
}

/// What nobody can look at is not done, and is in nobody else's way.
#[test]
fn an_agent_that_leaves_its_branch_fails_and_the_others_go_on() {
    let ground = Ground::new(
        r#"#!/bin/sh
echo "$1" > "$1.txt"; git add -A; git commit -qm "Do $1"
case $1 in
  gone) git checkout -q --detach; git branch -qD agents/gone ;;
  astray) git switch -qc other; echo more > more; git add more; git commit -qm More ;;
  fails) exit 3 ;;
esac
"#,
    );
    let plan = "- [ ] gone: a\n- [ ] astray: b\n- [ ] fails: c\n- [ ] good: d\n";
    let output = ground.execute(plan, &["--max-concurrent", "1"]).output();
    assert_snapshot!(without_times(&output), @"
    batch parser: 1 of 4 tasks completed, 3 failed
    TASK    STATE   AGENT   WHY
    gone    failed  gone    its branch agents/gone is gone
    astray  failed  astray  its worktree has something else checked out than agents/astray
    fails   failed  fails   exit status 3
    the same command again goes on from here; what you mend by hand counts with git agents complete AGENT
    [stderr]
    filed 4 tasks with the label batch:parser
    gone started
    warning: gone failed: its branch agents/gone is gone
    astray started
    warning: astray failed: its worktree has something else checked out than agents/astray
    fails started
    warning: fails failed: exit status 3
    good started
    good completed
    to land what is completed: git agents merge --all
    [status 1]
    ");
    // Of what has failed nothing lands unless somebody says so.
    assert_snapshot!(ground.sandbox.now(&["merge", "--all", "--yes"]), @"
    landed good (good) by rebase at [COMMIT]
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [stderr]
    warning: astray is left out: astray's worktree [ROOT]/repo-worktrees/astray has other checked out, not agents/astray
    warning: fails is left out: it failed at fails (exit status 3); git agents merge fails lands it
    [status 0]
    ");
    assert_eq!(ground.sandbox.git(["ls-tree", "--name-only", "main", "fails.txt", "good.txt"]), "good.txt");
}

/// An agent that completes by itself is believed as long as its work is there.
#[test]
fn what_was_completed_and_is_not_there_any_more_has_failed() {
    let ground = Ground::new(
        r#"#!/bin/sh
echo "$1" > "$1.txt"; git add -A; git commit -qm "Do $1"; git agents complete >/dev/null
case $1 in
  back*) git reset -q --hard HEAD~ ;;
  anew*) git commit -q --amend -m "Do it again" ;;
  early*) exit 3 ;;
esac
"#,
    );
    let plan = "- [ ] back: a\n- [ ] anew: c\n- [ ] early: d\n- [ ] next: e (after: back)\n";
    let told = without_times(&ground.execute(plan, &["--max-concurrent", "1"]).output());
    assert!(told.contains("2 of 4 tasks completed, 1 failed, 1 left out") && !told.contains("next started"), "{told}");
    assert_eq!(told.matches("failed: ").collect::<Vec<_>>().len(), 1, "{told}");
    assert!(told.contains("warning: back failed: it was completed at [COMMIT], which is not on agents/back any more"));
    assert_snapshot!(ground.sandbox.now(&["merge", "back"]), @"
    [stderr]
    error: back: task back was completed at [COMMIT], and neither its branch nor the target has that: bring it back
      try: git branch rescue [COMMIT]
    [status 3]
    ");
}

/// What is wrong with the command is no failure of a task, and stops the command when it is only found in the middle.
#[test]
fn a_command_that_goes_wrong_in_the_middle_stops() {
    let ground = Ground::new(
        "#!/bin/sh\ngit config agents.profile.mine.command 'true {bogus}'\ngit commit -q --allow-empty -m x\n",
    );
    let script = ground.sandbox.root().join("agent.sh");
    ground.sandbox.git(["config", "agents.profile.mine.command", script.to_str().unwrap()]);
    let plan = ground.plan("- [ ] t1: One\n- [ ] t2: Two (after: t1)\n- [ ] t3: Three (after: t2)\n");
    let output = ground.sandbox.now(&["execute", plan.to_str().unwrap(), "--profile", "mine"]);
    assert_snapshot!(without_times(&output), @"
    batch parser: 1 of 3 tasks completed, 2 not begun
    TASK  STATE    AGENT  WHY
    t2    waiting         the profile mine has {bogus}, which nothing is put into
    t3    waiting
    the same command again goes on from here
    [stderr]
    filed 3 tasks with the label batch:parser
    t1 started
    t1 completed
    to land what is completed: git agents merge --all
    error: the profile mine has {bogus}, which nothing is put into
      try: git agents config get profile.mine.command
    [status 1]
    ");
    assert_eq!(ground.states().into_values().collect::<Vec<_>>(), ["completed", "open", "open"]);
}
