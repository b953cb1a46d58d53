//! The lock that the processes of one clone queue on to talk to remotes. Whoever holds it pushes everything that waits.
//!
//! It is an operating system's file lock, so it ends with its holder. What makes a sync safe is the compare-and-swap of
//! every ref; the lock saves hosts from ten pushes where one does.
//!
//! A holder or a git of its own that was killed may have left a ref's `.lock` file, which would stop git and us for ever:
//! the next holder clears those of the refs that only holders move. While somebody holds it, the file says so: whoever
//! finds the note looks after the packed refs, too.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use super::{Remote, SyncError};
use crate::git::refs::{self, RefError};
use crate::git::{Repository, stale};

/// The lock, held until dropped.
#[derive(Debug)]
pub(super) struct SyncLock {
    file: File,
}

impl SyncLock {
    /// Wait for it until `give_up`.
    pub(super) fn acquire(repo: &Repository, remote: &Remote, give_up: Instant) -> Result<Self, SyncError> {
        let folder = repo.agents_dir();
        let path = folder.join("sync.lock");
        let failed = |error: std::io::Error| SyncError::Io { path: path.clone(), reason: error.to_string() };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < give_up => {
                    std::thread::sleep(Duration::from_millis(fastrand::u64(2..20)));
                }
                Err(TryLockError::WouldBlock) => return Err(SyncError::Busy { path }),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        let mut lock = SyncLock { file };
        let mut note = String::new();
        if lock.file.read_to_string(&mut note).is_ok() && !note.is_empty() {
            stale::clear_packed_refs(repo);
        }
        // Only a holder moves these refs, so a lock of theirs that is no living git's was left behind, by a holder or by a
        // child of one. It is empty, or holds what the ref was to become.
        let is_ours = |content: &[u8]| content.trim_ascii_end().iter().all(u8::is_ascii_hexdigit);
        for name in [remote.accepted_ref(), remote.incoming_ref()] {
            let path = refs::lock_path(repo, &name);
            if !stale::clear(repo, &path, is_ours) {
                return Err(RefError::Locked { name, path }.into());
            }
        }
        lock.note("busy\n").map_err(failed)?;
        Ok(lock)
    }

    fn note(&mut self, text: &str) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(text.as_bytes())
    }
}

impl Drop for SyncLock {
    fn drop(&mut self) {
        drop(self.note(""));
    }
}
