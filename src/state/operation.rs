//! The operations: each is one commit of the chain, with one sentence for people and one line of JSON.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Document;
use crate::agent::{AgentName, CommitId};
use crate::claim::{ClaimedPath, NewClaim};
use crate::duration;
use crate::finding::{Finding, FindingId};
use crate::name::checked_name;
use crate::task::{Fence, Hours, NewTask, PastRun, RunEnd, TaskEdit, TaskId, Terms};

checked_name! {
    /// An operation's id: a ULID in lower case, so that ids sort by time.
    OperationId
}

/// One ref that moved along with an operation, so that `undo` can move it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefMove {
    /// The full name of the ref.
    #[serde(rename = "ref")]
    pub name: String,
    /// Where it was; none when it was made.
    pub before: Option<CommitId>,
    /// Where it is; none when it was deleted.
    pub after: Option<CommitId>,
}

/// One change to the state, with everything that replaying it needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Unique among all operations.
    pub id: OperationId,
    /// 128 random bits in hexadecimal: two writers never build the same commit, so that only one can win a swap.
    pub nonce: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The refs that moved along with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moved: Vec<RefMove>,
    /// What it does.
    #[serde(flatten)]
    pub action: Action,
}

/// An agent as it is registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewAgent {
    /// Its name.
    pub name: AgentName,
    /// Its branch, without `refs/heads/`.
    pub branch: String,
    /// The commit that its branch begins at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<CommitId>,
}

/// What one agent brought into the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landed {
    /// Who.
    pub agent: AgentName,
    /// The tasks whose work is in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskId>,
    /// The commit in the target.
    pub commit: CommitId,
    /// The branch's tip before the landing rewrote it.
    pub tip: CommitId,
    /// rebase, merge or squash.
    pub strategy: String,
    /// The assignments of the tasks, as far as they are known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fences: BTreeMap<TaskId, Fence>,
}

/// One document put back, with what must stand there for it to be right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DocumentChange {
    /// Which.
    pub document: Document,
    /// What stands there before; absent when nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What stands there afterwards; absent to take it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

impl DocumentChange {
    /// What the document that is put back waits for, when it is a task.
    pub fn waits_for(&self) -> Vec<TaskId> {
        let after = self.after.as_ref().filter(|_| self.document.task().is_some()).and_then(|json| json.get("after"));
        after.and_then(|list| Vec::deserialize(list).ok()).unwrap_or_default()
    }
}

/// What an operation does. The field names are part of the stored format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
#[expect(
    missing_docs,
    reason = "the fields are named for the words of DESIGN §2; the variant's sentence says the rest"
)]
pub enum Action {
    /// Register agents.
    AddAgents { agents: Vec<NewAgent> },
    /// Forget an agent; its tasks become free. `backup` is the ref that holds its work.
    RemoveAgent { agent: AgentName, backup: Option<String> },
    /// File tasks, all or none.
    AddTasks { tasks: Vec<NewTask> },
    /// Change what a task says.
    EditTask { task: TaskId, edit: TaskEdit },
    /// It will not be done.
    DropTask { task: TaskId, reason: Option<String> },
    /// It waits for something that is not a task.
    BlockTask { task: TaskId, reason: String },
    /// It is free again.
    ReopenTask { task: TaskId },
    /// Give a task to an agent, filing it first when it is new.
    Assign {
        agent: AgentName,
        task: TaskId,
        new: Option<Box<NewTask>>,
        #[serde(default, skip_serializing_if = "Terms::are_usual")]
        terms: Terms,
    },
    /// Take it back.
    Unassign { agent: AgentName, task: TaskId },
    /// The agent begins; takes the task first when nobody has it.
    Start {
        agent: AgentName,
        task: TaskId,
        base: Option<CommitId>,
        #[serde(default, skip_serializing_if = "Terms::are_usual")]
        terms: Terms,
    },
    /// The agent is done.
    Complete {
        agent: AgentName,
        task: TaskId,
        tip: Option<CommitId>,
        files: Vec<String>,
        hours: Option<Hours>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fence: Option<Fence>,
    },
    /// The agent gives up.
    Fail {
        agent: AgentName,
        task: TaskId,
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fence: Option<Fence>,
    },
    /// Branches came into the target. `start` is the upstream's commit that they landed on, where the target was behind it.
    Land {
        target: String,
        before: CommitId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<CommitId>,
        after: CommitId,
        landed: Vec<Landed>,
    },
    /// A branch was replayed on the target.
    Rebase { agent: AgentName, target: String, onto: CommitId },
    /// Report findings, all or none.
    AddFindings { findings: Vec<Finding> },
    /// They are dealt with.
    ResolveFindings { findings: Vec<FindingId> },
    /// Claim paths, all or none.
    Claim {
        agent: AgentName,
        claims: Vec<NewClaim>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ttl_s: Option<u32>,
    },
    /// Give claims up.
    Release { agent: AgentName, paths: Vec<ClaimedPath> },
    /// Remember a run of the agent's program, which has ended. No document changes: the history is where it is kept, and
    /// nothing that was done is harder to take back for it.
    RecordRun { agent: AgentName, task: Option<TaskId>, run: Box<PastRun> },
    /// Take an operation back.
    Undo { operation: OperationId, sentence: String, documents: Vec<DocumentChange> },
    /// Put damaged documents back to the last version that can be read.
    Repair { documents: Vec<DocumentChange> },
}

