//! What git's configuration says for us, and the repository's own `.agents.toml` where git's says nothing.
//!
//! `keys` is the table of all that can be said; whoever wants a value asks [`value`], [`values`] or [`flag`].

mod checked;
pub mod families;
pub mod keys;
mod lookup;
pub mod shared;
pub mod trust;

use std::path::{Path, PathBuf};

use gix::ObjectId;

use crate::agent::{AgentName, is_branch_name};
use crate::git::refs::{self, RefError};
use crate::git::{GitError, Repository};

pub use checked::{Misconfigured, checked, checked_all};
pub use lookup::{Setting, Source, all, flag, value, values};

/// The key that names the target branch.
pub const TARGET_KEY: &str = "agents.target";
/// The key that names the folder of the agents' worktrees.
pub const WORKTREES_KEY: &str = "agents.worktrees";
/// The key that says what the agents' branches begin with.
pub const PREFIX_KEY: &str = "agents.prefix";
/// What branches begin with when nothing is configured.
pub const DEFAULT_PREFIX: &str = "agents/";

/// The key of the ports that agents get.
pub const PORTS_KEY: &str = "agents.ports";
/// The key of how many ports each agent gets.
pub const PORTS_EACH_KEY: &str = "agents.portsEach";
/// What agents' ports are when nothing is configured: below those that systems give out by themselves.
pub const DEFAULT_PORTS: &str = "20000-29999";
/// How many ports an agent has when nothing is configured.
pub const DEFAULT_PORTS_EACH: u16 = 10;
/// The key of the commands that make a new worktree ready.
pub const SETUP_KEY: &str = "agents.setup";
/// The key of the commands that run before a worktree goes.
pub const TEARDOWN_KEY: &str = "agents.teardown";
/// The key of how long each of those commands may take.
pub const SETUP_TIMEOUT_KEY: &str = "agents.setupTimeout";
/// How long that is when nothing is configured.
pub const DEFAULT_SETUP_TIMEOUT: &str = "10m";

/// The branch that work lands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name without `refs/heads/`.
    pub branch: String,
    /// Where it stands.
    pub commit: ObjectId,
}

impl Target {
    /// Its full name.
    pub fn full_name(&self) -> String {
        format!("refs/heads/{}", self.branch)
    }
}

/// Why there is no target.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The given name is not a branch's.
    #[error("{name:?} is not the name of a branch")]
    NotABranchName {
        /// What was given.
        name: String,
    },
    /// Nor is the configured one.
    #[error("agents.target is {name:?}, which is not the name of a branch")]
    Misconfigured {
        /// What is configured.
        name: String,
    },
    /// There is no such local branch.
    #[error("there is no local branch {branch}, which is the target")]
    Missing {
        /// The branch.
        branch: String,
    },
    /// Nothing says which branch it is.
    #[error("nothing says which branch is the target")]
    Unknown,
    /// The repository has no commit yet.
    #[error("the repository has no commits yet")]
    NoCommits,
    /// Refs could not be read.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// git could not be asked or told.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// The target: `agents.target`, else the branch that `origin/HEAD` names, else `main`, else `master`.
///
/// # Errors
/// See [`TargetError`]; a configured branch that is missing or symbolic is an error and never replaced by another.
pub fn target(repo: &Repository) -> Result<Target, TargetError> {
    if let Some(name) = repo.config(TARGET_KEY) {
        return named_target(repo, &name).map_err(|error| match error {
            TargetError::NotABranchName { name } => TargetError::Misconfigured { name },
            error => error,
        });
    }
    let origin = repo.gix().try_find_reference("refs/remotes/origin/HEAD").ok().flatten().and_then(|head| {
        let name = head.target().try_name()?.shorten().to_string();
        name.strip_prefix("origin/").map(str::to_owned)
    });
    for name in origin.as_deref().into_iter().chain(["main", "master"]) {
        if let Some(commit) = refs::read_movable(repo, &format!("refs/heads/{name}"))? {
            return Ok(Target { branch: name.to_owned(), commit });
        }
    }
    let heads = refs::list(repo, "refs/heads/")?;
    Err(if heads.is_empty() { TargetError::NoCommits } else { TargetError::Unknown })
}

