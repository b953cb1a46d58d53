//! What `create`, `multi` and `fanout` answer: what was started, and where.

use git_agents::agent::AgentName;
use git_agents::git::Repository;
use git_agents::plan::Planned;
use git_agents::run::Run;
use serde::Serialize;

use crate::error::CliError;
use crate::render::style::{Style, safe, tried};
use crate::render::table::{Column, table};
use crate::ui::View;

/// A task and its run. `state` is `started`, `failed` or `left` (it is done, or not for this batch).
#[derive(Debug, Serialize)]
pub(crate) struct LaunchedRow {
    pub(crate) task: String,
    pub(crate) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) branch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) worktree: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// What helps when it has not been started.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) hints: Vec<String>,
}

impl LaunchedRow {
    pub(crate) fn started(
        repo: &Repository,
        planned: &Planned,
        run: &Run,
        model: Option<String>,
    ) -> Result<Self, CliError> {
        let plan = run.plan();
        let state = git_agents::store::load(repo, &git_agents::store::Scope::open())?.state;
        Ok(LaunchedRow {
            task: planned.id.to_string(),
            state: "started",
            agent: Some(plan.agent.to_string()),
            branch: state.agents.get(&plan.agent).map(|agent| agent.branch.clone()),
            worktree: Some(plan.dir.display().to_string()),
            run: Some(run.id.to_string()),
            model,
            reason: None,
            hints: Vec::new(),
        })
    }

    pub(crate) fn failed(planned: &Planned, agent: &AgentName, error: &CliError) -> Self {
        let left = LaunchedRow::left(planned, &error.message);
        LaunchedRow { state: "failed", agent: Some(agent.to_string()), hints: error.hints.clone(), ..left }
    }

    pub(crate) fn left(planned: &Planned, reason: &str) -> Self {
        LaunchedRow {
            task: planned.id.to_string(),
            state: "left",
            agent: None,
            branch: None,
            worktree: None,
            run: None,
            model: None,
            reason: Some(reason.to_owned()),
            hints: Vec::new(),
        }
    }
}

/// What was started.
#[derive(Debug, Serialize)]
pub(crate) struct LaunchedView {
    pub(crate) batch: String,
    pub(crate) tasks: Vec<LaunchedRow>,
}

impl LaunchedView {
    pub(crate) fn is_good(&self) -> bool {
        self.tasks.iter().all(|task| task.state != "failed")
    }
}

impl View for LaunchedView {
    const KIND: &'static str = "launched";

    fn text(&self, style: &Style) -> String {
        if let [LaunchedRow { state: "started", agent: Some(agent), branch: Some(branch), worktree: Some(dir), .. }] =
            self.tasks.as_slice()
        {
            return format!("{} works on {} in {}\n", safe(agent), safe(branch), safe(dir));
        }
        let columns = [Column::Text("TASK"), Column::Text("STATE"), Column::Text("AGENT"), Column::Text("WORKTREE")];
        let row = |task: &LaunchedRow| {
            let last = task.worktree.as_deref().or(task.reason.as_deref()).map(safe).unwrap_or_default();
            let agent = task.agent.as_deref().map(safe).unwrap_or_default();
            vec![safe(&task.task), task.state.to_owned(), agent, last]
        };
        let mut text = table(style, &columns, self.tasks.iter().map(row).collect());
        text.push_str(&tried(style, self.tasks.iter().flat_map(|task| &task.hints)));
        text
    }
}
