//! The repository's own hooks, found and run by git (`git hook run`), so that `core.hooksPath` is honoured.
//!
//! A hook runs in a worktree that the caller names, without the variables that would point it at another repository or
//! at an index that is not its own. A hook that is not there has nothing against anything.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::{Git, GitError};

/// Set for everything that a landing starts, so that a landing inside does not wait for the one that it is inside of.
pub const INSIDE: &str = "GIT_AGENTS_LANDING";
/// More than this nobody reads of a hook.
const MOST_TOLD: u64 = 64 << 10;

/// How a hook ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ran {
    /// It says yes, or there is none.
    Good {
        /// What it wrote, to whichever of the two streams.
        output: String,
    },
    /// It says no.
    No {
        /// What it wrote, to whichever of the two streams.
        output: String,
    },
}

/// Run the hook `name` in `dir`, which is a worktree or a bare repository.
///
/// # Errors
/// git could not be run. A hook that says no is no error.
pub fn run<S: AsRef<OsStr>>(dir: &Path, name: &str, args: impl IntoIterator<Item = S>) -> Result<Ran, GitError> {
    let git = Git::at(dir).env(INSIDE, "1").args(["hook", "run", "--ignore-missing", name, "--"]).args(args);
    let io = |source| GitError::Io { command: format!("git hook run {name}"), source };
    // A file and no pipe: what a hook leaves running must not make us wait.
    let mut told = tempfile::tempfile().map_err(io)?;
    let nothing = File::open("/dev/null").map_err(io)?;
    let status = git.run_outliving(nothing, told.try_clone().map_err(io)?)?;
    told.seek(SeekFrom::Start(0)).map_err(io)?;
    let mut output = Vec::new();
    told.take(MOST_TOLD).read_to_end(&mut output).map_err(io)?;
    let output = String::from_utf8_lossy(&output).trim().to_owned();
    Ok(if status.success() { Ran::Good { output } } else { Ran::No { output } })
}

/// Whether there is such a hook for git to run in `dir`.
pub fn exists(dir: &Path, name: &str) -> bool {
    let path = Git::at(dir).args(["rev-parse", "--path-format=absolute", "--git-path"]).arg(format!("hooks/{name}"));
    let is_executable = |path: &str| {
        use std::os::unix::fs::PermissionsExt;
        Path::new(path).metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
    };
    path.text().is_ok_and(|path| is_executable(&path))
}
