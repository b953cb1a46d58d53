//! Carrying out a plan is interrupted, killed, and gone on with; and the plan is another one meanwhile.

use std::io::{BufRead, BufReader};
use std::process::Child;

use git_agents::task::TaskState;
use insta::assert_snapshot;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Ground, Output, eventually, without_times};

/// Waits until it may go on.
const AGENT: &str = r#"#!/bin/sh
task=$1
echo "+ $(date +%s%N) $task" >> "$LOG"
while test ! -e "$LOG.go"; do sleep 0.02; done
echo "$task" >> "$task.txt"; git add -A; git commit -qm "Do $task"
echo "- $(date +%s%N) $task" >> "$LOG"
"#;

const PLAN: &str = "- [ ] t1: One\n- [ ] t2: Two\n- [ ] t3: Three (after: t1, t2)\n";

fn begun(ground: &Ground) -> Child {
    let child = ground.execute(PLAN, &[]).spawn();
    eventually("both run", || ground.log().len() == 2);
    child
}

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
}

fn end(ground: &Ground, child: Child) -> Output {
    Output::new(&child.wait_with_output().unwrap(), ground.sandbox.root())
}

fn go(ground: &Ground) {
    std::fs::write(ground.note("log.go"), "").unwrap();
}

/// How often each task was run.
fn runs(ground: &Ground) -> Vec<usize> {
    let log = ground.log();
    ["t1", "t2", "t3"].map(|task| log.iter().filter(|(step, of)| *step == 1 && of == task).count()).to_vec()
}

