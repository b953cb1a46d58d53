//! What checks said, or will be asked.

use git_agents::check::{End, Failure, Settings};
use serde::Serialize;

use crate::render::style::{Style, counted, safe};

/// The checks of a landing.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ChecksView {
    pub(crate) commands: Vec<String>,
    /// After every branch, not once for all.
    pub(crate) each: bool,
    /// How long one may take; absent when there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout_s: Option<u64>,
    /// How many commands were run; absent in a plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) runs: Option<usize>,
    /// Commands that failed and passed when they were tried again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) flaky: Vec<FailureView>,
}

/// A command that failed.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct FailureView {
    pub(crate) command: String,
    /// How it ended, as a sentence's part.
    pub(crate) end: String,
    /// Those without whose work it would not fail; absent when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) with: Vec<String>,
    pub(crate) log: String,
    /// The last lines that it wrote.
    pub(crate) output: String,
}

impl ChecksView {
    /// What will be run; none when nothing is.
    pub(crate) fn planned(settings: &Settings) -> Option<Self> {
        (!settings.commands.is_empty()).then(|| ChecksView {
            commands: settings.commands.clone(),
            each: settings.each,
            timeout_s: settings.timeout.map(|limit| limit.as_secs()),
            runs: None,
            flaky: Vec::new(),
        })
    }

    /// What was run.
    pub(crate) fn done(settings: &Settings, runs: usize, flaky: &[Failure]) -> Self {
        let flaky = flaky.iter().map(|failure| FailureView::new(failure, &[])).collect();
        ChecksView {
            commands: settings.commands.clone(),
            each: settings.each,
            timeout_s: settings.timeout.map(|limit| limit.as_secs()),
            runs: Some(runs),
            flaky,
        }
    }

    /// A line for people, and one for each command that was flaky.
    pub(crate) fn text(&self, style: &Style) -> String {
        let commands: Vec<String> = self.commands.iter().map(|command| safe(command)).collect();
        let commands = commands.join(", then ");
        let mut text = match self.runs {
            Some(runs) => format!("checked with {commands}: {} run\n", counted(runs, "command")),
            None if self.each => format!("would be checked after every branch: {commands}\n"),
            None => format!("would be checked together: {commands}\n"),
        };
        for one in &self.flaky {
            let end = &one.end;
            text.push_str(&format!(
                "{} {} {end} and passed when it was tried again (log: {})\n",
                style.yellow("flaky:"),
                safe(&one.command),
                safe(&one.log)
            ));
        }
        text
    }
}

impl FailureView {
    pub(crate) fn new(failure: &Failure, with: &[String]) -> Self {
        FailureView {
            command: failure.command.clone(),
            end: end_text(failure.end),
            with: with.to_vec(),
            log: failure.log.display().to_string(),
            output: failure.tail.clone(),
        }
    }

    /// The end of what it wrote, indented.
    pub(crate) fn output_text(&self, style: &Style) -> String {
        self.output.lines().map(|line| format!("  {} {}\n", style.dim("|"), safe(line))).collect()
    }
}

/// How a command ended.
pub(crate) fn end_text(end: End) -> String {
    match end {
        End::Exited(status) => format!("exited with {status}"),
        End::Signal(signal) => format!("was ended by signal {signal}"),
        End::TimedOut => "took too long".to_owned(),
        End::TooMuchOutput => "wrote without end".to_owned(),
    }
}
