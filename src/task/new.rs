//! What a user says of a task, checked: a new one, or a change to one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Priority, Task, TaskId, TaskState};
use crate::path::check_path;
use crate::text::{self, InvalidText};

/// A number of hours: more than 0, at most 10,000.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Hours(f64);

impl Hours {
    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl From<Hours> for f64 {
    fn from(hours: Hours) -> f64 {
        hours.0
    }
}

impl TryFrom<f64> for Hours {
    type Error = InvalidTask;
    fn try_from(number: f64) -> Result<Self, InvalidTask> {
        if number > 0.0 && number <= 10_000.0 { Ok(Hours(number)) } else { Err(InvalidTask::Hours) }
    }
}

impl std::str::FromStr for Hours {
    type Err = InvalidTask;
    fn from_str(text: &str) -> Result<Self, InvalidTask> {
        let text = text.strip_suffix('h').unwrap_or(text);
        Hours::try_from(text.parse::<f64>().map_err(|_| InvalidTask::Hours)?)
    }
}

/// Why a task was not taken as it was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTask {
    /// Hours out of range or no number.
    #[error("hours must be a number above 0 and at most 10000")]
    Hours,
    /// A text breaks a rule.
    #[error("the {field} cannot be used: {reason}")]
    Text {
        /// Which text.
        field: &'static str,
        /// Which rule.
        reason: InvalidText,
    },
    /// A declared path is absolute or leaves the repository.
    #[error("the path {path:?} must be relative to the top of the repository and stay inside it")]
    Path {
        /// What was given.
        path: String,
    },
}

/// A task as it is filed. Built by [`NewTask::checked`], so that what it holds is in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewTask {
    /// Its id, chosen or generated.
    pub id: TaskId,
    /// One line.
    pub title: String,
    /// Many lines, or nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// The estimate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// The users' own word for the kind of work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// How much it matters.
    #[serde(default)]
    pub priority: Priority,
    /// Words it is filed under.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// What it is expected to change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// What must be completed before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<TaskId>,
    /// Filed as dropped, as an import of an old list does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dropped: bool,
}

impl NewTask {
    /// The same task with every text trimmed and every rule held.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn checked(mut self) -> Result<Self, InvalidTask> {
        self.title = line("title", &self.title)?;
        self.body = body("body", &self.body)?;
        self.category = self.category.as_deref().map(|text| line("category", text)).transpose()?;
        self.labels = self.labels.iter().map(|text| line("label", text)).collect::<Result<_, _>>()?;
        self.paths = self.paths.iter().map(|path| checked_path(path)).collect::<Result<_, _>>()?;
        self.after.sort();
        self.after.dedup();
        Ok(self)
    }
}

impl NewTask {
    /// The task that it is when it is filed at this time: nobody has it, and nothing has happened to it.
    pub fn into_task(self, at: DateTime<Utc>) -> Task {
        Task {
            id: self.id,
            title: self.title,
            body: self.body,
            state: if self.dropped { TaskState::Dropped } else { TaskState::Open },
            agent: None,
            hours: self.hours,
            category: self.category,
            priority: self.priority,
            labels: self.labels,
            paths: self.paths,
            after: self.after,
            reason: None,
            attempts: Vec::new(),
            epoch: 0,
            assigned_by: None,
            lease: None,
            created_at: at,
            updated_at: at,
            extra: Default::default(),
        }
    }
}

/// A change to a task: `None` leaves a field as it is, `Some(None)` empties it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskEdit {
    /// Another title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Another body; empty removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Another estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// Another category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Another priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Other labels, instead of those it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    /// Other paths, instead of those it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paths: Option<Vec<String>>,
    /// Other dependencies, instead of those it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Vec<TaskId>>,
}

impl TaskEdit {
    /// The same change with every text trimmed and every rule held.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn checked(mut self) -> Result<Self, InvalidTask> {
        self.title = self.title.map(|text| line("title", &text)).transpose()?;
        self.body = self.body.map(|text| body("body", &text)).transpose()?;
        self.category = self.category.map(|text| line("category", &text)).transpose()?;
        if let Some(labels) = &mut self.labels {
            *labels = labels.iter().map(|text| line("label", text)).collect::<Result<_, _>>()?;
        }
        if let Some(paths) = &mut self.paths {
            *paths = paths.iter().map(|path| checked_path(path)).collect::<Result<_, _>>()?;
        }
        if let Some(after) = &mut self.after {
            after.sort();
            after.dedup();
        }
        Ok(self)
    }

    /// Whether it would change nothing.
    pub fn is_empty(&self) -> bool {
        *self == TaskEdit::default()
    }
}

