//! `.worktreeinclude`: which ignored files of the main worktree a new worktree gets as well.
//!
//! The convention is that of Claude Code, worktrunk and others: a file of the form of `.gitignore` at the top of the
//! main worktree. What matches one of its patterns *and* is ignored is copied, so nothing that git knows is ever
//! doubled. What matches is real git's to say, once with these patterns and once with those that ignore; the answers
//! are intersected here. Without the file nothing is copied.

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use gix::bstr::{BStr, BString, ByteSlice};

use crate::config;
use crate::git::worktrees::{self, Worktree};
use crate::git::{Git, GitError, Repository};

/// What the file is called.
pub const FILE: &str = ".worktreeinclude";
/// The largest that is read, in bytes; git itself takes any.
const LARGEST: u64 = 1 << 20;
/// How git lists what it does not descend into: another repository, or a worktree.
const FOLDER_ENDS_WITH: &[u8] = b"/";

/// What is to be copied into every new worktree.
#[derive(Debug, Clone)]
pub struct Include {
    /// The top of the main worktree.
    pub(super) top: PathBuf,
    /// Files and symlinks below it, by path.
    pub(super) files: Vec<BString>,
    /// Repositories inside that match and are not copied.
    pub(super) repositories: Vec<BString>,
}

/// What there is to copy.
#[derive(Debug, Clone)]
pub enum Source {
    /// Nobody has asked for anything.
    Nothing,
    /// There is a `.worktreeinclude` in the target's tree and no main worktree to copy from.
    Bare,
    /// This.
    Files(Include),
}

