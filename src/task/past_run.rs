//! What an execution of an agent's program came to, as the history keeps it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::agent::CommitId;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunEnd {
    /// By itself, with status 0.
    Done,
    /// By itself with another status, or by a signal that was not ours.
    Failed,
    /// It took longer than it may.
    TimedOut,
    /// Somebody asked for it.
    Killed,
    /// Nobody saw it end: the machine went down, or what watched it did.
    Lost,
}

impl RunEnd {
    /// The word for it, as documents and answers have it.
    pub fn word(self) -> &'static str {
        match self {
            RunEnd::Done => "done",
            RunEnd::Failed => "failed",
            RunEnd::TimedOut => "timed-out",
            RunEnd::Killed => "killed",
            RunEnd::Lost => "lost",
        }
    }
}

/// One execution of an agent's program, after its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastRun {
    /// Its id: a ULID in lower case.
    pub id: String,
    /// The profile that told how to start the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The model that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended; none when nobody saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// How.
    pub end: RunEnd,
    /// The program's exit status, when it ended by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// Where the agent's branch stood when it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<CommitId>,
    /// Where it stood at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tip: Option<CommitId>,
    /// How many commits came in between; none when that could not be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commits: Option<u32>,
    /// How many files those changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<u32>,
    /// What the program says that it cost, in US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// What the program says that it used, in and out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
}

impl PastRun {
    /// How long it took; none when nobody saw it end, or a clock was set back.
    pub fn elapsed(&self) -> Option<Duration> {
        self.ended_at?.signed_duration_since(self.started_at).to_std().ok()
    }

    /// Whether the id is one.
    pub fn is_id(text: &str) -> bool {
        text.len() == 26 && text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
    }
}
