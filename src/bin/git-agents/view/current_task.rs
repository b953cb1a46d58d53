//! The task that an agent has in hand, in the agent's row.

use git_agents::sync::Provisional;
use git_agents::task::{Task, TaskState};
use serde::Serialize;

use super::lease::LeaseView;
use crate::render::style::Style;

/// The task that an agent has in hand.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CurrentTask {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hours: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) started_at: Option<chrono::DateTime<chrono::Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) elapsed_s: Option<i64>,
    /// The number of its assignment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) epoch: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lease: Option<LeaseView>,
    /// No remote has confirmed yet that the agent has it; absent when one has, or none is known to decide.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) provisional: bool,
}

impl CurrentTask {
    pub(super) fn new(task: &Task, provisional: &Provisional, style: &Style) -> Self {
        let started_at = task.last_attempt().filter(|_| task.state != TaskState::Assigned).map(|a| a.started_at);
        let until = task.last_attempt().and_then(|attempt| attempt.ended_at).unwrap_or(style.now);
        CurrentTask {
            id: task.id.to_string(),
            title: task.title.clone(),
            state: task.state.word(),
            hours: task.hours.map(Into::into),
            started_at,
            elapsed_s: started_at.map(|start| until.signed_duration_since(start).num_seconds().max(0)),
            epoch: (task.epoch > 0).then_some(task.epoch),
            lease: LeaseView::of(task),
            provisional: provisional.has_task(task),
        }
    }
}
