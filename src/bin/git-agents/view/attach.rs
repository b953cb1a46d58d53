//! Where an agent's window is.

use std::ffi::OsString;

use git_agents::agent::AgentName;
use git_agents::run::RunId;
use git_agents::run::record::TmuxIds;
use serde::Serialize;

use crate::render::style::{Style, safe};
use crate::ui::View;

/// `attach --json`.
#[derive(Debug, Serialize)]
pub(crate) struct AttachView {
    pub(crate) agent: String,
    pub(crate) run: String,
    /// As tmux calls it: `$3`.
    pub(crate) session: String,
    /// `@7`.
    pub(crate) window: String,
    /// `%9`.
    pub(crate) pane: String,
    /// The server's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) socket: Option<String>,
    /// What shows it.
    pub(crate) command: Vec<String>,
}

impl AttachView {
    pub(crate) fn new(agent: &AgentName, run: &RunId, ids: &TmuxIds, command: &[OsString]) -> Self {
        AttachView {
            agent: agent.to_string(),
            run: run.to_string(),
            session: ids.session.clone(),
            window: ids.window.clone(),
            pane: ids.pane.clone(),
            socket: ids.socket.clone(),
            command: command.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
        }
    }
}

impl View for AttachView {
    const KIND: &'static str = "window";

    fn text(&self, _: &Style) -> String {
        format!("{}\n", safe(&self.command.join(" ")))
    }
}
