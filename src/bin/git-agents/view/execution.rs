//! What `execute` answers in the end: what became of each task, and how much quicker it was than one at a time.

use std::time::Duration;

use chrono::{DateTime, Utc};
use git_agents::agent::AgentName;
use git_agents::execute::step::Stage;
use git_agents::run::Run;
use git_agents::task::TaskId;
use serde::Serialize;

use crate::render::style::{Style, counted, safe, tried};
use crate::render::table::{Column, table};
use crate::ui::View;

/// A task and what became of it. `state` is `completed`, `failed`, `skipped` (what it is after was not completed),
/// `closed` (it is not for this batch: dropped, blocked, somebody else's; or it could not begin), `running` or `waiting`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct TaskRow {
    pub(crate) task: String,
    pub(crate) title: String,
    pub(crate) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// What helps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) hints: Vec<String>,
    /// It was completed before this command was run.
    pub(crate) was_done: bool,
    pub(crate) runs: Vec<RunRow>,
}

/// One run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RunRow {
    pub(crate) id: String,
    pub(crate) started_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ended_at: Option<DateTime<Utc>>,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seconds: Option<f64>,
    /// It was begun before this command, whose time says nothing of it.
    #[serde(skip)]
    goes_on: bool,
}

impl TaskRow {
    pub(crate) fn new(task: &TaskId, title: &str) -> Self {
        TaskRow {
            task: task.to_string(),
            title: title.to_owned(),
            state: "waiting",
            agent: None,
            reason: None,
            hints: Vec::new(),
            was_done: false,
            runs: Vec::new(),
        }
    }

    pub(crate) fn note_start(&mut self, agent: &AgentName, run: &Run, goes_on: bool) {
        self.agent = Some(agent.to_string());
        let (id, started_at) = (run.id.to_string(), run.started_at());
        self.runs.push(RunRow { id, started_at, ended_at: None, seconds: None, goes_on });
    }

    /// How long it took: what was measured, which is finer, else by what was recorded.
    pub(crate) fn note_end(&mut self, run: &Run, measured: Option<Duration>) -> Option<f64> {
        let row = self.runs.iter_mut().rev().find(|row| row.id == run.id.as_str())?;
        (row.started_at, row.ended_at) = (run.started_at(), run.facts.ended.known().map(|ended| ended.ended_at));
        let recorded = row.ended_at.and_then(|end| end.signed_duration_since(row.started_at).to_std().ok());
        row.seconds = measured.or(recorded).map(|span| rounded(span.as_secs_f64()));
        row.seconds
    }

    pub(crate) fn end(&mut self, stage: Option<&Stage>) {
        self.state = match stage {
            Some(Stage::Done) => "completed",
            Some(Stage::Failed { .. }) => "failed",
            Some(Stage::Skipped) => "skipped",
            Some(Stage::Closed) => "closed",
            Some(Stage::Running { .. }) => "running",
            Some(Stage::Waiting) | None => "waiting",
        };
        if self.state == "completed" {
            (self.reason, self.hints) = (None, Vec::new());
        }
    }
}

/// What became of a batch.
#[derive(Debug, Serialize)]
pub(crate) struct ExecutionView {
    pub(crate) batch: String,
    pub(crate) completed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
    pub(crate) waiting: usize,
    /// The tasks whose runs go on.
    pub(crate) running: Vec<String>,
    pub(crate) interrupted: bool,
    /// The most that ran at once.
    pub(crate) most_at_once: usize,
    /// How long it took, in seconds.
    pub(crate) elapsed_s: f64,
    /// How long all runs that this command began took together: what one at a time would have taken.
    pub(crate) one_by_one_s: f64,
    pub(crate) tasks: Vec<TaskRow>,
}

impl ExecutionView {
    pub(crate) fn new(batch: String, tasks: Vec<TaskRow>, facts: (usize, Duration, bool)) -> Self {
        let (most_at_once, elapsed, interrupted) = facts;
        let count = |states: &[&str]| tasks.iter().filter(|task| states.contains(&task.state)).count();
        let ours = tasks.iter().flat_map(|task| &task.runs).filter(|run| !run.goes_on);
        // The sum of nothing would be -0.
        let seconds = ours.filter_map(|run| run.seconds).fold(0.0, |sum, one| sum + one);
        ExecutionView {
            batch,
            completed: count(&["completed"]),
            failed: count(&["failed"]),
            skipped: count(&["skipped", "closed"]),
            waiting: count(&["waiting"]),
            running: tasks.iter().filter(|task| task.state == "running").map(|task| task.task.clone()).collect(),
            interrupted,
            most_at_once,
            elapsed_s: rounded(elapsed.as_secs_f64()),
            one_by_one_s: rounded(seconds),
            tasks,
        }
    }

    pub(crate) fn is_good(&self) -> bool {
        self.completed == self.tasks.len()
    }

    /// Whether the same command does more, and when.
    fn what_next(&self) -> &'static str {
        let is_helped = self.tasks.iter().any(|task| !task.hints.is_empty());
        match () {
            () if self.failed > 0 => {
                "the same command again goes on from here; what you mend by hand counts with git agents complete AGENT\n"
            }
            () if is_helped => "after that the same command again goes on from here\n",
            () if self.waiting + self.running.len() > 0 => "the same command again goes on from here\n",
            () => "",
        }
    }
}

impl View for ExecutionView {
    const KIND: &'static str = "execution";

    fn text(&self, style: &Style) -> String {
        let others = [
            (self.failed, "failed"),
            (self.skipped, "left out"),
            (self.running.len(), "still running"),
            (self.waiting, "not begun"),
        ];
        let others: String = others.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!(", {n} {what}")).collect();
        let all = counted(self.tasks.len(), "task");
        let mut text = format!("batch {}: {} of {all} completed{others}\n", self.batch, self.completed);
        let rest: Vec<&TaskRow> = self.tasks.iter().filter(|task| task.state != "completed").collect();
        if !rest.is_empty() {
            let columns = [Column::Text("TASK"), Column::Text("STATE"), Column::Text("AGENT"), Column::Text("WHY")];
            let row = |task: &&TaskRow| {
                let state = match task.state {
                    "failed" => style.red(task.state),
                    state => style.yellow(state),
                };
                let agent = task.agent.as_deref().map(safe).unwrap_or_default();
                vec![safe(&task.task), state, agent, task.reason.as_deref().map(safe).unwrap_or_default()]
            };
            text.push_str(&table(style, &columns, rest.iter().map(row).collect()));
            text.push_str(&tried(style, rest.iter().flat_map(|task| &task.hints)));
            text.push_str(self.what_next());
        }
        if self.elapsed_s > 0.0 && self.one_by_one_s > self.elapsed_s {
            let times = self.one_by_one_s / self.elapsed_s;
            text.push_str(&format!(
                "took {:.1}s with up to {} at once; one at a time the runs take {:.1}s: {times:.1} times as long\n",
                self.elapsed_s, self.most_at_once, self.one_by_one_s
            ));
        }
        text
    }
}

fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}
