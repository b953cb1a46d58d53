//! The target beside its upstream: whether landing may begin, and on what.

use gix::ObjectId;

use crate::config::Target;
use crate::git::refs::RefError;
use crate::git::remote::{self, Upstream};
use crate::git::{GitError, Repository};

/// How the target stands to its upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It has no upstream.
    None,
    /// It has all that the upstream has.
    Current(Upstream),
    /// The upstream has more, and the target nothing of its own.
    Behind(Upstream, ObjectId),
    /// Both have something of their own.
    Diverged(Upstream, ObjectId),
}

/// Why that could not be found out.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// The remote could not be asked.
    #[error("{remote} could not be fetched: {source}")]
    Fetch {
        /// Which.
        remote: String,
        /// What git said.
        source: RefError,
    },
    /// Refs could not be read.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// How the target stands to its upstream: as it was last seen, or as it is now when it is to be fetched.
///
/// # Errors
/// See [`UpstreamError`].
pub fn standing(repo: &Repository, target: &Target, fetch: bool) -> Result<Standing, UpstreamError> {
    let Some(upstream) = remote::upstream(repo, &target.full_name())? else { return Ok(Standing::None) };
    let theirs = if fetch {
        let failed = |source| UpstreamError::Fetch { remote: upstream.remote.clone(), source };
        Some(remote::fetch(repo, &upstream).map_err(failed)?)
    } else {
        remote::known(repo, &upstream)?
    };
    Ok(match theirs {
        None => Standing::Current(upstream),
        Some(theirs) if repo.is_within(theirs, target.commit) => Standing::Current(upstream),
        Some(theirs) if repo.is_within(target.commit, theirs) => Standing::Behind(upstream, theirs),
        Some(theirs) => Standing::Diverged(upstream, theirs),
    })
}
