//! What landing twenty clean branches costs in processor time, beside the commands that a careful person would type.
//!
//! `cargo bench --bench landing` builds a repository of 4,000 files with twenty agents, each with a worktree and a branch
//! that changes files of its own, and lands them again and again: by `git agents merge --all --yes`, and by hand, with
//! `git rebase` in each worktree and `git merge --ff-only` where the target is, or with `git merge --no-ff` alone. Then
//! each worktree is brought to the new target, which `git agents merge` does too, so that both end alike; what that costs
//! by hand is told apart. Printed are the medians, the ratios without and with it, and how often a file of the target's
//! checkout was written at most. Without `--bench` everything is small, to see that it runs.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark starts processes and prints, and a panic is how it fails"
)]

mod processor;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_git-agents");

/// How large everything is.
struct Size {
    files: usize,
    branches: usize,
    rounds: usize,
}

const WHOLE: Size = Size { files: 4_000, branches: 20, rounds: 3 };
const SMALL: Size = Size { files: 60, branches: 3, rounds: 1 };

fn main() {
    let is_whole = std::env::args().any(|arg| arg == "--bench");
    let size = if is_whole { WHOLE } else { SMALL };
    let Size { files, branches, rounds } = size;
    println!("processor time in milliseconds, median of {rounds} runs; {branches} branches, {files} files\n");
    let heads = ["strategy", "by hand", "worktrees", "merge", "×", "× with", "writes of a file"];
    let [strategy, hand, forward, merge, times, with, writes] = heads;
    println!("{strategy:>10}{hand:>10}{forward:>11}{merge:>10}{times:>8}{with:>8}{writes:>18}");
    let ground = Ground::new(&size);
    for strategy in ["rebase", "merge"] {
        let mut times = [const { Vec::new() }; 3];
        let mut trees = Vec::new();
        for _ in 0..rounds {
            ground.restore();
            times[0].push(processor::spent(|| ground.by_hand(strategy)));
            times[1].push(processor::spent(|| ground.forward()));
            trees.push(ground.git(&["rev-parse", "main^{tree}"]));
            ground.restore();
            times[2].push(processor::spent(|| ground.merge(strategy)));
            trees.push(ground.git(&["rev-parse", "main^{tree}"]));
        }
        assert!(trees.iter().all(|tree| *tree == trees[0]), "both ways end in the same files");
        let [hand, forward, merge] = times.map(processor::median).map(|time| time.as_secs_f64() * 1000.0);
        let most = ground.most_writes(strategy);
        let writes = most.map_or("no strace".to_owned(), |most| most.to_string());
        let (times, with) = (hand / merge, (hand + forward) / merge);
        println!("{strategy:>10}{hand:>10.1}{forward:>11.1}{merge:>10.1}{times:>8.1}{with:>8.1}{writes:>18}");
        assert!(most.is_none_or(|most| most == 1), "a file was written more than once");
    }
}

struct Ground {
    folder: tempfile::TempDir,
    agents: Vec<String>,
    /// The refs before any landing.
    saved: Vec<(String, String)>,
}

impl Ground {
    /// Each branch changes and adds files that nobody else touches, and begins before the target's newest commit.
    fn new(size: &Size) -> Self {
        let agents = (0..size.branches).map(|number| format!("a{number}")).collect();
        let ground = Ground { folder: tempfile::tempdir().unwrap(), agents, saved: Vec::new() };
        let repo = ground.repo();
        std::fs::create_dir_all(&repo).unwrap();
        ground.git(&["init", "-q", "-b", "main"]);
        for (key, value) in [("user.name", "Ann"), ("user.email", "ann@example.com"), ("gc.auto", "0")] {
            ground.git(&["config", key, value]);
        }
        (0..size.files).for_each(|file| write(&repo, &name(file), &text(file, "")));
        ground.commit(&repo, "Begin");
        ground.git(&["repack", "-q", "-a", "-d"]);
        let words: Vec<&str> = std::iter::once("init").chain(ground.agents.iter().map(String::as_str)).collect();
        run(ground.command(PROGRAM, &repo, &words));
        let share = size.files / (size.branches + 1);
        for (number, agent) in ground.agents.iter().enumerate() {
            let dir = ground.worktree(agent);
            for step in 0..2 {
                for file in (number * share..(number + 1) * share).step_by(10) {
                    write(&dir, &name(file), &text(file, &format!("{agent} {step}")));
                }
                write(&dir, &format!("new/{agent}-{step}"), "new\n");
                ground.commit(&dir, &format!("{agent} {step}"));
            }
        }
        write(&repo, &name(size.files - 1), "changed\n");
        ground.commit(&repo, "main goes on");
        Ground { saved: ground.refs(), ..ground }
    }

    fn repo(&self) -> PathBuf {
        self.folder.path().join("repo")
    }

