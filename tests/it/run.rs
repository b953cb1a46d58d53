//! `git agents run`, `runs`, `logs`, `kill`, `wait`, `report` and `send`: what they do to real processes.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Sandbox, eventually};

/// A run as JSON without what differs from time to time.
fn steady(mut run: Value) -> Value {
    for field in ["cpu_s", "memory", "output_at", "pid", "started_at", "ended_at", "elapsed_s"] {
        if let Some(value) = run.get_mut(field) {
            *value = if value.is_null() { Value::Null } else { json!("…") };
        }
    }
    run
}

#[test]
fn a_run_goes_on_by_itself_and_its_end_is_known() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    assert_snapshot!(sandbox.agents(["runs"]), @"
    no runs
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["run", "ann", "--", "sh", "-c", "echo out; echo err >&2; exit 3"]), @"
    ann runs sh
      git agents logs ann -f
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["wait", "ann"]), @"
    ann: failed (3)
    [status 1]
    ");
    assert_snapshot!(sandbox.agents(["logs", "ann"]), @"
    out
    [status 0]
    ");
    assert_snapshot!(sandbox.agents(["logs", "ann", "--stderr", "-f"]), @"
    err
    [status 0]
    ");
    sandbox.agents(["run", "bob", "--", "true"]).good();
    assert_snapshot!(sandbox.agents(["wait", "bob", "--json"]).json()["runs"][0]["state"], @r#""done""#);
    let runs = sandbox.agents(["runs", "--json"]).good().json();
    let runs: Vec<Value> = runs["runs"].as_array().unwrap().iter().cloned().map(steady).collect();
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0]["agent"], "bob", "the newest first");
    assert_eq!(runs[1]["command"], json!(["sh", "-c", "echo out; echo err >&2; exit 3"]));
    assert_eq!((&runs[1]["state"], &runs[1]["exit_code"]), (&json!("failed"), &json!(3)));
    assert_eq!(runs[0].get("task"), None);
    let table = sandbox.agents(["runs"]).good().stdout;
    let states: Vec<&str> = table.lines().map(|line| line.get(..24).unwrap_or(line).trim()).collect();
    assert_eq!(states, ["AGENT  TASK  STATE", "bob          done", "ann          failed (3)"]);
}

#[test]
fn it_runs_in_the_agents_worktree_with_its_environment() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.agents(["assign", "ann", "16", "Lines"]).good();
    sandbox.agents(["start", "ann"]).good();
    let script = "pwd; env | grep -E '^(GIT_AGENTS_(AGENT|TASK|WORKTREE|TARGET|RUN)|GIT_DIR|X)=' | sort; cat";
    let run = sandbox.run(["run", "ann", "--env", "X=a b", "--", "sh", "-c", script]);
    run.env("GIT_DIR", sandbox.repo().join(".git")).output().good();
    let started = sandbox.run_of("ann");
    assert_eq!(started["task"], "16");
    sandbox.agents(["wait"]).good();
    assert_snapshot!(sandbox.agents(["logs", "ann"]), @"
    [ROOT]/repo-worktrees/ann
    GIT_AGENTS_AGENT=ann
    GIT_AGENTS_RUN=[OPERATION]
    GIT_AGENTS_TARGET=main
    GIT_AGENTS_TASK=16
    GIT_AGENTS_WORKTREE=[ROOT]/repo-worktrees/ann
    X=a b
    [status 0]
    ");
    let plan = std::fs::read_to_string(sandbox.run_folder(started["id"].as_str().unwrap()).join("plan.json"));
    assert!(plan.is_ok_and(|plan| plan.contains("\"X\"") && !plan.contains("a b")), "names are kept, values are not");
}

#[test]
fn what_it_did_is_in_the_history_of_its_task_once() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.agents(["assign", "ann", "16", "Lines"]).good();
    sandbox.agents(["start", "ann"]).good();
    let script = "echo a >a; git add a; git commit -qm A; echo b >b; git add b; git commit -qm B";
    sandbox.agents(["run", "ann", "--", "sh", "-c", script]).good();
    sandbox.agents(["wait", "ann"]).good();
    let recorded = || {
        let log = sandbox.git(["log", "--format=%s", "refs/agents/state"]);
        log.lines().filter(|line| line.contains("run of ann")).count()
    };
    eventually("it is recorded", || recorded() == 1);
    let run = sandbox.run_of("ann");
    assert_eq!(run["last_commit"]["commit"], sandbox.git(["rev-parse", "agents/ann"]));
    for command in [["runs"], ["status"], ["wait"]] {
        sandbox.agents(command).good();
    }
    assert_eq!(recorded(), 1);
    assert_snapshot!(sandbox.git(["log", "-1", "--format=%s", "refs/agents/state"]), @"run of ann on 16: done after 0s, 2 commits, 2 files");
}

