//! The picture at a glance.

use std::collections::BTreeMap;

use git_agents::agent::Agent;
use git_agents::config::Target;
use git_agents::state::State;
use git_agents::sync::Provisional;
use git_agents::task::{Task, TaskState};
use git_agents::work::leases::{Leases, Standing};
use git_agents::work::overview::{AgentOverview, TargetVerdict, WorktreeOverview};
use serde::Serialize;

use super::agent::{BUSY, Trouble, troubles};
use super::agent_run::AgentRun;
use super::current_task::CurrentTask;
use super::sync::RejectedView;
use crate::render::style::{Style, counted, duration, hours, safe};
use crate::render::table::{Column, table};
use crate::ui::View;

/// The branch that work lands on.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct TargetView {
    pub(crate) branch: String,
    pub(crate) commit: String,
}

impl From<&Target> for TargetView {
    fn from(target: &Target) -> Self {
        TargetView { branch: target.branch.clone(), commit: target.commit.to_string() }
    }
}

/// One agent. `null` is what could not be determined, or was not looked at.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AgentView {
    pub(crate) name: String,
    pub(crate) branch: String,
    /// The branch's tip; `null` when the branch is gone.
    pub(crate) commit: Option<String>,
    /// The branch is another clone's, and this is the remote-tracking branch that shows it; absent when it is here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seen_as: Option<String>,
    pub(crate) base: Option<String>,
    pub(crate) worktree: Option<String>,
    /// `idle`, `assigned`, `working` or `completed` (something waits to be landed).
    pub(crate) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<CurrentTask>,
    /// The ids of the tasks that it has and has not begun.
    pub(crate) assigned: Vec<String>,
    pub(crate) ahead: Option<usize>,
    pub(crate) behind: Option<usize>,
    /// How many paths are uncommitted, untracked ones included.
    pub(crate) dirty: Option<usize>,
    /// How many files its commits change.
    pub(crate) files: Option<usize>,
    pub(crate) completed_tasks: u64,
    pub(crate) hours_total: f64,
    /// Its last run; absent when it has not run here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<AgentRun>,
}

/// Something that a lead should look at.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Attention {
    pub(crate) kind: &'static str,
    pub(crate) agent: String,
    pub(crate) message: String,
    pub(crate) hint: String,
}

/// `status`.
#[derive(Debug, Serialize)]
pub(crate) struct StatusView {
    pub(crate) target: TargetView,
    pub(crate) agents: Vec<AgentView>,
    pub(crate) tasks: BTreeMap<&'static str, u64>,
    pub(crate) attention: Vec<Attention>,
    /// How many operations the remote does not have; `null` when no remote is known to keep the state.
    pub(crate) unsynced: Option<u64>,
    /// The remote that keeps the state; absent when none is known to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remote: Option<String>,
    /// Operations of this clone that did not hold on the remote's chain, until somebody takes notice; absent when there
    /// are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) rejected: Vec<RejectedView>,
}

impl StatusView {
    pub(crate) fn new(
        target: &Target,
        state: &State,
        overview: &[AgentOverview],
        leases: &Leases<'_>,
        provisional: &Provisional,
        style: &Style,
    ) -> Self {
        let known = overview.iter().filter_map(|seen| Some((state.agents.get(&seen.name)?, seen)));
        let mut agents: Vec<AgentView> =
            known.clone().map(|(agent, seen)| agent_view(state, agent, seen, provisional, style)).collect();
        let standing = |task| Some((task, leases.glance(state, task)?));
        let standings: Vec<(&Task, Standing)> = state.tasks.values().filter_map(standing).collect();
        for current in agents.iter_mut().filter_map(|agent| agent.task.as_mut()) {
            let standing = standings.iter().find(|(task, _)| task.id.as_str() == current.id);
            if let (Some(lease), Some((_, standing))) = (&mut current.lease, standing) {
                lease.judge(*standing);
            }
        }
        let attention = known.flat_map(|(agent, seen)| attention(target, state, agent, seen));
        let attention = attention.chain(abandoned(&standings, style)).collect();
        StatusView {
            target: target.into(),
            agents,
            tasks: counts(state),
            attention,
            unsynced: None,
            remote: None,
            rejected: Vec::new(),
        }
    }
}

