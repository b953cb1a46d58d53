//! Where an agent's worktree is meant to be in this clone: `$GIT_COMMON_DIR/agents/worktrees/<name>`.
//!
//! A note beside the truth, which is git's own list: it tells a worktree that is gone from one that never was, and an
//! agent that wants none. Losing it loses nothing.

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::agent::AgentName;
use crate::git::Repository;

/// What is known about where an agent works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// It wants no worktree.
    Nowhere,
    /// It was given a worktree here.
    At(PathBuf),
}

/// What was noted for `agent`; none when nothing was (another clone's agent).
pub fn read(repo: &Repository, agent: &AgentName) -> Option<Place> {
    let bytes = std::fs::read(file(repo, agent)).ok()?;
    match bytes.strip_suffix(b"\n").unwrap_or(&bytes) {
        b"" => Some(Place::Nowhere),
        path => Some(Place::At(PathBuf::from(OsStr::from_bytes(path)))),
    }
}

/// Note where `agent` works.
///
/// # Errors
/// The file cannot be written.
pub fn write(repo: &Repository, agent: &AgentName, place: Option<&Path>) -> std::io::Result<()> {
    let path = file(repo, agent);
    let folder = path.parent().unwrap_or(&path);
    std::fs::create_dir_all(folder)?;
    let mut bytes = place.map(|path| path.to_owned().into_os_string().into_vec()).unwrap_or_default();
    bytes.push(b'\n');
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    std::io::Write::write_all(&mut temporary, &bytes)?;
    temporary.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

/// Forget it.
pub fn forget(repo: &Repository, agent: &AgentName) {
    drop(std::fs::remove_file(file(repo, agent)));
}

fn file(repo: &Repository, agent: &AgentName) -> PathBuf {
    repo.agents_dir().join("worktrees").join(agent.as_str())
}
