//! One performance: each command is shown, run, and must end as the story expects.

use std::io::{BufRead, BufReader, Read};
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use git_agents::text::printable;
use serde::Serialize;

use super::project::Work;
use super::stage::{Playing, Stage};
use crate::context::Context;
use crate::error::{CliError, Exit};

/// A command and how it ended.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    pub(super) command: String,
    pub(super) status: Option<i32>,
}

/// What has been shown so far.
pub(super) struct Play<'p> {
    ctx: &'p Context,
    stage: &'p Stage,
    pub(super) steps: Vec<Step>,
    interrupted: Arc<AtomicBool>,
}

impl<'p> Play<'p> {
    pub(super) fn new(ctx: &'p Context, stage: &'p Stage) -> Self {
        let interrupted = Arc::new(AtomicBool::new(false));
        // The shell and git end by themselves on an interrupt; we stay, to remove the folder.
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            drop(signal_hook::flag::register(signal, Arc::clone(&interrupted)));
        }
        Play { ctx, stage, steps: Vec::new(), interrupted }
    }

    /// A sentence on what is about to be seen.
    pub(super) fn say(&self, sentence: &str) -> Result<(), CliError> {
        let style = &self.ctx.ui.out;
        let lines: Vec<String> = sentence.lines().map(|line| style.green(&format!("# {line}"))).collect();
        self.print(&format!("\n{}\n", lines.join("\n")))
    }

    /// Show a command and what it answers; it must end with status 0.
    pub(super) fn show(&mut self, command: &str) -> Result<(), CliError> {
        self.show_ending(command, 0)
    }

    /// Show a command and what it answers; it must end with `status`, which is told when it is not 0.
    pub(super) fn show_ending(&mut self, command: &str, status: i32) -> Result<(), CliError> {
        self.print(&format!("{}\n", self.ctx.ui.out.bold(&format!("$ {command}"))))?;
        let output = self.run(command, status)?;
        self.print(&output)?;
        if status != 0 {
            self.print(&self.ctx.ui.out.dim(&format!("(exit status {status})\n")))?;
        }
        Ok(())
    }

    /// Run a command that is not worth showing; it must end with status 0.
    pub(super) fn quietly(&mut self, command: &str) -> Result<String, CliError> {
        self.run(command, 0)
    }

    /// Let agents work, each as a process in its worktree, and show what they write as they write it.
    pub(super) fn together(&mut self, works: &[Work]) -> Result<(), CliError> {
        let (lines, written) = mpsc::channel();
        let mut playing = Vec::new();
        for work in works {
            let Playing { child, output } =
                self.stage.play(&self.stage.worktree(work.agent), &work.script(), Some(work.agent))?;
            let lines = lines.clone();
            let agent = work.agent;
            let reader = std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    drop(lines.send((agent, line)));
                }
            });
            playing.push((work, child, reader));
        }
        drop(lines);
        for (agent, line) in written {
            let shown = if line.starts_with("$ ") { self.ctx.ui.out.bold(&line) } else { line };
            self.print(&format!("{} {shown}\n", self.ctx.ui.out.cyan(&format!("{agent} |"))))?;
        }
        for (work, mut child, reader) in playing {
            drop(reader.join());
            let status = child.wait().map_err(|error| no_end(&error))?;
            self.ended(&format!("{}'s script", work.agent), status, 0, "")?;
        }
        Ok(())
    }

    fn run(&mut self, command: &str, expected: i32) -> Result<String, CliError> {
        let Playing { mut child, mut output } = self.stage.play(&self.stage.project(), command, None)?;
        let mut bytes = Vec::new();
        output.read_to_end(&mut bytes).map_err(|error| no_end(&error))?;
        let status = child.wait().map_err(|error| no_end(&error))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        self.ended(command, status, expected, &text)?;
        Ok(text)
    }

    fn ended(&mut self, command: &str, status: ExitStatus, expected: i32, output: &str) -> Result<(), CliError> {
        self.steps.push(Step { command: command.to_owned(), status: status.code() });
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(CliError::new(Exit::Outside, "interrupted", "interrupted"));
        }
        if status.code() == Some(expected) {
            return Ok(());
        }
        let said = output.trim_end().lines().map(|line| format!("\n  {}", printable(line))).collect::<String>();
        let message = format!("the demo did not go as planned: `{command}` ended with {status}, not {expected}{said}");
        Err(CliError::new(Exit::Bug, "demo-failed", message).hint("git agents demo --keep"))
    }

    fn print(&self, text: &str) -> Result<(), CliError> {
        if self.ctx.ui.json { Ok(()) } else { self.ctx.ui.raw(text) }
    }
}

fn no_end(error: &std::io::Error) -> CliError {
    CliError::new(Exit::Outside, "demo-process", format!("a process of the demo cannot be waited for: {error}"))
}
