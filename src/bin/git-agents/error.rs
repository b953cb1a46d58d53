//! Errors as users meet them: one sentence, a stable code, an exit status, and what to do next.

use git_agents::agent::AgentName;
use git_agents::branch::BranchError;
use git_agents::config::TargetError;
use git_agents::git::refs::RefError;
use git_agents::git::scratch::ScratchError;
use git_agents::git::{GitError, OpenError};
use git_agents::state::Rejected;
use git_agents::store::{Refused, StoreError};
use git_agents::task::TaskState;
use git_agents::work::candidates::CandidateError;
use git_agents::work::complete::SurveyError;
use git_agents::work::enrol::EnrolError;
use git_agents::work::recover::RecoverError;
use git_agents::worktree::create::CreateError;

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

impl From<OpenError> for CliError {
    fn from(error: OpenError) -> Self {
        let message = error.to_string();
        match error {
            OpenError::NotARepository { .. } => CliError::refused("not-a-repository", message).hint("git init"),
            OpenError::NotAFolder { .. } => CliError::usage(message),
            OpenError::Unusable { path, .. } => CliError::new(Exit::Outside, "repository-unusable", message)
                .hint(format!("git -C {} fsck", quoted(&path.display().to_string()))),
        }
    }
}

impl From<GitError> for CliError {
    fn from(error: GitError) -> Self {
        let message = error.to_string();
        match error {
            GitError::Missing => CliError::new(Exit::Outside, "git-missing", message)
                .hint("install git 2.45 or newer, or put it on the PATH"),
            GitError::TooOld { needed, .. } => {
                CliError::new(Exit::Outside, "git-too-old", message).hint(format!("install git {needed} or newer"))
            }
            _ => CliError::new(Exit::Outside, "git-failed", message),
        }
    }
}

impl From<RefError> for CliError {
    fn from(error: RefError) -> Self {
        let message = error.to_string();
        match error {
            RefError::OutOfDate { .. } => CliError::refused("moved-meanwhile", message).hint("run the command again"),
            RefError::Locked { .. } => {
                CliError::new(Exit::Outside, "ref-locked", message).hint("git agents doctor --fix")
            }
            RefError::Git(error) => error.into(),
            _ => CliError::new(Exit::Outside, "ref-failed", message).hint("git agents doctor"),
        }
    }
}

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
            StoreError::Unreadable { .. } | StoreError::NoFormat => {
                CliError::new(Exit::Outside, "state-unreadable", message)
                    .hint("git agents doctor")
                    .hint("git reflog show refs/agents/state")
            }
            StoreError::Write { .. } => CliError::new(Exit::Outside, "write-failed", message).hint("git agents doctor"),
            StoreError::Ref(error) => error.into(),
            StoreError::Git(error) => error.into(),
        }
    }
}

impl From<TargetError> for CliError {
    fn from(error: TargetError) -> Self {
        let message = error.to_string();
        match error {
            TargetError::NotABranchName { .. } => CliError::usage(message),
            TargetError::Missing { .. } | TargetError::Unknown => {
                CliError::refused("no-target", message).hint("git config agents.target BRANCH")
            }
            TargetError::NoCommits => {
                CliError::refused("no-commits", message).hint("git commit --allow-empty -m \"Begin\"")
            }
            TargetError::Ref(error) => error.into(),
            TargetError::Git(error) => error.into(),
        }
    }
}

impl From<EnrolError> for CliError {
    fn from(error: EnrolError) -> Self {
        let message = error.to_string();
        match error {
            EnrolError::Create { name, source } => creation(&name, source, message),
            EnrolError::Rejected(rejected) => rejected.into(),
            EnrolError::Store(error) => error.into(),
        }
    }
}

fn creation(name: &AgentName, error: CreateError, message: String) -> CliError {
    let short = |branch: &str| quoted(branch.strip_prefix("refs/heads/").unwrap_or(branch));
    match error {
        CreateError::InvalidBranch { .. } => CliError::usage(message),
        CreateError::BranchExists { branch } => CliError::refused("branch-exists", message)
            .hint(format!("git agents agent add {name} --existing --branch {}", short(&branch))),
        CreateError::NoSuchBranch { .. } => CliError::refused("branch-missing", message).hint("git branch --list"),
        CreateError::NameClash { .. } => {
            CliError::refused("branch-clash", message).hint(format!("git agents agent add {name} --branch OTHER"))
        }
        CreateError::CheckedOut { branch, path } => CliError::refused("checked-out", message).hint(format!(
            "git agents agent add {name} --existing --branch {} --path {}",
            short(&branch),
            quoted(&path.display().to_string())
        )),
        CreateError::PathOccupied { .. } | CreateError::PathInside { .. } => {
            CliError::refused("path-taken", message).hint(format!("git agents agent add {name} --path OTHER"))
        }
        CreateError::PathRegistered { .. } => CliError::refused("path-registered", message).hint("git worktree prune"),
        CreateError::Failed { .. } => CliError::new(Exit::Outside, "worktree-failed", message),
        CreateError::Ref(error) => error.into(),
        CreateError::Git(error) => error.into(),
        CreateError::Journal(_) => CliError::new(Exit::Outside, "write-failed", message).hint("git agents doctor"),
    }
}

impl From<BranchError> for CliError {
    fn from(error: BranchError) -> Self {
        let message = error.to_string();
        match error {
            BranchError::Git(error) => error.into(),
            _ => CliError::new(Exit::Outside, "merge-failed", message).hint("git fsck"),
        }
    }
}

impl From<SurveyError> for CliError {
    fn from(error: SurveyError) -> Self {
        let message = error.to_string();
        match error {
            SurveyError::BranchGone { .. } => CliError::refused("branch-gone", message).hint("git agents init"),
            SurveyError::Ref(error) => error.into(),
            SurveyError::Git(error) => error.into(),
            SurveyError::Branch(error) => error.into(),
        }
    }
}

impl From<CandidateError> for CliError {
    fn from(error: CandidateError) -> Self {
        let message = error.to_string();
        match error {
            CandidateError::Unknown { .. } => {
                CliError::refused("not-found", message).hint("git agents agent list").hint("git branch --list")
            }
            CandidateError::BranchGone { .. } => CliError::refused("branch-gone", message).hint("git agents init"),
            CandidateError::Ref(error) => error.into(),
            CandidateError::Git(error) => error.into(),
        }
    }
}

impl From<ScratchError> for CliError {
    fn from(error: ScratchError) -> Self {
        CliError::new(Exit::Outside, "scratch-failed", error.to_string())
    }
}

impl From<RecoverError> for CliError {
    fn from(error: RecoverError) -> Self {
        let message = error.to_string();
        match error {
            RecoverError::Store(error) => error.into(),
            _ => CliError::new(Exit::Outside, "recovery-failed", message).hint("git agents doctor"),
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
            Rejected::ChangedSince { .. } => CliError::refused("built-upon", message).hint("git agents log"),
            Rejected::BadDocument { .. } => CliError::refused("document-damaged", message).hint("git agents doctor"),
        }
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
