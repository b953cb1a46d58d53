//! Checkouts of every kind that git knows come along, with the right files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use insta::assert_snapshot;

use crate::support::Sandbox;

/// The target in a checkout that has gone on since ann began.
fn begun() -> Sandbox {
    let sandbox = Sandbox::new();
    for (path, content) in [("src/a", "a\n"), ("src/b", "b\n"), ("docs/a", "a\n")] {
        sandbox.commit(path, content, path);
    }
    sandbox.direct(["init", "ann"]).output().good();
    sandbox
}

fn land(sandbox: &Sandbox) {
    sandbox.commit("meanwhile", "On main.\n", "Meanwhile");
    sandbox.direct(["merge", "ann", "--yes"]).output().good();
    sandbox.fsck();
}

fn script(sandbox: &Sandbox, name: &str, text: &str) -> String {
    let path: PathBuf = sandbox.root().join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_sparse_checkout() {
    for index in ["--no-sparse-index", "--sparse-index"] {
        let sandbox = begun();
        sandbox.commit_as("ann", "src/a", "By ann.\n");
        sandbox.commit_as("ann", "docs/a", "By ann.\n");
        sandbox.git(["sparse-checkout", "set", "--cone", index, "src"]);
        land(&sandbox);
        assert_eq!(fs::read_to_string(sandbox.repo().join("src/a")).unwrap(), "By ann.\n");
        assert!(!sandbox.repo().join("docs").exists(), "what was left out stays out");
        assert_eq!(sandbox.git(["status", "--porcelain"]), "");
        sandbox.is_clean("ann");
        sandbox.direct(["undo", "--yes"]).output().good();
        assert_eq!(sandbox.git(["status", "--porcelain"]), "");
        assert!(!sandbox.repo().join("docs").exists());
    }
}

#[test]
fn files_that_git_is_told_not_to_look_at() {
    let refused = ["--assume-unchanged", "--skip-worktree"].map(|flag| {
        let sandbox = begun();
        sandbox.commit_as("ann", "docs/a", "By ann.\n");
        sandbox.git(["update-index", flag, "src/a", "src/b"]);
        fs::write(sandbox.repo().join("src/a"), "my own settings\n").unwrap();
        land(&sandbox);
        assert_eq!(fs::read_to_string(sandbox.repo().join("src/a")).unwrap(), "my own settings\n");
        sandbox.commit_as("ann", "src/a", "By ann.\n");
        sandbox.refused(["merge", "ann", "--yes"])
    });
    assert_eq!(refused[0], refused[1]);
    assert_snapshot!(refused[0], @"
    [stderr]
    error: main at [ROOT]/repo cannot come along: error: Entry 'src/a' not uptodate. Cannot merge.
      try: git agents status
    [status 3]
    ");
}

#[test]
fn a_submodule() {
    let inner = Sandbox::new();
    let first = inner.rev("HEAD");
    let second = inner.commit("more", "more\n", "More");
    let sandbox = Sandbox::new();
    let allow = ["-c", "protocol.file.allow=always"];
    let add = ["submodule", "--quiet", "add", inner.repo().to_str().unwrap(), "inner"];
    sandbox.git([&allow[..], &add].concat());
    let module = sandbox.repo().join("inner");
    sandbox.git_in(&module, ["checkout", "-q", &first]);
    sandbox.git(["commit", "-q", "-am", "A submodule"]);
    sandbox.direct(["init", "ann"]).output().good();
    let theirs = sandbox.worktree_of("ann");
    sandbox.git_in(&theirs, ["update-index", "--cacheinfo", &format!("160000,{second},inner")]);
    sandbox.git_in(&theirs, ["commit", "-q", "-m", "The next version"]);
    sandbox.commit_as("ann", "file", "By ann.\n");
    fs::write(module.join("README"), "edited in the submodule\n").unwrap();
    land(&sandbox);
    // As after `git merge`: the submodule's own files are the user's to update.
    assert_eq!(sandbox.git_in(&module, ["rev-parse", "HEAD"]), first);
    assert_eq!(fs::read_to_string(module.join("README")).unwrap(), "edited in the submodule\n");
    assert_eq!(sandbox.git(["status", "--porcelain"]), " M inner");
    assert_eq!(sandbox.rev("main:inner"), second);
    sandbox.git_in(&module, ["checkout", "-q", "README"]);
    sandbox.git([&allow[..], &["submodule", "--quiet", "update"]].concat());
    assert_eq!(sandbox.git(["status", "--porcelain"]), "");
}

#[test]
fn a_watched_checkout() {
    let sandbox = begun();
    // Says which files it knows to have changed, as watchman's hook does; it is asked with its version and its last word.
    let asked = sandbox.root().join("asked");
    let hook = script(&sandbox, "watch", &format!("echo $1 >>'{}'; printf 'token\\0/\\0'", asked.display()));
    sandbox.git(["config", "core.fsmonitor", &hook]);
    sandbox.git(["config", "core.untrackedCache", "true"]);
    sandbox.git(["update-index", "--fsmonitor"]);
    sandbox.git(["status"]);
    sandbox.commit_as("ann", "src/a", "By ann.\n");
    sandbox.commit_as("ann", "new", "By ann.\n");
    fs::write(sandbox.repo().join("src/b"), "edited\n").unwrap();
    fs::write(sandbox.repo().join("untracked"), "untracked\n").unwrap();
    land(&sandbox);
    assert!(asked.exists());
    assert_eq!(fs::read_to_string(sandbox.repo().join("src/a")).unwrap(), "By ann.\n");
    assert_eq!(sandbox.git(["status", "--porcelain"]), " M src/b\n?? untracked");
    sandbox.git(["config", "core.fsmonitor", "false"]);
    assert_eq!(sandbox.git(["status", "--porcelain"]), " M src/b\n?? untracked");
}

#[test]
fn large_files_that_are_kept_elsewhere() {
    let sandbox = begun();
    let store = sandbox.root().join("store");
    fs::create_dir(&store).unwrap();
    // As git-lfs does it: the commit has the name of the content, the checkout has the content.
    let (dir, name) = (store.display(), "$(git hash-object -t blob --stdin <\"$t\")");
    let clean = script(
        &sandbox,
        "clean",
        &format!("t=$(mktemp); cat >\"$t\"; n={name}; mv \"$t\" '{dir}'/$n; echo pointer $n"),
    );
    let smudge =
        script(&sandbox, "smudge", &format!("read word n && ! test -e '{dir}'/offline && exec cat '{dir}'/$n"));
    for (key, value) in [("required", "true"), ("clean", &clean), ("smudge", &smudge)] {
        sandbox.git(["config", &format!("filter.elsewhere.{key}"), value]);
    }
    sandbox.commit(".gitattributes", "*.big filter=elsewhere\n", "Large files");
    sandbox.direct(["rebase", "ann"]).output().good();
    sandbox.commit_as("ann", "file.big", "a large file\n");
    assert!(sandbox.git(["show", "agents/ann:file.big"]).starts_with("pointer "));
    land(&sandbox);
    assert_eq!(fs::read_to_string(sandbox.repo().join("file.big")).unwrap(), "a large file\n");
    assert_eq!(sandbox.git(["status", "--porcelain"]), "");
    sandbox.commit_as("ann", "file.big", "a larger file\n");
    sandbox.commit("again", "On main.\n", "Again");
    fs::write(store.join("offline"), "").unwrap();
    let refused = sandbox.refused(["merge", "ann", "--yes"]);
    assert!(refused.stderr.contains("smudge filter elsewhere failed"), "{refused}");
    assert_eq!((refused.status, sandbox.git(["status", "--porcelain"]).as_str()), (Some(3), ""));
    sandbox.is_clean("ann");
    fs::remove_file(store.join("offline")).unwrap();
    sandbox.direct(["merge", "ann", "--yes"]).output().good();
    assert_eq!(fs::read_to_string(sandbox.repo().join("file.big")).unwrap(), "a larger file\n");
}
