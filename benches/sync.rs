//! What synchronising costs in processor time when the chain is long.
//!
//! `cargo bench --bench sync` writes a chain of 100,000 operations (tasks, most of them dropped, and findings) into a bare
//! remote and brings it into a clone, which takes some minutes. Then ten operations come from elsewhere. Measured are
//!
//! - fetch: `git agents sync --fetch-only` in a clone that has done nothing itself;
//! - replay: the same in a clone that has done ten operations itself, and has the objects of the others' already;
//! - status: `git agents status` afterwards, with three agents;
//! - all of it: `git agents sync` in a clone that has done ten itself and pushes them;
//!
//! and beside them plain `git fetch` and `git push` of the same ref. Printed are medians: of everything that was started,
//! remote side included, and how much of it was git. Every round begins with a copy of the clone. Without `--bench`
//! everything is small, to see that it runs.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark starts processes and prints, and a panic is how it fails"
)]

mod chain;
mod processor;
mod stand_in;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use chain::Size;

const PROGRAM: &str = env!("CARGO_BIN_EXE_git-agents");
const STATE: &str = "refs/agents/state";
const REFSPEC: &str = "+refs/agents/state*:refs/agents-local/elsewhere*";

const WHOLE: Size = Size { operations: 100_000, tasks: 10_000, open: 200 };
const SMALL: Size = Size { operations: 60, tasks: 20, open: 5 };

fn main() -> ExitCode {
    if let Some(ended) = stand_in::stood_in_for_git() {
        return ended;
    }
    measure();
    ExitCode::SUCCESS
}

