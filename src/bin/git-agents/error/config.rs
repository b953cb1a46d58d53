//! What settings and `.agents.toml` say no with.

use git_agents::config::Misconfigured;
use git_agents::config::keys::InvalidValue;
use git_agents::config::shared::SharedError;

use super::{CliError, quoted};

impl From<InvalidValue> for CliError {
    fn from(error: InvalidValue) -> Self {
        CliError::usage(error.to_string()).hint(format!("git agents config get {}", quoted(&error.key)))
    }
}

impl From<Misconfigured> for CliError {
    fn from(error: Misconfigured) -> Self {
        let message = error.to_string();
        CliError::refused("bad-config", message)
            .hint(format!("git config --show-origin --get-all {}", quoted(&error.key)))
            .hint(format!("git config --unset-all {}", quoted(&error.key)))
    }
}

impl From<SharedError> for CliError {
    fn from(error: SharedError) -> Self {
        CliError::refused("shared-file", error.to_string()).hint("git log -1 -p -- .agents.toml")
    }
}
