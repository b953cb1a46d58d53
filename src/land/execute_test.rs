//! Landings carried out, undone, and killed at every step.

use std::path::PathBuf;

use super::*;
use crate::land::build::tests::{agent, request, source};
use crate::land::finish::Finished;
use crate::land::fixture::{Fixture, Shape, ann, lines, lines_with, read_in, write_in};
use crate::land::plan::{Built, Stop};
use crate::land::{Questions, Recovered, plan, plan_rebase, plan_undo, recover};
use crate::worktree::follow::Blocked;
use crate::worktree::journal;

const STATE: &str = "refs/agents/state";

fn run(fixture: &Fixture, built: &Built, operation: &str) -> Result<Executed, ExecuteError> {
    run_with(fixture, built, operation, None)
}

fn run_with(
    fixture: &Fixture,
    built: &Built,
    operation: &str,
    state: Option<&RefUpdate>,
) -> Result<Executed, ExecuteError> {
    let signature = ann();
    let execution = Execution {
        plan: &built.plan,
        scratch: &built.scratch,
        operation,
        state,
        message: "agents: land",
        signature: &signature,
    };
    execute(&fixture.open(), &execution)
}

fn state_update(fixture: &Fixture) -> RefUpdate {
    RefUpdate { name: STATE.into(), expected: Expected::Missing, new: Some(fixture.id("main")), message: "op".into() }
}

fn recovered(fixture: &Fixture) -> Vec<Recovered> {
    let questions = Questions { is_registered: &|_| false, is_recorded: &|_| false };
    fixture.entries_are_free();
    recover(&fixture.open(), &questions, &ann()).unwrap()
}

fn journal_is_empty(fixture: &Fixture) -> bool {
    fixture.dir().join(".git/agents/journal").read_dir().map_or(true, |mut entries| entries.next().is_none())
}

/// Two agents with something to land.
fn two_agents(shape: Shape) -> (Fixture, PathBuf, PathBuf) {
    let fixture = Fixture::shaped(shape);
    let one = agent(&fixture, "one", "a.txt", &lines_with(20, 5, "one"));
    let two = agent(&fixture, "two", "b.txt", "two\n");
    fixture.write("z.txt", "z\n");
    fixture.commit("main goes on");
    (fixture, one, two)
}

#[test]
fn a_landing_moves_everything_and_can_be_undone() {
    for shape in
        [Shape::default(), Shape { reftable: true, ..Shape::default() }, Shape { sha256: true, ..Shape::default() }]
    {
        let (fixture, one, two) = two_agents(shape);
        let refs_before = fixture.git(&["for-each-ref", "refs/heads"]);
        fixture.write("edited.txt", "mine\n");
        write_in(&one, "untracked.txt", "mine\n");
        fixture.write("z.txt", "edited\n");
        let built = plan(&fixture.open(), &request(&["one", "two"])).unwrap();
        let done = run_with(&fixture, &built, "op1", Some(&state_update(&fixture))).unwrap();
        let end = built.plan.target_after().unwrap();
        for name in ["main", "agents/one", "agents/two"] {
            assert_eq!(fixture.id(&format!("refs/heads/{name}")), end);
        }
        assert!(fixture.try_git_in(&fixture.dir(), &["rev-parse", "--verify", "-q", STATE]));
        assert_eq!(fixture.status_in(&fixture.dir()), " M z.txt\n?? edited.txt");
        assert_eq!(fixture.status_in(&one), "?? untracked.txt");
        assert_eq!((fixture.status_in(&two).as_str(), read_in(&two, "z.txt").as_str()), ("", "z\n"));
        assert!(done.followed.iter().all(|(_, result)| *result == Followed::Done));
        assert_eq!(done.backups[0], "refs/agents-local/backup/op1/heads/main");
        let log = fixture.git(&["log", "-g", "-1", "--format=%gs", "refs/heads/agents/one"]);
        assert_eq!(log, "agents: land");
        assert!(journal_is_empty(&fixture));

        let undo = plan_undo(&fixture.open(), &built.plan.moves).unwrap();
        run(&fixture, &undo, "op2").unwrap();
        assert_eq!(fixture.git(&["for-each-ref", "refs/heads"]), refs_before);
        assert_eq!(fixture.status_in(&fixture.dir()), " M z.txt\n?? edited.txt");
        assert!(!two.join("z.txt").exists());
        let again = plan_undo(&fixture.open(), &built.plan.moves).unwrap();
        assert!(matches!(again.plan.refusals[0], Refusal::Elsewhere { .. }));
        assert!(matches!(run(&fixture, &again, "op3"), Err(ExecuteError::Refused { .. })));
    }
}

