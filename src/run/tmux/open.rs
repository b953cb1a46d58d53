//! Opening a window for a run.

use std::ffi::{OsStr, OsString};
use std::hash::{Hash, Hasher};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::time::{Duration, Instant};

use super::client::Tmux;
use super::pane_log::PANE_LOG;
use super::{TmuxError, handover, is_open, look_for};
use crate::config;
use crate::git::Repository;
use crate::run::error::RunError;
use crate::run::file;
use crate::run::folder::Folder;
use crate::run::record::{Mode, TmuxIds};
use crate::run::start::{Planned, Request, Started, plan};
use crate::run::supervise::words;
use crate::world::World;

/// What tmux tells of a new window.
const FORMAT: &str = "#{session_id} #{window_id} #{pane_id} #{socket_path}";
/// A machine that takes longer to start two processes is not going to.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(5);

/// Start a run in a window of its own: when this returns, the agent's program runs there. `program` is where our own is.
///
/// # Errors
/// See [`TmuxError`]; nothing is left then.
pub fn start(repo: &Repository, world: &World, program: &Path, request: &Request<'_>) -> Result<Started, TmuxError> {
    // Before anything is there.
    look_for()?;
    let request = Request { mode: Mode::Tmux, ..request.clone() };
    let planned = plan(repo, world, &request)?;
    let io = |error: std::io::Error| RunError::io(planned.folder.path())(error);
    let begun = handover::make(&planned.folder.environment()).map_err(|error| TmuxError::Run(io(error)));
    let ids = match begun.and_then(|()| window(repo, program, &planned)) {
        Ok(ids) => ids,
        Err(error) => {
            planned.take_back();
            return Err(error);
        }
    };
    let Planned { folder, plan, held, live, _queue: queue } = planned;
    // The supervisor in the window waits for the lock. Nobody else starts a run meanwhile.
    drop(held);
    let handed = set_up(program, &folder, &ids).and_then(|()| hand_over(&folder, &ids, &request));
    if let Err(error) = handed {
        drop(Tmux::at(&ids).args(["kill-window", "-t", &ids.window]).text());
        drop(std::fs::remove_dir_all(folder.path()));
        return Err(error);
    }
    drop(queue);
    Ok(Started { id: plan.id, folder, live })
}

/// A window in the session of the repository, with our supervisor in it, which waits. The session ends with its last window,
/// and the server with its last session: what was there a moment ago may be gone, and then it is made again.
fn window(repo: &Repository, program: &Path, planned: &Planned) -> Result<TmuxIds, TmuxError> {
    const ATTEMPTS: u32 = 10;
    for _ in 1..ATTEMPTS {
        match try_window(repo, program, planned) {
            Err(TmuxError::Failed { .. }) => std::thread::sleep(PAUSE * 4),
            done => return done,
        }
    }
    try_window(repo, program, planned)
}

fn try_window(repo: &Repository, program: &Path, planned: &Planned) -> Result<TmuxIds, TmuxError> {
    let name = session_name(repo);
    let agent = planned.plan.agent.as_str();
    let dir = unformatted(planned.plan.dir.as_os_str());
    let session = sessions()?.into_iter().find(|(_, known)| *known == name).map(|(id, _)| id);
    let place = match &session {
        // Behind the last one: numbers of windows that are closed are not given again to others in between.
        Some(id) => Tmux::here().args(["new-window", "-d", "-P", "-F", FORMAT, "-t", &format!("{id}:"), "-n", agent]),
        None => Tmux::here().args([
            "new-session",
            "-d",
            "-P",
            "-F",
            FORMAT,
            "-s",
            &name,
            "-n",
            agent,
            "-x",
            "200",
            "-y",
            "50",
        ]),
    };
    let told = place.args([OsStr::new("-c"), &dir]).args(words(program, &planned.folder)).text()?;
    let mut words = told.splitn(4, ' ').map(str::to_owned);
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some(session), Some(window), Some(pane), socket) if pane.starts_with('%') => {
            Ok(TmuxIds { session, window, pane, socket: socket.filter(|socket| !socket.is_empty()) })
        }
        _ => Err(TmuxError::Failed { command: "new-window".to_owned(), reason: format!("it answered {told:?}") }),
    }
}

