//! Making a branch and a worktree for a name.
//!
//! Everything that would be refused is refused before anything is made, and what was made is written to the journal
//! first. A creation ends in one of two ways: [`Creation::keep`] once it is registered, or [`Creation::undo`]. One
//! that got neither is undone by the next command, unless it turns out to be registered. Undoing never takes away what
//! somebody else has put there since.

use std::path::PathBuf;
use std::time::Duration;

use gix::ObjectId;
use gix::actor::Signature;
use serde::{Deserialize, Serialize};

use super::discard;
use super::journal::{Entry, JournalError};
use super::ready;
use super::remove::RemoveError;
use super::unfinished::{self, By, Stage};
use super::vacant::{check_branch, check_path};
use crate::check::guard::MARK;
use crate::git::refs::{self, Expected, RefError, RefUpdate};
use crate::git::worktrees::{self, Worktree};
use crate::git::{GitError, Repository, run};

/// How often `git worktree add` is tried: others that run at the same moment can make it fail.
const ATTEMPTS: u64 = 4;

/// The kind of journal entry.
pub const KIND: &str = "worktree-creation";

/// What to make.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whose it will be; only written down, for the question whether it was registered.
    pub name: String,
    /// The branch, `refs/heads/…`.
    pub branch: String,
    /// Where a new branch begins.
    pub start: ObjectId,
    /// Take a branch that exists (and its worktree, when it has one at `worktree`) instead of making one.
    pub existing: bool,
    /// The absolute path of the worktree; without it only the branch is made.
    pub worktree: Option<PathBuf>,
    /// The name is registered: what else belongs to it stays when the creation is undone.
    pub registered: bool,
}

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// No branch may be called that.
    #[error("{branch:?} cannot be the name of a branch")]
    InvalidBranch {
        /// What was asked for.
        branch: String,
    },
    /// There is a branch of that name already.
    #[error("{branch} exists already")]
    BranchExists {
        /// Its full name.
        branch: String,
    },
    /// The branch that was to be taken does not exist.
    #[error("there is no {branch}")]
    NoSuchBranch {
        /// Its full name.
        branch: String,
    },
    /// A branch is called like a folder of the other's name, which git cannot keep.
    #[error("{branch} cannot exist beside {other}")]
    NameClash {
        /// What was asked for.
        branch: String,
        /// What is there.
        other: String,
    },
    /// The branch is checked out somewhere else, or somebody is in the middle of rebasing it there.
    #[error("{branch} is checked out at {}", .path.display())]
    CheckedOut {
        /// Its full name.
        branch: String,
        /// Where.
        path: PathBuf,
    },
    /// Something is at the path.
    #[error("{} exists and is not an empty folder", .path.display())]
    PathOccupied {
        /// The path.
        path: PathBuf,
    },
    /// The path is in a worktree or in the repository itself.
    #[error("{} is inside {}", .path.display(), .inside.display())]
    PathInside {
        /// What was asked for.
        path: PathBuf,
        /// The worktree or git folder that it is in.
        inside: PathBuf,
    },
    /// git still knows a worktree that was once at the path.
    #[error("{} is the path of a worktree that is missing", .path.display())]
    PathRegistered {
        /// The path.
        path: PathBuf,
    },
    /// `git worktree add` failed; nothing of it is left, but for what `left` names.
    #[error("no worktree could be made at {}: {source}", .path.display())]
    Failed {
        /// The path.
        path: PathBuf,
        /// git's own words.
        source: Box<GitError>,
        /// Why something of it was left in place after all.
        left: Option<String>,
    },
    /// Somebody may have worked in it, and that could not be kept.
    #[error("what is in {} could not be kept: {source}", .path.display())]
    Aside {
        /// The worktree.
        path: PathBuf,
        /// Why not.
        source: Box<RemoveError>,
    },
    /// The branch could not be made.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
    /// It could not be written down.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// What was made. It is not yet anybody's: see [`Creation::keep`].
#[derive(Debug)]
#[must_use = "a creation is kept or undone"]
pub struct Creation {
    entry: Option<Entry>,
    intent: Intent,
    /// The worktree; absent when none was asked for.
    pub worktree: Option<PathBuf>,
    /// Whether the branch is new.
    pub made_branch: bool,
    /// Whether the worktree is new, not one that was there.
    pub made_worktree: bool,
    /// What git said when all was made and a hook failed afterwards.
    pub complaint: Option<GitError>,
}

