//! `git agents claims`

use std::ffi::OsString;

use clap::Args;
use git_agents::claim::{Claim, ClaimedPath};
use git_agents::store::Scope;
use git_agents::sync::Provisional;

use super::in_repository::claimable;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::claim::{ClaimView, ClaimsView};

/// List what agents have claimed, and until when.
#[derive(Debug, Args)]
pub(crate) struct ClaimsArgs {
    /// Only claims on this file or folder, above it or below it; may be given several times.
    #[arg(long = "path", value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    paths: Vec<OsString>,
}

pub(crate) fn run(ctx: &Context, args: &ClaimsArgs) -> Result<Exit, CliError> {
    let paths: Vec<ClaimedPath> = args.paths.iter().map(|given| claimable(ctx, given)).collect::<Result<_, _>>()?;
    let snapshot = ctx.load(&Scope::open())?;
    let is_meant = |claim: &&Claim| {
        claim.is_live(ctx.world.now) && (paths.is_empty() || paths.iter().any(|path| path.overlaps(&claim.path)))
    };
    let mut claims: Vec<&Claim> = snapshot.state.claims.values().filter(is_meant).collect();
    claims.sort_by(|a, b| a.path.cmp(&b.path).then_with(|| a.agent.cmp(&b.agent)));
    let provisional = Provisional::read(ctx.repo()?)?;
    let view = |claim: &Claim| ClaimView { provisional: provisional.has_claim(claim), ..ClaimView::from(claim) };
    ctx.ui.answer(&ClaimsView { claims: claims.into_iter().map(view).collect() })?;
    Ok(Exit::Good)
}
