//! What a landing would move: the part of `merge --dry-run` that the result does not have.

use git_agents::git::remote::Upstream;
use git_agents::land::Plan;
use serde::Serialize;

use super::check::ChecksView;
use crate::render::style::{Style, safe};

/// The refs and worktrees of a plan, and what comes before they move.
#[derive(Debug, Serialize)]
pub(crate) struct PlanView {
    /// Every ref that would move, the target first.
    pub(crate) moves: Vec<MoveView>,
    /// Every worktree that would come along.
    pub(crate) worktrees: Vec<FollowView>,
    /// What would be checked; absent when nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) checks: Option<ChecksView>,
    /// Where it would be pushed; absent when it would not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) push: Option<PushView>,
}

/// One ref.
#[derive(Debug, Serialize)]
pub(crate) struct MoveView {
    pub(crate) name: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

/// One worktree.
#[derive(Debug, Serialize)]
pub(crate) struct FollowView {
    pub(crate) path: String,
    pub(crate) branch: String,
}

/// A branch on a remote.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PushView {
    pub(crate) remote: String,
    pub(crate) branch: String,
}

impl From<&Upstream> for PushView {
    fn from(upstream: &Upstream) -> Self {
        let branch = upstream.push_branch.strip_prefix("refs/heads/").unwrap_or(&upstream.push_branch);
        PushView { remote: upstream.push_remote.clone(), branch: branch.to_owned() }
    }
}

impl PlanView {
    pub(crate) fn new(plan: &Plan, checks: Option<ChecksView>, push: Option<&Upstream>) -> Self {
        let hex = |id: Option<gix::ObjectId>| id.map(|id| id.to_string());
        let moves = plan.moves.iter().map(|one| MoveView {
            name: one.name.clone(),
            before: hex(one.before),
            after: hex(one.after),
        });
        let worktrees = plan.worktrees.iter().map(|one| FollowView {
            path: one.path.display().to_string(),
            branch: one.branch.strip_prefix("refs/heads/").unwrap_or(&one.branch).to_owned(),
        });
        PlanView { moves: moves.collect(), worktrees: worktrees.collect(), checks, push: push.map(PushView::from) }
    }

    /// A line for each ref and worktree, then what comes before.
    pub(crate) fn text(&self, style: &Style) -> String {
        let short =
            |id: &Option<String>| id.as_deref().map_or("none".to_owned(), |id| id[..10.min(id.len())].to_owned());
        let mut text = String::new();
        for one in &self.moves {
            let name = one.name.strip_prefix("refs/heads/").unwrap_or(&one.name);
            let (before, after) = (short(&one.before), short(&one.after));
            text.push_str(&format!("  {} {} {before}..{after}\n", style.dim("ref"), safe(name)));
        }
        for one in &self.worktrees {
            text.push_str(&format!("  {} {} ({})\n", style.dim("worktree"), safe(&one.path), safe(&one.branch)));
        }
        if let Some(checks) = &self.checks {
            text.push_str(&checks.text(style));
        }
        if let Some(PushView { remote, branch }) = &self.push {
            text.push_str(&format!("would be pushed to {} of {}\n", safe(branch), safe(remote)));
        }
        text
    }
}
