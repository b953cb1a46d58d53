//! Moving refs by compare-and-swap: one through gix, several in one `git update-ref --stdin` transaction.
//!
//! No ref moves without the value it is expected to have, and every move leaves a line in the ref's log, also below
//! `refs/agents/`, where git would keep none. Reads are never served from a cache: a packed-refs file that changed
//! within one tick of the clock would go unnoticed. What went wrong is told by looking at the refs again, never by a
//! message. In a reftable repository gix would write refs that git cannot see, so there all of it is git's work.

mod files;

use std::path::PathBuf;
use std::time::Duration;

use gix::ObjectId;
use gix::actor::Signature;
use gix::bstr::ByteSlice;
use gix::refs::{FullName, Target};

use files::{object_at, read_target, swap_in_files, unless_packed_meanwhile};

use super::hooks;
use super::repository::{RefStorage, Repository};
use super::run::{Git, GitError};

/// The hook that sees every transaction.
const HOOK: &str = "reference-transaction";
/// How long a lock that somebody else holds is waited for.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// What a ref must be before it is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// There is no such ref.
    Missing,
    /// It points at exactly this object.
    At(ObjectId),
}

impl Expected {
    /// The same as what [`read`] would give.
    pub fn value(self) -> Option<ObjectId> {
        match self {
            Expected::Missing => None,
            Expected::At(id) => Some(id),
        }
    }
}

impl From<Option<ObjectId>> for Expected {
    fn from(value: Option<ObjectId>) -> Self {
        value.map_or(Expected::Missing, Expected::At)
    }
}

/// One ref that is to move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefUpdate {
    /// The full name, `refs/…`.
    pub name: String,
    /// What it must be now.
    pub expected: Expected,
    /// What it becomes; `None` deletes it.
    pub new: Option<ObjectId>,
    /// The line for its log.
    pub message: String,
}

