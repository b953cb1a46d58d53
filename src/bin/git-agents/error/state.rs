//! What the state and its rules say no with.

use git_agents::state::Rejected;
use git_agents::store::{Refused, StoreError};
use git_agents::task::TaskState;

use super::{CliError, Exit, quoted, unknown_agent};

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::NewerFormat { .. } => {
                CliError::refused("format-too-new", message).hint("install a newer git-agents")
            }
            StoreError::NoIdentity => CliError::refused("no-identity", message)
                .hint("git config user.name \"Your Name\"")
                .hint("git config user.email you@example.com"),
            StoreError::Unreadable { .. } | StoreError::NoFormat { .. } => {
                CliError::new(Exit::Outside, "state-unreadable", message)
                    .hint("git agents doctor")
                    .hint("git agents recover")
            }
            StoreError::Gone { .. } => CliError::refused("state-gone", message)
                .hint("git agents recover")
                .hint("git agents reset, to begin anew"),
            StoreError::Oversized { .. } => CliError::refused("too-large", message).hint("the same in smaller parts"),
            StoreError::TooLarge { .. } => CliError::new(Exit::Outside, "state-too-large", message)
                .hint("git agents doctor")
                .hint("git agents recover"),
            StoreError::Write { .. } => CliError::new(Exit::Outside, "write-failed", message)
                .hint("look at the permissions of .git/agents and at the free space: df ."),
            StoreError::Ref(error) => error.into(),
            StoreError::Git(error) => error.into(),
        }
    }
}

impl From<Refused<std::convert::Infallible>> for CliError {
    fn from(refused: Refused<std::convert::Infallible>) -> Self {
        match refused {
            Refused::Rule(rejected) => rejected.into(),
            Refused::Store(error) => error.into(),
            Refused::Caller(never) => match never {},
        }
    }
}

impl From<Refused<CliError>> for CliError {
    fn from(refused: Refused<CliError>) -> Self {
        match refused {
            Refused::Rule(rejected) => rejected.into(),
            Refused::Store(error) => error.into(),
            Refused::Caller(error) => error,
        }
    }
}

impl From<Rejected> for CliError {
    fn from(rejected: Rejected) -> Self {
        let message = rejected.to_string();
        match rejected {
            Rejected::UnknownAgent { name } => unknown_agent(name.as_str()),
            Rejected::AgentExists { name } => {
                CliError::refused("agent-exists", message).hint(format!("git agents agent show {name}"))
            }
            Rejected::BranchTaken { agent, .. } => {
                CliError::refused("branch-taken", message).hint(format!("git agents agent show {agent}"))
            }
            Rejected::UnknownTask { .. } => {
                CliError::refused("task-not-found", message).hint("git agents task list --all")
            }
            Rejected::TaskExists { id, .. } => {
                CliError::refused("task-exists", message).hint(format!("git agents task show {id}"))
            }
            Rejected::Damaged { .. } => CliError::refused("document-damaged", message).hint("git agents doctor --fix"),
            Rejected::UnknownDependency { .. } => {
                CliError::refused("dependency-not-found", message).hint("git agents task list --all")
            }
            Rejected::Cycle { .. } => CliError::refused("dependency-cycle", message),
            Rejected::Held { task, agent, state, .. } => {
                let error = CliError::new(Exit::Negative, "task-held", message);
                match state {
                    TaskState::Completed => error.hint(format!("git agents merge {agent}")),
                    _ => error.hint(format!("git agents unassign {agent} {task}")),
                }
            }
            Rejected::Outdated { task, agent, holder, .. } => {
                let message = format!("{message}; what is on {agent}'s branch is as it was");
                let error = CliError::new(Exit::Negative, "assignment-outdated", message);
                let error = match holder {
                    Some(holder) if holder == agent => {
                        error.hint(format!("git agents unassign {agent} {task} && git agents start {agent} {task}"))
                    }
                    Some(_) => error.hint(format!("git agents next {agent}")),
                    None => error.hint(format!("git agents start {agent} {task}")),
                };
                error.hint(format!("git agents task show {task}"))
            }
            Rejected::WrongState { task, state, .. } => {
                let error = CliError::refused("task-state", message);
                match state {
                    TaskState::Blocked | TaskState::Dropped => error.hint(format!("git agents task reopen {task}")),
                    _ => error.hint(format!("git agents task show {task}")),
                }
            }
            Rejected::NotHeld { task, agent } => {
                CliError::refused("task-not-held", message).hint(format!("git agents assign {agent} {task}"))
            }
            Rejected::Busy { agent, .. } => CliError::refused("agent-busy", message)
                .hint(format!("git agents complete {agent}"))
                .hint(format!("git agents fail {agent} --reason \"…\"")),
            Rejected::UnknownFinding { .. } => {
                CliError::refused("finding-not-found", message).hint("git agents findings --all")
            }
            Rejected::FindingExists { .. } => {
                CliError::refused("finding-exists", message).hint("git agents findings --all")
            }
            Rejected::Claimed { by, .. } => {
                let form = "%Y-%m-%d %H:%M UTC";
                let message = format!(
                    "{message}, since {} and until {}",
                    by.created_at.format(form),
                    by.lease.until().format(form)
                );
                let release = format!("git agents release {} {}", by.agent, quoted(by.path.as_str()));
                CliError::new(Exit::Negative, "path-claimed", message).hint("git agents claims").hint(release)
            }
            Rejected::ClaimExists { .. } | Rejected::BadOperationId { .. } => {
                CliError::refused("claim-exists", message).hint("git agents claims")
            }
            Rejected::ChangedSince { .. } => CliError::refused("built-upon", message).hint("git agents log"),
            Rejected::BadDocument { .. } => CliError::refused("document-damaged", message).hint("git agents doctor"),
        }
    }
}
