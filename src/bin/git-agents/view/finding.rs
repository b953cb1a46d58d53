//! Findings, as a table with a total by severity.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use git_agents::finding::{Finding, Severity};
use serde::Serialize;

use crate::render::style::{Style, counted, safe};
use crate::render::table::{Column, table};
use crate::ui::View;

/// One finding. `agent` is `null` when a person without an agent reported it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct FindingView {
    pub(crate) id: String,
    pub(crate) agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<String>,
    pub(crate) severity: &'static str,
    pub(crate) category: String,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end_line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commit: Option<String>,
    pub(crate) state: &'static str,
    pub(crate) created_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resolved_at: Option<DateTime<Utc>>,
}

impl From<&Finding> for FindingView {
    fn from(finding: &Finding) -> Self {
        FindingView {
            id: finding.id.to_string(),
            agent: finding.agent.as_ref().map(ToString::to_string),
            task: finding.task.as_ref().map(ToString::to_string),
            severity: finding.severity.word(),
            category: finding.category.clone(),
            message: finding.message.clone(),
            file: finding.file.clone(),
            line: finding.line,
            end_line: finding.end_line,
            commit: finding.commit.as_ref().map(ToString::to_string),
            state: finding.state.word(),
            created_at: finding.created_at,
            resolved_at: finding.resolved_at,
        }
    }
}

/// How many, in all and by severity; a severity that nobody reported is 0.
#[derive(Debug, Serialize)]
pub(crate) struct FindingSummary {
    pub(crate) total: usize,
    pub(crate) by_severity: BTreeMap<&'static str, usize>,
}

/// `findings`.
#[derive(Debug, Serialize)]
pub(crate) struct FindingList {
    pub(crate) findings: Vec<FindingView>,
    pub(crate) summary: FindingSummary,
}

impl FindingList {
    pub(crate) fn new(findings: Vec<FindingView>) -> Self {
        let count = |severity: Severity| findings.iter().filter(|f| f.severity == severity.word()).count();
        let by_severity = Severity::ALL.iter().map(|&severity| (severity.word(), count(severity))).collect();
        FindingList { summary: FindingSummary { total: findings.len(), by_severity }, findings }
    }
}

impl View for FindingList {
    const KIND: &'static str = "findings";

    fn text(&self, style: &Style) -> String {
        if self.findings.is_empty() {
            return "no findings\n".to_owned();
        }
        let columns = [
            Column::Text("ID"),
            Column::Text("AGENT"),
            Column::Text("SEVERITY"),
            Column::Text("CATEGORY"),
            Column::Text("FILE"),
            Column::Number("LINE"),
            Column::Text("DESCRIPTION"),
        ];
        let mut text = table(style, &columns, self.findings.iter().map(|finding| row(style, finding)).collect());
        let shares: Vec<String> = Severity::ALL
            .iter()
            .filter_map(|severity| {
                let number = *self.summary.by_severity.get(severity.word())?;
                (number > 0).then(|| format!("{number} {}", severity.word()))
            })
            .collect();
        text.push_str(&format!("\n{}: {}\n", counted(self.summary.total, "finding"), shares.join(", ")));
        text
    }
}

fn row(style: &Style, finding: &FindingView) -> Vec<String> {
    let severity = match finding.severity {
        "critical" | "high" => style.red(finding.severity),
        "medium" => style.yellow(finding.severity),
        other => other.to_owned(),
    };
    let lines = match (finding.line, finding.end_line) {
        (Some(start), Some(end)) => format!("{start}-{end}"),
        (Some(start), None) => start.to_string(),
        _ => String::new(),
    };
    let first = finding.message.lines().next().unwrap_or_default();
    let resolved = if finding.state == "resolved" { " (resolved)" } else { "" };
    vec![
        style.cyan(&finding.id),
        finding.agent.clone().unwrap_or_else(|| "-".to_owned()),
        severity,
        safe(&finding.category),
        finding.file.as_deref().map(safe).unwrap_or_default(),
        lines,
        format!("{}{resolved}", safe(first)),
    ]
}
