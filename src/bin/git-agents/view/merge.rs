//! What landing, or a rebase, does or would do.

use git_agents::config::Target;
use git_agents::git::repository::path_text;
use git_agents::git::status::status;
use git_agents::git::worktrees::Worktree;
use git_agents::land::plan::{Refusal, Stop, Stopped};
use git_agents::state::State;
use git_agents::work::landing::{Landing, completed};
use git_agents::work::strategies::strategy_word;
use git_agents::worktree::follow::Blocked;
use serde::Serialize;

use super::check::{ChecksView, FailureView, end_text};
use super::merge_plan::{PlanView, PushView};
use super::packet::PacketView;
use crate::error::{CliError, quoted};
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

/// One branch that stays as it was, and the command that leads on.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct StoppedView {
    pub(crate) name: String,
    pub(crate) branch: String,
    /// `conflict`, `merges`, `taken-back`, `stacked`, `worktree`, `unwritable`, `check`, `hook`, `after`, `missing`,
    /// `is-target`, `symbolic`, `checked-out-twice`, `unrelated` or `unknown`.
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) paths: Vec<StoppedPath>,
    /// What failed, for a branch that the check stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) check: Option<FailureView>,
    /// What is needed to resolve a conflict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) packet: Option<PacketView>,
    pub(crate) next: String,
}

/// One path that stood in the way; `kind` is the kind of conflict, absent for uncommitted work.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct StoppedPath {
    pub(crate) path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
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

fn short(branch: &str) -> &str {
    branch.strip_prefix("refs/heads/").unwrap_or(branch)
}

/// `before` is what it would have landed on: the target, or what lands on it first.
pub(crate) fn stopped_view(target: &Target, before: &str, worktrees: &[Worktree], stopped: &Stopped) -> StoppedView {
    let (reason, message, next) = explain(target, before, worktrees, stopped);
    let paths = match &stopped.reason {
        Stop::Conflict { paths, .. } => paths
            .iter()
            .map(|one| StoppedPath { path: path_text(one.path.as_ref()), kind: Some(one.kind.name().to_owned()) })
            .collect(),
        Stop::Worktree { reason: Blocked::InTheWay { paths }, .. } => {
            paths.iter().map(|path| StoppedPath { path: path_text(path.as_ref()), kind: None }).collect()
        }
        _ => Vec::new(),
    };
    let check = match &stopped.reason {
        Stop::Check { failure, with } => Some(FailureView::new(failure, with)),
        _ => None,
    };
    let (name, branch) = (stopped.name.clone(), short(&stopped.branch).to_owned());
    StoppedView { name, branch, reason, message, paths, check, packet: None, next }
}

