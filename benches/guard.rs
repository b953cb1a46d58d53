//! What it costs in processor time to ask whether a file may be changed: once before every edit and every commit.
//!
//! `cargo bench --bench guard` builds a repository with 4,000 files, a chain of 100,000 operations and 20 agents with
//! their worktrees, each with a claim, commits and uncommitted changes of its own and a file that all of them change. From
//! the worktree of one it asks in each of the three ways, many times in turn, and prints the medians beside git's own
//! commands. The goal is 20 ms. Without `--bench` everything is small, to see that it runs.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark starts processes and prints, and a panic is how it fails"
)]

mod chain;
mod processor;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chain::Size;

const PROGRAM: &str = env!("CARGO_BIN_EXE_git-agents");

fn main() {
    let is_whole = std::env::args().any(|arg| arg == "--bench");
    let (size, folders, files, agents, rounds) = match is_whole {
        true => (Size { operations: 100_000, tasks: 10_000, open: 200 }, 40, 100, 20, 21),
        false => (Size { operations: 60, tasks: 20, open: 5 }, 4, 3, 3, 1),
    };
    let ground = Ground::new(&size, folders, files, agents);
    println!("{} files, {} operations, {agents} agents", folders * files, size.operations);
    println!("processor time of everything that was started in milliseconds, median of {rounds} runs\n");
    let call = ground.call("d1/f1.txt");
    let measures: [(&str, &str, Vec<&str>, &str, i32); 7] = [
        ("git --version", "git", vec!["--version"], "", 0),
        ("git status", "git", vec!["status", "--porcelain"], "", 0),
        ("guard: a file of one's own", PROGRAM, vec!["guard", "d1/f1.txt"], "", 0),
        ("guard: a file that all change", PROGRAM, vec!["guard", "d0/f0.txt", "d1/f2.txt"], "", 0),
        ("guard: a file that is claimed", PROGRAM, vec!["guard", "d2/f0.txt"], "", 1),
        ("guard --staged", PROGRAM, vec!["guard", "--staged"], "", 0),
        ("guard --hook-json", PROGRAM, vec!["guard", "--hook-json"], &call, 0),
    ];
    let mut times = measures.each_ref().map(|_| Vec::new());
    for round in 0..=rounds {
        for ((_, program, args, input, status), times) in measures.iter().zip(&mut times) {
            let time = processor::spent(|| ground.run(program, &ground.worktree(1), args, input, *status));
            // The first one warms up.
            times.extend((round > 0 || !is_whole).then_some(time));
        }
    }
    for ((name, program, ..), times) in measures.iter().zip(times) {
        let time = processor::median(times).as_secs_f64() * 1000.0;
        let verdict = if *program == PROGRAM && time > 20.0 { "   over 20" } else { "" };
        println!("{name:<32}{time:>8.1}{verdict}");
    }
}

/// The repository, and the worktrees beside it.
struct Ground {
    folder: tempfile::TempDir,
}

impl Ground {
    fn new(size: &Size, folders: usize, files: usize, agents: usize) -> Self {
        let ground = Ground { folder: tempfile::tempdir().unwrap() };
        let repo = ground.folder.path().join("repo");
        for folder in 0..folders {
            std::fs::create_dir_all(repo.join(format!("d{folder}"))).unwrap();
            for file in 0..files {
                let text = format!("{folder} {file}\n").repeat(50);
                std::fs::write(repo.join(format!("d{folder}/f{file}.txt")), text).unwrap();
            }
        }
        ground.git(&repo, &["init", "-q", "-b", "main"]);
        for (key, value) in [("user.name", "Ann"), ("user.email", "ann@example.com"), ("gc.auto", "0")] {
            ground.git(&repo, &["config", key, value]);
        }
        ground.git(&repo, &["add", "-A"]);
        ground.git(&repo, &["commit", "-q", "-m", "Begin"]);
        chain::import(ground.command("git", &repo, &["fast-import", "--quiet"]), size);
        ground.run(PROGRAM, &repo, &["init", "--agents", &agents.to_string()], "", 0);
        for agent in 1..=agents {
            ground.work(agent);
        }
        ground
    }

    /// A claim, a commit and changes in a folder of the agent's own, and to the file that everybody changes.
    fn work(&self, agent: usize) {
        let top = self.worktree(agent);
        let own = format!("d{agent}");
        let change = |path: String| {
            std::fs::write(top.join(path), format!("{agent}\n").repeat(40)).unwrap();
        };
        change(format!("{own}/f1.txt"));
        change("d0/f0.txt".to_owned());
        self.git(&top, &["commit", "-q", "-a", "-m", "Work"]);
        change(format!("{own}/f2.txt"));
        change(format!("{own}/new.txt"));
        self.git(&top, &["add", "-A"]);
        let shared = top.join("d0/f0.txt");
        std::fs::write(shared, "not committed\n").unwrap();
        self.run(PROGRAM, &top, &["claim", &own, "--exclusive"], "", 0);
    }

    fn worktree(&self, agent: usize) -> PathBuf {
        self.folder.path().join(format!("repo-worktrees/agent-{agent}"))
    }

    /// What a tool says before it changes a file.
    fn call(&self, path: &str) -> String {
        let top = self.worktree(1);
        serde_json::json!({
            "hook_event_name": "PreToolUse",
            "cwd": top,
            "tool_name": "Edit",
            "tool_input": { "file_path": top.join(path), "old_string": "a", "new_string": "b" },
        })
        .to_string()
    }

    fn git(&self, dir: &Path, args: &[&str]) {
        self.run("git", dir, args, "", 0);
    }

    fn run(&self, program: &str, dir: &Path, args: &[&str], input: &str, status: i32) {
        let mut child = self.command(program, dir, args).stdin(Stdio::piped()).spawn().unwrap();
        // Whoever does not read it has gone.
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{program} {args:?}: {said}");
    }

    fn command(&self, program: &str, dir: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null");
        command
    }
}
