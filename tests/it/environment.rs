//! Places where the program cannot do its work: each is told in one sentence with a next step, and nothing is changed.

use std::path::{Path, PathBuf};
use std::process::Command;

use insta::assert_snapshot;

use crate::support::{Output, Sandbox, Shape};

#[test]
fn outside_of_any_repository() {
    let sandbox = Sandbox::new();
    let outside = sandbox.root().join("home");
    let run = |words: &[&str]| sandbox.run(words).dir(&outside).output();
    assert_snapshot!(run(&["task", "list"]), @"
    [stderr]
    error: . is not in a git repository
      try: git init
    [status 3]
    ");
    assert_snapshot!(run(&["task", "add", "T"]), @"
    [stderr]
    error: . is not in a git repository
      try: git init
    [status 3]
    ");
    assert_snapshot!(run(&["task", "add", "T", "--json"]), @r#"
    [stderr]
    {"error":{"code":"not-a-repository","hints":["git init"],"message":". is not in a git repository"},"kind":"error","version":1}
    [status 3]
    "#);
    assert_snapshot!(run(&["log"]), @"
    [stderr]
    error: . is not in a git repository
      try: git init
    [status 3]
    ");
    assert!(outside.read_dir().unwrap().next().is_none(), "nothing was made");
}

#[test]
fn a_file_instead_of_a_repository() {
    let sandbox = Sandbox::new();
    let refused = |path: &str| sandbox.unchanged(|| sandbox.agents(["-C", path, "task", "list"]));
    assert_snapshot!(refused("README"), @"
    [stderr]
    error: README is not a folder
    [status 2]
    ");
    assert_snapshot!(refused("no-such-folder"), @"
    [stderr]
    error: no-such-folder is not a folder
    [status 2]
    ");
    assert_snapshot!(refused(""), @"
    [stderr]
    error: a value is required for '-C <PATH>' but none was supplied

    For more information, try '--help'.
    [status 2]
    ");
}

#[test]
fn a_git_folder_that_is_none() {
    let sandbox = Sandbox::new();
    let broken = sandbox.root().join("broken");
    std::fs::create_dir_all(&broken).unwrap();
    std::fs::write(broken.join(".git"), "gitdir: /nowhere\n").unwrap();
    assert_snapshot!(sandbox.direct(["task", "list"]).dir(&broken).output(), @"
    [stderr]
    error: . is not in a git repository
      try: git init
    [status 3]
    ");
}

#[test]
fn a_repository_without_commits_holds_tasks() {
    let sandbox = Sandbox::shaped(Shape { empty: true, ..Shape::default() });
    sandbox.agents(["task", "add", "T", "--id", "1"]).good();
    assert_snapshot!(sandbox.agents(["task", "list"]), @"
    TASK  STATE  AGENT  HOURS  PRIORITY  WAITS FOR  TITLE
    1     open                                      T
    [status 0]
    ");
    sandbox.agents(["findings", "add", "--severity", "low", "--category", "c", "m"]).good();
    assert_eq!(sandbox.operations(), 2);
    sandbox.fsck();
}

#[test]
fn a_detached_head_is_no_obstacle_and_no_agent() {
    let sandbox = Sandbox::new();
    sandbox.register(&["ann"]);
    let head = sandbox.git(["rev-parse", "HEAD"]);
    sandbox.git(["checkout", "-q", "--detach"]);
    sandbox.agents(["assign", "ann", "1", "One"]).good();
    assert_snapshot!(sandbox.refused(["unassign"]), @"
    [stderr]
    error: say which agent: this is not the worktree of one
      try: git agents agent list
    [status 2]
    ");
    sandbox.agents(["findings", "add", "--severity", "low", "--category", "c", "m"]).good();
    assert_eq!(sandbox.git(["rev-parse", "HEAD"]), head);
}

#[test]
fn without_an_identity_nothing_is_written() {
    let sandbox = Sandbox::new();
    sandbox.git(["config", "--unset", "user.email"]);
    assert_snapshot!(sandbox.refused(["task", "add", "T"]), @r#"
    [stderr]
    error: git does not know who you are: user.name and user.email are not set
      try: git config user.name "Your Name"
      try: git config user.email you@example.com
    [status 3]
    "#);
    assert_snapshot!(sandbox.refused(["task", "add", "T", "--json"]), @r#"
    [stderr]
    {"error":{"code":"no-identity","hints":["git config user.name \"Your Name\"","git config user.email you@example.com"],"message":"git does not know who you are: user.name and user.email are not set"},"kind":"error","version":1}
    [status 3]
    "#);
    sandbox.agents(["task", "list"]).good();
    // git's own ways to say who it is.
    let add = |id: &str| sandbox.run(["task", "add", "T", "--id", id]);
    add("1").env("GIT_COMMITTER_EMAIL", "bot@example.com").env("GIT_COMMITTER_NAME", "Bot").output().good();
    assert_eq!(sandbox.git(["log", "-1", "--format=%cn <%ce>", "refs/agents/state"]), "Bot <bot@example.com>");
    std::fs::write(sandbox.root().join("gitconfig"), "[user]\n\temail = global@example.com\n").unwrap();
    add("2").output().good();
    assert_eq!(sandbox.git(["log", "-1", "--format=%cn <%ce>", "refs/agents/state"]), "Ann <global@example.com>");
}

/// The files below a folder, made unchangeable also for root, until dropped.
struct ReadOnly {
    folder: PathBuf,
}

impl ReadOnly {
    /// None where the system has no such thing, which is said.
    fn new(folder: &Path) -> Option<Self> {
        set_unchangeable(folder, true);
        let probe = folder.join("probe");
        let guard = ReadOnly { folder: folder.to_owned() };
        if std::fs::write(&probe, "x").is_ok() {
            eprintln!("SKIPPED: neither chattr nor chmod can protect {} from us", folder.display());
            return None;
        }
        Some(guard)
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        set_unchangeable(&self.folder, false);
    }
}

fn set_unchangeable(folder: &Path, yes: bool) {
    let tool = |program: &str, args: [&str; 2]| drop(Command::new(program).args(args).arg(folder).output());
    let mode = |yes: bool| tool("chmod", ["-R", if yes { "a-w" } else { "u+w" }]);
    // root is bound by the attribute only, everybody else by the mode only.
    mode(yes);
    tool("chattr", ["-R", if yes { "+i" } else { "-i" }]);
    mode(yes);
}

/// What the system says to root is not what it says to others.
fn denied(output: &Output) -> String {
    let said = ["Operation not permitted (os error 1)", "Permission denied (os error 13)"];
    said.iter().fold(output.to_string(), |text, words| text.replace(words, "[DENIED]"))
}

#[test]
fn a_read_only_repository_can_be_read() {
    let sandbox = Sandbox::new();
    sandbox.agents(["task", "add", "T", "--id", "1"]).good();
    let before = sandbox.facts();
    let Some(guard) = ReadOnly::new(&sandbox.repo().join(".git")) else { return };
    sandbox.agents(["task", "list"]).good();
    sandbox.agents(["log"]).good();
    let refused = sandbox.agents(["task", "add", "T", "--id", "2"]);
    let in_json = sandbox.agents(["task", "drop", "1", "--json"]);
    drop(guard);
    assert_snapshot!(denied(&refused), @"
    [stderr]
    error: the state could not be written: [ROOT]/repo/.git/agents/lock: [DENIED]
      try: look at the permissions of .git/agents and at the free space: df .
    [status 4]
    ");
    assert_eq!((in_json.json_error()["code"].as_str(), in_json.status), (Some("write-failed"), Some(4)));
    assert_eq!(before, sandbox.facts());
    sandbox.agents(["task", "add", "T", "--id", "2"]).good();
}

#[test]
fn a_read_only_repository_that_was_never_written_to() {
    let sandbox = Sandbox::new();
    let before = sandbox.facts();
    let Some(guard) = ReadOnly::new(&sandbox.repo().join(".git")) else { return };
    let refused = sandbox.agents(["task", "add", "T", "--id", "1"]);
    drop(guard);
    assert_snapshot!(denied(&refused), @"
    [stderr]
    error: the state could not be written: [ROOT]/repo/.git/agents/lock: [DENIED]
      try: look at the permissions of .git/agents and at the free space: df .
    [status 4]
    ");
    assert_eq!(before, sandbox.facts());
}

#[test]
fn what_needs_no_git_works_without_it() {
    let sandbox = Sandbox::new();
    let nothing = sandbox.root().join("tmp");
    sandbox.direct(["task", "add", "T", "--id", "1"]).path(&[&nothing]).output().good();
    sandbox.direct(["task", "list"]).path(&[&nothing]).output().good();
    sandbox.fsck();
}

#[test]
fn git_missing_where_it_is_needed() {
    // Every ref of a reftable repository is git's work.
    let sandbox = Sandbox::shaped(Shape { reftable: true, ..Shape::default() });
    let nothing = sandbox.root().join("tmp");
    let run = |words: &[&str]| sandbox.unchanged(|| sandbox.direct(words).path(&[&nothing]).output());
    assert_snapshot!(run(&["task", "add", "T"]), @"
    [stderr]
    error: git was not found on the PATH
      try: install git 2.45 or newer, or put it on the PATH
    [status 4]
    ");
    assert_snapshot!(run(&["task", "list", "--json"]), @r#"
    [stderr]
    {"error":{"code":"git-missing","hints":["install git 2.45 or newer, or put it on the PATH"],"message":"git was not found on the PATH"},"kind":"error","version":1}
    [status 4]
    "#);
}

#[test]
fn the_environment_of_a_hook_is_honoured() {
    let sandbox = Sandbox::new();
    let other = Sandbox::new();
    let hook = |words: &[&str]| {
        sandbox.direct(words).dir(other.repo()).env("GIT_DIR", sandbox.repo().join(".git")).output().good()
    };
    hook(&["task", "add", "T", "--id", "1"]);
    assert_eq!(sandbox.operations(), 1);
    assert_eq!(other.git(["for-each-ref", "refs/agents/"]), "");
}

/// A hook that files a task for the commit that HEAD or the last word of its input is at.
fn install_hook(git_dir: &Path, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    let hook = git_dir.join("hooks").join(name);
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&hook, PermissionsExt::from_mode(0o755)).unwrap();
}

fn titles(sandbox: &Sandbox) -> Vec<String> {
    let mut titles: Vec<String> = sandbox.state().tasks.values().map(|task| task.title.clone()).collect();
    titles.sort();
    titles
}

#[test]
fn the_hooks_of_a_commit_file_tasks() {
    let sandbox = Sandbox::new();
    let worktree = sandbox.worktree("ann");
    let script = "exec git agents task add \"$(git log -1 --format=%s)\"";
    install_hook(&sandbox.repo().join(".git"), "post-commit", script);
    sandbox.commit("a", "x", "From the main worktree");
    sandbox.git_in(&worktree, ["commit", "-q", "--allow-empty", "-m", "From a linked one"]);
    assert_eq!(titles(&sandbox), ["From a linked one", "From the main worktree"]);
}

#[test]
fn the_hooks_of_a_push_file_tasks() {
    for bare in [false, true] {
        let target = Sandbox::shaped(Shape { bare, ..Shape::default() });
        let git_dir = if bare { target.repo().to_owned() } else { target.repo().join(".git") };
        install_hook(&git_dir, "post-receive", "read old new ref; exec git agents task add \"Look at $ref\"");
        let source = Sandbox::new();
        source.git(["push", "-q", target.repo().to_str().unwrap(), "HEAD:refs/heads/pushed"]);
        assert_eq!(titles(&target), ["Look at refs/heads/pushed"], "bare: {bare}");
    }
}
