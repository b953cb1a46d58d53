//! The one way to a value: git's configuration in its own order, else the repository's `.agents.toml`, else nothing.

use std::collections::BTreeMap;

use gix::bstr::ByteSlice;

use super::keys::{self, KEYS, Key, Shared};
use super::shared::{self, SharedFile};
use crate::git::{GitError, Repository};
use crate::world::World;

/// Where a value comes from, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `git -c`.
    CommandLine,
    /// `GIT_CONFIG_COUNT` and its relatives.
    Environment,
    /// This worktree's own configuration.
    Worktree,
    /// The repository's configuration.
    Local,
    /// The user's.
    Global,
    /// The machine's.
    System,
    /// The target's `.agents.toml`.
    SharedFile,
    /// Nobody has said anything.
    Default,
}

impl Source {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Source::CommandLine => "command line",
            Source::Environment => "environment",
            Source::Worktree => "worktree",
            Source::Local => "local",
            Source::Global => "global",
            Source::System => "system",
            Source::SharedFile => shared::FILE,
            Source::Default => "default",
        }
    }
}

/// A key with what holds for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The key's whole name.
    pub name: String,
    /// Several for a key that may be given several times; none where nothing holds.
    pub values: Vec<String>,
    /// Where they come from.
    pub source: Source,
}

/// One value; none where nobody has said anything.
pub fn value(repo: &Repository, name: &str) -> Option<String> {
    repo.config(name).or_else(|| from_file(repo, name)?.pop())
}

/// All values of a key that may be given several times.
pub fn values(repo: &Repository, name: &str) -> Vec<String> {
    let given = repo.config_all(name);
    if given.is_empty() { from_file(repo, name).unwrap_or_default() } else { given }
}

/// One boolean; `false` where nobody has said anything.
pub fn flag(repo: &Repository, name: &str) -> bool {
    match repo.config(name) {
        Some(_) => repo.config_flag(name),
        None => from_file(repo, name).and_then(|mut all| keys::flag(&all.pop()?)).unwrap_or(false),
    }
}

/// What the file says is a default: where it cannot be read, there is none, and whoever looks after it says why.
fn from_file(repo: &Repository, name: &str) -> Option<Vec<String>> {
    // What it cannot say is not asked of it, so that nobody pays for reading it; finding the target above all.
    if keys::find(name).is_none_or(|(key, _)| key.shared == Shared::No) {
        return None;
    }
    shared::read_again(repo)?.value(name).map(<[String]>::to_vec)
}

/// Every key and every agent's own, with what holds; and the names below `agents.` in git's configuration that are none.
///
/// # Errors
/// git could not be asked.
pub fn all(repo: &Repository, file: Option<&SharedFile>) -> Result<(Vec<Setting>, Vec<String>), GitError> {
    let (mut given, unknown) = given(repo)?;
    let from_file = file
        .into_iter()
        .flat_map(|file| file.values.keys().filter_map(|name| Some((name.clone(), file.value(name)?.to_vec()))));
    for (name, values) in from_file {
        given.entry(name).or_insert((Source::SharedFile, values));
    }
    for Key { name, default, .. } in KEYS {
        let values = Some((*default).to_owned()).filter(|value| !value.is_empty()).into_iter().collect();
        given.entry((*name).to_owned()).or_insert((Source::Default, values));
    }
    Ok((given.into_iter().map(|(name, (source, values))| Setting { name, values, source }).collect(), unknown))
}

type Given = BTreeMap<String, (Source, Vec<String>)>;

/// What git's configuration says, and the names that are no keys.
fn given(repo: &Repository) -> Result<(Given, Vec<String>), GitError> {
    const NOTHING_FOUND: i32 = 1;
    // From where we are: a worktree may have a configuration of its own.
    let git = crate::git::run::Git::at(repo.common_dir()).arg("--git-dir").arg(repo.git_dir());
    let git = git.args(["config", "--null", "--show-scope", "--get-regexp", "^agents\\."]);
    let line = git.line();
    let output = git.run()?;
    if !output.status.success() && output.status.code() != Some(NOTHING_FOUND) {
        return Err(crate::git::run::failed(line, &output));
    }
    let (mut found, mut unknown) = (Given::new(), Vec::new());
    let fields: Vec<&[u8]> = output.stdout.split_str("\0").collect();
    for pair in fields.chunks_exact(2) {
        let (scope, text) = (pair[0].to_str_lossy(), pair[1].to_str_lossy());
        // A key without `=` is true.
        let (name, value) = text.split_once('\n').unwrap_or((&text, "true"));
        let Some((key, name)) = keys::find(name) else {
            unknown.push(name.to_owned());
            continue;
        };
        let source = match &*scope {
            "command" if World::variable("GIT_CONFIG_PARAMETERS").is_some_and(|all| names(&all, &name)) => {
                Source::CommandLine
            }
            "command" => Source::Environment,
            "worktree" => Source::Worktree,
            "global" => Source::Global,
            "system" => Source::System,
            _ => Source::Local,
        };
        let entry = found.entry(name).or_insert((source, Vec::new()));
        entry.0 = source;
        if !key.many || value.is_empty() {
            entry.1.clear();
        }
        if !(key.many && value.is_empty()) {
            entry.1.push(value.to_owned());
        }
    }
    unknown.dedup();
    Ok((found, unknown))
}

fn names(parameters: &str, name: &str) -> bool {
    parameters.to_ascii_lowercase().contains(&name.to_ascii_lowercase())
}
