//! The terminal: the answer goes to standard output, the narration to standard error, and nothing prompts unless
//! somebody is there. A closed pipe is not an error.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use git_agents::text::printable;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::{CliError, Exit};
use crate::render::style::Style;

/// The version of every published JSON object.
const JSON_VERSION: u32 = 1;

/// An answer as plain data, which is shown as JSON or as text.
pub(crate) trait View: Serialize {
    /// What the JSON object says it is.
    const KIND: &'static str;

    /// The text for people; lines end with a newline.
    fn text(&self, style: &Style) -> String;
}

/// How this run talks.
#[derive(Debug, Clone)]
pub(crate) struct Ui {
    pub(crate) json: bool,
    /// JSON as lines: events while it goes on, the answer last.
    pub(crate) lines: bool,
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
    /// How the answer is written.
    pub(crate) out: Style,
    /// How the narration is written.
    pub(crate) err: Style,
}

impl Ui {
    /// Write the answer.
    pub(crate) fn answer<V: View>(&self, view: &V) -> Result<(), CliError> {
        let text = match self.json {
            true if self.lines => self.line(view)?,
            true => as_json(view)?,
            false => view.text(&self.out),
        };
        write_out(&text)
    }

    /// Something that has happened on the way to the answer; only with `--json=lines`.
    pub(crate) fn event(&self, name: &str, facts: &Value) -> Result<(), CliError> {
        if !self.lines {
            return Ok(());
        }
        let mut object = json!({ "version": JSON_VERSION, "kind": "event", "event": name });
        if let (Value::Object(all), Value::Object(facts)) = (&mut object, facts) {
            all.extend(facts.clone());
        }
        write_out(&format!("{object}\n"))
    }

    /// The answer as text, or as JSON in one line: what [`Ui::answer`] would write if answers came one after the other.
    pub(crate) fn line<V: View>(&self, view: &V) -> Result<String, CliError> {
        if !self.json {
            return Ok(view.text(&self.out));
        }
        let bug = |error: &dyn std::fmt::Display| {
            CliError::new(Exit::Bug, "bug", format!("the answer could not be written: {error}"))
        };
        let value: Value = serde_json::from_str(&as_json(view)?).map_err(|error| bug(&error))?;
        Ok(format!("{value}\n"))
    }

    /// Write text that is the answer as it is: a completion script, a page.
    pub(crate) fn raw(&self, text: &str) -> Result<(), CliError> {
        write_out(text)
    }

    /// What was done besides, or what to know; not with `--quiet`.
    pub(crate) fn note(&self, text: &str) {
        if self.quiet {
            return;
        }
        if self.json {
            let object = json!({ "version": JSON_VERSION, "kind": "note", "message": text });
            write_err(&format!("{object}\n"));
        } else {
            write_err(&format!("{}\n", printable_lines(text)));
        }
    }

    /// What happens underneath; only with `--verbose`.
    pub(crate) fn detail(&self, text: &str) {
        if self.verbose {
            show_detail(text);
        }
    }

    /// Something that is probably not as it should be; also with `--quiet`.
    pub(crate) fn warn(&self, text: &str) {
        if self.json {
            let object = json!({ "version": JSON_VERSION, "kind": "warning", "message": text });
            write_err(&format!("{object}\n"));
            return;
        }
        write_err(&format!("{} {}\n", self.err.yellow("warning:"), printable_lines(text)));
    }

    /// Show an error: with `--json` as one object.
    pub(crate) fn error(&self, error: &CliError) {
        if self.json {
            let object = json!({
                "version": JSON_VERSION,
                "kind": "error",
                "error": { "code": error.code, "message": error.message, "hints": error.hints },
            });
            write_err(&format!("{object}\n"));
            return;
        }
        let mut text = format!("{} {}\n", self.err.red("error:"), printable_lines(&error.message));
        for hint in &error.hints {
            text.push_str(&format!("{} {}\n", self.err.dim("  try:"), printable_lines(hint)));
        }
        write_err(&text);
    }

    /// Ask before something that is hard to take back. Without a terminal there is nobody to ask: `--yes` is needed.
    pub(crate) fn confirm(&self, question: &str, yes: bool) -> Result<(), CliError> {
        if yes {
            return Ok(());
        }
        let refused = |message: &str| CliError::refused("not-confirmed", message).hint("the same command with --yes");
        if self.json || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return Err(refused(&format!("there is no terminal to ask on: {question}")));
        }
        write_err(&format!("{} [y/N] ", printable_lines(question)));
        let mut answer = String::new();
        drop(std::io::stdin().read_line(&mut answer));
        match answer.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(refused("not confirmed; nothing was changed")),
        }
    }

    /// A line with a clock on a terminal, nothing anywhere else.
    pub(crate) fn spinner(&self) -> ProgressBar {
        let line = ProgressBar::new_spinner();
        let shown = !self.quiet && !self.json && std::io::stderr().is_terminal();
        line.set_draw_target(if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() });
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
            line.set_style(style);
        }
        line.enable_steady_tick(Duration::from_millis(100));
        line
    }

    /// A bar for `length` steps on a terminal, nothing anywhere else.
    pub(crate) fn progress(&self, length: usize, what: &str) -> ProgressBar {
        let bar = ProgressBar::new(length as u64);
        let shown = !self.quiet && !self.json && std::io::stderr().is_terminal();
        bar.set_draw_target(if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() });
        if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        bar.set_prefix(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(100));
        bar
    }
}

/// An error's text as it is, made safe for the terminal.
pub(crate) fn show_error(text: &str) {
    write_err(&printable_lines(text));
}

/// One line of what happens underneath.
pub(crate) fn show_detail(text: &str) {
    write_err(&format!("+ {}\n", printable_lines(text)));
}

fn as_json<V: View>(view: &V) -> Result<String, CliError> {
    let bug = |reason: &str| CliError::new(Exit::Bug, "bug", format!("the answer could not be written: {reason}"));
    let body = serde_json::to_value(view).map_err(|error| bug(&error.to_string()))?;
    let Value::Object(fields) = body else { return Err(bug("it is no object")) };
    let mut object = serde_json::Map::new();
    object.insert("version".to_owned(), JSON_VERSION.into());
    object.insert("kind".to_owned(), V::KIND.into());
    object.extend(fields);
    let text = serde_json::to_string_pretty(&object).map_err(|error| bug(&error.to_string()))?;
    Ok(text + "\n")
}

fn write_out(text: &str) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(CliError::new(Exit::Outside, "output-failed", format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

fn write_err(text: &str) {
    drop(std::io::stderr().lock().write_all(text.as_bytes()));
}

/// Text from anywhere, safe for a terminal; its own line breaks stay.
fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}
