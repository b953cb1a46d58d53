//! Errors as users meet them: one sentence, a stable code, an exit status, and what to do next.

mod built_on;
mod config;
mod git;
mod profile;
mod queue;
mod ready;
mod removal;
mod resolve;
mod run;
mod state;
mod sync;
mod tmux;
mod work;

pub(crate) use built_on::built_upon;
pub(crate) use ready::ready_error;
pub(crate) use removal::removal_refused;
pub(crate) use work::worktree_astray;

/// What the exit status says. `0` is a good answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, and the answer is good.
    Good = 0,
    /// Done, and the answer is negative: conflicts exist, a task is held by another.
    Negative = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// A precondition does not hold, and nothing was changed.
    Refused = 3,
    /// Something outside failed: git, the disk.
    Outside = 4,
    /// A bug in git-agents.
    Bug = 70,
}

/// An error, ready to be shown.
#[derive(Debug, Clone)]
pub(crate) struct CliError {
    pub(crate) exit: Exit,
    /// Stable, for machines.
    pub(crate) code: &'static str,
    /// One sentence without a full stop.
    pub(crate) message: String,
    /// Commands that help, most useful first.
    pub(crate) hints: Vec<String>,
}

impl CliError {
    pub(crate) fn new(exit: Exit, code: &'static str, message: impl Into<String>) -> Self {
        CliError { exit, code, message: message.into(), hints: Vec::new() }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        CliError::new(Exit::Usage, "usage", message)
    }

    pub(crate) fn refused(code: &'static str, message: impl Into<String>) -> Self {
        CliError::new(Exit::Refused, code, message)
    }

    #[must_use]
    pub(crate) fn hint(mut self, command: impl Into<String>) -> Self {
        self.hints.push(command.into());
        self
    }
}

/// No agent has this name.
pub(crate) fn unknown_agent(name: &str) -> CliError {
    CliError::refused("agent-not-found", format!("there is no agent {name}")).hint("git agents agent list")
}

/// A word as a shell takes it.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
