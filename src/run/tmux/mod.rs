//! Runs in tmux: one session a repository, one window an agent, and the same supervisor in it as everywhere.
//!
//! The window's program is our supervisor, which starts the agent's program at the terminal that tmux gives it: so exit,
//! times and limits are as true as in the background. What appears in the window is kept by a process of ours that tmux
//! writes to. Sessions, windows and panes are only ever addressed by the ids that tmux gave; names are for people. The
//! environment goes to the supervisor through a pipe in the run's folder: neither a file nor a list of processes shows it.

mod client;
mod handover;
mod open;
pub(super) mod pane_log;
mod send;

use std::ffi::OsString;

use super::error::RunError;
use super::list::Run;
use super::record::TmuxIds;
use client::Tmux;

pub use client::is_inside;
pub(super) use handover::receive;
pub use open::start;
pub use send::send;

/// What stands in the way in tmux.
#[derive(Debug, thiserror::Error)]
pub enum TmuxError {
    /// It is not installed.
    #[error("tmux is not installed, or not on the PATH")]
    Missing,
    /// It says no.
    #[error("tmux {command} failed: {reason}")]
    Failed {
        /// Which of its commands.
        command: String,
        /// What it says.
        reason: String,
    },
    /// It does not answer.
    #[error("tmux has not answered for {seconds} seconds")]
    Silent {
        /// How long it was waited for.
        seconds: u64,
    },
    /// The run is in no window, or its window is closed.
    #[error("the run of {agent} has no window in tmux")]
    NoWindow {
        /// Whose run it is.
        agent: String,
    },
    /// What is to be sent would act on the terminal.
    #[error("what is to be sent holds the control character {found:?}")]
    Control {
        /// The first such character.
        found: char,
    },
    /// The run itself could not be started.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// How tmux is installed.
pub const INSTALL: [&str; 2] = ["sudo apt-get install tmux", "brew install tmux"];

/// Whether there is a tmux to work with, for whoever is about to begin something larger.
///
/// # Errors
/// It is not installed.
pub fn look_for() -> Result<(), TmuxError> {
    Tmux::here().args(["-V"]).text().map(drop)
}

/// Where a run is, when its window is still open.
///
/// # Errors
/// tmux is not installed, or the run has no window.
pub fn window_of(run: &Run) -> Result<TmuxIds, TmuxError> {
    let ids = run.facts.began.known().and_then(|began| began.tmux.clone()).filter(|_| run.is_live());
    let no_window = || TmuxError::NoWindow { agent: run.plan().agent.to_string() };
    let ids = ids.ok_or_else(no_window)?;
    if is_open(&ids)? { Ok(ids) } else { Err(no_window()) }
}

/// Whether the pane is there, in the window that it was in. A server that is gone has none; one that was started anew may
/// have given the numbers again, to other windows.
fn is_open(ids: &TmuxIds) -> Result<bool, TmuxError> {
    let format = "#{session_id} #{window_id} #{pane_id}";
    let tmux = Tmux::at(ids).args(["display-message", "-p", "-t", &ids.pane, format]);
    match tmux.text() {
        Ok(found) => Ok(found.split(' ').nth(1) == Some(&ids.window) && found.ends_with(&ids.pane)),
        Err(TmuxError::Failed { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The command that shows a window, for whoever has a terminal: a new client, or the one that we are in. It looks from a
/// session of its own that shares the windows of the repository's and ends when nobody is there any more, so that what one
/// looks at is no matter to others.
pub fn attach(ids: &TmuxIds, is_read_only: bool) -> Vec<OsString> {
    let name = format!("agents-view-{}-{}", ids.window.trim_start_matches('@'), std::process::id());
    let (session, window) = (format!("={name}:"), format!("={name}:{}", ids.window));
    let command = if is_inside(ids) { "switch-client" } else { "attach-session" };
    // Whoever may only look may not set anything afterwards; and nobody else's client leaves in between.
    let tmux = Tmux::at(ids)
        .args(["new-session", "-d", "-t", &ids.session, "-s", &name])
        .then(["select-window", "-t", &window])
        .then(["set-option", "-t", &session, "destroy-unattached", "on"])
        .then([command, "-t", &session]);
    if is_read_only { tmux.args(["-r"]).argv() } else { tmux.argv() }
}
