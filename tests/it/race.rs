//! Many writers at once: everyone gets in, nobody sees an error, nothing is lost, and one task has one winner.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};

use git_agents::state::Action;
use git_agents::store::{History, STATE_REF, tip};

use crate::support::{Sandbox, Shape, id, name};

const WRITERS: usize = 8;
const EACH: usize = 50;

/// Eight processes at a time, each of which another follows in its place, write 400 tasks.
fn write_400(sandbox: &Sandbox, folders: &[PathBuf]) {
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let dir = &folders[writer % folders.len()];
            scope.spawn(move || {
                for n in 0..EACH {
                    let title = format!("Task {n} of writer {writer}");
                    // Ids are drawn: a seed would make the writers draw the same.
                    let added = sandbox.direct(["task", "add", &title]).dir(dir).without("GIT_AGENTS_SEED").output();
                    assert_eq!((added.status, added.stderr.as_str()), (Some(0), ""), "{added}");
                }
            });
        }
    });
    let state = sandbox.state();
    assert_eq!((state.tasks.len(), state.damaged.len()), (WRITERS * EACH, 0));
    let titles: BTreeSet<&str> = state.tasks.values().map(|task| task.title.as_str()).collect();
    assert_eq!(titles.len(), WRITERS * EACH, "every title once");
    assert_eq!(sandbox.operations(), WRITERS * EACH);
    assert_eq!(sandbox.git(["rev-list", "--merges", "--count", STATE_REF]), "0");
    let repo = sandbox.open();
    let operations: BTreeSet<String> = History::from(&repo, tip(&repo).unwrap())
        .map(|entry| entry.unwrap().operation.unwrap().id.to_string())
        .collect();
    assert_eq!(operations.len(), WRITERS * EACH, "every operation has an id of its own");
    sandbox.fsck();
}

#[test]
fn eight_processes_write_400_tasks_while_git_packs_refs() {
    let sandbox = Sandbox::new();
    let done = AtomicBool::new(false);
    let folder = [sandbox.repo().to_owned()];
    let packed = std::thread::scope(|scope| {
        let packer = scope.spawn(|| {
            let mut rounds = 0;
            while !done.load(Ordering::Relaxed) {
                sandbox.git(["pack-refs", "--all", "--prune"]);
                rounds += 1;
            }
            rounds
        });
        let ended = Ended(&done);
        write_400(&sandbox, &folder);
        drop(ended);
        packer.join().unwrap()
    });
    assert!(packed > 1, "refs were packed meanwhile");
}

/// Says so when it ends, however it ends: a failed assertion must not leave the other thread running.
struct Ended<'a>(&'a AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn eight_linked_worktrees_write_400_tasks() {
    let sandbox = Sandbox::new();
    let folders: Vec<PathBuf> = (0..WRITERS).map(|n| sandbox.worktree(&format!("agent-{n}"))).collect();
    write_400(&sandbox, &folders);
}

/// Start both at once, and give how each ended.
fn compete(sandbox: &Sandbox, dir: &Path, one: &[&str], other: &[&str]) -> [Option<i32>; 2] {
    let start = |words: &[&str]| sandbox.direct(words).dir(dir).without("GIT_AGENTS_SEED").spawn();
    let both = [start(one), start(other)];
    both.map(|child: Child| child.wait_with_output().unwrap().status.code())
}

/// Who of the two won, when exactly one did and the other was told so.
fn winner(ended: [Option<i32>; 2]) -> Option<&'static str> {
    match ended {
        [Some(0), Some(1)] => Some("ann"),
        [Some(1), Some(0)] => Some("bob"),
        _ => None,
    }
}

#[test]
fn a_task_that_two_assign_has_one_winner() {
    const ROUNDS: usize = 100;
    let sandbox = Sandbox::new();
    sandbox.register(&["ann", "bob"]);
    let lines: String = (0..ROUNDS).map(|n| format!("{{\"title\":\"T\",\"id\":\"t{n}\"}}\n")).collect();
    sandbox.run(["task", "import"]).input(lines).output().good();
    for n in 0..ROUNDS {
        let task = format!("t{n}");
        let ended = compete(&sandbox, sandbox.repo(), &["assign", "ann", &task], &["assign", "bob", &task]);
        let winner = winner(ended).unwrap_or_else(|| panic!("round {n}: {ended:?}"));
        let state = sandbox.state();
        assert_eq!(state.tasks[&id(&task)].agent.as_ref().unwrap().as_str(), winner, "round {n}");
    }
    assert_eq!(sandbox.operations(), ROUNDS + 2);
}

#[test]
fn the_next_task_has_one_winner_a_thousand_times() {
    const ROUNDS: usize = 1000;
    // A task that was begun often is a long document: a fresh one now and then.
    const ROUNDS_A_TASK: usize = 50;
    let sandbox = Sandbox::new();
    for name in ["ann", "bob"] {
        sandbox.direct(["agent", "add", name, "--no-worktree"]).output().good();
    }
    for n in 0..ROUNDS {
        let task = format!("t{}", n / ROUNDS_A_TASK);
        if n % ROUNDS_A_TASK == 0 {
            sandbox.direct(["task", "add", "T", "--id", &task]).output().good();
        }
        let ended = compete(&sandbox, sandbox.repo(), &["next", "ann"], &["next", "bob"]);
        let winner = winner(ended).unwrap_or_else(|| panic!("round {n}: {ended:?}"));
        let after = sandbox.act(&Action::Unassign { agent: name(winner), task: id(&task) }).state;
        let attempt = after.tasks[&id(&task)].last_attempt().unwrap();
        assert_eq!(attempt.agent.as_str(), winner, "round {n}");
        assert_eq!(after.tasks[&id(&task)].attempts.len(), n % ROUNDS_A_TASK + 1, "round {n}");
        if (n + 1) % ROUNDS_A_TASK == 0 {
            sandbox.direct(["task", "drop", &task]).output().good();
        }
    }
    assert_eq!(sandbox.operations(), 2 + 2 * ROUNDS + 2 * ROUNDS / ROUNDS_A_TASK);
}

#[test]
fn one_task_has_one_winner_where_git_keeps_the_refs() {
    let sandbox = Sandbox::shaped(Shape { reftable: true, ..Shape::default() });
    sandbox.register(&["ann", "bob"]);
    for n in 0..10 {
        let task = format!("t{n}");
        sandbox.agents(["task", "add", "T", "--id", &task]).good();
        let mut ended = compete(&sandbox, sandbox.repo(), &["assign", "ann", &task], &["assign", "bob", &task]);
        ended.sort();
        assert_eq!(ended, [Some(0), Some(1)], "round {n}");
    }
}
