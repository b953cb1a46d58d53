//! `git agents reset`

use clap::Args;
use git_agents::git::identity;
use git_agents::git::refs::{self, Expected, RefUpdate};
use git_agents::run::all_still;
use git_agents::store::{self, STATE_REF, StoreError, StoreLock};
use git_agents::worktree::ready::ports;

use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::reset::ResetView;

/// Forget all agents, tasks, findings and history, after writing a backup ref.
///
/// Branches and worktrees stay as they are; the agents' ports are free. How to restore the state is printed.
#[derive(Debug, Args)]
pub(crate) struct ResetArgs {
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
}

pub(crate) fn run(ctx: &Context, args: &ResetArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    let Some(_) = store::tip(repo)? else {
        // A chain that is gone already is not missed any more.
        store::forget(repo)?;
        ctx.ui.answer(&ResetView { backup: None, restore: Vec::new() })?;
        return Ok(Exit::Good);
    };
    ctx.recover()?;
    // Nothing would know of them any more.
    drop(all_still(repo)?);
    ctx.ui.confirm("Forget all agents, tasks, findings and history (a backup ref is written first)?", args.yes)?;
    let signature = identity::committer(repo, ctx.world.now).ok_or(StoreError::NoIdentity)?;
    // None begins meanwhile.
    let _still = all_still(repo)?;
    let mut lock = StoreLock::acquire(repo)?;
    // What is cleared is what is there now, not what was there when the question was asked.
    let Some(tip) = store::tip(repo)? else {
        ctx.ui.answer(&ResetView { backup: None, restore: Vec::new() })?;
        return Ok(Exit::Good);
    };
    let backup = format!("refs/agents-local/backup/{}/state", ctx.world.ulid(&mut ctx.world.random(tip.as_slice())));
    let updates = [
        RefUpdate {
            name: backup.clone(),
            expected: Expected::Missing,
            new: Some(tip),
            message: "agents: backup before reset".to_owned(),
        },
        RefUpdate {
            name: STATE_REF.to_owned(),
            expected: Expected::At(tip),
            new: None,
            message: "agents: reset".to_owned(),
        },
    ];
    lock.swapping(true)?;
    // One after the other and not in one transaction: the backup stands before anything is taken away.
    let swapped = updates.iter().try_for_each(|update| refs::swap_one(repo, update, &signature));
    lock.swapping(false)?;
    swapped?;
    store::forget(repo)?;
    // Whoever is registered anew may have them. What cannot be given back now is found by doctor.
    drop(ports::release(repo, |_| true));
    let restore = vec![format!("git update-ref {STATE_REF} {backup}")];
    ctx.ui.answer(&ResetView { backup: Some(backup), restore })?;
    Ok(Exit::Good)
}
