//! What `agent remove` took away, and how to get it back.

use std::path::Path;

use git_agents::agent::AgentName;
use git_agents::git::repository::path_text;
use git_agents::worktree::remove::{Losses, Removed};
use serde::Serialize;

use crate::error::quoted;
use crate::render::style::{Style, counted, safe};
use crate::ui::View;
use crate::view::prepared::RanView;

/// The answer of `agent remove`.
#[derive(Debug, Serialize)]
pub(crate) struct RemovedView {
    pub(crate) agent: String,
    /// The worktree that was removed; its folder may have been missing.
    pub(crate) worktree: Option<String>,
    /// The branch that was deleted.
    pub(crate) branch: Option<String>,
    /// The ref that holds what was there; absent when there was nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) backup: Option<String>,
    /// Commands that bring it back.
    pub(crate) restore: Vec<String>,
    /// How many ignored files are in the backup.
    pub(crate) ignored_files: usize,
    /// Ignored folders that are gone and in no backup.
    pub(crate) not_backed_up: Vec<String>,
    /// How many files were in those.
    pub(crate) not_backed_up_files: usize,
    /// The teardown commands that were run; absent when there were none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) teardown: Vec<RanView>,
    #[serde(skip)]
    lost: Option<String>,
    /// The tasks that it had and that are open again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) reopened: Vec<String>,
    /// The branch that stays because it was not made for the agent.
    #[serde(skip)]
    pub(crate) foreign_branch: Option<String>,
    /// The folder that stays because it has something else than the agent's branch.
    #[serde(skip)]
    pub(crate) kept_folder: Option<String>,
    /// The worktree's folder was missing before.
    #[serde(skip)]
    was_missing: bool,
}

impl RemovedView {
    pub(crate) fn new(name: &AgentName, branch: &str, worktree: Option<&Path>, removed: Option<&Removed>) -> Self {
        let restore = removed.map(|removed| restore(name, branch, worktree, removed)).unwrap_or_default();
        RemovedView {
            agent: name.to_string(),
            worktree: worktree.map(|path| path.display().to_string()),
            branch: removed.filter(|removed| removed.branch_deleted).map(|_| branch.to_owned()),
            backup: removed.map(|removed| removed.backup.clone()),
            restore,
            not_backed_up: removed
                .map(|removed| removed.losses.ignored_folders.iter().map(|path| path_text(path.as_ref())).collect())
                .unwrap_or_default(),
            teardown: Vec::new(),
            reopened: Vec::new(),
            foreign_branch: None,
            kept_folder: None,
            was_missing: removed.is_some_and(|removed| removed.losses.missing.is_some()),
            ignored_files: removed.map_or(0, |removed| ignored_kept(&removed.losses)),
            not_backed_up_files: removed.map_or(0, |removed| removed.losses.ignored_inside),
            // Of a missing folder's files nobody knows, and they are in no backup.
            lost: removed
                .map(|removed| Losses { missing: None, ..removed.losses.clone() })
                .filter(Losses::is_work)
                .map(|losses| losses_text(&losses)),
        }
    }
}

/// How many ignored files go into a backup.
pub(crate) fn ignored_kept(losses: &Losses) -> usize {
    let more = losses.included.iter().filter(|path| !losses.ignored_files.contains(path));
    losses.ignored_files.len() + more.count()
}

/// "ignored and not backed up: build, target (12 files)"
pub(crate) fn not_backed_up_text(folders: &[String], files: usize) -> String {
    format!("ignored and not backed up: {} ({})", safe(&folders.join(", ")), counted(files, "file"))
}

/// First the agent with its branch and worktree, then the files as they were.
fn restore(name: &AgentName, branch: &str, worktree: Option<&Path>, removed: &Removed) -> Vec<String> {
    let backup = &removed.backup;
    let mut commands = Vec::new();
    if removed.branch_deleted {
        commands.push(format!("git branch {} {backup}^", quoted(branch)));
    }
    match worktree {
        None => {
            commands.push(format!("git agents agent add {name} --existing --branch {} --no-worktree", quoted(branch)))
        }
        Some(path) => {
            let path = quoted(&path.display().to_string());
            commands.push(format!("git agents agent add {name} --existing --branch {} --path {path}", quoted(branch)));
            commands.push(format!("git -C {path} restore --source={backup} -- ."));
        }
    }
    commands
}

