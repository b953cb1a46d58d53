//! What was done to make a new worktree ready, and before one goes.

use std::collections::BTreeSet;

use git_agents::git::repository::path_text;
use git_agents::worktree::ready::{Copied, PassedOver, Prepared, Ran, Why};
use serde::Serialize;

use crate::render::style::{counted, safe};

/// Of more files than this only their number is told.
const MOST_NAMED: usize = 10;

/// Ignored files that were copied from the main worktree.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CopiedView {
    pub(crate) files: usize,
    pub(crate) bytes: u64,
    /// What matches and was not copied; absent when there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) passed_over: Vec<PassedOverView>,
}

/// Something that was not copied.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PassedOverView {
    pub(crate) path: String,
    pub(crate) why: String,
}

/// A command that was run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RanView {
    pub(crate) command: String,
    /// Where its output is.
    pub(crate) log: String,
}

impl CopiedView {
    pub(crate) fn new(copied: &Copied) -> Self {
        let view = |one: &PassedOver| PassedOverView { path: path_text(one.path.as_ref()), why: why_text(&one.why) };
        CopiedView {
            files: copied.files,
            bytes: copied.bytes,
            passed_over: copied.passed_over.iter().map(view).collect(),
        }
    }
}

impl RanView {
    pub(crate) fn all(ran: &[Ran]) -> Vec<Self> {
        let view = |one: &Ran| RanView { command: one.command.clone(), log: one.log.display().to_string() };
        ran.iter().map(view).collect()
    }
}

/// "3 files copied, 2 setup commands run"; none when nothing was done.
pub(crate) fn prepared_text(copied: Option<&CopiedView>, setup: &[RanView]) -> Option<String> {
    let files =
        copied.filter(|copied| copied.files > 0).map(|copied| format!("{} copied", counted(copied.files, "file")));
    let setup = (!setup.is_empty()).then(|| format!("{} run", counted(setup.len(), "setup command")));
    let parts: Vec<String> = files.into_iter().chain(setup).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// What somebody should know of what was not copied; the same of several worktrees is told once.
pub(crate) fn prepared_warnings<'p>(all: impl Iterator<Item = &'p Prepared> + Clone) -> Vec<String> {
    let passed_over = all.clone().filter_map(|one| one.copied.as_ref()).flat_map(|copied| &copied.passed_over);
    // That the branch has a file of its own is how it should be.
    let told: BTreeSet<(String, String)> = passed_over
        .filter(|one| one.why != Why::Exists)
        .map(|one| (path_text(one.path.as_ref()), why_text(&one.why)))
        .collect();
    let one = |(path, why): &(String, String)| format!("{} is not copied: {why}", safe(path));
    let mut warnings: Vec<String> = told.iter().take(MOST_NAMED).map(one).collect();
    if told.len() > MOST_NAMED {
        warnings.push(format!("{} more are not copied; --json names them", told.len() - MOST_NAMED));
    }
    if all.clone().any(|one| one.is_bare) {
        let file = git_agents::worktree::ready::include::FILE;
        warnings.push(format!("{file} counts for nothing here: a bare repository has no main worktree to copy from"));
    }
    let ports = all.filter_map(|one| one.ports).filter(|lease| lease.was_in_use).map(|lease| lease.ports);
    warnings.extend(ports.map(|ports| format!("somebody is listening on one of the ports {ports} at the moment")));
    warnings
}

fn why_text(why: &Why) -> String {
    match why {
        Why::Repository => "it is a repository of its own".to_owned(),
        Why::Submodule => "it is a submodule in the new worktree".to_owned(),
        Why::Exists => "it is there already".to_owned(),
        Why::NotIgnored => "the branch does not ignore it, and a commit might take it".to_owned(),
        Why::LeadsOut => "a link or a file is in the place of its folder".to_owned(),
        Why::Gone => "it has gone meanwhile".to_owned(),
        Why::Unreadable { reason } => format!("it cannot be read: {reason}"),
    }
}
