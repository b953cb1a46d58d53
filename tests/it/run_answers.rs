//! What the commands about runs say to what makes no sense.

use insta::assert_snapshot;

use crate::support::Sandbox;

#[test]
fn what_cannot_run_is_refused_and_leaves_nothing() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let not_executable = sandbox.worktree_of("ann").join("script");
    std::fs::write(&not_executable, "#!/bin/sh\n").unwrap();
    assert_snapshot!(sandbox.agents(["run", "ann", "--", "./script"]), @"
    [stderr]
    error: ./script cannot be started: [ROOT]/repo-worktrees/ann/script is not executable
      try: chmod +x [ROOT]/repo-worktrees/ann/script
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["run", "ann", "--", ""]), @"
    [stderr]
    error: the command is empty
    [status 2]
    ");
    assert_snapshot!(sandbox.agents(["run", "ann"]), @r#"
    [stderr]
    error: nobody has said which program ann is
      try: the same command with --profile claude
      try: git agents config set profile claude
      try: the same command with -- PROGRAM "{prompt}"
    [status 3]
    "#);
    assert_snapshot!(sandbox.agents(["run", "eve", "--", "true"]), @"
    [stderr]
    error: there is no agent eve
      try: git agents agent list
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["run", "ann", "--task", "16", "--", "true"]), @"
    [stderr]
    error: there is no task 16
      try: git agents task list
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["run", "ann", "--timeout", "soon", "--", "true"]), @r#"
    [stderr]
    error: invalid value 'soon' for '--timeout <DURATION>': "soon" is no duration: write 90s, 10m, 2h, 7d, 2w or 1h30m

    For more information, try '--help'.
    [status 2]
    "#);
    assert_snapshot!(sandbox.agents(["run", "ann", "--profile", "nonsense"]), @r#"
    [stderr]
    error: there is no profile nonsense; there are aider, amp, claude, codex, copilot, cursor-agent, gemini, opencode
      try: git agents config set profile.nonsense.command "PROGRAM {prompt}"
    [status 3]
    "#);
    assert_snapshot!(sandbox.agents(["run", "ann", "--profile", "claude"]), @"
    [stderr]
    error: ann has no task, so there is nothing to tell its program
      try: git agents start ann
      try: git agents run ann --prompt TEXT
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["run", "ann", "--resume"]), @"
    [stderr]
    error: ann has nothing to go on with: it has never run
      try: git agents run ann
    [status 3]
    ");
    sandbox.git(["config", "agents.maxConcurrent", "many"]);
    assert_snapshot!(sandbox.agents(["run", "ann", "--", "true"]), @r#"
    [stderr]
    error: agents.maxConcurrent is "many", which is not what it takes
      try: git agents config get agents.maxConcurrent
    [status 3]
    "#);
    // No limit is no value; none at all would be a way to run nothing.
    sandbox.git(["config", "agents.maxConcurrent", "0"]);
    let refused = sandbox.agents(["run", "ann", "--", "true"]);
    assert!(refused.stderr.contains("agents.maxConcurrent is \"0\", which is not what it takes"), "{refused}");
    assert_snapshot!(sandbox.agents(["config", "set", "maxConcurrent", "0"]), @r#"
    [stderr]
    error: agents.maxConcurrent cannot be "0": it takes a number from 1 to 10000
      try: git agents config get agents.maxConcurrent
    [status 2]
    "#);
    sandbox.git(["config", "--unset", "agents.maxConcurrent"]);
    std::fs::remove_dir_all(sandbox.worktree_of("ann")).unwrap();
    assert_snapshot!(sandbox.agents(["run", "ann", "--", "true"]), @"
    [stderr]
    error: ann has no worktree here to work in
      try: git agents status
      try: git agents init ann
    [status 3]
    ");
    let left = std::fs::read_dir(sandbox.repo().join(".git/agents/runs")).map_or(0, Iterator::count);
    assert_eq!(left, 0);
    assert_snapshot!(sandbox.agents(["runs"]), @"
    no runs
    [status 0]
    ");
}

#[test]
fn what_is_not_there_is_not_there() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    assert_snapshot!(sandbox.agents(["logs", "ann"]), @"
    [stderr]
    error: ann has not run
      try: git agents run ann
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["kill", "ann"]), @"
    [stderr]
    error: ann is not running
      try: git agents runs
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["kill"]), @"
    [stderr]
    error: say whose run, or --all
      try: git agents runs
      try: git agents kill --all
    [status 2]
    ");
    assert_snapshot!(sandbox.agents(["wait", "ann"]), @"
    [stderr]
    error: ann has not run
      try: git agents run ann
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["wait"]), @"
    nothing runs
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["report", "waiting", "--agent", "ann"]), @"
    [stderr]
    error: ann is not running
      try: git agents run ann
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["report", "waiting"]), @"
    [stderr]
    error: say which agent: this is not the worktree of one
      try: git agents agent list
    [status 2]
    ");
    assert_snapshot!(sandbox.agents(["report", "dead"]), @"
    [stderr]
    error: invalid value 'dead' for '<STATE>'
      [possible values: working, waiting]

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(sandbox.agents(["send", "ann"]), @"
    [stderr]
    error: the following required arguments were not provided:
      <TEXT>

    Usage: git agents send <AGENT> <TEXT>

    For more information, try '--help'.
    [status 2]
    ");
    assert_snapshot!(sandbox.agents(["send", "../x", "text"]), @r#"
    [stderr]
    error: "../x" cannot be an agent's name: '/' is not among a-z, 0-9, '.', '_' and '-'
    [status 2]
    "#);
    assert_snapshot!(sandbox.agents(["runs", "../x"]), @r#"
    [stderr]
    error: "../x" cannot be an agent's name: '/' is not among a-z, 0-9, '.', '_' and '-'
    [status 2]
    "#);
    assert_snapshot!(sandbox.agents(["logs", "ann", "--raw", "--json"]), @r#"
    [stderr]
    {"error":{"code":"usage","hints":["git agents logs ann --raw"],"message":"--raw is not JSON"},"kind":"error","version":1}
    [status 2]
    "#);
    assert_snapshot!(sandbox.agents(["logs", "ann", "-f", "--json"]), @r#"
    [stderr]
    {"error":{"code":"usage","hints":["git agents logs ann --json"],"message":"--follow has no end that one JSON object could be the answer at"},"kind":"error","version":1}
    [status 2]
    "#);
}

#[test]
fn a_run_that_takes_no_input_says_so() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let id = sandbox.start_run("ann", "sleep 1000", &[]);
    assert_snapshot!(sandbox.agents(["send", "ann", "text"]), @"
    [stderr]
    error: ann's program takes no input
      try: git config agents.profile.NAME.stdin open, for the profile that it runs with
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["wait", "ann", "--timeout", "0s"]), @"
    ann: working
    the time is over
    [status 1]
    ");
    sandbox.now(&["kill", "ann", "--grace", "0s"]).good();
    sandbox.run_is_gone(&id);
}

/// What is in the records was perhaps written by a newer version, or by somebody else.
#[test]
fn records_that_cannot_be_read_are_unknown() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    let id = sandbox.start_run("ann", "exit 0", &[]);
    sandbox.now(&["wait", "ann"]).good();
    sandbox.run_is_gone(&id);
    let folder = sandbox.run_folder(&id);
    std::fs::write(folder.join("ended.json"), "{\"why\":\"abducted\"}").unwrap();
    assert_snapshot!(sandbox.agents(["runs", "--json"]).json()["runs"][0]["state"], @"null");
    assert_snapshot!(sandbox.agents(["status"]).stdout.lines().last().unwrap(), @"    git agents doctor");
    std::fs::write(folder.join("plan.json"), "\u{1b}[2J").unwrap();
    assert_snapshot!(sandbox.agents(["runs"]), @"
    no runs
    [stderr]
    warning: the run in [ROOT]/repo/.git/agents/runs/[OPERATION] cannot be read; see git agents doctor
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["doctor"]), @"
    warning: the run in [ROOT]/repo/.git/agents/runs/[OPERATION] cannot be read: expected value at line 1 column 1
      try: rm -r '[ROOT]/repo/.git/agents/runs/[OPERATION]'   (when nothing of it is needed)
    1 warning
    [status 1]
    ");
    std::fs::write(folder.join("plan.json"), vec![b'{'; 9 << 20]).unwrap();
    assert_eq!(sandbox.agents(["runs"]).status, Some(0));
    std::fs::create_dir(sandbox.repo().join(".git/agents/runs/not a run")).unwrap();
    sandbox.agents(["run", "bob", "--", "true"]).good();
    sandbox.agents(["wait"]);
}
