//! `--watch`: the same question again and again, answered when the answer is another one.

use std::io::IsTerminal;
use std::time::Duration;

use crate::error::{CliError, Exit};
use crate::ui::{Ui, View};

/// Takes an answer and keeps it as text.
pub(crate) struct Say<'a> {
    ui: &'a Ui,
    answer: Option<(String, Vec<String>)>,
}

impl Say<'_> {
    pub(crate) fn answer<V: View>(&mut self, view: &V, warnings: Vec<String>) -> Result<(), CliError> {
        self.answer = Some((self.ui.line(view)?, warnings));
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
    let (mut told, mut warned, mut complained) = (None, Vec::new(), None);
    loop {
        let mut say = Say { ui, answer: None };
        match ask(&mut say) {
            Ok(()) => {
                let (text, warnings) = say.answer.unwrap_or_default();
                if told.as_ref() != Some(&text) {
                    // Home, and clear what is below.
                    let clear = if redraws { "\x1b[H\x1b[2J" } else { "" };
                    let between = if redraws || ui.json || told.is_none() { "" } else { "\n" };
                    ui.raw(&format!("{clear}{between}{text}"))?;
                    told = Some(text);
                }
                if warned != warnings {
                    warnings.iter().for_each(|warning| ui.warn(warning));
                    warned = warnings;
                }
                complained = None;
            }
            Err(error) if told.is_none() => return Err(error),
            Err(error) if complained.as_ref() == Some(&error.message) => {}
            Err(error) => {
                ui.error(&error);
                complained = Some(error.message);
            }
        }
        std::thread::sleep(Duration::from_secs(seconds));
    }
}
