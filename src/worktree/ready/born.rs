//! Which ignored files a worktree had when it was made ready: copies, and what the setup wrote. As long as such a file
//! is what it was, it is nobody's work, and a cleanup need not keep the worktree for its sake.
//!
//! `<agents folder>/ready/<agent>`; where that cannot be read, everything is work.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use gix::bstr::{BStr, ByteSlice};
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
}

/// Size, and time of the last change in seconds and nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Print(u64, i64, i64);

/// Note the ignored files of a worktree that is ready.
///
/// # Errors
/// git could not be asked. That the note cannot be written is no error: the files count as work then.
pub(super) fn note(repo: &Repository, agent: &AgentName, worktree: &Worktree) -> Result<(), GitError> {
    // `git status` would read every file again: after a checkout all of them are as old as the index.
    let list = ["ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z"];
    let ignored = worktree.git().without_locks().args(list).stdout()?;
    let files = ignored.split_str("\0").filter(|path| !path.is_empty() && !path.ends_with(b"/"));
    let print = |path: &[u8]| Some((path_text(path.as_bstr()), print_of(&worktree.path, path.as_bstr())?));
    let files: BTreeMap<String, Print> = files.take(MOST).filter_map(print).collect();
    if !files.is_empty() {
        drop(write(&file(repo, agent), &Born { version: VERSION, files }));
    }
    Ok(())
}

impl Born {
    /// What is known of an agent's worktree.
    pub fn read(repo: &Repository, agent: &AgentName) -> Self {
        let text = std::fs::read(file(repo, agent)).unwrap_or_default();
        serde_json::from_slice(&text).ok().filter(|born: &Born| born.version == VERSION).unwrap_or_default()
    }

    /// Whether the file at `path` of the worktree `top` was there and is what it was.
    pub fn has(&self, top: &Path, path: &BStr) -> bool {
        let then = self.files.get(&path_text(path));
        then.is_some() && then == print_of(top, path).as_ref()
    }
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
