//! Talking to a remote: one fetch, one push, hardened against everything that is configured for people.
//!
//! By address and not by name: by name a partial clone would leave every document to be fetched one by one, a mirror's
//! push would be refused, and tracking refs would move. What a push came to is not told here beyond "git saw the remote
//! take it"; everything else is looked up in the remote's chain.

use std::time::Duration;

use gix::ObjectId;
use gix::bstr::ByteSlice;

use super::child::run;
use super::{Remote, SyncError};
use crate::git::remote::unprompted;
use crate::git::{Git, Repository};

/// The variable of a child that has the remote's address.
const ADDRESS: &str = "GIT_AGENTS_ADDRESS";

/// How a push ended.
#[derive(Debug)]
pub(super) enum Push {
    /// The remote said that it has it.
    Taken,
    /// Nobody knows, with what git said.
    Unclear { words: String },
}

/// Fetch the remote's chain into its incoming ref; gives what the remote has now.
pub(super) fn fetch(repo: &Repository, remote: &Remote, patience: Duration) -> Result<Option<ObjectId>, SyncError> {
    let here = remote.incoming_ref();
    // One line for each ref that the remote has, also where nothing is new: `<flag> <old> <new> <ref here>`.
    let git = fetching(repo, remote, &["--porcelain", "--verbose", "--no-show-forced-updates"]);
    let output = run(git, patience)?;
    if !output.is_good() {
        // To git it is an error when there is no such ref, and to us an answer. A pattern would be none to git, and would
        // bring whatever else begins like it.
        let asked = output.status.map(|_| list(repo, remote, &[&remote.theirs], patience));
        let is_missing = matches!(&asked, Some(Ok(all)) if !all.iter().any(|(name, _)| *name == remote.theirs));
        let words = output.words();
        return if is_missing { Ok(None) } else { Err(SyncError::Unreachable { remote: remote.name.clone(), words }) };
    }
    let row = |line: &[u8]| {
        let mut fields = line.get(2..)?.split(|byte| *byte == b' ');
        let (_, new, name) = (fields.next()?, fields.next()?, fields.next()?);
        (name == here.as_bytes()).then(|| ObjectId::from_hex(new).ok()).flatten()
    };
    Ok(output.stdout.lines().find_map(row))
}

/// Fetch the remote's chain with all objects into its incoming ref, where nothing counts as accepted: for a clone whose
/// own objects may be what is broken. What the remote does not have is no error.
///
/// # Errors
/// The remote could not be asked.
pub fn refetch(repo: &Repository, remote: &Remote, patience: Duration) -> Result<(), SyncError> {
    // git stands still for ever when it is to refetch what is not there.
    if !list(repo, remote, &[&remote.theirs], patience)?.iter().any(|(name, _)| *name == remote.theirs) {
        return Ok(());
    }
    let output = run(fetching(repo, remote, &["--quiet", "--refetch"]), patience)?;
    match output.is_good() {
        true => Ok(()),
        false => Err(SyncError::Unreachable { remote: remote.name.clone(), words: output.words() }),
    }
}

/// Push `tip` when the remote still is at `expected`.
pub(super) fn push(
    repo: &Repository,
    remote: &Remote,
    tip: ObjectId,
    expected: Option<ObjectId>,
    patience: Duration,
) -> Result<Push, SyncError> {
    let theirs = &remote.theirs;
    let git = pushing(repo, remote, theirs, expected);
    let output = run(git.arg(format!("{tip}:{theirs}")), patience)?;
    let is_taken = |line: &[u8]| {
        let mut fields = line.split(|byte| *byte == b'\t');
        let (flag, refs) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
        matches!(flag, b" " | b"*" | b"+" | b"=") && refs.ends_with(format!(":{theirs}").as_bytes())
    };
    let is_good = output.is_good();
    Ok(if is_good && output.stdout.lines().any(is_taken) {
        Push::Taken
    } else {
        Push::Unclear { words: output.words() }
    })
}

