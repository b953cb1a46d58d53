//! What tmux says no with.

use git_agents::run::tmux::{INSTALL, TmuxError};

use super::{CliError, Exit};

impl From<TmuxError> for CliError {
    fn from(error: TmuxError) -> Self {
        let message = error.to_string();
        match error {
            TmuxError::Missing => {
                let error = CliError::new(Exit::Outside, "tmux-missing", message);
                INSTALL
                    .iter()
                    .fold(error, |error, command| error.hint(*command))
                    .hint("git agents run AGENT --background")
            }
            TmuxError::Failed { .. } => {
                CliError::new(Exit::Outside, "tmux-failed", message).hint("tmux list-windows -a")
            }
            TmuxError::Silent { .. } => CliError::new(Exit::Outside, "tmux-silent", message)
                .hint("tmux list-windows -a")
                .hint("tmux kill-server   (when it is stuck; everything in it ends)"),
            TmuxError::NoWindow { agent } => CliError::refused("no-window", message)
                .hint(format!("git agents logs {agent}"))
                .hint(format!("git agents run {agent} --tmux")),
            TmuxError::Control { .. } => CliError::usage(message),
            TmuxError::Run(error) => error.into(),
        }
    }
}
