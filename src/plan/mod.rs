//! Plans: many tasks with what they wait for, written by a person or a planning agent in Markdown, TOML or JSON.
//!
//! Pure: text in, tasks out, or an error that names the line. A plan is read as a whole or not at all: what cannot be
//! understood is never left out without a word, since a misspelt `after` would start a task too early. Tasks without an
//! id get one from their title, so that the same plan, run again, means the same tasks.

mod data;
mod details;
mod draft;
mod error;
mod markdown;
mod slug;
mod source;

use crate::agent::AgentName;
use crate::task::{Hours, NewTask, Priority, TaskId};

pub use error::{PlanError, Wrong};
pub use source::LARGEST;

/// The most tasks that a plan may have.
pub const MOST_TASKS: usize = 5_000;

/// What a plan is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Headings, or a task list.
    Markdown,
    /// `[[task]]` tables.
    Toml,
    /// An array of tasks, or an object with `tasks`.
    Json,
}

impl Format {
    /// By the end of a file's name; none when that says nothing.
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, end) = name.rsplit_once('.')?;
        match end.to_ascii_lowercase().as_str() {
            "md" | "markdown" | "mdown" | "txt" => Some(Format::Markdown),
            "toml" => Some(Format::Toml),
            "json" => Some(Format::Json),
            _ => None,
        }
    }

    /// By how the text begins: JSON with a bracket, TOML with a table or a key; else it is Markdown.
    pub fn of_text(text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#')).unwrap_or_default();
        let is_key = |line: &str| {
            line.split_once('=').is_some_and(|(key, _)| {
                let key = key.trim();
                !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
            })
        };
        let begins_json = text.strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with(['{', ']']));
        match () {
            () if text.starts_with('{') || begins_json => Format::Json,
            () if first.starts_with("[[task") || first.trim_end() == "[defaults]" || is_key(first) => Format::Toml,
            () => Format::Markdown,
        }
    }
}

/// A plan as it was written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// What it calls itself, when it does.
    pub name: Option<String>,
    /// The tasks that are to be done, in the order in which they were written.
    pub tasks: Vec<Planned>,
    /// The tasks that it says are done; nothing waits for them.
    pub done: Vec<TaskId>,
    /// Headings that were taken for prose, with their lines: beside tasks with ids they have none, or they have details
    /// where the tasks are items of lists.
    pub passed_over: Vec<(usize, String)>,
    /// The tasks are items of lists.
    pub is_list: bool,
}

/// One task of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The line at which it begins, from 1.
    pub line: usize,
    /// Its id: written down, or made from the title.
    pub id: TaskId,
    /// One line.
    pub title: String,
    /// What there is to know.
    pub body: String,
    /// The estimate.
    pub hours: Option<Hours>,
    /// What must be completed before it: tasks of the plan, or others that must be known.
    pub after: Vec<TaskId>,
    /// What it is expected to change.
    pub paths: Vec<String>,
    /// Who is to do it, when that was said.
    pub agent: Option<AgentName>,
    /// The kind of work.
    pub category: Option<String>,
    /// How much it matters.
    pub priority: Priority,
    /// Words to file it under.
    pub labels: Vec<String>,
    /// The model to do it with, when that was said.
    pub model: Option<String>,
    /// The profile of the agent program, when that was said.
    pub profile: Option<String>,
}

impl Planned {
    /// The task as it is filed, with one more label.
    pub fn new_task(&self, label: &str) -> NewTask {
        let mut labels = self.labels.clone();
        if !labels.iter().any(|one| one == label) {
            labels.push(label.to_owned());
        }
        NewTask {
            id: self.id.clone(),
            title: self.title.clone(),
            body: self.body.clone(),
            hours: self.hours,
            category: self.category.clone(),
            priority: self.priority,
            labels,
            paths: self.paths.clone(),
            after: self.after.clone(),
            dropped: false,
        }
    }
}

impl Plan {
    /// Dependencies that are no tasks of the plan: the line, the task and what it is after. They must be known already.
    pub fn outside(&self) -> impl Iterator<Item = (usize, &TaskId, &TaskId)> {
        let own: std::collections::BTreeSet<&TaskId> = self.tasks.iter().map(|task| &task.id).collect();
        self.tasks
            .iter()
            .flat_map(|task| task.after.iter().map(move |after| (task.line, &task.id, after)))
            .filter(move |(.., after)| !own.contains(after))
    }
}

/// Read a plan.
///
/// # Errors
/// The first thing that is wrong, with its line.
pub fn parse(bytes: &[u8], format: Format) -> Result<Plan, PlanError> {
    let text = source::decode(bytes)?;
    let drafts = match format {
        Format::Markdown => markdown::read(&text)?,
        Format::Toml => data::read_toml(&text)?,
        Format::Json => data::read_json(&text)?,
    };
    draft::finish(drafts)
}

/// An id for a task that has none, from its title: the same title gives the same id, always and everywhere.
pub fn id_of_title(title: &str) -> TaskId {
    slug::id_of_title(title)
}

#[cfg(test)]
mod tests;
