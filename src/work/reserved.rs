//! What agents have reserved: paths that they have claimed, and those that the tasks they have in hand declare.
//!
//! A claim is on a path; what a task declares may be a glob, and is a hint for planning and never a limit.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use gix::bstr::{BStr, BString, ByteSlice};

use super::candidates::{self, CandidateError};
use crate::agent::AgentName;
use crate::branch::BranchError;
use crate::branch::touch::touches;
use crate::claim::ClaimedPath;
use crate::config::Target;
use crate::git::Repository;
use crate::git::scratch::{Scratch, ScratchError};
use crate::state::State;
use crate::task::{Task, TaskId};

/// What somebody has reserved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    /// Who.
    pub agent: AgentName,
    /// What, as it was written: a path, or a glob that a task declares.
    pub path: String,
    /// How.
    pub how: How,
}

/// How something is reserved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// By a claim.
    Claim {
        /// For that agent alone.
        exclusive: bool,
        /// Why.
        reason: Option<String>,
    },
    /// By a task that declares it.
    Task {
        /// Which.
        id: TaskId,
    },
}

impl Reserved {
    /// Whether `path` is part of it.
    pub fn has(&self, path: &BStr) -> bool {
        match self.how {
            How::Claim { .. } => claimed(&self.path).is_some_and(|claimed| claimed.has(&path.to_str_lossy())),
            How::Task { .. } => declares(&self.path, path),
        }
    }

    /// Whether `path`, or something below it when it is a folder, is part of it or may be.
    pub fn concerns(&self, path: &BStr) -> bool {
        self.has(path)
            || claimed(folder(&self.path))
                .zip(claimed(&path.to_str_lossy()))
                .is_some_and(|(one, other)| other.has(one.as_str()) || other.is_everything())
    }

    /// Whether the two have, or may have, a path in common.
    fn meets(&self, declared: &str) -> bool {
        match (claimed(folder(&self.path)), claimed(folder(declared))) {
            (Some(one), Some(other)) => one.overlaps(&other),
            _ => false,
        }
    }
}

/// All that is reserved at this time by others than `agent`; with no agent, by anybody.
pub fn by_others(state: &State, agent: Option<&AgentName>, now: DateTime<Utc>) -> Vec<Reserved> {
    let is_other = |name: &AgentName| Some(name) != agent;
    let claims = state.claims.values().filter(|claim| claim.is_live(now) && is_other(&claim.agent));
    let claims = claims.map(|claim| Reserved {
        agent: claim.agent.clone(),
        path: claim.path.to_string(),
        how: How::Claim { exclusive: claim.exclusive, reason: claim.reason.clone() },
    });
    let in_hand = state.tasks.values().filter(|task| task.is_in_hand());
    let tasks = in_hand.filter_map(|task| Some((task, task.agent.clone().filter(|name| is_other(name))?)));
    let declared = tasks.flat_map(|(task, agent)| {
        let how = || How::Task { id: task.id.clone() };
        task.paths.iter().map(move |path| Reserved { agent: agent.clone(), path: path.clone(), how: how() })
    });
    let mut all: Vec<Reserved> = claims.chain(declared).collect();
    all.sort_by(|a, b| a.path.cmp(&b.path).then_with(|| a.agent.cmp(&b.agent)));
    all
}

