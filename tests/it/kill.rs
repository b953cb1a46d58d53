//! `kill -9` at any moment: the state loads, what was acknowledged is there, and the next command works.
//!
//! The moments are drawn from a seed and spread over the time that a run takes on this machine, so that every stage of a
//! write is hit. How long that is, is learned on the way: the machine's other work comes and goes.

use std::time::{Duration, Instant};

use git_agents::store::STATE_REF;

use crate::support::{Sandbox, Shape, id, name};

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

/// The time over which moments are spread.
struct Span(Duration);

impl Span {
    /// A moment in it, or shortly after.
    fn moment(&self, random: &mut fastrand::Rng) -> Duration {
        self.0.mul_f64(random.f64() * 1.1)
    }

    /// Runs that are done make it shorter, runs that are not make it longer: both keep on happening.
    fn learn(&mut self, was_done: bool) {
        self.0 = self.0.mul_f64(if was_done { 0.92 } else { 1.06 });
    }
}

/// Kill `rounds` writers at random moments; gives how many of them had written.
fn kill_writers(sandbox: &Sandbox, rounds: usize, seed: u64) -> usize {
    sandbox.register(&["ann"]);
    let mut span = Span(undisturbed(sandbox));
    let mut random = fastrand::Rng::with_seed(seed);
    let mut written = 0;
    for n in 0..rounds {
        let task = format!("t{n}");
        let mut child = sandbox.direct(["assign", "ann", &task, "T"]).spawn();
        // This is the moment itself, not a wait for something to have happened.
        std::thread::sleep(span.moment(&mut random));
        child.kill().unwrap();
        let acknowledged = child.wait_with_output().unwrap().status.success();
        let state = sandbox.state();
        assert!(state.damaged.is_empty(), "round {n}: {:?}", state.damaged);
        let there = state.tasks.get(&id(&task));
        assert!(there.is_some() || !acknowledged, "round {n}: an acknowledged write is missing");
        assert!(there.is_none_or(|task| task.state.word() == "assigned"), "round {n}: half a write");
        written += usize::from(there.is_some());
        span.learn(there.is_some());
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

/// How long `words` takes here when nobody disturbs it.
fn duration_of(sandbox: &Sandbox, words: &[&str]) -> Duration {
    let begun = Instant::now();
    sandbox.direct(words).output().good();
    begun.elapsed()
}

/// Start it, kill it at this moment, and say whether it had acknowledged what it did.
fn killed_after(sandbox: &Sandbox, words: &[&str], moment: Duration) -> bool {
    let mut child = sandbox.direct(words).spawn();
    std::thread::sleep(moment);
    child.kill().unwrap();
    child.wait_with_output().unwrap().status.success()
}

/// Every registered agent has its branch and its worktree, nobody else has, and doctor has nothing to say.
fn all_agents_are_whole(sandbox: &Sandbox, round: usize) {
    let state = sandbox.state();
    let branches: Vec<String> = state.agents.values().map(|agent| format!("refs/heads/{}", agent.branch)).collect();
    let refs = sandbox.git(["for-each-ref", "--format=%(refname)", "refs/heads/agents/"]);
    assert_eq!(refs.lines().collect::<Vec<_>>(), branches, "round {round}");
    let listed = sandbox.git(["worktree", "list", "--porcelain"]);
    let mut checked_out: Vec<&str> = listed.lines().filter_map(|line| line.strip_prefix("branch ")).skip(1).collect();
    checked_out.sort_unstable();
    assert_eq!(checked_out, branches, "round {round}");
    let mut folders: Vec<String> = sandbox
        .root()
        .join("repo-worktrees")
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort_unstable();
    assert_eq!(folders, state.agents.keys().map(ToString::to_string).collect::<Vec<_>>(), "round {round}");
    let examined = sandbox.direct(["doctor"]).output();
    assert_eq!(examined.status, Some(0), "round {round}: {examined}");
}

#[test]
fn a_hundred_killed_agent_add() {
    let sandbox = Sandbox::new();
    let mut span = Span(duration_of(&sandbox, &["agent", "add", "warm"]));
    let mut random = fastrand::Rng::with_seed(3);
    let mut registered = 0;
    for round in 0..100 {
        let agent = format!("a{round}");
        let moment = span.moment(&mut random);
        let acknowledged = killed_after(&sandbox, &["agent", "add", &agent], moment);
        let there = sandbox.state().agents.contains_key(&name(&agent));
        span.learn(there);
        assert!(there || !acknowledged, "round {round}: an acknowledged agent is missing");
        registered += usize::from(there);
        let again = sandbox.direct(["agent", "add", &agent]).output();
        assert_eq!(again.status, Some(if there { 3 } else { 0 }), "round {round}, {moment:?}: {again}");
        all_agents_are_whole(&sandbox, round);
        sandbox.direct(["agent", "remove", &agent]).output().good();
    }
    assert!((1..100).contains(&registered), "the moments cover the whole of it: {registered} of 100");
    sandbox.fsck();
}

#[test]
fn fifty_killed_init() {
    let sandbox = Sandbox::new();
    let mut span = Span(duration_of(&sandbox, &["init", "warm-1", "warm-2", "warm-3"]));
    let mut random = fastrand::Rng::with_seed(4);
    for round in 0..50 {
        let agents = ["x", "y", "z"].map(|letter| format!("{letter}{round}"));
        let words = ["init", &agents[0], &agents[1], &agents[2]];
        let moment = span.moment(&mut random);
        let acknowledged = killed_after(&sandbox, &words, moment);
        let there = agents.iter().filter(|agent| sandbox.state().agents.contains_key(&name(agent))).count();
        span.learn(there == 3);
        assert!(there == 3 || !acknowledged, "round {round}: an acknowledged agent is missing");
        let again = sandbox.direct(words).output();
        assert_eq!(again.status, Some(0), "round {round}, {moment:?}: {again}");
        all_agents_are_whole(&sandbox, round);
        for agent in &agents {
            sandbox.direct(["agent", "remove", agent]).output().good();
        }
    }
    sandbox.fsck();
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
