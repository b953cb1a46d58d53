//! What `.agents.toml` runs, and whether it may.

use git_agents::config::shared::{FILE, SharedFile};
use serde::Serialize;

use crate::render::style::{Style, safe};
use crate::ui::View;

/// `trust`.
#[derive(Debug, Serialize)]
pub(crate) struct TrustView {
    pub(crate) file: &'static str,
    pub(crate) trusted: bool,
    /// Some other content was trusted before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) changed: bool,
    pub(crate) commands: Vec<CommandView>,
}

/// One command that the file proposes.
#[derive(Debug, Serialize)]
pub(crate) struct CommandView {
    pub(crate) key: String,
    pub(crate) command: String,
}

impl TrustView {
    pub(crate) fn new(file: Option<&SharedFile>, trusted: bool, changed: bool) -> Self {
        let command = |(key, command): (&String, &String)| CommandView { key: key.clone(), command: command.clone() };
        let commands = file.map(|file| file.commands().map(command).collect()).unwrap_or_default();
        TrustView { file: FILE, trusted, changed, commands }
    }
}

impl View for TrustView {
    const KIND: &'static str = "trust";

    fn text(&self, style: &Style) -> String {
        if self.commands.is_empty() {
            return format!("{FILE} runs nothing\n");
        }
        let state = match (self.trusted, self.changed) {
            (true, _) => style.green("trusted"),
            (false, true) => style.yellow("not trusted any more"),
            (false, false) => style.yellow("not trusted"),
        };
        let mut text = format!("{FILE} is {state}; it runs\n");
        for one in &self.commands {
            text.push_str(&format!("  {}  {}\n", one.key, safe(&one.command)));
        }
        text
    }
}
