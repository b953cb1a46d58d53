//! Runs in windows of a real tmux, each test with a server of its own.
//!
//! Where tmux is not installed they say that they are left out; with `GIT_AGENTS_REQUIRE_TMUX` in the environment they fail.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Sandbox, Shape};

/// A sandbox with agents whose tmux ends with it.
pub(crate) struct Tmux {
    pub(crate) sandbox: Sandbox,
}

impl Tmux {
    /// None where there is no tmux.
    pub(crate) fn with(shape: Shape, agents: &[&str]) -> Option<Self> {
        let is_there = std::process::Command::new("tmux").arg("-V").output().is_ok();
        if !is_there {
            assert!(std::env::var_os("GIT_AGENTS_REQUIRE_TMUX").is_none(), "tmux is not installed");
            eprintln!("left out: tmux is not installed");
            return None;
        }
        let sandbox = Sandbox::shaped(shape);
        sandbox.direct([&["init"], agents].concat()).output().good();
        Some(Tmux { sandbox })
    }

    pub(crate) fn new(agents: &[&str]) -> Option<Self> {
        Tmux::with(Shape::default(), agents)
    }

    /// Start a script of a shell as an agent.
    pub(crate) fn start(&self, agent: &str, body: &str) -> Value {
        let args = ["run", agent, "--tmux", "--env", "SECRET=s3cr3t-value", "--json", "--", "sh", "-c", body];
        self.sandbox.agents(args).good().json()["run"].clone()
    }

    pub(crate) fn tmux(&self, args: &[&str]) -> String {
        self.sandbox.program("tmux").args(args).output().stdout.trim_end().to_owned()
    }

    /// What is known of an agent's newest run.
    pub(crate) fn run_of(&self, agent: &str) -> Value {
        self.sandbox.agents(["runs", agent, "--json"]).json()["runs"][0].clone()
    }

    pub(crate) fn wait_for_state(&self, agent: &str, state: &str) {
        wait_for(&format!("{agent} to be {state}"), || self.run_of(agent)["state"] == state);
    }

    /// The folder of an agent's newest run; answers do not show its name.
    pub(crate) fn folder(&self, agent: &str) -> PathBuf {
        let runs = self.sandbox.repo().join(".git/agents/runs").read_dir().unwrap();
        let is_its = |folder: &PathBuf| {
            let plan = std::fs::read_to_string(folder.join("plan.json")).unwrap_or_default();
            plan.contains(&format!("\"agent\":\"{agent}\""))
        };
        runs.flatten().map(|entry| entry.path()).filter(is_its).max().unwrap()
    }

    /// What has appeared in an agent's window, as it is kept.
    pub(crate) fn log(&self, agent: &str) -> String {
        String::from_utf8_lossy(&std::fs::read(self.folder(agent).join("stdout.log")).unwrap_or_default()).into_owned()
    }

    pub(crate) fn wait_for_log(&self, agent: &str, text: &str) {
        wait_for(&format!("{text:?} in the window"), || self.log(agent).contains(text));
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

#[track_caller]
pub(crate) fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
