//! Copying files from one worktree into another, without ever writing anywhere else.
//!
//! Every folder on the way is opened by its name in the folder above it, and no link is followed, here or there: a link
//! that stands in the place of a folder leads nowhere. What exists is never written to. A copy shares its blocks with
//! the original where the file system can do that, and has its mode and its time: a build tool must not take an old
//! product for a new one.

use std::fs::{File, FileTimes, Permissions};
use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::AsFd;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gix::bstr::{BStr, BString, ByteSlice};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::include::{self, Include};
use crate::git::GitError;
use crate::git::repository::path_of;

/// What was copied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copied {
    /// How many files and links.
    pub files: usize,
    /// Their sizes together.
    pub bytes: u64,
    /// How many of them share their blocks with the original.
    pub shared: usize,
    /// What was not, by path.
    pub passed_over: Vec<PassedOver>,
}

/// Something that matches and was not copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// A file or a folder, from the top.
    pub path: BString,
    /// Why not.
    pub why: Why,
}

/// Why something was not copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It is a repository of its own, or a worktree.
    Repository,
    /// There is a submodule in the new worktree.
    Submodule,
    /// The new worktree has it already.
    Exists,
    /// Its branch does not ignore it: a commit of everything would have it.
    NotIgnored,
    /// A link or a file is where a folder would have to be.
    LeadsOut,
    /// It was there a moment ago.
    Gone,
    /// It is no file and no link, or cannot be read.
    Unreadable {
        /// What the system said.
        reason: String,
    },
}

/// Why copying was given up.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A file could not be written.
    #[error("{} could not be written: {source}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is too much to copy.
    #[error("copying took longer than {} s", .limit.as_secs())]
    TooLong {
        /// How long it might have taken.
        limit: Duration,
    },
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Copy what is to be copied into the worktree at `to`, in no longer than `limit`.
///
/// # Errors
/// See [`CopyError`]; what was copied before it stays.
pub(super) fn copy(include: &Include, to: &Path, limit: Option<Duration>) -> Result<Copied, CopyError> {
    let repositories = include.repositories.iter().map(|path| path.trim_end_with(|c| c == '/').into());
    let mut copied = Copied {
        passed_over: repositories.map(|path| PassedOver { path, why: Why::Repository }).collect(),
        ..Copied::default()
    };
    if include.files.is_empty() {
        return Ok(copied);
    }
    let failed = |path: &Path, error: Errno| CopyError::Write { path: path.to_owned(), source: error.into() };
    let top = |path: &Path| rustix::fs::open(path, FOLDER, Mode::empty()).map_err(|error| failed(path, error));
    let mut walk = Walk {
        to,
        root: Pair { from: top(&include.top)?, to: top(to)? },
        open: Vec::new(),
        can_share: true,
        deadline: limit.map(|limit| (Instant::now() + limit, limit)),
    };
    for path in allowed(include, to, &mut copied)? {
        walk.one(path.as_ref(), &mut copied)?;
    }
    copied.passed_over.sort_by(|a, b| a.path.cmp(&b.path));
    copied.passed_over.dedup();
    Ok(copied)
}

