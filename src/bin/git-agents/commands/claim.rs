//! `git agents claim`

use std::ffi::{OsStr, OsString};

use clap::Args;
use git_agents::agent::AgentName;
use git_agents::claim::{ClaimedPath, NewClaim};
use git_agents::state::{Action, State};
use git_agents::store::Scope;

use super::complete_values::agent_names;
use super::in_repository::claimable;
use super::task::reason;
use super::terms::ttl;
use crate::context::Context;
use crate::error::{CliError, Exit, quoted};
use crate::sharing::{OfflineArg, Sharing};
use crate::view::claim::ClaimedView;

/// Reserve files or folders for an agent, so that others keep out of them or know that they meet there.
///
/// A claim is on a path as it is written, and on everything below it when that is a folder; patterns are not taken, and
/// the path need not exist yet. Claims of several agents on the same path are allowed and named, unless one of them is
/// exclusive: then the answer is who has it, and exit status 1. In an agent's worktree AGENT may be left out.
///
/// A claim ends with the task that the agent has in hand, when it is released, or when the agent has given no sign of
/// life for as long as its lease runs. It is what `git agents guard` looks at before a file is changed.
#[derive(Debug, Args)]
pub(crate) struct ClaimArgs {
    /// The agent; may be left out in its worktree.
    #[arg(value_name = "AGENT", required = true, add = agent_names())]
    agent: OsString,
    /// The files and folders, from the folder that you are in.
    #[arg(value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    paths: Vec<OsString>,
    /// Nobody else may claim any of it.
    #[arg(long)]
    exclusive: bool,
    /// How long the claims stay without a sign of life from the agent, such as 45m, 4h or 2d [default: 2h].
    #[arg(long, value_name = "DURATION", value_parser = ttl)]
    ttl: Option<u32>,
    /// Why, for whoever meets the claim.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    reason: Option<String>,
    #[command(flatten)]
    offline: OfflineArg,
}

pub(crate) fn run(ctx: &Context, args: ClaimArgs) -> Result<Exit, CliError> {
    let ClaimArgs { agent, paths, exclusive, ttl, reason: why, offline } = args;
    let words: Vec<OsString> = std::iter::once(agent).chain(paths).collect();
    let sharing = match Sharing::begin(ctx, offline) {
        // A shared claim keeps nobody out, so nobody has to confirm it.
        Err(error) if !exclusive && error.exit == Exit::Outside => {
            ctx.ui.warn(&format!("what others have claimed since is not known: {}", error.message));
            Sharing::begin(ctx, OfflineArg { offline: true })?
        }
        sharing => sharing?,
    };
    let snapshot = ctx.load(&Scope::open())?;
    let (agent, rest) = agent_and_paths(ctx, &snapshot.state, &words)?;
    if rest.is_empty() {
        let error = CliError::usage(format!("say which files or folders {agent} claims"));
        return Err(error.hint(format!("git agents claim {agent} PATH…")));
    }
    let why = why.map(|text| reason(&text)).transpose()?;
    let mut claims: Vec<NewClaim> = Vec::new();
    for given in rest {
        let path = claimable(ctx, given)?;
        is_no_pattern(ctx, given, &path)?;
        if !claims.iter().any(|claim| claim.path.is(&path)) {
            claims.push(NewClaim { path, exclusive, reason: why.clone() });
        }
    }
    let paths: Vec<ClaimedPath> = claims.iter().map(|claim| claim.path.clone()).collect();
    let action = Action::Claim { agent: agent.clone(), claims, ttl_s: ttl };
    let committed = sharing.settled(ctx, || ctx.transact(&Scope::open(), |_, _| Ok(Some(action.clone().into()))))?;
    if let Some(committed) = committed {
        sharing.confirm(ctx, &committed.operation)?;
        ctx.ui.answer(&ClaimedView::new(&committed.state, &agent, &paths, sharing.is_provisional))?;
    }
    Ok(Exit::Good)
}

/// Split words that begin with an optional agent. Paths may be anything, so only an agent's name is one.
pub(crate) fn agent_and_paths<'w>(
    ctx: &Context,
    state: &State,
    words: &'w [OsString],
) -> Result<(AgentName, &'w [OsString]), CliError> {
    let named = |word: &OsStr| word.to_str()?.parse().ok().filter(|name: &AgentName| state.agents.contains_key(name));
    match words.split_first() {
        Some((first, rest)) => match named(first) {
            Some(agent) => Ok((agent, rest)),
            None => {
                let word = first.to_str().filter(|word| word.parse::<AgentName>().is_ok());
                let here = ctx.agent_here(state);
                Ok((here.map_or_else(|| ctx.agent(state, word), Ok)?, words))
            }
        },
        None => Ok((ctx.agent(state, None)?, words)),
    }
}

/// A shell leaves a pattern that matches nothing as it is; a claim on a path of that name would guard nothing.
fn is_no_pattern(ctx: &Context, given: &OsStr, path: &ClaimedPath) -> Result<(), CliError> {
    let exists = ctx.repo()?.worktree().is_some_and(|top| top.join(path.as_str()).symlink_metadata().is_ok());
    if exists || !path.as_str().contains(['*', '?', '[']) {
        return Ok(());
    }
    let folder = path.as_str().split('/').take_while(|part| !part.contains(['*', '?', '[']));
    let folder = folder.collect::<Vec<_>>().join("/");
    let message = format!("{} is a pattern, and claims are on files and folders", quoted(&given.to_string_lossy()));
    let folder = if folder.is_empty() { ".".to_owned() } else { folder };
    Err(CliError::usage(message).hint(format!("git agents claim {}, from the top of the worktree", quoted(&folder))))
}
