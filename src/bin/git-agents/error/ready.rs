//! What making worktrees ready says no with.

use git_agents::config;
use git_agents::worktree::ready::{CommandsError, CopyError, Failure, IncludeError, Phase, PortsError, ReadyError};

use super::{CliError, Exit, quoted};
use crate::view::check::end_text;

/// Of a longer line of a command's output only the beginning is shown.
const LONGEST_LINE: usize = 400;

impl From<ReadyError> for CliError {
    fn from(error: ReadyError) -> Self {
        let message = error.to_string();
        ready_error(message, error)
    }
}

impl From<PortsError> for CliError {
    fn from(error: PortsError) -> Self {
        ports(error.to_string(), error)
    }
}

/// The error under a message that says whose it is.
pub(crate) fn ready_error(message: String, error: ReadyError) -> CliError {
    match error {
        ReadyError::Include(error) => include(message, error),
        ReadyError::Copy(CopyError::Write { .. }) => {
            CliError::new(Exit::Outside, "copy-failed", message).hint("look at the free space: df .")
        }
        ReadyError::Copy(CopyError::TooLong { .. }) => {
            let hint = format!("git config {} 1h", config::SETUP_TIMEOUT_KEY);
            CliError::new(Exit::Outside, "copy-failed", message).hint(hint)
        }
        ReadyError::Copy(CopyError::Git(error)) | ReadyError::Git(error) => error.into(),
        ReadyError::Commands(CommandsError::Failed(failure)) => command_failed(&message, &failure),
        ReadyError::Commands(CommandsError::Io { .. }) => {
            CliError::new(Exit::Outside, "write-failed", message).hint("git agents doctor")
        }
        ReadyError::Broken { log, .. } => {
            let log = format!("cat {}", quoted(&log.display().to_string()));
            CliError::new(Exit::Outside, "setup-failed", message).hint(log)
        }
        ReadyError::Ports(error) => ports(message, error),
        ReadyError::Settings(error) => error.into(),
    }
}

fn include(message: String, error: IncludeError) -> CliError {
    match error.path().map(|path| path.display().to_string()) {
        Some(path) => {
            let away = format!("mv {} {}", quoted(&path), quoted(&format!("{path}.old")));
            CliError::refused("worktreeinclude", message).hint(away)
        }
        None => match error {
            IncludeError::Git(error) => error.into(),
            _ => CliError::refused("worktreeinclude", message),
        },
    }
}

/// The end of what it wrote is part of the error: nobody has to open the log to see what is wrong.
fn command_failed(message: &str, failure: &Failure) -> CliError {
    let message = message.strip_suffix(" failed").unwrap_or(message);
    let mut message = format!("{message} {}", end_text(failure.end));
    for line in failure.tail.lines() {
        let (shown, rest) = line.char_indices().nth(LONGEST_LINE).map_or((line, ""), |(at, _)| (&line[..at], "…"));
        message.push_str(&format!("\n  | {shown}{rest}"));
    }
    let code = match failure.phase {
        Phase::Setup => "setup-failed",
        Phase::Teardown => "teardown-failed",
    };
    let log = format!("cat {}", quoted(&failure.log.display().to_string()));
    let error = CliError::new(Exit::Outside, code, message).hint(log);
    match failure.end {
        git_agents::check::End::TimedOut => error.hint(format!("git config {} 1h", config::SETUP_TIMEOUT_KEY)),
        _ => error,
    }
}

fn ports(message: String, error: PortsError) -> CliError {
    match error {
        PortsError::Full { .. } => CliError::refused("ports-full", message)
            .hint(format!("git config {} FIRST-LAST", config::PORTS_KEY))
            .hint("git agents doctor --fix"),
        PortsError::Range { .. } => {
            CliError::refused("bad-config", message).hint(format!("git config --unset {}", config::PORTS_KEY))
        }
        PortsError::Each { .. } => {
            CliError::refused("bad-config", message).hint(format!("git config --unset {}", config::PORTS_EACH_KEY))
        }
        PortsError::Unsound { .. } => CliError::refused("ports-unsound", message).hint("git agents doctor --fix"),
        PortsError::Io { source, .. } => {
            let error = CliError::new(Exit::Outside, "write-failed", message);
            match source.kind() {
                std::io::ErrorKind::StorageFull => error.hint("look at the free space: df ."),
                _ => error.hint("git agents doctor"),
            }
        }
    }
}
