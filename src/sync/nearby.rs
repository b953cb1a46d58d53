//! Fetching from a remote on this machine without git's own look at everything that the newest tree has.
//!
//! After each fetch git makes sure that nothing is missing, and marks the whole tree of what was there before to know
//! what is new: with 90,000 documents that is three times the rest of the work. Here only what is new is looked at, which
//! proves the same ([`store::continues`]). `git fetch-pack` brings it; it asks for the list of all refs, which costs
//! little where no network is between. Whatever is unusual is left to `git fetch`, which asks and judges again.

use std::time::Duration;

use gix::ObjectId;
use gix::bstr::ByteSlice;

use super::child::run;
use super::host::hardened;
use super::{Remote, SyncError};
use crate::git::Repository;
use crate::store;

/// From so many objects on they come as a pack: so many files would cost more to write. Fewer must not, or there would be
/// a pack for each operation.
const UNPACKED: usize = 32;

/// Fetch what the remote has now, when it goes on from what it had; none when git must look closer.
pub(super) fn fetch(
    repo: &Repository,
    remote: &Remote,
    known: ObjectId,
    patience: Duration,
) -> Result<Option<ObjectId>, SyncError> {
    if !is_on_this_machine(&remote.url) || has_gaps(repo) {
        return Ok(None);
    }
    unlock_forgotten(repo);
    let limit = |key: &str| format!("{key}={UNPACKED}");
    let mut git = hardened(repo, remote)
        .args(["-c", &limit("fetch.unpackLimit"), "-c", &limit("transfer.unpackLimit")])
        // A pack is locked for us, or git would leave its lock there for ever.
        .args(["fetch-pack", "--quiet", "--no-progress", "--thin", "--lock-pack"]);
    if let Some(program) = &remote.upload_pack {
        git = git.arg(format!("--upload-pack={program}"));
    }
    let answer = run(git.arg(&remote.url).arg(&remote.theirs), patience)?;
    let mut tip = None;
    for line in answer.stdout.lines() {
        match line.split_once_str(" ") {
            Some((b"lock", path)) => unlock(repo, path),
            Some((id, name)) if name == remote.theirs.as_bytes() => tip = ObjectId::from_hex(id).ok(),
            _ => {}
        }
    }
    match answer.status {
        Some(status) if status.success() => Ok(tip.filter(|tip| store::continues(repo, known, *tip))),
        Some(_) => Ok(None),
        None => Err(SyncError::Unreachable { remote: remote.name.clone(), words: answer.words() }),
    }
}

fn is_on_this_machine(url: &str) -> bool {
    url.starts_with("file:///") || url.starts_with('/')
}

/// Whether objects may be missing here by intention: a shallow or a partial clone.
fn has_gaps(repo: &Repository) -> bool {
    let config = repo.gix().config_snapshot();
    let mut remotes = config.plumbing().sections_by_name("remote").into_iter().flatten();
    repo.common_dir().join("shallow").exists()
        || config.string("extensions.partialClone").is_some()
        || remotes.any(|remote| remote.value("promisor").is_some())
}

/// Take the lock off a pack that has come. Only a file that git makes for that, whatever was said.
fn unlock(repo: &Repository, path: &[u8]) {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default().to_str_lossy();
    let hash = name.strip_prefix("pack-").and_then(|name| name.strip_suffix(".keep"));
    if hash.is_some_and(|hash| hash.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        drop(std::fs::remove_file(repo.common_dir().join("objects").join("pack").join(&*name)));
    }
}

/// Take off the locks of packs whose fetch was killed: nobody else would, and no garbage collection ever touched them.
fn unlock_forgotten(repo: &Repository) {
    let folder = repo.common_dir().join("objects").join("pack");
    let Ok(files) = folder.read_dir() else { return };
    for path in files.flatten().map(|file| file.path()).filter(|path| path.extension().is_some_and(|it| it == "keep")) {
        let note = std::fs::read_to_string(&path).unwrap_or_default();
        if is_forgotten(&note) {
            drop(std::fs::remove_file(&path));
        }
    }
}

/// Whether a lock is that of a fetch that runs no more: `fetch-pack <pid> on <host>`. What a user has locked says something
/// else.
fn is_forgotten(note: &str) -> bool {
    let Some((pid, host)) = note.trim_end().strip_prefix("fetch-pack ").and_then(|rest| rest.split_once(" on ")) else {
        return false;
    };
    let here = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let pid = pid.parse().ok().and_then(rustix::process::Pid::from_raw);
    here.trim_end() == host && pid.is_some_and(|pid| rustix::process::test_kill_process(pid).is_err())
}

#[cfg(test)]
#[path = "nearby_test.rs"]
mod tests;
