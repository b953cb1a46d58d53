//! Runs that are alive although no record says so: their plan cannot be read, their folder was deleted, or they belong to
//! the repository that this one was copied from. What is ours is found and ended, and nothing else is.

use git_agents::process::table;
use insta::assert_snapshot;
use rustix::process::Signal;

use crate::support::{Sandbox, eventually};

/// The supervisor of a run does nothing until it is told to go on.
fn stop_supervisor(sandbox: &Sandbox, id: &str) {
    let supervisor = sandbox.run_record(id, "started.json")["supervisor"].clone();
    let pid = i32::try_from(supervisor["pid"].as_i64().unwrap()).unwrap();
    table::signal(pid, supervisor["start"].as_u64().unwrap(), Signal::STOP).unwrap();
}

/// Whether anything carries the mark of a run.
fn is_alive(id: &str) -> bool {
    !table::marked(git_agents::run::MARK, id).is_empty()
}

#[test]
fn a_plan_that_cannot_be_read_hides_no_run() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    let id = sandbox.start_run("ann", "sleep 1000", &[]);
    let plan = sandbox.run_folder(&id).join("plan.json");
    let whole = std::fs::read_to_string(&plan).unwrap();
    std::fs::write(&plan, whole.replace("\"argv\"", "\"words\"")).unwrap();
    assert_snapshot!(sandbox.agents(["runs"]), @"
    no runs
    [stderr]
    warning: ann runs, and its records cannot be read; git agents kill ann ends it
    [status 0]
    ");
    let doctor = sandbox.agents(["doctor"]);
    assert_eq!(doctor.status, Some(1));
    assert!(doctor.stdout.contains("error: a run of ann is alive, and "), "{doctor}");
    assert!(doctor.stdout.contains("  try: git agents kill ann\n"), "{doctor}");
    assert_snapshot!(sandbox.agents(["run", "ann", "--", "true"]), @"
    [stderr]
    error: ann is running in its worktree
      try: git agents kill ann
    [status 3]
    ");
    assert_eq!(sandbox.now(&["agent", "remove", "ann"]).status, Some(3));
    // It is in nobody else's way.
    sandbox.start_run("bob", "exit 0", &[]);
    assert_eq!(sandbox.now(&["wait", "bob"]).status, Some(0));
    assert_snapshot!(sandbox.agents(["kill", "ann"]), @"
    ann's run is ended: it had no records that can be read
    [status 0]
    ");
    sandbox.run_is_gone(&id);
    assert_eq!(sandbox.agents(["kill", "ann"]).status, Some(3));
}

/// Somebody holds it, and neither it nor who holds it can be looked at.
#[test]
fn what_may_be_anybodys_is_said_to_be() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let id = sandbox.start_run("ann", "exit 0", &[]);
    sandbox.now(&["wait", "ann"]).good();
    sandbox.run_is_gone(&id);
    std::fs::write(sandbox.run_folder(&id).join("plan.json"), "{").unwrap();
    let held = std::fs::File::open(sandbox.run_folder(&id).join("lock")).unwrap();
    held.lock().unwrap();
    for command in [&["run", "ann", "--", "true"][..], &["kill", "ann"]] {
        let refused = sandbox.agents(command);
        assert_eq!(refused.status, Some(3));
        assert_eq!(
            refused.stderr,
            "error: a run is alive whose records cannot be read: it may be ann's\n  \
             try: git agents doctor\n  try: git agents kill --all\n"
        );
    }
    assert!(sandbox.agents(["status"]).stderr.contains("an agent runs, and its records cannot be read"));
    let killed = sandbox.agents(["kill", "--all"]);
    assert_eq!(killed.status, Some(4));
    assert!(killed.stderr.contains("could not be ended"), "{killed}");
}

#[test]
fn a_run_whose_folder_is_deleted_ends() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let id = sandbox.start_run("ann", "trap '' TERM; setsid sleep 1000 & sleep 1000", &[]);
    std::fs::remove_dir_all(sandbox.run_folder(&id)).unwrap();
    eventually("it has noticed", || !is_alive(&id));
    assert_eq!(sandbox.now(&["doctor"]).status, Some(0));
}

