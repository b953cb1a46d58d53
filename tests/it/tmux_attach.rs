//! Looking at the windows of runs.

use insta::assert_snapshot;

use crate::support::{Sandbox, Tmux, wait_for};

#[test]
fn whoever_attaches_sees_the_window() {
    let Some(tmux) = Tmux::new(&["ann", "bob"]) else { return };
    let sandbox = &tmux.sandbox;
    tmux.start("ann", "echo hello from ann; cat");
    tmux.start("bob", "echo hello from bob; cat");
    tmux.wait_for_log("ann", "hello from ann");
    assert_snapshot!(sandbox.agents(["attach", "ann"]), @"
    [stderr]
    error: there is no terminal to show the window of ann in
      try: git agents logs ann -f
    [status 3]
    ");
    let told = sandbox.agents(["attach", "ann", "--json"]).good().json();
    let command: Vec<&str> = told["command"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    assert_eq!(command[..2], ["tmux", "-S"]);
    assert_eq!(command[3..7], ["new-session", "-d", "-t", "$0"]);
    assert_eq!((&told["window"], &told["pane"]), (&"@0".into(), &"%0".into()));
    // Terminals to attach in: those of another server. What one looks at is no matter to the other.
    let attach = |agent: &str, options: &[&str]| {
        let new = ["-L", "outer", "new-session", "-d", "-s", agent, "-x", "80", "-y", "24", "-c"];
        let command = [sandbox.repo().to_str().unwrap(), Sandbox::binary().to_str().unwrap(), "attach", agent];
        sandbox.program("tmux").args([&new[..], &command, options].concat()).output().good();
    };
    attach("ann", &[]);
    attach("bob", &["--read-only"]);
    let seen = |agent: &str| tmux.tmux(&["-L", "outer", "capture-pane", "-p", "-t", agent]);
    wait_for("the windows to be seen", || {
        seen("ann").contains("hello from ann") && seen("bob").contains("hello from bob")
    });
    assert!(!seen("ann").contains("from bob"));
    assert_eq!(tmux.tmux(&["list-clients"]).lines().count(), 2);
    for (agent, typed) in [("ann", true), ("bob", false)] {
        tmux.tmux(&["-L", "outer", "send-keys", "-t", agent, "some words", "Enter"]);
        if typed {
            tmux.wait_for_log(agent, "some words");
        }
    }
    assert!(!tmux.log("bob").contains("some words"));
    tmux.tmux(&["-L", "outer", "kill-server"]);
    wait_for("the clients to leave", || tmux.tmux(&["list-clients"]).is_empty());
    wait_for("what they looked from to end", || tmux.tmux(&["list-sessions"]).lines().count() == 1);
    assert_eq!(tmux.run_of("ann")["state"], "working");
    let killed = sandbox.agents(["kill", "ann", "--json"]).good().json();
    assert_eq!(
        killed["killed"][0].get("leftovers"),
        None,
        "what records its end is not taken for something that is left"
    );
}

/// Nobody waits for a server that does not answer, nor for who does.
#[test]
fn a_server_that_does_not_answer_stops_nobody() {
    let Some(tmux) = Tmux::new(&["ann", "bob", "cy"]) else { return };
    let sandbox = &tmux.sandbox;
    tmux.start("ann", "cat");
    let server: i32 = tmux.tmux(&["display-message", "-p", "#{pid}"]).parse().unwrap();
    let start = git_agents::process::table::look_up(server).unwrap().start;
    let signal = |signal| git_agents::process::table::signal(server, start, signal).unwrap();
    signal(rustix::process::Signal::STOP);
    let said = std::thread::scope(|scope| {
        let silent = |args: &'static [&'static str]| scope.spawn(move || sandbox.now(args));
        let all = [silent(&["run", "bob", "--tmux", "--", "cat"]), silent(&["send", "ann", "x"])];
        let other = silent(&["run", "cy", "--", "true"]);
        assert_eq!(other.join().unwrap().status, Some(0));
        all.map(|one| one.join().unwrap())
    });
    signal(rustix::process::Signal::CONT);
    for one in said {
        assert_eq!(one.status, Some(4), "{one}");
        assert!(one.stderr.starts_with("error: tmux has not answered for 10 seconds\n"), "{one}");
    }
    assert_eq!(tmux.run_of("ann")["state"], "working");
    assert!(sandbox.now(&["runs", "bob"]).stdout.contains("no runs"));
    sandbox.now(&["kill", "--all"]).good();
}