/// What the journal knows of a creation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Intent {
    pub(super) name: String,
    pub(super) branch: String,
    pub(super) start: String,
    pub(super) made_branch: bool,
    pub(super) worktree: Option<PathBuf>,
    /// The worktree's folder was there before, empty.
    pub(super) folder_was_there: bool,
    /// Folders above it that were not there, the deepest first.
    pub(super) parents: Vec<PathBuf>,
    /// Undoing has begun and goes on, whatever is missing by now.
    pub(super) undoing: bool,
    /// The name was registered before.
    #[serde(default)]
    pub(super) registered: bool,
    #[serde(default)]
    pub(super) stage: Stage,
    /// What marks the processes that make it, and make it ready.
    #[serde(default)]
    pub(super) mark: String,
}

impl Creation {
    /// The branch that it is about, `refs/heads/…`.
    pub fn branch(&self) -> &str {
        &self.intent.branch
    }

    /// Whether the name was registered before.
    pub fn was_registered(&self) -> bool {
        self.intent.registered
    }

    /// Files are about to be put into the new worktree, and commands to be run there: whoever undoes this takes them for
    /// ours. Gives the id of the operation, and what is to mark the processes.
    ///
    /// # Errors
    /// See [`JournalError`]; then it may not be done.
    pub fn preparing(&mut self) -> Result<(String, String), JournalError> {
        let Some(entry) = &mut self.entry else { return Ok(Default::default()) };
        self.intent.stage = Stage::Preparing;
        entry.update(&self.intent)?;
        Ok((entry.id.clone(), self.intent.mark.clone()))
    }

    /// All of that is done.
    ///
    /// # Errors
    /// See [`JournalError`].
    pub fn prepared(&mut self) -> Result<(), JournalError> {
        self.intent.stage = Stage::Prepared;
        self.entry.as_mut().map_or(Ok(()), |entry| entry.update(&self.intent))
    }

    /// It is registered: forget how to undo it.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn keep(self) -> Result<(), JournalError> {
        self.entry.map_or(Ok(()), Entry::finish)
    }

    /// Take it back. What others have put there since stays, and is named.
    ///
    /// # Errors
    /// [`CreateError::Ref`], [`CreateError::Git`] and [`CreateError::Journal`]; the next command tries again.
    pub fn undo(mut self, repo: &Repository, signature: &Signature) -> Result<Option<String>, CreateError> {
        let Some(mut entry) = self.entry.take() else { return Ok(None) };
        let undone = unfinished::undo(repo, &mut entry, self.intent, By::Ourselves, signature)?;
        entry.finish()?;
        Ok(undone.left())
    }
}

/// Refuse what is in the way of making it, and change nothing.
///
/// # Errors
/// See [`CreateError`].
pub fn check(repo: &Repository, request: &Request) -> Result<(), CreateError> {
    adopted(repo, request).map(drop)
}

/// Make it. `id` names the operation in the journal.
///
/// # Errors
/// See [`CreateError`]; nothing is left behind when there is one.
pub fn create(repo: &Repository, request: &Request, id: &str, signature: &Signature) -> Result<Creation, CreateError> {
    if let Some(adopted) = adopted(repo, request)? {
        return Ok(adopted);
    }
    let worktree = request.worktree.as_deref().map(worktrees::canonical);
    let intent = Intent {
        name: request.name.clone(),
        branch: request.branch.clone(),
        start: request.start.to_string(),
        made_branch: !request.existing,
        folder_was_there: worktree.as_ref().is_some_and(|path| path.exists()),
        parents: worktree.as_deref().map(discard::missing_parents).unwrap_or_default(),
        worktree,
        undoing: false,
        registered: request.registered,
        stage: Stage::CheckedOut,
        mark: ready::mark(id),
    };
    let mut entry = Entry::begin(repo, id, KIND, &intent)?;
    if let Err(error) = make_branch(repo, request, &intent, signature) {
        // Nothing is there yet, and a branch that is there after all is somebody else's.
        entry.finish()?;
        return Err(error.into());
    }
    let source = match add_worktree(repo, request, &intent) {
        Ok(complaint) => {
            return Ok(Creation {
                worktree: intent.worktree.clone(),
                made_branch: intent.made_branch,
                made_worktree: intent.worktree.is_some(),
                complaint,
                entry: Some(entry),
                intent,
            });
        }
        Err(error) => error,
    };
    let path = intent.worktree.clone().unwrap_or_default();
    let undone = unfinished::undo(repo, &mut entry, intent, By::Ourselves, signature)?;
    entry.finish()?;
    Err(CreateError::Failed { path, source: Box::new(source), left: undone.left() })
}

