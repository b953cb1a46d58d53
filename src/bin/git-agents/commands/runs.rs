//! `git agents runs`

use clap::Args;
use git_agents::agent::AgentName;
use git_agents::run::folder::Folder;
use git_agents::run::{Census, Hidden, Run, hidden, list, settle};

use super::complete_values::agent_names;
use super::execute::conclude_ended;
use super::run_names::{Meant, check_batch};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::run::{RunView, RunsView};

/// Show what runs, and how the last run of every agent ended.
#[derive(Debug, Args)]
pub(crate) struct RunsArgs {
    /// All runs of these agents; * and ? stand for letters of a name.
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
    let agents = Meant::all(&args.agents)?;
    settle_quietly(ctx)?;
    let all = list::all(repo)?;
    agents.iter().try_for_each(|meant| meant.check(ctx, &all))?;
    args.batch.iter().try_for_each(|batch| check_batch(ctx, &all, batch))?;
    let in_batch = |run: &&Run| args.batch.is_none() || run.plan().batch == args.batch;
    let of_agents = |run: &&Run| agents.is_empty() || agents.iter().any(|meant| meant.is(&run.plan().agent));
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
    let census = Census::default();
    let view = |run: &&Run| RunView::new(repo, run, ctx.world.now, idle_after).with_left(run, &census);
    let runs: Vec<RunView> = shown.iter().map(view).collect();
    warn_of_hidden(ctx, &hidden::hidden(repo)?)?;
    ctx.ui.answer(&RunsView { more: wanted.len() - shown.len(), runs })?;
    Ok(Exit::Good)
}

/// Name what cannot be shown.
pub(crate) fn warn_of_hidden(ctx: &Context, hidden: &[Hidden]) -> Result<(), CliError> {
    let repo = ctx.repo()?;
    for one in hidden {
        let agent = one.agent.as_ref().map_or("an agent", AgentName::as_str);
        let wanted = one.agent.as_ref().map_or("--all", AgentName::as_str);
        ctx.ui.warn(&format!("{agent} runs, and its records cannot be read; git agents kill {wanted} ends it"));
    }
    let is_dead = |folder: &&Folder| folder.plan().exists() && hidden.iter().all(|one| one.folder != **folder);
    for folder in list::unreadable(repo)?.iter().filter(is_dead) {
        ctx.ui.warn(&format!("the run in {} cannot be read; see git agents doctor", folder.path().display()));
    }
    Ok(())
}

/// Put what has ended into the history, and judge what is of a batch. What stands in the way of that is no reason not to
/// show it.
pub(crate) fn settle_quietly(ctx: &Context) -> Result<(), CliError> {
    for run in settle::unsettled(ctx.repo()?)? {
        if let Err(error) = settle::settle(ctx.repo()?, &ctx.world, &run) {
            ctx.ui.detail(&format!("how {} ended is not recorded yet: {error}", run.plan().agent));
        }
    }
    conclude_ended(ctx);
    Ok(())
}
