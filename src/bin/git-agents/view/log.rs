//! The history, newest first.

use chrono::{DateTime, Utc};
use git_agents::store::Entry;
use serde::Serialize;

use crate::render::style::{Style, safe};
use crate::ui::View;

/// One operation.
#[derive(Debug, Serialize)]
pub(crate) struct LogEntry {
    /// The operation's id; `null` when this version does not understand it.
    pub(crate) id: Option<String>,
    pub(crate) commit: String,
    pub(crate) at: Option<DateTime<Utc>>,
    pub(crate) by: String,
    /// What was done, as a word: `assign`, `complete`, `land`.
    #[serde(rename = "do")]
    pub(crate) verb: Option<String>,
    pub(crate) sentence: String,
    pub(crate) agents: Vec<String>,
    pub(crate) tasks: Vec<String>,
}

impl From<&Entry> for LogEntry {
    fn from(entry: &Entry) -> Self {
        let operation = entry.operation.as_ref();
        let verb = operation.and_then(|operation| {
            let json = serde_json::to_value(&operation.action).ok()?;
            Some(json.get("do")?.as_str()?.to_owned())
        });
        LogEntry {
            id: operation.map(|operation| operation.id.to_string()),
            commit: entry.commit.to_string(),
            at: operation.map(|operation| operation.at),
            by: entry.by.clone(),
            verb,
            sentence: entry.sentence.clone(),
            agents: operation.map(|o| o.action.agents().iter().map(ToString::to_string).collect()).unwrap_or_default(),
            tasks: operation.map(|o| o.action.tasks().iter().map(ToString::to_string).collect()).unwrap_or_default(),
        }
    }
}

/// `log`.
#[derive(Debug, Serialize)]
pub(crate) struct Log {
    pub(crate) operations: Vec<LogEntry>,
}

impl View for Log {
    const KIND: &'static str = "log";

    fn text(&self, style: &Style) -> String {
        if self.operations.is_empty() {
            return "nothing has happened yet\n".to_owned();
        }
        let line = |entry: &LogEntry| {
            let commit = style.yellow(entry.commit.get(..10).unwrap_or(&entry.commit));
            let when = entry.at.map(|at| style.ago(at)).unwrap_or_default();
            format!("{commit} {} {}\n", safe(&entry.sentence), style.dim(&format!("({when}, {})", safe(&entry.by))))
        };
        self.operations.iter().map(line).collect()
    }
}