#[test]
fn the_target_may_be_nowhere_or_in_a_linked_worktree() {
    let (fixture, one, _) = two_agents(Shape::default());
    fixture.git(&["checkout", "-q", "--detach"]);
    let built = plan(&fixture.open(), &request(&["one"])).unwrap();
    run(&fixture, &built, "op1").unwrap();
    assert!(!fixture.dir().join("b.txt").exists());
    assert_eq!(read_in(&one, "z.txt"), "z\n");
    let linked = fixture.root().join("linked");
    fixture.git(&["worktree", "add", "-q", linked.to_str().unwrap(), "main"]);
    let built = plan(&fixture.open(), &request(&["two"])).unwrap();
    run(&fixture, &built, "op2").unwrap();
    assert_eq!((read_in(&linked, "b.txt").as_str(), fixture.status_in(&linked).as_str()), ("two\n", ""));
}

#[test]
fn a_bare_repository_with_worktrees() {
    let (source, ..) = two_agents(Shape::default());
    let fixture = Fixture::shaped(Shape { bare: true, ..Shape::default() });
    source.git(&["push", "-q", fixture.dir().to_str().unwrap(), "main"]);
    let one = agent(&fixture, "one", "b.txt", "one\n");
    let main = fixture.root().join("main");
    fixture.git(&["worktree", "add", "-q", main.to_str().unwrap(), "main"]);
    write_in(&main, "more.txt", "more\n");
    fixture.commit_in(&main, "more");
    let built = plan(&fixture.open(), &request(&["one"])).unwrap();
    run(&fixture, &built, "op1").unwrap();
    assert_eq!((read_in(&main, "b.txt").as_str(), fixture.status_in(&main).as_str()), ("one\n", ""));
    assert_eq!(fixture.status_in(&one), "");
    assert!(fixture.dir().join("agents").is_dir());
}

#[test]
fn what_moved_since_the_plan_changes_nothing() {
    let (fixture, one, _) = two_agents(Shape::default());
    let built = plan(&fixture.open(), &request(&["one", "two"])).unwrap();
    write_in(&one, "late.txt", "late\n");
    fixture.commit_in(&one, "late");
    let before = fixture.git(&["for-each-ref"]);
    let error = run(&fixture, &built, "op1").unwrap_err();
    assert!(matches!(error, ExecuteError::Outdated { name, .. } if name == "refs/heads/agents/one"));
    let built = plan(&fixture.open(), &request(&["one", "two"])).unwrap();
    fixture.write("b.txt", "in the way since\n");
    let error = run(&fixture, &built, "op1").unwrap_err();
    assert!(matches!(error, ExecuteError::Refused { .. }));
    std::fs::remove_file(fixture.dir().join("b.txt")).unwrap();
    // Only the state moved: found by the transaction itself.
    fixture.git(&["update-ref", "refs/agents/other", "main^"]);
    let state = RefUpdate { name: "refs/agents/other".into(), ..state_update(&fixture) };
    let error = run_with(&fixture, &built, "op1", Some(&state)).unwrap_err();
    assert!(matches!(error, ExecuteError::Outdated { name, .. } if name == "refs/agents/other"));
    fixture.git(&["update-ref", "-d", "refs/agents/other"]);
    assert_eq!(fixture.git(&["for-each-ref"]), before);
    assert!(journal_is_empty(&fixture) && recovered(&fixture).is_empty());
}

#[test]
fn a_rebase_keeps_the_old_tip() {
    let (fixture, one, _) = two_agents(Shape::default());
    let old = fixture.id("agents/one");
    let built = plan_rebase(&fixture.open(), &source("one"), fixture.id("main"), &ann()).unwrap();
    run(&fixture, &built, "op1").unwrap();
    assert_eq!(fixture.id("refs/agents-local/backup/op1/heads/agents/one"), old);
    assert_eq!(fixture.id("agents/one^"), fixture.id("main"));
    assert_eq!(fixture.status_in(&one), "");
}

