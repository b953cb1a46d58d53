//! What agents have claimed.

use chrono::{DateTime, Utc};
use git_agents::agent::AgentName;
use git_agents::claim::{Claim, ClaimedPath};
use git_agents::state::State;
use serde::Serialize;

use super::lease::LeaseView;
use crate::render::style::{Style, counted, duration, safe};
use crate::render::table::{Column, table};
use crate::ui::View;

/// One claim.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ClaimView {
    pub(crate) agent: String,
    /// From the top of the repository; `.` is all of it.
    pub(crate) path: String,
    pub(crate) exclusive: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// The task that it ends with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) lease: LeaseView,
    /// No remote has confirmed it yet; absent when one has, or none is known to decide.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) provisional: bool,
}

impl From<&Claim> for ClaimView {
    fn from(claim: &Claim) -> Self {
        ClaimView {
            agent: claim.agent.to_string(),
            path: claim.path.to_string(),
            exclusive: claim.exclusive,
            reason: claim.reason.clone(),
            task: claim.task.as_ref().map(ToString::to_string),
            created_at: claim.created_at,
            lease: LeaseView::from(&claim.lease),
            provisional: false,
        }
    }
}

impl ClaimView {
    /// "src/a.rs exclusively (why)"
    pub(crate) fn text(&self) -> String {
        let how = if self.exclusive { " exclusively" } else { "" };
        let why = self.reason.as_deref().map(|reason| format!(" ({})", safe(reason))).unwrap_or_default();
        format!("{}{how}{why}", shown(&self.path))
    }
}

/// A claimed path in a sentence.
fn shown(path: &str) -> String {
    if path == "." { "all of the repository".to_owned() } else { safe(path) }
}

/// `claim`.
#[derive(Debug, Serialize)]
pub(crate) struct ClaimedView {
    pub(crate) agent: String,
    pub(crate) claims: Vec<ClaimView>,
    /// Others' claims on some of it; absent when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) shared_with: Vec<ClaimView>,
}

impl ClaimedView {
    /// The claims of `agent` on `paths`, as they are now.
    pub(crate) fn new(state: &State, agent: &AgentName, paths: &[ClaimedPath], provisional: bool) -> Self {
        let own = |claim| ClaimView { provisional, ..ClaimView::from(claim) };
        let is_own = |claim: &&Claim| claim.agent == *agent && paths.iter().any(|path| path.is(&claim.path));
        let meets = |claim: &&Claim| claim.agent != *agent && paths.iter().any(|path| path.overlaps(&claim.path));
        ClaimedView {
            agent: agent.to_string(),
            claims: state.claims.values().filter(is_own).map(own).collect(),
            shared_with: state.claims.values().filter(meets).map(ClaimView::from).collect(),
        }
    }
}

impl View for ClaimedView {
    const KIND: &'static str = "claimed";

    fn text(&self, _: &Style) -> String {
        let own = self.claims.iter().map(|claim| format!("{} claims {}\n", self.agent, claim.text()));
        let others =
            self.shared_with.iter().map(|claim| format!("  {} has claimed {} as well\n", claim.agent, claim.text()));
        own.chain(others).collect()
    }
}

/// `release`.
#[derive(Debug, Serialize)]
pub(crate) struct ReleasedView {
    pub(crate) agent: String,
    pub(crate) paths: Vec<String>,
}

impl ReleasedView {
    pub(crate) fn new(agent: &AgentName, paths: &[ClaimedPath]) -> Self {
        ReleasedView { agent: agent.to_string(), paths: paths.iter().map(ToString::to_string).collect() }
    }
}

impl View for ReleasedView {
    const KIND: &'static str = "released";

    fn text(&self, _: &Style) -> String {
        match self.paths.as_slice() {
            [] => format!("{} has claimed nothing\n", self.agent),
            [one] => format!("{} releases {}\n", self.agent, shown(one)),
            several => {
                let lines: String = several.iter().map(|path| format!("  {}\n", shown(path))).collect();
                format!("{} releases {}\n{lines}", self.agent, counted(several.len(), "path"))
            }
        }
    }
}

/// `claims`.
#[derive(Debug, Serialize)]
pub(crate) struct ClaimsView {
    pub(crate) claims: Vec<ClaimView>,
}

impl View for ClaimsView {
    const KIND: &'static str = "claims";

    fn text(&self, style: &Style) -> String {
        if self.claims.is_empty() {
            return "nothing is claimed\n".to_owned();
        }
        let row = |claim: &ClaimView| {
            let how = if claim.exclusive { style.yellow("exclusive") } else { "shared".to_owned() };
            let left = claim.lease.until.signed_duration_since(style.now).num_seconds();
            vec![
                safe(&claim.path),
                claim.agent.clone(),
                how,
                claim.task.clone().unwrap_or_default(),
                duration(left),
                claim.reason.as_deref().map(safe).unwrap_or_default(),
            ]
        };
        let columns = [
            Column::Text("PATH"),
            Column::Text("AGENT"),
            Column::Text("CLAIM"),
            Column::Text("TASK"),
            Column::Number("ENDS IN"),
            Column::Text("REASON"),
        ];
        table(style, &columns, self.claims.iter().map(row).collect())
    }
}
