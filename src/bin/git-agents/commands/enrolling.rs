//! Making agents' worktrees ready, and registering the agents.
//!
//! Registering counts for all clones: of two that register the same name at once, one does.

use clap::Args;
use git_agents::config::SETUP_KEY;
use git_agents::state::OperationId;
use git_agents::store::{self, History};
use git_agents::work::enrol::{Enrolled, Enrolling};

use crate::context::Context;
use crate::error::CliError;
use crate::sharing::Sharing;

/// Whether new worktrees are set up.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct SetupArg {
    /// Do not run the commands of agents.setup in new worktrees.
    #[arg(long)]
    pub(crate) no_setup: bool,
}

/// Say what `.agents.toml` would have run in new worktrees.
pub(crate) fn warn_of_setup(ctx: &Context, setup: SetupArg) -> Result<(), CliError> {
    if !setup.no_setup
        && let Some(file) = ctx.shared_file()?
    {
        ctx.warn_of_untrusted(&file, |key| key == SETUP_KEY);
    }
    Ok(())
}

/// How far back in the chain a registration of a moment ago is looked for.
const LOOK_BACK: usize = 1_000;

/// Why a registration does not count.
#[derive(Debug)]
pub(crate) struct NotConfirmed {
    pub(crate) error: CliError,
    /// It waits here to be shared all the same, because something was built on it.
    pub(crate) is_recorded: bool,
}

impl From<NotConfirmed> for CliError {
    fn from(not: NotConfirmed) -> Self {
        not.error
    }
}

/// Have the remote decide about agents that were registered here. What was made for them is taken back with the
/// registration.
pub(crate) fn confirmed(ctx: &Context, sharing: &Sharing, enrolling: Enrolling) -> Result<Vec<Enrolled>, NotConfirmed> {
    let repo = ctx.repo().map_err(|error| NotConfirmed { error, is_recorded: true })?;
    let Some(operation) = enrolling.committed.as_ref().map(|committed| committed.operation.clone()) else {
        return Ok(enrolling.keep(repo));
    };
    let Err(error) = sharing.confirm(ctx, &operation) else { return Ok(enrolling.keep(repo)) };
    let is_recorded = is_recorded(ctx, &operation.id);
    match is_recorded {
        true => drop(enrolling.keep(repo)),
        false => enrolling.take_back(repo, &ctx.world),
    }
    Err(NotConfirmed { error, is_recorded })
}

/// In doubt it is: what was made for an agent stays.
fn is_recorded(ctx: &Context, id: &OperationId) -> bool {
    let Ok(repo) = ctx.repo() else { return true };
    let Ok(tip) = store::tip(repo) else { return true };
    let newest = History::from(repo, tip).take(LOOK_BACK);
    newest.into_iter().any(|entry| entry.map_or(true, |entry| entry.operation.is_some_and(|one| one.id == *id)))
}