#[test]
fn an_agent_has_one_run_and_the_limit_holds() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.agents(["run", "ann", "--", "sleep", "1000"]).good();
    assert_snapshot!(sandbox.agents(["run", "ann", "--", "true"]), @"
    [stderr]
    error: ann is running already
      try: git agents logs ann -f
      try: git agents kill ann
    [status 3]
    ");
    sandbox.git(["config", "agents.maxConcurrent", "1"]);
    assert_snapshot!(sandbox.agents(["run", "bob", "--", "true"]), @"
    [stderr]
    error: as many agents are running as may at once: agents.maxConcurrent is 1
      try: git agents wait
      try: git config agents.maxConcurrent N
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["agent", "remove", "ann"]), @"
    [stderr]
    error: ann is running in its worktree
      try: git agents kill ann
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["kill", "a*"]), @"
    ann's run is ended: killed
    [status 0]
    ");
    sandbox.agents(["run", "bob", "--", "true"]).good();
    sandbox.agents(["wait"]);
    assert_snapshot!(sandbox.agents(["kill", "--all"]), @"
    nothing runs
    [status 0]
    ");
}

#[test]
fn what_it_waits_for_is_shown_until_it_goes_on() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let script = "git agents report waiting 'Which colour?' >/dev/null; read answer; echo \"got $answer\"; cat";
    sandbox.git(["config", "agents.profile.asker.command", "sh -c 'eval \"$1\"' sh {prompt}"]);
    sandbox.git(["config", "agents.profile.asker.stdin", "open"]);
    sandbox.now(&["run", "ann", "--profile", "asker", "--prompt", script]).good();
    eventually("it waits", || sandbox.run_state("ann") == "waiting");
    assert_eq!(sandbox.run_of("ann")["reason"], "Which colour?");
    let status = sandbox.now(&["status"]).good().stdout;
    assert!(status.contains("ann waits for an answer: Which colour?"), "{status}");
    assert_snapshot!(sandbox.now(&["wait", "ann", "--until", "idle"]), @"
    ann: waiting
    [status 0]
    ");
    assert_snapshot!(sandbox.now(&["send", "ann", "green\n$(touch x) 'a\" b"]), @"
    sent 23 B to ann
    [status 0]
    ");
    eventually("it has read", || sandbox.now(&["logs", "ann"]).stdout.contains("a\" b"));
    sandbox.now(&["send", "ann", "--end"]).good();
    assert_eq!(sandbox.now(&["wait", "ann"]).status, Some(0));
    assert_snapshot!(sandbox.agents(["logs", "ann"]), @r#"
    got green
    $(touch x) 'a" b
    [status 0]
    "#);
    assert_snapshot!(sandbox.agents(["send", "ann", "more"]), @"
    [stderr]
    error: ann is not running
      try: git agents run ann
    [status 3]
    ");
}

#[test]
fn nothing_that_happens_is_idle() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.git(["config", "agents.idleAfter", "1s"]);
    let id = sandbox.start_run("ann", "echo begin; sleep 1000", &[]);
    eventually("it is idle", || sandbox.run_state("ann") == "idle");
    sandbox.now(&["kill", "ann"]).good();
    sandbox.run_is_gone(&id);
    let id = sandbox.start_run("ann", "while :; do :; done", &[]);
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(sandbox.run_state("ann"), "working", "it uses processor time");
    sandbox.now(&["kill", "ann"]).good();
    sandbox.run_is_gone(&id);
}

#[test]
fn in_the_foreground_the_terminal_is_its_own() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let run = |script: &str| {
        let args = ["run", "ann", "--foreground", "--", "sh", "-c", script];
        sandbox.run(args).input("typed\n").output()
    };
    assert_snapshot!(run("read line; echo got $line; echo err >&2; sleep 1000 & exit 4"), @"
    got typed
    [stderr]
    err
    ann has ended with status 4
    [status 1]
    ");
    let shown = sandbox.run_of("ann");
    assert_eq!((&shown["state"], &shown["mode"]), (&json!("failed"), &json!("foreground")));
    sandbox.run_is_gone(shown["id"].as_str().unwrap());
    assert_snapshot!(run("exit 0"), @"[status 0]");
}

/// It has no time to put the terminal back as it was.
#[test]
fn in_the_foreground_the_terminal_is_put_back() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let git_agents = Sandbox::binary().display().to_string();
    let run = format!("{git_agents} run ann --foreground --timeout 1s -- sh -c 'stty raw -echo; sleep 1000'");
    let all = format!("stty -g; {run}; stty -g");
    let mut command = sandbox.command("script");
    command.env_remove("GIT_COMMITTER_DATE").args(["-qec", &all, "/dev/null"]).stdin(std::process::Stdio::null());
    let shown = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let modes: Vec<&str> = shown.lines().map(str::trim).filter(|line| line.contains(":0:")).collect();
    assert!(modes.len() == 2 && modes[0] == modes[1], "{shown}");
}

/// What is sent when its input has ended would never be read.
#[test]
fn nothing_is_sent_after_the_end() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.git(["config", "agents.profile.p.command", "sh -c \"cat; sleep 1000\""]);
    sandbox.git(["config", "agents.profile.p.stdin", "open"]);
    sandbox.now(&["run", "ann", "--profile", "p", "--prompt", "x"]).good();
    sandbox.now(&["send", "ann", "one", "--end"]).good();
    assert_snapshot!(sandbox.now(&["send", "ann", "two"]), @"
    [stderr]
    error: ann's input has ended: nothing more can be sent to it
      try: git agents wait ann
    [status 3]
    ");
    sandbox.now(&["kill", "ann"]).good();
    assert_eq!(sandbox.now(&["logs", "ann"]).stdout, "one\n");
}

/// A run that waits for everything does not wait for itself.
#[test]
fn nobody_waits_for_himself() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    sandbox.start_run("ann", "git agents run bob -- true; git agents wait; git agents wait ann 2>&1; echo $?", &[]);
    assert_eq!(sandbox.now(&["wait", "ann", "--timeout", "30s"]).status, Some(0));
    let said = sandbox.now(&["logs", "ann"]).stdout;
    assert!(said.contains("this is called by the run of ann, which would wait for itself"), "{said}");
    assert_eq!(said.lines().last(), Some("3"));
}

