//! What `init` and `agent add` made.

use git_agents::work::enrol::Enrolled;
use serde::Serialize;

use crate::render::style::{Style, counted, safe};
use crate::ui::View;

/// One agent that was added, or that got what it lacked.
#[derive(Debug, Serialize)]
pub(crate) struct AddedView {
    pub(crate) name: String,
    pub(crate) branch: String,
    /// `null` for an agent without a worktree.
    pub(crate) worktree: Option<String>,
    pub(crate) made_branch: bool,
    pub(crate) made_worktree: bool,
}

/// The answer of `init` and `agent add`.
#[derive(Debug, Serialize)]
pub(crate) struct EnrolledView {
    pub(crate) target: String,
    pub(crate) added: Vec<AddedView>,
    /// Agents that had everything already.
    pub(crate) unchanged: Vec<String>,
}

impl EnrolledView {
    pub(crate) fn new(target: String, enrolled: &[Enrolled], unchanged: Vec<String>) -> Self {
        let added = enrolled.iter().map(|one| AddedView {
            name: one.name.to_string(),
            branch: one.branch.clone(),
            worktree: one.worktree.as_ref().map(|path| path.display().to_string()),
            made_branch: one.made_branch,
            made_worktree: one.made_worktree,
        });
        EnrolledView { target, added: added.collect(), unchanged }
    }
}

impl View for EnrolledView {
    const KIND: &'static str = "init";

    fn text(&self, style: &Style) -> String {
        let mut text = String::new();
        for one in &self.added {
            let place = match &one.worktree {
                Some(path) => format!(" in {}", safe(path)),
                None => " without a worktree".to_owned(),
            };
            text.push_str(&format!("{} on {}{place}\n", style.cyan(&one.name), safe(&one.branch)));
        }
        if !self.unchanged.is_empty() {
            let number = counted(self.unchanged.len(), "agent");
            text.push_str(&format!("{number} unchanged: {}\n", self.unchanged.join(", ")));
        }
        text.push_str(&format!("work lands on {}\n", safe(&self.target)));
        text
    }
}
