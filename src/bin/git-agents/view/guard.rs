//! Whether paths may be changed.

use git_agents::agent::AgentName;
use git_agents::claim::Claim;
use git_agents::git::repository::path_text;
use git_agents::work::guard::{Other, Verdict};
use gix::bstr::BString;
use serde::Serialize;

use super::claim::ClaimView;
use crate::render::style::{Style, counted, safe};
use crate::ui::View;

/// A path that meets somebody's claim.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ClaimedPathView {
    pub(crate) path: String,
    pub(crate) claim: ClaimView,
}

/// A path that somebody else changes. `null`: nobody looked, or it could not be told.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct OtherView {
    pub(crate) path: String,
    pub(crate) by: String,
    pub(crate) committed: Option<bool>,
    pub(crate) uncommitted: Option<bool>,
}

/// `guard`.
#[derive(Debug, Serialize)]
pub(crate) struct GuardView {
    pub(crate) allowed: bool,
    /// Who asks; absent for a person without an agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent: Option<String>,
    pub(crate) paths: Vec<String>,
    /// What others have claimed for themselves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) denied: Vec<ClaimedPathView>,
    /// What others have claimed too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) shared: Vec<ClaimedPathView>,
    /// What others change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) changed: Vec<OtherView>,
    /// Why others' changes could not be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unknown: Option<String>,
    /// Say nothing when there is nothing to say: for a hook.
    #[serde(skip)]
    pub(crate) is_silent: bool,
}

impl GuardView {
    pub(crate) fn new(agent: Option<&AgentName>, paths: &[BString], verdict: &Verdict) -> Self {
        let text = |number: usize| path_text(paths[number].as_ref());
        let claimed = |(number, claim): &(usize, Claim)| ClaimedPathView { path: text(*number), claim: claim.into() };
        let other = |other: &Other| OtherView {
            path: text(other.path),
            by: other.agent.to_string(),
            committed: other.committed,
            uncommitted: other.uncommitted,
        };
        GuardView {
            allowed: verdict.is_allowed(),
            agent: agent.map(ToString::to_string),
            paths: paths.iter().map(|path| path_text(path.as_ref())).collect(),
            denied: verdict.denied.iter().map(claimed).collect(),
            shared: verdict.shared.iter().map(claimed).collect(),
            changed: verdict.changed.iter().map(other).collect(),
            unknown: verdict.unknown.clone(),
            is_silent: false,
        }
    }

    /// Why the paths may not be changed, a sentence for each; nothing when they may.
    pub(crate) fn reasons(&self) -> Vec<String> {
        self.denied.iter().map(|denied| denied.reason()).collect()
    }

    /// What is worth knowing, a sentence for each.
    pub(crate) fn notes(&self) -> Vec<String> {
        let shared = self.shared.iter().map(|one| format!("{} has claimed {}", one.claim.agent, one.claim.text()));
        let mut shared: Vec<String> = shared.collect();
        shared.dedup();
        let (unseen, seen): (Vec<_>, Vec<_>) =
            self.changed.iter().partition(|other| other.committed.is_none() && other.uncommitted.is_none());
        let unseen = match unseen.len() {
            0 => None,
            number => Some(format!("nobody looked whether others change {}", counted(number, "path"))),
        };
        let unknown = self.unknown.as_ref().map(|reason| format!("what others change is unknown: {}", safe(reason)));
        shared.into_iter().chain(seen.into_iter().map(OtherView::text)).chain(unseen).chain(unknown).collect()
    }
}

impl ClaimedPathView {
    fn reason(&self) -> String {
        let until = self.claim.lease.until.format("%Y-%m-%d %H:%M UTC");
        let reason = self.claim.reason.as_deref().map(|reason| format!(" ({})", safe(reason))).unwrap_or_default();
        let whole = shown(&self.claim.path);
        let what =
            if self.path == self.claim.path { whole } else { format!("{} is in {whole}, which", shown(&self.path)) };
        format!("{what} is claimed exclusively by {} until {until}{reason}", self.claim.agent)
    }
}

impl OtherView {
    fn text(&self) -> String {
        let path = shown(&self.path);
        match (self.committed, self.uncommitted) {
            (Some(true), Some(true)) => format!("{} changes {path}, partly uncommitted", self.by),
            (_, Some(true)) => format!("{} changes {path}, uncommitted", self.by),
            (Some(true), _) => format!("{} changes {path}", self.by),
            _ => format!("whether {} changes {path} is unknown", self.by),
        }
    }
}

/// A path in a sentence.
fn shown(path: &str) -> String {
    if path.is_empty() || path == "." { "the whole repository".to_owned() } else { safe(path) }
}

impl View for GuardView {
    const KIND: &'static str = "guard";

    fn text(&self, style: &Style) -> String {
        let reasons = self.reasons();
        let denied: String = reasons.iter().map(|reason| format!("{}  {reason}\n", style.red("denied"))).collect();
        let notes: String = self.notes().iter().map(|note| format!("{}  {note}\n", style.yellow("note"))).collect();
        if self.is_silent && denied.is_empty() {
            return notes;
        }
        let paths = counted(self.paths.len(), "path");
        let last = if self.allowed { format!("{paths} may be changed\n") } else { "git agents claims\n".to_owned() };
        let last = if self.allowed { last } else { format!("  try: {last}") };
        format!("{denied}{notes}{last}")
    }
}
