//! What synchronising costs in processor time when the chain is long.
//!
//! `cargo bench --bench sync` builds a chain of 100,000 operations (tasks, most of them dropped, and findings) in a bare
//! remote and a clone that has all of it. Ten operations come from elsewhere. Measured are `git agents sync` with nothing
//! of one's own, the same with one operation that has to be replayed and pushed, `git agents status` afterwards, and beside
//! them `git fetch` of the same ten. Printed are medians; every round begins with a copy of the clone. Without `--bench`
//! everything is small, to see that it runs.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark starts processes and prints, and a panic is how it fails"
)]

mod processor;

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use git_agents::finding::{Finding, FindingState, Severity};
use git_agents::state::{Action, Document, Operation, State, Tally};
use git_agents::store::{open_shard, shard};
use git_agents::task::{NewTask, TaskId};

const PROGRAM: &str = env!("CARGO_BIN_EXE_git-agents");
const BEGIN: i64 = 1_750_000_000;

/// How large everything is.
struct Size {
    operations: usize,
    tasks: usize,
    open: usize,
    rounds: usize,
}

const WHOLE: Size = Size { operations: 100_000, tasks: 10_000, open: 200, rounds: 7 };
const SMALL: Size = Size { operations: 60, tasks: 20, open: 5, rounds: 1 };

fn main() {
    let size = if std::env::args().any(|arg| arg == "--bench") { WHOLE } else { SMALL };
    let ground = Ground::new(&size);
    println!("processor time in milliseconds, median of {} runs; {} operations\n", size.rounds, size.operations);
    let mut times = [const { Vec::new() }; 4];
    for _ in 0..size.rounds {
        let refspec = "+refs/agents/state*:refs/agents-local/elsewhere*";
        ground.restore();
        times[0].push(processor::spent(|| drop(ground.git(&["fetch", "-q", "--no-tags", "origin", refspec]))));
        ground.restore();
        times[1].push(processor::spent(|| drop(ground.agents(&["sync"]))));
        times[3].push(processor::spent(|| drop(ground.agents(&["status"]))));
        ground.restore();
        ground.agents(&["task", "add", "One of our own", "--id", "own"]);
        times[2].push(processor::spent(|| drop(ground.agents(&["sync"]))));
        assert_eq!(ground.git(&["rev-parse", "refs/agents/state"]), ground.remote(&["rev-parse", "refs/agents/state"]));
    }
    let [fetch, sync, replay, status] =
        times.map(|times: Vec<Duration>| processor::median(times).as_secs_f64() * 1000.0);
    println!("git fetch of ten operations      {fetch:>8.1}");
    println!("sync that brings them            {sync:>8.1}   × {:.1}", sync / fetch);
    println!("sync that replays one on them    {replay:>8.1}   × {:.1}", replay / fetch);
    println!("status                           {status:>8.1}");
}

struct Ground {
    folder: tempfile::TempDir,
    /// Where the remote is before each round.
    tip: String,
}

impl Ground {
    fn new(size: &Size) -> Self {
        let mut ground = Ground { folder: tempfile::tempdir().unwrap(), tip: String::new() };
        let folder = ground.folder.path();
        ground.run("git", folder, &["init", "-q", "--bare", "-b", "main", "remote"]);
        import(ground.command("git", &ground.folder.path().join("remote"), &["fast-import", "--quiet"]), size);
        let url = format!("file://{}", folder.join("remote").display());
        for (name, keep) in [("saved", true), ("other", false)] {
            ground.run("git", folder, &["clone", "-q", &url, name]);
            let clone = folder.join(name);
            for (key, value) in [("user.name", "Ann"), ("user.email", "ann@example.com"), ("gc.auto", "0")] {
                ground.run("git", &clone, &["config", key, value]);
            }
            ground.run(PROGRAM, &clone, &["sync"]);
            if keep {
                ground.run(PROGRAM, &clone, &["status"]);
            }
        }
        let other = folder.join("other");
        for number in 0..10 {
            ground.run(PROGRAM, &other, &["task", "add", "From elsewhere", "--id", &format!("new-{number}")]);
        }
        ground.run(PROGRAM, &other, &["sync"]);
        ground.tip = ground.remote(&["rev-parse", "refs/agents/state"]);
        ground
    }

    fn live(&self) -> PathBuf {
        self.folder.path().join("live")
    }

