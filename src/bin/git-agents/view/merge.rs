//! What landing, or a rebase, does or would do.

use git_agents::config::Target;
use git_agents::git::worktrees::Worktree;
use git_agents::land::plan::Stopped;
use git_agents::state::State;
use git_agents::work::landing::{Landing, completed};
use git_agents::work::strategies::strategy_word;
use serde::Serialize;

use super::blocked::short;
use super::check::ChecksView;
use super::merge_plan::{PlanView, PushView};
use super::merge_stopped::{StoppedView, refusal, stopped_view};
use crate::error::CliError;
use crate::render::style::{Style, counted, listed, safe};
use crate::ui::View;

/// The target before and after; the same when nothing lands.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct TargetMove {
    pub(crate) branch: String,
    pub(crate) before: String,
    pub(crate) after: String,
}

/// One branch that landed, or would.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LandedView {
    pub(crate) name: String,
    pub(crate) branch: String,
    pub(crate) strategy: &'static str,
    /// The target's commit after it.
    pub(crate) commit: String,
    /// The branch's tip before.
    pub(crate) before: String,
    /// The task, when it is exactly one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<String>,
    pub(crate) tasks: Vec<String>,
    /// How many commits were made anew.
    pub(crate) replayed: usize,
    /// How many were dropped, because the target had their changes already.
    pub(crate) dropped: usize,
}

/// A worktree whose branch has moved and whose files have not.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LeftBehindView {
    pub(crate) worktree: String,
    pub(crate) branch: String,
    pub(crate) reason: String,
}

/// `merge`; with `dry_run` nothing was changed.
#[derive(Debug, Serialize)]
pub(crate) struct MergeView {
    pub(crate) dry_run: bool,
    pub(crate) target: TargetMove,
    pub(crate) landed: Vec<LandedView>,
    pub(crate) stopped: Vec<StoppedView>,
    /// Agents with nothing to land.
    pub(crate) empty: Vec<String>,
    /// The worktrees that come along.
    pub(crate) worktrees: Vec<String>,
    /// Those of them whose files could not: the next command that writes brings them along.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) left_behind: Vec<LeftBehindView>,
    /// What a dry run would move; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) plan: Option<PlanView>,
    /// What was checked; absent when nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) checks: Option<ChecksView>,
    /// Where it was pushed; absent when it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pushed: Option<PushView>,
    /// The command that takes it back; `null` when nothing was changed.
    pub(crate) undo: Option<&'static str>,
}

impl MergeView {
    pub(crate) fn new(
        target: &Target,
        state: &State,
        landing: &Landing,
        worktrees: &[Worktree],
        dry_run: bool,
    ) -> Self {
        let plan = &landing.built.plan;
        let landed = plan.steps.iter().map(|step| {
            let name = step.name.parse().ok();
            let tasks: Vec<String> = name
                .as_ref()
                .map(|name| completed(state, name).map(|task| task.id.to_string()).collect())
                .unwrap_or_default();
            LandedView {
                name: step.name.clone(),
                branch: short(&step.branch).to_owned(),
                strategy: strategy_word(step.strategy),
                commit: step.after.to_string(),
                before: step.tip.to_string(),
                task: if let [task] = tasks.as_slice() { Some(task.clone()) } else { None },
                tasks,
                replayed: step.replayed.len(),
                dropped: step.dropped.len(),
            }
        });
        let after = plan.target_after().unwrap_or(target.commit);
        let stopped = |stopped: &Stopped| {
            let before = landed_before(target, landing, &stopped.name);
            stopped_view(target, &before, worktrees, stopped)
        };
        MergeView {
            dry_run,
            target: TargetMove {
                branch: target.branch.clone(),
                before: target.commit.to_string(),
                after: after.to_string(),
            },
            landed: landed.collect(),
            stopped: plan.stopped.iter().map(stopped).collect(),
            empty: plan.empty.clone(),
            worktrees: plan.worktrees.iter().map(|one| one.path.display().to_string()).collect(),
            left_behind: Vec::new(),
            plan: None,
            checks: None,
            pushed: None,
            undo: (!dry_run && !plan.steps.is_empty()).then_some("git agents undo --yes"),
        }
    }
}

