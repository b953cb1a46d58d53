//! Many writers at once: everyone gets in, nobody sees an error, nothing is lost, and one task has one winner.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};

use git_agents::store::{History, STATE_REF, tip};

use crate::support::{Sandbox, Shape, id};

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

#[test]
fn one_task_has_one_winner() {
    const ROUNDS: usize = 200;
    let sandbox = Sandbox::new();
    sandbox.register(&["ann", "bob"]);
    let lines: String = (0..ROUNDS).map(|n| format!("{{\"title\":\"T\",\"id\":\"t{n}\"}}\n")).collect();
    sandbox.run(["task", "import"]).input(lines).output().good();
    let mut wins = [0, 0];
    for n in 0..ROUNDS {
        let task = format!("t{n}");
        let ended = compete(&sandbox, sandbox.repo(), &["assign", "ann", &task], &["assign", "bob", &task]);
        let winner = match ended {
            [Some(0), Some(1)] => "ann",
            [Some(1), Some(0)] => "bob",
            other => panic!("round {n}: {other:?}"),
        };
        wins[usize::from(winner == "bob")] += 1;
        let state = sandbox.state();
        assert_eq!(state.tasks[&id(&task)].agent.as_ref().unwrap().as_str(), winner, "round {n}");
    }
    assert_eq!(sandbox.operations(), ROUNDS + 2);
    eprintln!("ann won {} and bob {} of {ROUNDS}", wins[0], wins[1]);
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