fn measure() {
    let is_whole = std::env::args().any(|arg| arg == "--bench");
    let (size, rounds) = if is_whole { (WHOLE, 9) } else { (SMALL, 1) };
    let ground = Ground::new(&size);
    println!("processor time in milliseconds, median of {rounds} runs; {} operations\n", size.operations);
    let [mut git_fetch, mut git_push] = [const { Vec::new() }; 2];
    let [mut fetch, mut replay, mut status, mut sync] = [const { Cost::new() }; 4];
    for _ in 0..rounds {
        ground.restore("behind");
        git_fetch.push(ground.cost_of("git", &["fetch", "-q", "--no-tags", "origin", REFSPEC]));
        fetch.add(&ground, &["sync", "--fetch-only"], || ground.restore("behind"));
        status.add(&ground, &["status"], || ());
        replay.add(&ground, &["sync", "--fetch-only"], || ground.restore("fetched"));
        sync.add(&ground, &["sync"], || ground.restore("diverged"));
        assert_eq!(ground.git(&["rev-parse", STATE]), ground.remote(&["rev-parse", STATE]));
        ground.remote(&["update-ref", STATE, &ground.tip]);
        git_push.push(ground.cost_of("git", &["push", "-q", "origin", STATE]));
    }
    let [git_fetch, git_push] = [git_fetch, git_push].map(|times| millis(processor::median(times)));
    println!("                                total  of it git");
    fetch.print("fetch of ten operations", Some(("git fetch", git_fetch)));
    replay.print("replay of ten on ten others", None);
    status.print("status", None);
    sync.print("fetch, replay and push", Some(("git fetch and git push", git_fetch + git_push)));
    println!("{:<28} {git_fetch:>8.1} {git_fetch:>10.1}", "git fetch");
    println!("{:<28} {git_push:>8.1} {git_push:>10.1}", "git push");
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// What a command of ours took in each round.
struct Cost {
    total: Vec<Duration>,
    git: Vec<Duration>,
}

impl Cost {
    const fn new() -> Self {
        Cost { total: Vec::new(), git: Vec::new() }
    }

    /// Run it twice: as it is, and with somebody who counts in git's place.
    fn add(&mut self, ground: &Ground, args: &[&str], restore: impl Fn()) {
        restore();
        self.git.push(ground.git_cost_of(args));
        restore();
        self.total.push(ground.cost_of(PROGRAM, args));
    }

    fn print(self, what: &str, plain: Option<(&str, f64)>) {
        let [total, git] = [self.total, self.git].map(|times| millis(processor::median(times)));
        let ratio = plain.map(|(name, time)| format!("   × {:.2} of {name}", total / time)).unwrap_or_default();
        println!("{what:<28} {total:>8.1} {git:>10.1}{ratio}");
    }
}

struct Ground {
    folder: tempfile::TempDir,
    /// Where the remote is before each round.
    tip: String,
    /// How many copies are laid aside: on some file systems files that were just deleted make new ones slow.
    aside: Cell<usize>,
}

impl Ground {
    fn new(size: &Size) -> Self {
        let mut ground = Ground { folder: tempfile::tempdir().unwrap(), tip: String::new(), aside: Cell::new(0) };
        let folder = ground.folder.path().to_owned();
        let begun = Instant::now();
        ground.run("git", &folder, &["init", "-q", "--bare", "-b", "main", "remote"]);
        chain::import(ground.command("git", &folder.join("remote"), &["fast-import", "--quiet"]), size);
        let url = format!("file://{}", folder.join("remote").display());
        ground.run("git", &folder, &["clone", "-q", &url, "live"]);
        for (key, value) in
            [("user.name", "Ann"), ("user.email", "ann@example.com"), ("gc.auto", "0"), ("agents.sync", "manual")]
        {
            ground.git(&["config", key, value]);
        }
        ground.git(&["commit", "-q", "--allow-empty", "-m", "Begin"]);
        println!("wrote the chain in {} s", begun.elapsed().as_secs());
        let begun = Instant::now();
        ground.agents(&["sync"]);
        println!("adopted it in {} s", begun.elapsed().as_secs());
        ground.agents(&["init", "--agents", "3"]);
        ground.agents(&["sync"]);
        ground.agents(&["status"]);
        ground.run("cp", &folder, &["-a", "live", "other"]);
        let other = folder.join("other");
        for number in 0..10 {
            ground.run(PROGRAM, &other, &["task", "add", "From elsewhere", "--id", &format!("new-{number}")]);
        }
        ground.save("behind");
        for number in 0..10 {
            ground.agents(&["task", "add", "One of our own", "--id", &format!("own-{number}")]);
        }
        ground.save("diverged");
        ground.run(PROGRAM, &other, &["sync"]);
        ground.tip = ground.remote(&["rev-parse", STATE]);
        ground.git(&["fetch", "-q", "--no-tags", "origin", REFSPEC]);
        ground.save("fetched");
        ground
    }

    fn live(&self) -> PathBuf {
        self.folder.path().join("live")
    }

    /// Keep the clone as it is now; its objects are never written to, so they are the same files.
    fn save(&self, name: &str) {
        let folder = self.folder.path();
        self.run("cp", folder, &["-al", "live/.git/objects", &format!("{name}-objects")]);
        self.run("cp", folder, &["-a", "live", name]);
        self.run("rm", folder, &["-r", &format!("{name}/.git/objects")]);
    }

    /// A clone as it was kept, and a remote that has the ten and no more.
    fn restore(&self, name: &str) {
        let aside = self.aside.replace(self.aside.get() + 1);
        let folder = self.folder.path();
        std::fs::rename(self.live(), folder.join(format!("aside-{aside}"))).unwrap();
        self.run("cp", folder, &["-a", name, "live"]);
        self.run("cp", folder, &["-al", &format!("{name}-objects"), "live/.git/objects"]);
        self.remote(&["update-ref", STATE, &self.tip]);
    }

    fn git(&self, args: &[&str]) -> String {
        self.run("git", &self.live(), args)
    }

    fn agents(&self, args: &[&str]) -> String {
        self.run(PROGRAM, &self.live(), args)
    }

    fn remote(&self, args: &[&str]) -> String {
        self.run("git", &self.folder.path().join("remote"), args)
    }

    fn cost_of(&self, program: &str, args: &[&str]) -> Duration {
        processor::spent(|| drop(self.run(program, &self.live(), args)))
    }

    fn git_cost_of(&self, args: &[&str]) -> Duration {
        stand_in::spent_in_git(self.folder.path(), self.command(PROGRAM, &self.live(), args))
    }

    fn run(&self, program: &str, dir: &Path, args: &[&str]) -> String {
        let output = self.command(program, dir, args).output().unwrap();
        assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
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
