//! What is under way, written down before it begins: `<agents folder>/journal/<id>.json`.
//!
//! An entry appears under its name whole and already locked by the process that it belongs to, and the lock goes with
//! the process, however it ends. So an entry that can be locked was left by a dead process, and whoever holds that
//! lock may finish or undo it. Who wrote it is no proof of anything, since numbers of processes are reused; it only tells
//! for how long a lock is worth waiting for.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use crate::git::Repository;
use crate::process::table;

/// The form of the entries that this program writes. Others are left alone.
const VERSION: u32 = 1;
/// What the name of an entry ends with while it is being written.
const DRAFT: &str = "tmp";
/// Longer than anybody takes to write an entry.
const FORGOTTEN: Duration = Duration::from_secs(60 * 60);
/// How long to wait before a lock is tried again.
const PAUSE: Duration = Duration::from_millis(2);

/// What can go wrong with the journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A file of it could not be read, written or locked.
    #[error("the journal at {} cannot be used: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What is to be done cannot be written down, because a path in it is not UTF-8.
    #[error("this cannot be written to the journal: {reason}")]
    Unwritable {
        /// What stood in the way.
        reason: String,
    },
    /// The id is not one that can name a file.
    #[error("{id:?} cannot be the id of an operation")]
    InvalidId {
        /// What was given.
        id: String,
    },
}

/// An entry that this process holds. Dropped without [`Entry::finish`], it stays for the next command to find.
#[derive(Debug)]
#[must_use = "an entry that is dropped at once looks like what a dead process left"]
pub struct Entry {
    path: PathBuf,
    file: File,
    /// Whose steps these are.
    pub id: String,
    /// What is being done; only the code that wrote it knows how to read the rest.
    pub kind: String,
    content: serde_json::Value,
}

#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    id: String,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<Writer>,
    content: serde_json::Value,
}

/// The process that wrote an entry.
#[derive(Serialize, Deserialize)]
struct Writer {
    pid: i32,
    /// When it was started, where the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start: Option<u64>,
}

impl Writer {
    fn ourselves() -> Option<Self> {
        let pid = i32::try_from(std::process::id()).ok()?;
        Some(Writer { pid, start: table::look_up(pid).map(|process| process.start) })
    }

    /// It is not there any more, as far as can be seen from here.
    fn is_gone(&self) -> bool {
        let nobody = Pid::from_raw(self.pid).is_none_or(|pid| test_kill_process(pid) == Err(Errno::SRCH));
        let is_it = |process: &table::Process| process.is_alive() && self.start == Some(process.start);
        nobody || table::look_up(self.pid).is_some_and(|process| !is_it(&process))
    }
}

impl Entry {
    /// Write down what is about to be done, durably.
    ///
    /// # Errors
    /// See [`JournalError`].
    pub fn begin(repo: &Repository, id: &str, kind: &str, content: &impl Serialize) -> Result<Self, JournalError> {
        let named = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if id.is_empty() || !id.bytes().all(named) {
            return Err(JournalError::InvalidId { id: id.to_owned() });
        }
        let folder = folder(repo);
        std::fs::create_dir_all(&folder).map_err(|source| JournalError::Io { path: folder.clone(), source })?;
        let path = folder.join(format!("{id}.json"));
        let content = to_value(content)?;
        let file = publish(&path, id, kind, &content)?;
        Ok(Entry { path, file, id: id.to_owned(), kind: kind.to_owned(), content })
    }

    /// Put other content in its place, durably and at once.
    ///
    /// # Errors
    /// See [`JournalError`]; the old content stays when there is one.
    pub fn update(&mut self, content: &impl Serialize) -> Result<(), JournalError> {
        let content = to_value(content)?;
        self.file = publish(&self.path, &self.id, &self.kind, &content)?;
        self.content = content;
        Ok(())
    }

