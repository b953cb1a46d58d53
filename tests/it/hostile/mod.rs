//! Hostile states: made by plumbing in a bare remote, brought in by plain `git fetch`, where nobody vets them. Readers
//! must be strict on their own, and what vetting would have said is shown beside.

mod chains;
mod documents;
mod proofs;
mod sizes;
mod terminal;

use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;

use git_agents::store::{self, STATE_REF};
use serde_json::{Value, json};

use crate::support::{Output, Sandbox};

/// A clone with some state, and the remote that it fetches from.
pub(super) struct Clone {
    pub(super) sandbox: Sandbox,
    remote: PathBuf,
}

/// A file of a state's tree: mode, path, content.
pub(super) type File<'a> = (&'a str, &'a str, &'a [u8]);

impl Clone {
    /// Agents ann and bob, tasks 1 to 3; the remote has all of it.
    pub(super) fn new() -> Self {
        Self::of(Sandbox::with_agents(&["ann", "bob"]))
    }

    /// Three tasks more, and a remote that has all of it.
    pub(super) fn of(sandbox: Sandbox) -> Self {
        for id in ["1", "2", "3"] {
            sandbox.direct(["task", "add", &format!("Task {id}"), "--id", id]).output().good();
        }
        let remote = sandbox.root().join("remote.git");
        sandbox.git(["init", "-q", "--bare", remote.to_str().unwrap()]);
        for (key, value) in [("user.name", "Eve"), ("user.email", "eve@example.com")] {
            sandbox.git_in(&remote, ["config", key, value]);
        }
        sandbox.git(["remote", "add", "origin", remote.to_str().unwrap()]);
        sandbox.git(["push", "-q", "origin", "refs/agents/*", "main"]);
        Clone { sandbox, remote }
    }

    pub(super) fn in_remote(&self, args: &[&str], input: &[u8]) -> String {
        let args = [&["--git-dir", self.remote.to_str().unwrap()], args].concat();
        self.sandbox.git_with(&args, input)
    }

    /// The remote's newest tree with these files in it.
    pub(super) fn tree(&self, files: &[File<'_>]) -> String {
        let index = self.sandbox.root().join("hostile-index");
        let git = |args: &[&str]| {
            let mut command = self.sandbox.command("git");
            let output = command.env("GIT_INDEX_FILE", &index).current_dir(&self.remote).args(args).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        git(&["read-tree", STATE_REF]);
        let remote = gix::open(&self.remote).unwrap();
        let line = |(mode, path, content): &File<'_>| match *mode {
            "160000" => format!("{mode} {}\t{path}\0", remote.rev_parse_single(STATE_REF).unwrap()),
            _ => format!("{mode} {}\t{path}\0", remote.write_blob(content).unwrap()),
        };
        let lines: String = files.iter().map(line).collect();
        let mut command = self.sandbox.command("git");
        command.env("GIT_INDEX_FILE", &index).current_dir(&self.remote).args(["update-index", "-z", "--index-info"]);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
        let tree = git(&["write-tree"]);
        std::fs::remove_file(&index).unwrap();
        tree
    }

    /// A commit in the remote on top of its state, with this message.
    pub(super) fn commit(&self, tree: &str, message: &str) {
        let commit = self.in_remote(&["commit-tree", tree, "-p", STATE_REF], message.as_bytes());
        self.in_remote(&["update-ref", STATE_REF, &commit], b"");
    }

    /// These files with an operation that says that it edits task 2.
    pub(super) fn attack(&self, files: &[File<'_>]) {
        let edit = operation("01x", &json!({ "do": "edit-task", "task": "2", "edit": {} }));
        self.commit(&self.tree(files), &edit);
    }

    /// Plain git brings it in.
    pub(super) fn fetch(&self) {
        self.sandbox.git(["fetch", "-q", "origin", "refs/agents/*:refs/agents/*"]);
    }

    /// What vetting says of what the remote has, as text; nothing is adopted.
    pub(super) fn vetted(&self) -> String {
        let accepted = self.sandbox.tip();
        self.sandbox.git(["fetch", "-q", "origin", "+refs/agents/*:refs/hostile/*"]);
        let tip = self.sandbox.rev("refs/hostile/state");
        let id = |hex: &str| gix::ObjectId::from_hex(hex.as_bytes()).unwrap();
        let said = match store::vet(&self.sandbox.open(), id(&tip), Some(id(&accepted))) {
            Ok(vetted) => {
                let named = vetted.quarantined.iter().map(|one| format!("{}: {}", one.path, one.reason));
                let named: Vec<String> = named.collect();
                if named.is_empty() { "adopted".to_owned() } else { format!("quarantined {}", named.join("; ")) }
            }
            Err(error) => format!("refused: {error}"),
        };
        said.replace(&tip, "[TIP]").replace(&accepted, "[ACCEPTED]")
    }

    /// What comes of it: vetting's answer, then what `task list` says on standard error once it is here. The other tasks
    /// are there and can be changed.
    pub(super) fn outcome(&self) -> String {
        let vetted = self.vetted();
        self.fetch();
        let listed = self.sandbox.direct(["task", "list"]).output().good();
        assert!(listed.stdout.contains("Task 1") && listed.stdout.contains("Task 3"), "{listed}");
        self.sandbox.direct(["assign", "ann", "1"]).output().good();
        let shown = if listed.stderr.is_empty() { "(nothing)\n" } else { &listed.stderr };
        format!("{vetted}\n{shown}")
    }

    pub(super) fn agents(&self, args: &[&str]) -> Output {
        self.sandbox.direct(args).output()
    }
}

/// The message of an operation's commit.
pub(super) fn operation(id: &str, action: &Value) -> String {
    let mut json = action.clone();
    let fields = [("id", json!(id)), ("nonce", json!("0")), ("at", json!("2026-01-05T09:00:00Z"))];
    json.as_object_mut().unwrap().extend(fields.map(|(name, value)| (name.to_owned(), value)));
    format!("a sentence\n\n{json}\n")
}

/// A task's document, with some fields changed.
pub(super) fn task(id: &str, more: &Value) -> Vec<u8> {
    let at = "2026-01-05T09:00:00Z";
    let mut json = json!({ "id": id, "title": "T", "state": "open", "created_at": at, "updated_at": at });
    json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::to_vec(&json).unwrap()
}
