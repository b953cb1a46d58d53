//! Several clones of one bare remote, each with ids of its own.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use git_agents::git::Repository;
use git_agents::store::{History, STATE_REF, tip};

use super::{Output, Run, Sandbox};

/// One clone.
pub(crate) struct Clone<'s> {
    sandbox: &'s Sandbox,
    pub(crate) dir: PathBuf,
    /// Clones that draw the same ids would take each other's operations for their own.
    seed: String,
}

impl Sandbox {
    /// The bare remote, made on first use; the sandbox's own repository has it as `origin`.
    pub(crate) fn remote(&self) -> PathBuf {
        let path = self.root().join("remote.git");
        if !path.exists() {
            self.git_in(self.root(), ["init", "-q", "--bare", path.to_str().unwrap()]);
            self.git(["remote", "add", "origin", &format!("file://{}", path.display())]);
            self.git(["push", "-q", "origin", "main"]);
            self.git_in(&path, ["symbolic-ref", "HEAD", "refs/heads/main"]);
        }
        path
    }

    /// The sandbox's own repository as a clone.
    pub(crate) fn here(&self) -> Clone<'_> {
        Clone { sandbox: self, dir: self.repo().to_owned(), seed: "1".to_owned() }
    }

    /// A new clone `<root>/<name>` of somebody else's.
    pub(crate) fn clone(&self, name: &str) -> Clone<'_> {
        self.clone_with(name, &[])
    }

    /// The same with options for `git clone`.
    pub(crate) fn clone_with(&self, name: &str, options: &[&str]) -> Clone<'_> {
        let url = format!("file://{}", self.remote().display());
        let dir = self.root().join(name);
        let target = [url.as_str(), dir.to_str().unwrap()];
        self.git_in(self.root(), [&["clone", "-q"], options, &target].concat());
        self.git_in(&dir, ["config", "user.name", name]);
        self.git_in(&dir, ["config", "user.email", &format!("{name}@example.com")]);
        let seed = name.bytes().fold(7_u64, |seed, byte| seed * 31 + u64::from(byte)).to_string();
        Clone { sandbox: self, dir, seed }
    }
}

impl Clone<'_> {
    /// The program in this clone, to be refined.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run<'_> {
        self.sandbox.direct(args).dir(&self.dir).env("GIT_AGENTS_SEED", &self.seed)
    }

    /// The program in this clone.
    pub(crate) fn agents<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Output {
        self.run(args).output()
    }

    #[track_caller]
    pub(crate) fn git<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> String {
        self.sandbox.git_in(&self.dir, args)
    }

    /// The newest commit of its chain.
    #[track_caller]
    pub(crate) fn tip(&self) -> String {
        self.git(["rev-parse", STATE_REF])
    }

    /// An agent of its own, without a worktree.
    #[track_caller]
    pub(crate) fn with_agent(self, name: &str) -> Self {
        self.agents(["agent", "add", name, "--no-worktree"]).good();
        self
    }

    /// The sentences of its chain, oldest first.
    pub(crate) fn sentences(&self) -> Vec<String> {
        let repo = Repository::discover(&self.dir).unwrap();
        let mut all: Vec<String> =
            History::from(&repo, tip(&repo).unwrap()).map(|entry| entry.unwrap().sentence).collect();
        all.reverse();
        all
    }

    /// Both have the same chain, and git finds nothing wrong with it.
    #[track_caller]
    pub(crate) fn agrees_with(&self, other: &Clone<'_>) {
        assert_eq!(self.tip(), other.tip(), "{:#?}\n{:#?}", self.sentences(), other.sentences());
        let said = self.git(["fsck", "--no-dangling", "--connectivity-only"]);
        assert!(!said.contains("missing"), "{said}");
    }
}

/// The newest commit of the chain that a bare repository has under a name; none when it has none.
pub(crate) fn remote_tip(sandbox: &Sandbox, remote: &Path, name: &str) -> Option<String> {
    let found = sandbox.git_in(remote, ["for-each-ref", "--format=%(objectname)", name]);
    (!found.is_empty()).then_some(found)
}

/// A program that a shell runs.
pub(crate) fn script(path: &Path, body: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, format!("#!/bin/sh\n{body}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}
