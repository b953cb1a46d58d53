//! What stands in a worktree's way, as sentences.

use git_agents::git::repository::path_text;
use git_agents::land::plan::Refusal;
use git_agents::worktree::follow::Blocked;

/// Why a worktree cannot come along.
pub(crate) fn blocked_text(blocked: &Blocked) -> String {
    match blocked {
        Blocked::Operation { kind } => format!("a {} is going on", kind.command()),
        Blocked::InTheWay { paths } => {
            let shown: Vec<String> = paths.iter().take(5).map(|path| path_text(path.as_ref())).collect();
            let more = if paths.len() > 5 { ", …" } else { "" };
            format!("uncommitted work is in the way: {}{more}", shown.join(", "))
        }
        Blocked::Missing => {
            "when it was moved, git worktree repair PATH; when it was deleted, git worktree prune".to_owned()
        }
        Blocked::Locked { path } => format!("somebody is writing to it ({} exists)", path.display()),
        Blocked::Behind => "its files could not be brought to what landed before (git agents doctor)".to_owned(),
        Blocked::NotIntact => "it is not the worktree that git believes it to be".to_owned(),
        Blocked::ReadOnly { path, reason } => format!("{} cannot be written to: {reason}", path.display()),
        Blocked::Unwritable { reason } | Blocked::Refused { reason } => one_line(reason),
    }
}

/// git's words, which may be several lines.
pub(super) fn one_line(words: &str) -> String {
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

/// A branch without `refs/heads/`.
pub(super) fn short(branch: &str) -> &str {
    branch.strip_prefix("refs/heads/").unwrap_or(branch)
}