impl Action {
    /// One sentence for people: the first line of the commit.
    pub fn sentence(&self) -> String {
        match self {
            Action::AddAgents { agents } => format!("add {}", listed("agent", agents.iter().map(|a| &a.name))),
            Action::RemoveAgent { agent, .. } => format!("remove agent {agent}"),
            Action::AddTasks { tasks } => match tasks.as_slice() {
                [task] => format!("add task {}: {}", task.id, task.title),
                tasks => format!("add {}", listed("task", tasks.iter().map(|t| &t.id))),
            },
            Action::EditTask { task, .. } => format!("edit task {task}"),
            Action::DropTask { task, reason: None } => format!("drop task {task}"),
            Action::DropTask { task, reason: Some(reason) } => format!("drop task {task}: {reason}"),
            Action::BlockTask { task, reason } => format!("block task {task}: {reason}"),
            Action::ReopenTask { task } => format!("reopen task {task}"),
            Action::Assign { agent, task, new, terms } => {
                let title = new.as_ref().map(|new| format!(": {}", new.title)).unwrap_or_default();
                format!("assign {task} to {agent}{}{title}", taken_over(terms))
            }
            Action::Unassign { agent, task } => format!("take {task} back from {agent}"),
            Action::Start { agent, task, terms, .. } => format!("{agent} starts {task}{}", taken_over(terms)),
            Action::Complete { agent, task, files, .. } => {
                format!("{agent} completes {task} ({})", counted(files.len(), "file"))
            }
            Action::Fail { agent, task, reason, .. } => format!("{agent} fails {task}: {reason}"),
            Action::Land { target, landed, .. } if landed.is_empty() => format!("bring {target} forward"),
            Action::Land { target, landed, .. } => {
                format!("land {} in {target}", listed("agent", landed.iter().map(|l| &l.agent)))
            }
            Action::Rebase { agent, target, .. } => format!("rebase {agent} on {target}"),
            Action::AddFindings { findings } => match findings.as_slice() {
                [finding] => {
                    let first = finding.message.lines().next().unwrap_or_default();
                    format!("add {} finding {}: {first}", finding.severity.word(), finding.id)
                }
                findings => format!("add {}", listed("finding", findings.iter().map(|f| &f.id))),
            },
            Action::ResolveFindings { findings } => format!("resolve {}", listed("finding", findings.iter())),
            Action::Claim { agent, claims, .. } => {
                format!("{agent} claims {}", listed("path", claims.iter().map(|claim| &claim.path)))
            }
            Action::Release { agent, paths } => format!("{agent} releases {}", listed("path", paths.iter())),
            Action::RecordRun { agent, task, run } => {
                let on = task.as_ref().map(|task| format!(" on {task}")).unwrap_or_default();
                format!("run of {agent}{on}: {}", how_it_went(run))
            }
            Action::Undo { sentence, .. } => format!("undo: {sentence}"),
            Action::Repair { documents } => {
                format!("repair {}", listed("document", documents.iter().map(|d| d.document.to_string())))
            }
        }
    }

    /// The agents whose own act it is: a sign of life. What others do about an agent (assign, land) is none.
    pub fn actors(&self) -> Vec<&AgentName> {
        match self {
            Action::Start { agent, .. }
            | Action::Complete { agent, .. }
            | Action::Fail { agent, .. }
            | Action::Rebase { agent, .. }
            | Action::Claim { agent, .. }
            | Action::Release { agent, .. } => vec![agent],
            Action::AddFindings { findings } => findings.iter().filter_map(|finding| finding.agent.as_ref()).collect(),
            _ => Vec::new(),
        }
    }

    /// The agents that it is about.
    pub fn agents(&self) -> Vec<&AgentName> {
        match self {
            Action::AddAgents { agents } => agents.iter().map(|agent| &agent.name).collect(),
            Action::RemoveAgent { agent, .. }
            | Action::Assign { agent, .. }
            | Action::Unassign { agent, .. }
            | Action::Start { agent, .. }
            | Action::Complete { agent, .. }
            | Action::Fail { agent, .. }
            | Action::Rebase { agent, .. }
            | Action::Claim { agent, .. }
            | Action::Release { agent, .. }
            | Action::RecordRun { agent, .. } => vec![agent],
            Action::Land { landed, .. } => landed.iter().map(|landed| &landed.agent).collect(),
            Action::AddFindings { findings } => findings.iter().filter_map(|finding| finding.agent.as_ref()).collect(),
            Action::Undo { documents, .. } | Action::Repair { documents } => {
                named(documents, |document| match document {
                    Document::Agent(name) => Some(name),
                    _ => None,
                })
            }
            _ => Vec::new(),
        }
    }

