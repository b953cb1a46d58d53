//! Many clones, one chain: the state travels by git fetch and push of one ref.
//!
//! The remote's ref is the arbiter: it moves by a lease, and its chain is the order of things. What this clone has done
//! and the remote does not have is done again on the remote's tip ([`crate::store::Replay`]) and pushed. An operation
//! whose rule does not hold there is rejected: said, written down, and kept in a backup of the old chain.
//!
//! What must stay true: no outcome is told by what git or a host says, only by looking at the remote's chain again; every
//! ref moves by compare-and-swap; a kill at any moment leaves refs from which the next sync goes on. Nothing of the
//! user's remote configuration is changed, and no hook, tag or push option of theirs takes part.

mod child;
mod divergence;
mod exchange;
mod exclusive;
mod host;
mod integrate;
mod lock;
mod met;
mod mode;
mod nearby;
mod probe;
mod provisional;
mod rejected;
mod remote;
mod replaced;

use std::path::PathBuf;
use std::time::Duration;

use gix::ObjectId;

use crate::git::GitError;
use crate::git::refs::RefError;
use crate::state::Damaged;
use crate::state::OperationId;
use crate::store::{Entry, StoreError};

pub use child::leave_interrupts;
pub use divergence::{Divergence, between, not_taken_in, unshared};
pub use exchange::{TAKEN_AWAY, sync};
pub use exclusive::{Confirmed, Unconfirmed, confirm, prepare};
pub use host::refetch;
pub use met::accepted;
pub use mode::{Mode, has_met_others, is_due, known_remote, mode};
pub use probe::{Probed, Support, probe, probes_left};
pub use provisional::Provisional;
pub use rejected::{RejectedOperation, acknowledge, rejected, set_aside};
pub use remote::{
    ACCEPTED_FOLDER, INCOMING_FOLDER, MODE_KEY, REMOTE_KEY, REMOTE_REF_KEY, Remote, accepted_ref, remote,
};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Fetch and push.
    Both,
    /// Take in what the remote has, and push nothing.
    Fetch,
    /// Push, when the remote has nothing that is not here.
    Push,
}

/// What to do when the remote's chain is not a continuation of what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnRewind {
    /// Stop and keep everything.
    Stop,
    /// Bring back to the remote what it has lost, on top of what it has.
    Restore,
    /// The same, and where what it has is unsound, put it back to what is sound first.
    PutBack,
    /// Take the remote's chain as it is; ours is kept as a backup.
    Adopt,
}

/// How one sync is done.
#[derive(Debug, Clone)]
pub struct Request {
    /// Fetch, push or both.
    pub direction: Direction,
    /// When the remote was rewound or its ref deleted.
    pub on_rewind: OnRewind,
    /// How long lost races are tried again.
    pub deadline: Duration,
    /// How long one git child may take.
    pub patience: Duration,
    /// Nothing is to be done when the remote is known to have this operation.
    pub until: Option<OperationId>,
    /// The remote was fetched a moment ago: the first push is tried on what was found then. Its lease tells when that
    /// has changed.
    pub is_fresh: bool,
}

impl Request {
    /// A sync that somebody asked for and waits for.
    pub fn new(direction: Direction) -> Self {
        Request {
            direction,
            on_rewind: OnRewind::Stop,
            deadline: Duration::from_secs(120),
            patience: Duration::from_secs(600),
            until: None,
            is_fresh: false,
        }
    }

    /// A sync that belongs to something else, which should not wait long.
    pub fn brief(direction: Direction) -> Self {
        Request { deadline: Duration::from_secs(60), patience: Duration::from_secs(30), ..Request::new(direction) }
    }
}

/// What a sync has come to.
#[derive(Debug, Clone)]
pub struct Report {
    /// The remote's name.
    pub remote: String,
    /// The operations that this clone did not have, newest first; of very many only the newest.
    pub came: Vec<Entry>,
    /// How many came.
    pub came_count: usize,
    /// Our operations that the remote has taken, oldest first.
    pub went: Vec<Entry>,
    /// Our operations that do not hold any more, oldest first.
    pub rejected: Vec<RejectedOperation>,
    /// How many operations the remote does not have yet.
    pub waiting: usize,
    /// Documents that came and that nobody believes; they are left as they are, and everything else works.
    pub quarantined: Vec<Damaged>,
    /// The tip that both have, or that this clone has where something is waiting.
    pub tip: Option<ObjectId>,
}

