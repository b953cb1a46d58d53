//! Resolving a conflict with git's own means, in the agent's own worktree.
//!
//! [`begin()`] starts the real `git rebase` or `git merge` there and steps aside: markers, `git add`, `--continue` are
//! git's. A [`record`] that is written before says where everything was, so that [`fn@abort`] gets back to exactly that,
//! and [`sort()`] tells which agents are ready to land. An operation that this program did not begin is nobody's to
//! abort here; see [`mod@progress`].

pub mod abort;
pub mod begin;
pub mod progress;
pub mod record;
pub mod sort;
pub mod unmerged;

mod torn;

use std::path::PathBuf;

use gix::bstr::BString;

use super::landing::LandingError;
use crate::agent::AgentName;
use crate::branch::BranchError;
use crate::git::GitError;
use crate::git::merge_tree::MergeError;
use crate::git::refs::RefError;
use crate::git::scratch::ScratchError;
use crate::git::worktrees::OperationKind;
use crate::land::plan::{Refusal, Stopped};
use crate::land::{ExecuteError, PlanError};
use crate::store::StoreError;
use crate::worktree::backup::BackupError;
use crate::worktree::follow::{Blocked, FollowError};
use record::{RecordError, Way};

pub use abort::{Aborted, abort};
pub use begin::{Asked, Begun, Waiting, begin};
pub use record::Record;
pub use sort::{Sorted, forget_landed, sort};

/// Why a resolution does not begin, or does not end. Nothing was changed then, but by what says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// git does not know who commits.
    #[error("git does not know who you are: user.name and user.email are not set")]
    NoIdentity,
    /// The agent's branch is gone.
    #[error("{agent}'s branch {branch} does not exist")]
    BranchGone {
        /// Whose.
        agent: AgentName,
        /// Without `refs/heads/`.
        branch: String,
    },
    /// There is no worktree to work in.
    #[error("{agent} has no worktree")]
    NoWorktree {
        /// Who.
        agent: AgentName,
    },
    /// Nothing is where the worktree was.
    #[error("{agent}'s worktree is gone from {}", .path.display())]
    Missing {
        /// Whose.
        agent: AgentName,
        /// Where it was.
        path: PathBuf,
    },
    /// Something else is where the worktree was.
    #[error("{} is not {agent}'s worktree any more", .path.display())]
    Replaced {
        /// Whose.
        agent: AgentName,
        /// Where.
        path: PathBuf,
        /// Only its `.git` is gone.
        is_repairable: bool,
    },
    /// The worktree has something else checked out.
    #[error("{agent}'s worktree {} has {} checked out, not {expected}", .path.display(), .found.as_deref().unwrap_or("no branch"))]
    Elsewhere {
        /// Whose.
        agent: AgentName,
        /// Where.
        path: PathBuf,
        /// The branch that it has, without `refs/heads/`; none when HEAD is detached.
        found: Option<String>,
        /// The branch that it should have.
        expected: String,
    },
    /// The branch is checked out more than once.
    #[error("{agent}'s branch is checked out more than once")]
    HeldTwice {
        /// Whose.
        agent: AgentName,
        /// Where.
        paths: Vec<PathBuf>,
    },
    /// An operation is going on there that this program did not begin.
    #[error("a {} that git agents did not start is going on in {agent}'s worktree {}", .kind.command(), .path.display())]
    Foreign {
        /// Whose.
        agent: AgentName,
        /// Where.
        path: PathBuf,
        /// Of what kind.
        kind: OperationKind,
    },
    /// git was killed in the middle.
    #[error("git was killed while it resolved {agent}")]
    Torn {
        /// Whose.
        agent: AgentName,
    },
    /// There are edits that git would not begin over.
    #[error("{agent}'s worktree {} has uncommitted changes", .path.display())]
    Uncommitted {
        /// Whose.
        agent: AgentName,
        /// Where.
        path: PathBuf,
        /// What.
        paths: Vec<BString>,
    },
    /// Files are in the way, or somebody is writing the index.
    #[error("{agent}'s worktree {} is not ready", .path.display())]
    Blocked {
        /// Whose.
        agent: AgentName,
        /// Where.
        path: PathBuf,
        /// What by.
        reason: Blocked,
    },
    /// There is nothing to resolve.
    #[error("{agent} does not conflict with {target}")]
    NoConflict {
        /// Who.
        agent: AgentName,
        /// The target.
        target: String,
        /// A resolution of it is finished and has not landed.
        is_resolved: bool,
    },
    /// Only its single commits conflict.
    #[error("{agent} does not conflict with {target} when it is merged as a whole")]
    WholeMerges {
        /// Who.
        agent: AgentName,
        /// The target.
        target: String,
    },
    /// It contains merges, which a rebase would flatten.
    #[error("{agent}'s branch contains merges, which a rebase would flatten")]
    HasMerges {
        /// Who.
        agent: AgentName,
    },
    /// It cannot land for another reason than a conflict.
    #[error("{} cannot land", .stopped.name)]
    Stopped {
        /// Why.
        stopped: Box<Stopped>,
    },
    /// The branch or the worktree cannot be put back.
    #[error("{agent}'s branch cannot be put back")]
    NotBack {
        /// Whose.
        agent: AgentName,
        /// Why.
        refusals: Vec<Refusal>,
    },
    /// git would not begin, or not abort.
    #[error("`git {}` did not do it in {}: {words}", .way.word(), .path.display())]
    GitRefused {
        /// Which command.
        way: Way,
        /// Where.
        path: PathBuf,
        /// Its own words.
        words: String,
    },
    /// The record could not be read or written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The landing could not be tried.
    #[error(transparent)]
    Landing(#[from] Box<LandingError>),
    /// The way back could not be planned.
    #[error(transparent)]
    Plan(#[from] Box<PlanError>),
    /// The way back could not be gone.
    #[error(transparent)]
    Execute(#[from] Box<ExecuteError>),
    /// The worktree could not be backed up.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// A worktree could not be looked at.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// The state could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A ref could not be read or moved.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
    /// git could not merge.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// Trees could not be compared.
    #[error(transparent)]
    Compare(#[from] Box<BranchError>),
    /// Objects could not be read or written.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
}
