//! git's own merge, without a worktree: `git merge-tree --stdin` as the authority on what conflicts.
//!
//! The children write to a [`Scratch`], never to the repository. They live long, since starting one costs several
//! merges. git before 2.49 flushes an answer only when it writes the messages of the next one, so every question is
//! followed by one whose answer is known, the merge of the empty tree with itself. A request that makes git give up
//! (unrelated histories, a missing object) is answered by [`Merge::Unknown`] with git's words; the child is replaced.

mod child;
mod record;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::ObjectId;
use gix::bstr::BString;
use gix::objs::tree::EntryMode;

use super::repository::Repository;
use super::run::GitError;
use super::scratch::Scratch;
use child::Child;

/// Why no merge could be asked for.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// git could not be run.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The child was started but talking to it failed.
    #[error("lost touch with git merge-tree: {source}")]
    Talk {
        /// What the system said.
        source: std::io::Error,
    },
    /// git's answer does not have the form that its manual describes.
    #[error("git merge-tree gave an answer that could not be read: {detail}")]
    Answer {
        /// What was wrong with it.
        detail: String,
    },
}

/// Two sides to merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Request {
    /// What they have in common: a commit or a tree. Without it both sides are commits and git finds their bases.
    pub base: Option<ObjectId>,
    /// The side that is merged into: a commit, or a tree when there is a base.
    pub ours: ObjectId,
    /// The side that is merged.
    pub theirs: ObjectId,
}

/// What git says of two sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merge {
    /// They merge.
    Clean {
        /// The result, in the scratch.
        tree: ObjectId,
    },
    /// A person is needed.
    Conflict {
        /// The result with conflict markers, in the scratch.
        tree: ObjectId,
        /// What is unmerged, by path.
        paths: Vec<ConflictPath>,
    },
    /// git could not tell.
    Unknown {
        /// git's own words.
        reason: String,
    },
}

impl Merge {
    /// The tree of a clean merge.
    pub fn clean_tree(&self) -> Option<ObjectId> {
        match self {
            Merge::Clean { tree } => Some(*tree),
            _ => None,
        }
    }
}

/// A path that did not merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictPath {
    /// The path; where git had to make up a name to keep both sides, that name.
    pub path: BString,
    /// What kind of conflict.
    pub kind: ConflictKind,
    /// The three sides as far as they exist at this path.
    pub stages: Stages,
}

/// The sides of an unmerged path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stages {
    /// In the base.
    pub base: Option<Stage>,
    /// On our side.
    pub ours: Option<Stage>,
    /// On their side.
    pub theirs: Option<Stage>,
}

/// One side of an unmerged path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// File, executable, symlink or submodule.
    pub mode: EntryMode,
    /// Blob, or commit of a submodule.
    pub id: ObjectId,
}

/// What kind of conflict a path has.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConflictKind {
    /// Both sides changed the same lines.
    Content,
    /// Both sides added the path, with different content.
    AddAdd,
    /// One side changed what the other deleted.
    ModifyDelete,
    /// One side renamed what the other deleted.
    RenameDelete,
    /// Both sides renamed: one file to two names, or two files to one.
    RenameRename,
    /// One side renamed a folder in which the other added or moved something.
    DirectoryRename,
    /// A file on one side, a folder on the other.
    FileDirectory,
    /// Same content, but the sides disagree on whether it is executable.
    Mode,
    /// Both sides changed a file that is not text.
    Binary,
    /// The sides point a submodule to different commits.
    Submodule,
    /// A file on one side, a symbolic link or a submodule on the other.
    DistinctTypes,
    /// Something that this program does not know, in git's own words.
    Other(String),
}

impl ConflictKind {
    /// All that have a name of their own.
    const NAMED: [ConflictKind; 11] = [
        ConflictKind::Content,
        ConflictKind::AddAdd,
        ConflictKind::ModifyDelete,
        ConflictKind::RenameDelete,
        ConflictKind::RenameRename,
        ConflictKind::DirectoryRename,
        ConflictKind::FileDirectory,
        ConflictKind::Mode,
        ConflictKind::Binary,
        ConflictKind::Submodule,
        ConflictKind::DistinctTypes,
    ];

    /// The kind with a name.
    pub fn named(name: &str) -> Self {
        let known = Self::NAMED.into_iter().find(|kind| kind.name() == name);
        known.unwrap_or_else(|| ConflictKind::Other(name.to_owned()))
    }

    /// The name that is shown and published.
    pub fn name(&self) -> &str {
        match self {
            ConflictKind::Content => "content",
            ConflictKind::AddAdd => "add/add",
            ConflictKind::ModifyDelete => "modify/delete",
            ConflictKind::RenameDelete => "rename/delete",
            ConflictKind::RenameRename => "rename/rename",
            ConflictKind::DirectoryRename => "directory rename",
            ConflictKind::FileDirectory => "file/directory",
            ConflictKind::Mode => "mode",
            ConflictKind::Binary => "binary",
            ConflictKind::Submodule => "submodule",
            ConflictKind::DistinctTypes => "distinct types",
            ConflictKind::Other(words) => words,
        }
    }
}