/// The target that somebody named: a local branch, with or without `refs/heads/`.
///
/// # Errors
/// See [`TargetError`].
pub fn named_target(repo: &Repository, name: &str) -> Result<Target, TargetError> {
    let branch = name.strip_prefix("refs/heads/").unwrap_or(name);
    if !is_branch_name(branch) {
        return Err(TargetError::NotABranchName { name: name.to_owned() });
    }
    match refs::read_movable(repo, &format!("refs/heads/{branch}"))? {
        Some(commit) => Ok(Target { branch: branch.to_owned(), commit }),
        None if refs::list(repo, "refs/heads/")?.is_empty() => Err(TargetError::NoCommits),
        None => Err(TargetError::Missing { branch: branch.to_owned() }),
    }
}

/// Write one value into the repository's own configuration.
///
/// # Errors
/// git could not write it.
pub fn set(repo: &Repository, key: &str, value: &str) -> Result<(), GitError> {
    repo.git().args(["config", "--local", key, value]).stdout().map(drop)
}

/// Write one value into the repository's own configuration, in the place of all that a key has there.
///
/// # Errors
/// git could not write it.
pub fn replace(repo: &Repository, key: &str, value: &str) -> Result<(), GitError> {
    repo.git().args(["config", "--local", "--replace-all", key, value]).stdout().map(drop)
}

/// Take one value out of the repository's own configuration; not there is good too.
///
/// # Errors
/// git could not write it.
pub fn unset(repo: &Repository, key: &str) -> Result<(), GitError> {
    const NOT_THERE: i32 = 5;
    let git = repo.git().args(["config", "--local", "--unset-all", key]);
    let line = git.line();
    let output = git.run()?;
    let fine = output.status.success() || output.status.code() == Some(NOT_THERE);
    if fine { Ok(()) } else { Err(crate::git::run::failed(line, &output)) }
}

/// What the agents' branches begin with.
pub fn prefix(repo: &Repository) -> String {
    value(repo, PREFIX_KEY).unwrap_or_else(|| DEFAULT_PREFIX.to_owned())
}

/// The folder of the agents' worktrees: `agents.worktrees` (from the main worktree's top, or from the bare repository),
/// else `../<repository>-worktrees`.
pub fn worktrees_folder(repo: &Repository) -> PathBuf {
    let top = main_folder(repo);
    match repo.config(WORKTREES_KEY) {
        Some(folder) => normalise(&top.join(folder)),
        None => {
            let name = top.file_name().unwrap_or_else(|| "repository".as_ref()).to_string_lossy();
            let name = name.strip_suffix(".git").filter(|name| !name.is_empty()).unwrap_or(&name);
            top.with_file_name(format!("{name}-worktrees"))
        }
    }
}

/// Where an agent's worktree goes when nobody says otherwise.
pub fn worktree_path(repo: &Repository, name: &AgentName) -> PathBuf {
    worktrees_folder(repo).join(name.as_str())
}

/// The top of the main worktree, or the folder of a bare repository.
pub fn main_folder(repo: &Repository) -> PathBuf {
    let common = repo.common_dir();
    match (common.file_name(), common.parent()) {
        (Some(name), Some(parent)) if name == ".git" => parent.to_owned(),
        _ => common.to_owned(),
    }
}

/// `path` without `.` and `..`, by its text alone: what it names may not exist yet.
pub fn normalise(path: &Path) -> PathBuf {
    use std::path::Component;
    path.components().fold(PathBuf::new(), |mut whole, part| {
        match part {
            Component::ParentDir => drop(whole.pop()),
            Component::CurDir => {}
            part => whole.push(part),
        }
        whole
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_by_text() {
        assert_eq!(normalise(Path::new("/a/b/../c/./d")), Path::new("/a/c/d"));
        assert_eq!(normalise(Path::new("/..")), Path::new("/"));
    }
}
