//! The lock that writers on one machine queue on.
//!
//! It is an operating system's file lock, so it ends with its holder, however that ends. It is for throughput and for
//! cleaning up; what makes a write safe is the compare-and-swap on the ref.
//!
//! While a holder swaps refs, the file says so. A holder that was killed in that moment may have left the ref's own
//! `.lock` file, which would stop git and us for ever: the next holder finds the note and clears it.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};

use super::StoreError;
use super::layout::STATE_REF;
use crate::git::{Repository, refs, stale};

/// The lock, held until dropped.
#[derive(Debug)]
pub struct StoreLock {
    file: File,
}

impl StoreLock {
    /// Wait for the lock.
    ///
    /// # Errors
    /// The file cannot be made or locked (a read-only repository, a full disk).
    pub fn acquire(repo: &Repository) -> Result<Self, StoreError> {
        let folder = repo.agents_dir();
        let path = folder.join("lock");
        let failed = |error: std::io::Error| StoreError::Write { reason: format!("{}: {error}", path.display()) };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        file.lock().map_err(failed)?;
        let mut lock = StoreLock { file };
        if lock.left_in_a_swap() {
            // What we leave is empty, or holds what the ref was to become.
            let is_ours = |content: &[u8]| content.trim_ascii_end().iter().all(u8::is_ascii_hexdigit);
            stale::clear(repo, &refs::lock_path(repo, STATE_REF), is_ours);
            stale::clear_packed_refs(repo);
            lock.swapping(false)?;
        }
        Ok(lock)
    }

    /// Note that refs are about to be swapped, or that they have been.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn swapping(&mut self, yes: bool) -> Result<(), StoreError> {
        let note = |file: &mut File| {
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(if yes { b"swapping\n" } else { b"" })
        };
        note(&mut self.file).map_err(|error| StoreError::Write { reason: error.to_string() })
    }

    fn left_in_a_swap(&mut self) -> bool {
        let mut text = String::new();
        self.file.read_to_string(&mut text).is_ok() && !text.is_empty()
    }
}
