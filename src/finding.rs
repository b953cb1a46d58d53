//! Findings: what an agent noticed and others should know.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::agent::{AgentName, CommitId};
use crate::name::checked_name;
use crate::task::TaskId;
use crate::text::{self, InvalidText};

checked_name! {
    /// What a finding is called: five generated letters.
    FindingId
}

/// How bad it is; the greater is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// A blemish.
    Low,
    /// A defect.
    Medium,
    /// A bad defect.
    High,
    /// Stops everything.
    Critical,
}

impl Severity {
    /// Every severity, worst first.
    pub const ALL: [Severity; 5] =
        [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

/// Whether something is still to be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingState {
    /// Not dealt with.
    Open,
    /// Dealt with.
    Resolved,
}

impl FindingState {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            FindingState::Open => "open",
            FindingState::Resolved => "resolved",
        }
    }
}

/// What an agent noticed: `findings/<shard>/<id>.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Its id.
    pub id: FindingId,
    /// Who noticed it; none when a person without an agent did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentName>,
    /// While working on what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// How bad it is.
    pub severity: Severity,
    /// What kind, in the users' own words.
    pub category: String,
    /// What was noticed.
    pub message: String,
    /// In which file, from the top of the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// On which line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Up to which line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_line: Option<u32>,
    /// The commit that it was seen at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<CommitId>,
    /// Whether it is dealt with.
    pub state: FindingState,
    /// When it was reported.
    pub created_at: DateTime<Utc>,
    /// When it was dealt with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<DateTime<Utc>>,
    /// What a newer version wrote and this one does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A range of lines as a user writes it: `12` or `12-20`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineRange {
    /// The first line, from 1.
    pub start: u32,
    /// The last line, when there is more than one.
    pub end: Option<u32>,
}

/// Why a finding was not taken as it was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFinding {
    /// A text breaks a rule.
    #[error("the {field} cannot be used: {reason}")]
    Text {
        /// Which text.
        field: &'static str,
        /// Which rule.
        reason: InvalidText,
    },
    /// The file is absolute or leaves the repository.
    #[error("the file {path:?} must be inside the repository")]
    File {
        /// What was given.
        path: String,
    },
    /// The lines are no range.
    #[error("lines are written N or N-M, from 1 and upwards")]
    Lines,
    /// Lines without a file.
    #[error("a line needs a file")]
    LinesWithoutFile,
}

impl std::str::FromStr for LineRange {
    type Err = InvalidFinding;
    fn from_str(text: &str) -> Result<Self, InvalidFinding> {
        let number = |text: &str| text.trim().parse::<u32>().ok().filter(|&n| n > 0).ok_or(InvalidFinding::Lines);
        match text.split_once('-') {
            None => Ok(LineRange { start: number(text)?, end: None }),
            Some((start, end)) => LineRange { start: number(start)?, end: Some(number(end)?) }.checked(),
        }
    }
}

impl LineRange {
    /// The same range when it runs upwards from 1.
    ///
    /// # Errors
    /// [`InvalidFinding::Lines`].
    pub fn checked(self) -> Result<Self, InvalidFinding> {
        let runs = self.start > 0 && self.end.is_none_or(|end| end >= self.start);
        if runs { Ok(self) } else { Err(InvalidFinding::Lines) }
    }
}

impl Finding {
    /// The same finding with every text trimmed and every rule held.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn checked(mut self) -> Result<Self, InvalidFinding> {
        let wrong = |field| move |reason| InvalidFinding::Text { field, reason };
        self.category = text::line(&self.category).map_err(wrong("category"))?;
        self.message = text::body(&self.message).map_err(wrong("message"))?;
        if self.message.trim().is_empty() {
            return Err(InvalidFinding::Text { field: "message", reason: InvalidText::Empty });
        }
        if let Some(path) = self.file.take() {
            self.file = Some(crate::task::checked_path(&path).map_err(|_| InvalidFinding::File { path })?);
        }
        if let Some(start) = self.line {
            LineRange { start, end: self.end_line }.checked()?;
        }
        match (&self.file, self.line, self.end_line) {
            (None, Some(_), _) => Err(InvalidFinding::LinesWithoutFile),
            (_, None, Some(_)) => Err(InvalidFinding::Lines),
            _ => Ok(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_a_range() {
        assert_eq!("12".parse(), Ok(LineRange { start: 12, end: None }));
        assert_eq!("12-20".parse(), Ok(LineRange { start: 12, end: Some(20) }));
        for bad in ["0", "20-12", "a", "-3", "1-", ""] {
            assert_eq!(bad.parse::<LineRange>(), Err(InvalidFinding::Lines), "{bad}");
        }
    }

    #[test]
    fn a_finding_is_in_order_or_refused() {
        let good = crate::state::fixture::new_finding("f");
        let with = |change: &dyn Fn(&mut Finding)| {
            let mut finding = good.clone();
            change(&mut finding);
            finding.checked()
        };
        assert_eq!(with(&|_| {}).unwrap(), good);
        assert_eq!(with(&|f| f.file = Some("./src/a.rs".to_owned())).unwrap().file.as_deref(), Some("src/a.rs"));
        let text = |field| InvalidFinding::Text { field, reason: InvalidText::Empty };
        assert_eq!(with(&|f| f.category = " ".to_owned()), Err(text("category")));
        assert_eq!(with(&|f| f.message = "\n".to_owned()), Err(text("message")));
        assert!(matches!(with(&|f| f.file = Some("../a".to_owned())), Err(InvalidFinding::File { .. })));
        assert_eq!(with(&|f| f.line = Some(3)), Err(InvalidFinding::LinesWithoutFile));
        let lines = |line, end_line| {
            with(&|f| (f.file, f.line, f.end_line) = (Some("a".to_owned()), line, end_line))
                .map(|f| (f.line, f.end_line))
        };
        assert_eq!(lines(Some(3), Some(3)), Ok((Some(3), Some(3))));
        for (line, end) in [(Some(0), None), (Some(3), Some(2)), (None, Some(2))] {
            assert_eq!(lines(line, end), Err(InvalidFinding::Lines), "{line:?}-{end:?}");
        }
    }

    proptest::proptest! {
        #![proptest_config(crate::state::fixture::cases(500))]

        /// Any text at all is a range that runs upwards from 1, or refused.
        #[test]
        fn line_ranges_are_read_or_refused(text in "\\PC{0,12}|[ 0-9-]{1,24}") {
            if let Ok(range) = text.parse::<LineRange>() {
                proptest::prop_assert!(range.start > 0 && range.end.is_none_or(|end| end >= range.start));
                let written = range.end.map_or(range.start.to_string(), |end| format!("{}-{end}", range.start));
                proptest::prop_assert_eq!(written.parse::<LineRange>(), Ok(range));
            }
        }
    }
}
