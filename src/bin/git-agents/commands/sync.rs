//! `git agents sync`

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use git_agents::git::{Repository, refs};
use git_agents::state::Action;
use git_agents::store::{self, History, Scope};
use git_agents::sync::{self, Direction, OnRewind, Report, Request, SyncError};
use gix::ObjectId;

use super::complete_values::remote_names;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::sync::{Acknowledged, SyncView};

/// Clocks that differ by less are not worth a word.
const CLOCKS_DIFFER: Duration = Duration::from_secs(300);

/// Bring this clone and a remote to the same state.
///
/// What others have done is fetched, what was done here is done again on top of it and pushed. An operation that does not
/// hold any more, such as taking a task that somebody else has taken first, is rejected: it is named with the reason,
/// the chain with it is kept as a backup, and the exit status is 1. Without REMOTE it is agents.remote, else the only
/// remote, else origin.
#[derive(Debug, Args)]
pub(crate) struct SyncArgs {
    /// The remote.
    #[arg(add = remote_names())]
    remote: Option<String>,
    /// Take in what the remote has, and push nothing.
    #[arg(long, conflicts_with_all = ["push_only", "restore"])]
    fetch_only: bool,
    /// Push, unless the remote has something that is not here.
    #[arg(long, conflicts_with = "adopt")]
    push_only: bool,
    /// When the remote's state was deleted, rewritten, or changed by something else than git agents: bring back there what it
    /// has lost, and put it back to what is sound.
    #[arg(long, group = "anew")]
    restore: bool,
    /// Take the remote's state as it is, and keep ours as a backup.
    #[arg(long, group = "anew")]
    adopt: bool,
    /// Do not ask.
    #[arg(short, long, requires = "anew")]
    yes: bool,
    /// Take notice of what was rejected: status and doctor do not name it any more. Nothing else is done.
    #[arg(long, conflicts_with_all = ["remote", "fetch_only", "push_only", "restore", "adopt"])]
    acknowledge: bool,
}

/// Whose operation came from the future, and how far.
fn ahead_of_us(ctx: &Context, report: &Report) -> Option<(String, String)> {
    let furthest = report.came.iter().filter_map(|entry| Some((entry.operation.as_ref()?.at, &entry.by))).max()?;
    let ahead = furthest.0.signed_duration_since(ctx.world.now).to_std().ok()?;
    (ahead > CLOCKS_DIFFER).then(|| (furthest.1.clone(), git_agents::duration::short(ahead)))
}

/// The newest landing on each branch that came and is not on that branch here: who, where, and the commit.
fn landed<'a>(repo: &Repository, report: &'a Report) -> Vec<(String, &'a str, &'a str)> {
    let mut newest = BTreeMap::new();
    for entry in &report.came {
        if let Some(Action::Land { target, after, landed, .. }) = entry.operation.as_ref().map(|one| &one.action) {
            newest.entry(target.as_str()).or_insert((after.as_str(), landed));
        }
    }
    let is_missing = |target: &str, commit: &str| {
        let tip = refs::read(repo, &format!("refs/heads/{target}")).ok().flatten();
        let commit = ObjectId::from_hex(commit.as_bytes()).ok();
        tip.zip(commit).is_some_and(|(tip, commit)| !repo.is_within(commit, tip))
    };
    let mut missing = Vec::new();
    for (target, (commit, landed)) in newest {
        if !landed.is_empty() && is_missing(target, commit) {
            let agents: Vec<&str> = landed.iter().map(|one| one.agent.as_str()).collect();
            missing.push((agents.join(", "), target, commit));
        }
    }
    missing
}

pub(crate) fn run(ctx: &Context, args: SyncArgs) -> Result<Exit, CliError> {
    let SyncArgs { remote, fetch_only, push_only, restore, adopt, yes, acknowledge } = args;
    let repo = ctx.repo()?;
    if acknowledge {
        let gone = sync::acknowledge(repo, None)?;
        ctx.ui.answer(&Acknowledged { acknowledged: gone.iter().map(Into::into).collect() })?;
        return Ok(Exit::Good);
    }
    ctx.recover()?;
    let remote = sync::remote(repo, remote.as_deref())?;
    if remote.is_mirror {
        ctx.ui.warn(&format!(
            "a plain git fetch of {} replaces the state here by what is there; git agents sync brings it back",
            remote.name
        ));
    }
    if adopt {
        ctx.ui.confirm(&format!("Take the state of {} in the place of the one here?", remote.name), yes)?;
    }
    let direction = match (fetch_only, push_only) {
        (true, _) => Direction::Fetch,
        (_, true) => Direction::Push,
        _ => Direction::Both,
    };
    let on_rewind = match (restore, adopt) {
        (true, _) => OnRewind::Restore,
        (_, true) => OnRewind::Adopt,
        _ => OnRewind::Stop,
    };
    let before = sync::rejected(repo)?;
    let taken_away = refs::list(repo, sync::TAKEN_AWAY)?;
    let gone = store::cached(repo).filter(|_| store::tip(repo).is_ok_and(|tip| tip.is_none()));
    let run = |on_rewind| sync::sync(repo, &ctx.world, &remote, &Request { on_rewind, ..Request::new(direction) });
    let mut report = run(on_rewind);
    if let (OnRewind::Restore, Err(SyncError::Unsound { .. })) = (on_rewind, &report) {
        let question = format!("Take away from {} what is not sound there, and all that came after it?", remote.name);
        ctx.ui.confirm(&question, yes)?;
        report = run(OnRewind::PutBack);
    }
    let report = report.inspect_err(|_| {
        // What was turned down before it stopped is told all the same.
        let now = sync::rejected(repo).unwrap_or_default();
        for one in now.iter().filter(|one| !before.contains(one)) {
            ctx.ui.warn(&format!("rejected: {}: {}", one.sentence, one.reason));
        }
    })?;
    if let Some(last) = gone {
        match History::from(repo, Some(last)).all(|entry| entry.is_ok()) {
            true => ctx.ui.note("refs/agents/state was gone, and was brought back"),
            false => ctx.ui.warn(&format!(
                "refs/agents/state was gone, and so is {last}, where it was: what was not shared before is lost"
            )),
        }
    }
    for (name, _) in refs::list(repo, sync::TAKEN_AWAY)?.iter().filter(|one| !taken_away.contains(one)) {
        ctx.ui.note(&format!("what was taken away from {} is kept in {name}", remote.name));
    }
    for (agents, target, commit) in landed(repo, &report) {
        ctx.ui.note(&format!(
            "{agents} landed in another clone, and {target} does not have {} here: git pull",
            commit.get(..10).unwrap_or(commit)
        ));
    }
    if let Some((by, ahead)) = ahead_of_us(ctx, &report) {
        ctx.ui.warn(&format!(
            "the clock of {by} is ahead of the one here by {ahead}: leases and claims may end too early"
        ));
    }
    if report.came_count > 0 {
        // From now on counts how long this clone has seen a lease unchanged.
        ctx.leases()?.observe(&ctx.load(&Scope::open())?.state);
    }
    let view = SyncView::from(&report);
    ctx.ui.answer(&view)?;
    Ok(if view.rejected.is_empty() { Exit::Good } else { Exit::Negative })
}
