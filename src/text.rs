//! Text that people and agents wrote: what is taken in, and how it is shown.

/// Why a text was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing but white space.
    #[error("it is empty")]
    Empty,
    /// More bytes than the most.
    #[error("it has {length} bytes, {most} are the most")]
    TooLong {
        /// How many there are.
        length: usize,
        /// How many may be.
        most: usize,
    },
    /// A control character; where one line is wanted, also a line break.
    #[error("it holds the control character {found:?}")]
    Control {
        /// The first such character.
        found: char,
    },
}

/// The longest one-line text (a title, a reason, a category), in bytes.
pub const LONGEST_LINE: usize = 500;
/// The longest many-line text (a task's body, a finding's message), in bytes.
pub const LONGEST_BODY: usize = 256 * 1024;

/// One line of text, trimmed.
///
/// # Errors
/// Empty, longer than [`LONGEST_LINE`], or with a control character.
pub fn line(text: &str) -> Result<String, InvalidText> {
    let text = text.trim();
    if text.is_empty() {
        return Err(InvalidText::Empty);
    }
    within(text, LONGEST_LINE)?;
    match text.chars().find(|c| c.is_control()) {
        Some(found) => Err(InvalidText::Control { found }),
        None => Ok(text.to_owned()),
    }
}

/// A text of many lines, trimmed at its end.
///
/// # Errors
/// Longer than [`LONGEST_BODY`], or with a control character other than a line break or a tab.
pub fn body(text: &str) -> Result<String, InvalidText> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim_end();
    within(text, LONGEST_BODY)?;
    match text.chars().find(|&c| c.is_control() && !matches!(c, '\n' | '\t')) {
        Some(found) => Err(InvalidText::Control { found }),
        None => Ok(text.to_owned()),
    }
}

fn within(text: &str, most: usize) -> Result<(), InvalidText> {
    if text.len() > most { Err(InvalidText::TooLong { length: text.len(), most }) } else { Ok(()) }
}

/// `text` without anything that a terminal would act on: control characters become `\u{fffd}`, and so do the
/// characters that reorder what is around them.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if is_hidden(c) { '\u{fffd}' } else { c }).collect()
}

/// Whether a terminal or an editor would act on the character instead of showing it: control characters, line and
/// paragraph separators, and what reorders the text around it.
pub fn is_hidden(c: char) -> bool {
    let reorders =
        matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || reorders || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// A sentence about something that others wrote: one line, without anything that acts on a terminal, and not too long.
pub fn sentence(text: &str) -> String {
    const LONGEST: usize = 300;
    let mut short: String = printable(text).chars().take(LONGEST).collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(line("  Fix it  "), Ok("Fix it".to_owned()));
        assert_eq!(line(" \n "), Err(InvalidText::Empty));
        assert_eq!(line("a\0b"), Err(InvalidText::Control { found: '\0' }));
        assert_eq!(line("a\nb"), Err(InvalidText::Control { found: '\n' }));
        assert_eq!(line(&"x".repeat(501)), Err(InvalidText::TooLong { length: 501, most: LONGEST_LINE }));
    }

    #[test]
    fn a_body_keeps_its_lines() {
        assert_eq!(body("a\r\nb\n\n"), Ok("a\nb".to_owned()));
        assert_eq!(body("a\u{1b}[2J"), Err(InvalidText::Control { found: '\u{1b}' }));
    }

    #[test]
    fn nothing_printed_acts_on_the_terminal() {
        assert_eq!(printable("a\u{1b}]0;x\u{7}\u{202e}b"), "a\u{fffd}]0;x\u{fffd}\u{fffd}b");
    }
}
