//! What `rebase` did.

use git_agents::config::Target;
use git_agents::git::worktrees::Worktree;
use git_agents::land::Plan;
use serde::Serialize;

use super::merge_stopped::{StoppedView, stopped_view};
use crate::render::style::{Style, counted, safe};
use crate::ui::View;

/// `rebase`.
#[derive(Debug, Serialize)]
pub(crate) struct RebaseView {
    pub(crate) agent: String,
    pub(crate) branch: String,
    pub(crate) target: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    pub(crate) replayed: usize,
    pub(crate) dropped: usize,
    /// Absent when it went through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stopped: Option<StoppedView>,
}

impl RebaseView {
    pub(crate) fn new(target: &Target, agent: &git_agents::agent::Agent, plan: &Plan, worktrees: &[Worktree]) -> Self {
        let step = plan.steps.first();
        let stopped = plan.stopped.first().map(|stopped| stopped_view(target, &target.branch, worktrees, stopped));
        RebaseView {
            agent: agent.name.to_string(),
            branch: agent.branch.clone(),
            target: target.branch.clone(),
            before: step.map(|step| step.tip.to_string()),
            after: step.map(|step| step.after.to_string()),
            replayed: step.map_or(0, |step| step.replayed.len()),
            dropped: step.map_or(0, |step| step.dropped.len()),
            stopped,
        }
    }
}

impl View for RebaseView {
    const KIND: &'static str = "rebase";

    fn text(&self, style: &Style) -> String {
        if let Some(stopped) = &self.stopped {
            let mut text = format!("{} {}: {}\n", style.red("stopped"), self.agent, safe(&stopped.message));
            for path in &stopped.paths {
                let kind = path.kind.as_deref().unwrap_or_default();
                text.push_str(&format!("  {}  {}\n", safe(&path.path), style.dim(&safe(kind))));
            }
            text.push_str(&format!("  {} {}\n", style.dim("next:"), safe(&stopped.next)));
            return text;
        }
        match &self.after {
            None => format!("{} is up to date with {}\n", self.agent, safe(&self.target)),
            Some(after) => {
                let dropped = match self.dropped {
                    0 => String::new(),
                    number => format!(", {number} dropped as already there"),
                };
                let commits = counted(self.replayed, "commit");
                let after = after.get(..10).unwrap_or(after);
                format!("rebased {} on {}: {commits}{dropped}, now at {after}\n", self.agent, safe(&self.target))
            }
        }
    }
}
