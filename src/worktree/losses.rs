//! What would be gone with a worktree and its branch.

use std::fs::DirEntry;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};

use super::backup;
use super::index_copy::IndexCopy;
use super::ready::Born;
use super::remove::RemoveError;
use crate::config;
use crate::git::merge_tree::{self, MergeTree};
use crate::git::repository::path_of;
use crate::git::scratch::Scratch;
use crate::git::status::{self, Ignored, Status};
use crate::git::worktrees::{OperationKind, Worktree};
use crate::git::{Git, GitError, Repository};

/// What would be gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Losses {
    /// Where git expects the worktree and finds none. It may have been moved: what is in it would be nobody's, since
    /// it knows its repository by what would be deleted here.
    pub missing: Option<PathBuf>,
    /// Edited files that git knows.
    pub uncommitted: Vec<BString>,
    /// Files that git does not know.
    pub untracked: Vec<BString>,
    /// Single ignored files, such as `.env`. They go into the backup and are no reason to refuse.
    pub ignored_files: Vec<BString>,
    /// Copies of the main worktree's ignored files that were changed here, in ignored folders too. They go into the backup.
    pub included: Vec<BString>,
    /// Folders that are ignored as a whole. They are not backed up.
    pub ignored_folders: Vec<BString>,
    /// How many files are in those.
    pub ignored_inside: usize,
    /// Commits of the branch whose content has not reached the target.
    pub commits: usize,
    /// What the worktree is in the middle of.
    pub operation: Option<OperationKind>,
    /// Repositories inside, in ignored folders too, of which a backup would hold nothing.
    pub embedded: Vec<BString>,
    /// Submodules with uncommitted work or with commits that no remote has.
    pub submodules: Vec<BString>,
}

impl Losses {
    /// A reason to refuse unless forced.
    pub fn is_work(&self) -> bool {
        self.missing.is_some()
            || !self.uncommitted.is_empty()
            || !self.untracked.is_empty()
            || !self.included.is_empty()
            || self.commits > 0
            || self.operation.is_some()
    }

    /// A reason to refuse in any case.
    pub fn is_beyond_backup(&self) -> bool {
        !self.embedded.is_empty() || !self.submodules.is_empty()
    }
}

/// What would be gone with the worktree and the branch of `name`.
///
/// # Errors
/// [`RemoveError::Git`], [`RemoveError::Io`], [`RemoveError::Scratch`] and [`RemoveError::Merge`].
pub fn losses(
    repo: &Repository,
    name: &str,
    worktree: Option<&Worktree>,
    tip: Option<ObjectId>,
    target: Option<ObjectId>,
) -> Result<Losses, RemoveError> {
    let mut losses = Losses::default();
    match worktree {
        Some(worktree) if worktree.exists() => {
            let (status, ignored) = (status::status(worktree)?, status::ignored(worktree)?);
            losses = losses_in(worktree, &status, &ignored)?;
            losses.uncommitted.extend(hidden_edits(repo, worktree)?);
            losses.included = Born::of(repo, name).changed(&config::main_folder(repo), &worktree.path);
            let kept = losses.included.iter().filter(|path| !losses.ignored_files.contains(path)).count();
            losses.ignored_inside = losses.ignored_inside.saturating_sub(kept);
        }
        Some(missing) => {
            losses.missing = Some(missing.path.clone());
            losses.operation = missing.operation.as_ref().map(|operation| operation.kind);
            losses.submodules = unpushed_modules(missing)?;
        }
        None => {}
    }
    let head = worktree.and_then(|worktree| worktree.head).or(tip);
    if let (Some(tip), Some(target)) = (tip.or(head), target) {
        losses.commits = not_landed(repo, tip, target)?;
    }
    Ok(losses)
}

/// Edits that git was told not to look for (`--assume-unchanged`, `--skip-worktree`).
fn hidden_edits(repo: &Repository, worktree: &Worktree) -> Result<Vec<BString>, RemoveError> {
    let listed = worktree.git().without_locks().args(["ls-files", "-v", "-z"]).stdout()?;
    let mut hidden = Vec::new();
    for entry in listed.split_str("\0").filter(|entry| entry.len() > 2) {
        let is_hidden = entry[0] == b'S' || entry[0].is_ascii_lowercase();
        if is_hidden && worktree.path.join(path_of(entry[2..].as_bstr())).symlink_metadata().is_ok() {
            hidden.extend_from_slice(&entry[2..]);
            hidden.push(0);
        }
    }
    if hidden.is_empty() {
        return Ok(Vec::new());
    }
    let failed = |source| RemoveError::Io { path: worktree.path.clone(), source };
    let copy = IndexCopy::of(repo, worktree).map_err(failed)?;
    for flag in ["--no-assume-unchanged", "--no-skip-worktree"] {
        copy.git(worktree.git()).args(["update-index", flag, "-z", "--stdin"]).input(hidden.clone()).stdout()?;
    }
    copy.git(worktree.git()).args(["update-index", "-q", "--refresh"]).run()?;
    let edited = copy.git(worktree.git()).args(["diff-files", "--name-only", "-z"]).stdout()?;
    let is_hidden = |path: &&[u8]| hidden.split_str("\0").any(|one| one == *path);
    Ok(edited.split_str("\0").filter(|path| !path.is_empty()).filter(is_hidden).map(BString::from).collect())
}