/// Whoever starts one has the terminal for as long as it takes, and nothing else.
#[test]
fn in_the_foreground_it_is_in_nobodys_way_and_its_time_ends() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    let foreground = sandbox.direct(["run", "ann", "--foreground", "--", "sleep", "1000"]);
    let mut foreground = foreground.without("GIT_COMMITTER_DATE").spawn();
    eventually("it runs", || sandbox.now(&["runs", "--json"]).stdout.contains("\"working\""));
    sandbox.start_run("bob", "exit 0", &[]);
    assert_eq!(sandbox.now(&["wait", "bob"]).status, Some(0));
    sandbox.now(&["kill", "ann"]).good();
    assert_eq!(foreground.wait().unwrap().code(), Some(1));
    let timed_out = sandbox.now(&["run", "ann", "--foreground", "--timeout", "1s", "--", "sleep", "1000"]);
    assert_eq!((timed_out.status, timed_out.stderr.as_str()), (Some(1), "ann was ended: its time was over\n"));
}

/// As a terminal does it: everybody in the group is told. The program decides, and how it ends is known.
#[test]
fn an_interrupt_in_the_foreground_is_the_programs() {
    use std::os::unix::process::CommandExt;
    let sandbox = Sandbox::with_agents(&["ann"]);
    let script = "trap 'exit 9' INT; echo >here; while :; do sleep 0.05; done";
    let mut command = sandbox.command(Sandbox::binary());
    command.args(["run", "ann", "--foreground", "--", "sh", "-c", script]).process_group(0);
    let mut launcher = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    eventually("it is there", || sandbox.worktree_of("ann").join("here").exists());
    let group = rustix::process::Pid::from_child(&launcher);
    rustix::process::kill_process_group(group, rustix::process::Signal::INT).unwrap();
    assert_eq!(launcher.wait().unwrap().code(), Some(1));
    let run = sandbox.run_of("ann");
    assert_eq!((&run["state"], &run["exit_code"]), (&json!("failed"), &json!(9)));
    sandbox.run_is_gone(run["id"].as_str().unwrap());
}

/// `docker exec` and the like: whoever leads the session and the group has no number in this namespace.
#[test]
fn in_a_namespace_of_processes_the_session_may_have_no_number() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let inside = ["--user", "--map-root-user", "--pid", "--fork", "--mount-proc"];
    if sandbox.program("unshare").args(inside).args(["true"]).output().status != Some(0) {
        eprintln!("left out: this machine gives no namespaces");
        return;
    }
    let run = sandbox.program("unshare").args(inside).args([Sandbox::binary()]);
    let run = run.args(["run", "ann", "--foreground", "--", "sh", "-c", "sleep 1000 & exit 4"]);
    assert_snapshot!(run.output(), @"
    [stderr]
    ann has ended with status 4
    [status 1]
    ");
    let shown = sandbox.run_of("ann");
    assert_eq!((&shown["state"], &shown["exit_code"]), (&json!("failed"), &json!(4)));
    let began = sandbox.run_record(shown["id"].as_str().unwrap(), "started.json");
    assert_eq!((&began["group"], &began["session"]), (&json!(0), &json!(null)));
}

