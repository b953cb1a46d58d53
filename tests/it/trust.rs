//! A repository of somebody else: git refuses it, and so does every command, before anything in it is run.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use insta::assert_snapshot;

use crate::support::Sandbox;

fn give_away(path: &Path) {
    if path.is_dir() && !path.is_symlink() {
        for entry in std::fs::read_dir(path).unwrap() {
            give_away(&entry.unwrap().path());
        }
    }
    if !path.is_symlink() {
        chown(path, Some(1234), Some(1234)).unwrap();
    }
}

#[test]
fn every_command_refuses_and_runs_nothing() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    if std::fs::metadata(sandbox.repo()).unwrap().uid() != 0 {
        eprintln!("skipped: only root can give a repository away");
        return;
    }
    let (program, proof) = (sandbox.root().join("monitor"), sandbox.root().join("monitor-was-run"));
    std::fs::write(&program, format!("#!/bin/sh\ntouch '{}'\n", proof.display())).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    sandbox.git(["config", "core.fsmonitor", program.to_str().unwrap()]);
    // It would be run, were the repository ours.
    sandbox.git(["status"]);
    assert!(proof.exists(), "the trap does not work");
    std::fs::remove_file(&proof).unwrap();
    give_away(sandbox.repo());

    assert_snapshot!(sandbox.direct(["status"]).output(), @"
    [stderr]
    error: detected dubious ownership in repository at '[ROOT]/repo'
      try: git config --global --add safe.directory [ROOT]/repo
    [status 3]
    ");
    let commands: &[&[&str]] = &[
        &["init", "bob"],
        &["agent", "add", "bob"],
        &["agent", "list"],
        &["agent", "show", "ann"],
        &["agent", "remove", "ann", "--force"],
        &["task", "add", "One"],
        &["task", "list"],
        &["assign", "ann", "1", "One"],
        &["start", "ann"],
        &["next", "ann"],
        &["complete", "ann"],
        &["fail", "ann", "--reason", "x"],
        &["ready"],
        &["conflicts"],
        &["merge-order"],
        &["rebase", "ann"],
        &["merge", "--all", "--yes"],
        &["findings"],
        &["log"],
        &["undo", "--yes"],
        &["reset", "--yes"],
        &["doctor"],
        &["doctor", "--fix"],
    ];
    for command in commands {
        let output = sandbox.direct(command.iter()).output();
        assert_eq!(output.status, Some(3), "{command:?}: {output}");
        assert!(output.stderr.contains("safe.directory"), "{command:?}: {output}");
        assert!(!proof.exists(), "{command:?} has run a program of the repository's");
    }
}
