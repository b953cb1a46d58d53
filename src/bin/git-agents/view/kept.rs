//! Why `cleanup` leaves an agent where it is, and what leads on.

use git_agents::config::Target;
use git_agents::task::TaskState;
use git_agents::work::cleanup::{Keeps, Looked};
use git_agents::work::landed::Judgement;
use git_agents::worktree::remove::Losses;
use gix::bstr::BString;

use super::removed::{losses_text, paths_text};
use crate::error::quoted;
use crate::render::style::counted;

/// A word, a sentence, and commands.
pub(super) fn keeps_text(one: &Looked, keeps: &Keeps, target: &Target) -> (&'static str, String, Vec<String>) {
    let (name, branch) = (&one.name, quoted(&one.branch));
    let at = |path: &std::path::Path| quoted(&path.display().to_string());
    match keeps {
        Keeps::Running => ("running", "its program runs".to_owned(), vec![format!("git agents kill {name}")]),
        Keeps::Task { task, state: TaskState::InProgress } => {
            ("at-work", format!("it works on {task}"), vec![format!("git agents complete {name}")])
        }
        Keeps::Task { task, .. } => {
            ("assigned", format!("{task} is assigned to it"), vec![format!("git agents unassign {name} {task}")])
        }
        Keeps::Completed { tasks } => {
            let ids: Vec<&str> = tasks.iter().map(|id| id.as_str()).collect();
            let message = format!("{} completed and not landed: {}", counted(tasks.len(), "task"), ids.join(", "));
            ("not-landed", message, vec![format!("git agents merge {name}")])
        }
        Keeps::IsTarget => {
            ("is-target", "its branch is the target".to_owned(), vec!["git config agents.target BRANCH".to_owned()])
        }
        Keeps::BranchGone => {
            ("branch-gone", "its branch is gone".to_owned(), vec![format!("git agents agent remove {name}")])
        }
        Keeps::Symbolic => {
            let message = format!("its branch {} is a symbolic ref, another name for another branch", one.branch);
            ("symbolic-ref", message, vec![format!("git agents agent remove {name} --keep-branch")])
        }
        Keeps::Foreign => {
            let message = format!("its branch {} was not made for it", one.branch);
            ("foreign-branch", message, vec![format!("git agents agent remove {name}")])
        }
        Keeps::Fresh => ("fresh", "it has not been at work yet".to_owned(), vec![format!("git agents cleanup {name}")]),
        Keeps::Unlanded { commits } => {
            let judgement = Judgement::Unlanded { commits: *commits };
            ("unlanded", not_landed_text(&judgement, &target.branch), vec![format!("git agents merge {name}")])
        }
        Keeps::TakenBack { by } => {
            let show = by.map(|by| format!("git show {}", &by.to_string()[..10]));
            let next = show.into_iter().chain([format!("git agents agent remove {name}")]).collect();
            ("taken-back", not_landed_text(&Judgement::TakenBack { by: *by }, &target.branch), next)
        }
        Keeps::Unproven => {
            let message = not_landed_text(&Judgement::Unproven, &target.branch);
            ("unproven", message, vec![format!("git agents agent remove {name}")])
        }
        Keeps::Work(losses) => {
            let place = one.worktree.as_deref().map(|path| format!(" -C {}", at(path))).unwrap_or_default();
            ("work", format!("it has {}", work_text(losses)), vec![format!("git{place} status --ignored")])
        }
        Keeps::Operation { path, kind } => {
            let message = format!("a {} is going on in its worktree", kind.command());
            ("operation", message, vec![format!("git -C {} status", at(path))])
        }
        Keeps::Inside { main } => {
            ("inside", "you are inside its worktree".to_owned(), vec![format!("cd {}", at(main))])
        }
        Keeps::Busy { lock } => {
            let message = format!("somebody is writing to its worktree ({} exists)", lock.display());
            ("worktree-busy", message, vec!["git agents doctor".to_owned()])
        }
        Keeps::Locked { path, reason } => {
            let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            let message = format!("its worktree is locked{why}");
            ("worktree-locked", message, vec![format!("git worktree unlock {}", at(path))])
        }
        Keeps::Missing { path } => {
            let message = format!("its worktree at {} is missing", path.display());
            let repair = "git worktree repair PATH".to_owned();
            ("worktree-missing", message, vec![repair, "git worktree prune".to_owned()])
        }
        Keeps::Elsewhere { path } => {
            let message = format!("its worktree {} has something else checked out", path.display());
            ("worktree-elsewhere", message, vec![format!("git -C {} switch {branch}", at(path))])
        }
        Keeps::Replaced { path, is_repairable: true } => {
            let message = format!("its worktree {} has lost its .git", path.display());
            ("worktree-replaced", message, vec!["git worktree repair".to_owned()])
        }
        Keeps::Replaced { path, .. } => {
            let message = format!("something else is at {}, where its worktree was", path.display());
            ("worktree-replaced", message, vec!["git agents doctor".to_owned()])
        }
        Keeps::CheckedOut { path } => {
            let message = format!("its branch is checked out at {}", path.display());
            ("checked-out", message, vec!["git worktree list".to_owned()])
        }
        Keeps::Contains { inner } => {
            let message = format!("the worktree {} is inside its own", inner.display());
            ("contains", message, vec!["git worktree list".to_owned()])
        }
    }
}

/// Why work is not in the target.
pub(super) fn not_landed_text(judgement: &Judgement, target: &str) -> String {
    match judgement {
        Judgement::Landed(_) => format!("it is in {target}"),
        Judgement::TakenBack { by } => {
            let by = by.map(|by| format!(" ({})", &by.to_string()[..10])).unwrap_or_default();
            format!("{target} had its work, and has taken all or a part of it back since{by}")
        }
        Judgement::Unproven => {
            format!("merging it would change nothing in {target}, but nothing says that it has landed there")
        }
        Judgement::Unlanded { commits } => format!("{} not landed in {target}", counted(*commits, "commit")),
    }
}

fn work_text(losses: &Losses) -> String {
    let mut parts = vec![losses_text(losses)];
    let others: Vec<BString> =
        losses.ignored_files.iter().filter(|path| !losses.included.contains(path)).cloned().collect();
    if !others.is_empty() {
        parts.push(format!("{} ({})", counted(others.len(), "ignored file"), paths_text(&others)));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}
