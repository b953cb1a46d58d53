//! Why an operation was not applied: facts, one case a rule.

use chrono::{DateTime, Utc};

use super::{Document, OperationId};
use crate::agent::AgentName;
use crate::claim::{Claim, ClaimId, ClaimedPath};
use crate::finding::FindingId;
use crate::task::{TaskId, TaskState};

/// The rule that an operation breaks. The state is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are the facts that the sentence names")]
pub enum Rejected {
    /// No such agent.
    #[error("there is no agent {name}")]
    UnknownAgent { name: AgentName },
    /// The name is taken.
    #[error("there is an agent {name} already")]
    AgentExists { name: AgentName },
    /// The branch is another agent's.
    #[error("the branch {branch} is {agent}'s already")]
    BranchTaken { branch: String, agent: AgentName },
    /// No such task.
    #[error("there is no task {id}")]
    UnknownTask { id: TaskId },
    /// The id is taken.
    #[error("there is a task {id} already: {title}")]
    TaskExists { id: TaskId, title: String },
    /// Its document cannot be read, so nothing is built on it.
    #[error("the document {document} is damaged")]
    Damaged { document: Document },
    /// It depends on something that is not there.
    #[error("task {task} is after {after}, and there is no task {after}")]
    UnknownDependency { task: TaskId, after: TaskId },
    /// It would wait for itself.
    #[error("the tasks would wait for each other: {}", .ids.iter().map(TaskId::as_str).collect::<Vec<_>>().join(" → "))]
    Cycle { ids: Vec<TaskId> },
    /// Another agent has it.
    #[error("task {task} is held by {agent} since {} ({state})", .since.format("%Y-%m-%d %H:%M UTC"))]
    Held { task: TaskId, agent: AgentName, state: TaskState, since: DateTime<Utc> },
    /// It was assigned anew since.
    #[error("{agent} had {task} by assignment {known}, which has ended: {}", now_held(.holder.as_ref(), *.epoch, .since))]
    Outdated { task: TaskId, agent: AgentName, known: u64, epoch: u64, holder: Option<AgentName>, since: DateTime<Utc> },
    /// It is in a state in which this cannot be done.
    #[error("task {task} is {state}: {wanted}")]
    WrongState { task: TaskId, state: TaskState, wanted: &'static str },
    /// The agent does not have it.
    #[error("task {task} is not {agent}'s")]
    NotHeld { task: TaskId, agent: AgentName },
    /// One at a time.
    #[error("{agent} is working on {task}")]
    Busy { agent: AgentName, task: TaskId },
    /// No such finding.
    #[error("there is no finding {id}")]
    UnknownFinding { id: FindingId },
    /// The id is taken.
    #[error("there is a finding {id} already")]
    FindingExists { id: FindingId },
    /// Somebody else has claimed it, or some of it, and only one of the two can have it.
    #[error("{}", claimed_text(.path, .by))]
    Claimed { path: ClaimedPath, by: Box<Claim> },
    /// The id is taken.
    #[error("there is a claim {id} already")]
    ClaimExists { id: ClaimId },
    /// No claim can be named after it.
    #[error("the operation's id {id} is too long")]
    BadOperationId { id: OperationId },
    /// Something was built on what is to be undone.
    #[error("{document} has changed since operation {operation}")]
    ChangedSince { document: Document, operation: OperationId },
    /// A restored document is none.
    #[error("the document {document} cannot be restored: {reason}")]
    BadDocument { document: Document, reason: String },
}

fn now_held(holder: Option<&AgentName>, epoch: u64, since: &DateTime<Utc>) -> String {
    let since = since.format("%Y-%m-%d %H:%M UTC");
    match holder {
        Some(holder) => format!("{holder} has it since {since} by assignment {epoch}"),
        None => format!("nobody has it since {since}"),
    }
}

fn claimed_text(path: &ClaimedPath, by: &Claim) -> String {
    let there = &by.path;
    let what = if path == there { format!("{path} is") } else { format!("{path} cannot be claimed: {there} is") };
    let how = if by.exclusive { " exclusively" } else { "" };
    let why = by.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!("{what} claimed{how} by {}{why}", by.agent)
}
