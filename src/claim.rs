//! Claims: paths that an agent has reserved, shared or for itself, while it works on its task.
//!
//! A claim is on a literal path, and on everything below it when that is a folder. Two paths that some disk takes for one
//! (case, composed characters) are one: the other agent may sit at such a disk.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization;

use crate::agent::AgentName;
use crate::name::checked_name;
use crate::path::check_path;
use crate::task::{Lease, TaskId};

checked_name! {
    /// What a claim's document is called: the operation that made it, and its number there.
    ClaimId
}

/// Why a path cannot be claimed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPath {
    /// It is no path that could be written down.
    #[error(transparent)]
    Path(#[from] crate::path::InvalidPath),
    /// It has two slashes in a row, or one at its end.
    #[error("a part of it is empty")]
    EmptyPart,
    /// `.`, which leads somewhere else than it says.
    #[error("it has the part {part:?}")]
    Dots {
        /// Which.
        part: String,
    },
}

/// A path from the top of the repository that can be claimed: parts with slashes between them, or `.` for all of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClaimedPath {
    text: String,
    /// What the most careless disk makes of it; empty for everything. Made once, as paths are compared with all others.
    folded: String,
}

impl ClaimedPath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is all of the repository.
    pub fn is_everything(&self) -> bool {
        self.text == "."
    }

    /// Whether it is the same path to some disk.
    pub fn is(&self, other: &ClaimedPath) -> bool {
        self.folded == other.folded
    }

    /// Whether one is the other, or is below it.
    pub fn overlaps(&self, other: &ClaimedPath) -> bool {
        is_below(&self.folded, &other.folded) || is_below(&other.folded, &self.folded)
    }

    /// Whether `path`, from the top of the repository, is it or below it.
    pub fn has(&self, path: &str) -> bool {
        is_below(&folded(path), &self.folded)
    }

    /// Whether `path`, from the top of the repository and empty for all of it, is it, is below it, or is a folder above it.
    pub fn meets(&self, path: &str) -> bool {
        self.has(path) || is_below(&self.folded, &folded(path))
    }
}

fn folded(path: &str) -> String {
    if path.is_ascii() {
        return path.to_ascii_lowercase();
    }
    let composed: String = path.nfd().collect();
    composed.to_lowercase().nfd().collect()
}

fn is_below(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl TryFrom<String> for ClaimedPath {
    type Error = InvalidPath;
    fn try_from(text: String) -> Result<Self, InvalidPath> {
        if text == "." {
            return Ok(ClaimedPath { text, folded: String::new() });
        }
        check_path(&text)?;
        for part in text.split('/') {
            match part {
                "" => return Err(InvalidPath::EmptyPart),
                "." => return Err(InvalidPath::Dots { part: part.to_owned() }),
                _ => {}
            }
        }
        Ok(ClaimedPath { folded: folded(&text), text })
    }
}

impl std::str::FromStr for ClaimedPath {
    type Err = InvalidPath;
    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        text.to_owned().try_into()
    }
}

impl From<ClaimedPath> for String {
    fn from(path: ClaimedPath) -> String {
        path.text
    }
}

impl std::fmt::Display for ClaimedPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.text)
    }
}

/// A path that an agent wants to claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewClaim {
    /// Which.
    pub path: ClaimedPath,
    /// For itself alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exclusive: bool,
    /// Why, for whoever meets it there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A path that an agent has claimed: `claims/<id>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Its id.
    pub id: ClaimId,
    /// Whose it is.
    pub agent: AgentName,
    /// What is claimed; an agent has one claim on a path at most.
    pub path: ClaimedPath,
    /// Nobody else may claim any of it.
    #[serde(default)]
    pub exclusive: bool,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The task that it ends with; absent when the agent had none in hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// How long it stays without a sign of life from the agent.
    pub lease: Lease,
    /// What a newer version wrote and this one does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Claim {
    /// Whether its lease runs at this time.
    pub fn is_live(&self, at: DateTime<Utc>) -> bool {
        self.lease.until() > at
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(text: &str) -> ClaimedPath {
        text.parse().unwrap()
    }

    #[test]
    fn paths_are_plain() {
        for good in ["a", "a/b", ".", ".gitignore", "a b/*.rs", "a\\b", ".github/x", "ä"] {
            assert_eq!(path(good).as_str(), good);
        }
        let refused = |text: &str| text.parse::<ClaimedPath>().unwrap_err().to_string();
        for (bad, why) in [
            ("", "it is empty"),
            ("/a", "it is absolute"),
            ("-x", "it looks like an option"),
            ("a/", "a part of it is empty"),
            ("a//b", "a part of it is empty"),
            ("./a", "it has the part \".\""),
            ("a/../b", "it leads out of the repository"),
            (".git", "it leads into .git"),
            ("sub/.GIT/config", "it leads into .git"),
            ("a\0b", "it holds '\\0'"),
            ("a\nb", "it holds '\\n'"),
        ] {
            assert_eq!(refused(bad), why, "{bad:?}");
        }
        assert_eq!(refused(&"x".repeat(50_000)), "it has 50000 bytes, 16384 are the most");
    }

    #[test]
    fn a_folder_is_everything_below_it() {
        let overlaps = |a: &str, b: &str| {
            assert_eq!(path(a).overlaps(&path(b)), path(b).overlaps(&path(a)), "{a} {b}");
            path(a).overlaps(&path(b))
        };
        for (a, b) in [("src", "src"), ("src", "src/a.rs"), (".", "x"), (".", "."), ("Src", "src/A"), ("ä", "a\u{308}")]
        {
            assert!(overlaps(a, b), "{a} {b}");
        }
        for (a, b) in [("src", "src2"), ("src/a", "src/b"), ("a/b", "b"), ("src", "src.rs")] {
            assert!(!overlaps(a, b), "{a} {b}");
        }
        assert!(path("Src").is(&path("src")) && !path("src").is(&path("src/a")));
    }

    proptest! {
        #[test]
        fn what_is_taken_is_the_same_again(text in "\\PC{0,12}|[./gitGIT a]{1,12}") {
            if let Ok(taken) = text.parse::<ClaimedPath>() {
                let json = serde_json::to_string(&taken).unwrap();
                prop_assert_eq!(&serde_json::from_str::<ClaimedPath>(&json).unwrap(), &taken);
                prop_assert!(taken.overlaps(&taken) && taken.overlaps(&path(".")));
                let whole = crate::config::normalise(&std::path::Path::new("/top").join(taken.as_str()));
                prop_assert!(whole.starts_with("/top"));
            }
        }
    }
}
