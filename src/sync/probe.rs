//! Whether a remote keeps the state: a throw-away ref beside it is made there, looked at and deleted.
//!
//! What is true is what the remote lists afterwards, and never what was said on the way. A remote that takes no such ref
//! is tried once more with a branch, which tells one that takes only branches from one that takes nothing. The names of
//! our refs are written down before they are made, so that the next probe deletes what a killed one has left; those of
//! others are deleted when they are a day old, which their names say.

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use gix::ObjectId;

use super::host::{self, Push};
use super::lock::SyncLock;
use super::{Remote, SyncError};
use crate::git::{Repository, identity};
use crate::store::StoreError;
use crate::world::World;

/// How long another process of this clone may be at it.
const WAIT: Duration = Duration::from_secs(30);
/// How long one git child may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// A probe that is so old is not running any more.
const OLD: chrono::TimeDelta = chrono::TimeDelta::days(1);
/// What branches of ours are called.
const BRANCHES: &str = "refs/heads/agents-probe-";

/// What a probe has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// The remote's name.
    pub remote: String,
    /// The ref there that has the state, or will have it.
    pub name: String,
    /// Whether it can be kept there.
    pub support: Support,
    /// Refs of earlier probes that were deleted there.
    pub removed: Vec<String>,
}

/// Whether a remote can keep the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Support {
    /// It takes such a ref, shows it and deletes it.
    Full,
    /// It takes and shows one, and does not delete it.
    Keeps {
        /// The ref that stays there.
        name: String,
    },
    /// It takes one and does not show it, so that nobody could fetch it.
    Hides,
    /// It takes branches, and nothing else.
    OnlyBranches {
        /// What it said.
        words: String,
    },
    /// It takes nothing.
    ReadOnly {
        /// What it said.
        words: String,
    },
    /// It could not be asked.
    Unreachable {
        /// What git said.
        words: String,
    },
}

/// Make a ref on the remote, look at it and delete it.
///
/// # Errors
/// What failed here; what the remote does is no error.
pub fn probe(repo: &Repository, world: &World, remote: &Remote) -> Result<Probed, SyncError> {
    let _lock = SyncLock::acquire(repo, remote, Instant::now() + WAIT)?;
    let mut probe = Probe { repo, world, remote, prefix: prefix(&remote.theirs), removed: Vec::new() };
    let support = match probe.support() {
        Err(SyncError::Unreachable { words, .. }) => Support::Unreachable { words },
        answer => answer?,
    };
    Ok(Probed { remote: remote.name.clone(), name: remote.theirs.clone(), support, removed: probe.removed })
}

/// The refs that killed probes of this clone may have left, each with its remote's name.
pub fn probes_left(repo: &Repository) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(path(repo)).unwrap_or_default();
    let pair = |line: &str| line.split_once(' ').map(|(remote, name)| (remote.to_owned(), name.to_owned()));
    text.lines().filter_map(pair).collect()
}

/// How a ref of ours fared.
enum Fate {
    Deleted,
    Kept { name: String },
    Hidden,
    Refused { words: String },
}

struct Probe<'p> {
    repo: &'p Repository,
    world: &'p World,
    remote: &'p Remote,
    prefix: String,
    removed: Vec<String>,
}