#[test]
fn a_run_whose_folder_is_deleted_is_found() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let stranger = Sandbox::with_agents(&["ann"]);
    let id = sandbox.start_run("ann", "sleep 1000", &[]);
    stop_supervisor(&sandbox, &id);
    std::fs::remove_dir_all(sandbox.repo().join(".git/agents")).unwrap();
    // Not of another repository.
    std::fs::remove_dir_all(stranger.repo().join(".git/agents")).ok();
    assert_snapshot!(stranger.agents(["kill", "--all"]), @"
    nothing runs
    [status 0]
    ");
    assert_eq!(stranger.now(&["kill", "ann"]).status, Some(3));
    assert_eq!(stranger.now(&["doctor"]).status, Some(0));
    assert!(is_alive(&id));
    assert_snapshot!(sandbox.agents(["runs"]).stderr, @"warning: ann runs, and its records cannot be read; git agents kill ann ends it");
    assert_eq!(sandbox.agents(["run", "ann", "--", "true"]).status, Some(3));
    assert_eq!(sandbox.agents(["doctor"]).status, Some(1));
    assert_snapshot!(sandbox.agents(["kill", "--all"]), @"
    ann's run is ended: it had no records that can be read
    [status 0]
    ");
    assert!(!is_alive(&id));
    sandbox.start_run("ann", "exit 0", &[]);
    assert_eq!(sandbox.now(&["wait", "ann"]).status, Some(0));
}

/// What is copied with a repository says of runs that they are lost. They live, and are the other one's.
#[test]
fn a_run_of_the_repository_that_was_copied_is_not_ours() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let id = sandbox.start_run("ann", "sleep 1000", &[]);
    let copy = sandbox.root().join("copy");
    assert!(sandbox.command("cp").arg("-R").arg(sandbox.repo()).arg(&copy).status().unwrap().success());
    let there = |args: &[&str]| sandbox.direct(args).without("GIT_COMMITTER_DATE").dir(&copy).output();
    let shown = there(&["runs", "--json"]).good().json()["runs"][0].clone();
    assert_eq!(shown.get("state"), Some(&serde_json::Value::Null));
    assert_eq!(shown["reason"], "it was started in the folder that this one was copied from");
    let history = there(&["log"]).stdout;
    assert!(!history.contains("lost"), "{history}");
    assert_eq!(there(&["kill", "ann"]).status, Some(3));
    assert_eq!(there(&["kill", "--all"]).good().stdout, "nothing runs\n");
    there(&["doctor", "--fix"]);
    there(&["cleanup", "--runs", "--older-than", "0s", "--yes"]);
    std::fs::remove_dir_all(copy.join(".git/agents")).unwrap();
    assert_eq!(there(&["kill", "--all"]).good().stdout, "nothing runs\n");
    assert_eq!(sandbox.run_state("ann"), "working");
    sandbox.now(&["kill", "ann"]).good();
    sandbox.run_is_gone(&id);
}

/// Whoever deletes the lock from under a supervisor does not make it go away.
#[test]
fn a_run_whose_lock_is_deleted_is_told_to_end() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let id = sandbox.start_run("ann", "trap 'exit 7' TERM; touch ready; while :; do sleep 0.05; done", &[]);
    eventually("it listens", || sandbox.worktree_of("ann").join("ready").exists());
    std::fs::remove_file(sandbox.run_folder(&id).join("lock")).unwrap();
    assert_eq!(sandbox.run_state("ann"), "working");
    assert_eq!(sandbox.now(&["run", "ann", "--", "true"]).status, Some(3));
    sandbox.now(&["kill", "ann"]).good();
    let run = sandbox.run_of("ann");
    assert_eq!((run["state"].as_str(), run["exit_code"].as_i64()), (Some("killed"), Some(7)));
}

/// A repository that was moved has the runs that it had.
#[test]
fn a_run_of_a_repository_that_was_moved_goes_on() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let id = sandbox.start_run("ann", "sleep 1000", &[]);
    let moved = sandbox.root().join("moved");
    std::fs::rename(sandbox.repo(), &moved).unwrap();
    let there = |args: &[&str]| sandbox.direct(args).without("GIT_COMMITTER_DATE").dir(&moved).output();
    assert_eq!(there(&["runs", "--json"]).good().json()["runs"][0]["state"], "working");
    assert_eq!(there(&["kill", "ann", "--json"]).good().json()["killed"][0]["run"]["state"], "killed");
    assert!(!is_alive(&id));
}

