//! What removing an agent, cleaning up and taking back say no with.

use git_agents::agent::AgentName;
use git_agents::config;
use git_agents::git::Repository;
use git_agents::work::backups::BackupsError;
use git_agents::work::built_on::BuiltOnError;
use git_agents::work::cleanup::CleanupError;
use git_agents::work::landed::JudgeError;
use git_agents::work::removal::RemovalError;
use git_agents::worktree::remove::{Losses, RemoveError};

use super::{CliError, Exit, quoted, ready_error};

/// Why an agent was not removed.
pub(crate) fn removal_refused(repo: &Repository, name: &AgentName, error: RemovalError) -> CliError {
    let message = error.to_string();
    match error {
        RemovalError::Symbolic { name, branch } => CliError::refused("symbolic-ref", message)
            .hint(format!("git symbolic-ref --delete {}", quoted(&format!("refs/heads/{branch}"))))
            .hint(format!("git agents agent remove {name} --keep-branch")),
        RemovalError::Locked { .. } => CliError::refused("worktree-busy", message).hint("git agents doctor"),
        RemovalError::Inside { .. } => {
            let main = config::main_folder(repo).display().to_string();
            CliError::refused("inside-worktree", message).hint(format!("cd {}", quoted(&main)))
        }
        RemovalError::Teardown { name, source } => {
            ready_error(message, *source).hint(format!("git agents agent remove {name} --no-teardown"))
        }
        RemovalError::Remove(error) => not_removed(name, error),
        RemovalError::Record(refused) => refused.into(),
        RemovalError::Run(error) => error.into(),
        RemovalError::Ref(error) => error.into(),
        RemovalError::Git(error) => error.into(),
        RemovalError::Journal(_) => CliError::new(Exit::Outside, "remove-failed", message).hint("git agents doctor"),
    }
}

/// Say what would be lost, and how to go on.
fn not_removed(name: &AgentName, error: RemoveError) -> CliError {
    let message = error.to_string();
    match error {
        RemoveError::WouldLose { losses } => {
            let what = crate::view::removed::losses_text(&losses);
            let mut message = format!("{name} has {what}");
            if !losses.ignored_folders.is_empty() {
                let folders = crate::view::removed::paths_text(&losses.ignored_folders);
                message.push_str(&format!("; ignored folders would go without a backup: {folders}"));
            }
            let error = CliError::refused("would-lose-work", message);
            // Moved, it is to be repaired where it is now; deleted, git may forget it.
            if losses.missing.is_some() && !losses.is_beyond_backup() {
                return error
                    .hint("git worktree repair PATH")
                    .hint("git worktree prune")
                    .hint(format!("git agents agent remove {name} --force"));
            }
            let force = format!("git agents agent remove {name} --force");
            // What git does not know cannot be merged.
            let is_known = Losses { included: Vec::new(), ..(*losses).clone() }.is_work();
            match losses.is_beyond_backup() {
                true => error.hint("move the repositories inside it elsewhere, and push what their submodules have"),
                false if is_known => error.hint(format!("git agents merge {name}")).hint(force),
                false => error.hint(force),
            }
        }
        RemoveError::Locked { path, .. } => CliError::refused("worktree-locked", message)
            .hint(format!("git worktree unlock {}", quoted(&path.display().to_string()))),
        RemoveError::NoSuchWorktree { .. } | RemoveError::NotIntact { .. } => {
            CliError::refused("worktree-gone", message).hint("git worktree list").hint("git agents doctor")
        }
        RemoveError::Contains { .. } | RemoveError::CheckedOut { .. } => {
            CliError::refused("checked-out", message).hint("git worktree list")
        }
        RemoveError::Busy { .. } => CliError::refused("worktree-busy", message).hint("run the command again"),
        RemoveError::Ref(error) => error.into(),
        RemoveError::Git(error) => error.into(),
        _ => CliError::new(Exit::Outside, "remove-failed", message).hint("git agents doctor"),
    }
}

impl From<CleanupError> for CliError {
    fn from(error: CleanupError) -> Self {
        let message = error.to_string();
        match error {
            CleanupError::Store(error) => error.into(),
            CleanupError::Ref(error) => error.into(),
            CleanupError::Git(error) => error.into(),
            CleanupError::Judge(error) => error.into(),
            CleanupError::Remove(_) => {
                CliError::new(Exit::Outside, "worktree-unreadable", message).hint("git agents doctor")
            }
        }
    }
}

impl From<BuiltOnError> for CliError {
    fn from(error: BuiltOnError) -> Self {
        match error {
            BuiltOnError::Ref(error) => error.into(),
            BuiltOnError::Git(error) => error.into(),
        }
    }
}

impl From<BackupsError> for CliError {
    fn from(error: BackupsError) -> Self {
        match error {
            BackupsError::Store(error) => error.into(),
            BackupsError::Ref(error) => error.into(),
            BackupsError::Git(error) => error.into(),
        }
    }
}

impl From<JudgeError> for CliError {
    fn from(error: JudgeError) -> Self {
        let message = error.to_string();
        match error {
            JudgeError::Git(error) => error.into(),
            JudgeError::Scratch(error) => error.into(),
            JudgeError::Merge(_) => CliError::new(Exit::Outside, "merge-failed", message).hint("git fsck"),
        }
    }
}
