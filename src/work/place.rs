//! Where an agent's worktree is meant to be in this clone: `$GIT_COMMON_DIR/agents/worktrees/<name>`.
//!
//! A note beside the truth, which is git's own list: it tells a worktree that is gone from one that never was, and an
//! agent that wants none. Losing it loses nothing.

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use gix::ObjectId;

use crate::agent::{Agent, AgentName};
use crate::git::Repository;
use crate::git::worktrees::{Worktree, canonical};

/// What is known about where an agent works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// It wants no worktree.
    Nowhere,
    /// It was given a worktree here.
    At(PathBuf),
}

/// How an agent's worktree stands, by git's list and by what was noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing<'w> {
    /// It has none in this clone.
    Nowhere,
    /// Here, with its branch.
    At(&'w Worktree),
    /// The worktree is where it was, and has another branch checked out, or none.
    Elsewhere(&'w Worktree),
    /// Something else is where it was: another repository, a folder without its `.git`, a file.
    Replaced {
        /// Where.
        path: PathBuf,
        /// Only its `.git` is gone, which `git worktree repair` makes again.
        is_repairable: bool,
    },
    /// Nothing is where it was.
    Missing {
        /// Where.
        path: PathBuf,
        /// What git still knows of it.
        known: Option<&'w Worktree>,
    },
}

/// How the worktree of `agent` stands; `all` is git's list.
pub fn standing<'w>(repo: &Repository, all: &'w [Worktree], agent: &Agent) -> Standing<'w> {
    let branch = format!("refs/heads/{}", agent.branch);
    let mut holders = all.iter().filter(|worktree| worktree.holds(&branch)).peekable();
    let first = holders.peek().copied();
    if let Some(intact) = holders.find(|worktree| worktree.is_intact()) {
        return Standing::At(intact);
    }
    let path = match (first, read(repo, &agent.name)) {
        (Some(holder), _) => holder.path.clone(),
        (None, Some(Place::At(path))) => canonical(&path),
        (None, Some(Place::Nowhere) | None) => return Standing::Nowhere,
    };
    let known = first.or_else(|| all.iter().find(|worktree| worktree.path == path));
    let is_empty = || path.read_dir().is_ok_and(|mut entries| entries.next().is_none());
    match known {
        Some(known) if known.is_intact() => Standing::Elsewhere(known),
        _ if path.symlink_metadata().is_err() || (known.is_none() && is_empty()) => Standing::Missing { path, known },
        known => {
            let is_repairable = known.is_some() && path.is_dir() && path.join(".git").symlink_metadata().is_err();
            Standing::Replaced { path, is_repairable }
        }
    }
}

/// What the worktree of an agent has checked out in the place of its branch: what is done there is not on the branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Astray {
    /// Where the worktree is.
    pub path: PathBuf,
    /// The other branch, without `refs/heads/`; none for a detached HEAD.
    pub branch: Option<String>,
}

/// Whether the worktree of `agent` is where it was and has something else checked out; `all` is git's list.
pub fn astray(repo: &Repository, all: &[Worktree], agent: &Agent) -> Option<Astray> {
    let Standing::Elsewhere(worktree) = standing(repo, all, agent) else { return None };
    let short = |name: &String| name.strip_prefix("refs/heads/").unwrap_or(name).to_owned();
    Some(Astray { path: worktree.path.clone(), branch: worktree.branch.as_ref().map(short) })
}

/// The last commit that HEAD of `worktree` was at: where a branch was that was deleted under it.
pub fn last_commit(worktree: &Worktree) -> Option<ObjectId> {
    let log = std::fs::read(worktree.git_dir.as_ref()?.join("logs/HEAD")).ok()?;
    let text = String::from_utf8_lossy(&log);
    let after = |line: &str| ObjectId::from_hex(line.split(' ').nth(1)?.as_bytes()).ok();
    text.lines().rev().filter_map(after).find(|id| !id.is_null())
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

/// Forget it, and what was noted of its task; its ports are free.
pub fn forget(repo: &Repository, agent: &AgentName) {
    crate::worktree::ready::forget(repo, agent);
    drop(std::fs::remove_file(file(repo, agent)));
    super::leases::forget(repo, agent);
    super::taken::forget(repo, agent);
}

fn file(repo: &Repository, agent: &AgentName) -> PathBuf {
    repo.agents_dir().join("worktrees").join(agent.as_str())
}

#[cfg(test)]
#[path = "place_test.rs"]
mod tests;