/// Do what `execute` does up to the point where a kill ends it: the journal is written, and the first `moved` of the
/// refs have moved.
fn killed(fixture: &Fixture, moved: usize) -> (Built, Vec<RefIntent>) {
    let built = plan(&fixture.open(), &request(&["one", "two"])).unwrap();
    let (repo, state, signature) = (fixture.open(), state_update(fixture), ann());
    built.scratch.migrate(&repo).unwrap();
    let execution = Execution {
        plan: &built.plan,
        scratch: &built.scratch,
        operation: "op1",
        state: Some(&state),
        message: "agents: land",
        signature: &signature,
    };
    let intent = intent_of(&repo, &execution);
    for one in &intent.refs[..moved] {
        refs::transaction(&repo, &[one.update("agents: land").unwrap()], &signature).unwrap();
    }
    drop(Entry::begin(&repo, "op1", finish::KIND, &intent).unwrap());
    let refs = intent.refs;
    (built, refs)
}

#[test]
fn killed_after_any_ref_the_next_command_finishes_or_drops_it() {
    // Three backups, the target, the state, two branches.
    for moved in [0, 3, 4, 5, 7] {
        let (fixture, one, two) = two_agents(Shape::default());
        let before = fixture.git(&["for-each-ref", "refs/heads", "refs/agents"]);
        fixture.write("edited.txt", "mine\n");
        let (built, refs) = killed(&fixture, moved);
        assert_eq!(refs.len(), 7);
        if let Some(next) = refs.get(moved) {
            // As a git that was killed while it moved the next one.
            let lock = refs::lock_path(&fixture.open(), &next.name);
            std::fs::create_dir_all(lock.parent().unwrap()).unwrap();
            std::fs::write(lock, format!("{}\n", next.after.clone().unwrap())).unwrap();
        }
        let of_head = fixture.dir().join(".git/HEAD.lock");
        std::fs::write(&of_head, "").unwrap();
        let found = recovered(&fixture);
        assert!(!of_head.exists());
        let [Recovered::Landing { finished, .. }] = &found[..] else { panic!("{found:?}") };
        if moved <= 3 {
            assert_eq!(*finished, Finished::Dropped);
            assert_eq!(fixture.git(&["for-each-ref", "refs/heads", "refs/agents"]), before);
        } else {
            assert!(
                matches!(finished, Finished::Completed { elsewhere, unrecorded: false, .. } if elsewhere.is_empty())
            );
            for one in &refs {
                assert_eq!(Some(fixture.id(&one.name)), one.after_id().unwrap());
            }
            assert_eq!(fixture.status_in(&fixture.dir()), "?? edited.txt");
            assert_eq!((fixture.status_in(&one), fixture.status_in(&two)), (String::new(), String::new()));
        }
        assert!(journal_is_empty(&fixture) && recovered(&fixture).is_empty());
        if moved <= 3 {
            let again = plan(&fixture.open(), &request(&["one", "two"])).unwrap();
            run(&fixture, &again, "op2").unwrap();
        }
        drop(built);
    }
}

#[test]
fn a_lock_on_the_packed_refs_is_cleared_where_refs_were_deleted() {
    let (fixture, ..) = two_agents(Shape::default());
    let (_built, _) = killed(&fixture, 0);
    let lock = fixture.dir().join(".git/packed-refs.lock");
    std::fs::write(&lock, "").unwrap();
    recovered(&fixture);
    // Nothing of ours takes it where nothing is deleted.
    assert!(lock.exists());
    let one = RefIntent {
        name: "refs/heads/gone".into(),
        before: Some(fixture.id("main").to_string()),
        after: None,
        is_backup: false,
        is_state: false,
    };
    let intent = Intent { refs: vec![one], worktrees: Vec::new(), message: "undo".into() };
    drop(Entry::begin(&fixture.open(), "op2", finish::KIND, &intent).unwrap());
    recovered(&fixture);
    assert!(!lock.exists() && journal_is_empty(&fixture));
}

