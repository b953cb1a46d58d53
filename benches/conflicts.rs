//! What the whole matrix of conflicts costs in processor time, beside one `git merge-tree --stdin` on the same pairs.
//!
//! `cargo bench --bench conflicts` builds repositories of 4,000 files with 10 to 200 branches, on one base or on many,
//! with few or many changed files, and runs in turn: git over all pairs of tips (its objects go to a folder that is
//! thrown away), `git-agents conflicts` without its cache, and the same again with it. Printed are the medians and how
//! many times less than git that is. Without `--bench` everything is small, to see that it runs.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark starts processes and prints, and a panic is how it fails"
)]

mod processor;

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const PROGRAM: &str = env!("CARGO_BIN_EXE_git-agents");

/// One repository.
#[derive(Debug, Clone, Copy)]
struct Case {
    branches: usize,
    /// How many commits the target is ahead of the oldest base; 0 when all branches begin at the target.
    spread: usize,
    /// Files that each branch changes.
    files: usize,
}

const CASES: [Case; 9] = [
    Case { branches: 10, spread: 0, files: 10 },
    Case { branches: 50, spread: 0, files: 3 },
    Case { branches: 50, spread: 0, files: 10 },
    Case { branches: 50, spread: 0, files: 40 },
    Case { branches: 50, spread: 40, files: 3 },
    Case { branches: 50, spread: 40, files: 10 },
    Case { branches: 50, spread: 40, files: 40 },
    Case { branches: 200, spread: 0, files: 10 },
    Case { branches: 200, spread: 40, files: 10 },
];

fn main() {
    let is_whole = std::env::args().any(|arg| arg == "--bench");
    let (cases, rounds, tree) = if is_whole { (&CASES[..], 5, 4_000) } else { (&CASES[..1], 1, 200) };
    println!("processor time in milliseconds, median of {rounds} runs; {tree} files; git is one merge-tree --stdin\n");
    println!(
        "{:>8}{:>8}{:>8}{:>8}{:>10}{:>10}{:>10}{:>10}{:>8}{:>8}",
        "branches", "bases", "files", "pairs", "conflicts", "git", "cold", "warm", "×cold", "×warm"
    );
    for case in cases {
        let ground = Ground::new(case, tree);
        let mut times = [const { Vec::new() }; 3];
        let mut conflicts = 0;
        for _ in 0..rounds {
            times[0].push(processor::spent(|| ground.all_pairs_by_git()));
            ground.forget();
            times[1].push(processor::spent(|| conflicts = ground.conflicts()));
            times[2].push(processor::spent(|| conflicts = ground.conflicts()));
        }
        let [git, cold, warm] = times.map(processor::median).map(|time: Duration| time.as_secs_f64() * 1000.0);
        let pairs = case.branches * (case.branches - 1) / 2;
        println!(
            "{:>8}{:>8}{:>8}{pairs:>8}{conflicts:>10}{git:>10.1}{cold:>10.1}{warm:>10.1}{:>8.1}{:>8.1}",
            case.branches,
            if case.spread == 0 { "one" } else { "many" },
            case.files,
            git / cold,
            git / warm
        );
    }
}

struct Ground {
    folder: tempfile::TempDir,
    branches: usize,
}

