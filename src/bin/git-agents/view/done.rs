//! What a command that changes something answers: one sentence, and the things it changed.

use git_agents::state::State;
use git_agents::task::{Task, TaskId};
use serde::Serialize;

use super::task::TaskView;
use crate::render::style::Style;
use crate::ui::View;

/// The answer of `assign`, `unassign`, `fail`, `task drop` and their like.
#[derive(Debug, Serialize)]
pub(crate) struct TaskChanged {
    /// Whether anything was written; `false` when it was so already.
    pub(crate) changed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent: Option<String>,
    pub(crate) task: TaskView,
    #[serde(skip)]
    pub(crate) sentence: String,
}

impl TaskChanged {
    pub(crate) fn new(state: &State, task: &Task, sentence: impl Into<String>) -> Self {
        TaskChanged {
            changed: true,
            agent: task.agent.as_ref().map(ToString::to_string),
            task: TaskView::new(state, task),
            sentence: sentence.into(),
        }
    }

    /// The answer about a task that the operation has just changed.
    pub(crate) fn of(state: &State, id: &TaskId, sentence: impl FnOnce(&Task) -> String) -> Option<Self> {
        let task = state.tasks.get(id)?;
        Some(TaskChanged::new(state, task, sentence(task)))
    }
}

impl View for TaskChanged {
    const KIND: &'static str = "task-changed";

    fn text(&self, _: &Style) -> String {
        format!("{}\n", git_agents::text::printable(&self.sentence))
    }
}

/// The answer of a command that changed many things of one sort.
#[derive(Debug, Serialize)]
pub(crate) struct IdsChanged {
    pub(crate) ids: Vec<String>,
    #[serde(skip)]
    pub(crate) sentence: String,
}

impl View for IdsChanged {
    const KIND: &'static str = "changed";

    fn text(&self, _: &Style) -> String {
        format!("{}\n", git_agents::text::printable(&self.sentence))
    }
}
