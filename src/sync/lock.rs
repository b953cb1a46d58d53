//! The lock that the processes of one clone queue on to talk to remotes. Whoever holds it pushes everything that waits.
//!
//! It is an operating system's file lock, so it ends with its holder. What makes a sync safe is the compare-and-swap of
//! every ref; the lock saves hosts from ten pushes where one does.

use std::fs::{File, OpenOptions, TryLockError};
use std::time::{Duration, Instant};

use super::{Remote, SyncError};
use crate::git::{Repository, refs, stale};

/// The lock, held until dropped.
#[derive(Debug)]
pub(super) struct SyncLock {
    _file: File,
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
        // Only a holder moves these refs, so a lock on them is what a killed one left.
        let is_ours = |content: &[u8]| content.trim_ascii_end().iter().all(u8::is_ascii_hexdigit);
        for name in [remote.accepted_ref(), remote.incoming_ref()] {
            stale::clear(repo, &refs::lock_path(repo, &name), is_ours);
        }
        Ok(SyncLock { _file: file })
    }
}
