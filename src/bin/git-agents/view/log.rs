//! The history, newest first.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use git_agents::state::{Action, RefMove};
use git_agents::store::Entry;
use git_agents::work::backups::FOLDER;
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
    /// The branches that moved along; absent when none did.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) moved: Vec<MovedView>,
    /// The refs that keep where those were, as far as they are still there; absent when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) backups: Vec<String>,
}

/// One branch that moved along with an operation.
#[derive(Debug, Serialize)]
pub(crate) struct MovedView {
    /// Without `refs/heads/`.
    pub(crate) name: String,
    /// `null` when it was made.
    pub(crate) before: Option<String>,
    /// `null` when it was deleted.
    pub(crate) after: Option<String>,
}

impl From<&RefMove> for MovedView {
    fn from(moved: &RefMove) -> Self {
        MovedView {
            name: moved.name.strip_prefix("refs/heads/").unwrap_or(&moved.name).to_owned(),
            before: moved.before.as_ref().map(ToString::to_string),
            after: moved.after.as_ref().map(ToString::to_string),
        }
    }
}

impl MovedView {
    /// `main 0123456789..abcdef0123`
    fn text(&self) -> String {
        let short = |id: &Option<String>| id.as_deref().and_then(|id| id.get(..10)).unwrap_or_default().to_owned();
        format!("{} {}..{}", safe(&self.name), short(&self.before), short(&self.after))
    }
}

impl LogEntry {
    /// `backups` are the names of all backups that there are.
    pub(crate) fn new(entry: &Entry, backups: &BTreeSet<String>) -> Self {
        let operation = entry.operation.as_ref();
        let verb = operation.and_then(|operation| {
            let json = serde_json::to_value(&operation.action).ok()?;
            Some(json.get("do")?.as_str()?.to_owned())
        });
        let folder = operation.map(|operation| format!("{FOLDER}{}/", operation.id)).unwrap_or_default();
        let own = |name: &&String| operation.is_some() && name.starts_with(&folder);
        let of_removal = operation.and_then(|operation| match &operation.action {
            Action::RemoveAgent { backup, .. } => backup.as_ref().filter(|name| backups.contains(*name)),
            _ => None,
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
            moved: operation.map(|o| o.moved.iter().map(MovedView::from).collect()).unwrap_or_default(),
            backups: backups.iter().filter(own).chain(of_removal).cloned().collect(),
        }
    }

    /// What a landing has moved, and where what was before is kept.
    fn landing_text(&self) -> Option<String> {
        let moved: Vec<String> = self.moved.iter().map(MovedView::text).collect();
        let is_landing = self.verb.as_deref() == Some("land") && !moved.is_empty();
        let kept = self.backups.first().zip(self.id.as_ref());
        let kept = kept.map(|(_, id)| format!("; backups: {FOLDER}{}/", safe(id))).unwrap_or_default();
        is_landing.then(|| format!("{}{kept}", moved.join(", ")))
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
            let dim = style.dim(&format!("({when}, {})", safe(&entry.by)));
            let landing = entry.landing_text().map(|text| format!("  {}\n", style.dim(&text))).unwrap_or_default();
            format!("{commit} {} {dim}\n{landing}", safe(&entry.sentence))
        };
        self.operations.iter().map(line).collect()
    }
}
