//! The repository's own hooks, found and run by git (`git hook run`), so that `core.hooksPath` is honoured.
//!
//! A hook runs in a worktree that the caller names, without the variables that would point it at another repository or
//! at an index that is not its own. A hook that is not there has nothing against anything.

use std::ffi::OsStr;
use std::path::Path;

use super::{Git, GitError};

/// How a hook ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ran {
    /// It says yes, or there is none.
    Good,
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
    let git = Git::at(dir).args(["hook", "run", "--ignore-missing", name, "--"]).args(args);
    let output = git.run()?;
    if output.status.success() {
        return Ok(Ran::Good);
    }
    let told = [output.stdout, output.stderr].concat();
    Ok(Ran::No { output: String::from_utf8_lossy(&told).trim().to_owned() })
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
