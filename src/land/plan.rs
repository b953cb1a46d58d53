//! A landing as data: what is to move, what was left out and why, what speaks against it.

use std::path::PathBuf;

use gix::ObjectId;
use gix::actor::Signature;
use gix::bstr::BString;

use crate::branch::BranchError;
use crate::check::Failure;
use crate::git::GitError;
use crate::git::merge_tree::{ConflictKind, MergeError, Stages};
use crate::git::refs::RefError;
use crate::git::scratch::{Scratch, ScratchError};
use crate::worktree::follow::{Blocked, FollowError};
use crate::worktree::journal::JournalError;

/// How a branch comes to the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// Its commits again, on top of the target.
    Rebase,
    /// A merge commit, also where the target could simply be moved forward.
    Merge,
    /// One commit with all of it.
    Squash,
}

/// One branch that is to land.
#[derive(Debug, Clone)]
pub struct Source {
    /// What the answer calls it.
    pub name: String,
    /// Its branch, `refs/heads/…`.
    pub branch: String,
    /// How; without it a rebase, or a merge when the branch contains merges or only merges as a whole.
    pub strategy: Option<Strategy>,
    /// The message of a merge commit.
    pub merge_message: String,
    /// The message of a squashed commit.
    pub squash_message: String,
    /// The author of a squashed commit.
    pub squash_author: Signature,
    /// Old tips that have landed in another form: what they reach is not this branch's own.
    pub exclude: Vec<ObjectId>,
    /// Old tips, each with the tip of a branch: what the old one reaches is not this branch's own when the other has
    /// landed before in the same request.
    pub rewritten: Vec<(ObjectId, ObjectId)>,
    /// Names of sources in the same request that must land before.
    pub after: Vec<String>,
    /// Work that counts as its own and that neither it nor the target has.
    pub elsewhere: Vec<WorkElsewhere>,
    /// Trailers that every new commit gets, name and value.
    pub trailers: Vec<(String, String)>,
}

/// Work of a completed task that is in neither the branch nor the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkElsewhere {
    /// The task.
    pub task: String,
    /// Where it was completed.
    pub commit: ObjectId,
    /// That commit is in this repository.
    pub is_known: bool,
    /// Some branch has it, here or as a remote had it.
    pub is_on_branch: bool,
    /// The branch has been there: what it is now came of it.
    pub was_here: bool,
}

/// What is to land where.
#[derive(Debug, Clone)]
pub struct Request {
    /// The branch that is landed on, `refs/heads/…`.
    pub target: String,
    /// What the target is brought forward to before anything lands on it: its upstream. None when that is no news.
    pub start: Option<ObjectId>,
    /// The branches in the order in which they land.
    pub sources: Vec<Source>,
    /// Those of them that are known not to land, and why: a check said so.
    pub barred: Vec<Stopped>,
    /// Who commits, and when.
    pub identity: Signature,
    /// Whether the `commit-msg` hook sees the messages that we write.
    pub runs_hooks: bool,
}

/// A plan with the objects that it is made of.
#[derive(Debug)]
pub struct Built {
    /// What would happen.
    pub plan: Plan,
    /// Where the new commits are.
    pub scratch: Scratch,
}

/// What would happen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The branches that land, in order.
    pub steps: Vec<Step>,
    /// Where the target is brought although no branch lands: its upstream, which has their work already.
    pub brought: Option<ObjectId>,
    /// The branches that do not, and why.
    pub stopped: Vec<Stopped>,
    /// Names of the branches that have nothing to land.
    pub empty: Vec<String>,
    /// Every ref that moves, the target first.
    pub moves: Vec<Move>,
    /// The worktrees that are brought along.
    pub worktrees: Vec<Following>,
    /// Why none of it can be done now. Empty in a plan that can be executed.
    pub refusals: Vec<Refusal>,
}

/// One branch that lands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name in the request.
    pub name: String,
    /// Its branch.
    pub branch: String,
    /// Its tip before.
    pub tip: ObjectId,
    /// How.
    pub strategy: Strategy,
    /// What it lands on: the target, or what the step before made of it.
    pub onto: ObjectId,
    /// The target after this step.
    pub after: ObjectId,
    /// The commits that were made anew, old and new; those of a fast-forward are not among them.
    pub replayed: Vec<(ObjectId, ObjectId)>,
    /// Commits whose changes the target had already.
    pub dropped: Vec<ObjectId>,
}

/// One branch that does not land.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// Its name in the request.
    pub name: String,
    /// Its branch.
    pub branch: String,
    /// Its tip, if it has one.
    pub tip: Option<ObjectId>,
    /// Why.
    pub reason: Stop,
}

