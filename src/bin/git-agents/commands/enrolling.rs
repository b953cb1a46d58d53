//! Registering agents counts for all clones: of two that register the same name at once, one does.

use git_agents::state::OperationId;
use git_agents::store::{self, History};
use git_agents::work::enrol::{Enrolled, Enrolling};

use crate::context::Context;
use crate::error::CliError;
use crate::sharing::Sharing;

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
