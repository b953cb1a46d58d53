//! Bringing the state back when its ref is gone or leads to what cannot be read: where it was, and where it still is.
//!
//! Nothing is guessed: every place that may know a whole state is asked, each candidate is read to its end, and the ref
//! moves by compare-and-swap. The value that it had is kept: as a backup ref when what it leads to is whole, otherwise
//! in the file `agents/broken-refs`, since a ref to something broken would stop `git gc` and `git fetch`.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use gix::ObjectId;

use crate::git::refs::{self, Expected, RefError, RefUpdate};
use crate::git::{Repository, identity};
use crate::store::{self, STATE_REF, Scope, StoreError, StoreLock};
use crate::sync::{ACCEPTED_FOLDER, INCOMING_FOLDER};
use crate::work::ref_log;
use crate::world::World;

/// So many different values of the log are looked at, the newest ones.
const MOST_OF_LOG: usize = 50;

/// Where a candidate was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The ref's own log.
    Reflog,
    /// A backup that was written before something destructive.
    Backup,
    /// What a remote had when it was last asked.
    Remote,
    /// The copy that is kept for speed names the commit that it was made of.
    Cache,
    /// The user named it.
    Given,
}

impl Place {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Place::Reflog => "reflog",
            Place::Backup => "backup",
            Place::Remote => "remote",
            Place::Cache => "cache",
            Place::Given => "given",
        }
    }
}

/// A state that may be brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Where it was found.
    pub place: Place,
    /// What it is called there.
    pub name: String,
    /// Its newest commit.
    pub commit: ObjectId,
    /// When that was made; none when it cannot be read.
    pub at: Option<DateTime<Utc>>,
    /// So many operations can be read, the newest first.
    pub operations: usize,
    /// How many documents cannot be read at all.
    pub damaged: usize,
    /// Why it cannot be used; none when it can.
    pub fault: Option<String>,
    /// Where its history breaks off; none when it is whole.
    pub breaks_off: Option<ObjectId>,
}

/// What the ref is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Current {
    /// There is none.
    Missing,
    /// It leads to this, which may be whole or not.
    At(Box<Candidate>),
    /// Its file holds no value: what stands in the way.
    Garbage(String),
}

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Refs could not be read or moved.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// Somebody else has moved it since it was looked at.
    #[error("{STATE_REF} has changed meanwhile")]
    Changed,
    /// The lock could not be taken, or there is no identity.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the ref was could not be written down.
    #[error("{} could not be written: {source}", .path.display())]
    Keep {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Candidate {
    /// Whether it can be read to its beginning.
    pub fn is_whole(&self) -> bool {
        self.is_sound() && self.breaks_off.is_none()
    }

    /// Whether all of the state can be read, wherever its history breaks off.
    pub fn is_sound(&self) -> bool {
        self.fault.is_none() && self.damaged == 0
    }
}

/// Reads candidates, each commit of their chains once.
#[derive(Debug)]
pub struct Search<'r> {
    repo: &'r Repository,
    /// How many operations a commit and those before it are, and where that breaks off.
    known: HashMap<ObjectId, (usize, Option<ObjectId>)>,
}

impl<'r> Search<'r> {
    /// In this repository.
    pub fn new(repo: &'r Repository) -> Self {
        Search { repo, known: HashMap::new() }
    }

    /// What the ref is now.
    ///
    /// # Errors
    /// See [`RefError`]; a value that is none is no error.
    pub fn current(&mut self) -> Result<Current, RefError> {
        Ok(match refs::read_movable(self.repo, STATE_REF) {
            Ok(None) => Current::Missing,
            Ok(Some(commit)) => Current::At(Box::new(self.read(Place::Given, STATE_REF.to_owned(), commit))),
            Err(RefError::Storage { reason, .. }) => Current::Garbage(reason),
            Err(error) => return Err(error),
        })
    }