/// Why a ref did not move.
#[derive(Debug, thiserror::Error)]
pub enum RefError {
    /// Somebody moved it first. Nothing was changed.
    #[error("{name} is not where it was expected to be")]
    OutOfDate {
        /// The full name.
        name: String,
        /// What the caller believed.
        expected: Expected,
        /// What is true; absent when there is no such ref.
        actual: Option<ObjectId>,
    },
    /// Its lock was held for longer than we wait. Nothing was changed.
    #[error("{name} is locked by {}", .path.display())]
    Locked {
        /// The full name.
        name: String,
        /// The lock file; it may be what a killed process left.
        path: PathBuf,
    },
    /// It points at another ref, and moving it alone would cut that tie.
    #[error("{name} is a symbolic ref")]
    Symbolic {
        /// The full name.
        name: String,
    },
    /// No ref may be called that.
    #[error("{name:?} cannot be the name of a ref")]
    InvalidName {
        /// What was given.
        name: String,
    },
    /// The ref files could not be read or written.
    #[error("{name} could not be read or written: {reason}")]
    Storage {
        /// The full name, or the prefix of those that were asked for.
        name: String,
        /// What gix said.
        reason: String,
    },
    /// git refused where nothing else is in the way, and the repository has a hook that may have said no. Nothing was
    /// changed.
    #[error("the refs did not move, and the repository has a reference-transaction hook: {output}")]
    Hook {
        /// What the hook and git wrote.
        output: String,
    },
    /// git refused for a reason that the refs do not show (a clash of names, a full disk).
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Move one ref.
///
/// # Errors
/// See [`RefError`]; nothing was changed when there is one.
pub fn swap_one(repo: &Repository, update: &RefUpdate, signature: &Signature) -> Result<(), RefError> {
    match repo.storage() {
        RefStorage::Files => swap_in_files(repo, update, signature),
        RefStorage::Reftable => transaction(repo, std::slice::from_ref(update), signature),
    }
}

/// Move several refs, all or none. git keeps one log message a transaction: that of the first.
///
/// A kill in the middle can leave some moved and some not in a repository that keeps refs in files, so a caller that
/// moves more than one needs a journal.
///
/// # Errors
/// See [`RefError`]; nothing was changed when there is one.
pub fn transaction(repo: &Repository, updates: &[RefUpdate], signature: &Signature) -> Result<(), RefError> {
    let Some(first) = updates.first() else { return Ok(()) };
    for update in updates {
        full_name(&update.name)?;
    }
    let wait = LOCK_WAIT.as_millis();
    let child = as_committer(repo.git_with_hooks(), signature)
        .arg("-c")
        .arg(format!("core.filesRefLockTimeout={wait}"))
        .arg("-c")
        .arg(format!("core.packedRefsTimeout={wait}"))
        .arg("-c")
        .arg(format!("reftable.lockTimeout={wait}"))
        .args(["update-ref", "--create-reflog", "-m"])
        .arg(one_line(&first.message))
        .args(["--stdin", "-z"])
        .input(script(updates, repo.gix().object_hash().null()));
    let Err(error) = child.stdout() else { return Ok(()) };
    for update in updates {
        let actual = read(repo, &update.name)?;
        if actual != update.expected.value() {
            return Err(RefError::OutOfDate { name: update.name.clone(), expected: update.expected, actual });
        }
    }
    // The locks of a git that was killed are its own.
    let was_killed = matches!(error, GitError::Failed { status: None, .. });
    let held = if was_killed { None } else { held_lock(repo, updates) };
    Err(held.unwrap_or_else(|| match error {
        GitError::Failed { stderr, .. } if hooks::exists(repo.common_dir(), HOOK) => {
            RefError::Hook { output: stderr.lines().collect::<Vec<_>>().join("; ") }
        }
        error => error.into(),
    }))
}

/// What a ref points at now; a symbolic one is followed.
///
/// # Errors
/// [`RefError::InvalidName`], [`RefError::Storage`] and [`RefError::Git`].
pub fn read(repo: &Repository, name: &str) -> Result<Option<ObjectId>, RefError> {
    let mut name = full_name(name)?;
    if repo.storage() == RefStorage::Reftable {
        let wanted = name.as_bstr().to_str_lossy().into_owned();
        return Ok(list_by_git(repo, &wanted)?.into_iter().find(|(found, _)| *found == wanted).map(|(_, id)| id));
    }
    // git itself follows five levels.
    for _ in 0..5 {
        match read_target(repo, &name)? {
            None => return Ok(None),
            Some(Target::Object(id)) => return Ok(Some(id)),
            Some(Target::Symbolic(next)) => name = next,
        }
    }
    Err(storage(&name.as_bstr().to_str_lossy(), "too many symbolic refs in a row"))
}

/// What a ref points at that somebody wants to move: moving a symbolic one would move another, which nobody asked about.
///
/// # Errors
/// [`RefError::Symbolic`], and those of [`read`].
pub fn read_movable(repo: &Repository, name: &str) -> Result<Option<ObjectId>, RefError> {
    let full = full_name(name)?;
    if repo.storage() == RefStorage::Files {
        return object_at(repo, &full);
    }
    let output = repo.git().args(["symbolic-ref", "--quiet", name]).run()?;
    if output.status.success() { Err(RefError::Symbolic { name: name.to_owned() }) } else { read(repo, name) }
}

/// All refs below a prefix such as `refs/agents/`, by name, with what they point at.
///
/// # Errors
/// [`RefError::Storage`] and [`RefError::Git`].
pub fn list(repo: &Repository, prefix: &str) -> Result<Vec<(String, ObjectId)>, RefError> {
    if repo.storage() == RefStorage::Reftable {
        return list_by_git(repo, prefix);
    }
    unless_packed_meanwhile(repo, || {
        let failed = |error: &dyn std::fmt::Display| storage(prefix, error);
        // Fails where there is no packed-refs file; then there is nothing stale either.
        drop(repo.gix().refs.force_refresh_packed_buffer());
        let mut found = Vec::new();
        let platform = repo.gix().references().map_err(|error| failed(&error))?;
        for reference in platform.prefixed(prefix.as_bytes()).map_err(|error| failed(&error))? {
            // A name that vanishes while we walk is one that no longer exists.
            let Ok(reference) = reference else { continue };
            let name = reference.name().as_bstr().to_str_lossy().into_owned();
            let id = match reference.inner.target {
                Target::Object(id) => Some(id),
                Target::Symbolic(_) => read(repo, &name)?,
            };
            found.extend(id.map(|id| (name, id)));
        }
        found.sort();
        Ok(found)
    })
}

/// The file that locks a ref, in a repository that keeps refs in files.
pub fn lock_path(repo: &Repository, name: &str) -> PathBuf {
    repo.common_dir().join(format!("{name}.lock"))
}

/// A child whose reflog lines and commits carry this name, address and time.
pub fn as_committer(child: Git, signature: &Signature) -> Git {
    child
        .env("GIT_COMMITTER_NAME", signature.name.to_str_lossy().as_ref())
        .env("GIT_COMMITTER_EMAIL", signature.email.to_str_lossy().as_ref())
        .env("GIT_COMMITTER_DATE", time_for_git(signature.time))
}

/// A time in the form that git reads without guessing: `@seconds +hhmm`.
pub fn time_for_git(time: gix::date::Time) -> String {
    let minutes = time.offset.unsigned_abs() / 60;
    let sign = if time.offset < 0 { '-' } else { '+' };
    format!("@{} {sign}{:02}{:02}", time.seconds, minutes / 60, minutes % 60)
}

/// The change for gix; none where a missing ref is to stay missing.
/// The loose ref, else the packed one, as the files say at this moment.
/// Repeat a read of loose and packed refs that `git pack-refs` ran into: what moves from the one to the other in
/// between would be in neither, or seem to have its old value.
fn list_by_git(repo: &Repository, prefix: &str) -> Result<Vec<(String, ObjectId)>, RefError> {
    // git takes a pattern: the name itself or a folder of names.
    let child = repo.git().args(["for-each-ref", "--format=%(objectname) %(refname)", "--"]);
    let line = child.line();
    let output = child.arg(prefix.trim_end_matches('/')).stdout()?;
    let mut found = Vec::new();
    for row in output.lines() {
        let parsed = row
            .split_once_str(" ")
            .and_then(|(id, name)| Some((name.to_str_lossy().into_owned(), ObjectId::from_hex(id).ok()?)));
        let Some((name, id)) = parsed else {
            let detail = row.to_str_lossy().into_owned();
            return Err(GitError::Answer { command: line, detail }.into());
        };
        if name.starts_with(prefix) {
            found.push((name, id));
        }
    }
    Ok(found)
}

/// What `git update-ref --stdin -z` reads. It says "commit" itself: cut short, it changes nothing.
fn script(updates: &[RefUpdate], null: ObjectId) -> Vec<u8> {
    let mut text = String::from("start\0");
    for RefUpdate { name, expected, new, .. } in updates {
        text += &match (new, expected) {
            (Some(new), Expected::Missing) => format!("create {name}\0{new}\0"),
            (Some(new), Expected::At(old)) => format!("update {name}\0{new}\0{old}\0"),
            // Following a symbolic ref here would delete what it points at.
            (None, Expected::At(old)) => format!("option no-deref\0delete {name}\0{old}\0"),
            (None, Expected::Missing) => format!("verify {name}\0{null}\0"),
        };
    }
    text += "prepare\0commit\0";
    text.into_bytes()
}

fn full_name(name: &str) -> Result<FullName, RefError> {
    let invalid = || RefError::InvalidName { name: name.to_owned() };
    if !name.starts_with("refs/") {
        return Err(invalid());
    }
    FullName::try_from(name).map_err(|_| invalid())
}

/// The lock that stood in the way: a ref's own first, then those that all of them share. git locks HEAD too when the
/// branch that it names moves.
fn held_lock(repo: &Repository, updates: &[RefUpdate]) -> Option<RefError> {
    let (own, tables) = match repo.storage() {
        RefStorage::Files => (updates, None),
        RefStorage::Reftable => (&updates[..0], Some("reftable/tables.list")),
    };
    let shared = tables.into_iter().chain(["packed-refs", "HEAD"]);
    let mut names = own.iter().map(|update| update.name.as_str()).chain(shared);
    names.find_map(|name| {
        let path = lock_path(repo, name);
        path.exists().then(|| RefError::Locked { name: name.to_owned(), path })
    })
}

fn storage(name: &str, reason: impl std::fmt::Display) -> RefError {
    RefError::Storage { name: name.to_owned(), reason: reason.to_string() }
}

/// A log has a line an entry.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