    fn worktree(&self, agent: &str) -> PathBuf {
        self.folder.path().join("repo-worktrees").join(agent)
    }

    /// As it was before any landing, with indexes that know their files.
    fn restore(&self) {
        let update = |(name, id): &(String, String)| format!("update {name} {id}\n");
        let refs = self.refs();
        let gone = refs.iter().filter(|(name, _)| !self.saved.iter().any(|(saved, _)| saved == name));
        let lines: String =
            self.saved.iter().map(update).chain(gone.map(|(name, _)| format!("delete {name}\n"))).collect();
        // The files follow from the commits: `reset` writes those that differ.
        for (dir, branch) in self.checkouts() {
            let (_, id) = self.saved.iter().find(|(name, _)| *name == branch).unwrap();
            run(self.command("git", &dir, &["reset", "-q", "--hard", id]));
            run(self.command("git", &dir, &["status", "--porcelain"]));
        }
        feed(self.command("git", &self.repo(), &["update-ref", "--stdin"]), &lines);
    }

    /// Every ref, and where it stands.
    fn refs(&self) -> Vec<(String, String)> {
        let listed = self.git(&["for-each-ref", "--format=%(refname) %(objectname)"]);
        let pair = |line: &str| line.split_once(' ').map(|(name, id)| (name.to_owned(), id.to_owned()));
        listed.lines().filter_map(pair).collect()
    }

    /// The folders with files, and the branches that they have checked out.
    fn checkouts(&self) -> Vec<(PathBuf, String)> {
        let agents = self.agents.iter().map(|agent| (self.worktree(agent), format!("refs/heads/agents/{agent}")));
        agents.chain([(self.repo(), "refs/heads/main".to_owned())]).collect()
    }

    fn by_hand(&self, strategy: &str) {
        for agent in &self.agents {
            let branch = format!("agents/{agent}");
            if strategy == "rebase" {
                run(self.command("git", &self.worktree(agent), &["rebase", "-q", "main"]));
                self.git(&["merge", "-q", "--ff-only", &branch]);
            } else {
                self.git(&["merge", "-q", "--no-ff", "--no-edit", &branch]);
            }
        }
    }

    /// Bring every worktree to the new target, ready for the next task.
    fn forward(&self) {
        for agent in &self.agents {
            run(self.command("git", &self.worktree(agent), &["merge", "-q", "--ff-only", "main"]));
        }
    }

    fn merge(&self, strategy: &str) {
        run(self.command(PROGRAM, &self.repo(), &["merge", "--all", "--yes", "--strategy", strategy]));
    }

    /// How often the file of the target's checkout that is written most often is opened for writing; none without strace.
    fn most_writes(&self, strategy: &str) -> Option<usize> {
        self.restore();
        let trace = self.folder.path().join("trace");
        let words = ["-f", "-qq", "-y", "-e", "trace=openat,creat", "-o", trace.to_str().unwrap(), PROGRAM];
        let words = [&words[..], &["merge", "--all", "--yes", "--strategy", strategy]].concat();
        let status = self.command("strace", &self.repo(), &words).stdout(Stdio::null()).status().ok()?;
        assert!(status.success());
        let mut writes = BTreeMap::<String, usize>::new();
        let (repo, git_dir) = (format!("<{}/", self.repo().display()), format!("<{}/.git/", self.repo().display()));
        for line in String::from_utf8_lossy(&std::fs::read(&trace).unwrap()).lines() {
            // `… = 5</folder/file>`: the file that the call gave.
            let Some((call, path)) = line.rsplit_once(" = ") else { continue };
            let is_file = path.contains(&repo) && !path.contains(&git_dir);
            if is_file && (call.contains("O_WRONLY") || call.contains("O_RDWR")) {
                let path = path.split_once('<').unwrap().1.to_owned();
                *writes.entry(path).or_default() += 1;
            }
        }
        writes.into_values().max()
    }

    fn commit(&self, dir: &Path, message: &str) {
        run(self.command("git", dir, &["add", "-A"]));
        run(self.command("git", dir, &["commit", "-q", "-m", message]));
    }

    fn git(&self, args: &[&str]) -> String {
        run(self.command("git", &self.repo(), args))
    }

    fn command(&self, program: &str, dir: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(dir)
            .stdin(Stdio::null())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null");
        command
    }
}

fn name(file: usize) -> String {
    format!("src/part-{}/file-{file}.txt", file % 40)
}

fn text(file: usize, changed: &str) -> String {
    (0..40).map(|line| format!("line {line} of file {file}{}\n", if line == 20 { changed } else { "" })).collect()
}

fn write(dir: &Path, path: &str, content: &str) {
    let file = dir.join(path);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, content).unwrap();
}

fn feed(mut command: Command, lines: &str) {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

/// Run to the end; what it says.
fn run(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}
