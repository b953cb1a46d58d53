//! What a worktree costs that is ready to work in, beside `git worktree add` in the same repository.
//!
//! `cargo bench --bench ready` builds a repository with several thousand files and ignored files beside them, makes
//! worktrees in turn with git, with `agent add` and with `create`, and prints the medians of the processor time. Of
//! `create` that is until the agent's program runs; the supervisor, which goes on by itself, is not in it. Without
//! `--bench` everything is small, to see that it runs.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark starts processes and prints, and a panic is how it fails"
)]

mod processor;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use processor::median;

const PROGRAM: &str = env!("CARGO_BIN_EXE_git-agents");
/// What `agent add` and `create` may take more than `git worktree add`, in milliseconds.
const GOAL: f64 = 30.0;

struct Size {
    files: usize,
    ignored: usize,
    rounds: usize,
}

const WHOLE: Size = Size { files: 4_000, ignored: 5_000, rounds: 5 };
const SMALL: Size = Size { files: 20, ignored: 30, rounds: 2 };

/// One way to make a worktree.
struct Way {
    name: &'static str,
    /// The content of `.worktreeinclude`; none for none.
    include: Option<&'static str>,
    setup: Option<&'static str>,
}

const WAYS: [Way; 5] = [
    Way { name: "agent add", include: None, setup: None },
    Way { name: "  with agents.setup = true", include: None, setup: Some("true") },
    Way { name: "  with .env", include: Some("/.env\n"), setup: None },
    Way { name: "  with .env, at any depth", include: Some(".env\n"), setup: None },
    Way { name: "  with node_modules", include: Some("node_modules/\n"), setup: None },
];

fn main() {
    let size = if std::env::args().any(|arg| arg == "--bench") { &WHOLE } else { &SMALL };
    let ground = Ground::new(size);
    println!("{} files, {} ignored in node_modules; processor time in milliseconds\n", size.files, size.ignored);
    let mut git = Vec::new();
    let mut create = Vec::new();
    let mut times: Vec<Vec<Duration>> = WAYS.iter().map(|_| Vec::new()).collect();
    for round in 0..=size.rounds {
        let time = ground.git_worktree(round);
        git.extend((round > 0).then_some(time));
        let time = ground.create(round);
        create.extend((round > 0).then_some(time));
        for (way, times) in WAYS.iter().zip(&mut times) {
            // The first one warms up.
            let time = ground.agent(way);
            times.extend((round > 0).then_some(time));
        }
    }
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    let git = milliseconds(median(git));
    println!("{:<30}{:>10}{:>10}", "", "ms", "more");
    println!("{:<30}{git:>10.1}", "git worktree add -b");
    let names = WAYS.iter().map(|way| way.name);
    for (name, times) in names.chain(["create"]).zip(times.into_iter().chain([create])) {
        let time = milliseconds(median(times));
        println!("{name:<30}{time:>10.1}{:>10.1}", time - git);
    }
    println!("\nagent add alone, and create, may take {GOAL} ms more than git");
}

/// The repository that everything runs in.
struct Ground {
    folder: tempfile::TempDir,
}

impl Ground {
    fn new(size: &Size) -> Self {
        let ground = Ground { folder: tempfile::tempdir().unwrap() };
        let write = |path: String, content: String| {
            let path = ground.repo().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        };
        for file in 0..size.files {
            write(format!("src/{}/{file}.txt", file % 60), format!("{file}\n").repeat(40));
        }
        write(".gitignore".into(), ".env\nnode_modules/\n.worktreeinclude\n".into());
        ground.run("git", "init -q -b main");
        for (key, value) in [("user.name", "Ann"), ("user.email", "ann@example.com"), ("gc.auto", "0")] {
            ground.run("git", &format!("config {key} {value}"));
        }
        ground.run("git", "add -A");
        ground.run("git", "commit -q -m Begin");
        write(".env".into(), "SECRET=1\n".into());
        for file in 0..size.ignored {
            write(format!("node_modules/{}/{}/{file}.js", file % 200, file % 7), "x".repeat(file % 3000));
        }
        ground.run(PROGRAM, "init first");
        ground
    }

    fn repo(&self) -> PathBuf {
        self.folder.path().join("repo")
    }

    fn git_worktree(&self, round: usize) -> Duration {
        let time = processor::spent(|| self.run("git", &format!("worktree add -q -b own-{round} ../own")));
        self.run("git", "worktree remove --force ../own");
        time
    }

    fn agent(&self, way: &Way) -> Duration {
        let file = self.repo().join(".worktreeinclude");
        drop(std::fs::remove_file(&file));
        if let Some(patterns) = way.include {
            std::fs::write(&file, patterns).unwrap();
        }
        if let Some(command) = way.setup {
            self.run("git", &format!("config agents.setup {command}"));
        }
        let time = processor::spent(|| self.run(PROGRAM, "agent add ann"));
        self.run(PROGRAM, "agent remove ann --force");
        if way.setup.is_some() {
            self.run("git", "config --unset agents.setup");
        }
        time
    }

    /// A task, an agent and its run.
    fn create(&self, round: usize) -> Duration {
        let time = processor::spent(|| self.run(PROGRAM, &format!("create new-{round} --prompt Nothing -- true")));
        self.run(PROGRAM, &format!("wait new-{round}"));
        self.run(PROGRAM, &format!("agent remove new-{round} --force"));
        time
    }

    fn run(&self, program: &str, args: &str) {
        let path = std::env::var_os("PATH").unwrap();
        let output = Command::new(program)
            .args(args.split(' '))
            .current_dir(self.repo())
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{program} {args}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
