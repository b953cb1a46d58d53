//! What a plan changes in the state before it is done: tasks that are new, and tasks that it says otherwise now.

use std::collections::BTreeMap;

use chrono::DateTime;

use super::batch::{Batch, LABEL};
use crate::plan::{Plan, Planned};
use crate::task::{NewTask, Task, TaskEdit, TaskId, TaskState, cycle};

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filing {
    /// Tasks that are not there.
    pub new: Vec<NewTask>,
    /// Tasks that are, and say something else.
    pub edits: Vec<(TaskId, TaskEdit)>,
    /// What goes before all else: what a task is not after any more. Else an order that is turned round would be a loop
    /// for a while.
    pub first: Vec<(TaskId, TaskEdit)>,
    /// What has changed in the plan after it was begun: it stays as it was begun.
    pub begun: Vec<TaskId>,
}

/// Why a plan cannot be filed. Nothing is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilingError {
    /// The id is that of a task which is not of this plan.
    #[error("{}there is a task {id} already{}: {title}", place(*.line), .batch.as_ref().map(|batch| format!(", of the batch {batch}")).unwrap_or_default())]
    Taken {
        /// Where in the plan; 0 when it was not written down.
        line: usize,
        /// The id.
        id: TaskId,
        /// The title of the one that is there.
        title: String,
        /// Which batch it is of.
        batch: Option<String>,
    },
    /// It is after something that is not there.
    #[error("{}{task} is after {after}, and there is no task {after}, in the plan or elsewhere", place(*.line))]
    UnknownDependency {
        /// Where in the plan; 0 when it was not written down.
        line: usize,
        /// The task.
        task: TaskId,
        /// What is not there.
        after: TaskId,
    },
    /// With what is there already, the tasks would wait for each other.
    #[error("the tasks would wait for each other: {}", .ids.iter().map(TaskId::as_str).collect::<Vec<_>>().join(" → "))]
    Loop {
        /// Along it, the first again at the end.
        ids: Vec<TaskId>,
    },
}

impl Filing {
    /// Whether it changes what waits for what among tasks that are there.
    pub fn reorders(&self) -> bool {
        self.edits.iter().any(|(_, edit)| edit.after.is_some())
    }

    /// Refuse what would wait for itself when all is filed; `tasks` are those that are there, the closed ones too.
    ///
    /// # Errors
    /// [`FilingError::Loop`]
    pub fn check_loops(&self, mut tasks: BTreeMap<TaskId, Task>) -> Result<(), FilingError> {
        tasks.extend(self.new.iter().map(|new| (new.id.clone(), new.clone().into_task(DateTime::UNIX_EPOCH))));
        for (id, edit) in &self.edits {
            if let (Some(task), Some(after)) = (tasks.get_mut(id), &edit.after) {
                task.after.clone_from(after);
            }
        }
        match cycle(&tasks, self.edits.iter().map(|(id, _)| id)) {
            Some(ids) => Err(FilingError::Loop { ids }),
            None => Ok(()),
        }
    }
}

fn place(line: usize) -> String {
    if line == 0 { String::new() } else { format!("line {line}: ") }
}

/// What filing `plan` as `batch` takes; `tasks` are those that are there.
///
/// # Errors
/// See [`FilingError`].
pub fn filing(plan: &Plan, batch: &Batch, tasks: &BTreeMap<TaskId, Task>) -> Result<Filing, FilingError> {
    if let Some((line, task, after)) = plan.outside().find(|(.., after)| !tasks.contains_key(after)) {
        return Err(FilingError::UnknownDependency { line, task: task.clone(), after: after.clone() });
    }
    let label = batch.name.label();
    let mut filing = Filing::default();
    for planned in &plan.tasks {
        let wanted = planned.new_task(&label);
        let Some(task) = tasks.get(&planned.id) else {
            filing.new.push(wanted);
            continue;
        };
        let other = task.labels.iter().find_map(|one| one.strip_prefix(LABEL));
        let is_ours = task.labels.contains(&label);
        // One that was filed by hand is taken in, when it is the same.
        if !is_ours && (other.is_some() || task.title != planned.title) {
            return Err(FilingError::Taken {
                line: planned.line,
                id: planned.id.clone(),
                title: task.title.clone(),
                batch: other.map(str::to_owned),
            });
        }
        let known = batch.tasks.get(&planned.id).and_then(|member| member.planned.as_ref());
        let is_news = known.is_none_or(|known| *known != mark(planned));
        let edit = if is_news { difference(task, &wanted) } else { TaskEdit::default() };
        match task.state {
            _ if edit.is_empty() => {}
            TaskState::Open | TaskState::Assigned | TaskState::Failed | TaskState::Blocked => {
                filing.edits.push((task.id.clone(), edit));
            }
            // A file that was lost says nothing of what has changed.
            _ if known.is_some() => filing.begun.push(task.id.clone()),
            _ => {}
        }
    }
    filing.first = dropped(&filing.edits, tasks);
    Ok(filing)
}

/// What tasks are not after any more, when several are ordered anew: one alone is changed in one step.
fn dropped(edits: &[(TaskId, TaskEdit)], tasks: &BTreeMap<TaskId, Task>) -> Vec<(TaskId, TaskEdit)> {
    let reordered: Vec<_> =
        edits.iter().filter_map(|(id, edit)| Some((tasks.get(id)?, edit.after.as_ref()?))).collect();
    if reordered.len() < 2 {
        return Vec::new();
    }
    let kept = |(task, wanted): (&Task, &Vec<TaskId>)| {
        let kept: Vec<TaskId> = task.after.iter().filter(|after| wanted.contains(after)).cloned().collect();
        let edit = TaskEdit { after: Some(kept.clone()), ..TaskEdit::default() };
        (kept.len() < task.after.len()).then(|| (task.id.clone(), edit))
    };
    reordered.into_iter().filter_map(kept).collect()
}

/// A number that changes with what the plan says of a task.
pub fn mark(planned: &Planned) -> String {
    let text = serde_json::to_string(&planned.new_task("")).unwrap_or_default();
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

/// What has to change for the task to say what is wanted. Labels are only added: others may have put theirs.
fn difference(task: &Task, wanted: &NewTask) -> TaskEdit {
    let mut labels = task.labels.clone();
    labels.extend(wanted.labels.iter().filter(|label| !task.labels.contains(label)).cloned());
    TaskEdit {
        title: (task.title != wanted.title).then(|| wanted.title.clone()),
        body: (task.body != wanted.body).then(|| wanted.body.clone()),
        hours: wanted.hours.filter(|_| task.hours != wanted.hours),
        category: wanted.category.clone().filter(|_| task.category != wanted.category),
        priority: (task.priority != wanted.priority).then_some(wanted.priority),
        labels: (labels != task.labels).then_some(labels),
        paths: (task.paths != wanted.paths).then(|| wanted.paths.clone()),
        after: (task.after != wanted.after).then(|| wanted.after.clone()),
    }
}

#[cfg(test)]
#[path = "filing_test.rs"]
mod tests;
