//! Tells what the commands of `agents.setup` and `agents.teardown` do. The output of one alone is shown as it comes;
//! where several run at once, what each writes is in its log only, so that nobody has to sort lines. Nor is anybody
//! shown more than the beginning of what has no end: all of it is in the log.

use std::path::PathBuf;
use std::sync::Mutex;

use git_agents::agent::AgentName;
use git_agents::worktree::ready::{Event, Phase};
use indicatif::ProgressBar;

use crate::render::style::safe;
use crate::ui::Ui;

/// Of a longer line only so many bytes are shown.
const LONGEST_LINE: usize = 400;
/// So many lines of one command are shown.
const MOST_LINES: usize = 200;

/// Tells of commands in worktrees.
pub(crate) struct Narrator<'u> {
    ui: &'u Ui,
    /// Hidden where there is no terminal.
    bar: ProgressBar,
    is_alone: bool,
    output: Mutex<Output>,
}

/// What the one command has written.
#[derive(Default)]
struct Output {
    /// Where all of it is.
    log: PathBuf,
    /// The last line, as far as it has come and is shown.
    unfinished: Vec<u8>,
    is_cut: bool,
    /// How many lines have been shown.
    lines: usize,
}

impl<'u> Narrator<'u> {
    /// For commands in so many worktrees; `bar` is what else is shown meanwhile.
    pub(crate) fn new(ui: &'u Ui, worktrees: usize, bar: ProgressBar) -> Self {
        Narrator { ui, bar, is_alone: worktrees == 1, output: Mutex::default() }
    }

    /// Nothing more is shown.
    pub(crate) fn done(&self) {
        self.bar.finish_and_clear();
    }

    /// Something has happened.
    pub(crate) fn tell(&self, agent: &AgentName, event: &Event<'_>) {
        match event {
            Event::Begins { phase, command, log } => {
                if let Ok(mut output) = self.output.lock() {
                    *output = Output { log: log.to_path_buf(), ..Output::default() };
                }
                self.begins(agent, *phase, command);
            }
            Event::Output(bytes) if self.is_alone && !self.ui.json => self.output(bytes),
            Event::Output(_) => {}
            Event::Ended { .. } => self.finish_output(),
        }
    }

    fn begins(&self, agent: &AgentName, phase: Phase, command: &str) {
        let text = format!("{agent}: {}: {command}", phase.word());
        self.bar.set_message(safe(&text));
        if self.bar.is_hidden() {
            self.ui.note(&text);
        }
    }

    /// Pass on what it writes, line by line: half a line would be torn by the clock.
    fn output(&self, bytes: &[u8]) {
        let Ok(mut output) = self.output.lock() else { return };
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if output.lines > MOST_LINES {
                return;
            }
            let text = piece.strip_suffix(b"\n").unwrap_or(piece);
            let room = LONGEST_LINE.saturating_sub(output.unfinished.len());
            output.is_cut |= text.len() > room;
            output.unfinished.extend_from_slice(&text[..text.len().min(room)]);
            if piece.ends_with(b"\n") {
                self.show(&mut output);
            }
        }
    }

    fn finish_output(&self) {
        if let Ok(mut output) = self.output.lock()
            && !output.unfinished.is_empty()
        {
            self.show(&mut output);
        }
    }

    /// Show the line that is there, or that there are more.
    fn show(&self, output: &mut Output) {
        let line = std::mem::take(&mut output.unfinished);
        let rest = if std::mem::take(&mut output.is_cut) { "…" } else { "" };
        output.lines += 1;
        let text = match output.lines > MOST_LINES {
            true => format!("  | … (all of it is in {})", output.log.display()),
            false => format!("  | {}{rest}", String::from_utf8_lossy(&line)),
        };
        self.bar.suspend(|| self.ui.note(&text));
    }
}
