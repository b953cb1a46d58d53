//! Talking to a remote: one fetch, one push, hardened against everything that is configured for people.
//!
//! By address and not by name: by name a partial clone would leave every document to be fetched one by one, a mirror's
//! push would be refused, and tracking refs would move. What a push came to is not told here beyond "git saw the remote
//! take it"; everything else is looked up in the remote's chain.

use std::io::Read;
use std::process::{ExitStatus, Output};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use gix::ObjectId;
use gix::bstr::ByteSlice;

use super::{Remote, SyncError};
use crate::git::{Git, GitError, Repository};
use crate::world::World;

/// No more of a host's words than this is repeated.
const MOST_WORDS: usize = 600;

/// How a push ended.
#[derive(Debug)]
pub(super) enum Push {
    /// The remote said that it has it.
    Taken,
    /// Nobody knows, with what git said.
    Unclear { words: String },
}

/// Fetch the remote's chain into its incoming ref; gives what the remote has now.
pub(super) fn fetch(repo: &Repository, remote: &Remote, patience: Duration) -> Result<Option<ObjectId>, SyncError> {
    let here = remote.incoming_ref();
    let mut git = hardened(repo)
        // What the user wants of their own fetches is not wanted here.
        .args(["-c", "fetch.pruneTags=false", "-c", "fetch.writeCommitGraph=false", "fetch"])
        // One line for each ref that the remote has, also where nothing is new: `<flag> <old> <new> <ref here>`.
        .args(["--porcelain", "--verbose", "--no-show-forced-updates"])
        .args(["--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance"])
        // All of it, also where the clone is partial: a document that is missing would be fetched alone.
        .args(["--no-filter", "--no-prune", "--refmap="]);
    if let Some(program) = &remote.upload_pack {
        git = git.arg(format!("--upload-pack={program}"));
    }
    // A pattern: a ref that is not there is no error.
    let git = git.arg("--").arg(&remote.url).arg(format!("+{}*:{here}*", remote.theirs));
    let output = run(git, patience)?;
    let unreachable = |words| SyncError::Unreachable { remote: remote.name.clone(), words };
    if !output.status.is_some_and(|status| status.success()) {
        return Err(unreachable(output.words()));
    }
    let row = |line: &[u8]| {
        let mut fields = line.get(2..)?.split(|byte| *byte == b' ');
        let (_, new, name) = (fields.next()?, fields.next()?, fields.next()?);
        (name == here.as_bytes()).then(|| ObjectId::from_hex(new).ok()).flatten()
    };
    Ok(output.stdout.lines().find_map(row))
}

/// Fetch the remote's chain with all objects into its incoming ref, where nothing counts as accepted: for a clone whose
/// own objects may be what is broken. What the remote does not have is no error.
///
/// # Errors
/// The remote could not be asked.
pub fn refetch(repo: &Repository, remote: &Remote, patience: Duration) -> Result<(), SyncError> {
    // git stands still for ever when it is to refetch what is not there.
    if !list(repo, remote, &[&remote.theirs], patience)?.iter().any(|(name, _)| *name == remote.theirs) {
        return Ok(());
    }
    let mut git = hardened(repo)
        .args(["-c", "fetch.pruneTags=false", "-c", "fetch.writeCommitGraph=false", "fetch", "--quiet", "--refetch"])
        .args(["--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance"])
        .args(["--no-filter", "--no-prune", "--refmap="]);
    if let Some(program) = &remote.upload_pack {
        git = git.arg(format!("--upload-pack={program}"));
    }
    let refspec = format!("+{}:{}", remote.theirs, remote.incoming_ref());
    let output = run(git.arg("--").arg(&remote.url).arg(refspec), patience)?;
    match output.status.is_some_and(|status| status.success()) {
        true => Ok(()),
        false => Err(SyncError::Unreachable { remote: remote.name.clone(), words: output.words() }),
    }
}

/// Push `tip` when the remote still is at `expected`.
pub(super) fn push(
    repo: &Repository,
    remote: &Remote,
    tip: ObjectId,
    expected: Option<ObjectId>,
    patience: Duration,
) -> Result<Push, SyncError> {
    let theirs = &remote.theirs;
    let git = pushing(repo, remote, theirs, expected);
    let output = run(git.arg(format!("{tip}:{theirs}")), patience)?;
    let is_taken = |line: &[u8]| {
        let mut fields = line.split(|byte| *byte == b'\t');
        let (flag, refs) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
        matches!(flag, b" " | b"*" | b"+" | b"=") && refs.ends_with(format!(":{theirs}").as_bytes())
    };
    let is_good = output.status.is_some_and(|status| status.success());
    Ok(if is_good && output.stdout.lines().any(is_taken) {
        Push::Taken
    } else {
        Push::Unclear { words: output.words() }
    })
}

/// Delete a ref of the remote when it still is at `expected`. What came of it is for the caller to look up.
pub(super) fn delete(
    repo: &Repository,
    remote: &Remote,
    name: &str,
    expected: ObjectId,
    patience: Duration,
) -> Result<(), SyncError> {
    run(pushing(repo, remote, name, Some(expected)).arg(format!(":{name}")), patience)?;
    Ok(())
}

/// The remote's refs whose names begin like one of these, or end in something that does.
pub(super) fn list(
    repo: &Repository,
    remote: &Remote,
    prefixes: &[&str],
    patience: Duration,
) -> Result<Vec<(String, ObjectId)>, SyncError> {
    let mut git = hardened(repo).args(["ls-remote", "--refs"]);
    if let Some(program) = &remote.upload_pack {
        git = git.arg(format!("--upload-pack={program}"));
    }
    let git = git.arg("--").arg(&remote.url).args(prefixes.iter().map(|prefix| format!("{prefix}*")));
    let output = run(git, patience)?;
    if !output.status.is_some_and(|status| status.success()) {
        return Err(SyncError::Unreachable { remote: remote.name.clone(), words: output.words() });
    }
    let row = |line: &[u8]| {
        let (id, name) = line.split_once_str("\t")?;
        Some((name.to_str().ok()?.to_owned(), ObjectId::from_hex(id).ok()?))
    };
    Ok(output.stdout.lines().filter_map(row).collect())
}