/// What is there already and is what is wanted; none when it can be made.
fn adopted(repo: &Repository, request: &Request) -> Result<Option<Creation>, CreateError> {
    let all = worktrees::list(repo)?;
    check_branch(repo, request)?;
    if let Some(holder) = all.iter().find(|worktree| worktree.holds(&request.branch)) {
        return adopt(request, holder).map(Some);
    }
    request.worktree.as_deref().map_or(Ok(()), |path| check_path(repo, &worktrees::canonical(path), &all))?;
    Ok(None)
}

/// The branch has a worktree. It is taken when it is the one that was asked for, or when none in particular was.
fn adopt(request: &Request, holder: &Worktree) -> Result<Creation, CreateError> {
    let wanted = request.worktree.as_deref().map(worktrees::canonical);
    let is_wanted = wanted.as_ref().is_some_and(|path| *path == holder.path);
    let is_usable = !holder.is_main && holder.is_intact() && holder.branch.as_deref() == Some(&request.branch);
    if !(request.existing && is_wanted && is_usable) {
        return Err(CreateError::CheckedOut { branch: request.branch.clone(), path: holder.path.clone() });
    }
    Ok(Creation {
        entry: None,
        intent: Intent {
            name: request.name.clone(),
            branch: request.branch.clone(),
            start: request.start.to_string(),
            made_branch: false,
            worktree: wanted.clone(),
            folder_was_there: true,
            parents: Vec::new(),
            undoing: false,
            registered: request.registered,
            stage: Stage::CheckedOut,
            mark: String::new(),
        },
        worktree: wanted,
        made_branch: false,
        made_worktree: false,
        complaint: None,
    })
}

fn make_branch(repo: &Repository, request: &Request, intent: &Intent, signature: &Signature) -> Result<(), RefError> {
    if !intent.made_branch {
        return Ok(());
    }
    let update = RefUpdate {
        name: request.branch.clone(),
        expected: Expected::Missing,
        new: Some(request.start),
        message: format!("branch: Created from {}", request.start),
    };
    refs::swap_one(repo, &update, signature)
}

/// Let git make the worktree of the branch. Gives what git complained of when all is there nevertheless.
fn add_worktree(repo: &Repository, request: &Request, intent: &Intent) -> Result<Option<GitError>, GitError> {
    let Some(path) = &intent.worktree else { return Ok(None) };
    let short = request.branch.strip_prefix("refs/heads/").unwrap_or(&request.branch);
    let mut attempt = 1;
    loop {
        // By its short name: only so does git check out the branch itself. It prefers a branch to a tag here.
        let child = repo.git().env(MARK, &intent.mark).args(["worktree", "add", "--quiet", "--"]).arg(path).arg(short);
        let line = child.line();
        let output = child.run()?;
        if output.status.success() {
            return Ok(None);
        }
        let error = run::failed(line, &output);
        let made = worktrees::list(repo)?.into_iter().find(|worktree| worktree.path == *path);
        match made {
            // All is there: a post-checkout hook failed, and git hands its status on.
            Some(made) if made.locked.is_none() && made.branch.as_ref() == Some(&request.branch) => {
                return Ok(Some(error));
            }
            // git took away what it had begun; perhaps another `git worktree add` was in its way.
            None if attempt < ATTEMPTS => {
                std::thread::sleep(Duration::from_millis(fastrand::u64(20..80) * attempt));
                attempt += 1;
            }
            _ => return Err(error),
        }
    }
}

#[cfg(test)]
#[path = "create_test.rs"]
mod tests;
