//! Which chain of each remote was accepted last: a small file of this clone for each remote that was ever met.
//!
//! A ref holds the same, so that nothing of it is collected as garbage. But a plain fetch into a mirror moves or deletes
//! any ref, to whatever the remote has under its name, and what was accepted is what nothing is asked of again. The file
//! is written first: after a kill it is the one that is right.

use std::io::Write;
use std::path::PathBuf;

use gix::ObjectId;

use super::integrate::move_remembered;
use super::remote::{ACCEPTED_FOLDER, told_by};
use super::{Remote, SyncError};
use crate::git::{Repository, refs};
use crate::world::World;

/// The tip of the remote's chain as it was accepted last; none where it never was, or is not here any more.
pub fn accepted(repo: &Repository, remote: &str) -> Option<ObjectId> {
    let text = std::fs::read_to_string(file(repo, remote)).ok()?;
    let tip = ObjectId::from_hex(text.trim().as_bytes()).ok()?;
    repo.gix().has_object(tip).then_some(tip)
}

/// The remotes whose chain was ever accepted, by name.
pub(super) fn names(repo: &Repository) -> Vec<String> {
    let Ok(folder) = folder(repo).read_dir() else {
        // All that is ours here is gone. That there was somebody is still known, and nothing of what they had.
        let refs = refs::list(repo, ACCEPTED_FOLDER).unwrap_or_default();
        return refs.iter().filter_map(|(name, _)| told_by(ACCEPTED_FOLDER, name).map(str::to_owned)).collect();
    };
    let mut names: Vec<String> =
        folder.flatten().filter_map(|entry| Some(unescaped(entry.file_name().to_str()?))).collect();
    names.sort();
    names
}

/// Note what was accepted, or that nothing is.
pub(super) fn note(repo: &Repository, remote: &str, tip: Option<ObjectId>) -> Result<(), SyncError> {
    let path = file(repo, remote);
    let write = || {
        std::fs::create_dir_all(folder(repo))?;
        // Beside the folder: whatever is in it is a remote.
        let mut new = tempfile::NamedTempFile::new_in(repo.agents_dir())?;
        writeln!(new, "{}", tip.map(|tip| tip.to_string()).unwrap_or_default())?;
        new.persist(&path).map_err(|error| error.error)
    };
    write().map(drop).map_err(|error| SyncError::Io { path: path.clone(), reason: error.to_string() })
}

/// Have the ref hold what the file says, whatever has become of it.
pub(super) fn hold(repo: &Repository, world: &World, remote: &Remote) -> Result<(), SyncError> {
    let Some(tip) = accepted(repo, &remote.name) else { return Ok(()) };
    let name = remote.accepted_ref();
    let now = refs::read(repo, &name)?;
    move_remembered(repo, world, &name, now, Some(tip), "sync: what was accepted")
}

fn folder(repo: &Repository) -> PathBuf {
    repo.agents_dir().join("accepted")
}

fn file(repo: &Repository, remote: &str) -> PathBuf {
    folder(repo).join(remote.replace('%', "%25").replace('/', "%2f"))
}

fn unescaped(name: &str) -> String {
    name.replace("%2f", "/").replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_file_and_comes_back() {
        for name in ["origin", "a/b", "a%2fb", "100%", "%25"] {
            let escaped = name.replace('%', "%25").replace('/', "%2f");
            assert!(!escaped.contains('/'));
            assert_eq!(unescaped(&escaped), name);
        }
    }
}
