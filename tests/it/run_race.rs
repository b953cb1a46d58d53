//! Many that start at once, and starts that are killed in the middle.

use std::time::Instant;

use crate::support::{Sandbox, eventually};

/// However many start at the same time, no more run than may.
#[test]
fn many_starters_keep_the_limit() {
    let names: Vec<String> = (0..12).map(|number| format!("a{number}")).collect();
    let sandbox = Sandbox::with_agents(&names.iter().map(String::as_str).collect::<Vec<_>>());
    sandbox.git(["config", "agents.maxConcurrent", "3"]);
    for _ in 0..2 {
        let children: Vec<_> = names
            .iter()
            .map(|name| {
                let args = ["run", name, "--", "sleep", "1000"];
                sandbox.direct(args).spawn()
            })
            .collect();
        let outputs: Vec<_> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
        let number = |status| outputs.iter().filter(|output| output.status.code() == Some(status)).count();
        let said = || outputs.iter().map(|output| String::from_utf8_lossy(&output.stderr)).collect::<String>();
        assert_eq!((number(0), number(3)), (3, 9), "{}", said());
        let shown = sandbox.answer(&["runs", "--json"]);
        assert_eq!(shown["runs"].as_array().unwrap().iter().filter(|run| run.get("pid").is_some()).count(), 3);
        sandbox.now(&["kill", "--all", "--grace", "1s"]).good();
    }
}

/// Whenever whoever starts it is killed: it runs as it should, or nothing of it does.
#[test]
fn a_launcher_is_killed_at_any_moment() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    // Moments all over the time that a start takes here and now.
    let begun = Instant::now();
    sandbox.start_run("ann", "exit 0", &[]);
    let whole = begun.elapsed();
    sandbox.now(&["wait", "ann"]).good();
    for step in 0..25_u32 {
        let mut launcher = sandbox.direct(["run", "ann", "--", "sleep", "1000"]).spawn();
        std::thread::sleep(whole * step / 24);
        launcher.kill().unwrap();
        launcher.wait().unwrap();
        // What has no plan yet is no run. What has one runs, or is about to, or never will.
        eventually("it runs or is lost", || {
            let shown = sandbox.now(&["runs", "--json"]).good().json();
            shown["runs"].as_array().unwrap().iter().all(|run| run["state"] != "starting")
        });
        let all = sandbox.now(&["runs", "--all", "--json"]).good().json();
        let live = all["runs"].as_array().unwrap().iter().filter(|run| run.get("pid").is_some()).count();
        assert!(live <= 1);
        if live == 1 {
            sandbox.now(&["kill", "ann", "--grace", "0s"]).good();
        }
    }
    let ids: Vec<String> = std::fs::read_dir(sandbox.repo().join(".git/agents/runs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for id in ids.iter().filter(|id| sandbox.run_folder(id).join("started.json").exists()) {
        sandbox.run_is_gone(id);
    }
    sandbox.now(&["doctor", "--fix"]);
    assert_eq!(sandbox.now(&["doctor"]).status, Some(0));
    sandbox.start_run("ann", "exit 0", &[]);
    assert_eq!(sandbox.now(&["wait", "ann"]).status, Some(0));
}
