//! What `execute --dry-run` answers: what would be done, in waves.

use serde::Serialize;

use crate::render::style::{Style, counted, hours, safe};
use crate::render::table::{Column, table};
use crate::ui::View;

/// A task of a plan. `wave` is absent when nothing is to be done for it, and `reason` says why.
#[derive(Debug, Serialize)]
pub(crate) struct PlannedRow {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wave: Option<usize>,
    pub(crate) task: String,
    pub(crate) title: String,
    /// It is not filed yet.
    pub(crate) is_new: bool,
    /// `null` when it is given to whoever of the agents is free.
    pub(crate) agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<String>,
    /// `null` when the program is left to choose.
    pub(crate) model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hours: Option<f64>,
    pub(crate) after: Vec<String>,
    pub(crate) paths: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// What would be done.
#[derive(Debug, Serialize)]
pub(crate) struct PlannedView {
    pub(crate) batch: String,
    pub(crate) waves: usize,
    pub(crate) max_concurrent: usize,
    pub(crate) tasks: Vec<PlannedRow>,
}

impl View for PlannedView {
    const KIND: &'static str = "execution-plan";

    fn text(&self, style: &Style) -> String {
        let all = counted(self.tasks.len(), "task");
        let mut text = format!(
            "batch {}: {all} in {}, at most {} at once; nothing was changed\n",
            self.batch,
            counted(self.waves, "wave"),
            self.max_concurrent
        );
        let columns = [
            Column::Text("WAVE"),
            Column::Text("TASK"),
            Column::Text("AGENT"),
            Column::Text("MODEL"),
            Column::Text("HOURS"),
            Column::Text("AFTER"),
            Column::Text("TITLE"),
        ];
        let row = |task: &PlannedRow| {
            let why = task.reason.as_ref().map(|reason| format!(" ({})", safe(reason))).unwrap_or_default();
            vec![
                task.wave.map_or_else(|| "-".to_owned(), |wave| wave.to_string()),
                safe(&task.task),
                task.agent.as_deref().map_or_else(|| "any".to_owned(), safe),
                task.model.as_deref().map(safe).unwrap_or_default(),
                task.hours.map(hours).unwrap_or_default(),
                safe(&task.after.join(" ")),
                format!("{}{why}", safe(&task.title)),
            ]
        };
        text.push_str(&table(style, &columns, self.tasks.iter().map(row).collect()));
        text
    }
}
