//! Tasks, as lists and one by one.

use chrono::{DateTime, Utc};
use git_agents::state::State;
use git_agents::task::{Attempt, Task, TaskState, waiting_for};
use serde::Serialize;

use super::lease::LeaseView;
use super::past_run::PastRunView;
use crate::render::style::{Style, counted, duration, hours, safe};
use crate::render::table::{Column, table};
use crate::ui::View;

/// One task. `ready` and `waiting_for` are there only for open tasks.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct TaskView {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hours: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) category: Option<String>,
    pub(crate) priority: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) labels: Vec<String>,
    pub(crate) paths: Vec<String>,
    pub(crate) after: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ready: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) waiting_for: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// The number of its newest assignment; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) epoch: Option<u64>,
    /// Absent while nobody has it in hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lease: Option<LeaseView>,
    /// No remote has confirmed yet that the agent has it; absent when one has, or none is known to decide.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) provisional: bool,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl TaskView {
    pub(crate) fn new(state: &State, task: &Task) -> Self {
        let waiting: Vec<String> = match task.state {
            TaskState::Open | TaskState::Assigned | TaskState::InProgress => {
                waiting_for(&state.tasks, task).into_iter().map(ToString::to_string).collect()
            }
            _ => Vec::new(),
        };
        TaskView {
            id: task.id.to_string(),
            title: task.title.clone(),
            state: task.state.word(),
            agent: task.agent.as_ref().map(ToString::to_string),
            hours: task.hours.map(Into::into),
            category: task.category.clone(),
            priority: task.priority.word(),
            labels: task.labels.clone(),
            paths: task.paths.clone(),
            after: task.after.iter().map(ToString::to_string).collect(),
            ready: (task.state == TaskState::Open).then_some(waiting.is_empty()),
            waiting_for: waiting,
            reason: task.reason.clone(),
            epoch: (task.epoch > 0).then_some(task.epoch),
            lease: LeaseView::of(task),
            provisional: false,
            created_at: task.created_at,
            updated_at: task.updated_at,
        }
    }

    /// The same, when it is known whether a remote has confirmed who has it.
    pub(crate) fn judged(self, provisional: bool) -> Self {
        TaskView { provisional, ..self }
    }

    /// "16 Implement status command", safe for a terminal.
    pub(crate) fn name(&self, style: &Style) -> String {
        format!("{} {}", style.cyan(&self.id), safe(&self.title))
    }
}

/// `task list` and `ready`.
#[derive(Debug, Serialize)]
pub(crate) struct TaskList {
    pub(crate) tasks: Vec<TaskView>,
    /// What is said when there are none.
    #[serde(skip)]
    pub(crate) none: &'static str,
}

impl View for TaskList {
    const KIND: &'static str = "task-list";

    fn text(&self, style: &Style) -> String {
        if self.tasks.is_empty() {
            return format!("{}\n", self.none);
        }
        let state = |task: &TaskView| match task.state {
            "in-progress" => style.yellow(task.state),
            "completed" | "landed" => style.green(task.state),
            "failed" | "blocked" => style.red(task.state),
            "open" if task.ready == Some(false) => "waiting".to_owned(),
            other => other.to_owned(),
        };
        let row = |task: &TaskView| {
            let priority = if task.priority == "medium" { "" } else { task.priority };
            vec![
                style.cyan(&task.id),
                state(task),
                task.agent.clone().unwrap_or_default(),
                task.hours.map(hours).unwrap_or_default(),
                priority.to_owned(),
                task.waiting_for.join(", "),
                safe(&task.title),
            ]
        };
        let columns = [
            Column::Text("TASK"),
            Column::Text("STATE"),
            Column::Text("AGENT"),
            Column::Number("HOURS"),
            Column::Text("PRIORITY"),
            Column::Text("WAITS FOR"),
            Column::Text("TITLE"),
        ];
        table(style, &columns, self.tasks.iter().map(row).collect())
    }
}

/// One go at a task.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AttemptView {
    pub(crate) agent: String,
    pub(crate) branch: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) base: Option<String>,
    pub(crate) started_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ended_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<git_agents::task::Outcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) landed: Option<String>,
    /// Whether the target here has what has landed, perhaps in another clone; absent when nobody has looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) in_target: Option<bool>,
    /// Who took the task over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) taken_by: Option<String>,
    pub(crate) files: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hours: Option<f64>,
}

