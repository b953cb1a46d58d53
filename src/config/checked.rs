//! Values that are refused where their key does not take them, with the key and where it is said: git does the same with
//! its own keys.

use super::keys::{self, InvalidValue, Kind};
use super::{lookup, shared};
use crate::git::{Git, Repository};

/// A value that its key does not take, or a key that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (said in {origin})")]
pub struct Misconfigured {
    /// The key.
    pub key: String,
    /// What is wrong.
    pub problem: String,
    /// The file, or what else says it.
    pub origin: String,
}

impl Misconfigured {
    /// Something wrong with a key of this repository.
    pub fn new(repo: &Repository, key: &str, problem: String) -> Self {
        Misconfigured { key: key.to_owned(), problem, origin: origin(repo, key) }
    }
}

/// One value; none where nobody has said anything. What is empty takes back what was said elsewhere.
///
/// # Errors
/// [`Misconfigured`]. Commands are not looked at: their values are whatever a shell takes.
pub fn checked(repo: &Repository, name: &str) -> Result<Option<String>, Misconfigured> {
    let Some(value) = lookup::value(repo, name) else { return Ok(None) };
    check(repo, name, &value)?;
    Ok(Some(value))
}

/// All values of a key that may be given several times.
///
/// # Errors
/// [`Misconfigured`].
pub fn checked_all(repo: &Repository, name: &str) -> Result<Vec<String>, Misconfigured> {
    let values = lookup::values(repo, name);
    values.iter().try_for_each(|value| check(repo, name, value))?;
    Ok(values)
}

fn check(repo: &Repository, name: &str, value: &str) -> Result<(), Misconfigured> {
    let Some((key, name)) = keys::find(name).filter(|(key, _)| key.kind != Kind::Command && !value.is_empty()) else {
        return Ok(());
    };
    let invalid = |error: InvalidValue| Misconfigured::new(repo, &name, error.to_string());
    keys::check(&key, &name, value).map_err(invalid)
}

/// Who says a key: git's own file of configuration, from the repository's top where it is below, or `.agents.toml`.
fn origin(repo: &Repository, key: &str) -> String {
    let git = Git::at(repo.common_dir()).arg("--git-dir").arg(repo.git_dir());
    let shown = git.args(["config", "--null", "--show-origin", "--get", key]).text().unwrap_or_default();
    let Some((origin, _)) = shown.split_once('\0') else { return shared::FILE.to_owned() };
    match origin.strip_prefix("file:") {
        Some(file) => {
            let file = repo.common_dir().join(file);
            let top = super::main_folder(repo);
            file.strip_prefix(top).unwrap_or(&file).display().to_string()
        }
        None => origin.trim_end_matches(':').to_owned(),
    }
}
