//! The one place where a git child process is built.
//!
//! Every child gets a fixed locale, no terminal prompts, its input from us or from nowhere, and loses the
//! variables that would point it at another repository (`git rev-parse --local-env-vars`), because the folder it
//! works in was chosen here. Configuration that the user gave with `git -c` is kept. Callers judge by exit status,
//! never by message, and ask for `-z` or porcelain output.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;

/// What can go wrong between us and git.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no `git` on the PATH.
    #[error("git was not found on the PATH")]
    Missing,
    /// git is there but lacks what we rely on.
    #[error("git {found} is too old: {needed} or newer is needed")]
    TooOld {
        /// The version that `git version` printed.
        found: String,
        /// The oldest version that works.
        needed: &'static str,
    },
    /// git could not be started or talked to.
    #[error("could not run `{command}`: {source}")]
    Io {
        /// The command line, for people.
        command: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// git ran and said no.
    #[error("`{command}` failed{}{}", .status.map(|code| format!(" with status {code}")).unwrap_or_default(), told(.stderr))]
    Failed {
        /// The command line, for people.
        command: String,
        /// Its exit status, absent when a signal ended it.
        status: Option<i32>,
        /// What it wrote to standard error, trimmed.
        stderr: String,
    },
    /// git answered with something that we do not understand.
    #[error("`{command}` gave an answer that could not be read: {detail}")]
    Answer {
        /// The command line, for people.
        command: String,
        /// What was wrong with it.
        detail: String,
    },
}

fn told(stderr: &str) -> String {
    if stderr.is_empty() { String::new() } else { format!(": {stderr}") }
}

/// Variables that tie a process to one repository; git calls them "local".
pub(crate) const LOCAL_VARIABLES: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_OBJECT_DIRECTORY",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
];

/// Who is told of every child that is started.
static OBSERVER: OnceLock<fn(&str)> = OnceLock::new();

/// Have every git child's command line told to `observer` before it starts, for people who want to see what happens
/// underneath. Once a process; later calls change nothing.
pub fn observe(observer: fn(&str)) {
    let _already_set = OBSERVER.set(observer);
}

/// A git child that is being put together.
#[derive(Debug)]
pub struct Git {
    command: Command,
    input: Option<Vec<u8>>,
}

impl Git {
    /// A child that runs in `dir`.
    #[expect(clippy::disallowed_methods, reason = "this is the door that the lint points to")]
    pub fn at(dir: &Path) -> Self {
        let mut command = Command::new("git");
        command.current_dir(dir);
        for name in LOCAL_VARIABLES {
            command.env_remove(name);
        }
        command
            .env("LC_ALL", "C")
            .env("LANGUAGE", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            // Objects as they are, here as in what we read ourselves: half a replacement would be two truths.
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_EDITOR", "true")
            .env("GIT_PAGER", "cat");
        Git { command, input: None }
    }

    /// One more argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// More arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// One variable of the child's environment.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Take no optional locks: for reading the state of a worktree that somebody else is working in.
    pub fn without_locks(self) -> Self {
        self.env("GIT_OPTIONAL_LOCKS", "0")
    }

    /// In a process group of its own, so that all that it starts can be ended with it.
    pub(crate) fn in_own_group(mut self) -> Self {
        self.command.process_group(0);
        self
    }

    /// What the child reads from its standard input; nothing otherwise.
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Some(bytes.into());
        self
    }

    /// The command line, for people.
    pub fn line(&self) -> String {
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    /// Run to the end, whatever the exit status.
    ///
    /// # Errors
    /// [`GitError::Missing`] and [`GitError::Io`] when the child could not be run at all.
    pub fn run(mut self) -> Result<Output, GitError> {
        let line = self.line();
        let input = self.input.take();
        let mut child = self.spawn_with(input.is_some())?;
        let io = |source| GitError::Io { command: line.clone(), source };
        let feeder = input.and_then(|bytes| {
            let mut stdin = child.stdin.take()?;
            // A thread of its own: a child that answers while it reads would block us both.
            Some(std::thread::spawn(move || drop(stdin.write_all(&bytes))))
        });
        let output = child.wait_with_output().map_err(io)?;
        if let Some(feeder) = feeder {
            drop(feeder.join());
        }
        Ok(output)
    }

    /// Run and give standard output; an exit status other than 0 is an error.
    ///
    /// # Errors
    /// Everything in [`GitError`] but `TooOld`.
    pub fn stdout(self) -> Result<Vec<u8>, GitError> {
        let line = self.line();
        let output = self.run()?;
        if output.status.success() { Ok(output.stdout) } else { Err(failed(line, &output)) }
    }

    /// Run and give standard output as text without its final newline.
    ///
    /// # Errors
    /// As [`Git::stdout`]; output that is not UTF-8 is replaced, not refused.
    pub fn text(self) -> Result<String, GitError> {
        let bytes = self.stdout()?;
        Ok(String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned())
    }

    /// Start the child and leave talking to it to the caller; all three streams are pipes.
    ///
    /// # Errors
    /// [`GitError::Missing`] and [`GitError::Io`].
    pub fn spawn(mut self) -> Result<Child, GitError> {
        self.spawn_with(true)
    }

    /// Run to the end as a child that does not miss us when we are killed: what it says goes to the file `words`. It and
    /// whatever it starts keep the empty file `held` open as their standard input, so a lock on that lasts as long as
    /// any of them.
    ///
    /// # Errors
    /// [`GitError::Missing`] and [`GitError::Io`].
    pub fn run_outliving(mut self, held: File, words: File) -> Result<ExitStatus, GitError> {
        let line = self.line();
        let io = |source| GitError::Io { command: line.clone(), source };
        let copy = words.try_clone().map_err(io)?;
        self.start(held.into(), copy.into(), words.into())?.wait().map_err(io)
    }

    fn spawn_with(&mut self, stdin: bool) -> Result<Child, GitError> {
        let stdin = if stdin { Stdio::piped() } else { Stdio::null() };
        self.start(stdin, Stdio::piped(), Stdio::piped())
    }

    fn start(&mut self, stdin: Stdio, stdout: Stdio, stderr: Stdio) -> Result<Child, GitError> {
        let line = self.line();
        if let Some(observer) = OBSERVER.get() {
            observer(&line);
        }
        self.command.stdin(stdin).stdout(stdout).stderr(stderr).spawn().map_err(|source| match source.kind() {
            // The folder may be what is missing, not git.
            std::io::ErrorKind::NotFound if self.command.get_current_dir().is_none_or(Path::is_dir) => {
                GitError::Missing
            }
            _ => GitError::Io { command: line, source },
        })
    }
}

/// The error for a child that ran and did not succeed.
pub fn failed(command: String, output: &Output) -> GitError {
    let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    GitError::Failed { command, status: output.status.code(), stderr }
}
