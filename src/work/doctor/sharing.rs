//! What stands between this clone and the others: operations that were rejected, and a remote that cannot decide.

use chrono::TimeDelta;

use super::Ailment;
use crate::git::Repository;
use crate::sync::{self, Mode, Probed, REMOTE_REF_KEY, Support, SyncError};
use crate::world::World;

/// So long nobody minds that something is not shared yet.
const PATIENCE: TimeDelta = TimeDelta::hours(1);
/// The code of a remote that could not be asked.
const UNREACHABLE: &str = "remote-unreachable";

/// Look, without asking any remote.
pub(super) fn examine(repo: &Repository, world: &World, mend: bool) -> Vec<Ailment> {
    let mut found = Vec::new();
    match sync::rejected(repo) {
        Ok(rejected) => found.extend(rejected.iter().map(|one| {
            let message = format!("rejected by what others did first: {}: {}", one.sentence, one.reason);
            Ailment::warning("operation-rejected", message).hint("git agents sync --acknowledge")
        })),
        Err(error @ SyncError::BadRejected { .. }) => {
            let aside = mend.then(|| sync::set_aside(repo, world.now).ok()).flatten();
            let message =
                aside.as_ref().map_or_else(|| error.to_string(), |at| format!("{error}; it is {} now", at.display()));
            found.push(Ailment::error("rejected-damaged", message).fixed(aside.is_some()));
        }
        Err(error) => found.push(Ailment::warning("rejected-unreadable", error.to_string())),
    }
    found.extend(sync::probes_left(repo).into_iter().map(|(remote, name)| {
        let message = format!("a probe of {remote} was interrupted, and may have left {name} there");
        Ailment::warning("probe-left", message).hint(format!("git agents doctor --remote {remote}"))
    }));
    found.extend(sync::not_taken_in(repo).unwrap_or_default().into_iter().map(|remote| {
        let message = format!("what {remote} had when it was last asked was not taken in");
        Ailment::warning("not-taken-in", message).hint(format!("git agents sync {remote}"))
    }));
    found.extend(waiting(repo, world));
    found.extend(remote(repo).err().map(|error| {
        let ailment = Ailment::error("remote", error.to_string());
        match error {
            SyncError::BadMode { .. } => ailment.hint("git config --unset agents.sync"),
            SyncError::BadRemoteRef { .. } => ailment.hint("git config --unset agents.remoteRef"),
            _ => ailment.hint("git config agents.remote NAME"),
        }
    }));
    found
}

/// What has waited to be shared for longer than riding along takes.
fn waiting(repo: &Repository, world: &World) -> Option<Ailment> {
    let remote = sync::known_remote(repo).ok().flatten().filter(|_| matches!(sync::mode(repo), Ok(Mode::Auto)))?;
    let waiting = sync::unshared(repo, &remote).ok().flatten()?;
    let oldest = waiting.iter().filter_map(|entry| Some(entry.operation.as_ref()?.at)).min()?;
    (world.now.signed_duration_since(oldest) > PATIENCE).then(|| {
        let (number, since) = (waiting.len(), oldest.format("%Y-%m-%d %H:%M UTC"));
        let s = if number == 1 { "" } else { "s" };
        let message = format!("{number} operation{s} not shared with {remote}, the oldest of {since}");
        Ailment::warning("unshared", message).hint(format!("git agents sync {remote}"))
    })
}

/// What is wrong with a remote that was probed.
pub(super) fn judge(probed: &Probed) -> Option<Ailment> {
    let Probed { remote, name, support, .. } = probed;
    let as_branch = format!("git config {REMOTE_REF_KEY} refs/heads/agents-state");
    Some(match support {
        Support::Full => return None,
        Support::Keeps { name } => {
            let message = format!("{remote} takes refs and does not delete them: {name} stays there");
            Ailment::warning("remote-keeps", message).hint(format!("git push {remote} --delete {name}"))
        }
        Support::Hides => {
            let message = format!("{remote} takes refs beside {name} and shows them to nobody");
            Ailment::error("remote-hides", message).hint(as_branch)
        }
        Support::OnlyBranches { words } => {
            let message = format!("{remote} takes branches, and no ref like {name}: {words}");
            Ailment::error("remote-only-branches", message).hint(as_branch)
        }
        Support::ReadOnly { words } => {
            let message = format!("{remote} takes no push, so the state can only be read there: {words}");
            Ailment::error("remote-read-only", message).hint(format!("git agents sync {remote} --fetch-only"))
        }
        Support::Unreachable { words } => {
            let message = format!("{remote} could not be asked: {words}");
            Ailment::error(UNREACHABLE, message).hint(format!("git ls-remote {remote}"))
        }
    })
}

/// Who synchronises by itself has to know with whom.
fn remote(repo: &Repository) -> Result<(), SyncError> {
    match sync::mode(repo)? {
        Mode::Auto => sync::remote(repo, None).map(drop),
        Mode::Manual => Ok(()),
    }
}
