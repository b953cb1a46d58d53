//! Whose turn it is to land: a file lock, which ends with its process, and a note of who holds it.
//!
//! It keeps landings from checking what another one is about to overtake. What makes a landing safe is not this lock but
//! that every ref moves by compare-and-swap.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::git::Repository;
use crate::text::printable;

const PAUSE: Duration = Duration::from_millis(100);
/// More than a note ever has.
const LONGEST_NOTE: u64 = 4096;

/// Who lands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// When its turn began.
    pub since: DateTime<Utc>,
    /// What it does, for people.
    pub what: String,
}

/// Why it is not our turn.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// Somebody else's landing took longer than we were to wait.
    #[error("somebody else is landing")]
    Held {
        /// Who; none where the note cannot be read.
        holder: Option<Holder>,
    },
    /// The file cannot be made, read or locked.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Our turn, until it is dropped.
#[derive(Debug)]
#[must_use = "the turn ends when it is dropped"]
pub struct Turn {
    _file: File,
}

impl Turn {
    /// Wait for our turn, but no longer than `longest`. `tell` is called once when there is somebody to wait for.
    ///
    /// # Errors
    /// See [`TurnError`].
    pub fn wait(
        repo: &Repository,
        ours: &Holder,
        longest: Duration,
        tell: &mut dyn FnMut(Option<&Holder>),
    ) -> Result<Self, TurnError> {
        let folder = repo.agents_dir();
        let path = folder.join("landing");
        let failed = |source| TurnError::Io { path: path.clone(), source };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        let begun = Instant::now();
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) => {}
            }
            if begun.elapsed() >= longest {
                return Err(TurnError::Held { holder: note(&mut file) });
            }
            if !told {
                tell(note(&mut file).as_ref());
                told = true;
            }
            std::thread::sleep(PAUSE);
        }
        // A note that cannot be written (a full disk) costs nobody the turn.
        drop(write(&mut file, ours));
        Ok(Turn { _file: file })
    }
}

fn note(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.take(LONGEST_NOTE).read_to_string(&mut text).ok()?;
    let holder: Holder = serde_json::from_str(&text).ok()?;
    Some(Holder { what: printable(&holder.what), ..holder })
}

fn write(file: &mut File, holder: &Holder) -> io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&serde_json::to_vec(holder)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::land::fixture::Fixture;

    fn holder(what: &str) -> Holder {
        Holder { pid: 7, since: DateTime::from_timestamp(1_700_000_000, 0).unwrap(), what: what.to_owned() }
    }

    #[test]
    fn one_has_the_turn_and_the_others_know_who() {
        let fixture = Fixture::new();
        let repo = fixture.open();
        let turn = Turn::wait(&repo, &holder("one"), Duration::ZERO, &mut |_| panic!("nobody is there")).unwrap();
        let mut told = None;
        let longest = Duration::from_millis(1);
        let refused = Turn::wait(&repo, &holder("two"), longest, &mut |holder| told = holder.cloned()).unwrap_err();
        assert!(matches!(refused, TurnError::Held { holder: Some(found) } if found == holder("one")));
        assert_eq!(told, Some(holder("one")));
        drop(turn);
        let _turn = Turn::wait(&repo, &holder("two"), Duration::ZERO, &mut |_| panic!("nobody is there")).unwrap();
    }

    #[test]
    fn a_note_that_cannot_be_read_is_no_holder() {
        let fixture = Fixture::new();
        let repo = fixture.open();
        let _turn = Turn::wait(&repo, &holder("one"), Duration::ZERO, &mut |_| ()).unwrap();
        std::fs::write(repo.agents_dir().join("landing"), "{").unwrap();
        let refused = Turn::wait(&repo, &holder("two"), Duration::ZERO, &mut |_| ()).unwrap_err();
        assert!(matches!(refused, TurnError::Held { holder: None }));
    }
}