/// One agent's row.
pub(crate) fn agent_view(
    state: &State,
    agent: &Agent,
    seen: &AgentOverview,
    provisional: &Provisional,
    style: &Style,
) -> AgentView {
    let current = state.in_progress(&agent.name);
    let assigned = state.assigned_to(&agent.name);
    let completed = completed(state, agent);
    let word = match (current, assigned.is_empty(), completed.is_empty()) {
        (Some(_), ..) => "working",
        (None, _, false) => "completed",
        (None, false, true) => "assigned",
        (None, true, true) => "idle",
    };
    let task = current.or(completed.first().copied()).or(assigned.first().copied());
    let (worktree, dirty) = match &seen.worktree {
        WorktreeOverview::At { path, status, .. } => {
            (Some(path.display().to_string()), status.as_ref().map(uncommitted))
        }
        // Whoever works there works on something else.
        WorktreeOverview::Elsewhere { .. }
        | WorktreeOverview::Replaced { .. }
        | WorktreeOverview::Gone { .. }
        | WorktreeOverview::None => (None, None),
    };
    AgentView {
        name: agent.name.to_string(),
        branch: agent.branch.clone(),
        commit: seen.tip.map(|tip| tip.to_string()),
        seen_as: seen.seen_as.clone(),
        base: agent.base.as_ref().map(ToString::to_string),
        worktree,
        state: word,
        task: task.map(|task| CurrentTask::new(task, provisional, style)),
        assigned: assigned.iter().map(|task| task.id.to_string()).collect(),
        ahead: seen.ahead,
        behind: seen.behind,
        dirty,
        files: seen.files,
        completed_tasks: agent.completed_tasks,
        hours_total: agent.hours_total,
        run: None,
    }
}

fn uncommitted(status: &git_agents::git::status::Status) -> usize {
    status.tracked().len() + status.untracked.len() + status.embedded.len()
}

fn completed<'s>(state: &'s State, agent: &'s Agent) -> Vec<&'s Task> {
    state.tasks_of(&agent.name).filter(|task| task.state == TaskState::Completed).collect()
}

fn counts(state: &State) -> BTreeMap<&'static str, u64> {
    let mut counts: BTreeMap<&'static str, u64> = TaskState::ALL
        .iter()
        .map(|&of| (if of == TaskState::InProgress { "in_progress" } else { of.word() }, state.count(of)))
        .collect();
    counts.insert("ready", state.ready().len() as u64);
    counts
}

/// The kind of attention for completed work that has not landed.
const NOT_LANDED: &str = "not-landed";

/// What a lead should look at, the worst first.
fn attention(target: &Target, state: &State, agent: &Agent, seen: &AgentOverview) -> Vec<Attention> {
    let name = &agent.name;
    let mut found = Vec::new();
    let mut tell = |kind, message: String, hint: String| {
        found.push(Attention { kind, agent: name.to_string(), message, hint });
    };
    let (busy, broken): (Vec<_>, Vec<_>) =
        troubles(target, state, agent, seen).into_iter().partition(|trouble| trouble.kind == BUSY);
    for Trouble { kind, message, hint, .. } in broken {
        tell(kind, message, hint);
    }
    match &seen.target {
        TargetVerdict::Clean => {}
        TargetVerdict::Conflict { paths } => {
            let message = format!("{name} conflicts with {} in {}", target.branch, paths.join(", "));
            let next = match &seen.worktree {
                WorktreeOverview::At { operation: None, .. } => format!("git agents resolve {name}"),
                _ => format!("git agents conflicts {name}"),
            };
            tell("target-conflict", message, next);
        }
        TargetVerdict::Unknown { reason } => {
            let message = format!("whether {name} merges into {} is unknown: {reason}", target.branch);
            tell("target-unknown", message, format!("git log --oneline {}..{}", target.branch, agent.branch));
        }
    }
    for Trouble { kind, message, hint, .. } in busy {
        tell(kind, message, hint);
    }
    let waiting = completed(state, agent);
    // What conflicts cannot land: that is the entry that counts then.
    if !waiting.is_empty() && !matches!(seen.target, TargetVerdict::Conflict { .. }) {
        let ids: Vec<&str> = waiting.iter().map(|task| task.id.as_str()).collect();
        let message = format!("{name} has completed {}, not landed yet", ids.join(", "));
        tell(NOT_LANDED, message, format!("git agents merge {name}"));
    }
    found
}

/// The tasks that may be taken over.
fn abandoned(standings: &[(&Task, Standing)], style: &Style) -> Vec<Attention> {
    let expired = standings.iter().filter_map(|(task, standing)| match standing {
        Standing::Expired { heard, .. } => Some((task, task.agent.as_ref()?, *heard)),
        Standing::Live { .. } => None,
    });
    let told = expired.map(|(task, agent, heard)| Attention {
        kind: "lease-expired",
        agent: agent.to_string(),
        message: format!("{agent} has {} and gave its last sign of life {}", task.id, style.ago(heard)),
        hint: format!("git agents assign OTHER {} --steal", task.id),
    });
    told.collect()
}

impl View for StatusView {
    const KIND: &'static str = "status";

    fn text(&self, style: &Style) -> String {
        let commit = self.target.commit.get(..10).unwrap_or(&self.target.commit);
        let mut text = format!("work lands on {} at {}\n\n", style.bold(&safe(&self.target.branch)), commit);
        if self.agents.is_empty() {
            text.push_str("no agents; git agents init --agents 3 makes three\n");
        } else {
            text.push_str(&agents_table(style, &self.agents));
        }
        text.push_str(&format!("\n{}\n", tasks_line(&self.tasks)));
        if let (Some(unsynced @ 1..), Some(remote)) = (self.unsynced, &self.remote) {
            let what = counted(usize::try_from(unsynced).unwrap_or(usize::MAX), "operation");
            text.push_str(&format!("{what} not shared with {} yet\n", safe(remote)));
        }
        if !self.attention.is_empty() || !self.rejected.is_empty() {
            text.push_str(&format!("\n{}\n", style.bold("needs attention")));
            for (message, hint) in self.attention_lines() {
                text.push_str(&format!("  {}\n", safe(&message)));
                text.push_str(&format!("    {}\n", style.dim(&safe(&hint))));
            }
        }
        text
    }
}

