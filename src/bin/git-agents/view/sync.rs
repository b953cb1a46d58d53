//! What `sync` has brought, taken away and turned down.

use chrono::{DateTime, Utc};
use git_agents::state::Damaged;
use git_agents::store::Entry;
use git_agents::sync::{RejectedOperation, Report};
use serde::Serialize;

use crate::render::style::{Style, counted, safe};
use crate::ui::View;

/// So many operations are told to people one by one.
const MOST_TOLD: usize = 20;

/// One operation on its way.
#[derive(Debug, Serialize)]
pub(crate) struct OperationView {
    /// `null` when this version does not understand it.
    pub(crate) id: Option<String>,
    pub(crate) commit: String,
    pub(crate) at: Option<DateTime<Utc>>,
    pub(crate) by: String,
    pub(crate) sentence: String,
}

impl From<&Entry> for OperationView {
    fn from(entry: &Entry) -> Self {
        let operation = entry.operation.as_ref();
        OperationView {
            id: operation.map(|operation| operation.id.to_string()),
            commit: entry.commit.to_string(),
            at: operation.map(|operation| operation.at),
            by: entry.by.clone(),
            sentence: entry.sentence.clone(),
        }
    }
}

/// One operation that does not hold on the remote's chain.
#[derive(Debug, Serialize)]
pub(crate) struct RejectedView {
    /// `null` when this version does not understand it.
    pub(crate) id: Option<String>,
    pub(crate) sentence: String,
    pub(crate) by: String,
    pub(crate) reason: String,
    pub(crate) at: DateTime<Utc>,
    /// The ref that keeps the chain with it.
    pub(crate) backup: String,
}

impl From<&RejectedOperation> for RejectedView {
    fn from(rejected: &RejectedOperation) -> Self {
        RejectedView {
            id: rejected.id.as_ref().map(ToString::to_string),
            sentence: rejected.sentence.clone(),
            by: rejected.by.clone(),
            reason: rejected.reason.clone(),
            at: rejected.at,
            backup: rejected.backup.clone(),
        }
    }
}

/// `sync`.
#[derive(Debug, Serialize)]
pub(crate) struct SyncView {
    pub(crate) remote: String,
    /// The newest commit of the chain here; `null` when there is none on either side.
    pub(crate) tip: Option<String>,
    /// What came, newest first; of very many only the newest.
    pub(crate) came: Vec<OperationView>,
    pub(crate) came_count: usize,
    /// What the remote has taken, oldest first.
    pub(crate) went: Vec<OperationView>,
    /// What does not hold any more, oldest first.
    pub(crate) rejected: Vec<RejectedView>,
    /// How many operations the remote does not have yet.
    pub(crate) waiting: usize,
    /// Documents that came and that nobody believes.
    pub(crate) quarantined: Vec<QuarantinedView>,
}

/// A document that breaks a rule: it is left as it is, and everything else works.
#[derive(Debug, Serialize)]
pub(crate) struct QuarantinedView {
    pub(crate) path: String,
    pub(crate) reason: String,
}

impl From<&Report> for SyncView {
    fn from(report: &Report) -> Self {
        SyncView {
            remote: report.remote.clone(),
            tip: report.tip.map(|tip| tip.to_string()),
            came: report.came.iter().map(Into::into).collect(),
            came_count: report.came_count,
            went: report.went.iter().map(Into::into).collect(),
            rejected: report.rejected.iter().map(Into::into).collect(),
            waiting: report.waiting,
            quarantined: report.quarantined.iter().map(quarantined).collect(),
        }
    }
}

fn quarantined(damaged: &Damaged) -> QuarantinedView {
    QuarantinedView { path: damaged.path.clone(), reason: damaged.reason.clone() }
}

impl View for SyncView {
    const KIND: &'static str = "sync";

    fn text(&self, style: &Style) -> String {
        let remote = style.bold(&safe(&self.remote));
        let number = |count, what: &str| format!("{} {what}", counted(count, "operation"));
        let parts: Vec<String> = [
            (self.came_count, "came"),
            (self.went.len(), "went"),
            (self.rejected.len(), "rejected"),
            (self.waiting, "waiting to go"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| number(count, what))
        .collect();
        let mut text = match (parts.is_empty(), &self.tip) {
            (true, Some(_)) => format!("{remote}: nothing new on either side\n"),
            (true, None) => format!("{remote}: no state on either side\n"),
            (false, _) => format!("{remote}: {}\n", parts.join(", ")),
        };
        let told =
            |one: &OperationView| format!("  {} {}\n", safe(&one.sentence), style.dim(&format!("({})", safe(&one.by))));
        let more = |shown: usize, all: usize| match all.saturating_sub(shown) {
            0 => String::new(),
            rest => format!("  and {rest} more\n"),
        };
        for (title, list, count) in [("came", &self.came, self.came_count), ("went", &self.went, self.went.len())] {
            if count > 0 {
                text.push_str(&format!("\n{}\n", style.bold(title)));
                text.extend(list.iter().take(MOST_TOLD).map(told));
                text.push_str(&more(list.len().min(MOST_TOLD), count));
            }
        }
        if !self.rejected.is_empty() {
            text.push_str(&format!("\n{}\n", style.bold("rejected")));
            for one in &self.rejected {
                text.push_str(&format!("  {}: {}\n", safe(&one.sentence), safe(&one.reason)));
            }
            let mut backups: Vec<&str> = self.rejected.iter().map(|one| one.backup.as_str()).collect();
            backups.dedup();
            for backup in backups {
                text.push_str(&format!("  {}\n", style.dim(&format!("kept in {}", safe(backup)))));
            }
        }
        if !self.quarantined.is_empty() {
            text.push_str(&format!("\n{}\n", style.bold("not believed")));
            for one in &self.quarantined {
                text.push_str(&format!("  {}: {}\n", safe(&one.path), safe(&one.reason)));
            }
        }
        text
    }
}

/// `sync --acknowledge`.
#[derive(Debug, Serialize)]
pub(crate) struct Acknowledged {
    pub(crate) acknowledged: Vec<RejectedView>,
}

impl View for Acknowledged {
    const KIND: &'static str = "acknowledged";

    fn text(&self, _: &Style) -> String {
        let line = |one: &RejectedView| format!("  {}: {}\n", safe(&one.sentence), safe(&one.reason));
        match self.acknowledged.as_slice() {
            [] => "nothing was rejected\n".to_owned(),
            list => {
                let lines: String = list.iter().map(line).collect();
                format!("taken notice of {}\n{lines}", counted(list.len(), "rejected operation"))
            }
        }
    }
}
