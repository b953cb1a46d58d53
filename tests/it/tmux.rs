//! Runs in windows of a real tmux.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::support::{Run, Sandbox, Shape, Tmux, script, wait_for};

fn is_alive(pid: &str) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !state.is_empty() && !state.contains(") Z ")
}

/// Whether any file below a folder holds a text.
fn is_written(folder: &Path, text: &str) -> bool {
    folder.read_dir().unwrap().flatten().any(|entry| {
        let kind = entry.file_type().unwrap();
        let holds = || std::fs::read(entry.path()).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(text));
        if kind.is_dir() { is_written(&entry.path(), text) } else { kind.is_file() && holds() }
    })
}

/// Whether any process of this machine shows a text in its arguments.
fn is_shown(text: &str) -> bool {
    Path::new("/proc").read_dir().unwrap().flatten().any(|process| {
        let name = process.file_name();
        let is_own = name.to_str() == Some(&std::process::id().to_string());
        let arguments = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        !is_own && String::from_utf8_lossy(&arguments).contains(text)
    })
}

#[test]
fn an_agent_works_in_a_window() {
    let Some(tmux) = Tmux::new(&["ann", "bob"]) else { return };
    let sandbox = &tmux.sandbox;
    let echo = "pwd; test -n \"$SECRET\" && echo has it; test -t 0 && echo at $GIT_AGENTS_AGENT; \
        while read -r line; do echo \"got <$line>\"; test \"$line\" = bye && exit 3; done";
    let run = tmux.start("ann", echo);
    let second = tmux.start("bob", "cat");
    assert_eq!((&run["mode"], &run["state"]), (&"tmux".into(), &"working".into()));
    tmux.wait_for_log("ann", "at ann");
    let log = tmux.log("ann");
    assert!(log.contains(sandbox.worktree_of("ann").to_str().unwrap()) && log.contains("has it"), "{log}");
    assert!(!is_shown("s3cr3t-value") && !is_written(&sandbox.repo().join(".git/agents"), "s3cr3t-value"));
    let windows = tmux.tmux(&["list-windows", "-a", "-F", "#{session_id} #{window_id} #{window_name}"]);
    assert_eq!(windows, "$0 @0 ann\n$0 @1 bob");

    sandbox.agents(["send", "ann", "one; $(two)\n\tthree;"]).good();
    tmux.wait_for_log("ann", "got <three;>");
    assert!(tmux.log("ann").contains("got <one; $(two)>"), "{}", tmux.log("ann"));
    assert_snapshot!(sandbox.agents(["send", "ann", "\u{1b}[201~x"]), @r#"
    [stderr]
    error: what is to be sent holds the control character '\u{1b}'
    [status 2]
    "#);
    assert_snapshot!(sandbox.agents(["send", "ann", "--end"]), @"
    [stderr]
    error: the input of a window in tmux does not end
      try: git agents kill ann
    [status 2]
    ");
    sandbox.agents(["send", "ann", "bye"]).good();
    tmux.wait_for_state("ann", "failed");
    assert_eq!(tmux.run_of("ann")["exit_code"], 3);
    wait_for("its window to close", || tmux.tmux(&["list-windows", "-a", "-F", "#{window_id}"]) == "@1");
    assert_snapshot!(sandbox.agents(["send", "ann", "x"]), @"
    [stderr]
    error: ann is not running
      try: git agents run ann
    [status 3]
    ");
    assert_snapshot!(sandbox.agents(["attach", "ann"]), @"
    [stderr]
    error: ann is not running
      try: git agents run ann --tmux
    [status 3]
    ");

    let before = second["pid"].to_string();
    sandbox.agents(["kill", "bob"]).good();
    assert_eq!(tmux.run_of("bob")["state"], "killed");
    assert!(!is_alive(&before));
    wait_for("the server to end", || tmux.tmux(&["list-sessions"]).is_empty());
}

#[test]
fn a_window_that_is_closed_ends_everything_in_it() {
    let Some(tmux) = Tmux::new(&["ann", "bob", "cam"]) else { return };
    let stubborn = "trap '' TERM HUP; setsid sleep 300 & echo child=$!; sleep 301 & echo other=$!; echo self=$$; wait";
    let child = |agent: &str, name: &str| {
        tmux.wait_for_log(agent, "self=");
        let log = tmux.log(agent);
        log.lines().find_map(|line| line.trim().strip_prefix(name)).unwrap().to_owned()
    };
    for (agent, command) in [("ann", "kill-window"), ("bob", "kill-server")] {
        tmux.start(agent, stubborn);
        let pids = ["child=", "other=", "self="].map(|name| child(agent, name));
        let window = tmux.tmux(&["list-windows", "-a", "-F", "#{window_id}"]);
        match command {
            "kill-window" => tmux.tmux(&[command, "-t", &window]),
            command => tmux.tmux(&[command]),
        };
        wait_for("everything to end", || !pids.iter().any(|pid| is_alive(pid)));
        wait_for("its end to be known", || tmux.run_of(agent)["ended_at"].is_string());
        assert_eq!(tmux.run_of(agent)["state"], "killed", "{command}");
    }
    tmux.start("cam", stubborn);
    let pids = ["child=", "other=", "self="].map(|name| child("cam", name));
    let pane = tmux.tmux(&["list-panes", "-a", "-F", "#{pane_pid}"]);
    let supervisor = nix::unistd::Pid::from_raw(pane.parse().unwrap());
    nix::sys::signal::kill(supervisor, nix::sys::signal::Signal::SIGKILL).unwrap();
    wait_for("everything to end", || !pids.iter().any(|pid| is_alive(pid)));
    tmux.wait_for_state("cam", "lost");
    // Supervisors, guards, and what keeps the output.
    let runs = tmux.sandbox.repo().join(".git/agents/runs");
    wait_for("our own to end", || !is_shown(runs.to_str().unwrap()));
}

#[test]
fn what_appears_is_kept_within_limits() {
    let Some(tmux) = Tmux::new(&["ann"]) else { return };
    let sandbox = &tmux.sandbox;
    sandbox.agents(["config", "set", "logLimit", "20k"]).good();
    tmux.start("ann", "seq 1 20000; printf '\\033[31m\\377\\n'; echo the end; cat");
    tmux.wait_for_log("ann", "the end");
    let folder = tmux.folder("ann");
    for name in ["stdout.log", "stdout.log.1"] {
        let length = folder.join(name).metadata().unwrap().len();
        assert!(length > 0 && length <= 20 << 10, "{name}: {length}");
    }
    let shown = sandbox.agents(["logs", "ann", "-n", "3"]).good().stdout;
    assert!(shown.contains("the end") && !shown.contains('\u{1b}'), "{shown:?}");
    sandbox.agents(["kill", "ann"]).good();
}

#[test]
fn names_are_not_taken_for_anything_else() {
    let shape = Shape { name: "re'po #{pid} 5%H $(x);", ..Shape::default() };
    let Some(tmux) = Tmux::with(shape, &["ann", "a.b"]) else { return };
    let folder = tmux.sandbox.root().join("re'po #{pid} 5%H $(x);-worktrees");
    for agent in ["ann", "a.b"] {
        tmux.start(agent, "pwd; echo ready; cat");
        tmux.wait_for_log(agent, "ready");
        assert!(tmux.log(agent).contains(folder.join(agent).to_str().unwrap()), "{}", tmux.log(agent));
    }
    assert_eq!(tmux.tmux(&["list-windows", "-a", "-F", "#{window_name}"]), "ann\na.b");
}

#[test]
fn a_profile_runs_in_its_own_way_for_terminals() {
    let Some(tmux) = Tmux::new(&["ann"]) else { return };
    let sandbox = &tmux.sandbox;
    let program = sandbox.root().join("bin/agent");
    script(&program, "echo \"told $# $1\"; cat");
    let program = program.to_str().unwrap();
    sandbox.agents(["config", "set", "profile", "mine"]).good();
    sandbox.agents(["config", "set", "profile.mine.interactive", &format!("{program} -- {{prompt}}")]).good();
    sandbox.agents(["assign", "ann", "16", "Repair it"]).good();
    sandbox.agents(["start", "ann", "16"]).good();
    let run = sandbox.agents(["run", "ann", "--tmux", "--json"]).good().json()["run"].clone();
    assert_eq!((&run["task"], &run["profile"]), (&"16".into(), &"mine".into()));
    tmux.wait_for_log("ann", "told 2 --");
    sandbox.agents(["kill", "ann"]).good();
    sandbox.agents(["config", "set", "profile.mine.interactive", ""]).good();
    sandbox.agents(["config", "set", "profile.mine.command", program]).good();
    sandbox.agents(["config", "set", "profile.mine.stdin", "prompt"]).good();
    sandbox.agents(["run", "ann", "--tmux"]).good();
    tmux.wait_for_log("ann", "git agents complete ann");
    tmux.wait_for_state("ann", "done");
}

/// Whoever opens the window is killed before it has said everything: the supervisor there does not wait for a minute.
#[test]
fn a_launcher_that_is_killed_leaves_nothing_that_waits() {
    let Some(tmux) = Tmux::new(&["ann"]) else { return };
    let sandbox = &tmux.sandbox;
    let bin = sandbox.root().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let real = std::env::split_paths(&path).map(|folder| folder.join("tmux")).find(|path| path.exists()).unwrap();
    let body = format!("case \" $* \" in *' pipe-pane '*) kill -9 $PPID;; esac\nexec '{}' \"$@\"\n", real.display());
    script(&bin.join("tmux"), &body);
    let folders: Vec<PathBuf> = [bin].into_iter().chain(std::env::split_paths(&path)).collect();
    let folders: Vec<&Path> = folders.iter().map(PathBuf::as_path).collect();
    let launcher = sandbox.direct(["run", "ann", "--tmux", "--", "sleep", "1000"]).path(&folders).output();
    assert_eq!(launcher.status, None, "it was killed: {launcher}");
    let begun = Instant::now();
    wait_for("nothing to wait", || sandbox.agents(["runs", "--json"]).json()["runs"].as_array().unwrap().is_empty());
    assert!(begun.elapsed() < Duration::from_secs(50), "before the patience of a supervisor ends");
    tmux.start("ann", "exit 0");
    tmux.wait_for_state("ann", "done");
}

#[test]
fn without_tmux_nothing_is_left() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let bin = sandbox.root().join("bin");
    std::fs::create_dir(&bin).unwrap();
    for program in ["git", "sh", "sleep"] {
        let path = std::env::var_os("PATH").unwrap();
        let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.exists());
        std::os::unix::fs::symlink(found.unwrap(), bin.join(program)).unwrap();
    }
    let run = |args: &[&str]| -> Run<'_> { sandbox.direct(args).path(&[&bin]) };
    assert_snapshot!(run(&["run", "ann", "--tmux", "--", "sleep", "100"]).output(), @"
    [stderr]
    error: tmux is not installed, or not on the PATH
      try: sudo apt-get install tmux
      try: brew install tmux
      try: git agents run AGENT --background
    [status 4]
    ");
    let plan = sandbox.root().join("plan.md");
    std::fs::write(&plan, "- [ ] t1: One\n").unwrap();
    let executed = || run(&["execute", plan.to_str().unwrap(), "--tmux", "--", "true"]).output();
    assert_eq!(sandbox.unchanged(executed).status, Some(4));
    let runs = sandbox.repo().join(".git/agents/runs");
    assert!(!runs.exists() || runs.read_dir().unwrap().next().is_none());
    run(&["run", "ann", "--", "sleep", "100"]).output().good();
    assert_snapshot!(sandbox.agents(["attach", "ann"]), @"
    [stderr]
    error: ann runs in the background, and not in tmux
      try: git agents logs ann -f
    [status 3]
    ");
    sandbox.agents(["kill", "ann"]).good();
    assert_snapshot!(sandbox.agents(["attach", "ann"]), @"
    [stderr]
    error: ann is not running
      try: git agents run ann --tmux
    [status 3]
    ");
    assert_snapshot!(sandbox.refused(["run", "ann", "--tmux", "--background", "--", "true"]), @"
    [stderr]
    error: the argument '--tmux' cannot be used with '--background'

    Usage: git agents run --tmux <AGENT> -- <COMMAND>...

    For more information, try '--help'.
    [status 2]
    ");
}

/// An agent of a plan: it edits, commits, says what it noticed, and completes its task.
const WORKER: &str = "test -t 1 && task=$1 && grep -q \"$task\" \"$2\" && echo \"work of $task\" >\"$task.txt\" && git add -A && \
    git commit -qm \"Do $task\" && git agents findings add --severity low --category note \"Seen in $task\" && \
    git agents complete";

#[test]
fn a_plan_is_carried_out_in_windows_and_lands() {
    let Some(tmux) = Tmux::new(&["spare"]) else { return };
    let sandbox = &tmux.sandbox;
    let (program, plan) = (sandbox.root().join("bin/worker"), sandbox.root().join("plan.md"));
    script(&program, WORKER);
    let line = |n: usize| match n {
        1..=3 => format!("- [ ] t{n}: Task {n}\n"),
        n => format!("- [ ] t{n}: Task {n} (after: t{})\n", n - 3),
    };
    std::fs::write(&plan, (1..=10).map(line).collect::<String>()).unwrap();
    let args = ["execute", plan.to_str().unwrap(), "--tmux", "--max-concurrent", "3", "--json", "--"];
    let run = sandbox.direct(args).args([program.to_str().unwrap(), "{task}", "{prompt_file}"]);
    let run = run.without("GIT_COMMITTER_DATE").without("GIT_AUTHOR_DATE").without("GIT_AGENTS_SEED");
    let view = run.output().good().json();
    assert_eq!(view["completed"], 10);
    assert_eq!(tmux.run_of("t1")["mode"], "tmux");
    assert_eq!(sandbox.state().findings.len(), 10);
    wait_for("the server to end", || tmux.tmux(&["list-sessions"]).is_empty());
    sandbox.agents(["merge", "--all", "--yes"]).good();
    let files = sandbox.git(["ls-tree", "-r", "--name-only", "main"]);
    assert_eq!(files.lines().filter(|file| file.starts_with('t')).count(), 10);
}
