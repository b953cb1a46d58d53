//! The name of a run: a ULID in lower case, so that names sort by the time they were given.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The variable that marks everything that a run starts: its value is the run's id.
pub const MARK: &str = "GIT_AGENTS_RUN";
/// The variable beside it: which folder the run's repository is, wherever that is moved, and whatever takes its place.
pub const PLACE: &str = "GIT_AGENTS_RUN_PLACE";

/// A run's id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

/// A text that is no run's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is not the id of a run")]
pub struct InvalidRunId;

impl RunId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its last six letters, which are enough for people.
    pub fn short(&self) -> &str {
        &self.0[20..]
    }
}

impl FromStr for RunId {
    type Err = InvalidRunId;

    fn from_str(text: &str) -> Result<Self, InvalidRunId> {
        let is_letter = |byte: u8| byte.is_ascii_digit() || (byte.is_ascii_lowercase() && !b"ilou".contains(&byte));
        let is_one = text.len() == 26 && text.as_bytes()[0] <= b'7' && text.bytes().all(is_letter);
        if is_one { Ok(RunId(text.to_owned())) } else { Err(InvalidRunId) }
    }
}

impl TryFrom<String> for RunId {
    type Error = InvalidRunId;

    fn try_from(text: String) -> Result<Self, InvalidRunId> {
        text.parse()
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> String {
        id.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_ulid_in_lower_case_is_one() {
        let id: RunId = "01kar5w7zj8m3p4q5r6s7t8v9w".parse().unwrap();
        assert_eq!(id.short(), "7t8v9w");
        for bad in ["", "..", "01KAR5W7ZJ8M3P4Q5R6S7T8V9W", "01kar5w7zj8m3p4q5r6s7t8v9/", "81kar5w7zj8m3p4q5r6s7t8v9w"]
        {
            assert!(bad.parse::<RunId>().is_err(), "{bad}");
        }
    }
}
