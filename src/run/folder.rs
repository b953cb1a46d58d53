//! A run's folder: what is in it, and who holds it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rustix::fs::OFlags;

use super::id::RunId;
use crate::git::Repository;

/// The folder of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
}

/// One of the two streams that a program writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// What is held by whoever starts a run, beside the folder of all runs.
pub(super) const QUEUE: &str = "runs.lock";

/// The folder of all runs.
pub fn all_of(repo: &Repository) -> PathBuf {
    repo.agents_dir().join("runs")
}

impl Folder {
    /// The folder of this run, which may not exist.
    pub fn of(repo: &Repository, id: &RunId) -> Self {
        Folder { path: all_of(repo).join(id.as_str()) }
    }

    /// This folder.
    pub fn at(path: &Path) -> Self {
        Folder { path: path.to_owned() }
    }

    /// Make it, and hold it before anybody else can.
    pub(super) fn make(&self) -> io::Result<File> {
        let above = self.path.parent().unwrap_or(&self.path);
        DirBuilder::new().recursive(true).mode(0o700).create(above)?;
        DirBuilder::new().mode(0o700).create(&self.path)?;
        let lock = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(self.lock())?;
        lock.try_lock()?;
        Ok(lock)
    }

    /// Whether somebody holds it: whoever starts the run, then its supervisor for as long as it lives.
    pub fn is_held(&self) -> bool {
        let Ok(lock) = open_plain(&self.lock()) else { return false };
        // Whoever looks shares it with everybody else who looks, and lets go at once.
        matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// Whether there is anything that could be held.
    pub(super) fn has_lock(&self) -> bool {
        self.lock().exists()
    }

    /// Whether anybody is starting a run of this repository, which only one does at a time.
    pub(super) fn has_starter(&self) -> bool {
        let Some(lock) = self.path.ancestors().nth(2).map(|agents| agents.join(QUEUE)) else { return false };
        let Ok(lock) = open_plain(&lock) else { return false };
        matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// Hold it, when nobody else does.
    pub(super) fn hold(&self) -> Option<File> {
        let lock = OpenOptions::new().read(true).write(true).open(self.lock()).ok()?;
        lock.try_lock().ok().map(|()| lock)
    }

    /// Hold it as soon as nobody else does.
    pub(super) fn wait_to_hold(&self) -> Option<File> {
        let lock = OpenOptions::new().read(true).write(true).open(self.lock()).ok()?;
        lock.lock().ok().map(|()| lock)
    }

    /// Which folder its repository is: the same when that is moved, and another one for a copy of it and for what is made
    /// where it was.
    pub(super) fn place(&self) -> Option<String> {
        let common = self.path.ancestors().nth(3)?.metadata().ok()?;
        // The number of a folder that is deleted is given again.
        let born = common.created().ok().and_then(|born| born.duration_since(UNIX_EPOCH).ok());
        let born = born.map(|born| born.as_nanos()).unwrap_or_default();
        Some(format!("{}:{}:{born}", common.dev(), common.ino()))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was to be run.
    pub fn plan(&self) -> PathBuf {
        self.path.join("plan.json")
    }

    /// That it was started.
    pub fn began(&self) -> PathBuf {
        self.path.join("started.json")
    }

    /// That it has ended.
    pub fn ended(&self) -> PathBuf {
        self.path.join("ended.json")
    }

    /// What its supervisor has seen.
    pub fn activity(&self) -> PathBuf {
        self.path.join("activity.json")
    }

    /// What the agent says of itself.
    pub fn report(&self) -> PathBuf {
        self.path.join("report.json")
    }

    /// That it is to end.
    pub fn stop(&self) -> PathBuf {
        self.path.join("stop.json")
    }

    /// That its end is recorded in the state.
    pub fn settled(&self) -> PathBuf {
        self.path.join("settled.json")
    }

    /// The pipe by which its supervisor is woken.
    pub fn control(&self) -> PathBuf {
        self.path.join("control")
    }

    /// The pipe that its program reads from.
    pub fn stdin(&self) -> PathBuf {
        self.path.join("stdin")
    }

    /// The pipe through which a supervisor in a window gets its environment.
    pub(super) fn environment(&self) -> PathBuf {
        self.path.join("environment")
    }

    /// In which window it is.
    pub(super) fn window(&self) -> PathBuf {
        self.path.join("window.json")
    }

    /// What its supervisor says when something goes wrong.
    pub fn own_log(&self) -> PathBuf {
        self.path.join("supervisor.log")
    }

    /// What the program has written last.
    pub fn log(&self, stream: Stream) -> PathBuf {
        self.path.join(match stream {
            Stream::Out => "stdout.log",
            Stream::Err => "stderr.log",
        })
    }

    /// What it has written before that.
    pub fn older_log(&self, stream: Stream) -> PathBuf {
        self.path.join(match stream {
            Stream::Out => "stdout.log.1",
            Stream::Err => "stderr.log.1",
        })
    }

    fn lock(&self) -> PathBuf {
        self.path.join("lock")
    }
}

/// Open a regular file for reading; anything else is an error, and nothing is waited for.
pub(super) fn open_plain(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW;
    let file = OpenOptions::new().read(true).custom_flags(i32::try_from(flags.bits()).unwrap_or(0)).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no regular file")) }
}
