//! The files of a run: written whole or not at all, and read as what somebody else may have written.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::folder::open_plain;

/// What a file says.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact<T> {
    /// There is no such file, or nothing has been written into the room that was kept for it.
    Absent,
    /// This.
    Known(T),
    /// Something is there that cannot be read, for this reason.
    Unreadable(String),
}

impl<T> Fact<T> {
    /// What is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Fact::Known(value) => Some(value),
            Fact::Absent | Fact::Unreadable(_) => None,
        }
    }

    /// Something is there that cannot be read.
    pub fn is_unreadable(&self) -> bool {
        matches!(self, Fact::Unreadable(_))
    }
}

/// No record is larger: a command line has at most two megabytes.
const LARGEST: u64 = 8 << 20;
/// The room that is kept for a record which is written when the disk may be full.
const ROOM: usize = 4096;

/// Read a record. Whatever is wrong with it is [`Fact::Unreadable`].
pub fn read<T: DeserializeOwned>(path: &Path) -> Fact<T> {
    let bytes = match read_bytes(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Fact::Absent,
        Err(error) => return Fact::Unreadable(error.to_string()),
    };
    // Room that is only kept, as it is written or as a file system shows it that has lost what was written.
    if bytes.iter().all(|byte| *byte == b' ' || *byte == 0) {
        return Fact::Absent;
    }
    match serde_json::from_slice(&bytes) {
        Ok(value) => Fact::Known(value),
        Err(error) => Fact::Unreadable(error.to_string()),
    }
}

/// The content of a regular file that is not too large.
fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let file = open_plain(path)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST { Err(io::Error::other("it is too large")) } else { Ok(bytes) }
}

/// Write a record by renaming, so that it is there whole or not at all.
///
/// # Errors
/// It could not be written; what was there before still is.
pub fn write<T: Serialize>(path: &Path, record: &T) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(&serde_json::to_vec(record)?)?;
        drop(file);
        std::fs::rename(&beside, path)
    })();
    if written.is_err() {
        drop(std::fs::remove_file(&beside));
    }
    written
}

/// A record for which room is kept from the beginning: writing it needs none any more.
#[derive(Debug)]
pub struct Reserved {
    file: File,
}

impl Reserved {
    /// Keep the room.
    ///
    /// # Errors
    /// There is none.
    pub fn make(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        file.write_all_at(&[b' '; ROOM], 0)?;
        Ok(Reserved { file })
    }

    /// Whether somebody has deleted it, which moving it is not.
    pub fn is_deleted(&self) -> bool {
        self.file.metadata().is_ok_and(|data| data.nlink() == 0)
    }

    /// Write the record over what is there, in one call.
    ///
    /// # Errors
    /// It has no room, or the disk does not do as it is told.
    pub fn write<T: Serialize>(&self, record: &T) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(record)?;
        if bytes.len() > ROOM {
            return Err(io::Error::other("the record is larger than its room"));
        }
        bytes.resize(ROOM, b' ');
        self.file.write_all_at(&bytes, 0)
    }
}

/// Write a record over room that was kept for it.
///
/// # Errors
/// There is none, or the record has no room in it.
pub fn overwrite<T: Serialize>(path: &Path, record: &T) -> io::Result<()> {
    Reserved { file: OpenOptions::new().write(true).open(path)? }.write(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::record::{Report, Reported};

    #[test]
    fn what_is_no_record_is_told_and_harms_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        let now = |path: &Path| read::<Report>(path);
        assert_eq!(now(&path), Fact::Absent);
        for bad in [&b"{"[..], b"{\"state\":\"waiting\"", b"\xff\xfe", b"[]", b"{\"state\":\"dead\",\"at\":1}", &[0, 1]]
        {
            std::fs::write(&path, bad).unwrap();
            assert!(now(&path).is_unreadable(), "{bad:?}");
        }
        std::fs::write(&path, vec![b'['; 200_000]).unwrap();
        assert!(now(&path).is_unreadable(), "deep nesting is an error, not a crash");
        std::fs::remove_file(&path).unwrap();
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(now(&path).is_unreadable(), "a pipe is not waited for");
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
        assert!(now(&path).is_unreadable());
        assert!(now(folder.path()).is_unreadable());
        std::fs::remove_file(&path).unwrap();
        let report = Report { state: Reported::Waiting, text: None, at: chrono::DateTime::UNIX_EPOCH };
        write(&path, &report).unwrap();
        assert_eq!(now(&path), Fact::Known(report));
    }

    #[test]
    fn room_that_is_kept_says_nothing_until_it_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ended.json");
        let reserved = Reserved::make(&path).unwrap();
        assert_eq!(read::<Report>(&path), Fact::Absent);
        let report = Report { state: Reported::Working, text: Some("x".repeat(300)), at: chrono::DateTime::UNIX_EPOCH };
        reserved.write(&report).unwrap();
        assert_eq!(read(&path), Fact::Known(report.clone()));
        let short = Report { text: None, ..report };
        reserved.write(&short).unwrap();
        assert_eq!(read(&path), Fact::Known(short));
        assert_eq!(path.metadata().unwrap().len(), ROOM as u64);
        let large = Report { text: Some("x".repeat(5000)), state: Reported::Working, at: chrono::DateTime::UNIX_EPOCH };
        assert!(reserved.write(&large).is_err());
    }
}