#[test]
fn killed_while_worktrees_follow() {
    let (fixture, one, _) = two_agents(Shape::default());
    killed(&fixture, 7);
    // The first half of a checkout, and an edit that somebody made before anything was finished.
    write_in(&fixture.dir(), "b.txt", "tw");
    std::fs::write(fixture.dir().join(".git/index.lock"), "").unwrap();
    write_in(&one, "z.txt", "somebody's\n");
    let found = recovered(&fixture);
    let [Recovered::Landing { finished: Finished::Completed { followed, .. }, .. }] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(followed.iter().filter(|(_, result)| *result == Followed::Done).count(), 2);
    assert!(followed.contains(&(one.clone(), Followed::Kept { paths: vec!["z.txt".into()] })));
    assert_eq!(fixture.status_in(&fixture.dir()), "");
    assert_eq!((read_in(&one, "z.txt").as_str(), fixture.status_in(&one).as_str()), ("somebody's\n", " M z.txt"));
}

#[test]
fn what_went_elsewhere_since_the_kill_is_told_and_stays() {
    let (fixture, one, _) = two_agents(Shape::default());
    killed(&fixture, 4);
    write_in(&one, "since.txt", "since\n");
    let since = fixture.commit_in(&one, "since");
    fixture.git(&["update-ref", STATE, &since.to_string()]);
    let found = recovered(&fixture);
    let [Recovered::Landing { finished: Finished::Completed { elsewhere, unrecorded, .. }, .. }] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!((elsewhere.as_slice(), *unrecorded), (&["refs/heads/agents/one".to_owned()][..], true));
    assert_eq!(fixture.id("agents/one"), since);
    assert_eq!(fixture.status_in(&one), "");
    assert!(journal_is_empty(&fixture));
}

#[test]
fn a_worktree_that_cannot_follow_yet_does_so_later() {
    let (fixture, one, _) = two_agents(Shape::default());
    killed(&fixture, 7);
    fixture.git_in(&one, &["bisect", "start"]);
    let found = recovered(&fixture);
    assert!(matches!(&found[..], [Recovered::Landing { finished: Finished::Completed { .. }, .. }]));
    assert!(!journal_is_empty(&fixture));
    fixture.git_in(&one, &["bisect", "reset"]);
    recovered(&fixture);
    assert!(journal_is_empty(&fixture));
    assert_eq!(fixture.status_in(&one), "");
    assert!(journal::abandoned(&fixture.open()).unwrap().is_empty());
}

#[test]
fn a_commit_that_is_going_on_and_a_missing_folder_stop_the_landing() {
    let (fixture, one, two) = two_agents(Shape::default());
    let before = fixture.git(&["for-each-ref", "refs/heads"]);
    let built = plan(&fixture.open(), &request(&["one", "two"])).unwrap();
    // What `git commit -a` leaves there while its hook runs or its editor is open.
    let index = fixture.dir().join(".git/index");
    let lock = index.with_extension("lock");
    std::fs::copy(&index, &lock).unwrap();
    let error = run(&fixture, &built, "op1").unwrap_err();
    let is_locked = |refusal: &Refusal| matches!(refusal, Refusal::Worktree { reason: Blocked::Locked { path }, .. } if *path == lock);
    assert!(matches!(error, ExecuteError::Refused { refusals } if is_locked(&refusals[0])));
    let again = plan(&fixture.open(), &request(&["one"])).unwrap();
    assert!(is_locked(&again.plan.refusals[0]));
    std::fs::remove_file(&lock).unwrap();
    let lock = fixture.dir().join(".git/worktrees/one/index.lock");
    std::fs::write(&lock, "").unwrap();
    let again = plan(&fixture.open(), &request(&["one", "two"])).unwrap();
    let reason = Blocked::Locked { path: lock.clone() };
    assert_eq!(again.plan.stopped[0].reason, Stop::Worktree { path: one.clone(), reason });
    std::fs::remove_file(&lock).unwrap();

    let away = fixture.root().join("away");
    std::fs::rename(&two, &away).unwrap();
    assert!(matches!(run(&fixture, &built, "op1"), Err(ExecuteError::Refused { .. })));
    let again = plan(&fixture.open(), &request(&["one", "two"])).unwrap();
    assert_eq!(again.plan.stopped[0].reason, Stop::Worktree { path: two.clone(), reason: Blocked::Missing });
    std::fs::rename(&away, &two).unwrap();
    assert_eq!(fixture.git(&["for-each-ref", "refs/heads"]), before);
    assert!(journal_is_empty(&fixture));
    run(&fixture, &built, "op1").unwrap();
}

