//! Typing into a window.

use std::time::Duration;

use super::TmuxError;
use super::client::Tmux;
use crate::run::record::TmuxIds;

/// Programs that take text in bulk from a terminal act on a key that comes at once with it as if it belonged to it.
const BEFORE_ENTER: Duration = Duration::from_millis(200);

/// Type a text into a window, and Enter. Many lines arrive as one text where the program knows the difference (bracketed
/// paste): tmux is given them as a buffer, never as keys. Nothing in it acts on the terminal.
///
/// # Errors
/// It holds control characters, or tmux says no.
pub fn send(ids: &TmuxIds, text: &str) -> Result<(), TmuxError> {
    let text = text.replace("\r\n", "\n");
    if let Some(found) = text.chars().find(|&c| c.is_control() && c != '\n' && c != '\t') {
        return Err(TmuxError::Control { found });
    }
    let text = text.trim_end_matches('\n');
    // Whoever scrolls back in the window would have the text typed into that.
    let is_scrolled = Tmux::at(ids).args(["display-message", "-p", "-t", &ids.pane, "#{pane_in_mode}"]).text()?;
    if is_scrolled != "0" {
        Tmux::at(ids).args(["send-keys", "-t", &ids.pane, "-X", "cancel"]).text()?;
    }
    if !text.is_empty() {
        // A buffer of its own, so that two that send at once do not mix.
        let buffer = format!("git-agents-{}", std::process::id());
        Tmux::at(ids).args(["load-buffer", "-b", &buffer, "-"]).input(text.as_bytes()).text()?;
        Tmux::at(ids).args(["paste-buffer", "-d", "-p", "-b", &buffer, "-t", &ids.pane]).text()?;
        std::thread::sleep(BEFORE_ENTER);
    }
    Tmux::at(ids).args(["send-keys", "-t", &ids.pane, "Enter"]).text().map(drop)
}