    /// The file that it is in.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was written down; none when it is of another shape than expected.
    pub fn content<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_value(self.content.clone()).ok()
    }

    /// All of it is done, or all of it is undone.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn finish(self) -> Result<(), JournalError> {
        std::fs::remove_file(&self.path).map_err(|source| JournalError::Io { path: self.path.clone(), source })
    }
}

/// Whether there are any entries, of living or dead processes: one look into a folder. A draft is none.
///
/// # Errors
/// [`JournalError::Io`].
pub fn is_any(repo: &Repository) -> Result<bool, JournalError> {
    let path = folder(repo);
    match path.read_dir() {
        Ok(mut entries) => Ok(entries.any(|entry| entry.is_ok_and(|entry| is_entry(&entry.path())))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(JournalError::Io { path, source }),
    }
}

/// The entries that dead processes left, oldest id first. They are ours until they are dropped.
///
/// # Errors
/// [`JournalError::Io`].
pub fn abandoned(repo: &Repository) -> Result<Vec<Entry>, JournalError> {
    let folder = folder(repo);
    let failed = |source| JournalError::Io { path: folder.clone(), source };
    let entries = match folder.read_dir() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if is_entry(&path) {
            found.extend(take_over(&path).map_err(failed)?);
        } else if path.extension().is_some_and(|extension| extension == DRAFT) {
            forget_draft(&folder, &path);
        }
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(found)
}

/// A draft has its name for a moment; one that is old, by the file system's own clock, belongs to a process that was
/// killed.
fn forget_draft(folder: &Path, draft: &Path) {
    let now = tempfile::tempfile_in(folder).and_then(|file| file.metadata()?.modified()).ok();
    let written = draft.symlink_metadata().and_then(|data| data.modified()).ok();
    let age = now.zip(written).and_then(|(now, written)| now.duration_since(written).ok());
    if age.is_some_and(|age| age > FORGOTTEN) {
        drop(std::fs::remove_file(draft));
    }
}

fn is_entry(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json")
}

fn folder(repo: &Repository) -> PathBuf {
    repo.agents_dir().join("journal")
}

fn to_value(content: &impl Serialize) -> Result<serde_json::Value, JournalError> {
    serde_json::to_value(content).map_err(|error| JournalError::Unwritable { reason: error.to_string() })
}

/// Write a locked file beside the entry and give it the entry's name: nobody sees it incomplete or unlocked.
fn publish(path: &Path, id: &str, kind: &str, content: &serde_json::Value) -> Result<File, JournalError> {
    let (id, kind, by) = (id.to_owned(), kind.to_owned(), Writer::ourselves());
    let document = Document { version: VERSION, id, kind, by, content: content.clone() };
    let text =
        serde_json::to_vec_pretty(&document).map_err(|error| JournalError::Unwritable { reason: error.to_string() })?;
    let write = || {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut draft = tempfile::Builder::new().suffix(&format!(".{DRAFT}")).tempfile_in(folder)?;
        draft.as_file().lock()?;
        draft.write_all(&text)?;
        draft.as_file().sync_all()?;
        let file = draft.persist(path).map_err(|error| error.error)?;
        File::open(folder)?.sync_all()?;
        Ok(file)
    };
    write().map_err(|source| JournalError::Io { path: path.to_owned(), source })
}

/// Lock an entry whose process is gone. None when it lives, when somebody else was faster, or when the entry is of a
/// version that we do not know.
fn take_over(path: &Path) -> io::Result<Option<Entry>> {
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match try_lock_for_a_moment(path, &file) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    // The one who had it may have removed or replaced it since we opened it.
    let still_there = path.metadata().is_ok_and(|now| file.metadata().is_ok_and(|ours| ours.ino() == now.ino()));
    if !still_there {
        return Ok(None);
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(serde_json::from_str::<Document>(&text)
        .ok()
        .filter(|document| document.version == VERSION)
        .map(|Document { id, kind, content, .. }| Entry { path: path.to_owned(), file, id, kind, content }))
}

/// A child that was forked and has not yet begun its own program still holds what its parent held: for microseconds, or
/// for much longer on a machine that has too much to do. Where the parent is gone, that is worth a wait.
fn try_lock_for_a_moment(path: &Path, file: &File) -> Result<(), TryLockError> {
    let writer = || Some(serde_json::from_slice::<Document>(&std::fs::read(path).ok()?).ok()?.by?.is_gone());
    let mut tries = 5;
    let mut is_known = false;
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if tries > 0 => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) if !is_known && writer() == Some(true) => (is_known, tries) = (true, 1000),
            result => return result,
        }
        tries -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::land::fixture::Fixture;

    #[test]
    fn an_entry_is_found_once_its_process_is_gone() {
        let fixture = Fixture::new();
        let repo = fixture.open();
        assert!(abandoned(&repo).unwrap().is_empty());
        let mut held = Entry::begin(&repo, "01A", "test", &"one").unwrap();
        assert!(abandoned(&repo).unwrap().is_empty());
        held.update(&"two").unwrap();
        assert!(abandoned(&repo).unwrap().is_empty());
        drop(held);
        fixture.entries_are_free();
        let mut found = abandoned(&repo).unwrap();
        let taken = found.pop().unwrap();
        assert_eq!((taken.id.as_str(), taken.kind.as_str()), ("01A", "test"));
        assert_eq!(taken.content::<String>().as_deref(), Some("two"));
        assert!(abandoned(&repo).unwrap().is_empty());
        taken.finish().unwrap();
        assert!(abandoned(&repo).unwrap().is_empty());
    }

    #[test]
    fn a_lock_that_outlives_its_writer_for_a_moment_is_waited_for() {
        let fixture = Fixture::new();
        let repo = fixture.open();
        let held = Entry::begin(&repo, "01A", "test", &1).unwrap();
        // The number is ours, the time is not: a process that is gone.
        let mut document: Document = serde_json::from_slice(&std::fs::read(held.path()).unwrap()).unwrap();
        document.by.as_mut().unwrap().start = Some(1);
        std::fs::write(held.path(), serde_json::to_vec(&document).unwrap()).unwrap();
        // This is the moment itself.
        let child = std::thread::spawn(move || {
            std::thread::sleep(20 * PAUSE);
            drop(held);
        });
        let found = abandoned(&repo).unwrap();
        assert_eq!(found.len(), 1);
        child.join().unwrap();
    }

    #[test]
    fn a_draft_of_a_killed_process_is_no_entry_and_goes_in_time() {
        let fixture = Fixture::new();
        let repo = fixture.open();
        drop(Entry::begin(&repo, "01A", "test", &1).unwrap());
        assert!(is_any(&repo).unwrap());
        std::fs::remove_file(folder(&repo).join("01A.json")).unwrap();
        let (old, new) = (folder(&repo).join(".tmpold.tmp"), folder(&repo).join(".tmpnew.tmp"));
        for draft in [&old, &new] {
            std::fs::write(draft, "{").unwrap();
        }
        let then = new.metadata().unwrap().modified().unwrap() - 2 * FORGOTTEN;
        File::options().append(true).open(&old).unwrap().set_modified(then).unwrap();
        assert!(!is_any(&repo).unwrap());
        assert!(abandoned(&repo).unwrap().is_empty());
        assert!(!old.exists() && new.exists());
    }

    #[test]
    fn what_cannot_be_read_is_left_alone() {
        let fixture = Fixture::new();
        let repo = fixture.open();
        assert!(matches!(Entry::begin(&repo, "../x", "test", &1), Err(JournalError::InvalidId { .. })));
        drop(Entry::begin(&repo, "01B", "test", &1).unwrap());
        let path = folder(&repo).join("01B.json");
        let newer = std::fs::read_to_string(&path).unwrap().replace("\"version\": 1", "\"version\": 9");
        std::fs::write(&path, newer).unwrap();
        assert!(abandoned(&repo).unwrap().is_empty());
        assert!(path.exists());
    }
}
