//! `git agents hooks`: a pre-commit hook, worktree by worktree, and never in anybody's place.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use insta::assert_snapshot;

use crate::support::{Output, Sandbox, Shape};

/// Ann has `src` for herself.
fn claimed() -> Sandbox {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.agents(["claim", "ann", "src", "--exclusive"]).good();
    sandbox
}

fn hook_file(sandbox: &Sandbox) -> PathBuf {
    sandbox.repo().join(".git/hooks/pre-commit")
}

fn from(sandbox: &Sandbox, agent: &str, args: &[&str]) -> Output {
    sandbox.direct(args).dir(sandbox.worktree_of(agent)).output()
}

/// Stage and commit `path` in the worktree of an agent, with these options.
fn commit(sandbox: &Sandbox, agent: &str, path: &str, options: &[&str]) -> Output {
    let worktree = sandbox.worktree_of(agent);
    std::fs::create_dir_all(worktree.join(path).parent().unwrap()).unwrap();
    std::fs::write(worktree.join(path), "x\n").unwrap();
    sandbox.git_in(&worktree, ["add", "--", path]);
    sandbox.program("git").args(["commit", "-q", "-m", "x"]).args(options).dir(&worktree).output()
}

#[test]
fn a_commit_of_what_another_has_for_himself_is_stopped() {
    let sandbox = claimed();
    assert_snapshot!(from(&sandbox, "bob", &["hooks", "install"]), @"
    commits in [ROOT]/repo-worktrees/bob are guarded
    [status 0]
    ");
    assert_snapshot!(from(&sandbox, "bob", &["hooks", "install"]), @"
    commits in [ROOT]/repo-worktrees/bob are guarded already
    [status 0]
    ");
    assert_snapshot!(std::fs::read_to_string(hook_file(&sandbox)).unwrap(), @r#"
    #!/bin/sh
    # Installed by `git agents hooks install`, and taken away by `git agents hooks uninstall`.
    # It is for the worktrees where it was installed, and stops a commit only for a no: others' exclusive claims.
    test -e "$(git rev-parse --git-dir)/agents-guard" || exit 0
    command -v git-agents >/dev/null || exit 0
    git-agents guard --staged
    test $? -ne 1
    "#);
    assert_snapshot!(commit(&sandbox, "bob", "src/a", &[]), @"
    [stderr]
    denied  src/a is in src, which is claimed exclusively by ann until 2026-01-05 11:00 UTC
      try: git agents claims
    [status 1]
    ");
    // The commit of a part has an index of its own.
    std::fs::write(sandbox.worktree_of("bob").join("README"), "mine\n").unwrap();
    let part = sandbox.program("git").args(["commit", "-q", "-m", "part", "README"]);
    assert_snapshot!(part.dir(sandbox.worktree_of("bob")).output(), @"[status 0]");
    assert_snapshot!(commit(&sandbox, "bob", "src/a", &["--no-verify"]), @"[status 0]");
    assert_snapshot!(commit(&sandbox, "ann", "src/b", &[]), @"[status 0]");
    // Only Bob's worktree was asked for; Ann's and the main one commit as ever.
    sandbox.commit("src/c", "x\n", "Unguarded");
}

#[test]
fn a_failure_of_the_guard_stops_no_commit() {
    let sandbox = claimed();
    from(&sandbox, "bob", &["hooks", "install"]).good();
    sandbox.git(["update-ref", "refs/agents/state", "HEAD"]);
    assert_snapshot!(commit(&sandbox, "bob", "src/a", &[]), @"
    [stderr]
    error: [COMMIT] is no state of git-agents: it holds no format.json
      try: git agents doctor
      try: git agents recover
    [status 0]
    ");
    // The program has gone.
    let git = sandbox.program("sh").args(["-c", "command -v git"]).output().good().stdout;
    let bin = sandbox.root().join("bin");
    std::fs::create_dir(&bin).unwrap();
    for program in ["sh", "test", "git"] {
        let path = if program == "git" { PathBuf::from(git.trim()) } else { PathBuf::from("/bin").join(program) };
        drop(std::os::unix::fs::symlink(path, bin.join(program)));
    }
    let bob = sandbox.worktree_of("bob");
    let without = sandbox.program("git").args(["commit", "-q", "--allow-empty", "-m", "x"]).dir(&bob).path(&[&bin]);
    assert_snapshot!(without.output(), @"[status 0]");
}

#[test]
fn uninstalling_leaves_nothing_behind() {
    let sandbox = claimed();
    let files = || {
        let listed = sandbox.program("sh").args(["-c", "find .git -name '*pre-commit' -o -name 'agents-guard' | sort"]);
        listed.output().stdout
    };
    let before = (files(), sandbox.git(["config", "--list", "--local"]));
    assert_snapshot!(sandbox.agents(["hooks", "install", "--all"]), @"
    commits in [ROOT]/repo-worktrees/ann are guarded
    commits in [ROOT]/repo-worktrees/bob are guarded
    [status 0]
    ");
    assert_snapshot!(files(), @"
    .git/hooks/pre-commit
    .git/worktrees/ann/agents-guard
    .git/worktrees/bob/agents-guard
    ");
    assert_snapshot!(from(&sandbox, "ann", &["hooks", "uninstall"]), @"
    commits in [ROOT]/repo-worktrees/ann are not guarded any more
    [status 0]
    ");
    assert_snapshot!(from(&sandbox, "ann", &["hooks", "uninstall"]), @"
    commits in [ROOT]/repo-worktrees/ann were not guarded
    [status 0]
    ");
    assert!(hook_file(&sandbox).exists(), "Bob's worktree still asks");
    assert_snapshot!(sandbox.agents(["hooks", "uninstall", "--all", "--json"]), @r#"
    {
      "installed": false,
      "kind": "hooks",
      "version": 1,
      "worktrees": [
        {
          "changed": false,
          "worktree": "[ROOT]/repo-worktrees/ann"
        },
        {
          "changed": true,
          "worktree": "[ROOT]/repo-worktrees/bob"
        }
      ]
    }
    [status 0]
    "#);
    assert_eq!((files(), sandbox.git(["config", "--list", "--local"])), before);
}

#[test]
fn a_hook_that_is_there_is_nobodys_to_touch() {
    let sandbox = claimed();
    let hook = hook_file(&sandbox);
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\nexit 0\n").unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_snapshot!(sandbox.unchanged(|| from(&sandbox, "bob", &["hooks", "install"])), @"
    [stderr]
    error: there is a pre-commit hook already: [ROOT]/repo/.git/hooks/pre-commit
      try: put this line into [ROOT]/repo/.git/hooks/pre-commit, before it ends: ! command -v git-agents >/dev/null || git-agents guard --staged || test $? -ne 1 || exit 1
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["hooks", "uninstall", "--all"]), @"
    commits in [ROOT]/repo-worktrees/ann were not guarded
    commits in [ROOT]/repo-worktrees/bob were not guarded
    [status 0]
    ");
    assert_eq!(std::fs::read_to_string(&hook).unwrap(), "#!/bin/sh\nexit 0\n");
    // The line that is asked for works.
    let line = "! command -v git-agents >/dev/null || git-agents guard --staged || test $? -ne 1 || exit 1";
    std::fs::write(&hook, format!("#!/bin/sh -e\n{line}\nexit 0\n")).unwrap();
    assert_snapshot!(commit(&sandbox, "bob", "src/a", &[]), @"
    [stderr]
    denied  src/a is in src, which is claimed exclusively by ann until 2026-01-05 11:00 UTC
      try: git agents claims
    [status 1]
    ");
    // One that was changed after it was installed is somebody's own.
    std::fs::remove_file(&hook).unwrap();
    from(&sandbox, "bob", &["hooks", "install"]).good();
    let ours = std::fs::read_to_string(&hook).unwrap();
    std::fs::write(&hook, format!("{ours}# mine\n")).unwrap();
    from(&sandbox, "bob", &["hooks", "uninstall"]).good();
    assert!(hook.exists());
    std::fs::remove_file(&hook).unwrap();
    std::os::unix::fs::symlink("nowhere", &hook).unwrap();
    assert_eq!(sandbox.unchanged(|| from(&sandbox, "bob", &["hooks", "install"])).status, Some(3));
}

#[test]
fn a_folder_of_hooks_that_is_configured_is_not_ours() {
    let sandbox = claimed();
    sandbox.git(["config", "core.hooksPath", ".husky"]);
    assert_snapshot!(sandbox.unchanged(|| from(&sandbox, "bob", &["hooks", "install"])), @"
    [stderr]
    error: core.hooksPath names the folder of hooks: [ROOT]/repo-worktrees/bob/.husky
      try: put this line into [ROOT]/repo-worktrees/bob/.husky/pre-commit: ! command -v git-agents >/dev/null || git-agents guard --staged || test $? -ne 1 || exit 1
      try: git config --show-origin core.hooksPath
    [status 3]
    ");
    assert!(!hook_file(&sandbox).exists());
}

#[test]
fn a_worktree_is_needed() {
    let sandbox = Sandbox::shaped(Shape { bare: true, ..Shape::default() });
    assert_snapshot!(sandbox.refused(["hooks", "install"]), @"
    [stderr]
    error: this is not in a worktree
      try: the same command with --all
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["hooks", "install", "--all"]), @"
    no agent has a worktree
    [status 0]
    ");
}

#[test]
fn without_any_folder_of_hooks_there_is_none() {
    let sandbox = claimed();
    sandbox.git(["config", "core.hooksPath", ""]);
    assert_snapshot!(sandbox.agents(["hooks", "install", "--all"]), @"
    [stderr]
    error: core.hooksPath is set and empty, so git runs no hooks here
      try: git config --show-origin core.hooksPath
      try: git config --unset core.hooksPath
    [status 3]
    ");
}
