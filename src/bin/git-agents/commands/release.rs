//! `git agents release`

use std::ffi::OsString;

use clap::Args;
use git_agents::claim::{Claim, ClaimedPath};
use git_agents::state::Action;
use git_agents::store::Scope;

use super::claim::agent_and_paths;
use super::complete_values::agent_names;
use super::in_repository::claimable;
use crate::context::Context;
use crate::error::{CliError, Exit, quoted};
use crate::view::claim::ReleasedView;

/// Give up an agent's claims on files and folders.
///
/// Claims end by themselves with the task that the agent has in hand. In an agent's worktree AGENT may be left out.
#[derive(Debug, Args)]
pub(crate) struct ReleaseArgs {
    /// The agent; may be left out in its worktree.
    #[arg(value_name = "AGENT", add = agent_names())]
    agent: Option<OsString>,
    /// The files and folders as they were claimed, from the folder that you are in.
    #[arg(value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    paths: Vec<OsString>,
    /// All that the agent has claimed.
    #[arg(long)]
    all: bool,
}

pub(crate) fn run(ctx: &Context, args: ReleaseArgs) -> Result<Exit, CliError> {
    let ReleaseArgs { agent, paths, all } = args;
    let words: Vec<OsString> = agent.into_iter().chain(paths).collect();
    let snapshot = ctx.load(&Scope::open())?;
    let (agent, rest) = agent_and_paths(ctx, &snapshot.state, &words)?;
    if rest.is_empty() != all {
        let message = if all { "give paths or --all, not both" } else { "say which paths, or --all" };
        return Err(CliError::usage(message).hint("git agents claims"));
    }
    let named: Vec<ClaimedPath> = rest.iter().map(|given| claimable(ctx, given)).collect::<Result<_, _>>()?;
    let mut released = Vec::new();
    ctx.transact(&Scope::open(), |state, _| {
        let own = |claim: &&Claim| claim.agent == agent && claim.is_live(ctx.world.now);
        let mut own: Vec<&Claim> = state.claims.values().filter(own).collect();
        for path in &named {
            if !own.iter().any(|claim| claim.path.is(path)) {
                let error = CliError::refused("claim-not-found", format!("{agent} has no claim on {path}"));
                let wider = own.iter().find(|claim| claim.path.overlaps(path));
                let wider = wider.map(|claim| format!("git agents release {agent} {}", quoted(claim.path.as_str())));
                return Err(error.hint(wider.unwrap_or_else(|| "git agents claims".to_owned())));
            }
        }
        let ends = |claim: &&&Claim| all || named.iter().any(|path| path.is(&claim.path));
        own.sort_by(|a, b| a.path.cmp(&b.path));
        released = own.iter().filter(ends).map(|claim| claim.path.clone()).collect();
        let action = || Action::Release { agent: agent.clone(), paths: released.clone() };
        Ok((!released.is_empty()).then(|| action().into()))
    })?;
    ctx.ui.answer(&ReleasedView::new(&agent, &released))?;
    Ok(Exit::Good)
}