impl Ground {
    /// Files have 60 lines. Of the files that a branch changes one in ten is one of twenty that everybody changes.
    fn new(case: &Case, files: usize) -> Self {
        let ground = Ground { folder: tempfile::tempdir().unwrap(), branches: case.branches };
        std::fs::create_dir(ground.repo()).unwrap();
        ground.git(&["init", "-q", "-b", "main"], "");
        let mut random = fastrand::Rng::with_seed(1);
        let name = |file: usize| format!("src/part-{}/sub-{}/file-{file}.txt", file % 20, file % 7);
        let line = |file: usize, line: usize| format!("line {line} of file {file}, which says something\n");
        let mut import = String::new();
        let commit = |import: &mut String, branch: &str, from: Option<usize>, changes: &[(usize, usize, String)]| {
            let from = from.map(|mark| format!("from :{mark}\n")).unwrap_or_default();
            write!(
                import,
                "commit refs/heads/{branch}\nmark :{{}}\ncommitter A <a@b> 1700000000 +0000\ndata 0\n{from}"
            )
            .unwrap();
            for (file, changed, new) in changes {
                let text: String = (0..60).map(|l| if l == *changed { new.clone() } else { line(*file, l) }).collect();
                write!(import, "M 100644 inline {}\ndata {}\n{text}\n", name(*file), text.len()).unwrap();
            }
        };
        let mut mark = 0;
        let mut add = |import: &mut String, branch: &str, from: Option<usize>, changes: &[(usize, usize, String)]| {
            mark += 1;
            let mut text = String::new();
            commit(&mut text, branch, from, changes);
            import.push_str(&text.replacen("{}", &mark.to_string(), 1));
            mark
        };
        let all: Vec<_> = (0..files).map(|file| (file, 0, line(file, 0))).collect();
        let mut bases = vec![add(&mut import, "main", None, &all)];
        for number in 0..case.spread {
            // The target's own changes are in files that nobody else touches, but for some.
            let changes: Vec<_> =
                (0..5).map(|n| (files - 1 - (number * 5 + n) % 300, 3, format!("main {number}\n"))).collect();
            bases.push(add(&mut import, "main", bases.last().copied(), &changes));
        }
        for branch in 0..case.branches {
            let mut changes: Vec<_> = (0..case.files)
                .map(|n| {
                    let file = if n % 10 == 0 { random.usize(0..20) } else { random.usize(20..files) };
                    (file, random.usize(5..55), format!("branch {branch} {n}\n"))
                })
                .collect();
            changes.sort();
            changes.dedup_by_key(|change| change.0);
            let base = bases[random.usize(0..bases.len())];
            add(&mut import, &format!("b{branch}"), Some(base), &changes);
        }
        ground.git(&["fast-import", "--quiet"], &import);
        ground.git(&["repack", "-q", "-a", "-d"], "");
        ground.git(&["commit-graph", "write"], "");
        ground
    }

    fn repo(&self) -> PathBuf {
        self.folder.path().join("repo")
    }

    fn names(&self) -> Vec<String> {
        (0..self.branches).map(|branch| format!("b{branch}")).collect()
    }

    /// Merge every two tips.
    fn all_pairs_by_git(&self) {
        let names = self.names();
        let mut pairs = String::new();
        for (number, a) in names.iter().enumerate() {
            for b in &names[number + 1..] {
                writeln!(pairs, "{a} {b}").unwrap();
            }
        }
        let objects = tempfile::tempdir().unwrap();
        let mut command = self.command("git", &["merge-tree", "--write-tree", "--stdin", "-z"]);
        command
            .env("GIT_OBJECT_DIRECTORY", objects.path())
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", self.repo().join(".git/objects"));
        run(command, &pairs);
    }

    /// The whole matrix; how many pairs conflict.
    fn conflicts(&self) -> u64 {
        let names = self.names();
        let args: Vec<&str> =
            ["conflicts", "--json", "--committed"].into_iter().chain(names.iter().map(String::as_str)).collect();
        let answer = run(self.command(PROGRAM, &args), "");
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        answer["summary"]["conflicting"].as_u64().unwrap()
    }

    /// Remove everything that is remembered.
    fn forget(&self) {
        drop(std::fs::remove_dir_all(self.repo().join(".git/agents/cache")));
    }

    fn git(&self, args: &[&str], input: &str) {
        run(self.command("git", args), input);
    }

    fn command(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(Path::new(program));
        command
            .args(args)
            .current_dir(self.repo())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null");
        command
    }
}

/// Run to the end, whatever it says; its output.
fn run(mut command: Command, input: &str) -> Vec<u8> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input.as_bytes()).unwrap());
        let mut output = Vec::new();
        stdout.read_to_end(&mut output).unwrap();
        assert!(child.wait().unwrap().code().is_some_and(|code| code < 2));
        output
    })
}
