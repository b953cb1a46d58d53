//! What resolving a conflict says no with.

use git_agents::git::repository::path_text;
use git_agents::store::StoreError;
use git_agents::work::packet::PacketError;
use git_agents::work::resolve::ResolveError;
use git_agents::work::resolve::record::RecordError;
use git_agents::worktree::follow::Blocked;

use super::{CliError, Exit, quoted};
use crate::view::blocked::{blocked_text, refusal_hints, refusal_text};
use crate::view::merge_stopped::{refusal, stopped_plainly};

impl From<ResolveError> for CliError {
    fn from(error: ResolveError) -> Self {
        let message = error.to_string();
        let git = |path: &std::path::Path| format!("git -C {}", quoted(&path.display().to_string()));
        match error {
            ResolveError::NoIdentity => StoreError::NoIdentity.into(),
            ResolveError::BranchGone { agent, .. } => {
                CliError::refused("branch-gone", message).hint(format!("git agents agent show {agent}"))
            }
            ResolveError::NoWorktree { agent } | ResolveError::Missing { agent, .. } => {
                CliError::refused("no-worktree", message).hint(format!("git agents init {agent}"))
            }
            ResolveError::Replaced { path, is_repairable, .. } => {
                let path = path.display().to_string();
                let away = || format!("mv {} {}", quoted(&path), quoted(&format!("{path}.old")));
                let hint = if is_repairable { "git worktree repair".to_owned() } else { away() };
                CliError::refused("worktree-replaced", message).hint(hint)
            }
            ResolveError::Elsewhere { path, expected, .. } => CliError::refused("worktree-elsewhere", message)
                .hint(format!("{} switch {}", git(&path), quoted(&expected))),
            ResolveError::HeldTwice { paths, .. } => {
                let places: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
                CliError::refused("checked-out-twice", format!("{message}: {}", places.join(", ")))
                    .hint("git worktree list")
            }
            ResolveError::Foreign { path, .. } => {
                CliError::refused("worktree-busy", message).hint(format!("{} status", git(&path)))
            }
            ResolveError::Torn { .. } => CliError::refused("resolution-torn", message).hint("git agents merge --abort"),
            ResolveError::Uncommitted { path, paths, .. } => {
                let shown: Vec<String> = paths.iter().take(5).map(|path| path_text(path.as_ref())).collect();
                let more = if paths.len() > 5 { ", …" } else { "" };
                CliError::refused("uncommitted", format!("{message}: {}{more}", shown.join(", ")))
                    .hint(format!("{} commit -a", git(&path)))
            }
            ResolveError::Blocked { path, reason, .. } => {
                let error = CliError::refused("blocked", format!("{message}: {}", blocked_text(&reason)));
                error.hint(match reason {
                    Blocked::Locked { .. } => "git agents doctor".to_owned(),
                    _ => format!("{} status --ignored", git(&path)),
                })
            }
            ResolveError::NoConflict { agent, is_resolved, .. } => {
                CliError::refused("no-conflict", message).hint(match is_resolved {
                    true => "git agents merge --continue".to_owned(),
                    false => format!("git agents merge {agent}"),
                })
            }
            ResolveError::WholeMerges { agent, .. } => CliError::refused("no-conflict", message)
                .hint(format!("git agents merge {agent}"))
                .hint(format!("git agents resolve {agent} --strategy rebase")),
            ResolveError::HasMerges { agent } => {
                CliError::refused("has-merges", message).hint(format!("git agents resolve {agent} --strategy merge"))
            }
            ResolveError::Stopped { stopped } => {
                let view = stopped_plainly(&stopped);
                refusal(std::slice::from_ref(&view))
                    .unwrap_or_else(|| CliError::refused(view.reason, format!("{message}: {}", view.message)))
                    .hint(view.next)
            }
            ResolveError::NotBack { refusals, .. } => {
                let why: Vec<String> = refusals.iter().map(refusal_text).collect();
                let hints = refusals.first().map(refusal_hints).unwrap_or_default();
                let error = CliError::refused("blocked", format!("{message}: {}", why.join("; ")));
                hints.iter().fold(error, |error, hint| error.hint(*hint))
            }
            ResolveError::GitRefused { path, .. } => {
                CliError::new(Exit::Outside, "git-failed", message).hint(format!("{} status", git(&path)))
            }
            ResolveError::Record(error) => error.into(),
            ResolveError::Landing(error) => (*error).into(),
            ResolveError::Plan(error) => (*error).into(),
            ResolveError::Execute(error) => (*error).into(),
            ResolveError::Store(error) => error.into(),
            ResolveError::Ref(error) => error.into(),
            ResolveError::Git(error) => error.into(),
            ResolveError::Scratch(error) => error.into(),
            ResolveError::Compare(error) => (*error).into(),
            ResolveError::Backup(_) | ResolveError::Follow(_) | ResolveError::Merge(_) => {
                CliError::new(Exit::Outside, "git-failed", message).hint("git agents doctor")
            }
        }
    }
}

impl From<RecordError> for CliError {
    fn from(error: RecordError) -> Self {
        let message = error.to_string();
        match error {
            RecordError::Damaged { path, .. } => CliError::refused("record-damaged", message)
                .hint("git worktree list")
                .hint(format!("rm {}   (when no resolution is going on there)", quoted(&path.display().to_string()))),
            RecordError::Held { .. } => CliError::refused("resolution-busy", message).hint("run the command again"),
            RecordError::Io { .. } | RecordError::Unwritable { .. } => {
                CliError::new(Exit::Outside, "write-failed", message).hint("git agents doctor")
            }
        }
    }
}

impl From<PacketError> for CliError {
    fn from(error: PacketError) -> Self {
        match error {
            PacketError::Branch(error) => error.into(),
            PacketError::Git(error) => error.into(),
            PacketError::Store(error) => error.into(),
        }
    }
}