    /// Every candidate of these places but `except`, the newest first.
    ///
    /// # Errors
    /// See [`RefError`].
    pub fn candidates(&mut self, places: &[Place], except: Option<ObjectId>) -> Result<Vec<Candidate>, RefError> {
        let mut found: Vec<(Place, String, ObjectId)> = Vec::new();
        for place in places {
            found.extend(self.named(*place)?.into_iter().map(|(name, commit)| (*place, name, commit)));
        }
        let mut seen: Vec<ObjectId> = except.into_iter().collect();
        let mut all = Vec::new();
        for (place, name, commit) in found {
            if !seen.contains(&commit) {
                seen.push(commit);
                all.push(self.read(place, name, commit));
            }
        }
        // What was found first stays first among those of one moment: the log is newest first itself.
        all.sort_by_key(|one| (std::cmp::Reverse(one.at), std::cmp::Reverse(one.operations)));
        Ok(all)
    }

    /// A commit that the user named.
    pub fn given(&mut self, name: &str, commit: ObjectId) -> Candidate {
        self.read(Place::Given, name.to_owned(), commit)
    }

    fn named(&self, place: Place) -> Result<Vec<(String, ObjectId)>, RefError> {
        let ending_in_state = |prefix: &str| -> Result<Vec<(String, ObjectId)>, RefError> {
            Ok(refs::list(self.repo, prefix)?.into_iter().filter(|(name, _)| name.ends_with("/state")).collect())
        };
        match place {
            Place::Reflog => Ok(log(self.repo)),
            Place::Backup => ending_in_state("refs/agents-local/backup/"),
            // What was fetched may have been refused, or not been judged; it is when it is read.
            Place::Remote => Ok([ending_in_state(ACCEPTED_FOLDER)?, ending_in_state(INCOMING_FOLDER)?].concat()),
            Place::Cache => {
                Ok(store::cached(self.repo).map(|id| ("agents/cache/state".to_owned(), id)).into_iter().collect())
            }
            Place::Given => Ok(Vec::new()),
        }
    }

    fn read(&mut self, place: Place, name: String, commit: ObjectId) -> Candidate {
        let everything = Scope::open().with_closed().with_findings();
        let (damaged, fault) = match store::load_at(self.repo, commit, &everything) {
            // That a document is not believed is no reason to give up what came after it.
            Ok(state) => {
                (state.damaged.iter().filter(|one| store::is_missing(self.repo, commit, &one.path)).count(), None)
            }
            Err(error) => (0, Some(error.to_string())),
        };
        // Whoever can push to the remote has made it.
        let vetted = || store::vet(self.repo, commit, None).err().map(|error| error.to_string());
        let fault = fault.or_else(|| (place == Place::Remote).then(vetted).flatten());
        let at = store::time_of(self.repo, commit);
        let (operations, breaks_off) = if at.is_some() { self.length(commit) } else { (0, Some(commit)) };
        Candidate { place, name, commit, at, operations, damaged, fault, breaks_off }
    }

    fn length(&mut self, commit: ObjectId) -> (usize, Option<ObjectId>) {
        let mut walked = Vec::new();
        let mut next = Some(commit);
        let (mut length, mut breaks_off) = (0, None);
        while let Some(id) = next {
            if let Some(known) = self.known.get(&id) {
                (length, breaks_off) = *known;
                break;
            }
            match store::parent_of(self.repo, id) {
                Ok(parent) => {
                    walked.push(id);
                    next = parent;
                }
                Err(_) => {
                    breaks_off = Some(id);
                    break;
                }
            }
        }
        for id in walked.into_iter().rev() {
            length += 1;
            self.known.insert(id, (length, breaks_off));
        }
        (length, breaks_off)
    }
}

/// The one to take: the newest here without damage, else at a remote, else the newest that can be read at all. That the
/// history of a newer one breaks off is less of a loss than an older one.
///
/// Times are only what clocks said, and an operation that was done again keeps its own: whatever goes on from another is
/// newer than that.
pub fn best<'c>(repo: &Repository, candidates: &'c [Candidate]) -> Option<&'c Candidate> {
    let newest = |among: &dyn Fn(&&Candidate) -> bool| {
        let mut all = candidates.iter().filter(among);
        let first = all.next()?;
        Some(all.fold(first, |best, one| if repo.is_within(best.commit, one.commit) { one } else { best }))
    };
    let is_here = |one: &&Candidate| one.is_sound() && one.place != Place::Remote;
    newest(&is_here).or_else(|| newest(&|one| one.is_sound())).or_else(|| newest(&|one| one.fault.is_none()))
}

