//! What is checked and how, from git's configuration: `agents.check` (repeatable), `agents.checkEach`,
//! `agents.checkTimeout`, `agents.checkRetries`.

use std::time::Duration;

use crate::config;
use crate::duration::{self, InvalidDuration};
use crate::git::Repository;

/// The key of the commands.
pub const CHECK_KEY: &str = "agents.check";
/// The key that asks for a check after every branch.
pub const EACH_KEY: &str = "agents.checkEach";
/// The key of how long a command may take.
pub const TIMEOUT_KEY: &str = "agents.checkTimeout";
/// The key of how often a command that failed is tried again.
pub const RETRIES_KEY: &str = "agents.checkRetries";

/// What is run, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// For `sh -c`, in this order; the first that fails decides.
    pub commands: Vec<String>,
    /// After every branch, not once for all of them.
    pub each: bool,
    /// How long each command may take.
    pub timeout: Option<Duration>,
    /// How often a command that failed is tried again.
    pub retries: u32,
}

/// A value of the configuration that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// It is no duration.
    #[error("{key}: {source}")]
    Duration {
        /// Its key.
        key: &'static str,
        /// Why not.
        source: InvalidDuration,
    },
    /// It is no number.
    #[error("{key}: {value:?} is not a number from 0 to 100")]
    Number {
        /// Its key.
        key: &'static str,
        /// The value.
        value: String,
    },
}

/// The commands of a key that may be given several times. An empty one takes back those before it, as git's own lists do.
pub fn commands(repo: &Repository, key: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    for command in config::values(repo, key) {
        if command.trim().is_empty() {
            commands.clear();
        } else {
            commands.push(command);
        }
    }
    commands
}

/// The span of time of a key, if it says any.
///
/// # Errors
/// [`SettingsError::Duration`].
pub fn span(repo: &Repository, key: &'static str) -> Result<Option<Duration>, SettingsError> {
    let span = config::value(repo, key).map(|text| duration::parse(&text)).transpose();
    span.map_err(|source| SettingsError::Duration { key, source })
}

/// What the configuration says.
///
/// # Errors
/// See [`SettingsError`].
pub fn configured(repo: &Repository) -> Result<Settings, SettingsError> {
    let commands = commands(repo, CHECK_KEY);
    let timeout = span(repo, TIMEOUT_KEY)?;
    let number = |value: String| match value.trim().parse() {
        Ok(number @ 0..=100) => Ok(number),
        _ => Err(SettingsError::Number { key: RETRIES_KEY, value: value.chars().take(40).collect() }),
    };
    let retries = config::value(repo, RETRIES_KEY).map(number).transpose()?.unwrap_or_default();
    Ok(Settings { commands, each: config::flag(repo, EACH_KEY), timeout, retries })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::land::fixture::Fixture;

    #[test]
    fn the_configuration_is_read_or_refused() {
        let fixture = Fixture::new();
        assert_eq!(configured(&fixture.open()), Ok(Settings::default()));
        for (key, value) in [("check", "gone"), ("check", ""), ("check", "make"), ("check", "make lint")] {
            fixture.git(&["config", "--add", &format!("agents.{key}"), value]);
        }
        fixture.git(&["config", "agents.checkTimeout", "10m"]);
        fixture.git(&["config", "agents.checkRetries", "2"]);
        fixture.git(&["config", "agents.checkEach", "true"]);
        let settings = configured(&fixture.open()).unwrap();
        assert_eq!(settings.commands, ["make", "make lint"]);
        let rest = (settings.each, settings.timeout, settings.retries);
        assert_eq!(rest, (true, Some(Duration::from_secs(600)), 2));
        fixture.git(&["config", "agents.checkRetries", "-1"]);
        assert!(matches!(configured(&fixture.open()), Err(SettingsError::Number { .. })));
        fixture.git(&["config", "agents.checkTimeout", "soon"]);
        assert!(matches!(configured(&fixture.open()), Err(SettingsError::Duration { .. })));
    }
}