impl Probe<'_> {
    fn support(&mut self) -> Result<Support, SyncError> {
        self.clear()?;
        let commit = self.commit()?;
        let prefix = self.prefix.clone();
        let words = match self.attempt(&prefix, commit)? {
            Fate::Deleted => return Ok(Support::Full),
            Fate::Kept { name } => return Ok(Support::Keeps { name }),
            Fate::Hidden => return Ok(Support::Hides),
            Fate::Refused { words } => words,
        };
        if prefix.starts_with("refs/heads/") {
            return Ok(Support::ReadOnly { words });
        }
        Ok(match self.attempt(BRANCHES, commit)? {
            Fate::Refused { .. } => Support::ReadOnly { words },
            _ => Support::OnlyBranches { words },
        })
    }

    /// Delete what earlier probes have left there.
    fn clear(&mut self) -> Result<(), SyncError> {
        let own = probes_left(self.repo);
        let own: Vec<&String> =
            own.iter().filter(|(remote, _)| *remote == self.remote.name).map(|(_, name)| name).collect();
        let found = self.list(&[&self.prefix, BRANCHES])?;
        for (name, at) in found.iter().filter(|(name, _)| own.contains(&name) || self.is_old(name)) {
            host::delete(self.repo, self.remote, name, *at, PATIENCE)?;
        }
        if !found.is_empty() {
            let left = self.list(&[&self.prefix, BRANCHES])?;
            let is_gone = |name: &String| !left.iter().any(|(one, _)| one == name);
            self.removed = found.into_iter().map(|(name, _)| name).filter(is_gone).collect();
        }
        // What could not be deleted is tried again when it is old.
        own.into_iter().try_for_each(|name| self.forget(name))
    }

    fn attempt(&self, prefix: &str, commit: ObjectId) -> Result<Fate, SyncError> {
        let name = format!("{prefix}{}", self.world.ulid(&mut self.world.random(prefix.as_bytes())));
        self.note(&name)?;
        let there = Remote { theirs: name.clone(), ..self.remote.clone() };
        let pushed = host::push(self.repo, &there, commit, None, PATIENCE)?;
        let is_there = |list: &[(String, ObjectId)]| list.iter().any(|(one, _)| *one == name);
        let fate = match (is_there(&self.list(&[prefix])?), pushed) {
            (false, Push::Unclear { words }) => Fate::Refused { words },
            (was_there, _) => {
                host::delete(self.repo, self.remote, &name, commit, PATIENCE)?;
                match (was_there, is_there(&self.list(&[prefix])?)) {
                    (true, true) => Fate::Kept { name: name.clone() },
                    (true, false) => Fate::Deleted,
                    (false, _) => Fate::Hidden,
                }
            }
        };
        self.forget(&name)?;
        Ok(fate)
    }

    /// What the remote shows of the refs that begin like that.
    fn list(&self, prefixes: &[&str]) -> Result<Vec<(String, ObjectId)>, SyncError> {
        let all = host::list(self.repo, self.remote, prefixes, PATIENCE)?;
        Ok(all.into_iter().filter(|(name, _)| prefixes.iter().any(|prefix| name.starts_with(prefix))).collect())
    }

    /// Whether a probe has made it more than a day ago: no other ref is called so.
    fn is_old(&self, name: &str) -> bool {
        let id = [&self.prefix, BRANCHES].into_iter().find_map(|prefix| name.strip_prefix(prefix));
        let id = id.and_then(|id| ulid::Ulid::from_string(&id.to_ascii_uppercase()).ok());
        let made = id.and_then(|id| chrono::DateTime::from_timestamp_millis(id.timestamp_ms().try_into().ok()?));
        made.is_some_and(|made| self.world.now.signed_duration_since(made) > OLD)
    }

    /// Something to point at: the committer's own, as the state's commits are, since some hosts look at that.
    fn commit(&self) -> Result<ObjectId, SyncError> {
        let signature = identity::committer(self.repo, self.world.now).ok_or(StoreError::NoIdentity)?;
        let gix = self.repo.gix();
        let failed = |reason: String| SyncError::Store(StoreError::Write { reason });
        let tree = gix.write_object(gix::objs::Tree::empty()).map_err(|error| failed(error.to_string()))?;
        let commit = gix::objs::Commit {
            message: "A probe of git agents doctor; it can be deleted.\n".into(),
            tree: tree.detach(),
            author: signature.clone(),
            committer: signature,
            encoding: None,
            parents: Default::default(),
            extra_headers: Vec::new(),
        };
        Ok(gix.write_object(&commit).map_err(|error| failed(error.to_string()))?.detach())
    }

    fn note(&self, name: &str) -> Result<(), SyncError> {
        let mut all = probes_left(self.repo);
        all.push((self.remote.name.clone(), name.to_owned()));
        write(self.repo, &all)
    }

    fn forget(&self, name: &str) -> Result<(), SyncError> {
        let mut all = probes_left(self.repo);
        all.retain(|(remote, one)| (remote, one.as_str()) != (&self.remote.name, name));
        write(self.repo, &all)
    }
}

/// How refs are called that go where this one goes.
fn prefix(theirs: &str) -> String {
    let folder = theirs.rsplit_once('/').map_or("refs/agents", |(folder, _)| folder);
    if folder == "refs/agents" { format!("{folder}/probe-") } else { format!("{folder}/agents-probe-") }
}

fn write(repo: &Repository, all: &[(String, String)]) -> Result<(), SyncError> {
    let path = path(repo);
    let failed = |error: std::io::Error| SyncError::Io { path: path.clone(), reason: error.to_string() };
    if all.is_empty() {
        return match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(()),
        };
    }
    let text: String = all.iter().map(|(remote, name)| format!("{remote} {name}\n")).collect();
    let mut file = tempfile::NamedTempFile::new_in(repo.agents_dir()).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    file.persist(&path).map_err(|error| failed(error.error))?;
    Ok(())
}

fn path(repo: &Repository) -> PathBuf {
    repo.agents_dir().join("probes")
}
