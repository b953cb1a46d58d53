//! `kill -9` while `cleanup` takes agents away: nothing is lost, and the same command again ends as if undisturbed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::support::{Sandbox, Shape, name};

const ROUNDS: usize = 12;

/// Three agents whose work has landed by hand, one in whose worktree somebody has work.
fn landed(sandbox: &Sandbox, round: usize) -> [String; 4] {
    let names = ["a", "b", "c", "d"].map(|letter| format!("{letter}{round}"));
    sandbox.direct(["init"].into_iter().chain(names.iter().map(String::as_str))).output().good();
    for agent in &names {
        sandbox.commit_as(agent, agent, "x\n");
        sandbox.git(["merge", "-q", "--no-edit", &format!("agents/{agent}")]);
    }
    sandbox.write_as(&names[3], "draft", "not committed\n");
    names
}

#[test]
fn a_killed_cleanup_is_finished_by_the_next() {
    let sandbox = Sandbox::with_agents(&["warm"]);
    sandbox.commit_as("warm", "warm", "x\n");
    sandbox.git(["merge", "-q", "agents/warm"]);
    let begun = Instant::now();
    sandbox.direct(["cleanup", "--yes"]).output().good();
    // Three agents take longer than one; what is known of the span grows and shrinks with what happens.
    let mut span = begun.elapsed() * 2;
    let mut random = fastrand::Rng::with_seed(5);
    let mut unfinished = 0;
    for round in 0..ROUNDS {
        let names = landed(&sandbox, round);
        let main = sandbox.rev("main");
        // Ids that repeat would meet the backup that a killed run has left.
        let mut child = sandbox.direct(["cleanup", "--yes"]).without("GIT_AGENTS_SEED").spawn();
        let moment = span.mul_f64(random.f64());
        // This is the moment itself, not a wait for something to have happened.
        std::thread::sleep(Duration::max(moment, Duration::from_millis(1)));
        child.kill().unwrap();
        let was_done = child.wait_with_output().unwrap().status.success();
        span = span.mul_f64(if was_done { 0.85 } else { 1.1 });
        unfinished += usize::from(!was_done);
        let again = sandbox.direct(["cleanup", "--yes"]).output();
        assert_eq!(again.status, Some(0), "round {round}, {moment:?}: {again}");
        let state = sandbox.state();
        let known: Vec<String> = state.agents.keys().map(ToString::to_string).collect();
        assert_eq!(known, [names[3].clone()], "round {round}, {moment:?}: {again}");
        assert!(state.agents.contains_key(&name(&names[3])));
        let branches = sandbox.git(["for-each-ref", "--format=%(refname:short)", "refs/heads/agents/"]);
        assert_eq!(branches, format!("agents/{}", names[3]), "round {round}, {moment:?}");
        let folders = sandbox.root().join("repo-worktrees").read_dir().unwrap().count();
        assert_eq!(folders, 1, "round {round}, {moment:?}: a folder was left behind");
        assert_eq!(sandbox.git(["worktree", "list"]).lines().count(), 2, "round {round}, {moment:?}");
        assert_eq!(sandbox.dirt(&names[3]), "?? draft", "round {round}, {moment:?}");
        assert_eq!(sandbox.rev("main"), main, "round {round}, {moment:?}");
        let journal = sandbox.repo().join(".git/agents/journal").read_dir().unwrap();
        let left = journal.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|end| end == "json"));
        assert_eq!(left.count(), 0, "round {round}, {moment:?}: the journal has something left");
        sandbox.direct(["agent", "remove", &names[3], "--force"]).output().good();
    }
    assert!(unfinished > 0, "no kill came before the end");
    sandbox.fsck();
}

/// The one moment that a random kill seldom meets, made certain: git asks this hook before it moves the state, and the
/// hook kills the program, which has taken the worktree and the branch away by then.
const KILLER: &str = r#"#!/bin/sh
grep -q refs/agents/state || exit 0
[ "$1" = prepared ] || exit 0
kill -9 "$(cut -d' ' -f4 "/proc/$PPID/stat")"
exit 1
"#;

#[test]
fn a_removal_that_was_not_recorded_is_recorded_by_the_next_command() {
    let sandbox = Sandbox::shaped(Shape { reftable: true, ..Shape::default() });
    sandbox.agents(["init", "ann", "bob"]).good();
    sandbox.commit_as("ann", "ann", "x\n");
    let tip = sandbox.rev("agents/ann");
    sandbox.git(["merge", "-q", "agents/ann"]);
    let hook = sandbox.repo().join(".git/hooks/reference-transaction");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, KILLER).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let killed = sandbox.direct(["cleanup", "ann", "--yes"]).output();
    fs::remove_file(&hook).unwrap();
    assert_eq!(killed.status, None, "{killed}");
    assert!(!sandbox.worktree_of("ann").exists() && sandbox.state().agents.contains_key(&name("ann")));
    // The same command again is not about an agent that nobody knows.
    assert_snapshot!(sandbox.agents(["cleanup", "ann", "--yes"]), @"
    nothing to clean up
    [stderr]
    finished the interrupted removal of ann; its work is in refs/agents-local/backup/[OPERATION]/ann
    [status 0]
    ");
    sandbox.is_gone("ann");
    // And can be taken back like any other.
    sandbox.agents(["undo", "--yes"]).good();
    assert_eq!(sandbox.rev("agents/ann"), tip);
    sandbox.fsck();
}
