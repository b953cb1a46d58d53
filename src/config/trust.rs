//! Which `.agents.toml` may run something: the one whose exact content is in `$GIT_COMMON_DIR/agents/trusted`.
//!
//! A copy and no hash, so that nobody has to trust a hash, and what has changed since can be shown. The file is this
//! clone's own: it is never fetched and never pushed.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::git::Repository;

/// Whether this very text was recorded.
pub fn is_trusted(repo: &Repository, text: &str) -> bool {
    std::fs::read(path(repo)).is_ok_and(|trusted| trusted == text.as_bytes())
}

/// Record this text, in the place of the one before.
///
/// # Errors
/// The file cannot be written.
pub fn record(repo: &Repository, text: &str) -> io::Result<()> {
    let path = path(repo);
    let folder = path.parent().unwrap_or(&path);
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

/// Trust nothing any more. Whether something was trusted.
///
/// # Errors
/// The file cannot be removed.
pub fn revoke(repo: &Repository) -> io::Result<bool> {
    match std::fs::remove_file(path(repo)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether some other content was recorded: one that has changed since.
pub fn is_any(repo: &Repository) -> bool {
    path(repo).exists()
}

fn path(repo: &Repository) -> PathBuf {
    repo.agents_dir().join("trusted")
}
