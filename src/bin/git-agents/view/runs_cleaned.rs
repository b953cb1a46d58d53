//! What `cleanup --runs` deletes.

use git_agents::run::clean::{self, Survey};
use git_agents::run::folder::Folder;
use serde::Serialize;

use super::run::bytes;
use crate::render::style::{Style, counted};
use crate::ui::View;

/// The answer of `cleanup --runs`.
#[derive(Debug, Serialize)]
pub(crate) struct RunsCleanedView {
    pub(crate) dry_run: bool,
    pub(crate) deleted: Vec<DeletedRun>,
    /// How many folders of starts that were interrupted went as well.
    pub(crate) interrupted: usize,
    /// How many batches went as well, of which no task is left.
    pub(crate) batches: usize,
    /// How many bytes the runs were.
    pub(crate) bytes: u64,
    /// How many runs stay.
    pub(crate) kept: usize,
}

/// One run.
#[derive(Debug, Serialize)]
pub(crate) struct DeletedRun {
    pub(crate) id: String,
    pub(crate) agent: String,
}

impl RunsCleanedView {
    pub(crate) fn new(survey: &Survey, batches: usize, dry_run: bool) -> Self {
        let folders: Vec<&Folder> = survey.old.iter().map(|run| &run.folder).chain(&survey.broken).collect();
        let deleted =
            |run: &git_agents::run::Run| DeletedRun { id: run.id.to_string(), agent: run.plan().agent.to_string() };
        RunsCleanedView {
            dry_run,
            deleted: survey.old.iter().map(deleted).collect(),
            interrupted: survey.broken.len(),
            batches,
            bytes: folders.into_iter().map(clean::size).sum(),
            kept: survey.stay,
        }
    }

    /// How many folders go.
    pub(crate) fn count(&self) -> usize {
        self.deleted.len() + self.interrupted
    }

    pub(crate) fn is_any(&self) -> bool {
        self.count() + self.batches > 0
    }

    /// What goes, in words.
    pub(crate) fn subject(&self) -> String {
        let parts = [(self.count(), "run", "s"), (self.batches, "batch", "es")];
        let part = |(number, noun, more): &(usize, &str, &str)| {
            format!("{number} {noun}{}", if *number == 1 { "" } else { more })
        };
        parts.iter().filter(|(number, ..)| *number > 0).map(part).collect::<Vec<_>>().join(" and ")
    }
}

impl View for RunsCleanedView {
    const KIND: &'static str = "runs-cleaned";

    fn text(&self, _: &Style) -> String {
        let verb = if self.dry_run { "would delete" } else { "deleted" };
        let mut text = match self.is_any() {
            false => "no old runs\n".to_owned(),
            true => format!("{verb} what was kept of {}: {}\n", self.subject(), bytes(self.bytes)),
        };
        if self.kept > 0 {
            text.push_str(&format!("kept {}\n", counted(self.kept, "run")));
        }
        text
    }
}
