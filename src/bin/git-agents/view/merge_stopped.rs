//! Why a branch stays as it was, and the command that leads on.

use std::path::Path;

use git_agents::config::Target;
use git_agents::git::repository::path_text;
use git_agents::git::status::status;
use git_agents::git::worktrees::Worktree;
use git_agents::land::plan::{Stop, Stopped};
use git_agents::worktree::follow::Blocked;
use serde::Serialize;

use super::blocked::{blocked_text, one_line, short};
use super::check::{FailureView, end_text};
use super::packet::PacketView;
use crate::error::{CliError, quoted};
use crate::render::style::{counted, listed};

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

/// The word for the reason, a sentence, and the command that leads on.
type Explained = (&'static str, String, String);

fn explain(target: &Target, before: &str, worktrees: &[Worktree], stopped: &Stopped) -> Explained {
    let name = &stopped.name;
    let strategy = |word: &str| format!("git agents merge {name} --strategy {word}");
    match &stopped.reason {
        Stop::Conflict { .. } => explain_conflict(before, worktrees, stopped),
        Stop::TakenBack { .. } => {
            let message = format!("{} had these changes and no longer has them", target.branch);
            ("taken-back", message, strategy("merge"))
        }
        Stop::HasMerges { commits } => {
            let message = format!("it contains {}, which a rebase would flatten", counted(commits.len(), "merge"));
            ("merges", message, strategy("merge"))
        }
        Stop::Stacked { replays } => {
            let message = "it is built on commits that have landed in another form, which a merge would bring in twice";
            ("stacked", message.to_owned(), strategy(if *replays { "rebase" } else { "squash" }))
        }
        Stop::Hook { hook, output } => {
            let said = if output.is_empty() { String::new() } else { format!(": {output}") };
            ("hook", format!("the {hook} hook says no{said}"), format!("git rev-parse --git-path hooks/{hook}"))
        }
        Stop::Check { failure, with } => {
            let with: Vec<&str> = with.iter().map(String::as_str).collect();
            let together = if with.is_empty() { String::new() } else { format!(" together with {}", listed(&with)) };
            let message = format!("`{}` {}{together}", failure.command, end_text(failure.end));
            ("check", message, format!("less {}", quoted(&failure.log.display().to_string())))
        }
        Stop::Unwritable { path, reason } => {
            let message = format!("its files cannot be written to {}: {}", path.display(), one_line(reason));
            ("unwritable", message, format!("git agents merge {name} --dry-run"))
        }
        Stop::Worktree { path, reason } => explain_worktree(name, path, reason),
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
        Stop::Elsewhere(work) => {
            let (task, commit) = (&work.task, &work.commit.to_string()[..10]);
            let message = format!(
                "task {task} was completed at {commit}, and neither its branch nor the target has that: bring it back"
            );
            let hint = match (work.is_known, work.is_on_branch) {
                (true, true) => format!("git branch --all --contains {commit}"),
                // It is in the repository, and only until git clears it away.
                (true, false) => format!("git branch rescue {commit}"),
                (false, _) => "git fetch --all".to_owned(),
            };
            ("elsewhere", message, hint)
        }
        Stop::Unrelated => {
            let message = "it shares no history with the target".to_owned();
            ("unrelated", message, format!("git log --oneline {}", quoted(short(&stopped.branch))))
        }
        Stop::Unknown { reason } => ("unknown", format!("git could not tell: {reason}"), "git fsck".to_owned()),
    }
}

fn explain_conflict(before: &str, worktrees: &[Worktree], stopped: &Stopped) -> Explained {
    let (commit, merges) = match &stopped.reason {
        Stop::Conflict { commit, merges, .. } => (*commit, *merges),
        _ => (None, false),
    };
    let what = commit.map_or("it".to_owned(), |id| format!("its commit {}", &id.to_string()[..10]));
    if merges && commit.is_some() {
        let message = format!("{what} conflicts with {before}; merged as a whole it would not");
        return ("conflict", message, format!("git agents merge {} --strategy merge", stopped.name));
    }
    let holder = worktrees.iter().find(|worktree| worktree.holds(&stopped.branch));
    let first = if holder.is_some_and(is_edited) { "; its uncommitted changes have to be committed first" } else { "" };
    ("conflict", format!("{what} conflicts with {before}{first}"), resolve_command(worktrees, stopped))
}

fn explain_worktree(name: &str, path: &Path, reason: &Blocked) -> Explained {
    if *reason == Blocked::Missing {
        let message = format!("its worktree at {} is missing: {}", path.display(), blocked_text(reason));
        return ("worktree", message, format!("git agents init {name}"));
    }
    let next = match reason {
        Blocked::Locked { .. } => "git agents doctor".to_owned(),
        Blocked::ReadOnly { path, .. } => format!("chmod u+w {}", quoted(&path.display().to_string())),
        _ => format!("git -C {} status", quoted(&path.display().to_string())),
    };
    ("worktree", format!("its worktree {} cannot come along: {}", path.display(), blocked_text(reason)), next)
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