/// Why nobody could tell what others are changing.
#[derive(Debug, thiserror::Error)]
pub enum OverlapError {
    /// The others could not be listed.
    #[error(transparent)]
    Candidate(#[from] CandidateError),
    /// Their branches could not be read.
    #[error(transparent)]
    Branch(#[from] BranchError),
    /// Objects could not be read.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
}

/// Of `tasks`, which are equally urgent, the first of those whose declared paths meet least of what others than `agent`
/// have reserved or are changing.
///
/// # Errors
/// See [`OverlapError`].
pub fn least_overlapping<'t>(
    repo: &Repository,
    now: DateTime<Utc>,
    target: &Target,
    state: &State,
    agent: &AgentName,
    tasks: &[&'t Task],
) -> Result<Option<&'t Task>, OverlapError> {
    if tasks.len() < 2 || tasks[0].paths.is_empty() {
        return Ok(tasks.first().copied());
    }
    let reserved = by_others(state, Some(agent), now);
    let asked: BTreeSet<BString> = tasks.iter().flat_map(|task| &task.paths).map(|path| place(path)).collect();
    let asked: Vec<BString> = asked.into_iter().collect();
    let mut others = candidates::of_agents(repo, state)?;
    others.retain(|other| other.name != agent.as_str());
    let touched = touches(repo, &Scratch::new(repo)?, target.commit, &others, &asked)?.found;
    let overlap = |task: &&&Task| {
        let meets = |one: &&Reserved| task.paths.iter().any(|path| one.meets(path));
        let changes = touched.iter().filter(|touch| task.paths.iter().any(|path| declares(path, touch.path.as_ref())));
        reserved.iter().filter(meets).count() + changes.count()
    };
    Ok(tasks.iter().min_by_key(overlap).copied())
}

/// Whether what two tasks declare may have a path in common.
pub fn may_meet(one: &[String], other: &[String]) -> bool {
    let folders = |paths: &[String]| paths.iter().filter_map(|path| claimed(folder(path))).collect::<Vec<_>>();
    let (ones, others) = (folders(one), folders(other));
    ones.iter().any(|one| others.iter().any(|other| one.overlaps(other)))
}

/// The agents that are changing something which each of these lists of declared paths is about, committed or not, and not
/// in the target: for each list the agents, once for every path.
///
/// # Errors
/// See [`OverlapError`].
pub fn changing(
    repo: &Repository,
    target: &Target,
    state: &State,
    declared: &[&[String]],
) -> Result<Vec<Vec<AgentName>>, OverlapError> {
    let asked: BTreeSet<BString> = declared.iter().copied().flatten().map(|path| place(path)).collect();
    let asked: Vec<BString> = asked.into_iter().collect();
    if asked.is_empty() {
        return Ok(vec![Vec::new(); declared.len()]);
    }
    let all = candidates::of_agents(repo, state)?;
    let touched = touches(repo, &Scratch::new(repo)?, target.commit, &all, &asked)?.found;
    let of = |paths: &&[String]| {
        let meets = touched.iter().filter(|touch| paths.iter().any(|path| declares(path, touch.path.as_ref())));
        meets.filter_map(|touch| all.get(touch.candidate)?.name.parse().ok()).collect()
    };
    Ok(declared.iter().map(of).collect())
}

/// What makes a declared path a glob.
const GLOB: [char; 4] = ['*', '?', '[', '\\'];

/// Whether a declared path, or glob, is about `path`.
fn declares(declared: &str, path: &BStr) -> bool {
    if !declared.contains(GLOB) {
        return claimed(folder(declared)).is_some_and(|declared| declared.has(&path.to_str_lossy()));
    }
    gix::glob::wildmatch(declared.into(), path, gix::glob::wildmatch::Mode::NO_MATCH_SLASH_LITERAL)
}

/// The part of a declared path that is no glob; all of it for most.
fn folder(declared: &str) -> &str {
    let glob = declared.find(GLOB);
    match glob {
        None => declared.trim_end_matches('/'),
        Some(at) => declared[..at].rsplit_once('/').map_or("", |(folder, _)| folder),
    }
}

/// The same as a path to look at; empty is everything.
fn place(declared: &str) -> BString {
    let folder = folder(declared);
    if claimed(folder).is_some_and(|path| path.is_everything()) { BString::default() } else { folder.into() }
}

/// A declared path as one that can be compared; none when it is no path of the repository.
fn claimed(path: &str) -> Option<ClaimedPath> {
    if path.is_empty() { ".".parse().ok() } else { path.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::fixture::{add_agents, add_tasks, agent, at, claim, id, start};
    use crate::task::TaskEdit;

    #[test]
    fn declared_paths_are_paths_folders_and_globs() {
        for (declared, path) in [
            ("src", "src/a/b.rs"),
            ("src/", "src/a.rs"),
            ("src/*.rs", "src/a.rs"),
            ("src/**/*.rs", "src/a/b.rs"),
            (".", "x"),
        ] {
            assert!(declares(declared, path.into()), "{declared} {path}");
        }
        for (declared, path) in [("src", "src2/a"), ("src/*.rs", "src/a/b.rs"), ("*.md", "docs/a.md"), ("..", "x")] {
            assert!(!declares(declared, path.into()), "{declared} {path}");
        }
        assert_eq!(
            (folder("src/**/*.rs"), folder("*.rs"), folder("src/[ab]/c"), folder("a/b/")),
            ("src", "", "src", "a/b")
        );
    }

    #[test]
    fn others_reserve_by_claims_and_by_the_tasks_that_they_have_in_hand() {
        let edit = TaskEdit { paths: Some(vec!["docs/**".to_owned()]), ..TaskEdit::default() };
        let state = State::after(&[
            add_agents(&["ann", "bob"]),
            add_tasks(&[("mine", &[]), ("free", &[])]),
            crate::state::Action::EditTask { task: id("mine"), edit: edit.clone() },
            crate::state::Action::EditTask { task: id("free"), edit },
            start("ann", "mine"),
            claim("bob", &["!src"]),
        ]);
        let names = |agent: Option<&AgentName>, minute| {
            by_others(&state, agent, at(minute))
                .iter()
                .map(|one| format!("{} {}", one.agent, one.path))
                .collect::<Vec<_>>()
        };
        assert_eq!(names(None, 10), ["ann docs/**", "bob src"]);
        assert_eq!(names(Some(&agent("bob")), 10), ["ann docs/**"]);
        assert_eq!(names(None, 1000), ["ann docs/**"], "the claim's lease is over");
        let all = by_others(&state, None, at(10));
        assert!(all[1].has("Src/a".into()) && all[0].has("docs/a/b".into()) && !all[0].has("src/a".into()));
        assert!(all[1].meets("src/**/x") && all[1].meets("**") && !all[1].meets("docs"));
    }
}
