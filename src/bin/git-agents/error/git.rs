//! What git, refs and objects say no with.

use git_agents::branch::BranchError;
use git_agents::config::TargetError;
use git_agents::git::refs::RefError;
use git_agents::git::scratch::ScratchError;
use git_agents::git::{GitError, OpenError};
use git_agents::store::STATE_REF;

use super::{CliError, Exit, quoted};

impl From<OpenError> for CliError {
    fn from(error: OpenError) -> Self {
        let message = error.to_string();
        match error {
            OpenError::NotARepository { .. } => CliError::refused("not-a-repository", message).hint("git init"),
            OpenError::NotAFolder { .. } => CliError::usage(message),
            OpenError::NotTrusted { path, .. } => CliError::refused("not-trusted", message).hint(format!(
                "git config --global --add safe.directory {}",
                quoted(&path.canonicalize().unwrap_or(path).display().to_string())
            )),
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
            RefError::Symbolic { name } if name == STATE_REF => CliError::refused("symbolic-ref", message)
                .hint(format!("git symbolic-ref -d {STATE_REF} && git agents recover")),
            RefError::Symbolic { .. } => {
                CliError::refused("symbolic-ref", message).hint("git config agents.target BRANCH")
            }
            RefError::Hook { .. } => CliError::refused("hook", message)
                .hint("git rev-parse --git-path hooks/reference-transaction, and look at what it asks for"),
            RefError::Git(error) => error.into(),
            _ => CliError::new(Exit::Outside, "ref-failed", message).hint("git agents doctor"),
        }
    }
}

impl From<TargetError> for CliError {
    fn from(error: TargetError) -> Self {
        let message = error.to_string();
        match error {
            TargetError::NotABranchName { .. } => CliError::usage(message),
            TargetError::Misconfigured { .. } | TargetError::Missing { .. } | TargetError::Unknown => {
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

impl From<BranchError> for CliError {
    fn from(error: BranchError) -> Self {
        let message = error.to_string();
        match error {
            BranchError::Git(error) => error.into(),
            _ => CliError::new(Exit::Outside, "merge-failed", message).hint("git fsck"),
        }
    }
}

impl From<ScratchError> for CliError {
    fn from(error: ScratchError) -> Self {
        CliError::new(Exit::Outside, "scratch-failed", error.to_string())
    }
}
