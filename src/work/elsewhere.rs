//! Agents of other clones: their branches are not here, and are seen as the remote had them when it was last fetched.

use gix::ObjectId;

use crate::agent::Agent;
use crate::git::Repository;
use crate::git::refs::{self, RefError};
use crate::sync;

/// Where branches are looked for that are not here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Elsewhere {
    remote: Option<String>,
}

impl Elsewhere {
    /// On the remote that keeps the state; nowhere where none is known to, or it cannot be told.
    pub fn of(repo: &Repository) -> Self {
        Elsewhere { remote: sync::known_remote(repo).ok().flatten() }
    }

    /// The remote, when there is one.
    pub fn remote(&self) -> Option<&str> {
        self.remote.as_deref()
    }

    /// The full name of the ref that remembers the agent's branch there.
    pub fn tracking(&self, agent: &Agent) -> Option<String> {
        self.remote.as_ref().map(|remote| format!("refs/remotes/{remote}/{}", agent.branch))
    }

    /// Where the agent's branch was there when it was last fetched.
    ///
    /// # Errors
    /// The ref cannot be read.
    pub fn tip(&self, repo: &Repository, agent: &Agent) -> Result<Option<ObjectId>, RefError> {
        self.tracking(agent).map_or(Ok(None), |name| refs::read(repo, &name))
    }
}

/// A remote-tracking ref as people write it: `origin/agents/ann`.
pub fn short(tracking: &str) -> &str {
    tracking.strip_prefix("refs/remotes/").unwrap_or(tracking)
}