#[test]
fn a_target_that_was_checked_out_meanwhile_is_planned_again() {
    let (fixture, ..) = two_agents(Shape::default());
    fixture.git(&["checkout", "-q", "--detach"]);
    let built = plan(&fixture.open(), &request(&["one"])).unwrap();
    fixture.git(&["checkout", "-q", "main"]);
    let error = run(&fixture, &built, "op1").unwrap_err();
    assert!(matches!(error, ExecuteError::Outdated { name, .. } if name == "refs/heads/main"));
}

#[test]
fn files_that_cannot_be_written_after_the_move_can_be_undone() {
    let (fixture, one, two) = two_agents(Shape::default());
    let refs_before = fixture.git(&["for-each-ref", "refs/heads"]);
    // A filter that fails from the moment on when the refs have moved.
    let (hooks, flag) = (fixture.root().join("hooks"), fixture.root().join("flag"));
    write_in(&hooks, "reference-transaction", &format!("#!/bin/sh\ntouch '{}'\n", flag.display()));
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(hooks.join("reference-transaction"), executable).unwrap();
    fixture.git(&["config", "core.hooksPath", hooks.to_str().unwrap()]);
    write_in(&fixture.dir(), ".git/info/attributes", "b.txt filter=x\n");
    fixture.git(&["config", "filter.x.required", "true"]);
    fixture.git(&["config", "filter.x.clean", "cat"]);
    fixture.git(&["config", "filter.x.smudge", &format!("! test -f '{}' && cat", flag.display())]);
    std::fs::remove_file(&flag).ok();
    let built = plan(&fixture.open(), &request(&["one", "two"])).unwrap();
    let state = state_update(&fixture);
    let done = run_with(&fixture, &built, "op1", Some(&state)).unwrap();
    let ends: Vec<bool> = done.followed.iter().map(|(_, how)| matches!(how, Followed::Later { .. })).collect();
    // Only two has the file already.
    assert_eq!(ends, [true, true, false]);
    let end = built.plan.target_after().unwrap();
    assert_eq!(fixture.id("main"), end);
    // Nothing is half way, and whoever comes next is neither stopped nor let onto the old files.
    assert_eq!(read_in(&fixture.dir(), "a.txt"), lines(20));
    assert_eq!(fixture.git(&["diff", "--name-only"]), "");
    let found = recovered(&fixture);
    assert!(matches!(&found[..], [Recovered::Landing { finished: Finished::Completed { .. }, .. }]), "{found:?}");
    assert!(!journal_is_empty(&fixture));
    write_in(&two, "more.txt", "more\n");
    fixture.commit_in(&two, "more");
    let next = plan(&fixture.open(), &request(&["two"])).unwrap();
    assert!(matches!(&next.plan.refusals[..], [Refusal::Worktree { reason: Blocked::Behind, .. }]));
    fixture.git_in(&two, &["reset", "-q", "--hard", "HEAD^"]);

    let undo = plan_undo(&fixture.open(), &built.plan.moves).unwrap();
    assert_eq!(undo.plan.refusals, []);
    run(&fixture, &undo, "op2").unwrap();
    assert_eq!(fixture.git(&["for-each-ref", "refs/heads"]), refs_before);
    // What is left of the landing does not move them again, though it is recorded.
    fixture.entries_are_free();
    let questions = Questions { is_registered: &|_| false, is_recorded: &|_| true };
    recover(&fixture.open(), &questions, &ann()).unwrap();
    assert!(journal_is_empty(&fixture));
    assert_eq!(fixture.git(&["for-each-ref", "refs/heads"]), refs_before);
    for dir in [&fixture.dir(), &one, &two] {
        assert_eq!(fixture.status_in(dir), "");
    }
}
