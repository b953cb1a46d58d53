//! Ports that are leased to agents that are gone, and leases that nobody can read.

use std::collections::BTreeSet;

use super::Ailment;
use crate::git::Repository;
use crate::store::{self, Scope};
use crate::worktree::journal;
use crate::worktree::ready::ports::{self, PortsError};

/// Every lease is a registered agent's. Given back only while nothing is under way: an agent that is being made has its
/// ports before it is registered.
pub(super) fn examine(repo: &Repository, mend: bool) -> Vec<Ailment> {
    let leases = match ports::all(repo) {
        Ok(leases) => leases,
        Err(error) => return vec![broken(repo, &error, mend)],
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

/// Nobody can run anything until the file can be understood again.
fn broken(repo: &Repository, error: &PortsError, mend: bool) -> Ailment {
    if !matches!(error, PortsError::Unsound { .. }) {
        return Ailment::error("ports", error.to_string());
    }
    let mended = if mend { ports::mend(repo).ok().flatten() } else { None };
    let said = match &mended {
        Some((aside, kept)) => format!("{error}; {kept} leases are kept, and the file is {} now", aside.display()),
        None => error.to_string(),
    };
    Ailment::error("ports", said).fixed(mended.is_some())
}