/// Delete a ref of the remote when it still is at `expected`. What came of it is for the caller to look up.
pub(super) fn delete(
    repo: &Repository,
    remote: &Remote,
    name: &str,
    expected: ObjectId,
    patience: Duration,
) -> Result<(), SyncError> {
    run(pushing(repo, remote, name, Some(expected)).arg(format!(":{name}")), patience)?;
    Ok(())
}

/// The remote's refs whose names begin like one of these, or end in something that does.
pub(super) fn list(
    repo: &Repository,
    remote: &Remote,
    prefixes: &[&str],
    patience: Duration,
) -> Result<Vec<(String, ObjectId)>, SyncError> {
    let mut git = hardened(repo, remote).args(["ls-remote", "--refs"]);
    if let Some(program) = &remote.upload_pack {
        git = git.arg(format!("--upload-pack={program}"));
    }
    let git = git.arg("--").arg(&remote.url).args(prefixes.iter().map(|prefix| format!("{prefix}*")));
    let output = run(git, patience)?;
    if !output.is_good() {
        return Err(SyncError::Unreachable { remote: remote.name.clone(), words: output.words() });
    }
    let row = |line: &[u8]| {
        let (id, name) = line.split_once_str("\t")?;
        Some((name.to_str().ok()?.to_owned(), ObjectId::from_hex(id).ok()?))
    };
    Ok(output.stdout.lines().filter_map(row).collect())
}

/// A fetch of the remote's chain into its incoming ref, and of nothing else.
fn fetching(repo: &Repository, remote: &Remote, options: &[&str]) -> Git {
    let mut git = hardened(repo, remote)
        // What the user wants of their own fetches is not wanted here.
        .args(["-c", "fetch.pruneTags=false", "-c", "fetch.writeCommitGraph=false", "fetch"])
        .args(options)
        .args(["--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance"])
        // All of it, also where the clone is partial: a document that is missing would be fetched alone.
        .args(["--no-filter", "--no-prune", "--refmap="]);
    if let Some(program) = &remote.upload_pack {
        git = git.arg(format!("--upload-pack={program}"));
    }
    git.arg("--").arg(&remote.url).arg(format!("+{}:{}", remote.theirs, remote.incoming_ref()))
}

/// A push that moves this ref of the remote only when it is as expected; the refspec is still to be said.
fn pushing(repo: &Repository, remote: &Remote, theirs: &str, expected: Option<ObjectId>) -> Git {
    let expected = expected.map(|id| id.to_string()).unwrap_or_default();
    let mut git = hardened(repo, remote)
        .args(["-c", "push.pushOption=", "-c", "push.gpgSign=false", "-c", "push.useForceIfIncludes=false"])
        .args(["-c", "push.negotiate=false", "push", "--porcelain", "--no-progress", "--no-verify", "--no-signed"])
        .args(["--no-follow-tags", "--recurse-submodules=no"])
        // Nothing expected means that there must be no such ref.
        .arg(format!("--force-with-lease={theirs}:{expected}"));
    if let Some(program) = &remote.receive_pack {
        git = git.arg(format!("--receive-pack={program}"));
    }
    git.arg("--").arg(&remote.url)
}

/// A child that no hook, prompt or lock of the user's takes part in. At the top of the main worktree, from which a
/// relative address counts.
pub(super) fn hardened(repo: &Repository, remote: &Remote) -> Git {
    let git = repo.git_with_hooks().without_locks().args(["-c", "core.hooksPath=/dev/null"]);
    // git has rewritten the address already (`url.….insteadOf`) and would do so again with whatever is given to it. The
    // longest rule counts, and this one is as long as the whole address.
    let git = git.env(ADDRESS, &remote.url).arg(format!("--config-env=url.{}.insteadOf={ADDRESS}", remote.url));
    let git = git.arg(format!("--config-env=url.{}.pushInsteadOf={ADDRESS}", remote.url));
    unprompted(repo, git)
}