fn losses_in(worktree: &Worktree, status: &Status, ignored: &Ignored) -> Result<Losses, RemoveError> {
    let (inside, files) = inside_of(worktree, ignored)?;
    let mut submodules = status.dirty_submodules.clone();
    submodules.extend(unpushed_modules(worktree)?);
    Ok(Losses {
        missing: None,
        uncommitted: status.tracked().into_iter().map(ToOwned::to_owned).collect(),
        untracked: status.untracked.clone(),
        ignored_files: ignored.files.clone(),
        included: Vec::new(),
        ignored_inside: files,
        ignored_folders: ignored.folders.iter().filter(|folder| !inside.contains(folder)).cloned().collect(),
        commits: 0,
        operation: worktree.operation.as_ref().map(|operation| operation.kind),
        embedded: status.embedded.iter().chain(&inside).cloned().collect(),
        submodules,
    })
}

/// The repositories in ignored folders, however deep; git itself does not look into those. Symlinks lead elsewhere and
/// are not followed, and of a repository that is found only the outermost counts.
///
/// # Errors
/// [`RemoveError::Io`]: a folder that nobody can look into may hold one.
pub(super) fn repositories_in(worktree: &Worktree, ignored: &Ignored) -> Result<Vec<BString>, RemoveError> {
    inside_of(worktree, ignored).map(|(repositories, _)| repositories)
}

/// The same, and how many files there are besides.
fn inside_of(worktree: &Worktree, ignored: &Ignored) -> Result<(Vec<BString>, usize), RemoveError> {
    let (mut found, mut files, mut folders) = (Vec::new(), 0, ignored.folders.clone());
    while let Some(folder) = folders.pop() {
        let path = worktree.path.join(path_of(folder.as_bstr()));
        let failed = |source| RemoveError::Io { path: path.clone(), source };
        let entries = match path.read_dir() {
            Ok(entries) => entries.collect::<Result<Vec<_>, _>>().map_err(failed)?,
            // Gone since git listed it.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => continue,
            Err(error) => return Err(failed(error)),
        };
        if entries.iter().any(|entry| entry.file_name() == ".git") {
            found.push(folder);
            continue;
        }
        let is_folder = |entry: &&DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
        let (below, others): (Vec<&DirEntry>, Vec<&DirEntry>) = entries.iter().partition(is_folder);
        files += others.len();
        folders.extend(below.into_iter().map(|entry| {
            let mut path = folder.clone();
            path.push(b'/');
            path.extend_from_slice(entry.file_name().as_bytes());
            path
        }));
    }
    found.sort();
    Ok((found, files))
}

/// The submodules of a linked worktree keep their repositories in its git folder, and go with it.
fn unpushed_modules(worktree: &Worktree) -> Result<Vec<BString>, GitError> {
    let Some(modules) = worktree.git_dir.as_ref().map(|git_dir| git_dir.join("modules")) else {
        return Ok(Vec::new());
    };
    let (mut found, mut folders) = (Vec::new(), vec![modules.clone()]);
    while let Some(folder) = folders.pop() {
        if folder.join("HEAD").exists() {
            let child = Git::at(&folder).arg("--git-dir").arg(&folder);
            let own = child.args(["rev-list", "--max-count=1", "--all", "HEAD", "--not", "--remotes"]).stdout()?;
            if !own.is_empty() {
                let name = folder.strip_prefix(&modules).unwrap_or(&folder);
                found.push(name.to_string_lossy().as_ref().into());
            }
            folders.push(folder.join("modules"));
        } else if let Ok(entries) = folder.read_dir() {
            folders.extend(entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()));
        }
    }
    Ok(found)
}

/// How many commits of `tip` the target lacks; none when merging them would change nothing there.
fn not_landed(repo: &Repository, tip: ObjectId, target: ObjectId) -> Result<usize, RemoveError> {
    let child = repo.git().args(["rev-list", "--count"]).arg(format!("{target}..{tip}"));
    let command = child.line();
    let text = child.text()?;
    let count: usize = text.parse().map_err(|_| GitError::Answer { command, detail: text })?;
    if count == 0 {
        return Ok(0);
    }
    let scratch = Scratch::new(repo)?;
    let request = merge_tree::Request { base: None, ours: target, theirs: tip };
    let merged = MergeTree::new(repo, &scratch, Some(target)).merge(&request)?.clean_tree();
    let is_landed = merged.is_some_and(|tree| backup::tree_of(repo, target).is_ok_and(|target| target == tree));
    Ok(if is_landed { 0 } else { count })
}
