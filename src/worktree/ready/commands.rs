//! `agents.setup` and `agents.teardown`: the user's own commands, one after the other in the worktree, each with a log,
//! a time limit and nothing left behind (see [`crate::check::process`]).
//!
//! They come from git's configuration, or from an `.agents.toml` that `git agents trust` has recorded.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::agent::AgentName;
use crate::check::process::{self, End, Spec};
use crate::check::settings::{self, SettingsError};
use crate::config;
use crate::duration;
use crate::git::Repository;

/// Of what wrote without end nobody reads more than this.
const MOST_KEPT: u64 = 1 << 20;

/// When commands run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// After a worktree was made.
    Setup,
    /// Before it is removed.
    Teardown,
}

impl Phase {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Setup => "setup",
            Phase::Teardown => "teardown",
        }
    }

    /// The key of its commands.
    pub fn key(self) -> &'static str {
        match self {
            Phase::Setup => config::SETUP_KEY,
            Phase::Teardown => config::TEARDOWN_KEY,
        }
    }
}

/// What is to be run, and how long each may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commands {
    /// When.
    pub phase: Phase,
    /// For `sh -c`, in this order.
    pub commands: Vec<String>,
    /// None for no limit.
    pub timeout: Option<Duration>,
}

/// A command that did what it was to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Which.
    pub command: String,
    /// Where its output is, with that of the others.
    pub log: PathBuf,
}

/// A command that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// When it ran.
    pub phase: Phase,
    /// Which.
    pub command: String,
    /// How.
    pub end: End,
    /// Where its output is.
    pub log: PathBuf,
    /// The end of its output.
    pub tail: String,
}

/// What happens while commands run.
#[derive(Debug)]
pub enum Event<'a> {
    /// One begins.
    Begins {
        /// When it runs.
        phase: Phase,
        /// Which.
        command: &'a str,
        /// Where its output goes.
        log: &'a Path,
    },
    /// It writes.
    Output(&'a [u8]),
    /// It has ended.
    Ended {
        /// Which.
        command: &'a str,
        /// How.
        end: End,
    },
}

/// Is told what happens, and to whose worktree; several may be made ready at once.
pub type Observer<'a> = &'a (dyn Fn(&AgentName, Event<'_>) + Sync);

/// Why commands could not be run to their end.
#[derive(Debug, thiserror::Error)]
pub enum CommandsError {
    /// One failed.
    #[error("the {} command `{}` failed", .0.phase.word(), .0.command)]
    Failed(Box<Failure>),
    /// One could not be started, or its log not be written.
    #[error("`{command}` could not be run: {source}")]
    Io {
        /// Which.
        command: String,
        /// What the system said.
        source: io::Error,
    },
}

impl Commands {
    /// What the configuration says.
    ///
    /// # Errors
    /// [`SettingsError::Duration`].
    pub fn of(repo: &Repository, phase: Phase) -> Result<Self, SettingsError> {
        Ok(Commands { phase, commands: settings::commands(repo, phase.key()), timeout: timeout(repo)? })
    }

    /// Run them for an agent. `id` names their log; `mark` is in the environment of all that they start.
    ///
    /// # Errors
    /// See [`CommandsError`]; the first that fails is the last that is run.
    pub(super) fn run(
        &self,
        repo: &Repository,
        agent: &AgentName,
        worktree: &Path,
        (id, mark): (&str, &str),
        environment: &[(String, OsString)],
        observer: Observer<'_>,
    ) -> Result<Vec<Ran>, CommandsError> {
        let mut done = Vec::new();
        for command in &self.commands {
            let failed = |source| CommandsError::Io { command: command.clone(), source };
            let log = begin_log(repo, self.phase, id, command, done.is_empty()).map_err(failed)?;
            observer(agent, Event::Begins { phase: self.phase, command, log: &log });
            let spec = Spec { command, dir: worktree, log: &log, timeout: self.timeout, mark, environment };
            let end = process::run(&spec, &mut |bytes| observer(agent, Event::Output(bytes))).map_err(failed)?;
            observer(agent, Event::Ended { command, end });
            if end == End::TooMuchOutput {
                drop(std::fs::OpenOptions::new().write(true).open(&log).and_then(|log| log.set_len(MOST_KEPT)));
            }
            if !end.is_good() {
                let tail = crate::check::log::tail(&log).unwrap_or_default();
                let failure = Failure { phase: self.phase, command: command.clone(), end, log, tail };
                return Err(CommandsError::Failed(Box::new(failure)));
            }
            done.push(Ran { command: command.clone(), log });
        }
        Ok(done)
    }
}

/// How long each command may take; none for no limit.
///
/// # Errors
/// [`SettingsError::Duration`].
pub(super) fn timeout(repo: &Repository) -> Result<Option<Duration>, SettingsError> {
    let configured = settings::span(repo, config::SETUP_TIMEOUT_KEY)?;
    let timeout = configured.or_else(|| duration::parse(config::DEFAULT_SETUP_TIMEOUT).ok());
    Ok(timeout.filter(|limit| !limit.is_zero()))
}

/// Where the logs are.
pub fn logs(repo: &Repository, phase: Phase) -> PathBuf {
    repo.agents_dir().join("logs").join(phase.word())
}

/// Put the command's line into the log, under which it writes.
fn begin_log(repo: &Repository, phase: Phase, id: &str, command: &str, is_first: bool) -> io::Result<PathBuf> {
    let folder = logs(repo, phase);
    std::fs::create_dir_all(&folder)?;
    let log = folder.join(format!("{id}.log"));
    if is_first {
        crate::check::log::forget_old(&folder);
        // A log is made anew, also where the id repeats.
        drop(std::fs::remove_file(&log));
    }
    // Commands print what they should not.
    let mut file = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&log)?;
    writeln!(file, "$ {command}")?;
    Ok(log)
}