    /// A clone that knows nothing of the ten, and a remote that has them and no more.
    fn restore(&self) {
        drop(std::fs::remove_dir_all(self.live()));
        self.run("cp", self.folder.path(), &["-a", "saved", "live"]);
        self.remote(&["update-ref", "refs/agents/state", &self.tip]);
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

/// Write the chain, each operation applied to no more of the state than it is about.
fn import(mut command: Command, size: &Size) {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stream = BufWriter::new(child.stdin.take().unwrap());
    let mut tally = Tally::default();
    for number in 0..size.operations {
        let (action, before) = step(size, number, &tally);
        let operation = operation(number, action);
        let after = before.apply(&operation).unwrap();
        let json = serde_json::to_string(&operation).unwrap();
        let message = format!("{}\n\n{json}\n", operation.action.sentence());
        let seconds = BEGIN + i64::try_from(number).unwrap();
        writeln!(stream, "commit refs/agents/state\ncommitter Ann <ann@example.com> {seconds} +0000").unwrap();
        writeln!(stream, "data {}\n{message}", message.len()).unwrap();
        if number == 0 {
            file(&mut stream, "format.json", &serde_json::json!({ "version": 1 }));
        }
        for document in after.touched() {
            let json = after.document(document).unwrap();
            match document {
                Document::Task(id) if after.tasks[id].state.is_closed() => {
                    writeln!(stream, "D tasks/open/{}/{id}.json", open_shard(id.as_str())).unwrap();
                    file(&mut stream, &format!("tasks/closed/{}/{id}.json", shard(id.as_str())), &json);
                }
                Document::Task(id) => {
                    file(&mut stream, &format!("tasks/open/{}/{id}.json", open_shard(id.as_str())), &json);
                }
                Document::Finding(id) => {
                    file(&mut stream, &format!("findings/{}/{id}.json", shard(id.as_str())), &json);
                }
                Document::Tally => file(&mut stream, "tally.json", &json),
                other => panic!("{other} is not expected"),
            }
        }
        tally = after.tally;
    }
    stream.flush().unwrap();
    drop(stream);
    assert!(child.wait().unwrap().success());
}

/// What the operation does, and the part of the state that it is about: first the tasks are filed, then most of them
/// dropped, and the rest are findings.
fn step(size: &Size, number: usize, tally: &Tally) -> (Action, State) {
    let id = |number: usize| -> TaskId { format!("t{number}").parse().unwrap() };
    let new = |number| -> NewTask {
        serde_json::from_value(serde_json::json!({ "id": id(number), "title": format!("Task number {number}") }))
            .unwrap()
    };
    let mut state = State::default();
    state.tally = tally.clone();
    let dropped = size.tasks - size.open;
    let action = if number < size.tasks {
        Action::AddTasks { tasks: vec![new(number)] }
    } else if number < size.tasks + dropped {
        let task = number - size.tasks;
        let filed = operation(task, Action::AddTasks { tasks: vec![new(task)] });
        state.tasks = state.apply(&filed).unwrap().tasks;
        Action::DropTask { task: id(task), reason: None }
    } else {
        let finding = Finding {
            id: format!("f{number}").parse().unwrap(),
            agent: None,
            task: None,
            severity: Severity::Medium,
            category: "bug".to_owned(),
            message: format!("Finding number {number}"),
            file: None,
            line: None,
            end_line: None,
            commit: None,
            state: FindingState::Open,
            created_at: time(number),
            resolved_at: None,
            extra: serde_json::Map::new(),
        };
        Action::AddFindings { findings: vec![finding] }
    };
    (action, state)
}

fn operation(number: usize, action: Action) -> Operation {
    let ulid = ulid::Ulid::from_parts(u64::try_from(time(number).timestamp_millis()).unwrap(), number as u128);
    let id = ulid.to_string().to_lowercase().parse().unwrap();
    Operation { id, nonce: format!("{number:032x}"), at: time(number), moved: Vec::new(), action }
}

fn time(number: usize) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp(BEGIN + i64::try_from(number).unwrap(), 0).unwrap()
}

fn file(stream: &mut impl Write, path: &str, json: &serde_json::Value) {
    let text = serde_json::to_string_pretty(json).unwrap();
    writeln!(stream, "M 100644 inline {path}\ndata {}\n{text}\n", text.len() + 1).unwrap();
}
