//! A folder with a repository, agents and worktrees, which can be put back as it was before each landing.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::scenario::{self, Scenario};

/// The time that everything happens at, so that commits have the same ids in every run.
const NOW: &str = "2026-01-05T09:00:00Z";

/// A scenario that was built.
pub(crate) struct Ground {
    /// Removed when the ground is dropped.
    folder: tempfile::TempDir,
    program: PathBuf,
    /// What lands here, and how.
    pub(crate) scenario: Scenario,
}

impl Ground {
    /// Build the scenario and remember all of it.
    pub(crate) fn new(program: &Path, scenario: Scenario) -> Self {
        let mut named = tempfile::Builder::new();
        named.prefix("git-agents-faults-");
        // In memory where that is possible: what dies are processes, and disks are slow.
        let folder = named.tempdir_in("/dev/shm").or_else(|_| named.tempdir()).unwrap();
        Self::within(folder, program, scenario)
    }

    /// The same in a folder that somebody else chose.
    pub(crate) fn within(folder: tempfile::TempDir, program: &Path, scenario: Scenario) -> Self {
        let ground = Ground { folder, program: program.to_owned(), scenario };
        for made in [ground.repo(), ground.live().join("home"), ground.root().join("tmp")] {
            std::fs::create_dir_all(made).unwrap();
        }
        scenario::build(&ground);
        ground.save();
        ground
    }

    /// The folder that everything is in.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    /// The part of it that landings see.
    pub(crate) fn live(&self) -> PathBuf {
        self.root().join("live")
    }

    /// The main worktree.
    pub(crate) fn repo(&self) -> PathBuf {
        self.live().join("repo")
    }

    /// An agent's worktree.
    pub(crate) fn worktree_of(&self, agent: &str) -> PathBuf {
        self.live().join("repo-worktrees").join(agent)
    }

    /// Every worktree in which somebody works, the main one first. In the one for checks nobody does, and it is put to
    /// what is to be checked when it is.
    pub(crate) fn worktrees(&self) -> Vec<PathBuf> {
        let listed = self.git(["worktree", "list", "--porcelain"]);
        let all = listed.lines().filter_map(|line| line.strip_prefix("worktree ")).map(PathBuf::from);
        all.filter(|path| path.file_name().unwrap() != ".integration").collect()
    }

    /// Every worktree's own git folder.
    pub(crate) fn git_dirs(&self) -> Vec<PathBuf> {
        let common = self.repo().join(".git");
        let linked = common.join("worktrees").read_dir().into_iter().flatten();
        std::iter::once(common).chain(linked.map(|entry| entry.unwrap().path())).collect()
    }

    /// Whether something is under way, or was when it was disturbed.
    pub(crate) fn has_journal(&self) -> bool {
        let Ok(entries) = self.repo().join(".git/agents/journal").read_dir() else { return false };
        entries.flatten().any(|entry| entry.path().extension().is_some_and(|extension| extension == "json"))
    }

    fn save(&self) {
        copy(&self.live(), &self.root().join("saved"));
    }

    /// Put everything back as it was. The folder itself stays, as it may be a disk of its own.
    pub(crate) fn restore(&self) {
        for entry in self.live().read_dir().unwrap() {
            std::fs::remove_dir_all(entry.unwrap().path()).unwrap();
        }
        copy(&self.root().join("saved/."), &self.live());
    }

    /// Keep what is there now for somebody to look at; gives where.
    pub(crate) fn keep(&self) -> PathBuf {
        let kept = tempfile::Builder::new().prefix("git-agents-lost-").tempdir().unwrap().keep();
        copy(&self.live(), &kept.join("live"));
        kept
    }

    /// A program that sees nothing of this process's environment but where programs are.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.repo())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.live().join("home"))
            .env("TMPDIR", self.root().join("tmp"))
            .env("TZ", "UTC")
            .env("LC_ALL", "C.UTF-8")
            .env("NO_COLOR", "1")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_AUTHOR_DATE", NOW)
            .env("GIT_COMMITTER_DATE", NOW)
            .stdin(Stdio::null());
        command
    }

    /// What git says, trimmed; git must succeed.
    #[track_caller]
    pub(crate) fn git<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> String {
        self.git_in(&self.repo(), args)
    }

    /// The same in another folder.
    #[track_caller]
    pub(crate) fn git_in<S: AsRef<OsStr>>(&self, dir: &Path, args: impl IntoIterator<Item = S>) -> String {
        good(self.command("git").current_dir(dir).args(args).output().unwrap())
    }

    /// What the program says; it must succeed.
    #[track_caller]
    pub(crate) fn agents<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> String {
        good(self.command(&self.program).args(args).output().unwrap())
    }

    /// The landing, in a process group of its own. What a child of it leaves behind holds no pipe of ours.
    pub(crate) fn landing(&self) -> Command {
        self.landing_of(self.command(&self.program))
    }

    /// The same under another program.
    pub(crate) fn landing_under(&self, program: &str, prepare: impl FnOnce(&mut Command)) -> Command {
        let mut command = self.command(program);
        prepare(&mut command);
        command.arg(&self.program);
        self.landing_of(command)
    }

    fn landing_of(&self, mut command: Command) -> Command {
        command.args(self.scenario.words()).process_group(0).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// The landing to its end.
    pub(crate) fn land(&self) -> Output {
        self.landing().stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap()
    }
}

#[track_caller]
fn good(output: Output) -> String {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim_end().to_owned();
    assert!(output.status.success(), "said no: {}{}", text(output.stdout), text(output.stderr));
    text(output.stdout)
}

/// A folder with its times, modes and links.
fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").args(["-a", "--"]).arg(from).arg(to).status().unwrap();
    assert!(status.success(), "{} could not be copied", from.display());
}