    /// The tasks that it is about.
    pub fn tasks(&self) -> Vec<&TaskId> {
        match self {
            Action::AddTasks { tasks } => tasks.iter().map(|task| &task.id).collect(),
            Action::EditTask { task, .. }
            | Action::DropTask { task, .. }
            | Action::BlockTask { task, .. }
            | Action::ReopenTask { task }
            | Action::Assign { task, .. }
            | Action::Unassign { task, .. }
            | Action::Start { task, .. }
            | Action::Complete { task, .. }
            | Action::Fail { task, .. } => vec![task],
            Action::Land { landed, .. } => landed.iter().flat_map(|landed| &landed.tasks).collect(),
            Action::RecordRun { task, .. } => task.iter().collect(),
            Action::AddFindings { findings } => findings.iter().filter_map(|finding| finding.task.as_ref()).collect(),
            Action::Undo { documents, .. } | Action::Repair { documents } => {
                named(documents, |document| match document {
                    Document::Task(id) => Some(id),
                    _ => None,
                })
            }
            _ => Vec::new(),
        }
    }

    /// The tasks that it makes others wait for.
    pub fn waits_for(&self) -> Vec<TaskId> {
        match self {
            Action::AddTasks { tasks } => tasks.iter().flat_map(|task| &task.after).cloned().collect(),
            Action::Assign { new: Some(new), .. } => new.after.clone(),
            Action::EditTask { edit, .. } => edit.after.iter().flatten().cloned().collect(),
            Action::Undo { documents, .. } => documents.iter().flat_map(DocumentChange::waits_for).collect(),
            _ => Vec::new(),
        }
    }
}

fn named<T>(changes: &[DocumentChange], pick: impl Fn(&Document) -> Option<&T>) -> Vec<&T> {
    changes.iter().filter_map(|change| pick(&change.document)).collect()
}

/// ", taken over from ann"
fn taken_over(terms: &Terms) -> String {
    terms.takes.as_ref().map(|takes| format!(", taken over from {}", takes.from)).unwrap_or_default()
}

/// "done after 12m, 3 commits, 5 files, $0.42"
fn how_it_went(run: &PastRun) -> String {
    let mut said = match (run.end, run.exit_code, run.signal) {
        (RunEnd::Failed, Some(code), _) => format!("failed with status {code}"),
        (RunEnd::Failed, _, Some(signal)) => format!("failed by signal {signal}"),
        (end, ..) => end.word().to_owned(),
    };
    said.extend(run.elapsed().map(|elapsed| format!(" after {}", duration::short(elapsed))));
    said.extend(run.commits.map(|number| format!(", {}", counted(number as usize, "commit"))));
    said.extend(run.files.map(|number| format!(", {}", counted(number as usize, "file"))));
    said.extend(run.cost_usd.map(|cost| format!(", ${cost:.2}")));
    said
}

/// "agent a", "agents a, b and c", "40 tasks": a list that stays one line.
fn listed<T: std::fmt::Display>(noun: &str, names: impl Iterator<Item = T>) -> String {
    let names: Vec<String> = names.map(|name| name.to_string()).collect();
    match names.as_slice() {
        [one] => format!("{noun} {one}"),
        [first @ .., last] if names.len() <= 5 => format!("{noun}s {} and {last}", first.join(", ")),
        many => counted(many.len(), noun),
    }
}

/// "1 file", "2 files".
pub(crate) fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{agent, id, past_run};
    use super::*;

    fn said(run: PastRun) -> String {
        Action::RecordRun { agent: agent("ann"), task: Some(id("t4")), run: Box::new(run) }.sentence()
    }

    #[test]
    fn a_run_is_told_in_one_line() {
        assert_eq!(said(past_run()), "run of ann on t4: done after 12m, 3 commits, 1 file, $0.42");
        let failed = PastRun { end: RunEnd::Failed, exit_code: Some(3), commits: None, files: None, ..past_run() };
        assert_eq!(said(PastRun { cost_usd: None, ..failed }), "run of ann on t4: failed with status 3 after 12m");
        let lost = PastRun { end: RunEnd::Lost, ended_at: None, commits: Some(0), files: None, ..past_run() };
        assert_eq!(said(PastRun { cost_usd: None, ..lost }), "run of ann on t4: lost, 0 commits");
    }
}
