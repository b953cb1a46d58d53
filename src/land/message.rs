//! The messages of new commits, on their way into them: trailers are added by git's rules, and the repository's
//! `commit-msg` hook sees what we write, as it sees what `git merge` and `git commit` write.

use std::io;
use std::path::{Path, PathBuf};

use gix::bstr::{BString, ByteSlice};

use super::plan::PlanError;
use crate::git::hooks::{self, Ran};
use crate::git::{GitError, Repository};

/// The hook that sees messages.
pub(super) const COMMIT_MSG: &str = "commit-msg";

/// A message as it goes into a commit, or what the hook has against it.
pub(super) type Judged = Result<BString, String>;

/// `message` with these trailers, which extend a block that is there; one that is there already is not added again.
pub(super) fn with_trailers(
    repo: &Repository,
    message: &[u8],
    trailers: &[(String, String)],
) -> Result<BString, GitError> {
    if trailers.is_empty() {
        return Ok(message.into());
    }
    // What the user has configured for a trailer of that name (a command, another place) is not asked for here.
    let git = repo.git().args(["interpret-trailers", "--no-divider", "--if-exists=addIfDifferent", "--where=end"]);
    let git = git.args(trailers.iter().map(|(key, value)| format!("--trailer={key}: {value}")));
    Ok(git.input(message).stdout()?.into())
}

/// Let the `commit-msg` hook look at a message, in `dir`; it may write another.
pub(super) fn judged(repo: &Repository, dir: &Path, message: &[u8]) -> Result<Judged, PlanError> {
    let folder = repo.agents_dir().join("tmp");
    let failed = |path: &Path, source: io::Error| PlanError::Message { path: path.to_owned(), source };
    std::fs::create_dir_all(&folder).map_err(|error| failed(&folder, error))?;
    let file =
        tempfile::Builder::new().prefix("message-").tempfile_in(&folder).map_err(|error| failed(&folder, error))?;
    let path: PathBuf = file.path().to_owned();
    std::fs::write(&path, message).map_err(|error| failed(&path, error))?;
    if let Ran::No { output } = hooks::run(dir, COMMIT_MSG, [&path])? {
        return Ok(Err(output));
    }
    // A hook may put another file in the place of the one that it was given.
    let written = std::fs::read(&path).map_err(|error| failed(&path, error))?;
    let has_text = !written.trim().is_empty();
    Ok(if has_text { Ok(written.into()) } else { Err("it leaves an empty message".to_owned()) })
}