impl StatusView {
    /// What needs attention for people: several agents that only wait to be landed are one thing to do.
    fn attention_lines(&self) -> Vec<(String, String)> {
        const NOTICED: &str = "git agents sync --acknowledge";
        let rejected = self.rejected.iter().map(|one| {
            (format!("rejected by what others did first: {}: {}", one.sentence, one.reason), NOTICED.to_owned())
        });
        let (waiting, rest): (Vec<_>, Vec<_>) = self.attention.iter().partition(|item| item.kind == NOT_LANDED);
        let line = |item: &&Attention| (item.message.clone(), item.hint.clone());
        let mut lines: Vec<(String, String)> = rejected.chain(rest.iter().map(line)).collect();
        if waiting.len() > 1 {
            let names: Vec<&str> = waiting.iter().map(|item| item.agent.as_str()).collect();
            let message = format!("{} have completed work that has not landed", crate::render::style::listed(&names));
            lines.push((message, "git agents merge --all".to_owned()));
        } else {
            lines.extend(waiting.iter().map(line));
        }
        lines
    }
}

/// `agent list`.
#[derive(Debug, Serialize)]
pub(crate) struct AgentList {
    pub(crate) agents: Vec<AgentView>,
}

impl View for AgentList {
    const KIND: &'static str = "agent-list";

    fn text(&self, style: &Style) -> String {
        if self.agents.is_empty() { "no agents\n".to_owned() } else { agents_table(style, &self.agents) }
    }
}

fn agents_table(style: &Style, agents: &[AgentView]) -> String {
    let has_runs = agents.iter().any(|agent| agent.run.is_some());
    let number = |number: Option<usize>| number.map(|n| n.to_string()).unwrap_or_else(|| "?".to_owned());
    let row = |agent: &AgentView| {
        let state = match agent.state {
            "working" => style.yellow("working"),
            "completed" => style.green("completed"),
            other => other.to_owned(),
        };
        let task = agent.task.as_ref();
        let title = task.map(|task| {
            let estimate = task.hours.map(|h| format!(" ({})", hours(h))).unwrap_or_default();
            format!("{} {}{estimate}", style.cyan(&task.id), safe(&task.title))
        });
        let done = match (agent.completed_tasks, agent.hours_total) {
            (0, _) => String::new(),
            (tasks, 0.0) => counted(usize::try_from(tasks).unwrap_or(usize::MAX), "task"),
            (tasks, total) => {
                format!("{}, {}", counted(usize::try_from(tasks).unwrap_or(usize::MAX), "task"), hours(total))
            }
        };
        let mut cells = vec![
            agent.name.clone(),
            state,
            title.unwrap_or_default(),
            task.and_then(|task| task.elapsed_s).map(duration).unwrap_or_default(),
            number(agent.ahead),
            number(agent.behind),
            number(agent.files),
            agent.dirty.map(|n| n.to_string()).unwrap_or_else(|| "-".to_owned()),
            done,
        ];
        if has_runs {
            let run = agent.run.as_ref().map(|run| run.state.unwrap_or("unknown").to_owned());
            cells.insert(2, run.unwrap_or_default());
        }
        cells
    };
    let mut columns = vec![
        Column::Text("AGENT"),
        Column::Text("STATE"),
        Column::Text("TASK"),
        Column::Number("TIME"),
        Column::Number("AHEAD"),
        Column::Number("BEHIND"),
        Column::Number("FILES"),
        Column::Number("DIRTY"),
        Column::Text("DONE"),
    ];
    if has_runs {
        columns.insert(2, Column::Text("RUN"));
    }
    table(style, &columns, agents.iter().map(row).collect())
}

fn tasks_line(tasks: &BTreeMap<&'static str, u64>) -> String {
    let shown = [
        ("in_progress", "in progress"),
        ("assigned", "assigned"),
        ("open", "open"),
        ("completed", "completed"),
        ("blocked", "blocked"),
        ("failed", "failed"),
        ("landed", "landed"),
        ("dropped", "dropped"),
    ];
    let part = |(key, word): &(&'static str, &'static str)| {
        let number = tasks.get(key).copied().filter(|number| *number > 0)?;
        let ready = tasks.get("ready").copied().unwrap_or_default();
        let more = if *key == "open" { format!(" ({ready} ready)") } else { String::new() };
        Some(format!("{number} {word}{more}"))
    };
    let parts: Vec<String> = shown.iter().filter_map(part).collect();
    if parts.is_empty() { "no tasks".to_owned() } else { format!("tasks: {}", parts.join(", ")) }
}
