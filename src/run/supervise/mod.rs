//! The supervisor: a process of its own for each run, which starts the agent's program, keeps what it writes, ends it when
//! it is to end, and says how it ended. It has to be small and to sleep: it is our whole program, but is recognised before
//! anything else of it is set up, has no threads, and waits for everything at once.
//!
//! It holds the run's lock for as long as it lives. All that comes from the program stays below it (Linux: it is a
//! subreaper), so all of it can be found and ended. When it is killed itself, its guard does that.

mod begin;
mod hear;
pub(super) mod launch;
pub(super) mod log;
mod look;
mod terminal;
mod tree;
mod watch;

use std::ffi::OsString;
use std::io::Write;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

pub(super) use hear::END_OF_INPUT;

use super::error::RunError;
use super::folder::Folder;
use super::id::{MARK, PLACE};
use super::record::{Ended, Why};
use super::start::{Planned, Request, Started, plan};
use super::tmux::pane_log::{self, PANE_LOG};
use crate::git::Repository;
use crate::world::World;
use begin::{Env, Seat, begin};
pub use launch::words;
use launch::{Answer, SUPERVISE};
use terminal::Terminal;

/// The name by which our program is told to record how a run went.
pub const SETTLE: &str = "__settle";

/// Be the supervisor that the command line asks for; none when it asks for something else.
pub fn answer_launcher() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    let role = args.next()?;
    if role != SUPERVISE && role != PANE_LOG {
        return None;
    }
    let (Some(folder), program, _place, None) = (args.next(), args.next(), args.next(), args.next()) else {
        return Some(ExitCode::from(2));
    };
    let folder = Folder::at(Path::new(&folder));
    if role == PANE_LOG {
        return Some(pane_log::keep(&folder));
    }
    // Without its path, the whole program is the one that we are.
    let program = program.map(PathBuf::from).or_else(|| std::env::current_exe().ok());
    Some(supervise(&folder, program.as_deref()))
}

fn supervise(folder: &Folder, program: Option<&Path>) -> ExitCode {
    // A terminal means that tmux has started us: nobody listens, and the program gets the terminal.
    let code = match std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        true => in_window(folder),
        false => in_background(folder),
    };
    if code == ExitCode::SUCCESS {
        settle(folder, program);
    }
    code
}

/// The lock is our standard input, and whoever has started us listens at our standard output.
fn in_background(folder: &Folder) -> ExitCode {
    let Ok(socket) = std::io::stdout().as_fd().try_clone_to_owned() else { return ExitCode::from(4) };
    let mut socket = UnixStream::from(socket);
    // It was killed before it had said everything: nothing is started.
    let Some(env) = launch::decode(&mut socket) else {
        drop(std::fs::remove_dir_all(folder.path()));
        return ExitCode::from(4);
    };
    // Whoever leads a group already stays in its session.
    rustix::process::setsid().ok();
    let begun = begin(folder, &Env::Besides(env), Seat::Background);
    let answer = match &begun {
        Ok(_) => Answer::Started,
        Err(answer) => answer.clone(),
    };
    // Whether anybody has heard it makes no difference: the program runs.
    drop(serde_json::to_vec(&answer).map(|bytes| socket.write_all(&bytes)));
    drop(socket.shutdown(Shutdown::Both));
    drop(socket);
    let Ok(mut watch) = begun else { return ExitCode::from(4) };
    watch.finish();
    ExitCode::SUCCESS
}

fn in_window(folder: &Folder) -> ExitCode {
    // Whoever has opened the window lets go of the lock when it is there.
    let Some(_held) = folder.wait_to_hold() else { return ExitCode::from(4) };
    // Whoever has opened the window was killed before everything was said: nothing is started.
    let Some(env) = super::tmux::receive(&folder.environment(), || folder.has_starter()) else {
        drop(std::fs::remove_dir_all(folder.path()));
        return ExitCode::from(4);
    };
    match begin(folder, &Env::Whole(env), Seat::Terminal) {
        Ok(mut watch) => {
            watch.finish();
            ExitCode::SUCCESS
        }
        Err(Answer::Program(reason) | Answer::Failed(reason)) => {
            drop(writeln!(std::io::stderr(), "the run could not be started: {reason}"));
            drop(std::fs::write(folder.own_log(), reason));
            ExitCode::from(4)
        }
        Err(Answer::Started) => ExitCode::SUCCESS,
    }
}

/// Run it in the terminal that we are in, to its end. We are its supervisor.
///
/// # Errors
/// See [`RunError`]; nothing is left then.
pub fn foreground(repo: &Repository, world: &World, request: &Request<'_>) -> Result<(Started, Ended), RunError> {
    let planned = plan(repo, world, request)?;
    let env: Vec<(OsString, OsString)> =
        request.env.iter().map(|(name, value)| (OsString::from(name), value.clone())).collect();
    let terminal = Terminal::here();
    match begin(&planned.folder, &Env::Besides(env), Seat::Terminal) {
        Ok(mut watch) => {
            let Planned { folder, plan, held, live, _queue: queue } = planned;
            // Others may start theirs.
            drop(queue);
            let ended = watch.finish();
            if ended.why != Why::Exited {
                terminal.put_back();
            }
            drop(held);
            Ok((Started { id: plan.id, folder, live }, ended))
        }
        Err(answer) => {
            let program = planned.plan.argv.first().map(super::word::Word::to_text).unwrap_or_default();
            planned.take_back();
            Err(match answer {
                Answer::Program(reason) => RunError::Program { program, reason },
                Answer::Failed(reason) => RunError::Supervisor { reason },
                Answer::Started => RunError::Supervisor { reason: "it did not say what is wrong".to_owned() },
            })
        }
    }
}

/// Become the whole program, which records how the run went. What does not come to it, the next command does.
#[expect(clippy::disallowed_methods, reason = "it is our own program, not git")]
fn settle(folder: &Folder, program: Option<&Path>) {
    if let Some(program) = program {
        drop(Command::new(program).arg(SETTLE).arg(folder.path()).env_remove(MARK).env_remove(PLACE).exec());
    }
}
