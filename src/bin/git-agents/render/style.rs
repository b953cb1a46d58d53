//! Colours, which never carry meaning alone, and the small forms of times and amounts.

use std::time::Duration;

use chrono::{DateTime, Utc};
use git_agents::text::printable;
use owo_colors::OwoColorize;

/// Whether and how text is decorated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) color: bool,
    /// The terminal's width in columns; none when there is no terminal, and then nothing is cut.
    pub(crate) width: Option<u16>,
    /// What "ago" is measured from.
    pub(crate) now: DateTime<Utc>,
}

impl Style {
    pub(crate) fn bold(&self, text: &str) -> String {
        if self.color { text.bold().to_string() } else { text.to_owned() }
    }

    pub(crate) fn dim(&self, text: &str) -> String {
        if self.color { text.dimmed().to_string() } else { text.to_owned() }
    }

    pub(crate) fn red(&self, text: &str) -> String {
        if self.color { text.red().to_string() } else { text.to_owned() }
    }

    pub(crate) fn green(&self, text: &str) -> String {
        if self.color { text.green().to_string() } else { text.to_owned() }
    }

    pub(crate) fn yellow(&self, text: &str) -> String {
        if self.color { text.yellow().to_string() } else { text.to_owned() }
    }

    pub(crate) fn cyan(&self, text: &str) -> String {
        if self.color { text.cyan().to_string() } else { text.to_owned() }
    }

    /// How long ago, in the two largest units at most.
    pub(crate) fn ago(&self, time: DateTime<Utc>) -> String {
        format!("{} ago", duration(self.now.signed_duration_since(time).num_seconds()))
    }
}

/// A span of time in words that fit a table: `45s`, `12m`, `3h 5m`, `2d 4h`.
pub(crate) fn duration(seconds: i64) -> String {
    git_agents::duration::short(Duration::from_secs(seconds.try_into().unwrap_or_default()))
}

/// Hours as people write them: `2h`, `1.5h`.
pub(crate) fn hours(hours: f64) -> String {
    let rounded = (hours * 100.0).round() / 100.0;
    format!("{rounded}h")
}

/// "1 file", "2 files".
pub(crate) fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// "a", "a and b", "a, b and c".
pub(crate) fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Text from anywhere as one safe line.
pub(crate) fn safe(text: &str) -> String {
    printable(text)
}

/// What helps, a line each, and each once.
pub(crate) fn tried<'h>(style: &Style, hints: impl Iterator<Item = &'h String>) -> String {
    let mut said: Vec<&String> = Vec::new();
    for hint in hints {
        if !said.contains(&hint) {
            said.push(hint);
        }
    }
    said.iter().map(|hint| format!("{} {}\n", style.dim("  try:"), safe(hint))).collect()
}

/// The width of the terminal in columns, as the terminal itself says.
pub(crate) fn terminal_width() -> Option<u16> {
    known_width(comfy_table::Table::new().width())
}

/// A terminal that says 0 does not know.
fn known_width(said: Option<u16>) -> Option<u16> {
    said.filter(|width| *width > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_without_columns_cuts_nothing() {
        assert_eq!((known_width(Some(0)), known_width(Some(80)), known_width(None)), (None, Some(80), None));
    }
}
