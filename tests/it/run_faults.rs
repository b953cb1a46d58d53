//! Runs to which something happens: their supervisor is killed, their program is, the machine restarts, children do not
//! want to end. Whatever it is, what is shown is true, and nothing stays behind.

use crate::support::{Sandbox, eventually, is_alive};

/// Leaves three children: one that ignores TERM, one in a session of its own, and one whose parent has gone.
const BROOD: &str = r#"
    sh -c 'trap "" TERM; echo $$ >deaf; while :; do sleep 1; done' &
    setsid sh -c 'trap "" TERM HUP; echo $$ >away; while :; do sleep 1; done' &
    sh -c '(setsid sh -c "trap \"\" TERM; echo \$\$ >orphan; while :; do sleep 1; done" &) ; exit 0'
    while ! test -s deaf || ! test -s away || ! test -s orphan; do sleep 0.01; done
    echo ready
"#;

/// The sandbox with a run that has its three children, and then does `rest`.
fn with_brood(rest: &str, options: &[&str]) -> (Sandbox, String) {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let id = sandbox.start_run("ann", &format!("{BROOD}\n{rest}"), options);
    eventually("all are there", || sandbox.now(&["logs", "ann"]).stdout.contains("ready"));
    (sandbox, id)
}

/// None of the three is left, nor anything else of the run.
fn all_gone(sandbox: &Sandbox, id: &str) {
    sandbox.run_is_gone(id);
    for name in ["deaf", "away", "orphan"] {
        assert!(!is_alive(&sandbox.worktree_of("ann").join(name)), "{name}");
    }
}

#[test]
fn its_supervisor_is_killed() {
    let (sandbox, id) = with_brood("sleep 1000", &[]);
    sandbox.kill_9(&id, "supervisor");
    assert_eq!(sandbox.run_state("ann"), "lost");
    assert_eq!(sandbox.run_of("ann")["reason"], "it ended, and nobody wrote down how");
    all_gone(&sandbox, &id);
    assert_eq!(sandbox.now(&["wait", "ann"]).status, Some(1));
    // It is in nobody's way.
    let next = sandbox.start_run("ann", "exit 0", &[]);
    assert_eq!(sandbox.now(&["wait", "ann"]).status, Some(0));
    sandbox.run_is_gone(&next);
}

/// A daemon that has shed its environment is known to the supervisor alone, which has written down what it saw.
#[test]
fn its_supervisor_is_killed_beside_a_daemon_without_the_mark() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let id = sandbox.start_run("ann", "env -i setsid sh -c 'echo $$ >daemon; sleep 1000' & sleep 1000", &[]);
    let daemon = sandbox.worktree_of("ann").join("daemon");
    let seen = || sandbox.run_record(&id, "activity.json").get("unmarked").is_some();
    eventually("it was seen", || daemon.exists() && seen());
    sandbox.kill_9(&id, "supervisor");
    sandbox.run_is_gone(&id);
    let left = sandbox.run_of("ann")["left"].as_array().unwrap().len();
    assert!(left > 0);
    let shown = sandbox.now(&["runs"]).stdout;
    assert!(shown.contains("still there: git agents kill ann"), "{shown}");
    assert_eq!(sandbox.now(&["run", "ann", "--", "true"]).status, Some(3), "it works on in the worktree");
    let status = sandbox.now(&["status"]).stdout;
    assert!(status.contains("ann's run is lost, and has processes that are alive"), "{status}");
    let cleaned = sandbox.now(&["cleanup", "--runs", "--older-than", "0s", "--yes"]);
    let warning = "warning: a run of ann stays: it has processes that are alive; git agents kill ann ends them\n";
    assert_eq!((cleaned.stdout.as_str(), cleaned.stderr.as_str()), ("no old runs\nkept 1 run\n", warning));
    assert!(is_alive(&daemon));
    sandbox.now(&["kill", "ann"]).good();
    assert!(!is_alive(&daemon));
}

#[test]
fn its_program_is_killed() {
    let (sandbox, id) = with_brood("sleep 1000", &[]);
    sandbox.kill_9(&id, "agent");
    assert_eq!(sandbox.now(&["wait", "ann"]).status, Some(1));
    let run = sandbox.run_of("ann");
    assert_eq!((run["state"].as_str(), run["signal"].as_i64()), (Some("failed"), Some(9)));
    all_gone(&sandbox, &id);
    assert!(sandbox.run_record(&id, "ended.json")["left"].as_u64().unwrap() >= 3);
}

#[test]
fn its_program_ends_and_leaves_children() {
    let (sandbox, id) = with_brood("exit 0", &[]);
    assert_eq!(sandbox.now(&["wait", "ann"]).status, Some(0));
    assert_eq!(sandbox.run_state("ann"), "done");
    all_gone(&sandbox, &id);
}

#[test]
fn its_time_is_over() {
    // It ends well when it is asked to, which makes it no success.
    let sandbox = Sandbox::with_agents(&["ann"]);
    let id = sandbox.start_run("ann", "trap 'exit 0' TERM; while :; do sleep 0.1; done", &["--timeout", "1s"]);
    assert_eq!(sandbox.now(&["wait", "ann"]).status, Some(1));
    let run = sandbox.run_of("ann");
    assert_eq!((run["state"].as_str(), run["exit_code"].as_i64()), (Some("timed-out"), Some(0)));
    sandbox.run_is_gone(&id);
}

