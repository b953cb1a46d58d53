//! What the landing queue says no with: turns, checks, upstreams.

use git_agents::check::{CheckError, SettingsError};
use git_agents::git::GitError;
use git_agents::git::refs::RefError;
use git_agents::git::remote::PushError;
use git_agents::store::Refused;
use git_agents::work::landing::Overtaken;
use git_agents::work::queue::pre_merge::PreMergeError;
use git_agents::work::queue::turn::TurnError;
use git_agents::work::queue::upstream::UpstreamError;
use git_agents::work::queue::verify::VerifyError;
use git_agents::worktree::integration::IntegrationError;

use super::{CliError, Exit, quoted};
use crate::commands::merge::holder_text;
use crate::view::check::end_text;

impl From<SettingsError> for CliError {
    fn from(error: SettingsError) -> Self {
        let key = match &error {
            SettingsError::Duration { key, .. } | SettingsError::Number { key, .. } => *key,
        };
        CliError::refused("bad-config", error.to_string()).hint(format!("git config --unset {key}"))
    }
}

impl From<Refused<Overtaken>> for CliError {
    fn from(refused: Refused<Overtaken>) -> Self {
        match refused {
            Refused::Rule(rejected) => rejected.into(),
            Refused::Store(error) => error.into(),
            Refused::Caller(Overtaken { agent, task }) => {
                CliError::refused("moved-meanwhile", format!("{agent} has begun {task}")).hint("run the command again")
            }
        }
    }
}

impl From<TurnError> for CliError {
    fn from(error: TurnError) -> Self {
        let message = error.to_string();
        match error {
            TurnError::Held { holder } => CliError::refused("queue-busy", holder.as_ref().map_or(message, holder_text))
                .hint("the same command with --wait 1h"),
            TurnError::Io { .. } => CliError::new(Exit::Outside, "write-failed", message),
        }
    }
}

impl From<UpstreamError> for CliError {
    fn from(error: UpstreamError) -> Self {
        match error {
            UpstreamError::Fetch { remote, source } => {
                let why = match &source {
                    RefError::Git(GitError::Failed { stderr, .. }) => words(stderr),
                    source => source.to_string(),
                };
                CliError::new(Exit::Outside, "fetch-failed", format!("{remote} could not be fetched: {why}"))
                    .hint(format!("git fetch {}", quoted(&remote)))
            }
            UpstreamError::Ref(error) => error.into(),
            UpstreamError::Git(error) => error.into(),
        }
    }
}

impl From<PushError> for CliError {
    fn from(error: PushError) -> Self {
        let message = error.to_string();
        match error {
            PushError::Refused { remote, stderr } => {
                let message = format!("{message}, so nothing was landed: {}", words(&stderr));
                CliError::new(Exit::Outside, "push-failed", message)
                    .hint(format!("git push --dry-run {}", quoted(&remote)))
            }
            PushError::Git(error) => error.into(),
        }
    }
}

/// git's words in one line.
fn words(stderr: &str) -> String {
    let lines = stderr.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("; ")
}

impl From<VerifyError> for CliError {
    fn from(error: VerifyError) -> Self {
        let message = error.to_string();
        match error {
            VerifyError::Target { failure } => {
                let message = format!("{message}: `{}` {}", failure.command, end_text(failure.end));
                CliError::refused("target-check-failed", message)
                    .hint(format!("less {}", quoted(&failure.log.display().to_string())))
                    .hint("the same command without --check, or with --no-check, to land unchecked")
            }
            VerifyError::Check(error) => error.into(),
            VerifyError::Plan(error) => error.into(),
            VerifyError::Scratch(error) => error.into(),
            VerifyError::Unreadable { .. } => CliError::new(Exit::Outside, "git-failed", message).hint("git fsck"),
        }
    }
}

impl From<PreMergeError> for CliError {
    fn from(error: PreMergeError) -> Self {
        let message = error.to_string();
        match error {
            PreMergeError::Integration(error) => error.into(),
            PreMergeError::Git(error) => error.into(),
            PreMergeError::Plan(error) => error.into(),
            PreMergeError::Scratch(error) => error.into(),
            PreMergeError::Io { .. } => CliError::new(Exit::Outside, "write-failed", message),
        }
    }
}

impl From<CheckError> for CliError {
    fn from(error: CheckError) -> Self {
        let message = error.to_string();
        match error {
            CheckError::Integration(error) => error.into(),
            CheckError::Io { .. } => CliError::new(Exit::Outside, "check-not-run", message),
        }
    }
}

impl From<IntegrationError> for CliError {
    fn from(error: IntegrationError) -> Self {
        let message = error.to_string();
        match error {
            IntegrationError::Occupied { path } => {
                let path = quoted(&path.display().to_string());
                CliError::refused("integration-occupied", message).hint(format!("mv {path} {path}.old"))
            }
            IntegrationError::Io { .. } => CliError::new(Exit::Outside, "write-failed", message),
            IntegrationError::Git(error) => error.into(),
        }
    }
}
