//! `git agents agent list`

use clap::Args;
use git_agents::config;
use git_agents::store::Scope;
use git_agents::sync::Provisional;
use git_agents::work::overview::{AgentOverview, overview};

use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::status::{AgentList, agent_view};

/// List the agents.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Do not look into the worktrees for uncommitted changes.
    #[arg(long)]
    no_dirty: bool,
}

pub(crate) fn run(ctx: &Context, args: &ListArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    let snapshot = ctx.load(&Scope::open())?;
    let state = &snapshot.state;
    let overview = overview(repo, &config::target(repo)?, state, !args.no_dirty)?;
    let provisional = Provisional::read(repo)?;
    let row = |seen: &AgentOverview| {
        let agent = state.agents.get(&seen.name)?;
        Some(agent_view(state, agent, seen, &provisional, &ctx.ui.out))
    };
    ctx.ui.answer(&AgentList { agents: overview.iter().filter_map(row).collect() })?;
    Ok(Exit::Good)
}
