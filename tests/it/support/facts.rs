//! Everything that a refusal must leave as it was.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Output, Sandbox};

/// Every ref with its log, every file of the worktree, and what git says of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    refs: String,
    state_log: String,
    head: String,
    config: String,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Sandbox {
    /// What is there now.
    pub(crate) fn facts(&self) -> Facts {
        let log = self.command("git").args(["reflog", "show", "refs/agents/state", "--"]).output().unwrap();
        let head = self.command("git").args(["rev-parse", "--verify", "-q", "HEAD"]).output().unwrap();
        let mut files = BTreeMap::new();
        collect(self.repo(), &mut files);
        Facts {
            refs: self.git(["for-each-ref"]),
            state_log: String::from_utf8(log.stdout).unwrap(),
            head: String::from_utf8(head.stdout).unwrap(),
            config: self.git(["config", "--local", "--list"]),
            files,
        }
    }

    /// Run `git agents …`, which must not say yes and must change nothing.
    #[track_caller]
    pub(crate) fn refused<S: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Output {
        self.unchanged(|| self.agents(args))
    }

    /// Run something that must not say yes and must change nothing.
    #[track_caller]
    pub(crate) fn unchanged(&self, run: impl FnOnce() -> Output) -> Output {
        let before = self.facts();
        let output = run();
        assert_ne!(output.status, Some(0), "this was to be refused:\n{output}");
        assert_eq!(before, self.facts(), "a refusal has changed something:\n{output}");
        output
    }
}

/// Every file below `folder` but those in a `.git` folder (and those of a bare repository).
fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    if folder.join("HEAD").is_file() {
        return;
    }
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().unwrap() != ".git" {
                collect(&path, files);
            }
        } else {
            let content = std::fs::read(&path).unwrap();
            files.insert(path, content);
        }
    }
}
