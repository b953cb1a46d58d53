//! Tasks are filed, changed, put aside and taken up again.

use super::{Rules, wrong};
use crate::state::{Document, Rejected, State};
use crate::task::{NewTask, Task, TaskEdit, TaskId, TaskState, cycle};

impl Rules<'_> {
    pub(in crate::state) fn add_tasks(&mut self, tasks: &[NewTask]) -> Result<(), Rejected> {
        for new in tasks {
            let document = Document::Task(new.id.clone());
            self.readable(&document)?;
            if let Some(there) = self.state.tasks.get(&new.id) {
                return Err(Rejected::TaskExists { id: new.id.clone(), title: there.title.clone() });
            }
            let task = self.filed(new);
            self.state.tally.dropped += u64::from(new.dropped);
            self.state.tasks.insert(new.id.clone(), task);
            self.state.touch(document);
            if new.dropped {
                self.state.touch(Document::Tally);
            }
        }
        tasks.iter().try_for_each(|new| self.dependencies_exist(&new.id, &new.after))?;
        no_cycle(self.state, tasks.iter().map(|new| &new.id))
    }

    fn filed(&self, new: &NewTask) -> Task {
        new.clone().into_task(self.at)
    }

    pub(in crate::state) fn edit_task(&mut self, id: &TaskId, edit: &TaskEdit) -> Result<(), Rejected> {
        if let Some(after) = &edit.after {
            self.dependencies_exist(id, after)?;
        }
        let task = self.task(id)?;
        let edit = edit.clone();
        task.title = edit.title.unwrap_or(std::mem::take(&mut task.title));
        task.body = edit.body.unwrap_or(std::mem::take(&mut task.body));
        task.hours = edit.hours.or(task.hours);
        task.category = edit.category.or(task.category.take());
        task.priority = edit.priority.unwrap_or(task.priority);
        task.labels = edit.labels.unwrap_or(std::mem::take(&mut task.labels));
        task.paths = edit.paths.unwrap_or(std::mem::take(&mut task.paths));
        task.after = edit.after.unwrap_or(std::mem::take(&mut task.after));
        no_cycle(self.state, [id])
    }

    pub(in crate::state) fn drop_task(&mut self, id: &TaskId, reason: Option<&str>) -> Result<(), Rejected> {
        let task = self.task(id)?;
        match task.state {
            TaskState::Open | TaskState::Assigned | TaskState::Blocked | TaskState::Failed => {}
            state => {
                let wanted = match state {
                    TaskState::InProgress => "its agent gives it up first",
                    TaskState::Completed => "its work waits to be landed",
                    _ => "there is nothing left to drop",
                };
                return Err(wrong(task, wanted));
            }
        }
        task.state = TaskState::Dropped;
        task.agent = None;
        task.reason = reason.map(str::to_owned);
        self.state.tally.dropped += 1;
        self.state.touch(Document::Tally);
        Ok(())
    }

    pub(in crate::state) fn block_task(&mut self, id: &TaskId, reason: &str) -> Result<(), Rejected> {
        let task = self.task(id)?;
        if !matches!(task.state, TaskState::Open | TaskState::Assigned | TaskState::Blocked | TaskState::Failed) {
            return Err(wrong(task, "only a task that nobody works on can be blocked"));
        }
        task.state = TaskState::Blocked;
        task.agent = None;
        task.reason = Some(reason.to_owned());
        Ok(())
    }

    pub(in crate::state) fn reopen_task(&mut self, id: &TaskId) -> Result<(), Rejected> {
        let task = self.task(id)?;
        let was = task.state;
        if !matches!(was, TaskState::Blocked | TaskState::Failed | TaskState::Dropped) {
            return Err(wrong(task, "only a blocked, failed or dropped task can be reopened"));
        }
        task.state = TaskState::Open;
        task.agent = None;
        task.reason = None;
        if was == TaskState::Dropped {
            self.state.tally.dropped = self.state.tally.dropped.saturating_sub(1);
            self.state.touch(Document::Tally);
        }
        Ok(())
    }

    fn dependencies_exist(&self, task: &TaskId, after: &[TaskId]) -> Result<(), Rejected> {
        match after.iter().find(|id| !self.state.tasks.contains_key(id)) {
            Some(missing) => Err(Rejected::UnknownDependency { task: task.clone(), after: missing.clone() }),
            None => Ok(()),
        }
    }
}

pub(super) fn no_cycle<'a>(state: &'a State, roots: impl IntoIterator<Item = &'a TaskId>) -> Result<(), Rejected> {
    match cycle(&state.tasks, roots) {
        Some(ids) => Err(Rejected::Cycle { ids }),
        None => Ok(()),
    }
}

#[cfg(test)]
#[path = "tasks_test.rs"]
mod tests;
