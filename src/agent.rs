//! Agents: named workers, each with a branch of its own.
//!
//! Where an agent's worktree is, is a fact of one clone and not kept here: it is the worktree that has the branch
//! checked out.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::name::checked_name;
use crate::text::is_hidden;

checked_name! {
    /// What an agent is called: `[a-z0-9][a-z0-9._-]{0,63}`.
    AgentName
}

/// A commit's id in hexadecimal, as documents hold it: 40 digits for SHA-1, 64 for SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommitId(String);

impl CommitId {
    /// The id in hexadecimal.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first ten digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..10).unwrap_or(&self.0)
    }
}

impl std::fmt::Display for CommitId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// A text that is no object id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a full object id")]
pub struct InvalidCommitId {
    /// What was found.
    pub text: String,
}

impl TryFrom<String> for CommitId {
    type Error = InvalidCommitId;
    fn try_from(text: String) -> Result<Self, InvalidCommitId> {
        let hex = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if hex && matches!(text.len(), 40 | 64) { Ok(CommitId(text)) } else { Err(InvalidCommitId { text }) }
    }
}

impl From<CommitId> for String {
    fn from(id: CommitId) -> String {
        id.0
    }
}

/// What is kept of one agent: `agents/<name>.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// Its name.
    pub name: AgentName,
    /// Its branch, without `refs/heads/`.
    pub branch: String,
    /// The commit that its branch began at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<CommitId>,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// How many tasks it has completed, ever.
    #[serde(default)]
    pub completed_tasks: u64,
    /// The hours of the tasks that it has completed.
    #[serde(default)]
    pub hours_total: f64,
    /// What a newer version wrote and this one does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The longest branch name that is taken, in bytes.
const LONGEST_BRANCH: usize = 200;

/// Whether `branch` can be a branch's short name, by the rules of `git check-ref-format --branch` and some more: it reads
/// as what it is.
pub fn is_branch_name(branch: &str) -> bool {
    let part_is_good = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    let forbidden = |c: char| is_hidden(c) || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\' | '\u{7f}');
    !branch.starts_with('-')
        && !branch.ends_with('.')
        && branch != "@"
        && branch != "HEAD"
        // `refs/heads/refs/heads/x`: git allows it, and people and scripts take it for another branch.
        && !branch.starts_with("refs/")
        && branch.len() <= LONGEST_BRANCH
        && !branch.contains("..")
        && !branch.contains("@{")
        && !branch.contains(forbidden)
        && branch.split('/').all(part_is_good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branch_names_follow_git() {
        for good in ["main", "agents/agent-1", "feature/ä", "a.b", "x/@"] {
            assert!(is_branch_name(good), "{good}");
        }
        for bad in [
            "",
            "-x",
            "a..b",
            "a b",
            "a/",
            "/a",
            "a//b",
            ".a",
            "a/.b",
            "a.lock",
            "a@{1}",
            "HEAD",
            "@",
            "a\u{7}",
            "a\u{202e}b",
            "refs/heads/a",
        ] {
            assert!(!is_branch_name(bad), "{bad}");
        }
    }

    #[test]
    fn unknown_fields_survive() {
        let text = r#"{"branch":"agents/a","created_at":"2026-01-01T00:00:00Z","name":"a","novel":{"x":1}}"#;
        let agent: Agent = serde_json::from_str(text).unwrap();
        let again = serde_json::to_value(&agent).unwrap();
        assert_eq!(again["novel"]["x"], 1);
    }

    #[test]
    fn commit_ids_are_whole() {
        assert!(CommitId::try_from("a".repeat(40)).is_ok());
        assert!(CommitId::try_from("0".repeat(64)).is_ok());
        for bad in ["", "abc", "-x", &"g".repeat(40), &"A".repeat(40)] {
            assert!(CommitId::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
