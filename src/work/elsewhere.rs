//! Agents of other clones: their branches are not here, and are seen as the remote had them when it was last fetched.

use gix::ObjectId;
use gix::bstr::ByteSlice;

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

/// Where a branch that is not here may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absent {
    /// The remote that another clone shares it by.
    pub remote: String,
    /// The remote-tracking branch that shows it; none when it was not there when it was last fetched.
    pub seen_as: Option<String>,
}

/// Where the agent's branch is, which is not here: on the remote that keeps the state, or on another that shows it. None
/// where there is nobody to have it.
pub fn absent(repo: &Repository, agent: &Agent) -> Option<Absent> {
    let keeper = Elsewhere::of(repo).remote;
    let others = repo.gix().remote_names().into_iter().map(|name| name.to_str_lossy().into_owned());
    let remotes = keeper.iter().cloned().chain(others);
    let shows = |remote: String| {
        let tracking = format!("refs/remotes/{remote}/{}", agent.branch);
        let is_there = refs::read(repo, &tracking).ok().flatten().is_some();
        is_there.then(|| Absent { seen_as: Some(short(&tracking).to_owned()), remote })
    };
    remotes.into_iter().find_map(shows).or_else(|| keeper.map(|remote| Absent { remote, seen_as: None }))
}

/// A remote-tracking ref as people write it: `origin/agents/ann`.
pub fn short(tracking: &str) -> &str {
    tracking.strip_prefix("refs/remotes/").unwrap_or(tracking)
}
