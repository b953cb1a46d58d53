//! What many runs at once cost: the processor time of `runs`, and the memory and the processor time of the supervisors.
//!
//! `cargo bench --bench runs` starts 50 runs of a program that sleeps, each by an agent of its own, and prints the median
//! of `runs` (the goal is 50 ms), the resident memory of the supervisors (3 MB each) and what they use in a while in which
//! nothing happens (nothing). Without `--bench` everything is small, to see that it runs.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark starts processes and prints, and a panic is how it fails"
)]

mod processor;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use git_agents::process::table;
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_git-agents");

fn main() {
    let is_whole = std::env::args().any(|arg| arg == "--bench");
    let (number, rounds, quiet) =
        if is_whole { (50, 21, Duration::from_secs(60)) } else { (3, 1, Duration::from_secs(1)) };
    let folder = tempfile::tempdir().unwrap();
    let repo = folder.path().join("repo");
    std::fs::create_dir(&repo).unwrap();
    run("git", &repo, &["init", "-q", "-b", "main"]);
    for (key, value) in [("user.name", "Ann"), ("user.email", "ann@example.com"), ("gc.auto", "0")] {
        run("git", &repo, &["config", key, value]);
    }
    run("git", &repo, &["commit", "-q", "--allow-empty", "-m", "Begin"]);
    run(PROGRAM, &repo, &["init", "--agents", &number.to_string()]);
    let _ended = Ended(&repo);
    let begun = Instant::now();
    let spent = processor::spent(|| {
        for agent in 1..=number {
            run(PROGRAM, &repo, &["run", &format!("agent-{agent}"), "--", "sleep", "100000"]);
        }
    });
    println!(
        "{number} runs started in {:.1?}, {:.1} ms of processor time each",
        begun.elapsed(),
        ms(spent) / f64::from(number)
    );

    let mut times = Vec::new();
    for round in 0..=rounds {
        let time = processor::spent(|| drop(run(PROGRAM, &repo, &["runs", "--json"])));
        times.extend((round > 0).then_some(time));
    }
    let median = ms(processor::median(times));
    println!("runs: {median:.1} ms of processor time, median of {rounds}{}", over(median > 50.0, "50 ms"));

    let supervisors = supervisors(&repo);
    assert_eq!(supervisors.len(), usize::try_from(number).unwrap());
    let memory: Vec<u64> = supervisors.iter().map(|pid| table::memory(*pid).unwrap()).collect();
    let most = memory.iter().max().copied().unwrap() >> 10;
    let mean = (memory.iter().sum::<u64>() / memory.len() as u64) >> 10;
    println!("supervisors: {mean} KB resident, {most} KB the largest{}", over(most > 3 << 10, "3 MB"));

    let used = || -> u64 { supervisors.iter().filter_map(|pid| Some(table::look_up(*pid)?.own_ticks)).sum() };
    let before = used();
    std::thread::sleep(quiet);
    println!("supervisors: {:?} of processor time, all together, in {quiet:?}", table::ticks(used() - before));
}

/// Ends what was started, also where something here has panicked.
struct Ended<'r>(&'r Path);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        let ended =
            Command::new(PROGRAM).args(["kill", "--all", "--grace", "1s", "--quiet"]).current_dir(self.0).output();
        assert!(
            ended.is_ok_and(|output| output.status.success()) || std::thread::panicking(),
            "programs may still run"
        );
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn over(is_over: bool, goal: &str) -> String {
    if is_over { format!("   over {goal}") } else { String::new() }
}

fn supervisors(repo: &Path) -> Vec<i32> {
    let runs = repo.join(".git/agents/runs").read_dir().unwrap();
    let pid = |path: &Path| {
        let record: Value = serde_json::from_slice(&std::fs::read(path.join("started.json")).unwrap()).unwrap();
        i32::try_from(record["supervisor"]["pid"].as_i64().unwrap()).unwrap()
    };
    runs.map(|entry| pid(&entry.unwrap().path())).collect()
}

fn run(program: &str, dir: &Path, args: &[&str]) -> Vec<u8> {
    let output = Command::new(program)
        .args(args)
        .current_dir(dir)
        // Nobody's own limits, programs or signatures.
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {said}");
    output.stdout
}
