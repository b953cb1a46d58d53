//! Tells what the commands of `agents.setup` and `agents.teardown` do. The output of one alone is shown as it comes;
//! where several run at once, what each writes is in its log only, so that nobody has to sort lines.

use std::sync::Mutex;

use git_agents::agent::AgentName;
use git_agents::worktree::ready::{Event, Phase};
use indicatif::ProgressBar;

use crate::render::style::safe;
use crate::ui::Ui;

/// A line that is longer is shown in pieces.
const LONGEST_LINE: usize = 4096;

/// Tells of commands in worktrees.
pub(crate) struct Narrator<'u> {
    ui: &'u Ui,
    /// Hidden where there is no terminal.
    bar: ProgressBar,
    is_alone: bool,
    /// The last line that the one command has written, as far as it has come.
    unfinished: Mutex<Vec<u8>>,
}

impl<'u> Narrator<'u> {
    /// For commands in so many worktrees; `bar` is what else is shown meanwhile.
    pub(crate) fn new(ui: &'u Ui, worktrees: usize, bar: ProgressBar) -> Self {
        Narrator { ui, bar, is_alone: worktrees == 1, unfinished: Mutex::default() }
    }

    /// Nothing more is shown.
    pub(crate) fn done(&self) {
        self.bar.finish_and_clear();
    }

    /// Something has happened.
    pub(crate) fn tell(&self, agent: &AgentName, event: &Event<'_>) {
        match event {
            Event::Begins { phase, command, .. } => self.begins(agent, *phase, command),
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
        let Ok(mut unfinished) = self.unfinished.lock() else { return };
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            unfinished.extend_from_slice(piece.strip_suffix(b"\n").unwrap_or(piece));
            if piece.ends_with(b"\n") || unfinished.len() > LONGEST_LINE {
                let line = std::mem::take(&mut *unfinished);
                self.show(&line);
            }
        }
    }

    fn finish_output(&self) {
        let rest = self.unfinished.lock().map(|mut rest| std::mem::take(&mut *rest)).unwrap_or_default();
        if !rest.is_empty() {
            self.show(&rest);
        }
    }

    fn show(&self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        self.bar.suspend(|| self.ui.note(&format!("  | {text}")));
    }
}
