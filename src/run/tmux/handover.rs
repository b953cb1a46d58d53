//! The environment on its way into a window: through a pipe that has a name only for as long as it takes.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::stat::Mode;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use crate::git::hooks::INSIDE;
use crate::git::run::LOCAL_VARIABLES;
use crate::run::id::{MARK, PLACE};
use crate::run::supervise::launch::{decode, encode};

/// A machine that takes longer to start two processes is not going to.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(5);
/// How often whoever waits looks whether anybody is there to wait for.
const LOOK: Duration = Duration::from_millis(200);
/// What a program in a window has from the window, and not from whoever has opened it.
const OF_THE_WINDOW: [&str; 8] =
    ["TERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "COLORTERM", "TMUX", "TMUX_PANE", "COLUMNS", "LINES"];

/// Make the pipe. Only the user can open it.
pub(super) fn make(path: &Path) -> io::Result<()> {
    nix::unistd::mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR).map_err(io::Error::from)
}

/// Our own environment but for what belongs to a repository, a run or a terminal, and what is wanted besides.
pub(super) fn whole(besides: &[(String, OsString)]) -> Vec<(String, OsString)> {
    let ours = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let stays = |name: &str| {
        let leaves = LOCAL_VARIABLES.iter().chain(&OF_THE_WINDOW).any(|one| *one == name)
            || [INSIDE, MARK, PLACE].contains(&name);
        !leaves && besides.iter().all(|(other, _)| other != name)
    };
    let mut all: Vec<(String, OsString)> = ours.filter(|(name, _)| stays(name)).collect();
    all.extend_from_slice(besides);
    all
}

/// Hand it over, as soon as somebody reads; `is_there` says whether anybody is going to.
pub(super) fn give(path: &Path, env: &[(String, OsString)], is_there: impl Fn() -> bool) -> io::Result<()> {
    const LOOKS: u32 = 50;
    let begun = Instant::now();
    for turn in 1.. {
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
        match OpenOptions::new().write(true).custom_flags(flags).open(path) {
            Ok(mut pipe) => {
                blocking(&pipe)?;
                return pipe.write_all(&encode(env));
            }
            // Nobody has opened the other end yet.
            Err(error) if error.raw_os_error() == Some(nix::errno::Errno::ENXIO as i32) => {
                let is_looked_at = turn % LOOKS == 0;
                if begun.elapsed() > PATIENCE || (is_looked_at && !is_there()) {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, "nobody in the window listens"));
                }
            }
            Err(error) => return Err(error),
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

/// Take it, and the pipe's name away; none when it does not come, or not whole. What belongs to the window is added.
/// `has_giver` says whether anybody is there who may give it.
pub(in crate::run) fn receive(path: &Path, has_giver: impl Fn() -> bool) -> Option<Vec<(OsString, OsString)>> {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let mut pipe = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    let look = Timespec::try_from(LOOK).ok()?;
    let begun = Instant::now();
    let is_ready = || poll(&mut [PollFd::new(&pipe, PollFlags::IN)], Some(&look)).is_ok_and(|ready| ready > 0);
    while !is_ready() {
        // Looked at once more after it has gone: it may have given everything before.
        if begun.elapsed() > PATIENCE || (!has_giver() && !is_ready()) {
            return None;
        }
    }
    blocking(&pipe).ok()?;
    let mut env = decode(&mut pipe)?;
    drop(std::fs::remove_file(path));
    let own = std::env::vars_os().filter(|(name, _)| OF_THE_WINDOW.iter().any(|one| *name == **one));
    env.extend(own);
    Some(env)
}

fn blocking(pipe: &File) -> io::Result<()> {
    let flags = fcntl_getfl(pipe)?;
    fcntl_setfl(pipe, flags - OFlags::NONBLOCK)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_arrives_and_its_pipe_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("environment");
        make(&path).unwrap();
        let long = "x".repeat(300_000);
        let env = vec![("SECRET".to_owned(), OsString::from(&long)), ("B".to_owned(), OsString::from("2"))];
        let taken = std::thread::scope(|scope| {
            let taken = scope.spawn(|| receive(&path, || true));
            give(&path, &env, || true).unwrap();
            taken.join().unwrap().unwrap()
        });
        assert!(taken.contains(&("SECRET".into(), long.into())) && taken.contains(&("B".into(), "2".into())));
        assert!(!path.exists());
    }

    #[test]
    fn nobody_is_waited_for_who_does_not_come() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("environment");
        make(&path).unwrap();
        let error = give(&path, &[], || false).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(receive(&folder.path().join("none"), || true).is_none());
        assert!(receive(&path, || false).is_none(), "whoever would give it is gone");
    }

    #[test]
    fn what_is_wanted_replaces_what_is_there() {
        let wanted = [("PATH".to_owned(), OsString::from("/nowhere")), (MARK.to_owned() + "X", OsString::new())];
        let all = whole(&wanted);
        assert_eq!(all.iter().filter(|(name, _)| name == "PATH").count(), 1);
        assert!(all.contains(&wanted[0]) && all.contains(&wanted[1]));
        assert!(!all.iter().any(|(name, _)| name == "TERM" || name == MARK || name == "GIT_DIR"));
    }
}
