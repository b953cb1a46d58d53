//! What is wrong with a plan, and where.

use crate::name::InvalidName;
use crate::task::{InvalidTask, TaskId};

/// Why a plan was not taken. Nothing of it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{wrong}", .line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct PlanError {
    /// Where, from 1; none when it is about the whole.
    pub line: Option<usize>,
    /// What.
    pub wrong: Wrong,
}

impl PlanError {
    pub(super) fn at(line: usize, wrong: Wrong) -> Self {
        PlanError { line: Some(line), wrong }
    }

    pub(super) fn whole(wrong: Wrong) -> Self {
        PlanError { line: None, wrong }
    }
}

/// What is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are the facts that the sentence names")]
pub enum Wrong {
    /// More bytes than are read.
    #[error("it has {bytes} bytes, {most} are the most")]
    TooLarge { bytes: usize, most: usize },
    /// More tasks than are taken.
    #[error("it has more than {most} tasks")]
    TooMany { most: usize },
    /// Bytes that are no text.
    #[error("it is not UTF-8 text")]
    NotText,
    /// A character that acts on a terminal instead of being shown.
    #[error("it holds the control character {found:?}")]
    Control { found: char },
    /// It does not follow the rules of TOML or JSON.
    #[error("{message}")]
    Syntax { message: String },
    /// Nothing in it is a task.
    #[error("there is no task in it: a task is a list item `- [ ] t1: Title (2h, after: t0)` or a heading")]
    NoTasks,
    /// The title or another text breaks a rule.
    #[error("{0}")]
    Task(InvalidTask),
    /// An id outside the grammar.
    #[error("{text:?} cannot be a task's id: {reason}")]
    Id { text: String, reason: InvalidName },
    /// An agent's name outside the grammar.
    #[error("{text:?} cannot be an agent's name: {reason}")]
    Agent { text: String, reason: InvalidName },
    /// Two tasks have one id.
    #[error("the id {id} is that of line {first} already")]
    SameId { id: TaskId, first: usize },
    /// Two tasks without ids have titles that give one id.
    #[error("its title makes the id {id}, which is that of line {first} already: begin it with an id, as in `t2: …`")]
    SameTitle { id: TaskId, first: usize },
    /// It waits for what nobody can mean.
    #[error("it is after {text:?}, which is no task of the plan and cannot be the id of another")]
    After { text: String },
    /// Tasks wait for each other.
    #[error("the tasks would wait for each other: {}", .ids.iter().map(TaskId::as_str).collect::<Vec<_>>().join(" → "))]
    Cycle { ids: Vec<TaskId> },
    /// Something between the parentheses that means nothing.
    #[error(
        "{text:?} is no detail of a task: there are hours such as `2h`, and `after:`, `paths:`, `labels:`, `agent:`, \
         `model:`, `profile:`, `category:` and `priority:`"
    )]
    Detail { text: String },
    /// A detail with nothing behind its colon.
    #[error("nothing is said after `{key}:`")]
    Nothing { key: &'static str },
    /// A detail is given twice.
    #[error("{key} is given twice")]
    Twice { key: &'static str },
    /// A word that is no priority.
    #[error("{text:?} is no priority: there are low, medium, high and critical")]
    Priority { text: String },
    /// No program of that name can be meant.
    #[error("{text:?} cannot be the name of a {key}")]
    Word { key: &'static str, text: String },
}

impl From<InvalidTask> for Wrong {
    fn from(invalid: InvalidTask) -> Self {
        Wrong::Task(invalid)
    }
}
