//! What the program writes, kept in two files of limited size: the newest, and what came before it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// One stream's files.
#[derive(Debug)]
pub(in crate::run) struct Log {
    path: PathBuf,
    older: PathBuf,
    /// None until something is written, and while none can be made.
    file: Option<File>,
    size: u64,
    limit: u64,
    /// The size of the older one.
    older_size: u64,
    /// How many bytes were given up for what came later.
    pub(in crate::run) rotated: u64,
    /// How many bytes could not be kept.
    pub(in crate::run) dropped: u64,
}

impl Log {
    pub(in crate::run) fn new(path: PathBuf, older: PathBuf, limit: u64) -> Self {
        Log { path, older, file: None, size: 0, limit: limit.max(1), older_size: 0, rotated: 0, dropped: 0 }
    }

    /// Keep what fits. What does not (a full disk) is counted, and the program goes on.
    pub(in crate::run) fn keep(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match self.write(bytes) {
                Ok(written) if written > 0 => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => {
                    self.dropped += bytes.len() as u64;
                    return;
                }
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.size >= self.limit {
            self.file = None;
            match std::fs::rename(&self.path, &self.older) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {
                    self.rotated += self.older_size;
                    self.older_size = std::mem::take(&mut self.size);
                }
            }
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?),
        };
        let room = usize::try_from(self.limit - self.size).unwrap_or(usize::MAX);
        let written = file.write(&bytes[..bytes.len().min(room)])?;
        self.size += written as u64;
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_files_of_limited_size_hold_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let (path, older) = (folder.path().join("log"), folder.path().join("log.1"));
        let mut log = Log::new(path.clone(), older.clone(), 10);
        log.keep(b"0123456");
        assert!(!older.exists());
        log.keep(b"789abcdefghijklmnopqrstuvwxyz");
        let read = |path: &PathBuf| std::fs::read_to_string(path).unwrap();
        assert_eq!((read(&older), read(&path)), ("klmnopqrst".to_owned(), "uvwxyz".to_owned()));
        assert_eq!((log.rotated, log.dropped), (20, 0));
        std::fs::remove_file(&path).unwrap();
        log.keep(b"0123456789");
        assert_eq!(log.dropped, 0, "whoever deletes it does no harm");
    }

    #[test]
    fn what_cannot_be_kept_is_counted() {
        let mut log = Log::new("/dev/full".into(), "/nowhere/x".into(), 100);
        log.keep(b"0123456789");
        assert_eq!(log.dropped, 10);
    }
}