/// What the user's own configuration may have otherwise: the name stays, the window closes with its program and not before,
/// and what appears in it is kept.
fn set_up(program: &Path, folder: &Folder, ids: &TmuxIds) -> Result<(), TmuxError> {
    for (option, value) in [("automatic-rename", "off"), ("allow-rename", "off"), ("remain-on-exit", "off")] {
        Tmux::at(ids).args(["set-option", "-w", "-t", &ids.window, option, value]).text()?;
    }
    Tmux::at(ids).args(["set-option", "-t", &ids.session, "destroy-unattached", "off"]).text()?;
    let [supervisor, ..] = words(program, folder);
    let mut command = OsString::from("exec ");
    for word in [supervisor.as_os_str(), OsStr::new(PANE_LOG), folder.path().as_os_str()] {
        command.push(shell_word(word));
        command.push(" ");
    }
    let command = unexpanded(&command);
    let pipe = ["pipe-pane", "-O", "-t", &ids.pane].map(OsStr::new);
    Tmux::at(ids).args(pipe).args([command]).text()?;
    Ok(())
}

/// Give the supervisor what it waits for, and wait until the agent's program runs.
fn hand_over(folder: &Folder, ids: &TmuxIds, request: &Request<'_>) -> Result<(), TmuxError> {
    const LOOKS: u32 = 50;
    let failed = |reason: String| TmuxError::Run(RunError::Supervisor { reason });
    let is_there = || is_open(ids).unwrap_or(false);
    file::write(&folder.window(), ids).map_err(RunError::io(folder.window()))?;
    let env = handover::whole(&request.env);
    handover::give(&folder.environment(), &env, is_there).map_err(|error| failed(error.to_string()))?;
    let begun = Instant::now();
    for turn in 1.. {
        if folder.began().exists() {
            break;
        }
        let said = std::fs::read_to_string(folder.own_log()).unwrap_or_default();
        let is_gone = turn % LOOKS == 0 && !is_there();
        match said.lines().last() {
            Some(said) => return Err(failed(said.to_owned())),
            None if is_gone && !folder.began().exists() => return Err(failed("its window is closed".to_owned())),
            None if begun.elapsed() > PATIENCE => return Err(failed("it does not answer".to_owned())),
            None => std::thread::sleep(PAUSE),
        }
    }
    Ok(())
}

/// Every session: its id and its name. None when no server runs.
fn sessions() -> Result<Vec<(String, String)>, TmuxError> {
    let listed = match Tmux::here().args(["list-sessions", "-F", "#{session_id} #{session_name}"]).text() {
        Err(TmuxError::Failed { .. }) => String::new(),
        listed => listed?,
    };
    let pair = |line: &str| line.split_once(' ').map(|(id, name)| (id.to_owned(), name.to_owned()));
    Ok(listed.lines().filter_map(pair).collect())
}

/// What the session of a repository is called: the repository's name, as tmux takes it, and what tells it from others of the
/// same name.
fn session_name(repo: &Repository) -> String {
    let top = config::main_folder(repo);
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
    let name = top.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name.chars().take(30).map(plain).collect();
    let mut hasher = std::hash::DefaultHasher::new();
    repo.common_dir().hash(&mut hasher);
    format!("agents-{name}-{:08x}", hasher.finish() & 0xffff_ffff)
}

/// A text in which tmux finds no format.
fn unformatted(text: &OsStr) -> OsString {
    doubled(text, b"#")
}

/// A text in which tmux finds neither a format nor a time.
fn unexpanded(text: &OsStr) -> OsString {
    doubled(text, b"#%")
}

fn doubled(text: &OsStr, characters: &[u8]) -> OsString {
    let double = |byte: &u8| if characters.contains(byte) { vec![*byte; 2] } else { vec![*byte] };
    OsString::from_vec(text.as_bytes().iter().flat_map(double).collect())
}

/// A word as a shell takes it, whatever is in it.
fn shell_word(word: &OsStr) -> OsString {
    let quote = |byte: &u8| if *byte == b'\'' { b"'\\''".to_vec() } else { vec![*byte] };
    let inner: Vec<u8> = word.as_bytes().iter().flat_map(quote).collect();
    OsString::from_vec([&b"'"[..], &inner, b"'"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::fixture::Fixture;

    #[test]
    fn a_session_is_called_as_tmux_allows() {
        let name = session_name(&Fixture::new().open());
        assert!(name.starts_with("agents-a--repo----"), "{name}");
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{name}");
    }

    #[test]
    fn nothing_in_a_path_is_expanded() {
        assert_eq!(unformatted(OsStr::new("/a #{x} 5%")), "/a ##{x} 5%");
        assert_eq!(unexpanded(OsStr::new("/a #{x} 5%")), "/a ##{x} 5%%");
        assert_eq!(shell_word(OsStr::new("it's $HOME")), "'it'\\''s $HOME'");
    }
}