/// What may be copied as far as git is concerned.
fn allowed<'i>(include: &'i Include, to: &Path, copied: &mut Copied) -> Result<Vec<&'i BString>, CopyError> {
    let (known, submodules) = include::known_in(to)?;
    let mut refuse = |path: &BStr, why: Why| copied.passed_over.push(PassedOver { path: path.to_owned(), why });
    let mut left = Vec::new();
    // The last file that may be copied: the folders above it have been looked at.
    let mut good = BStr::new(b"");
    'files: for file in &include.files {
        for above in include::folders_of(file.as_ref()).filter(|above| !good.starts_with(above)) {
            let folder = above.trim_end_with(|c| c == '/').as_bstr();
            if submodules.contains(folder) {
                refuse(folder, Why::Submodule);
                continue 'files;
            }
            // git would stop at a path behind a link.
            if to.join(path_of(folder)).symlink_metadata().is_ok_and(|data| !data.is_dir()) {
                refuse(folder, Why::LeadsOut);
                continue 'files;
            }
        }
        if known.contains(file) || submodules.contains(file) {
            refuse(file.as_ref(), Why::Exists);
        } else {
            left.push(file.clone());
            good = file.as_ref();
        }
    }
    let exposed = include::not_ignored_in(to, &left)?;
    let left: std::collections::HashSet<BString> = left.into_iter().collect();
    for file in include.files.iter().filter(|file| exposed.contains(*file)) {
        copied.passed_over.push(PassedOver { path: file.clone(), why: Why::NotIgnored });
    }
    Ok(include.files.iter().filter(|file| left.contains(*file) && !exposed.contains(*file)).collect())
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// A pipe must not make us wait.
const READ: OFlags = OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);
const MAKE: OFlags =
    OFlags::WRONLY.union(OFlags::CREATE).union(OFlags::EXCL).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// A folder here and its likeness there.
struct Pair {
    from: OwnedFd,
    to: OwnedFd,
}

/// Goes through the files, which are sorted, with the folders above the last one open.
struct Walk<'t> {
    to: &'t Path,
    root: Pair,
    open: Vec<(BString, Pair)>,
    can_share: bool,
    deadline: Option<(Instant, Duration)>,
}

impl Walk<'_> {
    fn one(&mut self, path: &BStr, copied: &mut Copied) -> Result<(), CopyError> {
        if let Some((deadline, limit)) = self.deadline
            && Instant::now() > deadline
        {
            return Err(CopyError::TooLong { limit });
        }
        let failed = |error: io::Error| CopyError::Write { path: self.to.join(path_of(path)), source: error };
        let (folders, name) =
            path.rsplit_once_str("/").map_or((None, path), |(above, name)| (Some(above), name.into()));
        let entered = match folders {
            Some(folders) => self.enter(folders.as_bstr()),
            None => {
                self.open.clear();
                Ok(())
            }
        };
        let done = entered.and_then(|()| self.copy_entry(name, copied));
        match done {
            Ok(()) => Ok(()),
            Err(Stop::PassOver(why)) => {
                copied.passed_over.push(PassedOver { path: path.to_owned(), why });
                Ok(())
            }
            Err(Stop::Failed(error)) => Err(failed(error)),
        }
    }

    /// Have the folders open that a file is in.
    fn enter(&mut self, folders: &BStr) -> Result<(), Stop> {
        let names: Vec<&BStr> = folders.split_str("/").map(ByteSlice::as_bstr).collect();
        let same = self.open.iter().zip(&names).take_while(|((open, _), name)| open.as_bstr() == **name).count();
        self.open.truncate(same);
        for name in &names[same..] {
            if name.eq_ignore_ascii_case(b".git") {
                return Err(Stop::PassOver(Why::Repository));
            }
            let above = self.open.last().map_or(&self.root, |(_, pair)| pair);
            let path = path_of(name);
            let from = rustix::fs::openat(&above.from, &path, FOLDER, Mode::empty()).map_err(unreadable)?;
            let is_new = match rustix::fs::mkdirat(&above.to, &path, Mode::RWXU) {
                Ok(()) => true,
                Err(Errno::EXIST) => false,
                Err(error) => return Err(Stop::Failed(error.into())),
            };
            let to = rustix::fs::openat(&above.to, &path, FOLDER, Mode::empty()).map_err(|error| match error {
                Errno::LOOP | Errno::NOTDIR | Errno::NOENT => Stop::PassOver(Why::LeadsOut),
                error => Stop::Failed(error.into()),
            })?;
            if is_new {
                let mode = rustix::fs::fstat(&from).map_err(unreadable)?.st_mode;
                // What its owner could not write to could not be removed again either.
                let mode = Mode::from_raw_mode(mode & 0o777) | Mode::RWXU;
                rustix::fs::fchmod(&to, mode).map_err(|error| Stop::Failed(error.into()))?;
            }
            self.open.push(((*name).to_owned(), Pair { from, to }));
        }
        Ok(())
    }

    fn copy_entry(&mut self, name: &BStr, copied: &mut Copied) -> Result<(), Stop> {
        let pair = self.open.last().map_or(&self.root, |(_, pair)| pair);
        let path = path_of(name);
        let from = match rustix::fs::openat(&pair.from, &path, READ, Mode::empty()) {
            Ok(from) => File::from(from),
            // Linux and macOS say LOOP of a link, FreeBSD MLINK.
            Err(Errno::LOOP | Errno::MLINK) => {
                let target = rustix::fs::readlinkat(&pair.from, &path, Vec::new()).map_err(unreadable)?;
                rustix::fs::symlinkat(&*target, &pair.to, &path).map_err(not_made)?;
                copied.files += 1;
                return Ok(());
            }
            Err(error) => return Err(unreadable(error)),
        };
        let data = from.metadata().map_err(|error| Stop::PassOver(Why::Unreadable { reason: error.to_string() }))?;
        if !data.is_file() {
            return Err(Stop::PassOver(Why::Unreadable { reason: "it is no plain file".to_owned() }));
        }
        let to = rustix::fs::openat(&pair.to, &path, MAKE, Mode::RUSR | Mode::WUSR).map_err(not_made)?;
        let to = File::from(to);
        let is_shared = self.can_share && data.len() > 0 && share(&from, &to, &mut self.can_share);
        if !is_shared && let Err(error) = io::copy(&mut &from, &mut &to) {
            // Half of a file is none.
            let pair = self.open.last().map_or(&self.root, |(_, pair)| pair);
            rustix::fs::unlinkat(&pair.to, &path, AtFlags::empty()).ok();
            return Err(Stop::Failed(error));
        }
        to.set_permissions(Permissions::from_mode(data.mode() & 0o777)).map_err(Stop::Failed)?;
        if let Ok(modified) = data.modified() {
            to.set_times(FileTimes::new().set_modified(modified)).map_err(Stop::Failed)?;
        }
        copied.files += 1;
        copied.bytes += data.len();
        copied.shared += usize::from(is_shared);
        Ok(())
    }
}

