//! What dead processes leave behind: lock files, journal entries, temporary folders.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::Ailment;
use crate::git::stale;
use crate::git::{Repository, refs, worktrees};
use crate::store::{self, STATE_REF, Scope};
use crate::work::recover;
use crate::worktree::journal;
use crate::world::World;

/// A temporary folder of ours that nothing has touched for so long belongs to nobody any more.
const TEMPORARY_AGE: Duration = Duration::from_secs(60 * 60);

/// Lock files on refs and indexes that this program or its children move.
pub(super) fn locks(repo: &Repository, mend: bool) -> Vec<Ailment> {
    let mut candidates: Vec<PathBuf> = vec![
        refs::lock_path(repo, STATE_REF),
        repo.common_dir().join("packed-refs.lock"),
        repo.common_dir().join("config.lock"),
        repo.common_dir().join("HEAD.lock"),
        repo.common_dir().join("index.lock"),
    ];
    if let Ok(snapshot) = store::load(repo, &Scope::open()) {
        let branches = snapshot.state.agents.values().map(|agent| format!("refs/heads/{}", agent.branch));
        candidates.extend(branches.map(|branch| refs::lock_path(repo, &branch)));
    }
    if let Ok(target) = crate::config::target(repo) {
        candidates.push(refs::lock_path(repo, &target.full_name()));
    }
    for git_dir in worktrees::list(repo).unwrap_or_default().into_iter().filter_map(|worktree| worktree.git_dir) {
        candidates.extend([git_dir.join("index.lock"), git_dir.join("HEAD.lock")]);
    }
    candidates.extend(locks_below(&repo.common_dir().join("refs/agents-local")));
    candidates.sort();
    candidates.dedup();
    candidates.into_iter().filter_map(|lock| examine_lock(repo, &lock, mend)).collect()
}

/// The locks of the refs of a folder: of what remotes have, and of backups. No ref's name ends like theirs.
fn locks_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = folder.read_dir() else { return Vec::new() };
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) =
        entries.flatten().map(|entry| entry.path()).partition(|path| path.is_dir() && !path.is_symlink());
    let locks = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "lock"));
    locks.chain(folders.iter().flat_map(|folder| locks_below(folder))).collect()
}

fn examine_lock(repo: &Repository, lock: &Path, mend: bool) -> Option<Ailment> {
    // A living process holds its lock for moments: one that changes, goes away or is open is no leftover.
    if !lock.exists() || !stale::wait_until_still(repo, lock) || stale::is_open(lock) {
        return None;
    }
    if !is_dead(lock) {
        // git closes an index.lock while an editor or a hook runs, so one that is filled may be alive.
        let message = format!("{} is held by a git that is running, or was left by one that died", lock.display());
        let hint = format!("rm '{}'   (when no git command runs there)", lock.display());
        return Some(Ailment::warning("lock", message).hint(hint));
    }
    let removed = mend && std::fs::remove_file(lock).is_ok();
    let message = format!("{} was left by a process that died", lock.display());
    Some(Ailment::error("stale-lock", message).fixed(removed))
}

/// Whether a lock that nobody has open and that has not changed for a while can only be dead: a ref's, whose holder
/// never pauses, or an index's that nothing was written to.
fn is_dead(lock: &Path) -> bool {
    let is_index = lock.file_name().is_some_and(|name| name == "index.lock");
    !is_index || lock.metadata().is_ok_and(|data| data.len() == 0)
}

/// Commands that were interrupted.
pub(super) fn journal(repo: &Repository, world: &World, mend: bool) -> Vec<Ailment> {
    if !mend {
        let left = match journal::abandoned(repo) {
            Ok(left) => left,
            Err(error) => return vec![Ailment::error("journal", error.to_string())],
        };
        let told =
            |entry: &journal::Entry| format!("a {} was interrupted ({})", entry.kind.replace('-', " "), entry.id);
        return left.iter().map(|entry| Ailment::error("interrupted", told(entry)).fixed(false)).collect();
    }
    match recover::recover(repo, world) {
        Ok(told) => {
            let done =
                told.iter().flat_map(|one| &one.done).map(|line| Ailment::error("interrupted", line).fixed(true));
            let remains = told.iter().flat_map(|one| &one.remains);
            done.chain(remains.map(|line| Ailment::error("interrupted", line).hint("git worktree list"))).collect()
        }
        Err(error) => vec![Ailment::error("interrupted", error.to_string()).hint("git worktree list")],
    }
}

/// Our own temporary folders that nobody uses any more.
pub(super) fn temporary(repo: &Repository, mend: bool) -> Vec<Ailment> {
    let folder = repo.agents_dir().join("tmp");
    let Ok(entries) = folder.read_dir() else { return Vec::new() };
    let is_old = |path: &Path| {
        let modified = path.symlink_metadata().and_then(|data| data.modified()).ok();
        modified.and_then(|time| file_age(repo, time)).is_some_and(|age| age > TEMPORARY_AGE)
    };
    let old: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| is_old(path)).collect();
    if old.is_empty() {
        return Vec::new();
    }
    let remove =
        |path: &PathBuf| if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    let removed = mend && old.iter().all(|path| remove(path).is_ok());
    let message = format!("{} temporary folders of interrupted commands in {}", old.len(), folder.display());
    vec![Ailment::warning("temporary", message).fixed(removed)]
}

/// How old a file is by the file system's own clock.
fn file_age(repo: &Repository, modified: SystemTime) -> Option<Duration> {
    let now = tempfile::tempfile_in(repo.agents_dir()).ok()?.metadata().ok()?.modified().ok()?;
    now.duration_since(modified).ok()
}
