//! One agent with its tasks.

use serde::Serialize;

use super::status::AgentView;
use super::task::{TaskList, TaskView};
use crate::render::style::{Style, counted, hours, safe};
use crate::ui::View;

/// `agent show`.
#[derive(Debug, Serialize)]
pub(crate) struct AgentShow {
    pub(crate) agent: AgentView,
    pub(crate) tasks: Vec<TaskView>,
}

impl View for AgentShow {
    const KIND: &'static str = "agent";

    fn text(&self, style: &Style) -> String {
        let agent = &self.agent;
        let mut text = format!("{}\n", style.bold(&agent.name));
        let mut field = |name: &str, value: String| text.push_str(&format!("  {:<10} {value}\n", format!("{name}:")));
        field("state", agent.state.to_owned());
        let commit = agent.commit.as_deref().map_or("gone", |commit| commit.get(..10).unwrap_or(commit));
        field("branch", format!("{} ({commit})", safe(&agent.branch)));
        field("worktree", agent.worktree.as_deref().map_or_else(|| "none".to_owned(), safe));
        if let (Some(ahead), Some(behind)) = (agent.ahead, agent.behind) {
            let files = agent.files.map(|n| format!(", {} changed", counted(n, "file"))).unwrap_or_default();
            field("commits", format!("{ahead} ahead, {behind} behind{files}"));
        }
        if let Some(dirty) = agent.dirty.filter(|dirty| *dirty > 0) {
            field("dirty", counted(dirty, "uncommitted path"));
        }
        field("done", format!("{} tasks, {}", agent.completed_tasks, hours(agent.hours_total)));
        if !self.tasks.is_empty() {
            text.push('\n');
            text.push_str(&TaskList { tasks: self.tasks.clone(), none: "no tasks" }.text(style));
        }
        text
    }
}
