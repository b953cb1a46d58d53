//! Tasks and the attempts at them: what they are, what may be said of them, what waits for what.

mod attempt;
mod dependencies;
mod id;
mod lease;
mod new;
mod past_run;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::agent::AgentName;

pub use attempt::{Attempt, Outcome};
pub use dependencies::{cycle, knots, waiting_for};
pub use id::{TaskId, generate_id};
pub use lease::{AssignmentId, DEFAULT_TTL_S, Fence, Lease, TakeOver, Terms, later};
pub(crate) use new::checked_path;
pub use new::{Hours, InvalidTask, NewTask, TaskEdit};
pub use past_run::{PastRun, RunEnd};

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskState {
    /// Nobody has it.
    Open,
    /// An agent has it and has not begun.
    Assigned,
    /// An agent works on it.
    InProgress,
    /// Done on its branch, not yet in the target: not free.
    Completed,
    /// In the target.
    Landed,
    /// Waits for something that is not a task.
    Blocked,
    /// The last attempt failed.
    Failed,
    /// Will not be done.
    Dropped,
}

impl TaskState {
    /// Every state, in the order in which people read them.
    pub const ALL: [TaskState; 8] = [
        TaskState::InProgress,
        TaskState::Assigned,
        TaskState::Open,
        TaskState::Completed,
        TaskState::Blocked,
        TaskState::Failed,
        TaskState::Landed,
        TaskState::Dropped,
    ];

    /// The word for it, as documents and answers have it.
    pub fn word(self) -> &'static str {
        match self {
            TaskState::Open => "open",
            TaskState::Assigned => "assigned",
            TaskState::InProgress => "in-progress",
            TaskState::Completed => "completed",
            TaskState::Landed => "landed",
            TaskState::Blocked => "blocked",
            TaskState::Failed => "failed",
            TaskState::Dropped => "dropped",
        }
    }

    /// Whether its document is kept with the closed ones, which `status` does not read.
    pub fn is_closed(self) -> bool {
        matches!(self, TaskState::Landed | TaskState::Dropped)
    }

    /// Whether what depends on it may begin.
    pub fn satisfies_dependents(self) -> bool {
        matches!(self, TaskState::Completed | TaskState::Landed)
    }
}

impl std::fmt::Display for TaskState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

/// How much a task matters; the greater goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    /// When there is time.
    Low,
    /// The usual.
    #[default]
    Medium,
    /// Before the usual.
    High,
    /// Before everything.
    Critical,
}

impl Priority {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Priority::Low => "low",
            Priority::Medium => "medium",
            Priority::High => "high",
            Priority::Critical => "critical",
        }
    }
}

/// A unit of work: `tasks/open/<shard>/<id>.json`, or `tasks/closed/…`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// One line that says what is to be done.
    pub title: String,
    /// What there is to know about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// Where it stands.
    pub state: TaskState,
    /// Who has it (assigned, in progress, completed) or had it last (landed, failed).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentName>,
    /// The estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// What kind of work it is, in the users' own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// How much it matters.
    #[serde(default)]
    pub priority: Priority,
    /// Words that it was filed under.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// What it is expected to change: paths or globs, a hint for planning and never a limit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// The tasks that must be completed before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<TaskId>,
    /// Why it is blocked, failed or dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Every go at it, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// How often it was assigned: the number of the newest assignment.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub epoch: u64,
    /// The operation that made the newest assignment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_by: Option<AssignmentId>,
    /// How long it stays with its agent without a sign of life; only while it is assigned or in progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// When it was filed.
    pub created_at: DateTime<Utc>,
    /// When anything of it was last changed.
    pub updated_at: DateTime<Utc>,
    /// What a newer version wrote and this one does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Task {
    /// The attempt that is live: the newest, while it has no outcome.
    pub fn live_attempt(&self) -> Option<&Attempt> {
        self.attempts.last().filter(|attempt| attempt.outcome.is_none())
    }

    /// Whether an agent has it in hand: assigned or in progress.
    pub fn is_in_hand(&self) -> bool {
        matches!(self.state, TaskState::Assigned | TaskState::InProgress)
    }

    /// Its newest assignment; none before the first, or when a version without such numbers made it.
    pub fn fence(&self) -> Option<Fence> {
        (self.epoch > 0).then(|| Fence { epoch: self.epoch, by: self.assigned_by.clone() })
    }

    /// Its holder's lease; where an older version assigned it, the usual one from when it did.
    pub fn lease(&self) -> Option<Lease> {
        let begun = self.live_attempt().map_or(self.updated_at, |attempt| attempt.started_at);
        self.is_in_hand().then(|| self.lease.clone().unwrap_or_else(|| Lease::new(None, begun)))
    }

    /// Its assignment as it is now, for whoever takes it over; none when nobody has it in hand.
    pub fn take_over(&self) -> Option<TakeOver> {
        let from = self.agent.clone().filter(|_| self.is_in_hand())?;
        Some(TakeOver { from, fence: self.fence(), renewed_at: self.lease.as_ref().map(|lease| lease.renewed_at) })
    }

    /// The newest attempt, live or ended.
    pub fn last_attempt(&self) -> Option<&Attempt> {
        self.attempts.last()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde wants")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
