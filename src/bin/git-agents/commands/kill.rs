//! `git agents kill`

use std::time::Duration;

use clap::Args;
use git_agents::duration;
use git_agents::git::identity;
use git_agents::run::{Run, RunError, Stopped, list, settle, stop};

use super::complete_values::agent_names;
use crate::context::{Context, agent_name};
use crate::error::{CliError, Exit};
use crate::view::run::RunView;
use crate::view::run_answers::{EndedRun, KilledView};

/// How long a program has to end by itself.
const GRACE: Duration = Duration::from_secs(10);

/// End the runs of agents, with everything that they have started.
///
/// The program is asked to end (TERM) and, when it has not after the grace, killed; so is everything that has come from
/// it. What runs without a supervisor, which was killed, is ended too.
#[derive(Debug, Args)]
pub(crate) struct KillArgs {
    /// The agents; * and ? stand for letters of a name.
    #[arg(value_name = "AGENT", add = agent_names())]
    agents: Vec<String>,
    /// All that run.
    #[arg(long, conflicts_with_all = ["agents", "batch"])]
    all: bool,
    /// All of this batch.
    #[arg(long, value_name = "NAME", conflicts_with = "agents")]
    batch: Option<String>,
    /// How long it has to end by itself [default: 10s].
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    grace: Option<Duration>,
}

pub(crate) fn run(ctx: &Context, args: &KillArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    if args.agents.is_empty() && !args.all && args.batch.is_none() {
        return Err(CliError::usage("say whose run, or --all").hint("git agents runs").hint("git agents kill --all"));
    }
    let runs = chosen(ctx, args)?;
    let by = identity::committer(repo, ctx.world.now).map_or_else(|| "somebody".to_owned(), |who| who.name.to_string());
    let grace = args.grace.unwrap_or(GRACE);
    // All at once: each may take as long as the grace.
    let results: Vec<Result<Stopped, RunError>> = std::thread::scope(|scope| {
        let end = |run| {
            let (repo, by) = (repo.clone(), by.as_str());
            scope.spawn(move || stop(&repo, run, by, grace))
        };
        let threads: Vec<_> = runs.iter().map(end).collect();
        let broken = || Err(RunError::Supervisor { reason: "a thread has ended early".to_owned() });
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| broken())).collect()
    });
    let idle_after = list::idle_after(repo)?;
    let now = ctx.afresh().world.now;
    let mut killed = Vec::new();
    let mut failure = None;
    for result in results {
        match result {
            Ok(Stopped { was_over, leftovers, run }) => {
                drop(settle::settle(repo, &ctx.world, &run));
                killed.push(EndedRun { run: RunView::new(repo, &run, now, idle_after), leftovers, was_over });
            }
            Err(error) => failure = Some(error),
        }
    }
    ctx.ui.answer(&KilledView { killed })?;
    failure.map_or(Ok(Exit::Good), |error| Err(error.into()))
}

/// What is to end: everything that is meant and runs, or has left something that does.
fn chosen(ctx: &Context, args: &KillArgs) -> Result<Vec<Run>, CliError> {
    let all = list::all(ctx.repo()?)?;
    let is_there = |run: &Run| run.is_live() || (run.facts.ended.known().is_none() && !stop::leftovers(run).is_empty());
    let there: Vec<Run> = all.iter().filter(|run| is_there(run)).cloned().collect();
    if args.all {
        return Ok(there);
    }
    if let Some(batch) = &args.batch {
        return Ok(there.into_iter().filter(|run| run.plan().batch.as_ref() == Some(batch)).collect());
    }
    let mut found: Vec<Run> = Vec::new();
    for wanted in &args.agents {
        let is_pattern = wanted.contains(['*', '?', '[']);
        if !is_pattern {
            agent_name(wanted)?;
        }
        let matches = |run: &&Run| {
            let name = run.plan().agent.as_str();
            if is_pattern { is_like(wanted, name) } else { wanted == name }
        };
        let before = found.len();
        found.extend(there.iter().filter(matches).cloned());
        if found.len() == before && !is_pattern {
            return Err(CliError::refused("not-running", format!("{wanted} is not running")).hint("git agents runs"));
        }
    }
    found.sort_by(|one, other| one.id.cmp(&other.id));
    found.dedup_by(|one, other| one.id == other.id);
    Ok(found)
}

fn is_like(pattern: &str, name: &str) -> bool {
    gix::glob::wildmatch(pattern.into(), name.into(), gix::glob::wildmatch::Mode::empty())
}
