//! Where the hook asks before every commit.

use git_agents::git::worktrees::Worktree;
use serde::Serialize;

use crate::render::style::{Style, safe};
use crate::ui::View;

/// One worktree.
#[derive(Debug, Serialize)]
pub(crate) struct HookView {
    pub(crate) worktree: String,
    /// Whether anything was done; `false` when it was so already.
    pub(crate) changed: bool,
}

/// `hooks install` and `hooks uninstall`.
#[derive(Debug, Serialize)]
pub(crate) struct HooksView {
    /// Whether the hook asks in these worktrees now.
    pub(crate) installed: bool,
    pub(crate) worktrees: Vec<HookView>,
}

impl HooksView {
    pub(crate) fn new(installed: bool) -> Self {
        HooksView { installed, worktrees: Vec::new() }
    }

    pub(crate) fn add(&mut self, worktree: &Worktree, changed: bool) {
        self.worktrees.push(HookView { worktree: worktree.path.display().to_string(), changed });
    }
}

impl View for HooksView {
    const KIND: &'static str = "hooks";

    fn text(&self, _: &Style) -> String {
        if self.worktrees.is_empty() {
            return "no agent has a worktree\n".to_owned();
        }
        let line = |hook: &HookView| {
            let worktree = safe(&hook.worktree);
            match (self.installed, hook.changed) {
                (true, true) => format!("commits in {worktree} are guarded\n"),
                (true, false) => format!("commits in {worktree} are guarded already\n"),
                (false, true) => format!("commits in {worktree} are not guarded any more\n"),
                (false, false) => format!("commits in {worktree} were not guarded\n"),
            }
        };
        self.worktrees.iter().map(line).collect()
    }
}
