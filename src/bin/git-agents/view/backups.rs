//! What `cleanup --backups` deletes, and what it keeps.

use chrono::{DateTime, Utc};
use git_agents::work::backups::{Backup, KeptBackup};
use serde::Serialize;

use crate::render::style::{Style, counted, safe};
use crate::ui::View;

/// One backup.
#[derive(Debug, Serialize)]
pub(crate) struct BackupView {
    #[serde(rename = "ref")]
    pub(crate) name: String,
    /// The operation or command that it was written for.
    pub(crate) id: String,
    pub(crate) commit: String,
    /// `null` when its id does not say.
    pub(crate) at: Option<DateTime<Utc>>,
    /// Nothing else holds what is in it.
    pub(crate) only_here: bool,
    /// `young`, `undo` or `ageless`; absent when it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kept: Option<&'static str>,
}

/// The answer of `cleanup --backups`.
#[derive(Debug, Serialize)]
pub(crate) struct BackupsView {
    pub(crate) dry_run: bool,
    pub(crate) deleted: Vec<BackupView>,
    pub(crate) kept: Vec<BackupView>,
}

impl BackupsView {
    pub(crate) fn new(all: &[Backup], dry_run: bool) -> Self {
        let (kept, deleted) = all.iter().map(BackupView::from).partition(|backup: &BackupView| backup.kept.is_some());
        BackupsView { dry_run, deleted, kept }
    }
}

impl From<&Backup> for BackupView {
    fn from(backup: &Backup) -> Self {
        let kept = backup.kept.map(|kept| match kept {
            KeptBackup::Young => "young",
            KeptBackup::Undo => "undo",
            KeptBackup::Ageless => "ageless",
        });
        BackupView {
            name: backup.name.clone(),
            id: backup.id.clone(),
            commit: backup.commit.to_string(),
            at: backup.at,
            only_here: backup.is_only_here,
            kept,
        }
    }
}

impl View for BackupsView {
    const KIND: &'static str = "backups-cleaned";

    fn text(&self, style: &Style) -> String {
        let mut text = String::new();
        let verb = if self.dry_run { "would delete" } else { "deleted" };
        for backup in &self.deleted {
            let age = backup.at.map(|at| style.ago(at)).unwrap_or_default();
            let only = if backup.only_here { ", nothing else holds it" } else { "" };
            text.push_str(&format!("{verb} {} {}\n", safe(&backup.name), style.dim(&format!("({age}{only})"))));
        }
        // Which of the young ones there are is no news.
        let count = |reason: &str| self.kept.iter().filter(|backup| backup.kept == Some(reason)).count();
        for (reason, why) in [
            ("undo", "git agents undo may need them"),
            ("young", "they are not old enough"),
            ("ageless", "their names do not say how old they are"),
        ] {
            let number = count(reason);
            if number > 0 {
                text.push_str(&format!("kept {}: {why}\n", counted(number, "backup")));
            }
        }
        if text.is_empty() { "there are no backups\n".to_owned() } else { text }
    }
}