/// Why a sync stopped. What was done here stays, and nothing is lost.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are the facts that the sentence names")]
pub enum SyncError {
    /// There is none.
    #[error("the repository has no remote")]
    NoRemote,
    /// Nothing says which of them.
    #[error("there are several remotes, and agents.remote does not say which one keeps the state: {}", .names.join(", "))]
    SeveralRemotes { names: Vec<String> },
    /// There is no such remote.
    #[error("there is no remote {name}")]
    UnknownRemote { name: String },
    /// No ref can have its name as a part.
    #[error("the remote {name:?} cannot keep the state: no ref can be called after it")]
    BadRemoteName { name: String },
    /// A push to it goes to several places, none of which could decide.
    #[error("{remote} has {count} push URLs, so there is no single place that decides who was first")]
    SeveralPushUrls { remote: String, count: usize },
    /// `agents.remoteRef` is no name for it.
    #[error("agents.remoteRef is {value:?}, which is not the full name of a ref below refs/")]
    BadRemoteRef { value: String },
    /// `agents.sync` is neither word.
    #[error("agents.sync is {value:?}; it can be auto or manual")]
    BadMode { value: String },
    /// The remote's chain was rewritten.
    #[error(
        "the state on {remote} was rewritten: it is at {found} and does not continue {accepted}, which it had before"
    )]
    Rewound { remote: String, accepted: ObjectId, found: ObjectId },
    /// The remote's ref was deleted.
    #[error("the state on {remote} is gone; it was at {accepted}")]
    Gone { remote: String, accepted: ObjectId },
    /// There is nothing to adopt.
    #[error("{remote} has no state to adopt")]
    NothingToAdopt { remote: String },
    /// What the remote has was never a state: the ref is something else's.
    #[error("{name} on {remote} is no state of git-agents: {reason}")]
    NoState { remote: String, name: String, reason: String },
    /// What the remote has is not all here, so nobody can tell what it is.
    #[error("what {remote} has cannot be read here: {reason}")]
    Unreadable { remote: String, reason: String, is_shallow: bool },
    /// What the remote has is nothing that can be built on.
    #[error("what {remote} has is no sound state: {reason}")]
    Unsound { remote: String, reason: String },
    /// The remote has what this clone does not, and only pushing was asked for.
    #[error("{remote} has {count} operation{} that {} not here", if *.count == 1 { "" } else { "s" }, if *.count == 1 { "is" } else { "are" })]
    Behind { remote: String, count: usize },
    /// The remote did not answer.
    #[error("{remote} could not be asked: {words}")]
    Unreachable { remote: String, words: String },
    /// The remote answers, and does not take the push.
    #[error("{remote} does not take the push: {words}")]
    HostRefused { remote: String, words: String },
    /// Others were faster until the deadline.
    #[error("others pushed to {remote} first, {tries} times in a row")]
    Overtaken { remote: String, tries: u32 },
    /// Another process of this clone has been synchronising all the time.
    #[error("another process is synchronising this clone: {} is locked", .path.display())]
    Busy { path: PathBuf },
    /// The file that names rejected operations is damaged.
    #[error("{} is damaged: {reason}", .path.display())]
    BadRejected { path: PathBuf, reason: String },
    /// A file of ours could not be written.
    #[error("{}: {reason}", .path.display())]
    Io { path: PathBuf, reason: String },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Ref(#[from] RefError),
    #[error(transparent)]
    Git(#[from] GitError),
}

impl SyncError {
    /// Whether the remote is what failed, so that it may work at another time.
    pub fn is_outside(&self) -> bool {
        use SyncError::{Busy, HostRefused, Overtaken, Unreachable};
        matches!(self, Unreachable { .. } | HostRefused { .. } | Overtaken { .. } | Busy { .. })
    }
}
