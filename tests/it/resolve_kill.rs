//! `kill -9` at any moment of a resolution, of the program alone or with the git that it started: what is left, the same
//! command finishes or `merge --abort` takes back, and nothing is lost.

use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Sandbox, id, lines};

/// bob has some commits that apply, one that conflicts with what has landed, and one more.
fn in_conflict() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    for number in 0..4 {
        sandbox.commit_as("bob", &format!("own-{number}"), "By bob.\n");
    }
    sandbox.commit_as("bob", "lines", &lines(5, "bob"));
    sandbox.work_as("bob", "2", "other", "By bob.\n");
    sandbox.work_as("ann", "1", "lines", &lines(5, "ann"));
    sandbox.commit_as("ann", "new", "By ann.\n");
    sandbox.direct(["merge", "ann", "--yes"]).output().good();
    sandbox.write_as("bob", "notes", "Untracked.\n");
    sandbox
}

/// Everything that must be as it was.
fn place(sandbox: &Sandbox) -> [String; 6] {
    let dir = sandbox.worktree_of("bob");
    [
        sandbox.rev("agents/bob"),
        sandbox.git_in(&dir, ["symbolic-ref", "HEAD"]),
        sandbox.git_in(&dir, ["ls-files", "--stage"]),
        sandbox.git_in(&dir, ["status", "--porcelain", "--branch"]),
        sandbox.git_in(&dir, ["rev-parse", "--verify", "HEAD"]),
        std::fs::read_to_string(dir.join("notes")).unwrap(),
    ]
}

/// Kill it at this moment, alone or with all that it has started.
fn killed_after(sandbox: &Sandbox, words: &[&str], moment: Duration, with_all: bool) {
    let mut command = sandbox.command(Sandbox::binary());
    command.args(words).process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    // This is the moment itself, not a wait for something to have happened.
    std::thread::sleep(moment);
    match with_all {
        // It fails when all of them are gone already.
        true => drop(sandbox.command("kill").args(["-9", "--", &format!("-{}", child.id())]).output().unwrap()),
        false => child.kill().unwrap(),
    }
    child.wait().unwrap();
}

fn time_of(sandbox: &Sandbox, words: &[&str]) -> Duration {
    let begun = Instant::now();
    sandbox.direct(words).output();
    begun.elapsed()
}

/// Nothing of it is left: neither a record nor an operation.
fn is_over(sandbox: &Sandbox) {
    let again = sandbox.direct(["merge", "--abort", "--yes"]).output();
    assert!(again.stderr.starts_with("error: no conflict is being resolved\n"), "{again}");
    let doctor = sandbox.direct(["doctor"]).output();
    assert_eq!(doctor.stdout, "all is well\n");
    assert_eq!(sandbox.git(["stash", "list"]), "");
}

fn kill_and_abort(strategy: &str, rounds: usize, seed: u64) {
    let sandbox = in_conflict();
    let before = place(&sandbox);
    let resolve = ["resolve", "bob", "--strategy", strategy];
    let abort = ["merge", "--abort", "--yes"];
    let spans = [time_of(&sandbox, &resolve), time_of(&sandbox, &abort)];
    assert_eq!(before, place(&sandbox));
    let mut random = fastrand::Rng::with_seed(seed);
    for round in 0..rounds {
        let mut moment = |number: usize| spans[number].mul_f64(random.f64() * 1.1);
        let (first, second) = (moment(0), moment(1));
        let with_all = round % 2 == 0;
        let context = format!("{strategy}, round {round}, {first:?}, {second:?}");
        killed_after(&sandbox, &resolve, first, with_all);
        if round % 4 < 2 {
            // The same command goes on, or begins again.
            let mut again = sandbox.direct(resolve).output();
            if again.stderr.contains("git was killed while it resolved bob\n  try: git agents merge --abort\n") {
                sandbox.direct(abort).output().good();
                again = sandbox.direct(resolve).output();
            }
            assert_eq!(again.status, Some(1), "{context}: {again}");
            assert!(again.stdout.contains("  lines  content\n"), "{context}: {again}");
            killed_after(&sandbox, &abort, second, with_all);
        }
        let aborted = sandbox.direct(abort).output();
        let is_nothing = aborted.stderr.starts_with("error: no conflict is being resolved\n");
        assert!(aborted.status == Some(0) || is_nothing, "{context}: {aborted}");
        assert_eq!(before, place(&sandbox), "{context}: {aborted}");
        is_over(&sandbox);
    }
    sandbox.fsck();
}

#[test]
fn rebases_that_are_killed_are_taken_back() {
    kill_and_abort("rebase", 16, 1);
}

#[test]
fn merges_that_are_killed_are_taken_back() {
    kill_and_abort("merge", 16, 2);
}

#[test]
fn landings_that_are_killed_go_on() {
    let resolved = || {
        let sandbox = in_conflict();
        sandbox.direct(["resolve", "bob"]).output();
        sandbox.write_as("bob", "lines", &lines(5, "both"));
        let dir = sandbox.worktree_of("bob");
        sandbox.git_in(&dir, ["add", "lines"]);
        sandbox.git_in(&dir, ["-c", "core.editor=true", "rebase", "--continue"]);
        sandbox
    };
    let resume = ["merge", "--continue", "--yes"];
    let span = time_of(&resolved(), &resume);
    let mut random = fastrand::Rng::with_seed(3);
    for round in 0..6 {
        let sandbox = resolved();
        killed_after(&sandbox, &resume, span.mul_f64(random.f64() * 1.1), round % 2 == 0);
        let again = sandbox.direct(resume).output();
        let is_done = again.stderr.contains("no conflict is being resolved") || again.stderr.contains("has landed");
        assert!(again.status == Some(0) || is_done, "round {round}: {again}");
        assert_eq!(sandbox.git(["show", "main:lines"]) + "\n", lines(5, "both"), "round {round}");
        assert_eq!(sandbox.state().tasks[&id("2")].state.word(), "landed", "round {round}");
        is_over(&sandbox);
        sandbox.fsck();
    }
}