/// A push that moves this ref of the remote only when it is as expected; the refspec is still to be said.
fn pushing(repo: &Repository, remote: &Remote, theirs: &str, expected: Option<ObjectId>) -> Git {
    let expected = expected.map(|id| id.to_string()).unwrap_or_default();
    let mut git = hardened(repo)
        .args(["-c", "push.pushOption=", "-c", "push.gpgSign=false", "-c", "push.useForceIfIncludes=false"])
        .args(["-c", "push.negotiate=false", "push", "--porcelain", "--no-progress", "--no-verify", "--no-signed"])
        .args(["--no-follow-tags", "--recurse-submodules=no"])
        // Nothing expected means that there must be no such ref.
        .arg(format!("--force-with-lease={theirs}:{expected}"));
    if let Some(program) = &remote.receive_pack {
        git = git.arg(format!("--receive-pack={program}"));
    }
    git.arg("--").arg(&remote.url)
}

/// A child that no hook, prompt or lock of the user's takes part in. At the top of the main worktree, from which a
/// relative address counts.
pub(super) fn hardened(repo: &Repository) -> Git {
    let git = repo.git_with_hooks().without_locks().args(["-c", "core.hooksPath=/dev/null"]);
    let has_own_ssh = World::variable("GIT_SSH_COMMAND").is_some()
        || World::variable("GIT_SSH").is_some()
        || repo.config("core.sshCommand").is_some();
    // ssh asks on the terminal, whatever its standard input is.
    if has_own_ssh { git } else { git.env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes -oConnectTimeout=15") }
}

/// What a child that may have been stopped has said.
pub(super) struct Answer {
    /// None when it took too long.
    pub(super) status: Option<ExitStatus>,
    pub(super) stdout: Vec<u8>,
    stderr: Vec<u8>,
    limit: Duration,
}

impl Answer {
    /// The host's and git's words in one line, fit for a terminal.
    pub(super) fn words(&self) -> String {
        let text = self.stderr.to_str_lossy();
        let porcelain = self.stdout.to_str_lossy();
        let said = text.lines().chain(porcelain.lines().filter(|line| line.starts_with('!')));
        let lines = said.map(|line| line.trim().replace('\t', " ")).filter(|line| !line.is_empty());
        let mut words = crate::text::printable(&lines.collect::<Vec<_>>().join("; "));
        if words.len() > MOST_WORDS {
            let end = (0..=MOST_WORDS).rev().find(|at| words.is_char_boundary(*at)).unwrap_or_default();
            words.truncate(end);
            words.push('…');
        }
        match (self.status.is_none(), words.is_empty()) {
            (true, _) => format!("no answer within {} seconds", self.limit.as_secs()),
            (false, true) => "git said nothing".to_owned(),
            (false, false) => words,
        }
    }
}

/// Run a child for at most so long.
pub(super) fn run(git: Git, limit: Duration) -> Result<Answer, GitError> {
    let command = git.line();
    let mut child = git.spawn()?;
    drop(child.stdin.take());
    let give_up = Instant::now() + limit;
    let streams = [child.stdout.take().map(reading), child.stderr.take().map(reading)];
    let mut texts = streams.into_iter().map(|stream| {
        let left = give_up.saturating_duration_since(Instant::now());
        stream.and_then(|stream| stream.recv_timeout(left).ok())
    });
    let (stdout, stderr) = (texts.next().flatten(), texts.next().flatten());
    let io = |source| GitError::Io { command: command.clone(), source };
    let (Some(stdout), Some(stderr)) = (stdout, stderr) else {
        drop(child.kill());
        child.wait().map_err(io)?;
        return Ok(Answer { status: None, stdout: Vec::new(), stderr: Vec::new(), limit });
    };
    let Output { status, .. } = child.wait_with_output().map_err(io)?;
    Ok(Answer { status: Some(status), stdout, stderr, limit })
}

/// All that comes out of a pipe, read beside us; a process that the child left behind may keep the pipe open for ever.
fn reading(mut pipe: impl Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        drop(pipe.read_to_end(&mut bytes));
        drop(sender.send(bytes));
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_does_not_end_is_stopped() {
        let folder = tempfile::tempdir().unwrap();
        // git leaves the sleep behind, which keeps the pipes open.
        let git = Git::at(folder.path()).args(["-c", "alias.wait=!sleep 20", "wait"]);
        let answer = run(git, Duration::from_millis(50)).unwrap();
        assert!(answer.status.is_none());
        assert_eq!(answer.words(), "no answer within 0 seconds");
    }

    #[test]
    fn words_are_one_line_and_do_nothing_to_a_terminal() {
        let folder = tempfile::tempdir().unwrap();
        let print =
            "alias.say=!printf '!\\trefs\\t[remote rejected]\\n'; printf 'remote: \\033[2J\\n\\nmore\\n' >&2; exit 1";
        let answer = run(Git::at(folder.path()).args(["-c", print, "say"]), Duration::from_secs(20)).unwrap();
        assert_eq!(answer.words(), "remote: \u{fffd}[2J; more; ! refs [remote rejected]");
        let long = Answer { stderr: "ä".repeat(MOST_WORDS).into_bytes(), ..answer };
        assert_eq!(long.words(), format!("{}…", "ä".repeat(MOST_WORDS / 2)));
    }
}
