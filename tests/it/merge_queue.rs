//! `git agents merge` among others: one landing at a time, on the upstream, pushed before anything moves here.

use std::fs;
use std::path::PathBuf;

use insta::assert_snapshot;

use crate::support::Sandbox;

/// ann and bob with a file each, and a bare remote that main comes from.
fn with_remote() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    let remote = sandbox.root().join("remote.git");
    let path = remote.display().to_string();
    sandbox.git_in(sandbox.root(), ["clone", "-q", "--bare", "repo", &path]);
    sandbox.git(["remote", "add", "origin", &format!("file://{path}")]);
    sandbox.git(["fetch", "-q", "origin"]);
    sandbox.git(["branch", "-q", "--set-upstream-to=origin/main", "main"]);
    for name in ["ann", "bob"] {
        sandbox.commit_as(name, &format!("{name}.txt"), &format!("By {name}.\n"));
    }
    (sandbox, remote)
}

/// Somebody else pushes a commit.
fn push_of_another(sandbox: &Sandbox, remote: &std::path::Path, file: &str) {
    let other = sandbox.root().join("other");
    if !other.exists() {
        sandbox.git_in(sandbox.root(), ["clone", "-q", &remote.display().to_string(), "other"]);
        sandbox.git_in(&other, ["config", "user.name", "Zoe"]);
        sandbox.git_in(&other, ["config", "user.email", "zoe@example.com"]);
    }
    sandbox.git_in(&other, ["pull", "-q"]);
    fs::write(other.join(file), "By another.\n").unwrap();
    sandbox.git_in(&other, ["add", file]);
    sandbox.git_in(&other, ["commit", "-q", "-m", file]);
    sandbox.git_in(&other, ["push", "-q", "origin", "main"]);
}