/// What a stopped branch meets: those that land and that it conflicts with, or the target when nothing lands.
fn landed_before(target: &Target, landing: &Landing, name: &str) -> String {
    let known = landing.conflicts.get(name).map(Vec::as_slice).unwrap_or_default();
    let steps = &landing.built.plan.steps;
    let met: Vec<&str> = steps.iter().map(|step| step.name.as_str()).filter(|n| known.iter().any(|k| k == n)).collect();
    match (met.is_empty(), steps.is_empty()) {
        (false, _) => listed(&met),
        (true, true) => target.branch.clone(),
        (true, false) => "what lands before it".to_owned(),
    }
}

impl View for MergeView {
    const KIND: &'static str = "merge";

    fn text(&self, style: &Style) -> String {
        let mut text = String::new();
        let verb = if self.dry_run { "would land" } else { "landed" };
        for one in &self.landed {
            let tasks = if one.tasks.is_empty() { String::new() } else { format!(" ({})", one.tasks.join(", ")) };
            let dropped = match one.dropped {
                0 => String::new(),
                number => format!(", {} dropped as already there", counted(number, "commit")),
            };
            let commit = one.commit.get(..10).unwrap_or(&one.commit);
            let name = style.bold(&one.name);
            text.push_str(&format!("{} {name}{tasks} by {} at {commit}{dropped}\n", style.green(verb), one.strategy));
        }
        for one in &self.stopped {
            let verb = if self.dry_run { "would stop" } else { "stopped" };
            text.push_str(&format!("{} {}: {}\n", style.red(verb), style.bold(&one.name), safe(&one.message)));
            for path in &one.paths {
                let kind = path.kind.as_deref().map(|kind| format!("  {}", style.dim(&safe(kind)))).unwrap_or_default();
                text.push_str(&format!("  {}{kind}\n", safe(&path.path)));
            }
            text.push_str(&one.check.as_ref().map(|check| check.output_text(style)).unwrap_or_default());
            if let Some(packet) = &one.packet {
                text.push_str(&packet.text(style, &self.target.branch, &one.name));
            }
            text.push_str(&format!("  {} {}\n", style.dim("next:"), safe(&one.next)));
        }
        if !self.empty.is_empty() {
            text.push_str(&format!("nothing to land: {}\n", self.empty.join(", ")));
        }
        text.push_str(&self.checks.as_ref().map(|checks| checks.text(style)).unwrap_or_default());
        text.push_str(&self.end(style));
        text
    }
}

impl MergeView {
    /// See [`refusal`].
    pub(crate) fn refusal(&self) -> Option<CliError> {
        refusal(&self.stopped)
    }

    fn end(&self, style: &Style) -> String {
        let TargetMove { branch, before, after } = &self.target;
        let branch = safe(branch);
        let pushed = self
            .pushed
            .as_ref()
            .map(|PushView { remote, branch }| format!("pushed to {} of {}\n", safe(branch), safe(remote)));
        let pushed = pushed.unwrap_or_default();
        if before == after && self.landed.is_empty() && self.stopped.is_empty() && self.empty.is_empty() {
            return format!("nothing to land\n{pushed}");
        }
        if before == after {
            return format!("{branch} stays at {}\n{pushed}", before.get(..10).unwrap_or(before));
        }
        let (from, to) = (before.get(..10).unwrap_or(before), after.get(..10).unwrap_or(after));
        let verb = if self.dry_run { "would move" } else { "moved" };
        let mut text = format!("{branch} {verb} from {from} to {to}\n");
        text.push_str(&self.plan.as_ref().map(|plan| plan.text(style)).unwrap_or_default());
        text.push_str(&pushed);
        for one in &self.left_behind {
            let (worktree, reason) = (safe(&one.worktree), safe(&one.reason));
            text.push_str(&format!("{} {worktree}: {reason}\n", style.red("left behind")));
            text.push_str(&format!("  {} git agents doctor --fix\n", style.dim("next:")));
        }
        if let Some(undo) = self.undo {
            text.push_str(&format!("{} {undo}\n", style.dim("to take it back:")));
        }
        text
    }
}
