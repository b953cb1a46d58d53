//! What a run has written: its last lines, and what comes while somebody looks.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;

use super::folder::{Folder, Stream, open_plain};

/// More than this is not held in memory to find the last lines.
const MOST: u64 = 64 << 20;
const AT_ONCE: usize = 64 << 10;

/// Both files of a stream, the older one first, from where the last `lines` begin; all of it without a number.
///
/// # Errors
/// A file is there and cannot be read.
pub fn last(folder: &Folder, stream: Stream, lines: Option<usize>) -> io::Result<Vec<u8>> {
    let newest = end_of(folder, stream, false)?;
    // Its first line may be the end of one that began in the older file.
    let is_enough = lines.is_some_and(|lines| beginning(&newest, lines) > 0);
    let older = if is_enough { Vec::new() } else { end_of(folder, stream, true)? };
    let mut all = [older, newest].concat();
    if let Some(lines) = lines {
        all.drain(..beginning(&all, lines));
    }
    Ok(all)
}

fn end_of(folder: &Folder, stream: Stream, older: bool) -> io::Result<Vec<u8>> {
    let path = if older { folder.older_log(stream) } else { folder.log(stream) };
    let mut file = match open_plain(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MOST)))?;
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Where the last so many lines begin.
fn beginning(bytes: &[u8], lines: usize) -> usize {
    if lines == 0 {
        return bytes.len();
    }
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let breaks = body.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
    breaks.map(|(at, _)| at + 1).nth(lines - 1).unwrap_or(0)
}

/// Reads a stream while it is written, also when its file is moved away and another one begun.
#[derive(Debug)]
pub struct Follow {
    folder: Folder,
    stream: Stream,
    open: Option<File>,
}

impl Follow {
    /// From the end of what is there now, after giving the last `lines` of it.
    ///
    /// # Errors
    /// What is there cannot be read.
    pub fn begin(folder: &Folder, stream: Stream, lines: Option<usize>) -> io::Result<(Self, Vec<u8>)> {
        let mut follow = Follow { folder: folder.clone(), stream, open: None };
        // What is moved away in this moment is read from the file that we hold.
        let older = if lines == Some(0) { Vec::new() } else { end_of(folder, stream, true)? };
        let mut all = older;
        if follow.reopen()? {
            follow.read(&mut all)?;
        }
        if let Some(lines) = lines {
            all.drain(..beginning(&all, lines));
        }
        Ok((follow, all))
    }

    /// What has come since; nothing when nothing has.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn more(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read(&mut bytes)?;
        // Only when all of the old one was read, the new one begins.
        if bytes.is_empty() && self.is_moved() && self.reopen()? {
            self.read(&mut bytes)?;
        }
        Ok(bytes)
    }

    fn reopen(&mut self) -> io::Result<bool> {
        match open_plain(&self.folder.log(self.stream)) {
            Ok(file) => {
                self.open = Some(file);
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn is_moved(&self) -> bool {
        let Some(open) = self.open.as_ref().and_then(|file| file.metadata().ok()) else { return true };
        let there = self.folder.log(self.stream).symlink_metadata();
        there.is_ok_and(|there| (there.dev(), there.ino()) != (open.dev(), open.ino()))
    }

    fn read(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        let Some(file) = &mut self.open else { return Ok(()) };
        let mut buffer = vec![0; AT_ONCE];
        while (bytes.len() as u64) < MOST {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(length) => bytes.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let made = tempfile::tempdir().unwrap();
        let folder = Folder::at(made.path());
        (made, folder)
    }

    #[test]
    fn the_last_lines_may_be_in_the_older_file() {
        let (_made, folder) = folder();
        let now = |lines| String::from_utf8(last(&folder, Stream::Out, lines).unwrap()).unwrap();
        assert_eq!(now(None), "");
        std::fs::write(folder.older_log(Stream::Out), "1\n2\n3").unwrap();
        std::fs::write(folder.log(Stream::Out), "3\n4\n5\n").unwrap();
        assert_eq!(now(None), "1\n2\n33\n4\n5\n");
        assert_eq!(now(Some(1)), "5\n");
        assert_eq!(now(Some(2)), "4\n5\n");
        assert_eq!(now(Some(3)), "33\n4\n5\n", "the first line there may be the end of one");
        assert_eq!(now(Some(4)), "2\n33\n4\n5\n");
        assert_eq!(now(Some(100)), "1\n2\n33\n4\n5\n");
        assert_eq!(now(Some(0)), "");
    }

    #[test]
    fn whoever_follows_misses_nothing_when_files_are_moved() {
        let (_made, folder) = folder();
        let (log, older) = (folder.log(Stream::Out), folder.older_log(Stream::Out));
        let (mut follow, first) = Follow::begin(&folder, Stream::Out, None).unwrap();
        assert!(first.is_empty() && follow.more().unwrap().is_empty());
        std::fs::write(&log, "a\n").unwrap();
        assert_eq!(follow.more().unwrap(), b"a\n");
        let mut open = std::fs::OpenOptions::new().append(true).open(&log).unwrap();
        io::Write::write_all(&mut open, b"b\n").unwrap();
        std::fs::rename(&log, &older).unwrap();
        std::fs::write(&log, "c\n").unwrap();
        assert_eq!(follow.more().unwrap(), b"b\n");
        assert_eq!(follow.more().unwrap(), b"c\n");
        let (_, last) = Follow::begin(&folder, Stream::Out, Some(2)).unwrap();
        assert_eq!(last, b"b\nc\n");
    }
}
