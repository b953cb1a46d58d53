//! `git agents findings list`, which is also `git agents findings`

use clap::Args;
use git_agents::finding::{Finding, FindingState, Severity};
use git_agents::store::Scope;

use super::SeverityArg;
use crate::commands::complete_values::{agent_names, task_ids};
use crate::context::{Context, known_agent};
use crate::error::{CliError, Exit};
use crate::view::finding::{FindingList, FindingView};

/// List the open findings, worst first.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only findings of this agent.
    #[arg(long, value_name = "AGENT", add = agent_names())]
    agent: Option<String>,
    /// Only findings of this severity; may be repeated.
    #[arg(long, value_name = "SEVERITY")]
    severity: Vec<SeverityArg>,
    /// Only findings of this category.
    #[arg(long, value_name = "CATEGORY")]
    category: Option<String>,
    /// Only findings made while working on this task.
    #[arg(long, value_name = "TASK", add = task_ids())]
    task: Option<String>,
    /// Show resolved findings too.
    #[arg(short, long)]
    all: bool,
}

pub(crate) fn run(ctx: &Context, args: ListArgs) -> Result<Exit, CliError> {
    let ListArgs { agent, severity, category, task, all } = args;
    let snapshot = ctx.load(&Scope::open().with_findings())?;
    let state = &snapshot.state;
    let agent = agent.as_deref().map(|name| known_agent(state, name)).transpose()?;
    let task = task.as_deref().map(|text| ctx.task(&snapshot, text)).transpose()?;
    let severities: Vec<Severity> = severity.into_iter().map(Into::into).collect();
    let shown = |finding: &&Finding| {
        (all || finding.state == FindingState::Open)
            && (severities.is_empty() || severities.contains(&finding.severity))
            && agent.as_ref().is_none_or(|agent| finding.agent.as_ref() == Some(agent))
            && task.as_ref().is_none_or(|task| finding.task.as_ref() == Some(task))
            && category.as_deref().is_none_or(|category| finding.category.eq_ignore_ascii_case(category))
    };
    let mut findings: Vec<&Finding> = state.findings.values().filter(shown).collect();
    findings.sort_by(|a, b| {
        b.severity.cmp(&a.severity).then(a.created_at.cmp(&b.created_at)).then_with(|| a.id.cmp(&b.id))
    });
    ctx.ui.answer(&FindingList::new(findings.into_iter().map(FindingView::from).collect()))?;
    Ok(Exit::Good)
}
