//! Agents' branches and worktrees against what git has.

use super::Ailment;
use crate::agent::Agent;
use crate::config;
use crate::git::worktrees::{self, Worktree};
use crate::git::{Repository, refs};
use crate::state::State;
use crate::store::{self, Scope};
use crate::work::elsewhere::Elsewhere;
use crate::work::place::{self, Place, Standing};
use crate::work::resolve::progress::is_ours;
use crate::worktree::integration::Integration;

/// Every agent has what it should have, and nothing of an agent's is without one.
pub(super) fn examine(repo: &Repository) -> Vec<Ailment> {
    let (Ok(snapshot), Ok(all)) = (store::load(repo, &Scope::open()), worktrees::list(repo)) else {
        return Vec::new();
    };
    let heads: Vec<String> =
        refs::list(repo, "refs/heads/").unwrap_or_default().into_iter().map(|(name, _)| name).collect();
    let has_remote = Elsewhere::of(repo).remote().is_some();
    let state = &snapshot.state;
    let mut found = Vec::new();
    for agent in state.agents.values() {
        let name = agent.name.as_str();
        let branch = format!("refs/heads/{}", agent.branch);
        let standing = place::standing(repo, &all, agent);
        let has_branch = heads.contains(&branch);
        // Where the state is shared, an agent of which nothing is here is another clone's.
        let is_elsewhere = has_remote && matches!(standing, Standing::Nowhere);
        if !has_branch && !is_elsewhere {
            let message = format!("{name}'s branch {} is gone", agent.branch);
            found.push(Ailment::error("branch-gone", message).hint(way_back(repo, state, agent, &standing)));
        }
        found.extend(worktree_ailment(agent, &standing, has_branch));
        let holders: Vec<&Worktree> = all.iter().filter(|worktree| worktree.holds(&branch)).collect();
        let is_ours = is_ours(repo, &all, &agent.name);
        found.extend(holders.iter().filter(|_| !is_ours).filter_map(|worktree| busy(name, worktree)));
        if let [_, other, ..] = holders.as_slice() {
            let message = format!("{name}'s branch is checked out twice, also at {}", other.path.display());
            found.push(Ailment::error("checked-out-twice", message).hint("git worktree list"));
        }
    }
    found.extend(without_agent(repo, state, &heads));
    found.extend(foreign_worktrees(repo, state, &all));
    found
}

/// The command that brings a branch back: from under its worktree, from another name, or from the target.
fn way_back(repo: &Repository, state: &State, agent: &Agent, standing: &Standing<'_>) -> String {
    let (name, branch) = (&agent.name, &agent.branch);
    let is_target = |other: &str| config::target(repo).is_ok_and(|target| target.branch == other);
    match standing {
        Standing::At(worktree) => {
            let was = place::last_commit(worktree).map_or_else(|| "HEAD".to_owned(), |was| was.to_string());
            format!("git branch {branch} {was}")
        }
        Standing::Elsewhere(worktree) => {
            let other = worktree.branch.as_deref().and_then(|other| other.strip_prefix("refs/heads/"));
            match other.filter(|other| !is_target(other) && state.agent_of_branch(other).is_none()) {
                Some(other) => format!("git branch -m {} {branch}", quoted(other)),
                None => format!("git -C {} switch -c {branch}", quoted(&worktree.path.display().to_string())),
            }
        }
        _ => format!("git reflog show {branch} || git agents init {name}"),
    }
}

fn worktree_ailment(agent: &Agent, standing: &Standing<'_>, has_branch: bool) -> Option<Ailment> {
    let name = &agent.name;
    Some(match standing {
        Standing::Nowhere | Standing::At(_) => return None,
        Standing::Missing { path, .. } => {
            let message = format!("{name}'s worktree is gone from {}", path.display());
            Ailment::warning("worktree-gone", message).hint(format!("git agents init {name}"))
        }
        Standing::Replaced { path, is_repairable } => {
            let message = format!("{} is not {name}'s worktree any more, as git knows it", path.display());
            let path = path.display().to_string();
            let away = || format!("mv {} {}", quoted(&path), quoted(&format!("{path}.old")));
            let hint = if *is_repairable { "git worktree repair".to_owned() } else { away() };
            Ailment::error("worktree-replaced", message).hint(hint)
        }
        Standing::Elsewhere(worktree) => {
            let other = worktree.branch.as_deref().map(|other| other.strip_prefix("refs/heads/").unwrap_or(other));
            let what = other.map_or_else(|| "a detached HEAD".to_owned(), |other| format!("{other} checked out"));
            let path = worktree.path.display().to_string();
            let message = format!("{name}'s worktree {path} has {what}, not {}", agent.branch);
            let ailment = Ailment::warning("worktree-elsewhere", message);
            // Without its branch there is nothing to switch to: how to get that back is said already.
            if has_branch { ailment.hint(format!("git -C {} switch {}", quoted(&path), agent.branch)) } else { ailment }
        }
    })
}

fn busy(name: &str, worktree: &Worktree) -> Option<Ailment> {
    let command = worktree.operation.as_ref()?.kind.command();
    let message = format!("{name}'s worktree is in the middle of a {command}");
    Some(Ailment::warning("worktree-busy", message).hint(format!("git {command} --continue")))
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// Worktrees in the agents' folder that are nobody's.
fn foreign_worktrees(repo: &Repository, state: &State, all: &[Worktree]) -> Vec<Ailment> {
    let folder = worktrees::canonical(&config::worktrees_folder(repo));
    let integration = worktrees::canonical(Integration::of(repo).path());
    let has_agent =
        |one: &Worktree| state.agents.values().any(|agent| one.holds(&format!("refs/heads/{}", agent.branch)));
    let is_of = |one: &Worktree, agent: &Agent| matches!(place::read(repo, &agent.name), Some(Place::At(path)) if worktrees::canonical(&path) == one.path);
    let is_foreign = |one: &&Worktree| {
        let is_in = !one.is_main && one.path.parent() == Some(folder.as_path()) && one.path != integration;
        is_in && !has_agent(one) && !state.agents.values().any(|agent| is_of(one, agent))
    };
    let ailment = |one: &Worktree| {
        let path = one.path.display().to_string();
        let hint = if one.path.exists() {
            format!("git worktree remove {}", quoted(&path))
        } else {
            "git worktree prune".to_owned()
        };
        Ailment::warning("worktree-without-agent", format!("the worktree {path} is no agent's")).hint(hint)
    };
    all.iter().filter(is_foreign).map(ailment).collect()
}

/// Branches that look like an agent's and are nobody's.
fn without_agent(repo: &Repository, state: &State, heads: &[String]) -> Vec<Ailment> {
    let prefix = config::prefix(repo);
    // An empty prefix would make every branch look like one.
    let stem = format!("refs/heads/{prefix}");
    let is_orphan = |head: &&String| {
        let short = head.strip_prefix("refs/heads/").unwrap_or(head);
        !prefix.is_empty() && head.starts_with(&stem) && state.agent_of_branch(short).is_none()
    };
    let ailment = |head: &String| {
        let short = head.strip_prefix("refs/heads/").unwrap_or(head);
        let name = head.strip_prefix(&stem).unwrap_or(short);
        let hint = format!("git agents agent add {name} --existing --branch {short}");
        Ailment::warning("branch-without-agent", format!("the branch {short} is no agent's")).hint(hint)
    };
    heads.iter().filter(is_orphan).map(ailment).collect()
}