fn explain(target: &Target, before: &str, worktrees: &[Worktree], stopped: &Stopped) -> (&'static str, String, String) {
    let name = &stopped.name;
    match &stopped.reason {
        Stop::Conflict { commit: Some(id), merges: true, .. } => {
            let id = &id.to_string()[..10];
            let message = format!("its commit {id} conflicts with {before}; merged as a whole it would not");
            ("conflict", message, format!("git agents merge {name} --strategy merge"))
        }
        Stop::TakenBack { .. } => {
            let message = format!("{} had these changes and no longer has them", target.branch);
            ("taken-back", message, format!("git agents merge {name} --strategy merge"))
        }
        Stop::Conflict { commit, .. } => {
            let what = commit.map_or("it".to_owned(), |id| format!("its commit {}", &id.to_string()[..10]));
            let holder = worktrees.iter().find(|worktree| worktree.holds(&stopped.branch));
            let first =
                if holder.is_some_and(is_edited) { "; its uncommitted changes have to be committed first" } else { "" };
            let message = format!("{what} conflicts with {before}{first}");
            ("conflict", message, resolve_command(worktrees, stopped))
        }
        Stop::HasMerges { commits } => {
            let message = format!("it contains {}, which a rebase would flatten", counted(commits.len(), "merge"));
            ("merges", message, format!("git agents merge {name} --strategy merge"))
        }
        Stop::Check { failure, with } => {
            let with: Vec<&str> = with.iter().map(String::as_str).collect();
            let together = if with.is_empty() { String::new() } else { format!(" together with {}", listed(&with)) };
            let message = format!("`{}` {}{together}", failure.command, end_text(failure.end));
            ("check", message, format!("less {}", quoted(&failure.log.display().to_string())))
        }
        Stop::Unwritable { path, reason } => {
            let words = one_line(reason);
            let message = format!("its files cannot be written to {}: {words}", path.display());
            ("unwritable", message, format!("git agents merge {name} --dry-run"))
        }
        Stop::Worktree { path, reason: Blocked::Missing } => {
            let message = format!("its worktree at {} is missing: {}", path.display(), blocked_text(&Blocked::Missing));
            ("worktree", message, "git worktree repair PATH".to_owned())
        }
        Stop::Worktree { path, reason } => {
            let message = format!("its worktree {} cannot come along: {}", path.display(), blocked_text(reason));
            let next = match reason {
                Blocked::Locked { .. } => "git agents doctor".to_owned(),
                Blocked::ReadOnly { path, .. } => format!("chmod u+w {}", quoted(&path.display().to_string())),
                _ => format!("git -C {} status", quoted(&path.display().to_string())),
            };
            ("worktree", message, next)
        }
        Stop::After { name: other } => {
            ("after", format!("it is after {other}, which does not land"), format!("git agents merge {other} {name}"))
        }
        Stop::Missing => ("missing", "its branch is gone".to_owned(), format!("git agents agent show {name}")),
        Stop::Symbolic => {
            let branch = short(&stopped.branch);
            let message = format!("its branch {branch} is a symbolic ref, another name for another branch");
            ("symbolic", message, format!("git symbolic-ref {}", quoted(&stopped.branch)))
        }
        Stop::IsTarget => {
            ("is-target", "its branch is the target".to_owned(), "git config agents.target BRANCH".to_owned())
        }
        Stop::HeldTwice { paths } => {
            let places: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
            let message = format!("its branch is checked out more than once: {}", places.join(", "));
            ("checked-out-twice", message, "git worktree list".to_owned())
        }
        Stop::Stacked { replays } => {
            let message = "it is built on commits that have landed in another form, which a merge would bring in twice";
            let strategy = if *replays { "rebase" } else { "squash" };
            ("stacked", message.to_owned(), format!("git agents merge {name} --strategy {strategy}"))
        }
        Stop::Hook { hook, output } => {
            let said = if output.is_empty() { String::new() } else { format!(": {output}") };
            let message = format!("the {hook} hook says no{said}");
            ("hook", message, format!("git agents merge {name} --strategy rebase"))
        }
        Stop::Unrelated => {
            let message = "it shares no history with the target".to_owned();
            ("unrelated", message, format!("git log --oneline {}", quoted(short(&stopped.branch))))
        }
        Stop::Unknown { reason } => ("unknown", format!("git could not tell: {reason}"), "git fsck".to_owned()),
    }
}

/// Whether git would refuse to rebase there. What cannot be looked at counts as clean: git will say what is wrong.
fn is_edited(worktree: &Worktree) -> bool {
    status(worktree).is_ok_and(|status| !status.tracked().is_empty())
}

/// Why a branch cannot land, where nothing is known of what it would land with.
pub(crate) fn stopped_plainly(stopped: &Stopped) -> StoppedView {
    let target =
        Target { branch: "the target".to_owned(), commit: stopped.tip.unwrap_or(gix::hash::Kind::Sha1.null()) };
    stopped_view(&target, &target.branch, &[], stopped)
}

/// The command with which the conflict can be resolved, after a commit where there are edits and with a worktree where
/// there is none; or a look at what is going on there.
fn resolve_command(worktrees: &[Worktree], stopped: &Stopped) -> String {
    let resolve = format!("git agents resolve {}", stopped.name);
    match worktrees.iter().find(|worktree| worktree.holds(&stopped.branch)) {
        Some(worktree) => {
            let path = quoted(&worktree.path.display().to_string());
            match worktree.operation {
                Some(_) => format!("git -C {path} status"),
                None if is_edited(worktree) => format!("git -C {path} commit -a && {resolve}"),
                None => resolve,
            }
        }
        None => format!("git agents init {} && {resolve}", stopped.name),
    }
}

/// Why a worktree cannot come along.
pub(crate) fn blocked_text(blocked: &Blocked) -> String {
    match blocked {
        Blocked::Operation { kind } => format!("a {} is going on", kind.command()),
        Blocked::InTheWay { paths } => {
            let shown: Vec<String> = paths.iter().take(5).map(|path| path_text(path.as_ref())).collect();
            let more = if paths.len() > 5 { ", …" } else { "" };
            format!("uncommitted work is in the way: {}{more}", shown.join(", "))
        }
        Blocked::Missing => "bring it back (git worktree repair PATH), or forget it (git worktree prune)".to_owned(),
        Blocked::Locked { path } => format!("somebody is writing to it ({} exists)", path.display()),
        Blocked::Behind => "its files could not be brought to what landed before (git agents doctor)".to_owned(),
        Blocked::NotIntact => "it is not the worktree that git believes it to be".to_owned(),
        Blocked::ReadOnly { path, reason } => format!("{} cannot be written to: {reason}", path.display()),
        Blocked::Unwritable { reason } | Blocked::Refused { reason } => one_line(reason),
    }
}