impl From<&Attempt> for AttemptView {
    fn from(attempt: &Attempt) -> Self {
        AttemptView {
            agent: attempt.agent.to_string(),
            branch: attempt.branch.clone(),
            base: attempt.base.as_ref().map(ToString::to_string),
            started_at: attempt.started_at,
            ended_at: attempt.ended_at,
            outcome: attempt.outcome,
            tip: attempt.tip.as_ref().map(ToString::to_string),
            landed: attempt.landed.as_ref().map(ToString::to_string),
            in_target: None,
            taken_by: attempt.taken_by.as_ref().map(ToString::to_string),
            files: attempt.files.clone(),
            hours: attempt.hours.map(Into::into),
        }
    }
}

/// `task show`, and what `task add` and `task edit` answer.
#[derive(Debug, Serialize)]
pub(crate) struct TaskShow {
    pub(crate) task: TaskView,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) body: String,
    pub(crate) attempts: Vec<AttemptView>,
    /// The runs of agents' programs for it that have ended, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) runs: Vec<PastRunView>,
}

impl TaskShow {
    pub(crate) fn new(state: &State, task: &Task) -> Self {
        TaskShow {
            task: TaskView::new(state, task),
            body: task.body.clone(),
            attempts: task.attempts.iter().map(AttemptView::from).collect(),
            runs: Vec::new(),
        }
    }
}

impl View for TaskShow {
    const KIND: &'static str = "task";

    fn text(&self, style: &Style) -> String {
        let task = &self.task;
        let mut text = format!("{}\n", style.bold(&format!("{} {}", task.id, safe(&task.title))));
        let mut field = |name: &str, value: String| {
            if !value.is_empty() {
                text.push_str(&format!("  {:<10} {value}\n", format!("{name}:")));
            }
        };
        field("state", task.state.to_owned());
        field("agent", task.agent.clone().unwrap_or_default());
        field("shared", if task.provisional { "not yet: no remote has confirmed it" } else { "" }.to_owned());
        field("lease", task.lease.as_ref().map(|lease| lease.text(style)).unwrap_or_default());
        field("estimate", task.hours.map(hours).unwrap_or_default());
        field("category", task.category.as_deref().map(safe).unwrap_or_default());
        field("priority", task.priority.to_owned());
        field("labels", safe(&task.labels.join(", ")));
        field("paths", safe(&task.paths.join(", ")));
        field("after", task.after.join(", "));
        field("waits for", task.waiting_for.join(", "));
        field("reason", task.reason.as_deref().map(safe).unwrap_or_default());
        field("filed", style.ago(task.created_at));
        if !self.body.is_empty() {
            text.push('\n');
            for line in self.body.lines() {
                text.push_str(&format!("    {}\n", safe(line)));
            }
        }
        for attempt in &self.attempts {
            text.push_str(&attempt_text(attempt, style));
        }
        for (number, run) in self.runs.iter().enumerate() {
            let gap = if number == 0 { "\n" } else { "" };
            text.push_str(&format!("{gap}  {}\n", run.text(style)));
        }
        text
    }
}

fn attempt_text(attempt: &AttemptView, style: &Style) -> String {
    let outcome = match attempt.outcome {
        Some(git_agents::task::Outcome::Failed) if attempt.taken_by.is_some() => {
            style.red(&format!("taken over by {}", attempt.taken_by.as_deref().unwrap_or_default()))
        }
        None => style.yellow("in progress"),
        Some(git_agents::task::Outcome::Failed) => style.red("failed"),
        Some(git_agents::task::Outcome::Completed) => style.green("completed"),
        Some(git_agents::task::Outcome::Landed) if attempt.in_target == Some(false) => {
            style.yellow("landed, and not in the target as it is here")
        }
        Some(git_agents::task::Outcome::Landed) => style.green("landed"),
    };
    let end = attempt.ended_at.unwrap_or(style.now);
    let took = duration(end.signed_duration_since(attempt.started_at).num_seconds());
    let mut text = format!("\n  {} on {}: {outcome}, {took}", attempt.agent, safe(&attempt.branch));
    if let Some(reported) = attempt.hours {
        text.push_str(&format!(", {} reported", hours(reported)));
    }
    if let Some(tip) = &attempt.tip {
        text.push_str(&format!(", {} at {}", counted(attempt.files.len(), "file"), tip.get(..10).unwrap_or(tip)));
    }
    text.push('\n');
    for file in &attempt.files {
        text.push_str(&format!("    {}\n", safe(file)));
    }
    text
}
