//! Agents' branches and worktrees against what git has.

use super::Ailment;
use crate::config;
use crate::git::worktrees::{self, Worktree};
use crate::git::{Repository, refs};
use crate::state::State;
use crate::store::{self, Scope};
use crate::work::place::{self, Place};

/// Every agent has what it should have, and nothing of an agent's is without one.
pub(super) fn examine(repo: &Repository) -> Vec<Ailment> {
    let (Ok(snapshot), Ok(all)) = (store::load(repo, &Scope::open()), worktrees::list(repo)) else {
        return Vec::new();
    };
    let heads: Vec<String> =
        refs::list(repo, "refs/heads/").unwrap_or_default().into_iter().map(|(name, _)| name).collect();
    let state = &snapshot.state;
    let mut found = Vec::new();
    for agent in state.agents.values() {
        let name = &agent.name;
        let branch = format!("refs/heads/{}", agent.branch);
        if !heads.contains(&branch) {
            let message = format!("{name}'s branch {} is gone", agent.branch);
            let hint = format!("git reflog show {} || git agents init {name}", agent.branch);
            found.push(Ailment::error("branch-gone", message).hint(hint));
        }
        let holders: Vec<&Worktree> = all.iter().filter(|worktree| worktree.holds(&branch)).collect();
        found.extend(holders.iter().flat_map(|worktree| worktree_ailments(name.as_str(), worktree)));
        if let [_, other, ..] = holders.as_slice() {
            let message = format!("{name}'s branch is checked out twice, also at {}", other.path.display());
            found.push(Ailment::error("checked-out-twice", message).hint("git worktree list"));
        }
        if let (true, Some(Place::At(path))) = (holders.is_empty(), place::read(repo, name)) {
            let message =
                format!("{name}'s worktree is gone from {}, or has something else checked out", path.display());
            found.push(Ailment::warning("worktree-gone", message).hint(format!("git agents init {name}")));
        }
    }
    found.extend(without_agent(repo, state, &heads));
    found
}

fn worktree_ailments(name: &str, worktree: &Worktree) -> Vec<Ailment> {
    let path = worktree.path.display();
    let mut found = Vec::new();
    if !worktree.path.exists() {
        let message = format!("{name}'s worktree is gone from {path}");
        found.push(Ailment::warning("worktree-gone", message).hint(format!("git agents init {name}")));
    } else if !worktree.is_intact() {
        let message = format!("{path} is not {name}'s worktree any more, as git knows it");
        found.push(Ailment::error("worktree-replaced", message).hint("git worktree repair"));
    }
    if let Some(operation) = &worktree.operation {
        let command = operation.kind.command();
        let message = format!("{name}'s worktree is in the middle of a {command}");
        found.push(Ailment::warning("worktree-busy", message).hint(format!("git {command} --continue")));
    }
    found
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