#[test]
fn old_runs_go_when_somebody_says_so() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    for agent in ["ann", "ann", "bob"] {
        sandbox.agents(["run", agent, "--", "true"]).good();
        sandbox.agents(["wait", agent]).good();
        eventually("its supervisor has gone", || sandbox.agents(["doctor"]).status == Some(0));
    }
    let runs = || sandbox.agents(["runs", "--all", "--json"]).json()["runs"].as_array().unwrap().len();
    assert_eq!(runs(), 3);
    let later = |args: &[&str]| {
        let args = [&["cleanup", "--runs"], args].concat();
        sandbox.direct(args).env("GIT_COMMITTER_DATE", "2026-02-05T09:00:00Z").output()
    };
    assert_eq!(later(&["--dry-run"]).good().stdout.lines().last(), Some("kept 2 runs"));
    assert_eq!(runs(), 3);
    assert_eq!(later(&["--yes", "--json"]).good().json()["deleted"][0]["agent"], "ann");
    assert_eq!(runs(), 2);
    assert_snapshot!(later(&["--yes"]), @"
    no old runs
    kept 2 runs
    [status 0]
    ");
    // What this clone knows of a batch goes when no task of it is left.
    let plan = sandbox.root().join("plan.md");
    std::fs::write(&plan, "- [ ] t1: One\n").unwrap();
    sandbox.agents(["execute", plan.to_str().unwrap(), "--agents", "ann", "--", "true"]);
    let old = |more: &[&str]| {
        let args = [&["cleanup", "--runs", "--older-than", "1h"], more].concat();
        sandbox.direct(args).env("GIT_COMMITTER_DATE", "2040-02-05T09:00:00Z").output()
    };
    assert!(old(&["--dry-run"]).stdout.starts_with("would delete what was kept of 1 run:"));
    sandbox.agents(["task", "drop", "t1"]).good();
    assert!(old(&["--yes"]).stdout.starts_with("deleted what was kept of 1 run and 1 batch:"));
    assert_eq!(std::fs::read_dir(sandbox.repo().join(".git/agents/batches")).unwrap().count(), 0);
}

/// The small program for the supervisor may not be installed beside ours; then ours is it.
#[test]
fn our_program_alone_is_enough() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let alone = sandbox.root().join("alone");
    std::fs::create_dir(&alone).unwrap();
    std::fs::copy(Sandbox::binary(), alone.join("git-agents")).unwrap();
    let script = "tr '\\0' ' ' </proc/$PPID/cmdline | cut -d' ' -f1,2; exit 3";
    let run = |name: &str| {
        let args = ["run", "ann", "--", "sh", "-c", script];
        let output = sandbox.command(alone.join(name)).args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(sandbox.agents(["wait", "ann"]).status, Some(1));
        sandbox.agents(["logs", "ann"]).stdout
    };
    assert_eq!(run("git-agents"), "[ROOT]/alone/git-agents __supervise\n");
    std::fs::copy(Sandbox::binary().with_file_name("git-agents-supervisor"), alone.join("git-agents-supervisor"))
        .unwrap();
    assert_eq!(run("git-agents"), "[ROOT]/alone/git-agents-supervisor __supervise\n");
    eventually("it is recorded", || sandbox.agents(["doctor"]).status == Some(0));
}

/// What an agent's program works in does not go from under it.
#[test]
fn a_worktree_in_which_a_program_runs_stays() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let id = sandbox.start_run("ann", "sleep 1000", &[]);
    assert_snapshot!(sandbox.now(&["cleanup", "ann", "--yes"]), @"
    kept ann: its program runs
      next: git agents kill ann
    nothing to clean up
    [status 1]
    ");
    assert!(sandbox.worktree_of("ann").is_dir());
    sandbox.now(&["kill", "ann"]).good();
    sandbox.run_is_gone(&id);
    sandbox.now(&["cleanup", "ann", "--yes"]).good();
}

#[test]
fn an_agent_that_runs_is_not_undone() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.now(&["agent", "add", "bob"]).good();
    let id = sandbox.start_run("bob", "sleep 1000", &[]);
    assert_snapshot!(sandbox.now(&["undo", "--yes"]), @"
    [stderr]
    error: bob is running in its worktree
      try: git agents kill bob
    [status 3]
    ");
    assert!(sandbox.worktree_of("bob").is_dir());
    sandbox.now(&["kill", "bob"]).good();
    sandbox.run_is_gone(&id);
}