#[test]
fn an_interrupt_lets_what_runs_end_and_the_same_command_goes_on() {
    let ground = Ground::new(AGENT);
    let child = begun(&ground);
    signal(&child, Signal::SIGINT);
    go(&ground);
    assert_snapshot!(without_times(&end(&ground, child)), @"
    batch parser: 2 of 3 tasks completed, 1 not begun
    TASK  STATE    AGENT  WHY
    t3    waiting
    the same command again goes on from here
    [stderr]
    filed 3 tasks with the label batch:parser
    t1 started
    t2 started
    warning: interrupted: nothing more is started; waiting for 2 runs, which go on also when you interrupt again
    t1 completed
    t2 completed
    to land what is completed: git agents merge --all
    [status 1]
    ");
    assert_eq!(runs(&ground), [1, 1, 0]);
    assert_snapshot!(without_times(&ground.execute(PLAN, &[]).output()), @"
    batch parser: 3 of 3 tasks completed
    [stderr]
    t3 started
    t3 completed
    to land what is completed: git agents merge --all
    [status 0]
    ");
    assert_eq!(runs(&ground), [1, 1, 1]);
}

#[test]
fn an_interrupt_can_end_what_runs() {
    let ground = Ground::new(AGENT);
    let child = ground.execute(PLAN, &["--on-interrupt", "end"]).spawn();
    eventually("both run", || ground.log().len() == 2);
    signal(&child, Signal::SIGINT);
    assert_snapshot!(without_times(&end(&ground, child)), @"
    batch parser: 0 of 3 tasks completed, 3 not begun
    TASK  STATE    AGENT  WHY
    t1    waiting  t1     interrupted
    t2    waiting  t2     interrupted
    t3    waiting
    the same command again goes on from here
    [stderr]
    filed 3 tasks with the label batch:parser
    t1 started
    t2 started
    warning: interrupted: nothing more is started, and 2 runs are ended
    [status 1]
    ");
    assert_eq!(ground.states()["t1"], "in-progress");
    go(&ground);
    ground.execute(PLAN, &[]).output().good();
    assert_eq!(runs(&ground), [2, 2, 1]);
    assert!(ground.all_are(TaskState::Completed));
}

#[test]
fn a_second_interrupt_ends_us_and_what_runs_goes_on() {
    let ground = Ground::new(AGENT);
    let mut child = begun(&ground);
    signal(&child, Signal::SIGINT);
    // The first one must have been heard, or the two are one.
    let said = BufReader::new(child.stderr.take().unwrap());
    assert!(said.lines().any(|line| line.unwrap().contains("interrupted")));
    signal(&child, Signal::SIGINT);
    let output = end(&ground, child);
    assert_eq!(output.status, None, "{output}");
    goes_on(&ground);
}

#[test]
fn after_a_kill_what_runs_is_found_again() {
    let ground = Ground::new(AGENT);
    let mut child = begun(&ground);
    child.kill().unwrap();
    child.wait().unwrap();
    goes_on(&ground);
}

/// The runs are found again and not begun anew.
fn goes_on(ground: &Ground) {
    let child = ground.execute(PLAN, &[]).spawn();
    let lock = std::fs::File::open(ground.sandbox.repo().join(".git/agents/batches/parser.lock")).unwrap();
    eventually("it works on the batch", || match lock.try_lock_shared() {
        Ok(()) => lock.unlock().is_err(),
        Err(_) => true,
    });
    // A second one for the same plan is refused.
    let other = ground.execute(PLAN, &[]).output();
    assert!(other.stderr.contains("the batch parser is being worked on by another process"), "{other}");
    go(ground);
    let output = end(ground, child);
    assert_eq!(output.status, Some(0), "{output}");
    assert!(output.stderr.contains("t1 goes on\n") && output.stderr.contains("t2 goes on\n"), "{output}");
    // How long they ran before says nothing of how quick this was.
    assert!(!output.stdout.contains("times as long"), "{output}");
    assert_eq!(runs(ground), [1, 1, 1]);
    assert!(ground.all_are(TaskState::Completed));
}

#[test]
fn a_run_that_ends_while_nobody_waits_is_judged_all_the_same() {
    let ground = Ground::new(AGENT);
    let mut child = begun(&ground);
    child.kill().unwrap();
    child.wait().unwrap();
    go(&ground);
    eventually("both are completed", || ground.states()["t1"] == "completed" && ground.states()["t2"] == "completed");
    ground.execute(PLAN, &[]).output().good();
    assert_eq!(runs(&ground), [1, 1, 1]);
}

#[test]
fn a_plan_that_is_changed_is_carried_out_as_it_says_now() {
    let ground = Ground::new(AGENT);
    go(&ground);
    ground.execute("- [ ] t1: One\n- [ ] t2: Two (after: t1)\n", &[]).output().good();
    let changed = "- [ ] t1: One, and more\n- [ ] t2: Two (after: t1)\n- [ ] t3: Three (after: t2)\n";
    assert_snapshot!(without_times(&ground.execute(changed, &[]).output()), @"
    batch parser: 3 of 3 tasks completed
    [stderr]
    filed 1 task with the label batch:parser
    warning: t1 was begun before the plan was changed, and stays as begun
    t3 started
    t3 completed
    to land what is completed: git agents merge --all
    [status 0]
    ");
    // What nobody has changed is no news.
    assert_snapshot!(without_times(&ground.execute(changed, &[]).output()), @"
    batch parser: 3 of 3 tasks completed
    [status 0]
    ");
}

/// What is shared meanwhile would otherwise end us at the first interrupt.
#[test]
fn an_interrupt_is_heard_after_something_was_shared() {
    let ground = Ground::new(AGENT);
    ground.sandbox.remote();
    ground.sandbox.now(&["agent", "add", "ann"]).good();
    ground.sandbox.now(&["sync"]).good();
    let plan = "- [ ] t1: One\n- [ ] t2: Two (after: t1)\n";
    let child = ground.execute(plan, &[]).spawn();
    eventually("it runs", || ground.log().len() == 1);
    signal(&child, Signal::SIGINT);
    go(&ground);
    let output = end(&ground, child);
    assert_eq!(output.status, Some(1), "{output}");
    assert!(output.stderr.contains("waiting for 1 run, which goes on also when you interrupt again"), "{output}");
    assert_eq!(ground.states().into_values().collect::<Vec<_>>(), ["completed", "open"]);
}

#[test]
fn what_is_wrong_with_the_repository_is_said_once() {
    let ground = Ground::new(AGENT);
    ground.sandbox.commit(".agents.toml", "[", "Settings");
    go(&ground);
    let output = ground.execute(PLAN, &[]).output().good();
    assert_eq!(output.stderr.matches("nothing in it counts").count(), 1, "{output}");
}
