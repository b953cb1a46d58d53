//! `--watch`: the same question again and again, answered when the answer is another one.

use std::io::IsTerminal;
use std::time::Duration;

use crate::error::{CliError, Exit};
use crate::ui::{Ui, View};

/// Takes an answer and keeps it as text.
pub(crate) struct Say<'a> {
    ui: &'a Ui,
    text: String,
}

impl Say<'_> {
    pub(crate) fn answer<V: View>(&mut self, view: &V) -> Result<(), CliError> {
        self.text = self.ui.line(view)?;
        Ok(())
    }
}

/// Ask every `seconds` until interrupted. What fails is told and tried again, but for the first time.
pub(crate) fn run(
    ui: &Ui,
    seconds: u64,
    mut ask: impl FnMut(&mut Say<'_>) -> Result<(), CliError>,
) -> Result<Exit, CliError> {
    let redraws = !ui.json && std::io::stdout().is_terminal();
    let mut last = None;
    loop {
        let mut say = Say { ui, text: String::new() };
        match ask(&mut say) {
            Ok(()) if last.as_ref() != Some(&say.text) => {
                // Home, and clear what is below.
                let clear = if redraws { "\x1b[H\x1b[2J" } else { "" };
                let between = if redraws || ui.json || last.is_none() { "" } else { "\n" };
                ui.raw(&format!("{clear}{between}{}", say.text))?;
                last = Some(say.text);
            }
            Ok(()) => {}
            Err(error) if last.is_none() => return Err(error),
            Err(error) => ui.error(&error),
        }
        std::thread::sleep(Duration::from_secs(seconds));
    }
}
