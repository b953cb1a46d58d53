//! What the program costs in processor time, beside what git costs on the same repository in the same run.
//!
//! `cargo bench` builds a repository with 10,000 tasks, 200 of them open, and 50 agents with their worktrees, runs
//! every command many times in turn, and prints the medians. Wall time is left out: it says more about the machine's
//! other work. Without `--bench` (as `cargo test --benches` calls it) everything is small, to see that it runs.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark starts processes and prints, and a panic is how it fails"
)]

mod processor;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use processor::median;

const PROGRAM: &str = env!("CARGO_BIN_EXE_git-agents");

/// How large everything is.
struct Size {
    closed: usize,
    open: usize,
    agents: usize,
    rounds: usize,
}

const WHOLE: Size = Size { closed: 9_800, open: 200, agents: 50, rounds: 41 };
const SMALL: Size = Size { closed: 20, open: 10, agents: 2, rounds: 3 };

/// One command and what it may cost.
struct Measure {
    name: &'static str,
    program: &'static str,
    args: fn(usize) -> Vec<String>,
    /// Before each run, not counted.
    before: fn(&Ground),
    /// At most so many milliseconds; none for git's own commands.
    goal: Option<f64>,
}

fn main() {
    let size = if std::env::args().any(|arg| arg == "--bench") { &WHOLE } else { &SMALL };
    // First of all, while this process is small: a child begins with its parent's high-water mark.
    let memory = memory_of_version();
    let ground = Ground::new(size);
    println!(
        "{} tasks ({} open), {} agents; {}",
        size.closed + size.open,
        size.open,
        size.agents,
        ground.git_version()
    );
    println!("processor time of a whole process in milliseconds, median of {} runs\n", size.rounds);
    let times = run_all(&ground, size.rounds);
    print!("{}", table(&times));
    println!("\ngit-agents --version takes at most {:.1} MB (goal 10 MB)", memory as f64 / 1024.0);
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn measures() -> Vec<Measure> {
    let nothing: fn(&Ground) = |_| {};
    let git = |name, args| Measure { name, program: "git", args, before: nothing, goal: None };
    let ours = |name, args, before, goal| Measure { name, program: PROGRAM, args, before, goal: Some(goal) };
    vec![
        git("git --version", |_| words("--version")),
        git("git for-each-ref", |_| words("for-each-ref")),
        git("git status", |_| words("status --porcelain")),
        ours("git-agents --version", |_| words("--version"), nothing, 5.0),
        ours("git-agents status --no-dirty", |_| words("status --no-dirty"), nothing, 20.0),
        ours("  without its cache", |_| words("status --no-dirty"), Ground::forget, 20.0),
        ours("git-agents task list", |_| words("task list"), nothing, 20.0),
        ours("  without its cache", |_| words("task list"), Ground::forget, 20.0),
        ours("git-agents assign", |round| words(&format!("assign agent-1 open-{round}")), nothing, 15.0),
    ]
}

/// The median of every command, in its order. The commands take turns, so that what disturbs disturbs all.
fn run_all(ground: &Ground, rounds: usize) -> Vec<(Measure, Duration)> {
    let measures = measures();
    let mut times: Vec<Vec<Duration>> = measures.iter().map(|_| Vec::new()).collect();
    for round in 0..=rounds {
        for (measure, times) in measures.iter().zip(&mut times) {
            (measure.before)(ground);
            let time = ground.time(measure.program, &(measure.args)(round));
            // The first one warms up.
            times.extend((round > 0).then_some(time));
        }
    }
    measures.into_iter().zip(times.into_iter().map(median)).collect()
}

fn table(times: &[(Measure, Duration)]) -> String {
    let milliseconds = |time: &Duration| time.as_secs_f64() * 1000.0;
    let baselines: Vec<f64> = times.iter().take(3).map(|(_, time)| milliseconds(time)).collect();
    let mut text =
        format!("{:<30}{:>8}{:>8}{:>12}{:>16}{:>10}\n", "", "ms", "goal", "× --version", "× for-each-ref", "× status");
    for (measure, time) in times {
        let time = milliseconds(time);
        let goal = measure.goal.map(|goal| format!("{}{goal}", if time <= goal { "" } else { "over " }));
        let ratio = |index: usize| format!("{:.1}", time / baselines[index]);
        let (name, goal) = (measure.name, goal.unwrap_or_default());
        writeln!(text, "{name:<30}{time:>8.1}{goal:>8}{:>12}{:>16}{:>10}", ratio(0), ratio(1), ratio(2)).unwrap();
    }
    text
}

/// What `--version` has in memory at most, in KiB.
fn memory_of_version() -> i64 {
    assert!(Command::new(PROGRAM).arg("--version").stdout(Stdio::null()).status().unwrap().success());
    processor::of_children().max_rss()
}

/// The repository that everything runs in.
struct Ground {
    folder: tempfile::TempDir,
}

impl Ground {
    fn new(size: &Size) -> Self {
        let ground = Ground { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir_all(ground.repo().join("src")).unwrap();
        ground.run("git", &words("init -q -b main"), "");
        for (key, value) in [("user.name", "Ann"), ("user.email", "ann@example.com"), ("gc.auto", "0")] {
            ground.run("git", &[words("config"), vec![key.to_owned(), value.to_owned()]].concat(), "");
        }
        for file in 0..200 {
            std::fs::write(ground.repo().join(format!("src/{file}.txt")), format!("{file}\n").repeat(50)).unwrap();
        }
        ground.run("git", &words("add -A"), "");
        ground.run("git", &words("commit -q -m Begin"), "");
        ground.run(PROGRAM, &words(&format!("init --agents {}", size.agents)), "");
        ground.work(size.agents);
        ground.run(PROGRAM, &words("task import -"), &tasks(size));
        // As git's own maintenance leaves it.
        ground.run("git", &words("gc -q"), "");
        ground
    }

    /// A commit on every agent's branch.
    fn work(&self, agents: usize) {
        let tree = self.run("git", &words("rev-parse HEAD^{tree}"), "");
        let mut updates = String::new();
        for agent in 1..=agents {
            let message = format!("commit-tree {} -p HEAD -m Work-{agent}", tree.trim());
            let commit = self.run("git", &words(&message), "");
            writeln!(updates, "update refs/heads/agents/agent-{agent} {}", commit.trim()).unwrap();
        }
        self.run("git", &words("update-ref --stdin"), &updates);
    }

    fn repo(&self) -> PathBuf {
        self.folder.path().join("repo")
    }

    fn git_version(&self) -> String {
        self.run("git", &words("--version"), "").trim().to_owned()
    }

    /// Remove the copy of the newest state.
    fn forget(&self) {
        drop(std::fs::remove_dir_all(self.repo().join(".git/agents/cache")));
    }

    fn command(&self, program: &str, args: &[String]) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var_os("PATH").unwrap();
        command
            .args(args)
            .current_dir(self.repo())
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .stderr(Stdio::piped());
        command
    }

    /// Run to the end; what it says.
    fn run(&self, program: &str, args: &[String], input: &str) -> String {
        let mut command = self.command(program, args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let name = Path::new(program).file_name().unwrap().display();
        assert!(output.status.success(), "{name} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The processor time of one run, and of the children that it waited for.
    fn time(&self, program: &str, args: &[String]) -> Duration {
        processor::spent(|| {
            let output = self.command(program, args).stdin(Stdio::null()).stdout(Stdio::null()).output().unwrap();
            assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        })
    }
}

/// The lines of an import.
fn tasks(size: &Size) -> String {
    let line = |id: String, state: &str| {
        let body = "What is to be done, in a sentence or two that say a little more than the title does. ".repeat(3);
        format!(
            "{{\"id\":\"{id}\",\"title\":\"The task that is called {id}\",\"body\":\"{body}\",\"hours\":2,\
             \"labels\":[\"one\",\"two\"],\"state\":\"{state}\"}}\n"
        )
    };
    let closed = (0..size.closed).map(|n| line(format!("closed-{n}"), "dropped"));
    closed.chain((0..size.open).map(|n| line(format!("open-{n}"), "open"))).collect()
}