#[test]
fn what_lands_is_pushed() {
    let (sandbox, remote) = with_remote();
    assert_snapshot!(sandbox.agents(["merge", "ann", "--yes", "--push"]).good(), @"
    landed ann by rebase at [COMMIT]
    main moved from [COMMIT] to [COMMIT]
    pushed to main of origin
    to take it back: git agents undo --yes
    [stderr]
    pushing to origin
    [status 0]
    ");
    let main = sandbox.rev("main");
    assert_eq!(sandbox.git_in(&remote, ["rev-parse", "main"]), main);
    assert_eq!(sandbox.rev("origin/main"), main);
}

#[test]
fn an_upstream_that_has_moved_is_landed_on_when_asked() {
    let (sandbox, remote) = with_remote();
    push_of_another(&sandbox, &remote, "first");
    // What is not known here yet is no news.
    sandbox.agents(["merge", "ann", "--dry-run"]).good();
    sandbox.git(["fetch", "-q"]);
    assert_snapshot!(sandbox.refused(["merge", "ann", "--yes"]), @"
    [stderr]
    error: main of origin has commits that main lacks
      try: the same command with --fetch, to land on them
      try: the same command with --push, to push as well
    [status 3]
    ");
    push_of_another(&sandbox, &remote, "second");
    sandbox.agents(["merge", "ann", "--yes", "--fetch"]).good();
    assert_eq!(sandbox.git(["log", "--format=%s", "main"]), "ann.txt by ann\nsecond\nfirst\nLines\nBegin");
    assert!(sandbox.repo().join("second").exists());
    assert_eq!(sandbox.git(["status", "--porcelain"]), "");
    let theirs = sandbox.git_in(&remote, ["rev-parse", "main"]);
    assert_eq!(sandbox.rev("origin/main"), theirs);
    // It is ahead now, which is no hindrance.
    sandbox.agents(["merge", "bob", "--yes", "--push"]).good();
    assert_eq!(sandbox.git_in(&remote, ["rev-parse", "main"]), sandbox.rev("main"));
    sandbox.agents(["undo", "--yes"]).good();
    sandbox.fsck();
}

#[test]
fn a_target_that_went_its_own_way_is_refused() {
    let (sandbox, remote) = with_remote();
    push_of_another(&sandbox, &remote, "first");
    sandbox.commit("own", "own\n", "own");
    sandbox.git(["fetch", "-q"]);
    assert_snapshot!(sandbox.refused(["merge", "ann", "--yes", "--push"]), @"
    [stderr]
    error: main and main of origin both have commits that the other lacks
      try: git switch main && git rebase [COMMIT]
      try: git switch main && git merge [COMMIT]
    [status 3]
    ");
}

#[test]
fn a_lost_race_plans_again_and_nothing_moves_before_the_push() {
    let (sandbox, remote) = with_remote();
    push_of_another(&sandbox, &remote, "first");
    // Just before our push the other one pushes once more.
    let other = sandbox.root().join("other");
    sandbox.git_in(&other, ["commit", "-q", "--allow-empty", "-m", "faster"]);
    let hook = sandbox.repo().join(".git/hooks/pre-push");
    let flag = sandbox.root().join("flag");
    let (other, flag) = (other.display(), flag.display());
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(
        &hook,
        format!(
            "#!/bin/sh\ntest -e {flag} || {{ touch {flag}; cd {other}; env -u GIT_DIR git push -q origin main; }}\n"
        ),
    )
    .unwrap();
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    sandbox.git(["config", "core.hooksPath", ".git/hooks"]);
    let output = sandbox.agents(["merge", "ann", "--yes", "--push"]).good();
    assert_snapshot!(output, @"
    landed ann by rebase at [COMMIT]
    main moved from [COMMIT] to [COMMIT]
    pushed to main of origin
    to take it back: git agents undo --yes
    [stderr]
    pushing to origin
    refs/heads/main has moved on origin; planning again
    pushing to origin
    [status 0]
    ");
    assert_eq!(sandbox.git(["log", "--format=%s", "main"]), "ann.txt by ann\nfaster\nfirst\nLines\nBegin");
    assert_eq!(sandbox.git_in(&remote, ["rev-parse", "main"]), sandbox.rev("main"));
}

#[test]
fn a_push_that_is_refused_moves_nothing_here() {
    let (sandbox, remote) = with_remote();
    let hook = remote.join("hooks/update");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, "#!/bin/sh\necho not today; exit 1\n").unwrap();
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let output = sandbox.unchanged(|| sandbox.agents(["merge", "ann", "--yes", "--push"]));
    assert_eq!(output.status, Some(4));
    assert_snapshot!(output, @"
    [stderr]
    pushing to origin
    error: origin did not take the push, so nothing was landed: remote: not today; remote: error: hook declined to update refs/heads/main; To file://[ROOT]/remote.git; ! [remote rejected] [COMMIT] -> main (hook declined); error: failed to push some refs to 'file://[ROOT]/remote.git'
      try: git push --dry-run origin
    [status 4]
    ");
    fs::remove_dir_all(&remote).unwrap();
    let output = sandbox.unchanged(|| sandbox.agents(["merge", "ann", "--yes", "--fetch"]));
    assert_eq!(output.status, Some(4));
    assert_snapshot!(output, @"
    [stderr]
    error: origin could not be fetched: fatal: '[ROOT]/remote.git' does not appear to be a git repository; fatal: Could not read from remote repository.; Please make sure you have the correct access rights; and the repository exists.
      try: git fetch origin
    [status 4]
    ");
}

#[test]
fn without_an_upstream_there_is_nothing_to_push_to() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.commit_as("ann", "a", "a\n");
    assert_snapshot!(sandbox.refused(["merge", "ann", "--yes", "--push"]), @"
    [stderr]
    error: main has no upstream branch
      try: git branch --set-upstream-to=REMOTE/main main
    [status 3]
    ");
}

#[test]
fn what_was_pushed_before_a_kill_is_finished_by_the_next_run() {
    let (sandbox, remote) = with_remote();
    sandbox.agents(["merge", "ann", "--yes", "--push"]).good();
    let (main, landed) = (sandbox.rev("main"), sandbox.rev("agents/ann"));
    // As if the process had died between the push and the first ref here.
    sandbox.agents(["undo", "--yes"]).good();
    assert_ne!(sandbox.rev("main"), main);
    sandbox.agents(["merge", "ann", "--yes", "--push"]).good();
    assert_eq!((sandbox.rev("main"), sandbox.rev("agents/ann")), (main, landed));
    assert_eq!(sandbox.git_in(&remote, ["rev-parse", "main"]), sandbox.rev("main"));
    sandbox.is_clean("ann");
}

#[test]
fn a_second_landing_waits_for_its_turn_or_says_who_has_it() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    for name in ["ann", "bob"] {
        sandbox.commit_as(name, &format!("{name}.txt"), "x\n");
    }
    let (begun, go) = (sandbox.root().join("begun"), sandbox.root().join("go"));
    let check = format!("touch {}; while ! test -e {}; do sleep 0.02; done", begun.display(), go.display());
    let first = sandbox.direct(["merge", "ann", "--yes", "--check", &check]).spawn();
    while !begun.exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let pid = first.id().to_string();
    let refused = sandbox.refused(["merge", "bob", "--yes", "--wait", "0"]);
    assert_snapshot!(refused.to_string().replace(&pid, "[PID]"), @"
    [stderr]
    error: process [PID] is landing since 09:00:00 UTC (git agents merge ann)
      try: the same command with --wait 1h
    [status 3]
    ");
    let second = sandbox.direct(["merge", "bob", "--yes", "--wait", "1m"]).spawn();
    fs::write(&go, "").unwrap();
    for child in [first, second] {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    assert_eq!(
        sandbox.git(["ls-tree", "--name-only", "main"]).lines().filter(|name| name.ends_with(".txt")).count(),
        2
    );
}

#[test]
fn what_moved_during_the_check_is_planned_again() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.commit_as("ann", "a", "a\n");
    let repo = sandbox.repo().display();
    let flag = sandbox.root().join("flag");
    let flag = flag.display();
    let check = format!("test -e {flag} || {{ touch {flag}; git -C {repo} commit -q --allow-empty -m meanwhile; }}");
    let output = sandbox.agents(["merge", "ann", "--yes", "--check", &check]).good();
    assert!(output.stderr.contains("refs/heads/main has moved meanwhile; planning again"), "{output}");
    assert_eq!(sandbox.git(["log", "--format=%s", "main"]), "a by ann\nmeanwhile\nLines\nBegin");
}

#[test]
fn who_begins_another_task_during_the_check_stays_behind() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    for name in ["ann", "bob"] {
        sandbox.commit_as(name, &format!("{name}.txt"), "x\n");
    }
    sandbox.agents(["assign", "ann", "9", "Later"]).good();
    let binary = Sandbox::binary().display();
    let repo = sandbox.repo().display();
    let check = format!("{binary} -C {repo} start ann >/dev/null 2>&1; true");
    let output = sandbox.agents(["merge", "--all", "--yes", "--check", &check]).good();
    assert!(output.stderr.contains("ann has begun 9; planning again"), "{output}");
    assert_eq!(sandbox.git(["ls-tree", "--name-only", "main", "--", "ann.txt", "bob.txt"]), "bob.txt");
}

#[test]
fn a_file_that_cannot_be_written_stops_its_branch_and_no_other() {
    let sandbox = Sandbox::with_agents(&["ann", "bob", "cam"]);
    sandbox.git(["config", "filter.picky.clean", "cat"]);
    sandbox.git(["config", "filter.picky.smudge", "grep -v unwritable"]);
    sandbox.git(["config", "filter.picky.required", "true"]);
    sandbox.commit_as("ann", "ann.txt", "x\n");
    sandbox.commit_as("bob", ".gitattributes", "*.bin filter=picky\n");
    sandbox.commit_as("bob", "bob.bin", "unwritable\n");
    sandbox.commit_as("cam", "cam.txt", "x\n");
    let output = sandbox.agents(["merge", "--all", "--yes"]);
    assert_eq!(output.status, Some(1));
    assert_snapshot!(output, @"
    landed ann by rebase at [COMMIT]
    landed cam by rebase at [COMMIT]
    stopped bob: its files cannot be written to [ROOT]/repo: error: external filter 'grep -v unwritable' failed 1; error: external filter 'grep -v unwritable' failed; fatal: bob.bin: smudge filter picky failed
      next: git agents merge bob --dry-run
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [status 1]
    ");
    let main = sandbox.rev("main");
    assert_eq!((sandbox.rev("agents/ann"), sandbox.rev("agents/cam")), (main.clone(), main));
    assert_eq!(sandbox.git(["status", "--porcelain"]), "");
}

#[test]
fn with_nothing_to_land_it_still_fetches_and_pushes() {
    let (sandbox, remote) = with_remote();
    push_of_another(&sandbox, &remote, "first");
    sandbox.git_in(&remote, ["fetch", "-q", "--all"]);
    for name in ["ann", "bob"] {
        let dir = sandbox.worktree_of(name);
        sandbox.git_in(&dir, ["reset", "-q", "--hard", "HEAD^"]);
    }
    assert_snapshot!(sandbox.agents(["merge", "--all", "--fetch"]).good(), @"
    main moved from [COMMIT] to [COMMIT]
    [status 0]
    ");
    assert_eq!(sandbox.git_in(&remote, ["rev-parse", "main"]), sandbox.rev("main"));
    sandbox.commit("own", "On main.\n", "By hand");
    assert_snapshot!(sandbox.agents(["merge", "--all", "--push"]).good(), @"
    nothing to land
    pushed to main of origin
    [stderr]
    pushing to origin
    [status 0]
    ");
    assert_eq!(sandbox.git_in(&remote, ["rev-parse", "main"]), sandbox.rev("main"));
    assert_snapshot!(sandbox.agents(["merge", "--all", "--push"]).good(), @"
    nothing to land
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["log", "-n", "1"]).good(), @"
    [COMMIT] bring main forward (0s ago, Ann)
      main [COMMIT]..[COMMIT]
    [status 0]
    ");
}

#[test]
fn a_relative_address_counts_from_the_worktree() {
    let (sandbox, remote) = with_remote();
    sandbox.git(["remote", "set-url", "origin", "../remote.git"]);
    let from = sandbox.worktree_of("bob");
    let output =
        sandbox.command(Sandbox::binary()).current_dir(&from).args(["merge", "ann", "--push", "--yes"]).output();
    assert!(output.unwrap().status.success());
    assert_eq!(sandbox.git_in(&remote, ["rev-parse", "main"]), sandbox.rev("main"));
}

#[test]
fn what_came_from_upstream_is_not_reverted_with_a_landing() {
    let (sandbox, remote) = with_remote();
    push_of_another(&sandbox, &remote, "first");
    sandbox.agents(["merge", "ann", "--yes", "--fetch"]).good();
    sandbox.commit("more", "On main.\n", "More");
    assert_snapshot!(sandbox.refused(["undo", "--yes"]), @r#"
    [stderr]
    error: something was built on "land agent ann in main" since
      main moved from [COMMIT] to [COMMIT]: 1 commit
        [COMMIT] More
      try: git revert --no-edit [COMMIT]..[COMMIT]
      try: git -C [ROOT]/repo-worktrees/ann reset --keep refs/agents-local/backup/[OPERATION]/heads/agents/ann
      try: git agents log
    [status 3]
    "#);
    let range = format!("{}..{}", &sandbox.rev("origin/main")[..10], &sandbox.rev("main^")[..10]);
    let told = sandbox.command(Sandbox::binary()).args(["undo", "--yes"]).output().unwrap().stderr;
    let told = String::from_utf8(told).unwrap();
    assert!(told.contains(&format!("git revert --no-edit {range}")), "{told}");
}

#[test]
fn a_branch_that_goes_away_during_a_check_is_named() {
    let (sandbox, _) = with_remote();
    let check = "git -C ../../repo worktree remove --force ../repo-worktrees/bob && \
                 git -C ../../repo branch -qD agents/bob || true";
    assert_snapshot!(sandbox.agents(["merge", "--all", "--yes", "--check", check]), @"
    landed ann by rebase at [COMMIT]
    stopped bob: its branch is gone
      next: git agents agent show bob
    checked with git -C ../../repo worktree remove --force ../repo-worktrees/bob && git -C ../../repo branch -qD agents/bob || true: 1 command run
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [stderr]
    check 1: git -C ../../repo worktree remove --force ../repo-worktrees/bob && git -C ../../repo branch -qD agents/bob || true (ann, bob on main)
    check 1 passed
    refs/heads/agents/bob has moved meanwhile; planning again
    check 1: git -C ../../repo worktree remove --force ../repo-worktrees/bob && git -C ../../repo branch -qD agents/bob || true (ann on main)
      | fatal: '../repo-worktrees/bob' is not a working tree
    check 1 passed
    [status 1]
    ");
}

#[test]
fn what_only_the_remote_has_taken_is_said() {
    let (sandbox, remote) = with_remote();
    let hook = sandbox.repo().join(".git/hooks/reference-transaction");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    let script =
        "#!/bin/sh\ntest \"$1\" = prepared && grep -q refs/heads/main && { echo 'not here' >&2; exit 1; }\nexit 0\n";
    fs::write(&hook, script).unwrap();
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let main = sandbox.rev("main");
    assert_snapshot!(sandbox.direct(["merge", "ann", "--yes", "--push"]).output(), @"
    [stderr]
    pushing to origin
    error: main of origin has the landing, and it could not be brought in here: the refs did not move, and the repository has a reference-transaction hook: not here; fatal: ref updates aborted by hook
      try: git rev-parse --git-path hooks/reference-transaction, and look at what it asks for
      try: the same command with --fetch, to go on here
    [status 4]
    ");
    assert_eq!(sandbox.rev("main"), main);
    assert_ne!(sandbox.git_in(&remote, ["rev-parse", "main"]), main);
    fs::remove_file(hook).unwrap();
    assert_snapshot!(sandbox.direct(["merge", "ann", "--yes", "--push"]).output(), @"
    nothing to land: ann
    main moved from [COMMIT] to [COMMIT]
    [stderr]
    pushing to origin
    [status 0]
    ");
    assert_eq!(sandbox.rev("main"), sandbox.git_in(&remote, ["rev-parse", "main"]));
}
