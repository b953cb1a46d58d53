//! Where a branch comes from and goes to: its upstream, fetched and pushed by git itself.
//!
//! Nothing is forced, no tags and no submodules ride along. How a push ended is decided by what the remote has
//! afterwards, not by what git says: a reply that got lost after the remote took the commit is a success. git runs at the
//! top of the main worktree, from where the relative address of a remote counts.

use gix::ObjectId;
use gix::bstr::ByteSlice;

use super::Repository;
use super::refs::{self, RefError};
use super::run::{Git, GitError};
use crate::world::World;

/// A branch's upstream on a remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// The remote's name or address, for fetching.
    pub remote: String,
    /// The branch there, `refs/heads/…`.
    pub branch: String,
    /// The ref here that remembers it, `refs/remotes/…`; none where the remote keeps none.
    pub tracking: Option<String>,
    /// The remote that `git push` would take.
    pub push_remote: String,
    /// The branch there that a push goes to.
    pub push_branch: String,
}

/// How a push ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed {
    /// The remote has taken the commit.
    Done,
    /// The remote had the commit before.
    Already,
    /// Somebody else pushed first.
    Overtaken {
        /// What the remote has instead; none when the branch is gone there.
        actual: Option<ObjectId>,
    },
}

/// Why nothing was pushed.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The remote is out of reach, or it or a hook refuses although nobody else was faster.
    #[error("{remote} did not take the push")]
    Refused {
        /// Which.
        remote: String,
        /// git's own words.
        stderr: String,
    },
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// The upstream of a local branch; none when it has none, or one in this very repository.
///
/// # Errors
/// git could not be asked.
pub fn upstream(repo: &Repository, branch: &str) -> Result<Option<Upstream>, GitError> {
    let fields = ["upstream", "upstream:remotename", "upstream:remoteref", "push:remotename", "push:remoteref"];
    let format = fields.map(|field| format!("%({field})")).join("%00");
    let output = repo.git().args(["for-each-ref", &format!("--format={format}")]).arg(branch).stdout()?;
    let line = output.lines().next().unwrap_or_default();
    let fields: Vec<String> = line.split_str("\0").map(|field| field.to_str_lossy().into_owned()).collect();
    let [tracking, remote, theirs, push_remote, push_branch] = &fields[..] else { return Ok(None) };
    if remote.is_empty() || remote == "." || theirs.is_empty() {
        return Ok(None);
    }
    let or = |first: &String, second: &str| if first.is_empty() { second.to_owned() } else { first.clone() };
    let push_remote = or(push_remote, remote);
    // Without a rule of git's for another name there, it is the upstream's, or on another remote the branch's own.
    let fallback = if push_remote == *remote { theirs.as_str() } else { branch };
    Ok(Some(Upstream {
        remote: remote.clone(),
        branch: theirs.clone(),
        tracking: Some(tracking.clone()).filter(|name| !name.is_empty()),
        push_branch: or(push_branch, fallback),
        push_remote,
    }))
}

/// What the upstream has, as it was known when it was last fetched.
///
/// # Errors
/// Refs could not be read.
pub fn known(repo: &Repository, upstream: &Upstream) -> Result<Option<ObjectId>, RefError> {
    upstream.tracking.as_deref().map_or(Ok(None), |name| refs::read(repo, name))
}

/// Fetch the upstream and give what it has now.
///
/// # Errors
/// The remote is out of reach or has no such branch.
pub fn fetch(repo: &Repository, upstream: &Upstream) -> Result<ObjectId, RefError> {
    let own = format!("refs/agents-local/upstream/{}", upstream.branch.trim_start_matches("refs/heads/"));
    let here = upstream.tracking.as_ref().unwrap_or(&own);
    let child = unprompted(repo, repo.git_with_hooks()).args([
        "fetch",
        "--quiet",
        "--no-tags",
        "--no-recurse-submodules",
        "--no-write-fetch-head",
    ]);
    let child = child.args(["--no-auto-maintenance", "--no-prune", "--"]).arg(&upstream.remote);
    child.arg(format!("+{}:{here}", upstream.branch)).stdout()?;
    let missing = || GitError::Answer { command: "git fetch".to_owned(), detail: format!("{here} is not there") };
    Ok(refs::read(repo, here)?.ok_or_else(missing)?)
}

/// Push a commit to where the branch goes, never by force.
///
/// # Errors
/// See [`PushError`].
pub fn push(repo: &Repository, upstream: &Upstream, commit: ObjectId) -> Result<Pushed, PushError> {
    let refused = |stderr: String| PushError::Refused { remote: upstream.push_remote.clone(), stderr };
    let words = |error| match error {
        GitError::Failed { stderr, .. } => refused(stderr),
        error => error.into(),
    };
    let before = asked(repo, upstream).map_err(words)?;
    if before == Some(commit) {
        return Ok(Pushed::Already);
    }
    let child = unprompted(repo, repo.git_with_hooks());
    let child = child.args(["-c", "push.followTags=false", "push", "--quiet", "--recurse-submodules=no", "--"]);
    let child = child.arg(&upstream.push_remote).arg(format!("{commit}:{}", upstream.push_branch));
    let output = child.run()?;
    if output.status.success() {
        return Ok(Pushed::Done);
    }
    let stderr = output.stderr.to_str_lossy().into_owned();
    let actual = asked(repo, upstream).map_err(|_| refused(stderr.clone()))?;
    match actual {
        Some(actual) if actual == commit => Ok(Pushed::Done),
        // It was refused for what the remote has: that is news to us, or was news a moment ago.
        Some(theirs) if actual != before || !has(repo, theirs) || !repo.is_within(theirs, commit) => {
            Ok(Pushed::Overtaken { actual })
        }
        None if actual != before => Ok(Pushed::Overtaken { actual }),
        _ => Err(refused(stderr)),
    }
}

fn asked(repo: &Repository, upstream: &Upstream) -> Result<Option<ObjectId>, GitError> {
    let child = unprompted(repo, repo.git_with_hooks()).args(["ls-remote", "--quiet", "--"]).arg(&upstream.push_remote);
    let output = child.arg(&upstream.push_branch).stdout()?;
    let mut rows = output.lines().filter_map(|line| line.split_once_str("\t"));
    let row = rows.find(|(_, name)| *name == upstream.push_branch.as_bytes());
    Ok(row.and_then(|(id, _)| ObjectId::from_hex(id).ok()))
}

/// Nobody is there to type a password: neither git nor a helper of its may ask, on a terminal or in a window of its own.
/// ssh asks the terminal itself unless it is told not to; one that the user has set up is given a program for passwords
/// that has none, so that it fails at once.
pub(crate) fn unprompted(repo: &Repository, git: Git) -> Git {
    let is_set = World::variable("GIT_SSH_COMMAND").is_some()
        || World::variable("GIT_SSH").is_some()
        || repo.config("core.sshCommand").is_some();
    // Set and empty it keeps git from asking core.askPass and SSH_ASKPASS, too.
    let git = git.args(["-c", "credential.interactive=false"]).env("GIT_ASKPASS", "").env("GCM_INTERACTIVE", "never");
    let git = git.env("SSH_ASKPASS", "false").env("SSH_ASKPASS_REQUIRE", "force");
    if is_set { git } else { git.env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes -oConnectTimeout=15") }
}

fn has(repo: &Repository, id: ObjectId) -> bool {
    repo.gix().find_object(id).is_ok()
}
