//! What a landing does at the moment: a line with a clock on a terminal, plain lines elsewhere, events with
//! `--json=lines`.

use std::time::{Duration, Instant};

use git_agents::check::{End, Event};
use git_agents::git::remote::Upstream;
use git_agents::land::Plan;
use indicatif::ProgressBar;
use serde_json::json;

use crate::error::CliError;
use crate::render::style::{duration, safe};
use crate::ui::Ui;
use crate::view::check::end_text;

/// A line of a check that is longer is shown in pieces.
const LONGEST_LINE: usize = 4096;

/// Tells how a landing goes on.
pub(super) struct Progress<'u> {
    ui: &'u Ui,
    /// Hidden where there is no terminal.
    line: ProgressBar,
    begun: Instant,
    /// The last line that a check has written, as far as it has come.
    unfinished: Vec<u8>,
}

impl<'u> Progress<'u> {
    pub(super) fn new(ui: &'u Ui) -> Self {
        Progress { ui, line: ui.spinner(), begun: Instant::now(), unfinished: Vec::new() }
    }

    /// The plan stands.
    pub(super) fn planned(&mut self, plan: &Plan) -> Result<(), CliError> {
        let names: Vec<&str> = plan.steps.iter().map(|step| step.name.as_str()).collect();
        let stopped: Vec<&str> = plan.stopped.iter().map(|stopped| stopped.name.as_str()).collect();
        let noun = if names.len() == 1 { "branch" } else { "branches" };
        self.line.set_message(format!("planned {} {noun}", names.len()));
        self.ui.event("planned", &json!({ "landing": names, "stopped": stopped }))
    }

    /// Ask somebody, without a clock that writes over the question.
    pub(super) fn still<T>(&self, ask: impl FnOnce() -> T) -> T {
        self.line.suspend(ask)
    }

    /// What it was based on has moved.
    pub(super) fn replanning(&mut self, what: &str) -> Result<(), CliError> {
        self.line.suspend(|| self.ui.note(&format!("{what}; planning again")));
        self.ui.event("replanning", &json!({ "reason": what }))
    }

    /// The remote is being told.
    pub(super) fn pushing(&mut self, upstream: &Upstream) -> Result<(), CliError> {
        let (remote, branch) = (&upstream.push_remote, &upstream.push_branch);
        self.step(&format!("pushing to {remote}"));
        self.ui.event("pushing", &json!({ "remote": remote, "branch": branch }))
    }

    /// The refs are about to move.
    pub(super) fn moving(&mut self, branch: &str) -> Result<(), CliError> {
        self.line.set_message(format!("moving {}", safe(branch)));
        self.ui.event("moving", &json!({ "target": branch }))
    }

    /// What a check does.
    pub(super) fn check(&mut self, event: &Event<'_>) -> Result<(), CliError> {
        match event {
            Event::Begins { number, command, subject, log } => {
                self.begun = Instant::now();
                self.step(&format!("check {number}: {command} ({subject})"));
                let log = log.display().to_string();
                let facts = json!({ "number": number, "command": command, "subject": subject, "log": log });
                self.ui.event("check-began", &facts)
            }
            Event::Output(bytes) => {
                self.output(bytes);
                Ok(())
            }
            Event::Ended { number, command, subject, end } => {
                self.finish_output();
                let took = self.begun.elapsed();
                self.ended(*number, *end, took);
                let facts = json!({
                    "number": number, "command": command, "subject": subject, "passed": end.is_good(),
                    "end": end_text(*end), "seconds": took.as_secs_f64(),
                });
                self.ui.event("check-ended", &facts)
            }
        }
    }

    /// Nothing more is shown.
    pub(super) fn done(&mut self) {
        self.line.finish_and_clear();
    }

    fn step(&self, text: &str) {
        self.line.set_message(safe(text));
        if self.line.is_hidden() {
            self.ui.note(text);
        }
    }

    fn ended(&self, number: usize, end: End, took: Duration) {
        let seconds = i64::try_from(took.as_secs()).unwrap_or(i64::MAX);
        let how = if end.is_good() { "passed".to_owned() } else { format!("failed: {}", end_text(end)) };
        // Elsewhere than on a terminal a line that is the same every time is worth more.
        let after = if self.line.is_hidden() { String::new() } else { format!(" after {}", duration(seconds)) };
        self.line.suspend(|| self.ui.note(&format!("check {number} {how}{after}")));
    }

    /// Pass on what a check writes, line by line: half a line would be torn by the clock.
    fn output(&mut self, bytes: &[u8]) {
        if self.ui.json {
            return;
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.unfinished.extend_from_slice(piece.strip_suffix(b"\n").unwrap_or(piece));
            if piece.ends_with(b"\n") || self.unfinished.len() > LONGEST_LINE {
                let line = std::mem::take(&mut self.unfinished);
                self.show(&line);
            }
        }
    }

    fn finish_output(&mut self) {
        let rest = std::mem::take(&mut self.unfinished);
        if !rest.is_empty() {
            self.show(&rest);
        }
    }

    fn show(&self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        self.line.suspend(|| self.ui.note(&format!("  | {text}")));
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.line.finish_and_clear();
    }
}