#[test]
fn what_does_not_hear_is_killed_after_its_grace() {
    let (sandbox, id) = with_brood("trap '' TERM; while :; do sleep 1; done", &[]);
    let killed = sandbox.now(&["kill", "ann", "--grace", "1s", "--json"]).good().json();
    let run = &killed["killed"][0]["run"];
    assert_eq!((run["state"].as_str(), run["by"].as_str()), (Some("killed"), Some("Ann")));
    all_gone(&sandbox, &id);
}

/// Whoever is in a hurry does not wait for who was not.
#[test]
fn the_shorter_grace_wins() {
    let (sandbox, id) = with_brood("trap 'echo asked >asked' TERM; while :; do sleep 0.1; done", &[]);
    let begun = std::time::Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| sandbox.now(&["kill", "ann", "--grace", "40s"]));
        eventually("it is asked", || sandbox.worktree_of("ann").join("asked").exists());
        sandbox.now(&["kill", "ann", "--grace", "0s"]).good();
    });
    assert!(begun.elapsed() < std::time::Duration::from_secs(30), "{:?}", begun.elapsed());
    all_gone(&sandbox, &id);
}

/// A refusal has done nothing.
#[test]
fn whoever_is_refused_ends_nothing() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.start_run("ann", "sleep 1000", &[]);
    sandbox.git(["config", "agents.idleAfter", "x"]);
    assert_eq!(sandbox.now(&["kill", "ann"]).status, Some(3));
    sandbox.git(["config", "--unset", "agents.idleAfter"]);
    assert_eq!(sandbox.run_state("ann"), "working");
    sandbox.now(&["kill", "ann"]).good();
}

#[test]
fn its_folder_is_deleted_while_it_is_ended() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let script = "trap 'echo asked >asked' TERM; echo ready; while :; do sleep 0.1; done";
    let id = sandbox.start_run("ann", script, &[]);
    eventually("it listens", || sandbox.now(&["logs", "ann"]).stdout.contains("ready"));
    let begun = std::time::Instant::now();
    let killed = std::thread::scope(|scope| {
        let kill = scope.spawn(|| sandbox.now(&["kill", "ann", "--grace", "2s", "--json"]));
        eventually("it is asked", || sandbox.worktree_of("ann").join("asked").exists());
        std::fs::remove_dir_all(sandbox.run_folder(&id)).unwrap();
        kill.join().unwrap()
    });
    assert_eq!(killed.good().json()["killed"][0]["run"]["state"], "killed");
    assert!(begun.elapsed() < std::time::Duration::from_secs(12), "{:?}", begun.elapsed());
    assert!(git_agents::process::table::marked(git_agents::run::MARK, &id).is_empty());
}

#[test]
fn a_supervisor_that_does_nothing_any_more_is_no_obstacle() {
    let (sandbox, id) = with_brood("sleep 1000", &[]);
    let began = sandbox.run_record(&id, "started.json");
    let pid = i32::try_from(began["supervisor"]["pid"].as_i64().unwrap()).unwrap();
    let start = began["supervisor"]["start"].as_u64().unwrap();
    git_agents::process::table::signal(pid, start, rustix::process::Signal::STOP).unwrap();
    sandbox.now(&["kill", "ann", "--grace", "0s"]).good();
    assert_eq!(sandbox.run_state("ann"), "killed");
    all_gone(&sandbox, &id);
}

#[test]
fn its_guard_is_killed_and_replaced() {
    let (sandbox, id) = with_brood("sleep 1000", &[]);
    let guard = || {
        let mark = format!("guard-{id}").into_bytes();
        let is_it = |process: &git_agents::process::table::Process| {
            git_agents::process::table::variable(process.pid, git_agents::run::MARK).as_ref() == Some(&mark)
        };
        sandbox.processes_of(&id).into_iter().find(is_it)
    };
    let first = guard().unwrap();
    git_agents::process::table::signal(first.pid, first.start, rustix::process::Signal::KILL).unwrap();
    eventually("another one stands", || guard().is_some_and(|guard| guard.pid != first.pid));
    sandbox.kill_9(&id, "supervisor");
    all_gone(&sandbox, &id);
}

/// All processes are gone at once, and the boot is another one; the files stay.
#[test]
fn the_machine_restarts() {
    let (sandbox, id) = with_brood("sleep 1000", &[]);
    // First what would end the others, as if all went at once.
    for process in sandbox.processes_of(&id) {
        drop(git_agents::process::table::signal(process.pid, process.start, rustix::process::Signal::KILL));
    }
    all_gone(&sandbox, &id);
    let path = sandbox.run_folder(&id).join("started.json");
    let mut began = sandbox.run_record(&id, "started.json");
    began["boot"] = "00000000-0000-0000-0000-000000000000".into();
    std::fs::write(&path, began.to_string()).unwrap();
    let run = sandbox.run_of("ann");
    assert_eq!((run["state"].as_str(), run["reason"].as_str()), (Some("lost"), Some("the machine was restarted")));
    assert_eq!(sandbox.now(&["doctor"]).status, Some(0), "and it is recorded");
}

