//! A setup that fills the disk, and files that do not fit: nothing is left of the worktree, and there is room again.

use std::path::PathBuf;

use crate::support::{Output, Sandbox};

/// A small disk; gone when dropped.
struct Disk<'s> {
    sandbox: &'s Sandbox,
    path: PathBuf,
}

impl<'s> Disk<'s> {
    fn mount(sandbox: &'s Sandbox) -> Option<Self> {
        let path = sandbox.root().join("disk");
        std::fs::create_dir(&path).unwrap();
        let mounted = sandbox.command("mount").args(["-t", "tmpfs", "-o", "size=12m", "disk"]).arg(&path).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Disk { sandbox, path })
    }

    fn repo(&self) -> PathBuf {
        self.path.join("repo")
    }

    fn git(&self, args: &[&str]) -> String {
        self.sandbox.git_in(&self.repo(), args)
    }

    fn add_ann(&self) -> Output {
        self.sandbox.direct(["agent", "add", "ann", "--quiet"]).dir(self.repo()).output()
    }

    #[track_caller]
    fn is_as_before(&self) {
        assert_eq!(self.git(&["for-each-ref", "refs/heads/agents/", "refs/agents-local/"]), "");
        assert_eq!(self.git(&["worktree", "list"]).lines().count(), 1);
        assert!(!self.path.join("repo-worktrees/ann").exists());
        let journal = self.repo().join(".git/agents/journal").read_dir();
        assert!(journal.is_err() || journal.unwrap().next().is_none());
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        drop(self.sandbox.command("umount").arg("--lazy").arg(&self.path).status());
    }
}

#[test]
fn a_disk_that_was_filled_has_room_again() {
    let sandbox = Sandbox::new();
    let Some(disk) = Disk::mount(&sandbox) else {
        eprintln!("SKIPPED: no disk was full in this run, because none can be mounted");
        return;
    };
    std::fs::create_dir(disk.repo()).unwrap();
    disk.git(&["init", "-q"]);
    for (key, value) in [("user.name", "Ann"), ("user.email", "ann@example.com")] {
        disk.git(&["config", key, value]);
    }
    std::fs::write(disk.repo().join(".gitignore"), "*.out\n.worktreeinclude\n").unwrap();
    disk.git(&["add", "-A"]);
    disk.git(&["commit", "-qm", "Begin"]);
    disk.git(&["config", "agents.setup", "cat /dev/zero >fill.out"]);
    let filled = disk.add_ann();
    assert_eq!(filled.status, Some(4), "{filled}");
    assert!(filled.stderr.contains("No space left on device"), "{filled}");
    disk.is_as_before();
    // Half of what is there does not fit beside it.
    disk.git(&["config", "--unset", "agents.setup"]);
    for n in 0..7 {
        std::fs::write(disk.repo().join(format!("{n}.out")), vec![1; 1 << 20]).unwrap();
    }
    std::fs::write(disk.repo().join(".worktreeinclude"), "*.out\n").unwrap();
    let too_large = disk.add_ann();
    assert_eq!(too_large.status, Some(4), "{too_large}");
    assert!(too_large.stderr.contains("could not be written: No space left on device"), "{too_large}");
    disk.is_as_before();
    std::fs::write(disk.repo().join(".worktreeinclude"), "/1.out\n").unwrap();
    disk.add_ann().good();
    assert_eq!(std::fs::read(disk.path.join("repo-worktrees/ann/1.out")).unwrap(), vec![1; 1 << 20]);
}