/// git's words, which may be several lines.
fn one_line(words: &str) -> String {
    let lines = words.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("; ")
}

/// Why nothing could be moved, as a sentence's part.
pub(crate) fn refusal_text(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Worktree { branch, path, reason: Blocked::Missing } => {
            let text = blocked_text(&Blocked::Missing);
            format!("the worktree of {} at {} is missing: {text}", short(branch), path.display())
        }
        Refusal::Worktree { branch, path, reason } => {
            format!("{} at {} cannot come along: {}", short(branch), path.display(), blocked_text(reason))
        }
        Refusal::HeldTwice { branch, paths } => {
            let places: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
            format!("{} is checked out more than once: {}", short(branch), places.join(", "))
        }
        Refusal::Elsewhere { name, .. } => format!("{} has moved since", short(name)),
        Refusal::CheckedOut { branch, path } => format!("{} is checked out at {}", short(branch), path.display()),
    }
}

/// What to do about it: commands, or a sentence where none is known.
pub(crate) fn refusal_hints(refusal: &Refusal) -> &'static [&'static str] {
    match refusal {
        Refusal::Worktree { reason: Blocked::Missing, .. } => &["git worktree repair PATH", "git worktree prune"],
        Refusal::Worktree { reason: Blocked::Locked { .. }, .. } => &["git agents doctor"],
        Refusal::Worktree { reason: Blocked::Behind, .. } => &["git agents doctor", "git agents undo"],
        Refusal::Worktree { reason: Blocked::NotIntact, .. } => {
            &["git worktree list", "move that folder elsewhere, and git worktree prune"]
        }
        Refusal::Worktree { reason: Blocked::Operation { .. }, .. } => &["finish it, or abort it: git status says how"],
        Refusal::Worktree { reason: Blocked::ReadOnly { .. }, .. } => {
            &["make it writable (chmod u+w, mount -o remount,rw), and run the command again"]
        }
        Refusal::Worktree { reason: Blocked::Refused { .. } | Blocked::Unwritable { .. }, .. } => {
            &["git agents status"]
        }
        Refusal::HeldTwice { .. } | Refusal::CheckedOut { .. } => &["git worktree list"],
        _ => &["commit what is in the way, or move it elsewhere"],
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
        if before == after && self.landed.is_empty() && self.stopped.is_empty() && self.empty.is_empty() {
            return "nothing to land\n".to_owned();
        }
        if before == after {
            return format!("{branch} stays at {}\n", before.get(..10).unwrap_or(before));
        }
        let (from, to) = (before.get(..10).unwrap_or(before), after.get(..10).unwrap_or(after));
        let verb = if self.dry_run { "would move" } else { "moved" };
        let mut text = format!("{branch} {verb} from {from} to {to}\n");
        text.push_str(&self.plan.as_ref().map(|plan| plan.text(style)).unwrap_or_default());
        if let Some(PushView { remote, branch }) = &self.pushed {
            text.push_str(&format!("pushed to {} of {}\n", safe(branch), safe(remote)));
        }
        if let Some(undo) = self.undo {
            text.push_str(&format!("{} {undo}\n", style.dim("to take it back:")));
        }
        text
    }
}

/// The refusal, when branches were stopped by nothing but preconditions that do not hold; none when one conflicts,
/// which is an answer.
pub(crate) fn refusal(stopped: &[StoppedView]) -> Option<CliError> {
    let first = stopped.first()?;
    if stopped.iter().any(|one| matches!(one.reason, "conflict" | "check" | "unknown" | "unrelated")) {
        return None;
    }
    let sentences: Vec<String> = stopped.iter().map(|one| format!("{}: {}", one.name, one.message)).collect();
    let error = CliError::refused("blocked", sentences.join("; "));
    let hints: std::collections::BTreeSet<&String> = stopped.iter().map(|one| &one.next).collect();
    let first_hint = std::iter::once(&first.next);
    let rest = hints.into_iter().filter(|hint| **hint != first.next);
    Some(first_hint.chain(rest).fold(error, |error, hint| error.hint(hint.as_str())))
}
