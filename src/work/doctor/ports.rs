//! Ports that are leased to agents that are gone.

use std::collections::BTreeSet;

use super::Ailment;
use crate::git::Repository;
use crate::store::{self, Scope};
use crate::worktree::journal;
use crate::worktree::ready::ports;

/// Every lease is a registered agent's. Given back only while nothing is under way: an agent that is being made has its
/// ports before it is registered.
pub(super) fn examine(repo: &Repository, mend: bool) -> Vec<Ailment> {
    let leases = match ports::all(repo) {
        Ok(leases) => leases,
        Err(error) => {
            return vec![
                Ailment::error("ports", error.to_string()).hint(format!("rm '{}'", ports::file(repo).display())),
            ];
        }
    };
    // What is leased first, so that who is registered meanwhile is known.
    let is_busy = !leases.is_empty() && journal::is_any(repo).unwrap_or(true);
    let Ok(snapshot) = store::load(repo, &Scope::open()) else { return Vec::new() };
    let known: BTreeSet<&str> = snapshot.state.agents.keys().map(|name| name.as_str()).collect();
    let gone: Vec<&str> = leases.keys().map(String::as_str).filter(|name| !known.contains(name)).collect();
    if gone.is_empty() || is_busy {
        return Vec::new();
    }
    let released = mend && ports::release(repo, |name| gone.contains(&name)).is_ok();
    let names: Vec<&str> = gone.iter().take(5).copied().collect();
    let more = if gone.len() > names.len() { ", …" } else { "" };
    let message = format!("ports are kept for agents that are gone: {}{more}", names.join(", "));
    vec![Ailment::warning("ports-of-nobody", message).fixed(released)]
}
