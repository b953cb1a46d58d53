//! What the commands about runs answer.

use git_agents::run::compose::Composed;
use git_agents::run::record::Reported;
use git_agents::run::{Hidden, Run, Started};
use serde::Serialize;

use super::run::{RunView, bytes};
use crate::render::style::{Style, safe};
use crate::ui::View;

/// `run`.
#[derive(Debug, Serialize)]
pub(crate) struct StartedRun {
    pub(crate) run: RunView,
    /// How many run now.
    pub(crate) live: usize,
    /// Why this model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model_reason: Option<String>,
}

impl StartedRun {
    pub(crate) fn new(run: RunView, started: &Started, composed: &Composed) -> Self {
        StartedRun { run, live: started.live, model_reason: composed.reason.clone() }
    }
}

impl View for StartedRun {
    const KIND: &'static str = "run-started";

    fn text(&self, style: &Style) -> String {
        let RunView { agent, task, profile, model, command, .. } = &self.run;
        let program = profile.as_ref().or(command.first()).map(|name| safe(name)).unwrap_or_default();
        let with = model.as_ref().map(|model| format!(" with {}", safe(model))).unwrap_or_default();
        let on = task.as_ref().map(|task| format!(" on {}", style.cyan(&safe(task)))).unwrap_or_default();
        let mut text = format!("{agent} runs {program}{with}{on}\n");
        if let Some(reason) = &self.model_reason {
            text.push_str(&format!("  {}\n", style.dim(&safe(reason))));
        }
        text.push_str(&format!("  {}\n", style.dim(&format!("git agents logs {agent} -f"))));
        text
    }
}

/// One run that was ended.
#[derive(Debug, Serialize)]
pub(crate) struct EndedRun {
    pub(crate) run: RunView,
    /// Processes that nobody watched over any more, and were ended.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) leftovers: usize,
    #[serde(skip)]
    pub(crate) was_over: bool,
}

/// One that was ended although nothing could be read of it.
#[derive(Debug, Serialize)]
pub(crate) struct EndedUnread {
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent: Option<String>,
    /// How many processes could be seen.
    pub(crate) processes: usize,
}

impl EndedUnread {
    pub(crate) fn new(run: &Hidden, processes: usize) -> Self {
        EndedUnread { id: run.id.to_string(), agent: run.agent.as_ref().map(ToString::to_string), processes }
    }

    fn text(&self) -> String {
        let whose = self.agent.as_deref().unwrap_or("an agent");
        format!("{whose}'s run is ended: it had no records that can be read\n")
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references over")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// `kill`.
#[derive(Debug, Serialize)]
pub(crate) struct KilledView {
    pub(crate) killed: Vec<EndedRun>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) without_records: Vec<EndedUnread>,
}

impl View for KilledView {
    const KIND: &'static str = "killed";

    fn text(&self, style: &Style) -> String {
        if self.killed.is_empty() && self.without_records.is_empty() {
            return "nothing runs\n".to_owned();
        }
        let line = |one: &EndedRun| {
            let left = match one.leftovers {
                0 => String::new(),
                1 => ", with a process that it had left".to_owned(),
                left => format!(", with {left} processes that it had left"),
            };
            let how = if one.was_over { "had ended" } else { "is ended" };
            format!("{}'s run {how}: {}{left}\n", one.run.agent, one.run.state_text(style))
        };
        self.killed.iter().map(line).chain(self.without_records.iter().map(EndedUnread::text)).collect()
    }
}

/// `wait`.
#[derive(Debug, Serialize)]
pub(crate) struct WaitedView {
    pub(crate) runs: Vec<RunView>,
    /// The time was over before all were there.
    pub(crate) timed_out: bool,
}

impl View for WaitedView {
    const KIND: &'static str = "waited";

    fn text(&self, style: &Style) -> String {
        if self.runs.is_empty() {
            return "nothing runs\n".to_owned();
        }
        let mut text: String =
            self.runs.iter().map(|run| format!("{}: {}\n", run.agent, run.state_text(style))).collect();
        if self.timed_out {
            text.push_str("the time is over\n");
        }
        text
    }
}

/// `logs` as one object.
#[derive(Debug, Serialize)]
pub(crate) struct LogsView {
    pub(crate) agent: String,
    pub(crate) run: String,
    /// `stdout` or `stderr`.
    pub(crate) stream: &'static str,
    /// Without anything that acts on a terminal.
    pub(crate) text: String,
}

impl View for LogsView {
    const KIND: &'static str = "logs";

    fn text(&self, _: &Style) -> String {
        self.text.clone()
    }
}

/// `report`.
#[derive(Debug, Serialize)]
pub(crate) struct ReportedView {
    pub(crate) agent: String,
    pub(crate) run: String,
    /// `working` or `waiting`.
    pub(crate) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
}

impl ReportedView {
    pub(crate) fn new(run: &Run, state: Reported, text: Option<String>) -> Self {
        ReportedView { agent: run.plan().agent.to_string(), run: run.id.to_string(), state: state.word(), text }
    }
}

impl View for ReportedView {
    const KIND: &'static str = "reported";

    fn text(&self, _: &Style) -> String {
        let said = self.text.as_ref().map(|text| format!(": {}", safe(text))).unwrap_or_default();
        format!("{} is {}{said}\n", self.agent, self.state)
    }
}

/// `send`.
#[derive(Debug, Serialize)]
pub(crate) struct SentView {
    pub(crate) agent: String,
    pub(crate) run: String,
    pub(crate) bytes: usize,
}

impl View for SentView {
    const KIND: &'static str = "sent";

    fn text(&self, _: &Style) -> String {
        format!("sent {} to {}\n", bytes(self.bytes as u64), self.agent)
    }
}