/// Where the old value of the ref was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// There was none.
    Nothing,
    /// This ref holds it.
    Ref(String),
    /// This file has a line with it.
    File(PathBuf),
}

/// Move the ref from what it is to a candidate.
///
/// # Errors
/// See [`RestoreError`]; the ref is where it was when there is one.
pub fn restore(
    repo: &Repository,
    world: &World,
    current: &Current,
    candidate: &Candidate,
) -> Result<Kept, RestoreError> {
    let signature = identity::committer(repo, world.now).ok_or(StoreError::NoIdentity)?;
    let mut lock = StoreLock::acquire(repo)?;
    // Whoever was faster may have brought it back, and others gone on.
    if !is_still(repo, current)? {
        return Err(RestoreError::Changed);
    }
    let id = world.ulid(&mut world.random(candidate.commit.as_slice()));
    let (expected, kept) = match current {
        Current::Missing => (Expected::Missing, Kept::Nothing),
        Current::At(old) if old.is_whole() => {
            let name = format!("refs/agents-local/backup/{id}/state");
            let message = "agents: backup before recovery".to_owned();
            let backup = RefUpdate { name: name.clone(), expected: Expected::Missing, new: Some(old.commit), message };
            refs::swap_one(repo, &backup, &signature)?;
            (Expected::At(old.commit), Kept::Ref(name))
        }
        Current::At(old) => (Expected::At(old.commit), Kept::File(note(repo, world, &old.commit.to_string())?)),
        Current::Garbage(_) => {
            let loose = repo.common_dir().join(STATE_REF);
            let content = std::fs::read(&loose).map_err(|source| RestoreError::Keep { path: loose.clone(), source })?;
            let kept = Kept::File(note(repo, world, &format!("{:?}", String::from_utf8_lossy(&content)))?);
            std::fs::remove_file(&loose).map_err(|source| RestoreError::Keep { path: loose, source })?;
            (Expected::from(refs::read_movable(repo, STATE_REF)?), kept)
        }
    };
    let update = RefUpdate {
        name: STATE_REF.to_owned(),
        expected,
        new: Some(candidate.commit),
        message: format!("agents: recovered from {}", candidate.name),
    };
    lock.swapping(true)?;
    let swapped = refs::swap_one(repo, &update, &signature);
    if swapped.is_ok() {
        // The state is back: a log that still names what is missing hinders nobody but git fsck.
        let path = repo.agents_dir().join("broken-refs");
        drop(ref_log::mend(repo, |lines| append(&path, lines)));
    }
    lock.swapping(false)?;
    swapped?;
    store::remember(repo, candidate.commit);
    Ok(kept)
}

/// Whether the ref is as it was when it was looked at.
fn is_still(repo: &Repository, current: &Current) -> Result<bool, RefError> {
    Ok(match (refs::read_movable(repo, STATE_REF), current) {
        (Ok(None), Current::Missing) | (Err(RefError::Storage { .. }), Current::Garbage(_)) => true,
        (Ok(Some(commit)), Current::At(old)) => commit == old.commit,
        (Err(error @ RefError::Locked { .. }), _) => return Err(error),
        _ => false,
    })
}

/// Write down what the ref held.
fn note(repo: &Repository, world: &World, value: &str) -> Result<PathBuf, RestoreError> {
    let path = repo.agents_dir().join("broken-refs");
    append(&path, &format!("{} {STATE_REF} {value}\n", world.now.to_rfc3339()))
        .map_err(|source| RestoreError::Keep { path: path.clone(), source })?;
    Ok(path)
}

fn append(path: &Path, text: &str) -> std::io::Result<()> {
    OpenOptions::new().append(true).create(true).open(path)?.write_all(text.as_bytes())
}

/// The values of the ref's log, the newest first, each once.
fn log(repo: &Repository) -> Vec<(String, ObjectId)> {
    let mut found: Vec<(String, ObjectId)> = Vec::new();
    // The new value of a line, and before it the old one.
    let ids = ref_log::lines(repo).into_iter().rev().flat_map(|line| [line.new, line.old]);
    for id in ids.filter(|id| !id.is_null()) {
        if found.len() == MOST_OF_LOG {
            break;
        }
        if !found.iter().any(|(_, known)| *known == id) {
            found.push((format!("the log of {STATE_REF}"), id));
        }
    }
    found
}
