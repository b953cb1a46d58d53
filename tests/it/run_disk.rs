//! Runs on a disk that is full: what cannot be kept is counted, how it ended is known all the same, and what cannot be
//! started leaves nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Sandbox, eventually};

/// A small disk for the folder of the runs.
struct Disk {
    path: PathBuf,
}

impl Disk {
    fn mount(path: &Path) -> Result<Self, String> {
        std::fs::create_dir_all(path).unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=256k,mode=0700", "runs"]).arg(path).output();
        let output = mount.map_err(|error| error.to_string())?;
        match output.status.success() {
            true => Ok(Disk { path: path.to_owned() }),
            false => Err(String::from_utf8_lossy(&output.stderr).trim_end().to_owned()),
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(&self.path).status());
    }
}

/// Who wants it to end, and how long it has for that, needs no room.
#[test]
fn a_full_disk_keeps_nobody_from_ending_a_run() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let runs = sandbox.repo().join(".git/agents/runs");
    let _disk = match Disk::mount(&runs) {
        Ok(disk) => disk,
        Err(reason) => return eprintln!("SKIPPED: no disk can be mounted: {reason}"),
    };
    let script = "trap 'touch heard; exit 7' TERM; touch ready; while :; do sleep 0.05; done";
    let id = sandbox.start_run("ann", script, &[]);
    eventually("it listens", || sandbox.worktree_of("ann").join("ready").exists());
    assert!(std::fs::write(runs.join("fill"), vec![b'x'; 1 << 20]).is_err(), "it is full");
    sandbox.now(&["kill", "ann"]).good();
    let run = sandbox.run_of("ann");
    assert_eq!((run["state"].as_str(), run["by"].as_str()), (Some("killed"), Some("Ann")));
    assert_eq!(run["exit_code"], 7, "it had its time");
    assert!(sandbox.worktree_of("ann").join("heard").exists());
    sandbox.run_is_gone(&id);
}

#[test]
fn a_full_disk_takes_output_and_nothing_else() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    let runs = sandbox.repo().join(".git/agents/runs");
    let _disk = match Disk::mount(&runs) {
        Ok(disk) => disk,
        Err(reason) => return eprintln!("SKIPPED: no disk can be mounted: {reason}"),
    };
    let id = sandbox.start_run("ann", "head -c 1000000 /dev/zero | tr '\\0' x; exit 5", &[]);
    assert_eq!(sandbox.now(&["wait", "ann"]).status, Some(1));
    let run = sandbox.run_of("ann");
    assert_eq!((run["state"].as_str(), run["exit_code"].as_i64()), (Some("failed"), Some(5)));
    let (kept, dropped) = (sandbox.now(&["logs", "ann"]).stdout.len() as u64, run["dropped"].as_u64().unwrap());
    assert!(kept > 0 && kept + dropped == 1_000_000, "{kept} {dropped}");
    sandbox.run_is_gone(&id);
    // Its end is in the history, although that could not be noted beside it.
    let recorded = || {
        let log = sandbox.git(["log", "--format=%s", "refs/agents/state"]);
        log.lines().filter(|line| line.contains("run of ann")).count()
    };
    sandbox.now(&["runs"]).good();
    assert_eq!(recorded(), 1);
    sandbox.now(&["runs"]).good();
    assert_eq!(recorded(), 1);
    let refused = sandbox.now(&["run", "bob", "--", "touch", "was-here"]);
    assert_eq!(refused.status, Some(4), "{refused}");
    assert_eq!(std::fs::read_dir(&runs).unwrap().count(), 1, "nothing of it stays");
    assert!(!sandbox.worktree_of("bob").join("was-here").exists());
}
