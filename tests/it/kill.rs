//! `kill -9` at any moment: the state loads, what was acknowledged is there, and the next command works.
//!
//! The moments are drawn from a seed and spread over the time that an undisturbed run takes on this machine, so that
//! every stage of a write is hit.

use std::time::{Duration, Instant};

use git_agents::store::STATE_REF;

use crate::support::{Sandbox, Shape, id};

/// How long a write takes here, at the median of some runs.
fn undisturbed(sandbox: &Sandbox) -> Duration {
    let mut times: Vec<Duration> = (0..9)
        .map(|n| {
            let begun = Instant::now();
            sandbox.direct(["assign", "ann", &format!("warm-{n}"), "T"]).output().good();
            begun.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

/// Kill `rounds` writers at random moments; gives how many of them had written.
fn kill_writers(sandbox: &Sandbox, rounds: usize, seed: u64) -> usize {
    sandbox.register(&["ann"]);
    let whole = undisturbed(sandbox);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut written = 0;
    for n in 0..rounds {
        let task = format!("t{n}");
        let mut child = sandbox.direct(["assign", "ann", &task, "T"]).spawn();
        // This is the moment itself, not a wait for something to have happened.
        std::thread::sleep(whole.mul_f64(random.f64() * 1.1));
        child.kill().unwrap();
        let acknowledged = child.wait_with_output().unwrap().status.success();
        let state = sandbox.state();
        assert!(state.damaged.is_empty(), "round {n}: {:?}", state.damaged);
        let there = state.tasks.get(&id(&task));
        assert!(there.is_some() || !acknowledged, "round {n}: an acknowledged write is missing");
        assert!(there.is_none_or(|task| task.state.word() == "assigned"), "round {n}: half a write");
        written += usize::from(there.is_some());
        let next = sandbox.direct(["assign", "ann", &format!("next-{n}"), "T"]).output();
        assert_eq!((next.status, next.stderr.as_str()), (Some(0), ""), "round {n}: {next}");
    }
    assert_eq!(sandbox.operations(), 1 + 9 + rounds + written);
    sandbox.fsck();
    written
}

#[test]
fn two_hundred_killed_writers() {
    let sandbox = Sandbox::new();
    let written = kill_writers(&sandbox, 200, 1);
    assert!((1..200).contains(&written), "the moments cover the whole of a write: {written} of 200 had written");
}

#[test]
fn killed_writers_where_git_keeps_the_refs() {
    let sandbox = Sandbox::shaped(Shape { reftable: true, ..Shape::default() });
    kill_writers(&sandbox, 30, 2);
}

#[test]
fn a_lock_that_a_killed_writer_left_is_cleared() {
    let sandbox = Sandbox::new();
    sandbox.agents(["task", "add", "T", "--id", "1"]).good();
    // As a writer leaves it that is killed while it swaps the ref.
    let lock = sandbox.repo().join(".git").join(format!("{STATE_REF}.lock"));
    std::fs::write(&lock, "").unwrap();
    std::fs::write(sandbox.repo().join(".git/agents/lock"), "swapping\n").unwrap();
    sandbox.agents(["task", "add", "T", "--id", "2"]).good();
    assert!(!lock.exists());
    assert_eq!(sandbox.operations(), 2);
}

#[test]
fn a_lock_that_somebody_else_holds_is_left_alone_and_named() {
    let sandbox = Sandbox::new();
    sandbox.agents(["task", "add", "T", "--id", "1"]).good();
    let lock = sandbox.repo().join(".git").join(format!("{STATE_REF}.lock"));
    std::fs::write(&lock, "").unwrap();
    insta::assert_snapshot!(sandbox.refused(["task", "add", "T", "--id", "2"]), @"
    [stderr]
    error: refs/agents/state is locked by [ROOT]/repo/.git/refs/agents/state.lock
      try: git agents doctor --fix
    [status 4]
    ");
    assert!(lock.exists(), "it may be at work");
    std::fs::remove_file(&lock).unwrap();
    sandbox.agents(["task", "add", "T", "--id", "2"]).good();
}
