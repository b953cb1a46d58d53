//! Which ignored files a worktree had when it was made ready: copies, and what the setup wrote. As long as such a file
//! is what it was, it is nobody's work, and a cleanup need not keep the worktree for its sake. A copy that somebody has
//! changed is work, wherever it is.
//!
//! `<agents folder>/ready/<agent>`; where that cannot be read, everything is work.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use gix::bstr::{BStr, BString, ByteSlice};
use serde::{Deserialize, Serialize};

use crate::agent::AgentName;
use crate::git::repository::{path_of, path_text};
use crate::git::worktrees::Worktree;
use crate::git::{GitError, Repository};

/// The form of the file that this program writes and reads.
const VERSION: u32 = 1;
/// More single files than this are not noted.
const MOST: usize = 20_000;

/// What was there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Born {
    version: u32,
    files: BTreeMap<String, Print>,
    /// Those that are copies, in ignored folders too.
    #[serde(default)]
    included: Vec<String>,
}

/// Size, and time of the last change in seconds and nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Print(u64, i64, i64);

/// Note the ignored files of a worktree that is ready.
///
/// # Errors
/// git could not be asked. That the note cannot be written is no error: the files count as work then.
pub(super) fn note(
    repo: &Repository,
    agent: &AgentName,
    worktree: &Worktree,
    included: &[BString],
) -> Result<(), GitError> {
    // `git status` would read every file again: after a checkout all of them are as old as the index.
    let list = ["ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z"];
    let ignored = worktree.git().without_locks().args(list).stdout()?;
    let files = ignored.split_str("\0").filter(|path| !path.is_empty() && !path.ends_with(b"/"));
    let print = |path: &[u8]| Some((path_text(path.as_bstr()), print_of(&worktree.path, path.as_bstr())?));
    let included = &included[..included.len().min(MOST)];
    let all = files.take(MOST).chain(included.iter().map(|path| path.as_slice()));
    let files: BTreeMap<String, Print> = all.filter_map(print).collect();
    if !files.is_empty() {
        let included = included.iter().map(|path| path_text(path.as_ref())).collect();
        drop(write(&file(repo, agent), &Born { version: VERSION, files, included }));
    }
    Ok(())
}

impl Born {
    /// What is known of an agent's worktree.
    pub fn read(repo: &Repository, agent: &AgentName) -> Self {
        let text = std::fs::read(file(repo, agent)).unwrap_or_default();
        serde_json::from_slice(&text).ok().filter(|born: &Born| born.version == VERSION).unwrap_or_default()
    }

    /// The same for who has the name only as it is written in a request.
    pub(in crate::worktree) fn of(repo: &Repository, name: &str) -> Self {
        name.parse().map(|name| Born::read(repo, &name)).unwrap_or_default()
    }

    /// The copies that somebody has changed since, here and not in the main worktree at `main`.
    pub(in crate::worktree) fn changed(&self, main: &Path, top: &Path) -> Vec<BString> {
        // A name that is not text is written another way, and nothing is at it.
        let included = self.included.iter().map(|path| BString::from(path.as_str()));
        let is_work = |path: &BString| {
            let path = path.as_bstr();
            is_there(top, path) && !self.has(top, path) && !is_copy(main, top, path)
        };
        included.filter(is_work).collect()
    }

    /// Whether the file at `path` of the worktree `top` was there and is what it was.
    pub fn has(&self, top: &Path, path: &BStr) -> bool {
        let then = self.files.get(&path_text(path));
        then.is_some() && then == print_of(top, path).as_ref()
    }
}

/// Whether a file or a link is at `path` below `top`, and not behind a link.
fn is_there(top: &Path, path: &BStr) -> bool {
    let path = path_of(path);
    let above = path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
    let is_folder = |path: &Path| top.join(path).symlink_metadata().is_ok_and(|data| data.is_dir());
    top.join(&path).symlink_metadata().is_ok_and(|data| !data.is_dir()) && above.into_iter().all(is_folder)
}

/// Whether a file holds nothing but what the main worktree has at the same path: a copy, or the beginning of one.
pub(in crate::worktree) fn is_copy(main: &Path, made: &Path, path: &BStr) -> bool {
    let (here, there) = (made.join(path_of(path)), main.join(path_of(path)));
    let is_same_link =
        std::fs::read_link(&here).is_ok_and(|target| std::fs::read_link(&there).is_ok_and(|t| t == target));
    let is_file = |path: &Path| path.symlink_metadata().is_ok_and(|data| data.is_file());
    let begins_like = || -> std::io::Result<bool> {
        let (mut here, mut there) = (BufReader::new(File::open(&here)?), BufReader::new(File::open(&there)?));
        loop {
            let (ours, theirs) = (here.fill_buf()?, there.fill_buf()?);
            let length = ours.len().min(theirs.len());
            if ours.is_empty() {
                return Ok(true);
            }
            if length == 0 || ours[..length] != theirs[..length] {
                return Ok(false);
            }
            here.consume(length);
            there.consume(length);
        }
    };
    is_same_link || (is_file(&here) && is_file(&there) && begins_like().unwrap_or(false))
}

/// The worktree is gone, or never was.
pub(super) fn forget(repo: &Repository, agent: &AgentName) {
    drop(std::fs::remove_file(file(repo, agent)));
}

fn print_of(top: &Path, path: &BStr) -> Option<Print> {
    let data = top.join(path_of(path)).symlink_metadata().ok()?;
    Some(Print(data.len(), data.mtime(), data.mtime_nsec()))
}

fn file(repo: &Repository, agent: &AgentName) -> PathBuf {
    repo.agents_dir().join("ready").join(agent.as_str())
}

fn write(path: &Path, born: &Born) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder)?;
    let mut draft = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&mut draft, born)?;
    draft.persist(path).map_err(|error| error.error)?;
    Ok(())
}