/// Whatever takes the place of a repository that was moved has none of its runs.
#[test]
fn a_run_of_the_repository_that_was_here_is_not_ours() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let id = sandbox.start_run("ann", "sleep 1000", &[]);
    let moved = sandbox.root().join("moved");
    std::fs::rename(sandbox.repo(), &moved).unwrap();
    let state_there = || sandbox.direct(["runs", "--json"]).dir(&moved).output().json()["runs"][0]["state"].clone();
    assert!(
        sandbox.command("cp").current_dir(&moved).arg("-R").arg(&moved).arg(sandbox.repo()).status().unwrap().success()
    );
    assert_eq!(sandbox.now(&["kill", "ann"]).status, Some(3));
    assert_eq!(sandbox.now(&["kill", "--all"]).good().stdout, "nothing runs\n");
    std::fs::remove_dir_all(sandbox.run_folder(&id)).unwrap();
    assert_eq!(sandbox.now(&["kill", "--all"]).good().stdout, "nothing runs\n");
    assert_eq!(state_there(), "working");
    sandbox.direct(["kill", "ann"]).without("GIT_COMMITTER_DATE").dir(&moved).output().good();
    assert!(!is_alive(&id));
}

/// That another run's folder is there says nothing.
#[test]
fn a_run_whose_folder_alone_is_deleted_is_found() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    let id = sandbox.start_run("ann", "sleep 1000", &[]);
    sandbox.start_run("bob", "sleep 1000", &[]);
    stop_supervisor(&sandbox, &id);
    std::fs::remove_dir_all(sandbox.run_folder(&id)).unwrap();
    let warning = "warning: ann runs, and its records cannot be read; git agents kill ann ends it\n";
    assert_eq!(sandbox.now(&["runs"]).stderr, warning);
    assert_eq!(sandbox.now(&["wait", "bob", "--timeout", "1s"]).stderr, warning);
    assert_eq!(sandbox.now(&["run", "ann", "--", "true"]).status, Some(3));
    assert_eq!(sandbox.now(&["agent", "remove", "ann"]).status, Some(3));
    sandbox.now(&["kill", "--all"]).good();
    assert!(!is_alive(&id));
}

/// Who holds it cannot be seen, and what it is about to start cannot be known: nobody is starting anything.
#[test]
fn a_run_without_a_plan_is_somebodys() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let id = sandbox.start_run("ann", "exit 0", &[]);
    sandbox.now(&["wait", "ann"]).good();
    sandbox.run_is_gone(&id);
    std::fs::remove_file(sandbox.run_folder(&id).join("plan.json")).unwrap();
    let held = std::fs::File::open(sandbox.run_folder(&id).join("lock")).unwrap();
    held.lock().unwrap();
    assert!(sandbox.now(&["runs"]).stderr.contains("an agent runs, and its records cannot be read"));
    for command in [&["run", "ann", "--", "true"][..], &["agent", "remove", "ann"], &["reset", "--yes"]] {
        assert_eq!(sandbox.now(command).status, Some(3), "{command:?}");
    }
    assert_eq!(sandbox.now(&["kill", "--all"]).status, Some(4));
    // Whoever starts one has written no plan yet.
    let queue = std::fs::File::open(sandbox.repo().join(".git/agents/runs.lock")).unwrap();
    queue.lock().unwrap();
    assert_eq!(sandbox.now(&["runs"]).stderr, "");
}

#[test]
fn nothing_is_forgotten_that_runs() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.start_run("ann", "sleep 1000", &[]);
    assert_snapshot!(sandbox.agents(["reset", "--yes"]), @"
    [stderr]
    error: an agent is running
      try: git agents runs
      try: git agents kill --all
    [status 3]
    ");
    assert_eq!(sandbox.state().agents.len(), 2);
    sandbox.now(&["kill", "--all"]).good();
    sandbox.now(&["reset", "--yes"]).good();
}
