//! `git agents kill`

use std::time::Duration;

use clap::Args;
use git_agents::agent::AgentName;
use git_agents::duration;
use git_agents::git::{Repository, identity};
use git_agents::run::{Census, Hidden, Run, RunError, Stopped, hidden, list, settle, stop};

use super::complete_values::agent_names;
use super::run_names::{Meant, check_batch};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::run::RunView;
use crate::view::run_answers::{EndedRun, EndedUnread, KilledView};

/// How long a program has to end by itself.
const GRACE: Duration = Duration::from_secs(10);

/// End the runs of agents, with everything that they have started.
///
/// The program is asked to end (TERM) and, when it has not after the grace, killed; so is everything that has come from
/// it. What runs without a supervisor, which was killed, is ended too, and what runs although its records are gone. Of
/// several agents those that do not run are named, and the others are ended.
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
    let idle_after = list::idle_after(repo)?;
    let going = chosen(ctx, args)?;
    let by = identity::committer(repo, ctx.world.now).map_or_else(|| "somebody".to_owned(), |who| who.name.to_string());
    let grace = args.grace.unwrap_or(GRACE);
    let results = at_once(repo, &going.runs, |repo, run| stop(repo, run, &by, grace));
    let unread = at_once(repo, &going.hidden, |repo, run| hidden::stop(repo, run, &by, grace));
    let now = ctx.afresh().world.now;
    let (mut killed, mut without_records) = (Vec::new(), Vec::new());
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
    for (run, result) in going.hidden.iter().zip(unread) {
        match result {
            Ok(processes) => without_records.push(EndedUnread::new(run, processes)),
            Err(error) => failure = Some(error),
        }
    }
    for agent in &going.over {
        ctx.ui.note(&format!("{agent} was not running"));
    }
    match failure {
        Some(error) if killed.is_empty() && without_records.is_empty() => return Err(error.into()),
        _ => ctx.ui.answer(&KilledView { killed, without_records })?,
    }
    failure.map_or(Ok(Exit::Good), |error| Err(error.into()))
}

/// End all of them at once: each may take as long as the grace.
fn at_once<R: Sync, T: Send>(
    repo: &Repository,
    runs: &[R],
    end: impl Fn(&Repository, &R) -> Result<T, RunError> + Sync,
) -> Vec<Result<T, RunError>> {
    std::thread::scope(|scope| {
        let end = &end;
        let start = |run| {
            let repo = repo.clone();
            scope.spawn(move || end(&repo, run))
        };
        let threads: Vec<_> = runs.iter().map(start).collect();
        let broken = || Err(RunError::Supervisor { reason: "a thread has ended early".to_owned() });
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| broken())).collect()
    })
}

/// What is to end.
struct Going<'a> {
    runs: Vec<Run>,
    /// Those whose records cannot be read.
    hidden: Vec<Hidden>,
    /// Agents that were named and do not run.
    over: Vec<&'a str>,
}

/// Everything that is meant and runs, or has left something that does.
fn chosen<'a>(ctx: &Context, args: &'a KillArgs) -> Result<Going<'a>, CliError> {
    let repo = ctx.repo()?;
    let all = list::all(repo)?;
    let census = Census::default();
    let mut runs: Vec<Run> = all.clone();
    runs.retain(|run| run.is_live() || !run.left(&census).is_empty());
    runs.sort_by(|one, other| one.id.cmp(&other.id));
    let mut hidden = hidden::hidden(repo)?;
    if let Some(batch) = &args.batch {
        check_batch(ctx, &all, batch)?;
        runs.retain(|run| run.plan().batch.as_ref() == Some(batch));
        return Ok(Going { runs, hidden: Vec::new(), over: Vec::new() });
    }
    if args.all {
        return Ok(Going { runs, hidden, over: Vec::new() });
    }
    let meant = Meant::all(&args.agents)?;
    let is_meant = |agent: &AgentName| meant.iter().any(|one| one.is(agent));
    runs.retain(|run| is_meant(&run.plan().agent));
    let nobodys = hidden.iter().any(|run| run.agent.is_none());
    hidden.retain(|run| run.agent.as_ref().is_some_and(is_meant));
    let mut over = Vec::new();
    for one in &meant {
        let has_run = runs.iter().any(|run| one.is(&run.plan().agent));
        if has_run || hidden.iter().any(|run| run.agent.as_ref().is_some_and(|agent| one.is(agent))) {
            continue;
        }
        one.check(ctx, &all)?;
        if let (true, Ok(agent)) = (nobodys, one.text.parse()) {
            return Err(RunError::Hidden { agent }.into());
        }
        over.extend((!one.is_pattern).then_some(one.text));
    }
    match over.first() {
        Some(first) if runs.is_empty() && hidden.is_empty() => {
            Err(CliError::refused("not-running", format!("{first} is not running")).hint("git agents runs"))
        }
        _ => Ok(Going { runs, hidden, over }),
    }
}
