//! `kill -9` while worktrees are made ready: the next command leaves nothing of them, and nobody's work is lost.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{Sandbox, name};

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.commit(".gitignore", ".env\nbuild/\n", "Ignore");
    std::fs::write(sandbox.repo().join(".worktreeinclude"), ".env\nbuild/\n").unwrap();
    std::fs::write(sandbox.repo().join(".env"), "secret\n").unwrap();
    for n in 0..50 {
        let folder = sandbox.repo().join(format!("build/{}", n % 7));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(n.to_string()), "x".repeat(n * 1000)).unwrap();
    }
    sandbox
}

/// Wait for what must happen.
fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what} has not happened");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.trim()).join("stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with(['Z', 'X']))
}

/// Start `agent add ann` and kill it while its setup runs. Gives the process id of that.
fn killed_in_setup(sandbox: &Sandbox, setup: &str) -> String {
    let pid = sandbox.root().join("pid");
    drop(std::fs::remove_file(&pid));
    sandbox.git([
        "config",
        "agents.setup",
        &format!("{setup}; echo $$ >'{0}.new'; mv '{0}.new' '{0}'; sleep 1000", pid.display()),
    ]);
    let mut child = sandbox.direct(["agent", "add", "ann"]).spawn();
    wait_for("the setup's beginning", || pid.exists());
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::read_to_string(pid).unwrap()
}

#[test]
fn a_setup_that_was_killed_is_undone() {
    let sandbox = sandbox();
    let pid = killed_in_setup(&sandbox, "touch build/made");
    let next = sandbox.direct(["agent", "add", "bob", "--no-setup"]).output().good();
    assert!(next.stderr.contains("cleared up after an interrupted command"), "{next}");
    assert!(!is_alive(&pid));
    assert_eq!(
        sandbox.git(["for-each-ref", "--format=%(refname)", "refs/heads/agents/", "refs/agents-local/backup"]),
        "refs/heads/agents/bob"
    );
    assert!(!sandbox.worktree_of("ann").exists());
    assert!(!std::fs::read_to_string(sandbox.repo().join(".git/agents/ports.json")).unwrap().contains("ann"));
    sandbox.direct(["doctor"]).output().good();
    sandbox.fsck();
}

#[test]
fn what_somebody_wrote_meanwhile_is_kept() {
    let sandbox = sandbox();
    killed_in_setup(&sandbox, "true");
    sandbox.write_as("ann", "new", "work\n");
    sandbox.write_as("ann", ".env", "changed\n");
    let next = sandbox.direct(["agent", "add", "ann", "--no-setup"]).output().good();
    let backup = sandbox.git(["for-each-ref", "--format=%(refname)", "refs/agents-local/backup"]);
    assert!(next.stderr.contains("what was in [ROOT]/repo-worktrees/ann is in refs/agents-local/backup/"), "{next}");
    assert_eq!(sandbox.git(["show", &format!("{backup}:new")]), "work");
    assert_eq!(sandbox.git(["show", &format!("{backup}:.env")]), "changed");
    assert!(!sandbox.worktree_of("ann").join("new").exists());
}

#[test]
fn what_no_backup_can_hold_stays() {
    let sandbox = sandbox();
    killed_in_setup(&sandbox, "git init -q inner");
    let next = sandbox.direct(["agent", "add", "bob", "--no-setup"]).output().good();
    assert!(next.stderr.contains("there is a repository in [ROOT]/repo-worktrees/ann"), "{next}");
    assert!(sandbox.worktree_of("ann").join("inner/.git").exists());
}

#[test]
fn a_registered_agent_gets_its_worktree_anew() {
    let sandbox = sandbox();
    sandbox.direct(["agent", "add", "ann"]).output().good();
    std::fs::remove_dir_all(sandbox.worktree_of("ann")).unwrap();
    sandbox.git(["config", "agents.setup", &format!("touch '{}'; sleep 1000", sandbox.root().join("begun").display())]);
    let mut child = sandbox.direct(["init", "ann"]).spawn();
    wait_for("the setup's beginning", || sandbox.root().join("begun").exists());
    child.kill().unwrap();
    child.wait().unwrap();
    sandbox.git(["config", "agents.setup", "touch build/ready"]);
    sandbox.direct(["init", "ann"]).output().good();
    assert!(sandbox.worktree_of("ann").join("build/ready").exists());
    sandbox.direct(["doctor"]).output().good();
}

#[test]
fn forty_killed_agent_add_with_a_setup() {
    let sandbox = sandbox();
    sandbox.git(["config", "agents.setup", "echo $GIT_AGENTS_PORT >build/port; sleep 0.03"]);
    sandbox.git(["config", "agents.ports", "20000-20019"]);
    let begun = Instant::now();
    sandbox.direct(["agent", "add", "warm"]).output().good();
    let mut span = begun.elapsed();
    sandbox.direct(["agent", "remove", "warm"]).output().good();
    let mut random = fastrand::Rng::with_seed(7);
    let mut registered = 0;
    for round in 0..40 {
        let mut child = sandbox.direct(["agent", "add", "ann"]).spawn();
        // This is the moment itself, not a wait for something to have happened.
        std::thread::sleep(span.mul_f64(random.f64() * 1.1));
        child.kill().unwrap();
        let acknowledged = child.wait_with_output().unwrap().status.success();
        let there = sandbox.state().agents.contains_key(&name("ann"));
        span = span.mul_f64(if there { 0.92 } else { 1.06 });
        assert!(there || !acknowledged, "round {round}: an acknowledged agent is missing");
        registered += usize::from(there);
        let again = sandbox.direct(["agent", "add", "ann"]).output();
        assert_eq!(again.status, Some(if there { 3 } else { 0 }), "round {round}: {again}");
        let read = |path: &str| std::fs::read_to_string(sandbox.worktree_of("ann").join(path)).unwrap();
        assert_eq!((read(".env").as_str(), read("build/0/49").len()), ("secret\n", 49_000), "round {round}");
        assert_eq!(read("build/port"), read("build/port"));
        let backups = sandbox.git(["for-each-ref", "refs/agents-local/backup"]);
        assert_eq!(backups.lines().filter(|line| line.ends_with("/ann")).count(), 0, "round {round}: {backups}");
        let examined = sandbox.direct(["doctor"]).output();
        assert_eq!(examined.status, Some(0), "round {round}: {examined}");
        sandbox.direct(["agent", "remove", "ann", "--force"]).output().good();
        for backup in sandbox.git(["for-each-ref", "--format=%(refname)", "refs/agents-local/backup"]).lines() {
            sandbox.git(["update-ref", "-d", backup]);
        }
    }
    assert!((1..40).contains(&registered), "the moments cover the whole of it: {registered} of 40");
    sandbox.fsck();
}
