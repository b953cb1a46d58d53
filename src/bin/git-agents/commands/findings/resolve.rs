//! `git agents findings resolve`

use clap::Args;
use git_agents::finding::FindingId;
use git_agents::state::{Action, State};
use git_agents::store::Scope;

use crate::commands::complete_values::finding_ids;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::done::IdsChanged;

/// Mark findings as resolved.
#[derive(Debug, Args)]
pub(crate) struct ResolveArgs {
    /// Their ids, or beginnings that only they have.
    #[arg(required = true, value_name = "ID", add = finding_ids())]
    ids: Vec<String>,
}

pub(crate) fn run(ctx: &Context, args: &ResolveArgs) -> Result<Exit, CliError> {
    let committed = ctx.transact(&Scope::open().with_findings(), |state, _| {
        let findings = args.ids.iter().map(|text| find(state, text)).collect::<Result<Vec<_>, _>>()?;
        Ok(Some(Action::ResolveFindings { findings }.into()))
    })?;
    if let Some(Action::ResolveFindings { findings }) = committed.map(|committed| committed.operation.action) {
        let ids: Vec<String> = findings.iter().map(ToString::to_string).collect();
        let sentence = format!("resolved {}", ids.join(", "));
        ctx.ui.answer(&IdsChanged { ids, sentence })?;
    }
    Ok(Exit::Good)
}

fn find(state: &State, text: &str) -> Result<FindingId, CliError> {
    let id: FindingId = text
        .to_ascii_lowercase()
        .parse()
        .map_err(|reason| CliError::usage(format!("{text:?} cannot be a finding's id: {reason}")))?;
    if state.findings.contains_key(&id) {
        return Ok(id);
    }
    let mut beginning = state.findings.keys().filter(|known| known.as_str().starts_with(id.as_str()));
    match (beginning.next(), beginning.next()) {
        (Some(only), None) => Ok(only.clone()),
        (Some(one), Some(other)) => {
            Err(CliError::refused("finding-ambiguous", format!("{id} may mean {one} or {other}"))
                .hint("git agents findings --all"))
        }
        _ => Err(CliError::refused("finding-not-found", format!("there is no finding {id}"))
            .hint("git agents findings --all")),
    }
}