/// Why it is not known what to copy.
#[derive(Debug, thiserror::Error)]
pub enum IncludeError {
    /// It is a folder, a link, or something else that is no file.
    #[error("{} is not a plain file", .path.display())]
    NotAFile {
        /// Where.
        path: PathBuf,
    },
    /// Nobody writes so many patterns.
    #[error("{} has {found} bytes, {LARGEST} are the most", .path.display())]
    TooLarge {
        /// Where.
        path: PathBuf,
        /// How large.
        found: u64,
    },
    /// It has a NUL in it.
    #[error("{} is not text", .path.display())]
    NotText {
        /// Where.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("{} cannot be read: {source}", .path.display())]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl IncludeError {
    /// Where the file is, when it is the file.
    pub fn path(&self) -> Option<&Path> {
        match self {
            IncludeError::NotAFile { path }
            | IncludeError::TooLarge { path, .. }
            | IncludeError::NotText { path }
            | IncludeError::Unreadable { path, .. } => Some(path),
            IncludeError::Git(_) => None,
        }
    }
}

/// What there is to copy from the main worktree. Where no file says anything, it costs one look.
///
/// # Errors
/// See [`IncludeError`].
pub fn read(repo: &Repository) -> Result<Source, IncludeError> {
    let is_plain =
        repo.common_dir().file_name().is_some_and(|name| name == ".git") && repo.config("core.worktree").is_none();
    if is_plain && !exists(&config::main_folder(repo))? {
        return Ok(Source::Nothing);
    }
    let main = worktrees::list(repo)?.into_iter().find(|worktree| worktree.is_main);
    let Some(main) = main.filter(Worktree::exists) else {
        return Ok(if is_in_target(repo) { Source::Bare } else { Source::Nothing });
    };
    if !exists(&main.path)? {
        return Ok(Source::Nothing);
    }
    check(&main.path.join(FILE))?;
    let matched = others(&main, &["--exclude-from", FILE])?;
    if matched.is_empty() {
        return Ok(Source::Files(Include { top: main.path, files: Vec::new(), repositories: Vec::new() }));
    }
    // Folders that are ignored as a whole are one line: git does not look into them.
    let ignored: HashSet<BString> = others(&main, &["--exclude-standard", "--directory"])?.into_iter().collect();
    let is_ignored =
        |path: &BString| ignored.contains(path) || folders_of(path.as_ref()).any(|above| ignored.contains(above));
    let (repositories, files): (Vec<BString>, Vec<BString>) =
        matched.into_iter().filter(is_ignored).partition(|path| path.ends_with(FOLDER_ENDS_WITH));
    Ok(Source::Files(Include { top: main.path, files, repositories }))
}

/// What of `files` git would not keep out of a commit in `worktree`: its own `.gitignore` says so, not that of the main
/// worktree. With it the paths that git knows there, whether they are checked out or not.
pub(super) fn not_ignored_in(worktree: &Path, files: &[BString]) -> Result<HashSet<BString>, GitError> {
    const NOTHING_IS_IGNORED: i32 = 1;
    let mut asked = Vec::new();
    for file in files {
        // Without the dot a name that begins with a colon would be taken for more than a name.
        asked.extend_from_slice(b"./");
        asked.extend_from_slice(file);
        asked.push(0);
    }
    // Without the index: git would stop at a path in a submodule.
    let git = Git::at(worktree).without_locks().args(["check-ignore", "--no-index", "-z", "--stdin"]).input(asked);
    let line = git.line();
    let output = git.run()?;
    if !output.status.success() && output.status.code() != Some(NOTHING_IS_IGNORED) {
        return Err(crate::git::run::failed(line, &output));
    }
    let ignored: HashSet<&[u8]> = output.stdout.split_str("\0").filter_map(|path| path.strip_prefix(b"./")).collect();
    Ok(files.iter().filter(|file| !ignored.contains(file.as_slice())).cloned().collect())
}

/// What git knows in a worktree: its files, and apart from them its submodules.
pub(super) fn known_in(worktree: &Path) -> Result<(HashSet<BString>, BTreeSet<BString>), GitError> {
    let listed = Git::at(worktree).without_locks().args(["ls-files", "--stage", "-z"]).stdout()?;
    let (mut files, mut submodules) = (HashSet::new(), BTreeSet::new());
    // `<mode> <object> <stage>\t<path>`
    for (head, path) in listed.split_str("\0").filter_map(|record| record.split_once_str("\t")) {
        if head.starts_with(b"160000 ") {
            submodules.insert(BString::from(path));
        } else {
            files.insert(BString::from(path));
        }
    }
    Ok((files, submodules))
}

/// The folders above a path, each with its slash, the nearest last.
pub(super) fn folders_of(path: &BStr) -> impl Iterator<Item = &BStr> {
    // What ends with a slash is itself no folder above itself.
    let end = path.len().saturating_sub(1);
    path[..end].find_iter(b"/").map(|at| path[..=at].as_bstr()).collect::<Vec<_>>().into_iter()
}

fn exists(top: &Path) -> Result<bool, IncludeError> {
    let path = top.join(FILE);
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
        Err(source) => Err(IncludeError::Unreadable { path, source }),
    }
}

/// git would follow a link, wait for a pipe, and warn of nothing.
fn check(path: &Path) -> Result<(), IncludeError> {
    let path = path.to_owned();
    let data = match path.symlink_metadata() {
        Ok(data) if data.is_file() => data,
        Ok(_) => return Err(IncludeError::NotAFile { path }),
        Err(source) => return Err(IncludeError::Unreadable { path, source }),
    };
    if data.len() > LARGEST {
        return Err(IncludeError::TooLarge { path, found: data.len() });
    }
    match std::fs::read(&path) {
        Ok(bytes) if bytes.contains(&0) => Err(IncludeError::NotText { path }),
        Ok(_) => Ok(()),
        Err(source) => Err(IncludeError::Unreadable { path, source }),
    }
}

fn others(main: &Worktree, how: &[&str]) -> Result<Vec<BString>, GitError> {
    let listed = main.git().without_locks().args(["ls-files", "--others", "--ignored", "-z"]).args(how).stdout()?;
    let mut paths: Vec<BString> = listed.split_str("\0").filter(|path| !path.is_empty()).map(BString::from).collect();
    paths.sort_unstable();
    Ok(paths)
}

/// Whether somebody who works in this bare repository may wonder why nothing is copied.
fn is_in_target(repo: &Repository) -> bool {
    let tree = config::target(repo).ok().and_then(|target| repo.gix().find_commit(target.commit).ok()?.tree().ok());
    tree.is_some_and(|tree| tree.iter().flatten().any(|entry| entry.filename() == FILE))
}
