//! Looking for what is wrong, and mending what can be mended safely.
//!
//! Every check tells facts and the command that helps. What `mend` does itself is only ever what cannot lose anything:
//! locks that nobody holds, our own temporary folders, interrupted commands, documents that history still has whole.

mod agents;
mod leftovers;
mod ports;
mod resolutions;
mod runs;
mod settings;
mod sharing;
mod state;

use serde::Serialize;

use crate::config;
use crate::git::{Repository, identity};
use crate::sync::Probed;
use crate::world::World;

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Something does not work because of it.
    Error,
    /// Something is probably not as it should be.
    Warning,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ailment {
    /// How bad it is.
    pub level: Level,
    /// Stable, for machines.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// The command that helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Whether it has been mended.
    pub fixed: bool,
}

impl Ailment {
    fn new(level: Level, code: &'static str, message: impl Into<String>) -> Self {
        Ailment { level, code, message: message.into(), hint: None, fixed: false }
    }

    fn error(code: &'static str, message: impl Into<String>) -> Self {
        Ailment::new(Level::Error, code, message)
    }

    fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Ailment::new(Level::Warning, code, message)
    }

    fn hint(mut self, command: impl Into<String>) -> Self {
        self.hint = Some(command.into());
        self
    }

    /// It has been mended; or, when it has not been, `git agents doctor --fix` would.
    fn fixed(mut self, fixed: bool) -> Self {
        self.fixed = fixed;
        if !fixed && self.hint.is_none() {
            self.hint = Some("git agents doctor --fix".to_owned());
        }
        self
    }
}

/// What is done besides looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Manner {
    /// Do the safe part of what helps.
    pub mend: bool,
    /// Also what takes long: apply every operation of the chain anew.
    pub deep: bool,
}

/// Examine everything.
pub fn examine(repo: &Repository, world: &World, Manner { mend, deep }: Manner) -> Vec<Ailment> {
    let mut found = Vec::new();
    found.extend(ground(repo, world));
    found.extend(settings::examine(repo));
    // First what blocks the rest: locks and interrupted commands.
    found.extend(leftovers::locks(repo, mend));
    found.extend(leftovers::journal(repo, world, mend));
    found.extend(leftovers::temporary(repo, mend));
    found.extend(state::examine(repo, world, mend));
    if deep {
        found.extend(state::recompute(repo));
    }
    found.extend(agents::examine(repo));
    found.extend(ports::examine(repo, mend));
    found.extend(sharing::examine(repo, world, mend));
    found.extend(resolutions::examine(repo, mend));
    found.extend(runs::examine(repo, world, mend));
    found
}

/// What is wrong with a remote that was probed.
pub fn of_remote(probed: &Probed) -> Option<Ailment> {
    sharing::judge(probed)
}

/// What everything stands on: git, who we are, the target.
fn ground(repo: &Repository, world: &World) -> Vec<Ailment> {
    let mut found = Vec::new();
    if let Err(error) = repo.require_git() {
        found.push(Ailment::error("git", error.to_string()).hint("install git 2.45 or newer"));
    }
    let unknown: Vec<String> =
        extensions(repo).into_iter().filter(|name| !EXTENSIONS.contains(&name.as_str())).collect();
    if !unknown.is_empty() {
        let message = format!("the repository has extensions that this version does not know: {}", unknown.join(", "));
        found.push(Ailment::warning("repository-format", message).hint("install a newer git-agents"));
    }
    if identity::committer(repo, world.now).is_none() {
        let message = "git does not know who you are: user.name and user.email are not set";
        found.push(Ailment::error("identity", message).hint("git config user.email you@example.com"));
    }
    if let Err(error) = config::target(repo) {
        found.push(Ailment::error("target", error.to_string()).hint("git config agents.target BRANCH"));
    }
    found
}

/// The extensions of git's repository format that we work with, in lower case.
const EXTENSIONS: [&str; 8] = [
    "compatobjectformat",
    "noop",
    "objectformat",
    "partialclone",
    "preciousobjects",
    "refstorage",
    "relativeworktrees",
    "worktreeconfig",
];

/// The extensions that the repository has.
fn extensions(repo: &Repository) -> Vec<String> {
    let listed = repo.git().args(["config", "--local", "--name-only", "--get-regexp", "^extensions\\."]).text();
    let names = listed.unwrap_or_default();
    names.lines().filter_map(|name| Some(name.split_once('.')?.1.to_ascii_lowercase())).collect()
}
