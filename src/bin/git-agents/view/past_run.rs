//! Runs that have ended, as a task's history has them.

use chrono::{DateTime, Utc};
use git_agents::agent::AgentName;
use git_agents::duration;
use git_agents::task::PastRun;
use serde::Serialize;

use crate::render::style::{Style, counted, safe};

/// One run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PastRunView {
    pub(crate) id: String,
    pub(crate) agent: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    pub(crate) started_at: DateTime<Utc>,
    /// `null` when nobody saw it end.
    pub(crate) ended_at: Option<DateTime<Utc>>,
    /// `done`, `failed`, `timed-out`, `killed` or `lost`.
    pub(crate) end: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exit_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signal: Option<i32>,
    /// Where the branch stood before and after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) base: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tip: Option<String>,
    /// `null` when it could not be told.
    pub(crate) commits: Option<u32>,
    pub(crate) files: Option<u32>,
    /// Absent when the program does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cost_usd: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tokens: Option<u64>,
    #[serde(skip)]
    took: Option<String>,
}

impl PastRunView {
    pub(crate) fn new(agent: &AgentName, run: &PastRun) -> Self {
        PastRunView {
            id: run.id.clone(),
            agent: agent.to_string(),
            profile: run.profile.clone(),
            model: run.model.clone(),
            started_at: run.started_at,
            ended_at: run.ended_at,
            end: run.end.word(),
            exit_code: run.exit_code,
            signal: run.signal,
            base: run.base.as_ref().map(ToString::to_string),
            tip: run.tip.as_ref().map(ToString::to_string),
            commits: run.commits,
            files: run.files,
            cost_usd: run.cost_usd,
            tokens: run.tokens,
            took: run.elapsed().map(duration::short),
        }
    }

    /// `run of ann with claude (opus): done, 12m, 3 commits, 5 files, $0.42`
    pub(crate) fn text(&self, style: &Style) -> String {
        let profile = self.profile.as_deref().map(|name| format!(" with {}", safe(name))).unwrap_or_default();
        let model = self.model.as_deref().map(|name| format!(" ({})", safe(name))).unwrap_or_default();
        let end = match self.end {
            "done" => style.green(self.end),
            "lost" | "killed" => style.yellow(self.end),
            _ => style.red(self.end),
        };
        let status = self.exit_code.filter(|code| *code != 0).map(|code| format!("status {code}"));
        let facts = [
            status.or_else(|| self.signal.map(|signal| format!("signal {signal}"))),
            self.took.clone(),
            self.commits.map(|number| counted(number as usize, "commit")),
            self.files.map(|number| counted(number as usize, "file")),
            self.cost_usd.map(|cost| format!("${cost:.2}")),
        ];
        let facts: String = facts.into_iter().flatten().map(|fact| format!(", {fact}")).collect();
        format!("run of {}{profile}{model}: {end}{facts}", self.agent)
    }
}
