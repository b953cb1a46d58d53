//! What `start` and `next` answer.

use git_agents::agent::AgentName;
use git_agents::task::TaskId;
use git_agents::work::start::{Brought, LeftBehind, Started};
use serde::Serialize;

use super::task::TaskView;
use crate::render::style::Style;
use crate::ui::View;

/// One step by which the branch came to where the work begins. `do` is `fast-forward` (to the target or a task's
/// work), `merge` (a task's work) or `left` (it stays behind the target; `reason` says why).
#[derive(Debug, Serialize)]
pub(crate) struct BroughtView {
    #[serde(rename = "do")]
    pub(crate) what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'static str>,
}

impl From<&Brought> for BroughtView {
    fn from(brought: &Brought) -> Self {
        let (what, task, commit, reason) = match brought {
            Brought::ToTarget { commit } => ("fast-forward", None, Some(commit), None),
            Brought::ToDependency { task, commit } => ("fast-forward", Some(task), Some(commit), None),
            Brought::Merged { task, commit } => ("merge", Some(task), Some(commit), None),
            Brought::LeftBehind { reason: LeftBehind::Uncommitted } => ("left", None, None, Some("uncommitted")),
            Brought::LeftBehind { reason: LeftBehind::Worktree } => ("left", None, None, Some("worktree")),
        };
        let (task, commit) = (task.map(ToString::to_string), commit.map(ToString::to_string));
        BroughtView { what, task, commit, reason }
    }
}

/// A started task.
#[derive(Debug, Serialize)]
pub(crate) struct StartedView {
    pub(crate) agent: String,
    /// `null` only when the task cannot be read back.
    pub(crate) task: Option<TaskView>,
    pub(crate) base: String,
    pub(crate) brought: Vec<BroughtView>,
    pub(crate) waiting_for: Vec<String>,
}

impl StartedView {
    pub(crate) fn new(agent: &AgentName, id: &TaskId, started: &Started, provisional: bool) -> Self {
        let state = &started.committed.state;
        StartedView {
            agent: agent.to_string(),
            task: state.tasks.get(id).map(|task| TaskView::new(state, task).judged(provisional)),
            base: started.base.to_string(),
            brought: started.brought.iter().map(BroughtView::from).collect(),
            waiting_for: started.waiting_for.iter().map(ToString::to_string).collect(),
        }
    }
}

impl View for StartedView {
    const KIND: &'static str = "started";

    fn text(&self, style: &Style) -> String {
        let task = self.task.as_ref().map(|task| task.name(style)).unwrap_or_default();
        let mut text = format!("{} started {task}\n", self.agent);
        for step in &self.brought {
            let commit = step.commit.as_deref().map(|commit| commit.get(..10).unwrap_or(commit)).unwrap_or_default();
            text.push_str(&match (step.what, &step.task, step.reason) {
                ("fast-forward", None, _) => format!("  the branch was moved forward to the target at {commit}\n"),
                ("fast-forward", Some(task), _) => {
                    format!("  the branch was moved forward to the work of {task} at {commit}, which has not landed\n")
                }
                ("merge", Some(task), _) => {
                    format!("  the work of {task}, which has not landed, was merged as {commit}\n")
                }
                (_, _, Some("uncommitted")) => {
                    "  the branch stays behind the target: there is uncommitted work in its worktree\n".to_owned()
                }
                _ => "  the branch stays behind the target: its worktree cannot come along\n".to_owned(),
            });
        }
        text
    }
}

/// `next` found nothing.
#[derive(Debug, Serialize)]
pub(crate) struct NothingReady {
    pub(crate) agent: String,
    /// How many open tasks wait for others.
    pub(crate) open: u64,
}

impl View for NothingReady {
    const KIND: &'static str = "nothing-ready";

    fn text(&self, _: &Style) -> String {
        match self.open {
            0 => "no task is open\n".to_owned(),
            number => format!("no task can start now; {number} open wait for others\n"),
        }
    }
}
