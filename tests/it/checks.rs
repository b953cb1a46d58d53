//! `git agents merge --check`: what would land is checked in a worktree of its own, before anything moves.

use std::fs;

use insta::assert_snapshot;

use crate::support::Sandbox;

/// Agents with a file of their own each.
fn with_files(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::with_agents(names);
    for name in names {
        sandbox.commit_as(name, &format!("{name}.txt"), &format!("By {name}.\n"));
    }
    sandbox
}

fn numbered(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("a{number:02}")).collect()
}

fn landed(sandbox: &Sandbox) -> Vec<String> {
    let files = sandbox.git(["ls-tree", "--name-only", "main"]);
    files.lines().filter_map(|file| file.strip_suffix(".txt")).map(str::to_owned).collect()
}

#[test]
fn what_passes_lands_and_what_fails_is_named() {
    let sandbox = with_files(&["ann", "bob", "cam"]);
    let output = sandbox.agents(["merge", "--all", "--yes", "--check", "echo looking; ! test -e bob.txt"]);
    assert_eq!(output.status, Some(1));
    assert_snapshot!(output, @"
    landed ann by rebase at [COMMIT]
    landed cam by rebase at [COMMIT]
    stopped bob: `echo looking; ! test -e bob.txt` exited with 1
      | looking
      next: less [ROOT]/repo/.git/agents/logs/checks/[OPERATION]-5.log
    checked with echo looking; ! test -e bob.txt: 6 commands run
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [stderr]
    check 1: echo looking; ! test -e bob.txt (ann, bob, cam on main)
      | looking
    check 1 failed: exited with 1
    check 2: echo looking; ! test -e bob.txt (main itself)
      | looking
    check 2 passed
    check 3: echo looking; ! test -e bob.txt (ann on main)
      | looking
    check 3 passed
    check 4: echo looking; ! test -e bob.txt (ann, bob on main)
      | looking
    check 4 failed: exited with 1
    check 5: echo looking; ! test -e bob.txt (bob on main)
      | looking
    check 5 failed: exited with 1
    check 6: echo looking; ! test -e bob.txt (ann, cam on main)
      | looking
    check 6 passed
    [status 1]
    ");
    assert_eq!(landed(&sandbox), ["ann", "cam"]);
    assert_eq!(sandbox.git(["status", "--porcelain"]), "");
    sandbox.fsck();
}

#[test]
fn one_of_sixteen_is_found_with_few_checks() {
    let names = numbered(16);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let sandbox = with_files(&names);
    let output = sandbox.agents(["--json", "merge", "--all", "--yes", "--check", "! test -e a11.txt"]);
    assert_eq!(output.status, Some(1));
    let answer = output.json();
    assert_eq!(answer["stopped"][0]["name"], "a11");
    assert_eq!(answer["stopped"][0]["reason"], "check");
    assert_eq!(answer["landed"].as_array().unwrap().len(), 15);
    // All, the target, four to find it, it alone, the rest.
    let runs = answer["checks"]["runs"].as_u64().unwrap();
    assert!(runs <= 8, "{runs}");
    assert_eq!(landed(&sandbox).len(), 15);
}

#[test]
fn a_pair_of_sixteen_is_found_and_both_are_named() {
    let names = numbered(16);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let sandbox = with_files(&names);
    let check = "! { test -e a03.txt && test -e a13.txt; }";
    let output = sandbox.agents(["--json", "merge", "--all", "--yes", "--check", check]);
    assert_eq!(output.status, Some(1));
    let answer = output.json();
    let stopped = &answer["stopped"][0];
    let mut pair = [stopped["name"].as_str().unwrap(), stopped["check"]["with"][0].as_str().unwrap()];
    pair.sort_unstable();
    assert_eq!(pair, ["a03", "a13"]);
    assert_eq!(answer["stopped"].as_array().unwrap().len(), 1);
    let runs = answer["checks"]["runs"].as_u64().unwrap();
    assert!(runs <= 13, "{runs}");
    assert_eq!(landed(&sandbox).len(), 15);
}

#[test]
fn the_target_itself_is_named_before_anybody_else() {
    let sandbox = with_files(&["ann", "bob"]);
    let refused = sandbox.refused(["merge", "--all", "--yes", "--check", "echo broken; false"]);
    assert_snapshot!(refused, @"
    [stderr]
    check 1: echo broken; false (ann, bob on main)
      | broken
    check 1 failed: exited with 1
    check 2: echo broken; false (main itself)
      | broken
    check 2 failed: exited with 1
    error: the check fails on the target itself: `echo broken; false` exited with 1
      try: less [ROOT]/repo/.git/agents/logs/checks/[OPERATION]-2.log
      try: the same command without --check, or with --no-check, to land unchecked
    [status 3]
    ");
    // What mends it lands.
    sandbox.agents(["merge", "--all", "--yes", "--check", "test -e ann.txt"]).good();
}

#[test]
fn after_each_branch_when_that_is_asked_for() {
    let sandbox = with_files(&["ann", "bob", "cam"]);
    sandbox.git(["config", "agents.check", "! test -e bob.txt"]);
    let output = sandbox.agents(["--json", "merge", "--all", "--yes", "--check-each"]);
    assert_eq!(output.status, Some(1));
    let answer = output.json();
    assert_eq!(answer["checks"]["each"], true);
    assert_eq!(answer["stopped"][0]["name"], "bob");
    assert_eq!(landed(&sandbox), ["ann", "cam"]);
    sandbox.agents(["merge", "bob", "--yes", "--no-check"]).good();
    assert_eq!(landed(&sandbox), ["ann", "bob", "cam"]);
}

#[test]
fn a_flaky_check_is_tried_again_only_when_asked_and_then_told() {
    let sandbox = with_files(&["ann"]);
    let flag = sandbox.root().join("flag").display().to_string();
    let check = format!("test -e {flag} || {{ touch {flag}; false; }}");
    let output = sandbox.agents(["merge", "ann", "--yes", "--check-retries", "1", "--check", &check]);
    assert_snapshot!(output.clone().good(), @"
    landed ann by rebase at [COMMIT]
    checked with test -e [ROOT]/flag || { touch [ROOT]/flag; false; }: 2 commands run
    flaky: test -e [ROOT]/flag || { touch [ROOT]/flag; false; } exited with 1 and passed when it was tried again (log: [ROOT]/repo/.git/agents/logs/checks/[OPERATION]-1.log)
    main moved from [COMMIT] to [COMMIT]
    to take it back: git agents undo --yes
    [stderr]
    check 1: test -e [ROOT]/flag || { touch [ROOT]/flag; false; } (ann on main)
    check 1 failed: exited with 1
    check 2: test -e [ROOT]/flag || { touch [ROOT]/flag; false; } (ann on main)
    check 2 passed
    [status 0]
    ");
    assert_eq!(landed(&sandbox), ["ann"]);
}

#[test]
fn it_sees_the_tree_that_would_land_and_no_git_variables() {
    let sandbox = with_files(&["ann", "bob"]);
    let out = sandbox.root().join("seen").display().to_string();
    let check =
        format!("{{ ls; git log --oneline | wc -l; git status --short; env | grep '^GIT_' | cut -d= -f1; }} >{out}");
    sandbox.agents(["merge", "--all", "--yes", "--check", &check]).good();
    assert_snapshot!(fs::read_to_string(&out).unwrap(), @"
    README
    ann.txt
    bob.txt
    lines
    4
    GIT_AGENTS_CHECK
    GIT_AGENTS_LANDING
    ");
    assert_eq!(sandbox.git(["worktree", "list"]).lines().count(), 4);
}

#[test]
fn a_check_that_takes_too_long_is_ended() {
    let sandbox = with_files(&["ann"]);
    let pid = sandbox.root().join("pid").display().to_string();
    let check = format!("test -e ann.txt || exit 0; echo $$ >{pid}; sleep 600");
    let output = sandbox.agents(["merge", "ann", "--yes", "--check-timeout", "1s", "--check", &check]);
    assert_eq!(output.status, Some(1));
    assert_snapshot!(output, @"
    stopped ann: `test -e ann.txt || exit 0; echo $$ >[ROOT]/pid; sleep 600` took too long
      next: less [ROOT]/repo/.git/agents/logs/checks/[OPERATION]-1.log
    checked with test -e ann.txt || exit 0; echo $$ >[ROOT]/pid; sleep 600: 2 commands run
    main stays at [COMMIT]
    [stderr]
    check 1: test -e ann.txt || exit 0; echo $$ >[ROOT]/pid; sleep 600 (ann on main)
    check 1 failed: took too long
    check 2: test -e ann.txt || exit 0; echo $$ >[ROOT]/pid; sleep 600 (main itself)
    check 2 passed
    [status 1]
    ");
    let pid = fs::read_to_string(pid).unwrap();
    assert!(!std::path::Path::new("/proc").join(pid.trim()).exists());
}

#[test]
fn a_check_that_deletes_its_worktree_or_litters_it_harms_nobody() {
    let sandbox = with_files(&["ann", "bob"]);
    sandbox.agents(["merge", "ann", "--yes", "--check", "rm -rf \"$PWD\""]).good();
    let litter = "echo x >bob.txt; git add -A; git commit -qm litter; touch .git/x 2>/dev/null; rm .git; mkdir -p a/b";
    sandbox.agents(["merge", "bob", "--yes", "--check", litter]).good();
    assert_eq!(sandbox.git(["show", "main:bob.txt"]), "By bob.");
    sandbox.commit_as("ann", "again", "again\n");
    sandbox.agents(["merge", "ann", "--yes", "--check", "test ! -e a"]).good();
    sandbox.fsck();
}

#[test]
fn a_folder_in_the_place_of_the_integration_worktree_is_not_touched() {
    let sandbox = with_files(&["ann"]);
    let place = sandbox.root().join("repo-worktrees/.integration");
    fs::create_dir(&place).unwrap();
    fs::write(place.join("mine"), "mine").unwrap();
    assert_snapshot!(sandbox.refused(["merge", "ann", "--yes", "--check", "true"]), @"
    [stderr]
    check 1: true (ann on main)
    error: [ROOT]/repo-worktrees/.integration is in the place of the integration worktree
      try: mv [ROOT]/repo-worktrees/.integration [ROOT]/repo-worktrees/.integration.old
    [status 3]
    ");
    assert_eq!(fs::read_to_string(place.join("mine")).unwrap(), "mine");
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let sandbox = with_files(&["ann"]);
    assert_snapshot!(sandbox.refused(["merge", "ann", "--check", " "]), @r#"
    [stderr]
    error: --check " " is no command
      try: git agents merge --no-check
    [status 2]
    "#);
    assert_snapshot!(sandbox.refused(["merge", "ann", "--check-each"]), @"
    [stderr]
    error: nothing says what the check is
      try: git agents merge --check CMD
      try: git config agents.check CMD
    [status 2]
    ");
    assert_snapshot!(sandbox.refused(["merge", "ann", "--check", "true", "--check-timeout", "soon"]), @r#"
    [stderr]
    error: --check-timeout: "soon" is no duration: write 90s, 10m, 2h, 7d, 2w or 1h30m
    [status 2]
    "#);
    sandbox.git(["config", "agents.checkRetries", "many"]);
    assert_snapshot!(sandbox.refused(["merge", "ann", "--check", "true"]), @r#"
    [stderr]
    error: agents.checkRetries: "many" is not a number from 0 to 100
      try: git config --unset agents.checkRetries
    [status 3]
    "#);
}

#[test]
fn a_dry_run_says_what_would_be_checked_and_checks_nothing() {
    let sandbox = with_files(&["ann", "bob"]);
    let flag = sandbox.root().join("flag").display().to_string();
    let facts = sandbox.facts();
    let output = sandbox.agents(["merge", "--all", "--dry-run", "--check", &format!("touch {flag}")]).good();
    assert_snapshot!(output, @"
    would land ann by rebase at [COMMIT]
    would land bob by rebase at [COMMIT]
    main would move from [COMMIT] to [COMMIT]
      ref main [COMMIT]..[COMMIT]
      ref agents/ann [COMMIT]..[COMMIT]
      ref agents/bob [COMMIT]..[COMMIT]
      worktree [ROOT]/repo (main)
      worktree [ROOT]/repo-worktrees/ann (agents/ann)
      worktree [ROOT]/repo-worktrees/bob (agents/bob)
    would be checked together: touch [ROOT]/flag
    [status 0]
    ");
    assert_eq!(sandbox.facts(), facts);
    assert!(!std::path::Path::new(&flag).exists());
}

#[test]
fn events_come_line_by_line() {
    let sandbox = with_files(&["ann"]);
    let output = sandbox.agents(["merge", "ann", "--yes", "--json=lines", "--check", "true"]).good();
    let lines: Vec<serde_json::Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<&str> =
        lines.iter().map(|line| line["event"].as_str().or_else(|| line["kind"].as_str()).unwrap()).collect();
    assert_eq!(told, ["planned", "check-began", "check-ended", "moving", "merge"]);
}

/// Start a landing whose check waits, and give the process, the check's id and what was there before.
fn in_a_check(sandbox: &Sandbox) -> (std::process::Child, String) {
    let pid = sandbox.root().join("pid");
    let daemon = "setsid sleep 600 </dev/null >/dev/null 2>&1 & daemon=$!";
    let check = format!("{daemon}; sleep 600 & echo $$ $! $daemon >{0}.new; mv {0}.new {0}; wait", pid.display());
    let child = sandbox.direct(["merge", "--all", "--yes", "--check", &check]).spawn();
    while !pid.exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    (child, fs::read_to_string(pid).unwrap())
}

/// Wait until none of the processes runs any more.
fn are_gone(pids: &str) {
    let runs = |pid: &str| {
        let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        !state.is_empty() && !state.contains(") Z ")
    };
    for _ in 0..2000 {
        if !pids.split_whitespace().any(runs) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("they still run: {pids}");
}

#[test]
fn whatever_ends_us_ends_the_check_and_nothing_has_moved() {
    for signal in ["KILL", "TERM", "INT"] {
        let sandbox = with_files(&["ann", "bob"]);
        let facts = sandbox.facts();
        let (mut child, pids) = in_a_check(&sandbox);
        sandbox.command("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(!child.wait().unwrap().success(), "{signal}");
        are_gone(&pids);
        assert_eq!(sandbox.facts(), facts, "{signal}");
        // The turn has ended with its holder.
        sandbox.agents(["merge", "--all", "--yes", "--wait", "0", "--check", "true"]).good();
        assert_eq!(landed(&sandbox), ["ann", "bob"]);
        sandbox.fsck();
    }
}

#[test]
fn a_check_that_is_given_for_this_run_only_counts_too() {
    let sandbox = with_files(&["ann"]);
    let file = sandbox.root().join("config");
    fs::write(&file, "[agents]\n\tcheck = exit 3\n").unwrap();
    for option in ["agents.check=exit 3".to_owned(), format!("include.path={}", file.display())] {
        let output = sandbox.command("git").args(["-c", &option, "agents", "merge", "ann", "--yes"]).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("the check fails on the target itself: `exit 3`"), "{option}: {told}");
    }
}
