//! An agent's last run, at a glance.

use std::time::Duration;

use chrono::{DateTime, Utc};
use git_agents::run::State as RunState;
use git_agents::run::{Census, Run};
use git_agents::task::TaskId;
use serde::Serialize;

use super::status::{Attention, StatusView};
use crate::render::style::Style;

/// An agent's last run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AgentRun {
    pub(crate) id: String,
    /// As in `runs`.
    pub(crate) state: Option<&'static str>,
    pub(crate) started_at: DateTime<Utc>,
}

impl StatusView {
    /// What the agents' last runs are doing, and which of them somebody should look at. `runs` has the newest first.
    pub(crate) fn add_runs(&mut self, runs: &[Run], idle_after: Duration, style: &Style) {
        let census = Census::default();
        for agent in &mut self.agents {
            let Some(run) = runs.iter().find(|run| run.plan().agent.as_str() == agent.name) else { continue };
            let state = run.state(style.now, idle_after);
            agent.run = Some(AgentRun { id: run.id.to_string(), state: state.word(), started_at: run.started_at() });
            let task = agent.task.as_ref().filter(|_| agent.state == "working").map(|task| task.id.as_str());
            let is_current = run.plan().task.as_ref().map(TaskId::as_str) == task && task.is_some();
            self.attention.extend(of_run(&agent.name, run, state, is_current, &census));
        }
    }
}

/// What a lead should know of a run: that it waits, or has ended badly before its task was done.
fn of_run(agent: &str, run: &Run, state: RunState, is_current: bool, census: &Census) -> Option<Attention> {
    let tell = |kind, message, hint| Some(Attention { kind, agent: agent.to_owned(), message, hint });
    let again = || format!("git agents run {agent} --resume");
    let logs = || format!("git agents logs {agent} -n 50");
    match state {
        RunState::Waiting => {
            let said = run.facts.report.known().and_then(|report| report.text.clone());
            let said = said.map(|text| format!(": {text}")).unwrap_or_default();
            tell("run-waiting", format!("{agent} waits for an answer{said}"), logs())
        }
        RunState::Failed if is_current => tell("run-failed", format!("{agent}'s run has failed"), logs()),
        RunState::TimedOut if is_current => tell("run-timed-out", format!("{agent}'s run took too long"), again()),
        RunState::Lost(_) if !run.left(census).is_empty() => {
            let message = format!("{agent}'s run is lost, and has processes that are alive");
            tell("run-leftovers", message, format!("git agents kill {agent}"))
        }
        RunState::Lost(loss) if is_current => {
            tell("run-lost", format!("{agent}'s run is lost: {}", loss.sentence()), again())
        }
        RunState::Unknown if !run.facts.is_elsewhere => {
            tell("run-unknown", format!("what {agent}'s run does is unknown"), "git agents doctor".to_owned())
        }
        _ => None,
    }
}