/// All of the paths, for people.
pub(crate) fn paths_text(paths: &[gix::bstr::BString]) -> String {
    safe(&paths.iter().map(|path| path_text(path.as_ref())).collect::<Vec<_>>().join(", "))
}

/// "2 uncommitted and 1 untracked file, 3 commits that have not landed".
pub(crate) fn losses_text(losses: &Losses) -> String {
    let mut parts = Vec::new();
    if let Some(path) = &losses.missing {
        parts.push(format!("no folder at {}, where git knows its worktree", path.display()));
    }
    let mut tell = |paths: &[gix::bstr::BString], noun: &str| {
        if let Some(first) = paths.first() {
            let more = if paths.len() > 1 { ", …" } else { "" };
            parts.push(format!("{} ({}{more})", counted(paths.len(), noun), path_text(first.as_ref())));
        }
    };
    tell(&losses.uncommitted, "uncommitted file");
    tell(&losses.untracked, "untracked file");
    match losses.included.as_slice() {
        [] => {}
        [one] => parts.push(format!("a copy of an ignored file that was changed here ({})", path_text(one.as_ref()))),
        all => {
            parts.push(format!("{} copies of ignored files that were changed here ({})", all.len(), paths_text(all)))
        }
    }
    let mut tell = |paths: &[gix::bstr::BString], noun: &str| {
        if let Some(first) = paths.first() {
            let more = if paths.len() > 1 { ", …" } else { "" };
            parts.push(format!("{} ({}{more})", counted(paths.len(), noun), path_text(first.as_ref())));
        }
    };
    tell(&losses.submodules, "submodule with work of its own");
    // All of them are named: each has to be moved away by hand.
    match losses.embedded.as_slice() {
        [] => {}
        [one] => parts.push(format!("a repository inside, which no backup could hold ({})", path_text(one.as_ref()))),
        all => {
            parts.push(format!("{} repositories inside, which no backup could hold ({})", all.len(), paths_text(all)))
        }
    }
    if losses.commits > 0 {
        parts.push(format!("{} not landed", counted(losses.commits, "commit")));
    }
    if let Some(operation) = losses.operation {
        parts.push(format!("a {} going on", operation.command()));
    }
    safe(&parts.join(", "))
}

impl View for RemovedView {
    const KIND: &'static str = "agent-removed";

    fn text(&self, style: &Style) -> String {
        let mut text = format!("removed {}", self.agent);
        if let Some(worktree) = &self.worktree {
            let what = if self.was_missing { "git's record of its missing worktree" } else { "its worktree" };
            text.push_str(&format!(", {what} {}", safe(worktree)));
        }
        if let Some(branch) = &self.branch {
            text.push_str(&format!(", its branch {}", safe(branch)));
        }
        text.push('\n');
        match self.reopened.as_slice() {
            [] => {}
            [task] => text.push_str(&format!("its task {task} is open again\n")),
            tasks => text.push_str(&format!("its tasks {} are open again\n", tasks.join(", "))),
        }
        if let Some(branch) = &self.foreign_branch {
            text.push_str(&format!("its branch {} stays: it was not made for {}\n", safe(branch), self.agent));
        }
        if let Some(folder) = &self.kept_folder {
            text.push_str(&format!("{} stays: it has something else than the branch\n", safe(folder)));
        }
        if let (Some(backup), Some(lost)) = (&self.backup, &self.lost) {
            text.push_str(&format!("{lost}: all of it is in {backup}\n"));
        }
        match (&self.backup, self.ignored_files) {
            (None, _) | (_, 0) => {}
            (Some(backup), 1) => text.push_str(&format!("its ignored file is in {backup}\n")),
            (Some(backup), n) => text.push_str(&format!("its {n} ignored files are in {backup}\n")),
        }
        if let (Some(backup), None, true) = (&self.backup, &self.lost, self.was_missing) {
            text.push_str(&format!("its branch, and the index as git had it, are in {backup}\n"));
        }
        if !self.not_backed_up.is_empty() {
            text.push_str(&not_backed_up_text(&self.not_backed_up, self.not_backed_up_files));
            text.push('\n');
        }
        // What has landed and was clean needs no getting back; the backup is there all the same, and in the JSON.
        if !self.restore.is_empty() && (self.lost.is_some() || self.ignored_files > 0) {
            text.push_str(&style.dim("to get it back:"));
            text.push('\n');
            for command in &self.restore {
                text.push_str(&format!("  {}\n", safe(command)));
            }
        }
        text
    }
}
