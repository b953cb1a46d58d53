//! Lock files that a killed git left behind.
//!
//! git's locks carry no process id, so whether one is dead can only be inferred. A lock counts as abandoned when its
//! content is what our own child would have written, no process has it open (where the system tells), and it has not
//! changed for two seconds. Anything else stays: it may belong to somebody who has an editor open.

use std::path::Path;
use std::time::Duration;

use crate::git::Repository;

const STILL: Duration = Duration::from_secs(2);
/// Longer than any process keeps a temporary folder that it does not write to.
const FORGOTTEN: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Remove the lock if it is abandoned. `is_ours` judges its content. True when no lock is there any more.
pub(crate) fn clear(repo: &Repository, lock: &Path, is_ours: impl Fn(&[u8]) -> bool) -> bool {
    if !lock.exists() {
        return true;
    }
    if !wait_until_still(repo, lock) {
        return !lock.exists();
    }
    let Ok(content) = std::fs::read(lock) else { return !lock.exists() };
    if is_open(lock) || !is_ours(&content) {
        return false;
    }
    std::fs::remove_file(lock).is_ok() || !lock.exists()
}

/// Remove the lock of the packed refs if it is abandoned: git takes it to delete a ref, leaves it empty, and writes beside
/// it. True when no lock is there any more.
pub(crate) fn clear_packed_refs(repo: &Repository) -> bool {
    let (lock, beside) = (repo.common_dir().join("packed-refs.lock"), repo.common_dir().join("packed-refs.new"));
    if lock.exists() && beside.exists() && !wait_until_still(repo, &beside) && beside.exists() {
        return false;
    }
    clear(repo, &lock, |content| content.is_empty() || content.starts_with(b"# pack-refs"))
}

/// Delete what killed processes left in our own folder for temporary files.
pub(crate) fn sweep(repo: &Repository) {
    let Ok(entries) = repo.agents_dir().join("tmp").read_dir() else { return };
    let Some(now) = file_system_now(repo) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let changed = path.symlink_metadata().and_then(|data| data.modified()).ok();
        let age = changed.and_then(|changed| now.duration_since(changed).ok()).unwrap_or_default();
        if age > FORGOTTEN {
            drop(std::fs::remove_dir_all(&path).or_else(|_| std::fs::remove_file(&path)));
        }
    }
}

/// Wait until nothing has happened to the file or folder for two seconds. False when it is gone or keeps changing.
pub(crate) fn wait_until_still(repo: &Repository, path: &Path) -> bool {
    let changed = || path.symlink_metadata().and_then(|data| data.modified()).ok();
    for _ in 0..3 {
        let Some(before) = changed() else { return false };
        let age = file_system_now(repo).and_then(|now| now.duration_since(before).ok()).unwrap_or_default();
        if let Some(rest) = STILL.checked_sub(age) {
            std::thread::sleep(rest);
        }
        if changed() == Some(before) {
            return true;
        }
    }
    false
}

/// The time by which the file system stamps its files: only against that can their age be told.
fn file_system_now(repo: &Repository) -> Option<std::time::SystemTime> {
    let folder = repo.agents_dir();
    std::fs::create_dir_all(&folder).ok()?;
    tempfile::tempfile_in(folder).ok()?.metadata().ok()?.modified().ok()
}

/// Whether some process has the file open, as far as `/proc` exists and lets us see.
pub(crate) fn is_open(path: &Path) -> bool {
    let Ok(processes) = Path::new("/proc").read_dir() else { return false };
    let mut files = processes.flatten().filter_map(|process| process.path().join("fd").read_dir().ok()).flatten();
    files.any(|file| file.is_ok_and(|file| file.path().read_link().is_ok_and(|target| target == path)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::land::fixture::Fixture;

    #[test]
    fn only_what_is_old_is_swept() {
        let fixture = Fixture::new();
        let tmp = fixture.dir().join(".git/agents/tmp");
        let (old, new) = (tmp.join("scratch-old"), tmp.join("scratch-new"));
        for folder in [&old, &new] {
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(folder.join("file"), "").unwrap();
        }
        let week = std::fs::File::open(&old).unwrap();
        let then = old.metadata().unwrap().modified().unwrap() - 2 * FORGOTTEN;
        week.set_modified(then).unwrap();
        sweep(&fixture.open());
        assert!(!old.exists() && new.exists());
    }

    #[test]
    fn only_a_dead_lock_that_is_ours_is_removed() {
        let fixture = Fixture::new();
        let repo = fixture.open();
        let lock = fixture.dir().join(".git/index.lock");
        assert!(clear(&repo, &lock, |_| true));
        let open = std::fs::File::create(&lock).unwrap();
        assert!(!clear(&repo, &lock, <[u8]>::is_empty));
        drop(open);
        std::fs::write(&lock, "DIRC").unwrap();
        assert!(!clear(&repo, &lock, <[u8]>::is_empty));
        std::fs::write(&lock, "").unwrap();
        assert!(clear(&repo, &lock, <[u8]>::is_empty));
        assert!(!lock.exists());
    }
}
