//! What `init` and `agent add` made.

use git_agents::work::enrol::Enrolled;
use serde::Serialize;

use super::prepared::{CopiedView, RanView, prepared_text};
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
    /// Absent where nobody has asked for anything to be copied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) copied: Option<CopiedView>,
    /// The setup commands that were run; absent when there were none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) setup: Vec<RanView>,
    /// The agent's ports, where a setup command may have used them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ports: Option<String>,
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
            copied: one.prepared.copied.as_ref().map(CopiedView::new),
            setup: RanView::all(&one.prepared.ran),
            ports: one.prepared.ports.map(|lease| lease.ports.to_string()),
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
            if let Some(prepared) = prepared_text(one.copied.as_ref(), &one.setup) {
                text.push_str(&format!("  {prepared}\n"));
            }
        }
        if !self.unchanged.is_empty() {
            let number = counted(self.unchanged.len(), "agent");
            text.push_str(&format!("{number} unchanged: {}\n", self.unchanged.join(", ")));
        }
        text.push_str(&format!("work lands on {}\n", safe(&self.target)));
        text
    }
}