/// How one file ends that is not copied.
enum Stop {
    PassOver(Why),
    Failed(io::Error),
}

/// Something here that cannot be opened. That is nobody's fault there.
fn unreadable(error: Errno) -> Stop {
    Stop::PassOver(match error {
        Errno::NOENT | Errno::LOOP | Errno::NOTDIR => Why::Gone,
        error => Why::Unreadable { reason: io::Error::from(error).to_string() },
    })
}

fn not_made(error: Errno) -> Stop {
    match error {
        Errno::EXIST => Stop::PassOver(Why::Exists),
        error => Stop::Failed(error.into()),
    }
}

/// Let both have the same blocks until one of them is written to. `can_share` is cleared where that never works.
#[cfg(target_os = "linux")]
fn share(from: &File, to: &File, can_share: &mut bool) -> bool {
    match rustix::fs::ioctl_ficlone(to.as_fd(), from.as_fd()) {
        Ok(()) => true,
        Err(Errno::OPNOTSUPP | Errno::XDEV | Errno::NOTTY | Errno::NOSYS | Errno::PERM) => {
            *can_share = false;
            false
        }
        Err(_) => false,
    }
}

/// Elsewhere a file is shared by making it, which could not say that it must be new.
#[cfg(not(target_os = "linux"))]
fn share(_: &File, _: &File, can_share: &mut bool) -> bool {
    *can_share = false;
    false
}

#[cfg(test)]
#[path = "copy_test.rs"]
mod tests;