/// The numbers of its processes belong to somebody else now: whoever kills the run must not meet them.
#[test]
fn numbers_that_were_given_again_are_nobody_of_ours() {
    let (sandbox, id) = with_brood("sleep 1000", &[]);
    sandbox.kill_9(&id, "supervisor");
    all_gone(&sandbox, &id);
    let mut stranger = sandbox.command("sleep").arg("1000").spawn().unwrap();
    let mut began = sandbox.run_record(&id, "started.json");
    for who in ["agent", "supervisor"] {
        began[who]["pid"] = stranger.id().into();
    }
    (began["group"], began["session"]) = (stranger.id().into(), stranger.id().into());
    std::fs::write(sandbox.run_folder(&id).join("started.json"), began.to_string()).unwrap();
    assert_eq!(sandbox.run_state("ann"), "lost");
    assert_eq!(sandbox.now(&["kill", "ann"]).status, Some(3));
    assert_eq!(sandbox.now(&["doctor", "--fix"]).status, Some(0));
    assert!(stranger.try_wait().unwrap().is_none(), "it lives");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[test]
fn it_closes_its_output_and_goes_on() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let id = sandbox.start_run("ann", "echo said; exec >&- 2>&-; while ! test -e go; do sleep 0.02; done; exit 7", &[]);
    eventually("it has said it", || sandbox.now(&["logs", "ann"]).stdout == "said\n");
    assert_eq!(sandbox.run_state("ann"), "working");
    sandbox.write_as("ann", "go", "");
    assert_eq!(sandbox.now(&["wait", "ann"]).status, Some(1));
    assert_eq!(sandbox.run_of("ann")["exit_code"], 7);
    sandbox.run_is_gone(&id);
}

#[test]
fn it_writes_what_is_no_text_and_what_acts_on_terminals() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let script = r"printf '\377\376bad \033[31mred\033[0m \033]0;title\007\033]52;c;QUJD\007end\r\n\000'";
    let id = sandbox.start_run("ann", script, &[]);
    sandbox.now(&["wait", "ann"]).good();
    let shown = sandbox.now(&["logs", "ann"]).stdout;
    assert_eq!(shown, "\u{fffd}\u{fffd}bad red end\n\u{fffd}");
    let raw = sandbox.command(Sandbox::binary()).args(["logs", "ann", "--raw"]).output().unwrap();
    assert_eq!(raw.stdout, b"\xff\xfebad \x1b[31mred\x1b[0m \x1b]0;title\x07\x1b]52;c;QUJD\x07end\r\n\x00");
    sandbox.run_is_gone(&id);
}

#[test]
fn it_ends_at_once() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    for _ in 0..10 {
        sandbox.now(&["run", "ann", "--", "true"]).good();
        assert_eq!(sandbox.now(&["wait", "ann"]).status, Some(0));
    }
    assert_eq!(sandbox.run_of("ann")["state"], "done");
}

/// A gigabyte goes by; what is kept is the end of it, in two files of the limit's size at most.
#[test]
fn its_log_grows_to_a_gigabyte() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    sandbox.git(["config", "agents.logLimit", "1M"]);
    let id = sandbox.start_run("ann", "yes 0123456789abcdef | head -c 1073741824; echo; echo the end", &[]);
    eventually("something was moved away", || sandbox.run_folder(&id).join("stdout.log.1").exists());
    assert_eq!(sandbox.run_state("ann"), "working");
    assert_eq!(sandbox.now(&["wait", "ann"]).status, Some(0));
    assert_eq!(sandbox.now(&["logs", "ann", "-n", "1"]).stdout, "the end\n");
    let (rotated, whole) = (sandbox.run_of("ann")["rotated"].as_u64().unwrap(), (1 << 30) + 9);
    assert!(rotated < whole && whole <= rotated + (2 << 20), "{rotated}");
    assert!(sandbox.now(&["logs", "ann"]).stderr.contains("of what ann wrote was given up for the rest"));
    let size = |name: &str| sandbox.run_folder(&id).join(name).metadata().unwrap().len();
    assert!(size("stdout.log") <= 1 << 20 && size("stdout.log.1") == 1 << 20);
    sandbox.run_is_gone(&id);
}

/// A run starts another one: that has a supervisor of its own, and is not part of it.
#[test]
fn a_run_that_a_run_has_started_outlives_it() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    let outer = sandbox.start_run("ann", "git agents run bob -- sleep 1000 && echo started", &[]);
    assert_eq!(sandbox.now(&["wait", "ann"]).status, Some(0));
    assert_eq!(sandbox.now(&["logs", "ann"]).stdout.lines().last(), Some("started"));
    sandbox.run_is_gone(&outer);
    assert_eq!(sandbox.run_state("bob"), "working");
    let inner = sandbox.run_of("bob")["id"].as_str().unwrap().to_owned();
    sandbox.now(&["kill", "bob"]).good();
    sandbox.run_is_gone(&inner);
}
