//! The text of a plan as it comes: bytes from somebody's editor, of any system.

use super::{PlanError, Wrong};

/// The largest plan that is read, in bytes.
pub const LARGEST: usize = 4 * 1024 * 1024;

/// The text with plain line ends and without a byte order mark; lines stay where they are.
pub(super) fn decode(bytes: &[u8]) -> Result<String, PlanError> {
    if bytes.len() > LARGEST {
        return Err(PlanError::whole(Wrong::TooLarge { bytes: bytes.len(), most: LARGEST }));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = &bytes[..error.valid_up_to()];
        PlanError::at(1 + good.iter().filter(|byte| **byte == b'\n').count(), Wrong::NotText)
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    for (number, line) in text.split('\n').enumerate() {
        if let Some(found) = line.chars().find(|c| c.is_control() && *c != '\t') {
            return Err(PlanError::at(number + 1, Wrong::Control { found }));
        }
    }
    Ok(text)
}

/// The number of the line that the byte `at` is on, from 1. Asked for growing places it takes the time of one walk.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: usize,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Lines { text, at: 0, line: 1 }
    }

    pub(super) fn at(&mut self, at: usize) -> usize {
        let at = at.min(self.text.len());
        if at < self.at {
            (self.at, self.line) = (0, 1);
        }
        self.line += self.text.as_bytes()[self.at..at].iter().filter(|byte| **byte == b'\n').count();
        self.at = at;
        self.line
    }
}
