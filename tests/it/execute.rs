//! `git agents execute`: a plan is carried out by real processes; only the AI program is a script.

use git_agents::task::TaskState;
use insta::assert_snapshot;

use crate::support::{Ground, most_at_once, without_times};

/// Ten tasks in four waves.
const PLAN: &str = "\
# Parser

- [ ] t1: Grammar (2h)
  Write the grammar.
- [ ] t2: Lexer (after: t1, paths: src/lexer)
- [ ] t3: Parser (after: t1)
- [ ] t4: Printer (after: t2, t3)
- [ ] t5: Docs
- [ ] t6: Examples (after: t5)
- [ ] t7: Benchmarks (after: t3)
- [ ] t8: Fuzzing (after: t3)
- [ ] t9: Release notes (after: t4, t6)
- [ ] t10: Logo
";

/// An agent that edits, commits, says what it noticed, and completes its task when its number is even.
const AGENT: &str = r#"#!/bin/sh
set -e
task=$1
said() { echo "$1 $(date +%s%N) $task" >> "$LOG"; }
said +
trap 'said -' EXIT
test -f "$2"
grep -q "$task" "$2"
mkdir -p src
echo "work of $task" > "src/$task.txt"
git add -A
git commit -qm "Do $task"
git agents findings add --severity low --category note "Seen while doing $task" >/dev/null
sleep 0.3
case $task in *[02468]) git agents complete >/dev/null ;; esac
"#;

#[test]
fn a_plan_of_ten_tasks_is_carried_out_and_lands() {
    let ground = Ground::new(AGENT);
    let output = ground.execute(PLAN, &["--max-concurrent", "3", "--json"]).output();
    let view = output.clone().good().json();
    assert_eq!((view["completed"].as_u64(), view["tasks"].as_array().unwrap().len()), (Some(10), 10));
    assert!(ground.all_are(TaskState::Completed), "{:?}", ground.states());
    let log = ground.log();
    assert_eq!(log.len(), 20);
    assert!(most_at_once(&log) <= 3, "{log:?}");
    let state = ground.sandbox.state();
    let place = |step: i32, task: &str| log.iter().position(|line| *line == (step, task.to_owned())).unwrap();
    for task in state.tasks.values() {
        for after in &task.after {
            assert!(
                place(-1, after.as_str()) < place(1, task.id.as_str()),
                "{} began before {after} had ended",
                task.id
            );
        }
    }
    assert_eq!(state.findings.len(), 10);
    // What it is after is in its branch.
    let files = ground.sandbox.git(["ls-tree", "-r", "--name-only", "agents/t9", "src/"]);
    assert_eq!(
        files.lines().collect::<Vec<_>>(),
        ["src/t1.txt", "src/t2.txt", "src/t3.txt", "src/t4.txt", "src/t5.txt", "src/t6.txt", "src/t9.txt"]
    );
    let elapsed = view["elapsed_s"].as_f64().unwrap();
    let alone = view["one_by_one_s"].as_f64().unwrap();
    eprintln!("10 tasks in {elapsed:.1}s; their runs take {alone:.1}s: {:.1} times as long", alone / elapsed);
    ground.sandbox.agents(["merge", "--all", "--yes"]).good();
    assert!(ground.all_are(TaskState::Landed), "{:?}", ground.states());
    let files = ground.sandbox.git(["ls-tree", "-r", "--name-only", "main", "src/"]);
    assert_eq!(files.lines().count(), 10);
    // The same again has nothing to do.
    let again = ground.execute(PLAN, &[]).output();
    assert_snapshot!(without_times(&again), @"
    batch parser: 10 of 10 tasks completed
    [status 0]
    ");
}

#[test]
fn a_dry_run_changes_nothing() {
    let ground = Ground::new(AGENT);
    let before = ground.sandbox.git(["for-each-ref"]);
    assert_snapshot!(ground.execute(PLAN, &["--dry-run", "--max-concurrent", "3"]).output(), @"
batch parser: 10 tasks in 4 waves, at most 3 at once; nothing was changed
WAVE  TASK  AGENT  MODEL  HOURS  AFTER  TITLE
1     t1    t1            2h            Grammar
1     t5    t5                          Docs
1     t10   t10                         Logo
2     t2    t2                   t1     Lexer
2     t3    t3                   t1     Parser
2     t6    t6                   t5     Examples
3     t4    t4                   t2 t3  Printer
3     t7    t7                   t3     Benchmarks
3     t8    t8                   t3     Fuzzing
4     t9    t9                   t4 t6  Release notes
[status 0]
");
    assert_eq!(ground.sandbox.git(["for-each-ref"]), before);
    assert!(!ground.sandbox.repo().join(".git/agents/batches").exists());
}
