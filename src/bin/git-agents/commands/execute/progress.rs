//! How a plan goes on: a bar on a terminal, plain lines elsewhere, events with `--json=lines`.

use git_agents::agent::AgentName;
use git_agents::task::TaskId;
use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::error::CliError;
use crate::render::style::{duration, safe};
use crate::ui::Ui;

/// Tells how a plan goes on.
pub(super) struct Progress<'u> {
    ui: &'u Ui,
    /// Hidden where there is no terminal.
    bar: ProgressBar,
    /// What was said last of what everything waits for.
    waits: Option<String>,
}

impl<'u> Progress<'u> {
    pub(super) fn new(ui: &'u Ui, tasks: usize) -> Self {
        Progress { ui, bar: ui.progress(tasks, "tasks"), waits: None }
    }

    /// How many are over, and what runs.
    pub(super) fn shows(&self, over: usize, running: &[&TaskId]) {
        self.bar.set_position(over as u64);
        let running: Vec<&str> = running.iter().map(|id| id.as_str()).collect();
        self.bar.set_message(safe(&running.join(" ")));
    }

    /// A run has begun.
    pub(super) fn started(&mut self, task: &TaskId, facts: &Started<'_>) -> Result<(), CliError> {
        let Started { agent, run, model, tries, goes_on } = facts;
        let with = model.map(|model| format!(" with {model}")).unwrap_or_default();
        let again = if *tries > 0 { format!(", try {}", tries + 1) } else { String::new() };
        let by = if agent.as_str() == task.as_str() { String::new() } else { format!(" by {agent}") };
        let verb = if *goes_on { "goes on" } else { "started" };
        self.say(&format!("{task} {verb}{by}{with}{again}"));
        self.event(
            "started",
            json!({ "task": task, "agent": agent, "run": run, "model": model, "try": tries + 1, "goes_on": goes_on }),
        )
    }

    /// A task is completed.
    pub(super) fn completed(&self, task: &TaskId, seconds: Option<f64>) -> Result<(), CliError> {
        self.say(&format!("{task} completed{}", self.after(seconds)));
        self.event("completed", json!({ "task": task, "seconds": seconds }))
    }

    /// A try has failed.
    pub(super) fn failed(
        &self,
        task: &TaskId,
        reason: &str,
        again: bool,
        seconds: Option<f64>,
    ) -> Result<(), CliError> {
        let tail = if again { "; trying again" } else { "" };
        self.warn(&format!("{task} failed{}: {}{tail}", self.after(seconds), safe(reason)));
        self.event("failed", json!({ "task": task, "reason": reason, "again": again, "seconds": seconds }))
    }

    /// A task will not be done, because of another.
    pub(super) fn skipped(&self, task: &TaskId, because: &TaskId) -> Result<(), CliError> {
        self.say(&format!("{task} is left out: it is after {because}"));
        self.event("skipped", json!({ "task": task, "because": because }))
    }

    /// A task is not for us.
    pub(super) fn closed(&self, task: &TaskId, reason: &str, hints: &[String]) -> Result<(), CliError> {
        self.say(&format!("{task} is left out: {}", safe(reason)));
        self.event("closed", json!({ "task": task, "reason": reason, "hints": hints }))
    }

    /// Nothing more can start for now; said once.
    pub(super) fn waits(&mut self, reason: &str) -> Result<(), CliError> {
        if self.waits.as_deref() == Some(reason) {
            return Ok(());
        }
        self.waits = Some(reason.to_owned());
        self.say(&format!("waiting: {}", safe(reason)));
        self.event("waiting", json!({ "reason": reason }))
    }

    /// An agent needs an answer.
    pub(super) fn asks(&self, task: &TaskId, agent: &AgentName, text: Option<&str>) -> Result<(), CliError> {
        let what = text.map(|text| format!(": {}", safe(text))).unwrap_or_default();
        self.warn(&format!("{agent} waits for an answer to go on with {task}{what}"));
        self.event("asks", json!({ "task": task, "agent": agent, "text": text }))
    }

    /// Somebody wants us to stop.
    pub(super) fn interrupted(&self, running: usize, ends: bool) -> Result<(), CliError> {
        let waiting = "interrupted: nothing more is started; waiting for";
        let text = match (running, ends) {
            (0, _) => "interrupted: nothing more is started".to_owned(),
            (1, true) => "interrupted: nothing more is started, and the one run is ended".to_owned(),
            (n, true) => format!("interrupted: nothing more is started, and {n} runs are ended"),
            (1, false) => format!("{waiting} 1 run, which goes on also when you interrupt again"),
            (n, false) => format!("{waiting} {n} runs, which go on also when you interrupt again"),
        };
        self.warn(&text);
        self.event("interrupted", json!({ "running": running, "ends": ends }))
    }

    pub(super) fn say(&self, text: &str) {
        self.bar.suspend(|| self.ui.note(text));
    }

    pub(super) fn warn(&self, text: &str) {
        self.bar.suspend(|| self.ui.warn(text));
    }

    /// Do something that may speak, without a bar that writes over it.
    pub(super) fn still<T>(&self, act: impl FnOnce() -> T) -> T {
        self.bar.suspend(act)
    }

    pub(super) fn done(&self) {
        self.bar.finish_and_clear();
    }

    /// Elsewhere than on a terminal a line that is the same every time is worth more.
    fn after(&self, seconds: Option<f64>) -> String {
        #[expect(clippy::cast_possible_truncation, reason = "seconds for people")]
        let text =
            seconds.filter(|_| !self.bar.is_hidden()).map(|seconds| format!(" after {}", duration(seconds as i64)));
        text.unwrap_or_default()
    }

    #[expect(clippy::needless_pass_by_value, reason = "it is made for this")]
    fn event(&self, name: &str, facts: Value) -> Result<(), CliError> {
        self.ui.event(name, &facts)
    }
}

/// What is said of a run that begins.
pub(super) struct Started<'a> {
    pub(super) agent: &'a AgentName,
    pub(super) run: &'a git_agents::run::RunId,
    pub(super) model: Option<&'a str>,
    /// How many have failed before.
    pub(super) tries: u32,
    /// It was begun by somebody before us.
    pub(super) goes_on: bool,
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.done();
    }
}
