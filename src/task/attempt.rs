//! One agent's go at one task.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Hours;
use crate::agent::{AgentName, CommitId};

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The agent says it is done; not in the target yet.
    Completed,
    /// In the target.
    Landed,
    /// Given up.
    Failed,
}

/// One agent's go at one task, from its start to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Who.
    pub agent: AgentName,
    /// On which branch, without `refs/heads/`.
    pub branch: String,
    /// Where the branch stood when the work began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<CommitId>,
    /// When the work began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// How it ended; none while it is live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Who took the task over when its agent gave no sign of life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_by: Option<AgentName>,
    /// The branch's tip when the work was completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tip: Option<CommitId>,
    /// The commit in the target that it became.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub landed: Option<CommitId>,
    /// The files that the branch had changed then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// The hours that it took, as reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// What a newer version wrote and this one does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
