//! Sending text to a run, and hearing from it: the pipe that its program reads, and the report that it writes.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use super::error::RunError;
use super::file;
use super::id::RunId;
use super::list::Run;
use super::record::{Report, Reported};
use super::supervise::END_OF_INPUT;
use crate::git::Repository;
use crate::text;
use crate::world::World;

/// A program that has not read for so long does not read.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(10);

/// Write these bytes to the program's standard input, all of them or, when it stops reading, as many as it takes.
///
/// # Errors
/// It takes none, is not running, or does not read.
pub fn send(run: &Run, bytes: &[u8]) -> Result<(), RunError> {
    if !run.is_live() {
        return Err(RunError::NotRunning { id: run.id.clone() });
    }
    if !run.plan().takes_input {
        return Err(RunError::TakesNoInput { agent: run.plan().agent.clone() });
    }
    let path = run.folder.stdin();
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOFOLLOW).bits()).unwrap_or(0);
    let mut pipe = match OpenOptions::new().write(true).custom_flags(flags).open(&path) {
        Ok(pipe) => pipe,
        // Its name goes with its end.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(RunError::InputEnded { agent: run.plan().agent.clone() });
        }
        // Nobody has it open for reading.
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
            return Err(RunError::NotRunning { id: run.id.clone() });
        }
        Err(error) => return Err(RunError::io(path)(error)),
    };
    // What two send at once does not mix.
    pipe.lock().map_err(RunError::io(&path))?;
    let give_up = Instant::now() + PATIENCE;
    let mut left = bytes;
    while !left.is_empty() {
        match pipe.write(left) {
            Ok(written) => left = &left[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock && Instant::now() < give_up => {
                std::thread::sleep(PAUSE);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let taken = bytes.len() - left.len();
                return Err(RunError::DoesNotRead { agent: run.plan().agent.clone(), taken, of: bytes.len() });
            }
            Err(error) => return Err(RunError::io(path)(error)),
        }
    }
    Ok(())
}

/// Say that nothing more comes: the program's input ends when it has read what is there.
///
/// # Errors
/// It takes none, or is not running.
pub fn end_input(run: &Run) -> Result<(), RunError> {
    if !run.plan().takes_input {
        return Err(RunError::TakesNoInput { agent: run.plan().agent.clone() });
    }
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let pipe = OpenOptions::new().write(true).custom_flags(flags).open(run.folder.control());
    let told = pipe.and_then(|mut pipe| pipe.write_all(&[END_OF_INPUT]));
    told.map_err(|_| RunError::NotRunning { id: run.id.clone() })?;
    // Nobody finds it any more who would write what is never read.
    drop(std::fs::remove_file(run.folder.stdin()));
    Ok(())
}

/// Write down what an agent says of itself.
///
/// # Errors
/// It could not be written.
pub fn report(run: &Run, world: &World, state: Reported, said: Option<&str>) -> Result<Report, RunError> {
    let text = said.map(text::sentence).filter(|text| !text.trim().is_empty());
    let report = Report { state, text, at: world.now };
    file::write(&run.folder.report(), &report).map_err(RunError::io(run.folder.report()))?;
    Ok(report)
}

/// The run that we are called from, by the mark that everything of it carries.
pub fn around(repo: &Repository) -> Option<Run> {
    let id: RunId = World::variable(super::MARK)?.parse().ok()?;
    super::list::one(repo, &id).known().cloned()
}
