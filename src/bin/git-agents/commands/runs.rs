//! `git agents runs`

use clap::Args;
use git_agents::agent::AgentName;
use git_agents::run::{Run, list, settle};

use super::complete_values::agent_names;
use crate::context::{Context, agent_name};
use crate::error::{CliError, Exit};
use crate::view::run::{RunView, RunsView};

/// Show what runs, and how the last run of every agent ended.
#[derive(Debug, Args)]
pub(crate) struct RunsArgs {
    /// All runs of these agents.
    #[arg(value_name = "AGENT", add = agent_names())]
    agents: Vec<String>,
    /// Also the runs before the last.
    #[arg(long)]
    all: bool,
    /// Only those of this batch.
    #[arg(long, value_name = "NAME")]
    batch: Option<String>,
}

pub(crate) fn run(ctx: &Context, args: &RunsArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    let agents = args.agents.iter().map(|name| agent_name(name)).collect::<Result<Vec<AgentName>, _>>()?;
    settle_quietly(ctx)?;
    let all = list::all(repo)?;
    let in_batch = |run: &&Run| args.batch.is_none() || run.plan().batch == args.batch;
    let of_agents = |run: &&Run| agents.is_empty() || agents.contains(&run.plan().agent);
    let wanted: Vec<&Run> = all.iter().filter(in_batch).filter(of_agents).collect();
    let is_old = |run: &&Run| {
        let newest = all.iter().find(|other| other.plan().agent == run.plan().agent);
        !run.is_live() && newest.is_some_and(|newest| newest.id != run.id)
    };
    let shown: Vec<&Run> = match args.all || !agents.is_empty() || args.batch.is_some() {
        true => wanted.clone(),
        false => wanted.iter().filter(|run| !is_old(run)).copied().collect(),
    };
    let idle_after = list::idle_after(repo)?;
    let runs: Vec<RunView> = shown.iter().map(|run| RunView::new(repo, run, ctx.world.now, idle_after)).collect();
    for folder in list::unreadable(repo)?.iter().filter(|folder| folder.plan().exists()) {
        ctx.ui.warn(&format!("the run in {} cannot be read; see git agents doctor", folder.path().display()));
    }
    ctx.ui.answer(&RunsView { more: wanted.len() - shown.len(), runs })?;
    Ok(Exit::Good)
}

/// Put what has ended into the history. What stands in the way of that is no reason not to show it.
pub(crate) fn settle_quietly(ctx: &Context) -> Result<(), CliError> {
    for run in settle::unsettled(ctx.repo()?)? {
        if let Err(error) = settle::settle(ctx.repo()?, &ctx.world, &run) {
            ctx.ui.detail(&format!("how {} ended is not recorded yet: {error}", run.plan().agent));
        }
    }
    Ok(())
}