fn line(field: &'static str, text: &str) -> Result<String, InvalidTask> {
    text::line(text).map_err(|reason| InvalidTask::Text { field, reason })
}

fn body(field: &'static str, text: &str) -> Result<String, InvalidTask> {
    text::body(text).map_err(|reason| InvalidTask::Text { field, reason })
}

/// A path or glob from the top of the repository that cannot lead out of it.
pub(crate) fn checked_path(path: &str) -> Result<String, InvalidTask> {
    let text = line("path", path)?;
    let text = text.trim_start_matches("./").trim_start();
    match check_path(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(_) => Err(InvalidTask::Path { path: path.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_a_sensible_number() {
        assert_eq!("2.5".parse::<Hours>().unwrap().get(), 2.5);
        assert_eq!("2h".parse::<Hours>().unwrap().get(), 2.0);
        for bad in ["0", "-1", "nan", "inf", "1e9", "two", ""] {
            assert_eq!(bad.parse::<Hours>(), Err(InvalidTask::Hours), "{bad}");
        }
    }

    #[test]
    fn paths_stay_inside() {
        assert_eq!(checked_path("./src/**/*.rs").unwrap(), "src/**/*.rs");
        for bad in ["/etc", "../x", "a/../../b", "-x", "a\\..\\b"] {
            assert!(checked_path(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_edit_is_checked_like_a_new_task() {
        let edit =
            TaskEdit { after: Some(["b", "a", "b"].map(|id| id.parse().unwrap()).to_vec()), ..TaskEdit::default() };
        assert_eq!(edit.checked().unwrap().after.unwrap().len(), 2);
        let bad = |edit: TaskEdit| edit.checked().unwrap_err();
        let title = bad(TaskEdit { title: Some("\n".to_owned()), ..TaskEdit::default() });
        assert_eq!(title, InvalidTask::Text { field: "title", reason: InvalidText::Empty });
        assert!(matches!(
            bad(TaskEdit { paths: Some(vec!["../x".to_owned()]), ..TaskEdit::default() }),
            InvalidTask::Path { .. }
        ));
        assert!(matches!(
            bad(TaskEdit { labels: Some(vec![String::new()]), ..TaskEdit::default() }),
            InvalidTask::Text { .. }
        ));
        assert!(TaskEdit::default().is_empty());
    }

    proptest::proptest! {
        #![proptest_config(crate::state::fixture::cases(500))]

        /// Any text at all is hours within the range, or refused; what is taken is written and read as the same.
        #[test]
        fn hours_are_read_or_refused(text in "\\PC{0,12}|-?[0-9]{1,6}(\\.[0-9]{0,20})?(e-?[0-9]{1,3})?h?") {
            if let Ok(hours) = text.parse::<Hours>() {
                proptest::prop_assert!(hours.get() > 0.0 && hours.get() <= 10_000.0);
                let json = serde_json::to_string(&hours).unwrap();
                proptest::prop_assert_eq!(serde_json::from_str::<Hours>(&json).unwrap(), hours);
                proptest::prop_assert_eq!(hours.get().to_string().parse::<Hours>().unwrap(), hours);
            }
        }

        /// A path that is taken leads nowhere outside, wherever it is joined to, and stays as it is when taken again.
        #[test]
        fn paths_that_are_taken_stay_inside(path in "\\PC{0,20}|[./\\\\a ~*-]{1,12}") {
            if let Ok(taken) = checked_path(&path) {
                let whole = crate::config::normalise(&std::path::Path::new("/top").join(&taken));
                proptest::prop_assert!(whole.starts_with("/top"), "{} leads to {}", path, whole.display());
                proptest::prop_assert!(!taken.starts_with('-'));
                proptest::prop_assert_eq!(checked_path(&taken), Ok(taken.clone()));
            }
        }

        /// What is taken as a task is in order, and is the same when taken again.
        #[test]
        fn a_checked_task_is_checked(title in "\\PC{0,9}|[ a\\n\t\r\0\u{1b}]{0,9}", body in "[ a\\n\t\r\0\u{1b}]{0,20}") {
            let new = NewTask {
                id: "1".parse().unwrap(),
                title,
                body,
                hours: None,
                category: None,
                priority: Priority::Medium,
                labels: Vec::new(),
                paths: Vec::new(),
                after: Vec::new(),
                dropped: false,
            };
            if let Ok(checked) = new.checked() {
                proptest::prop_assert!(!checked.title.is_empty() && !checked.title.contains(char::is_control));
                let controls = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
                proptest::prop_assert!(!checked.body.contains(controls));
                proptest::prop_assert_eq!(checked.clone().checked().unwrap(), checked);
            }
        }
    }
}
