//! The repository that the rounds are played in: some state, and much that must stay as it is.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use git_agents::git::Repository;
use git_agents::state::{Action, State};
use git_agents::store::{self, STATE_REF, Scope};
use git_agents::world::World;
use gix::ObjectId;
use serde_json::{Value, json};

/// The time that everything happens at.
const NOW: &str = "2026-01-05T09:00:00Z";

/// A repository with a state of some of everything.
pub(crate) struct Ground {
    _folder: tempfile::TempDir,
    root: PathBuf,
    /// Where the rounds begin.
    pub(super) tip: ObjectId,
    outside: BTreeMap<PathBuf, Vec<u8>>,
    heads: String,
}

impl Ground {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("git-agents-fuzz-").tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("repo")).unwrap();
        std::fs::write(root.join("outside"), "mine").unwrap();
        let mut ground = Ground {
            _folder: folder,
            root,
            tip: ObjectId::null(gix::hash::Kind::Sha1),
            outside: BTreeMap::new(),
            heads: String::new(),
        };
        ground.git(&["init", "-q", "-b", "main"]);
        for (key, value) in [("user.name", "Ann"), ("user.email", "ann@example.com"), ("maintenance.auto", "false")] {
            ground.git(&["config", key, value]);
        }
        std::fs::write(ground.repo().join("README"), "A project.\n").unwrap();
        ground.git(&["add", "-A"]);
        ground.git(&["commit", "-qm", "Begin"]);
        ground.git(&["branch", "precious"]);
        ground.add_work();
        for action in actions() {
            ground.act(&action).unwrap();
        }
        ground.tip = store::tip(&ground.open()).unwrap().unwrap();
        ground.outside = ground.files();
        ground.heads = ground.git(&["for-each-ref", "refs/heads"]);
        ground
    }

    /// A branch of Ann with a worktree, where a file has changed and something is no file; symlinks into folders.
    fn add_work(&self) {
        std::fs::create_dir(self.repo().join("src")).unwrap();
        std::os::unix::fs::symlink("src", self.repo().join("way")).unwrap();
        std::os::unix::fs::symlink("src/db/a", self.repo().join("link")).unwrap();
        let worktree = self.root.join("ann");
        self.git(&["worktree", "add", "-q", "-b", "agents/ann", worktree.to_str().unwrap()]);
        std::fs::write(worktree.join("README"), "Not committed.\n").unwrap();
        assert!(Command::new("mkfifo").arg(worktree.join("pipe")).status().unwrap().success());
    }

    pub(super) fn repo(&self) -> PathBuf {
        self.root.join("repo")
    }

    pub(super) fn open(&self) -> Repository {
        Repository::discover(&self.repo()).unwrap()
    }

    pub(super) fn world(&self) -> World {
        World { now: NOW.parse().unwrap(), seed: Some(1), home: None }
    }

    /// One operation; whether it was taken.
    pub(super) fn act(&self, action: &Value) -> Result<(), String> {
        let action: Action = serde_json::from_value(action.clone()).unwrap();
        let scope = Scope::open().with_findings().with_closed();
        let decide = |_: &State, _: &mut fastrand::Rng| Ok::<_, Infallible>(Some(action.clone().into()));
        store::transact(&self.open(), &self.world(), &scope, decide).map(drop).map_err(|refused| format!("{refused:?}"))
    }

    /// Put the state where a round has made it, by plain git; whether git takes that for a commit.
    pub(super) fn set(&self, tip: ObjectId) -> bool {
        let mut command = Command::new("git");
        let output = self.hermetic(&mut command).args(["update-ref", STATE_REF, &tip.to_string()]).output().unwrap();
        output.status.success()
    }

    /// Nothing has changed that is none of the state's business.
    pub(super) fn check_outside(&self) {
        assert_eq!(self.outside, self.files(), "a file outside the state has changed");
        assert_eq!(self.heads, self.git(&["for-each-ref", "refs/heads"]), "a branch has moved");
    }

    /// The program in the repository: its status, and all that it wrote.
    pub(super) fn program(&self, program: &Path, args: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(program);
        let output = self.hermetic(&mut command).args(args).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&text).into_owned())
    }

    /// The program with something to read: its status, and what it wrote where.
    pub(super) fn program_with(&self, program: &Path, args: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
        let mut command = Command::new(program);
        let command = self.hermetic(&mut command).args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        // Much smaller than a pipe holds; a program that refuses early does not read it, which is its right.
        drop(child.stdin.take().unwrap().write_all(input));
        let output = child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    fn git(&self, args: &[&str]) -> String {
        let mut command = Command::new("git");
        let output = self.hermetic(&mut command).args(args).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn hermetic<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let path = std::env::var_os("PATH").unwrap();
        let command = command.current_dir(self.repo()).env_clear().env("PATH", path).env("HOME", &self.root);
        command
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("NO_COLOR", "1")
            .env("GIT_COMMITTER_DATE", NOW)
    }

    /// Every file but git's own objects, logs and refs of the state, and what is ours in its folder.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.root.clone()];
        let ours = ["objects", "agents", "logs", "refs"].map(|name| self.repo().join(".git").join(name));
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() && !path.is_symlink() {
                    folders.extend((!ours.contains(&path)).then_some(path));
                } else if path.is_symlink() {
                    found
                        .insert(path.clone(), std::fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes());
                } else if !path.is_file() {
                    found.insert(path, Vec::new());
                } else {
                    found.insert(path.clone(), std::fs::read(&path).unwrap_or_default());
                }
            }
        }
        found
    }
}

fn actions() -> Vec<Value> {
    let at = NOW;
    let task = |id: &str, after: &[&str]| {
        json!({ "id": id, "title": format!("Task {id}"), "body": "Much\nmore", "hours": 2.5, "category": "c",
            "labels": ["a"], "paths": ["src/**"], "after": after })
    };
    let agents = json!([{ "name": "ann", "branch": "agents/ann" }, { "name": "bob", "branch": "agents/bob" }]);
    let tasks = json!([task("1", &[]), task("2", &["1"]), task("3", &["1", "2"]), task("4", &[]), task("5", &[])]);
    let finding = json!({ "id": "f", "agent": "ann", "task": "1", "severity": "low", "category": "c", "message": "m",
        "file": "a.rs", "line": 3, "end_line": 4, "state": "open", "created_at": at });
    let start = json!({ "do": "start", "agent": "ann", "task": "1", "base": null });
    let claims = json!([{ "path": "src/db", "exclusive": true, "reason": "Mine" }, { "path": "docs" }]);
    let shared = json!([{ "path": "docs", "reason": "Ours" }, { "path": "README" }]);
    let tip = "1".repeat(40);
    let complete = json!({ "do": "complete", "agent": "ann", "task": "1", "tip": tip, "files": ["a"], "hours": 1.5 });
    vec![
        json!({ "do": "add-agents", "agents": agents }),
        json!({ "do": "add-tasks", "tasks": tasks }),
        json!({ "do": "add-findings", "findings": [finding] }),
        start,
        complete,
        json!({ "do": "drop-task", "task": "4", "reason": "no" }),
        json!({ "do": "assign", "agent": "bob", "task": "5", "new": null }),
        json!({ "do": "claim", "agent": "bob", "claims": claims }),
        json!({ "do": "claim", "agent": "ann", "claims": shared, "ttl_s": 600 }),
    ]
}