/// Why a branch does not land.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// There is no such branch.
    Missing,
    /// It is the target itself.
    IsTarget,
    /// It is another name for another branch.
    Symbolic,
    /// It is checked out more than once.
    HeldTwice {
        /// Where.
        paths: Vec<PathBuf>,
    },
    /// It does not merge.
    Conflict {
        /// The commit that does not apply; none when the branch was merged as a whole.
        commit: Option<ObjectId>,
        /// Where.
        paths: Vec<StopPath>,
        /// Only its single commits conflict: merged as a whole it would land.
        merges: bool,
        /// The commit that its own work begins after, when what it is built on has landed in another form: what
        /// `git rebase --onto` has to be told.
        base: Option<ObjectId>,
    },
    /// The target had its changes and has taken them back since, so a rebase would leave them out.
    TakenBack {
        /// The commits whose changes those are.
        commits: Vec<ObjectId>,
    },
    /// It contains merges, which a rebase would flatten.
    HasMerges {
        /// Those merges.
        commits: Vec<ObjectId>,
    },
    /// It is built on commits that have landed in another form: a merge would bring them in twice.
    Stacked {
        /// Its own commits alone can be replayed.
        replays: bool,
    },
    /// A hook of the repository says no.
    Hook {
        /// Which.
        hook: String,
        /// What it wrote.
        output: String,
    },
    /// A task counts as its work, and neither it nor the target has that.
    Elsewhere(WorkElsewhere),
    /// It has no history in common with the target.
    Unrelated,
    /// git could not tell.
    Unknown {
        /// git's own words.
        reason: String,
    },
    /// What has to land before was stopped.
    After {
        /// Its name.
        name: String,
    },
    /// The check fails with it, and passes without.
    Check {
        /// What failed.
        failure: Failure,
        /// Those without whose work it would not fail; empty when it fails on the target alone.
        with: Vec<String>,
    },
    /// Its files cannot be written to the target's worktree.
    Unwritable {
        /// Where.
        path: PathBuf,
        /// git's own words.
        reason: String,
    },
    /// Its worktree cannot come along.
    Worktree {
        /// Where.
        path: PathBuf,
        /// Why.
        reason: Blocked,
    },
}

/// A path that did not merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopPath {
    /// The path.
    pub path: BString,
    /// The kind of conflict.
    pub kind: ConflictKind,
    /// The sides that git was merging: ours is what the branch met, theirs is the branch's.
    pub stages: Stages,
}

/// One ref that moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Its full name.
    pub name: String,
    /// What it is; none when it is made.
    pub before: Option<ObjectId>,
    /// What it becomes; none when it is deleted.
    pub after: Option<ObjectId>,
}

/// One worktree that comes along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Following {
    /// Its top folder.
    pub path: PathBuf,
    /// The branch that it has checked out.
    pub branch: String,
    /// The commit that it has.
    pub before: ObjectId,
    /// The commit that it gets.
    pub after: ObjectId,
}

/// Why none of it can be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A worktree cannot come along.
    Worktree {
        /// The branch that it has checked out.
        branch: String,
        /// Where.
        path: PathBuf,
        /// Why.
        reason: Blocked,
    },
    /// The branch is checked out more than once.
    HeldTwice {
        /// Which.
        branch: String,
        /// Where.
        paths: Vec<PathBuf>,
    },
    /// The ref stands somewhere else by now.
    Elsewhere {
        /// Which.
        name: String,
        /// Where it was expected.
        expected: Option<ObjectId>,
        /// Where it stands.
        actual: Option<ObjectId>,
    },
    /// The branch would be deleted while it is checked out.
    CheckedOut {
        /// Which.
        branch: String,
        /// Where.
        path: PathBuf,
    },
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Only a local branch can be landed on.
    #[error("{target} is not a local branch")]
    TargetNotABranch {
        /// What was given.
        target: String,
    },
    /// There is no such target.
    #[error("there is no {target}")]
    NoTarget {
        /// What was given.
        target: String,
    },
    /// The user signs commits, and this one could not be signed.
    #[error("a commit could not be signed: {reason}")]
    Signing {
        /// git's own words.
        reason: String,
    },
    /// The file in which the `commit-msg` hook gets a message.
    #[error("{} could not be written or read: {source}", .path.display())]
    Message {
        /// The file, or its folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// An object is not what it should be.
    #[error("{id} is not a commit")]
    NotACommit {
        /// Which.
        id: ObjectId,
    },
    /// A ref could not be read.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// The objects could not be written.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// git could not merge.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// Trees could not be compared.
    #[error(transparent)]
    Compare(#[from] Box<BranchError>),
    /// A worktree could not be looked at.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// The journal could not be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl Plan {
    /// The target's commit when all has landed; none when nothing moves it.
    pub fn target_after(&self) -> Option<ObjectId> {
        self.steps.last().map(|step| step.after).or(self.brought)
    }

    /// What the first branch lands on; none when none lands.
    pub fn start(&self) -> Option<ObjectId> {
        self.steps.first().map(|step| step.onto)
    }
}
