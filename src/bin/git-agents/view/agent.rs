//! One agent with its tasks, and what is wrong with its branch and its worktree.

use git_agents::agent::Agent;
use git_agents::config::Target;
use git_agents::state::State;
use git_agents::task::{Task, TaskState};
use git_agents::work::overview::{AgentOverview, WorktreeOverview};
use serde::Serialize;

use super::status::AgentView;
use super::task::{TaskList, TaskView};
use crate::error::quoted;
use crate::render::style::{Style, counted, hours, safe};
use crate::ui::View;

/// The kind of a worktree that is in the middle of something: not broken, and not to be pulled from under it.
pub(crate) const BUSY: &str = "worktree-busy";

/// Something that is not as an agent's branch and worktree should be.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    /// Stable, for machines.
    pub(crate) kind: &'static str,
    /// One sentence.
    pub(crate) message: String,
    /// The command that helps, as it can be typed.
    pub(crate) hint: String,
    /// `git agents init` makes what is missing.
    pub(crate) init_helps: bool,
}

/// What is wrong with the branch and the worktree of `agent`.
pub(crate) fn troubles(target: &Target, state: &State, agent: &Agent, seen: &AgentOverview) -> Vec<Trouble> {
    let (name, branch) = (&agent.name, &agent.branch);
    let by_hand = |kind, message, hint| Trouble { kind, message, hint, init_helps: false };
    let by_init = |kind, message| Trouble { kind, message, hint: format!("git agents init {name}"), init_helps: true };
    let gone = || by_init("branch-gone", format!("{name}'s branch {branch} is gone"));
    let mut found = Vec::new();
    match (&seen.worktree, seen.tip.is_some()) {
        (WorktreeOverview::At { .. } | WorktreeOverview::None, true) => {}
        (WorktreeOverview::None, false) => match &seen.remote {
            None => found.push(gone()),
            // It may be another clone's, which has not pushed it; and who has nothing at work has nothing to push.
            Some(remote) => {
                let is_at_work = |task: &Task| matches!(task.state, TaskState::InProgress | TaskState::Completed);
                let message =
                    format!("{name}'s branch {branch} is not here, and was not on {remote} when it was fetched");
                let elsewhere = || by_hand("branch-elsewhere", message, format!("git fetch {}", quoted(remote)));
                found.extend(state.tasks_of(name).any(is_at_work).then(elsewhere));
            }
        },
        (WorktreeOverview::At { path, .. }, false) => {
            let was = seen.last_commit.unwrap_or(target.commit);
            let message = format!("{name}'s branch {branch} is gone, and {} has it checked out", path.display());
            found.push(by_hand("branch-gone", message, format!("git branch {} {was}", quoted(branch))));
        }
        (WorktreeOverview::Gone { path }, has_branch) => {
            found.extend((!has_branch).then(gone));
            found.push(by_init("worktree-gone", format!("{name}'s worktree is gone from {}", path.display())));
        }
        (WorktreeOverview::Replaced { path, is_repairable }, has_branch) => {
            let path = path.display().to_string();
            let away = || format!("mv {} {}", quoted(&path), quoted(&format!("{path}.old")));
            let hint = if *is_repairable { "git worktree repair".to_owned() } else { away() };
            found.push(by_hand("worktree-replaced", format!("{path} is not {name}'s worktree any more"), hint));
            found.extend((!has_branch).then(gone));
        }
        (WorktreeOverview::Elsewhere { path, branch: other, operation }, has_branch) => {
            let what =
                other.as_ref().map_or_else(|| "a detached HEAD".to_owned(), |other| format!("{other} checked out"));
            let path = path.display().to_string();
            // The branch may only have got another name, unless that is somebody else's.
            let renamed =
                other.as_ref().filter(|name| **name != target.branch && state.agent_of_branch(name).is_none());
            let git = format!("git -C {}", quoted(&path));
            let hint = match (operation, has_branch, renamed) {
                (Some(_), _, _) => format!("{git} status"),
                (None, true, _) => format!("{git} switch {}", quoted(branch)),
                (None, false, Some(other)) => format!("git branch -m {} {}", quoted(other), quoted(branch)),
                (None, false, None) => format!("{git} switch -c {}", quoted(branch)),
            };
            let (kind, message) = if has_branch {
                ("worktree-elsewhere", format!("{name}'s worktree {path} has {what}, not {branch}"))
            } else {
                ("branch-gone", format!("{name}'s branch {branch} is gone, and its worktree {path} has {what}"))
            };
            found.push(by_hand(kind, message, hint));
        }
    }
    found.extend(busy(name.as_str(), target, seen));
    found
}

fn busy(name: &str, target: &Target, seen: &AgentOverview) -> Option<Trouble> {
    let WorktreeOverview::At { path, operation: Some(operation), .. } = &seen.worktree else { return None };
    if seen.is_resolving {
        let message = format!("{name} is resolving its conflict with {} in {}", target.branch, path.display());
        let hint = "git agents merge --continue".to_owned();
        return Some(Trouble { kind: BUSY, message, hint, init_helps: false });
    }
    Some(Trouble {
        kind: BUSY,
        message: format!("{name}'s worktree is in the middle of a {}", operation.command()),
        hint: format!("git -C {} status", quoted(&path.display().to_string())),
        init_helps: false,
    })
}

/// `agent show`.
#[derive(Debug, Serialize)]
pub(crate) struct AgentShow {
    pub(crate) agent: AgentView,
    pub(crate) tasks: Vec<TaskView>,
    /// The ports that it has to itself, such as `20000-20009`; absent when it has never needed any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ports: Option<String>,
    /// What is wrong with its branch and worktree, for people; `status` publishes it.
    #[serde(skip)]
    pub(crate) troubles: Vec<String>,
}

impl View for AgentShow {
    const KIND: &'static str = "agent";

    fn text(&self, style: &Style) -> String {
        let agent = &self.agent;
        let mut text = format!("{}\n", style.bold(&agent.name));
        let mut field = |name: &str, value: String| text.push_str(&format!("  {:<10} {value}\n", format!("{name}:")));
        field("state", agent.state.to_owned());
        let commit = agent.commit.as_deref().map_or("gone", |commit| commit.get(..10).unwrap_or(commit));
        let seen_as = agent.seen_as.as_ref().map(|name| format!(", seen as {}", safe(name))).unwrap_or_default();
        field("branch", format!("{} ({commit}{seen_as})", safe(&agent.branch)));
        field("worktree", agent.worktree.as_deref().map_or_else(|| "none".to_owned(), safe));
        if let Some(ports) = &self.ports {
            field("ports", ports.clone());
        }
        for trouble in &self.troubles {
            field("attention", safe(trouble));
        }
        if let (Some(ahead), Some(behind)) = (agent.ahead, agent.behind) {
            let files = agent.files.map(|n| format!(", {} changed", counted(n, "file"))).unwrap_or_default();
            field("commits", format!("{ahead} ahead, {behind} behind{files}"));
        }
        if let Some(dirty) = agent.dirty.filter(|dirty| *dirty > 0) {
            field("dirty", counted(dirty, "uncommitted path"));
        }
        field(
            "done",
            format!(
                "{}, {}",
                counted(usize::try_from(agent.completed_tasks).unwrap_or(usize::MAX), "task"),
                hours(agent.hours_total)
            ),
        );
        if !self.tasks.is_empty() {
            text.push('\n');
            text.push_str(&TaskList { tasks: self.tasks.clone(), none: "no tasks" }.text(style));
        }
        text
    }
}
