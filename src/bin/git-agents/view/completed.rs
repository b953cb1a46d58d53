//! What `complete` answers.

use git_agents::state::State;
use git_agents::task::Task;
use git_agents::work::complete::{Difference, Survey};
use serde::Serialize;

use super::task::TaskView;
use crate::render::style::{Style, counted, safe};
use crate::ui::View;

/// A completed task and what its branch holds.
#[derive(Debug, Serialize)]
pub(crate) struct CompletedView {
    pub(crate) agent: Option<String>,
    pub(crate) task: TaskView,
    pub(crate) commit: String,
    pub(crate) commits: usize,
    pub(crate) files: Vec<String>,
    /// Named by hand and not changed; absent when no files were named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_changed: Option<Vec<String>>,
    /// Changed and not named by hand; absent when no files were named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_named: Option<Vec<String>>,
}

impl CompletedView {
    pub(crate) fn new(state: &State, task: &Task, survey: &Survey, difference: Option<Difference>) -> Self {
        let (not_changed, not_named) = difference.map(|d| (d.not_changed, d.not_named)).unzip();
        CompletedView {
            agent: task.agent.as_ref().map(ToString::to_string),
            task: TaskView::new(state, task),
            commit: survey.tip.to_string(),
            commits: survey.commits,
            files: survey.files.clone(),
            not_changed,
            not_named,
        }
    }
}

impl View for CompletedView {
    const KIND: &'static str = "completed";

    fn text(&self, style: &Style) -> String {
        let agent = self.agent.as_deref().unwrap_or_default();
        let (commits, files) = (counted(self.commits, "commit"), counted(self.files.len(), "file"));
        let mut text = format!("{agent} completed {}: {commits}, {files}\n", self.task.name(style));
        for file in &self.files {
            text.push_str(&format!("  {}\n", safe(file)));
        }
        text
    }
}