impl std::fmt::Display for ConflictKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Merges on one repository, one scratch and one source of attributes.
#[derive(Debug)]
pub struct MergeTree {
    setup: Setup,
    child: Option<Child>,
}

/// What every child is started with.
#[derive(Debug, Clone)]
struct Setup {
    git_dir: PathBuf,
    /// Where git finds the submodules, whose history decides which of two commits contains the other.
    worktree: Option<PathBuf>,
    scratch: PathBuf,
    attributes: ObjectId,
    empty_tree: ObjectId,
}

/// How many questions are sent before their answers are read. They have to fit into a pipe (16 KiB at the least), or
/// we and the child would wait for each other.
const BATCH: usize = 32;

impl MergeTree {
    /// Merges whose results go to `scratch`. `.gitattributes` (merge drivers, union, text) are those of the commit or
    /// tree `attributes`, as they would be in a checkout of the target; without it, there are none but the
    /// repository's `info/attributes`.
    pub fn new(repository: &Repository, scratch: &Scratch, attributes: Option<ObjectId>) -> Self {
        let empty_tree = ObjectId::empty_tree(repository.gix().object_hash());
        let setup = Setup {
            git_dir: repository.git_dir().to_owned(),
            worktree: repository.worktree().map(ToOwned::to_owned),
            scratch: scratch.path().to_owned(),
            attributes: attributes.unwrap_or(empty_tree),
            empty_tree,
        };
        MergeTree { setup, child: None }
    }

    /// From now on `.gitattributes` are those of this commit or tree.
    pub fn read_attributes_of(&mut self, commit: ObjectId) {
        self.setup.attributes = commit;
        self.child = None;
    }

    /// One merge, now.
    ///
    /// # Errors
    /// See [`MergeError`]; what git cannot merge at all is no error but [`Merge::Unknown`].
    pub fn merge(&mut self, request: &Request) -> Result<Merge, MergeError> {
        let mut answers = self.answer(std::slice::from_ref(request))?;
        answers.pop().ok_or_else(|| MergeError::Answer { detail: "no answer".to_owned() })
    }

    /// Many merges on up to `jobs` children; the answers are in the order of the requests.
    ///
    /// # Errors
    /// As [`MergeTree::merge`].
    pub fn merge_all(&mut self, requests: &[Request], jobs: usize) -> Result<Vec<Merge>, MergeError> {
        // Few to a batch when there are few, so that every child has something to do.
        let jobs = jobs.clamp(1, requests.len().max(1));
        let size = requests.len().div_ceil(jobs * 4).clamp(1, BATCH);
        let batches: Vec<_> = requests.chunks(size).collect();
        let next = AtomicUsize::new(0);
        let work = |merger: &mut MergeTree| -> Result<Vec<(usize, Vec<Merge>)>, MergeError> {
            let mut done = Vec::new();
            while let Some((number, batch)) = take(&next, &batches) {
                done.push((number, merger.answer(batch)?));
            }
            Ok(done)
        };
        let mut answered = std::thread::scope(|scope| {
            let others: Vec<_> = (1..jobs)
                .map(|_| {
                    let mut merger = MergeTree { setup: self.setup.clone(), child: None };
                    let work = &work;
                    scope.spawn(move || work(&mut merger))
                })
                .collect();
            let mut answered = work(self)?;
            for other in others {
                let found = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                answered.extend(found?);
            }
            Ok::<_, MergeError>(answered)
        })?;
        answered.sort_by_key(|(number, _)| *number);
        Ok(answered.into_iter().flat_map(|(_, merges)| merges).collect())
    }

    /// Answer a batch on this merger's own child, replacing it as often as git gives up.
    fn answer(&mut self, batch: &[Request]) -> Result<Vec<Merge>, MergeError> {
        let mut answers = Vec::with_capacity(batch.len());
        let mut at_once = BATCH;
        while answers.len() < batch.len() {
            let mut child = match self.child.take() {
                Some(child) => child,
                None => Child::start(&self.setup)?,
            };
            let rest = &batch[answers.len()..];
            let rest = &rest[..rest.len().min(at_once)];
            let all = answers.len() + rest.len();
            if child.ask(rest, &mut answers)? {
                self.child = Some(child);
            } else if answers.len() < all {
                let (reason, is_killed) = child.last_words();
                if is_killed && rest.len() > 1 {
                    // Nobody can say which one it died of before each is asked alone.
                    at_once = 1;
                } else {
                    // git answers in order, so the first request without an answer is the one that it gave up on.
                    answers.push(Merge::Unknown { reason });
                }
            }
        }
        Ok(answers)
    }
}

fn take<'a>(next: &AtomicUsize, batches: &[&'a [Request]]) -> Option<(usize, &'a [Request])> {
    let number = next.fetch_add(1, Ordering::Relaxed);
    batches.get(number).map(|batch| (number, *batch))
}

#[cfg(test)]
mod tests;
