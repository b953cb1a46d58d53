//! A folder with a repository, a home and an environment of its own.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Output, Run};

/// The time that everything in a sandbox happens at.
pub(super) const NOW: &str = "2026-01-05T09:00:00Z";

/// How the repository of a sandbox is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) sha256: bool,
    pub(crate) reftable: bool,
    pub(crate) bare: bool,
    /// Without a first commit.
    pub(crate) empty: bool,
    /// What its folder is called.
    pub(crate) name: &'static str,
}

impl Default for Shape {
    fn default() -> Self {
        Shape { sha256: false, reftable: false, bare: false, empty: false, name: "repo" }
    }
}

/// A repository on branch `main`, by default with one commit, and a hermetic environment to run programs in.
pub(crate) struct Sandbox {
    /// Removed when the sandbox is dropped.
    _folder: tempfile::TempDir,
    root: PathBuf,
    repo: PathBuf,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self::shaped(Shape::default())
    }

    pub(crate) fn shaped(shape: Shape) -> Self {
        // The library, which some tests call in this process, honours it as git does.
        assert!(std::env::var_os("GIT_DIR").is_none(), "these tests cannot run with GIT_DIR set");
        let folder = tempfile::Builder::new().prefix("git-agents-it-").tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let repo = root.join(shape.name);
        for made in [root.join("home"), root.join("tmp"), repo.clone()] {
            std::fs::create_dir(made).unwrap();
        }
        std::fs::write(root.join("gitconfig"), "[init]\n\tdefaultBranch = main\n[advice]\n\tdetachedHead = false\n")
            .unwrap();
        let sandbox = Sandbox { _folder: folder, root, repo };
        let mut init = vec!["init", "-q"];
        init.extend(shape.sha256.then_some("--object-format=sha256"));
        init.extend(shape.reftable.then_some("--ref-format=reftable"));
        init.extend(shape.bare.then_some("--bare"));
        sandbox.git(init);
        // In the repository itself, since the library in this process does not see the sandbox's environment.
        sandbox.git(["config", "user.name", "Ann"]);
        sandbox.git(["config", "user.email", "ann@example.com"]);
        if !shape.empty && !shape.bare {
            sandbox.commit("README", "A project.\n", "Begin");
        }
        sandbox
    }

    /// The program under test.
    pub(crate) fn binary() -> &'static Path {
        Path::new(env!("CARGO_BIN_EXE_git-agents"))
    }

    /// The folder that everything is in.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The main worktree, or the bare repository.
    pub(crate) fn repo(&self) -> &Path {
        &self.repo
    }

    /// A program that sees nothing of this process's environment but where programs are.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        let ours = Self::binary().parent().unwrap().to_path_buf();
        let theirs = std::env::var_os("PATH").unwrap();
        let path = std::env::join_paths(std::iter::once(ours).chain(std::env::split_paths(&theirs))).unwrap();
        command
            .current_dir(&self.repo)
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.root.join("home"))
            .env("TMPDIR", self.root.join("tmp"))
            .env("TMUX_TMPDIR", self.root.join("tmp"))
            .env("TZ", "UTC")
            .env("LC_ALL", "C.UTF-8")
            .env("NO_COLOR", "1")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", self.root.join("gitconfig"))
            .env("GIT_CEILING_DIRECTORIES", &self.root)
            .env("GIT_AUTHOR_DATE", NOW)
            .env("GIT_COMMITTER_DATE", NOW)
            .env("GIT_AGENTS_SEED", "1");
        command
    }

    /// What git says, trimmed; git must succeed.
    #[track_caller]
    pub(crate) fn git<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> String {
        self.git_in(&self.repo, args)
    }

    #[track_caller]
    pub(crate) fn git_in<S: AsRef<OsStr>>(&self, dir: &Path, args: impl IntoIterator<Item = S>) -> String {
        let output = self.command("git").current_dir(dir).args(args).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim_end().to_owned();
        assert!(output.status.success(), "git said no: {}", text(output.stderr));
        text(output.stdout)
    }

    /// `git agents …` in the repository.
    pub(crate) fn agents<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Output {
        self.run(args).output()
    }

    /// `git agents …`, to be refined.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run<'_> {
        Run::through_git(self).args(args)
    }

    /// The program without git in front, which is quicker.
    pub(crate) fn direct<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run<'_> {
        Run::directly(self).args(args)
    }

    /// Another program, to be refined.
    pub(crate) fn program(&self, name: &str) -> Run<'_> {
        Run::of(self, name)
    }

    /// One file with this content as a commit on the branch that is checked out.
    pub(crate) fn commit(&self, path: &str, content: &str, message: &str) -> String {
        let file = self.repo.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
        self.git(["add", "--", path]);
        self.git(["commit", "-q", "-m", message]);
        self.git(["rev-parse", "HEAD"])
    }

    /// A linked worktree `<root>/<name>` with the new branch `agents/<name>`.
    pub(crate) fn worktree(&self, name: &str) -> PathBuf {
        let path = self.root.join(name);
        let branch = format!("agents/{name}");
        self.git([
            OsStr::new("worktree"),
            "add".as_ref(),
            "-q".as_ref(),
            "-b".as_ref(),
            branch.as_ref(),
            path.as_ref(),
        ]);
        path
    }
}
