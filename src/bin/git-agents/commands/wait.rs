//! `git agents wait`

use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use git_agents::duration;
use git_agents::run::state::State;
use git_agents::run::{Run, RunId, Until, Waited, hidden, input, list, wait};

use super::complete_values::agent_names;
use super::run_names::Meant;
use super::runs::{settle_quietly, warn_of_hidden};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::run::RunView;
use crate::view::run_answers::WaitedView;

/// Wait until runs have ended.
///
/// Exit status 0 when what is waited for is so for all of them, 1 when it is not: one has ended otherwise, or the time
/// is over. Without names for everything that runs now. What is called by a run does not wait for that run.
#[derive(Debug, Args)]
pub(crate) struct WaitArgs {
    /// The agents whose last run is waited for; * and ? stand for letters of a name.
    #[arg(value_name = "AGENT", add = agent_names())]
    agents: Vec<String>,
    /// What to wait for.
    #[arg(long, value_name = "STATE", default_value = "done")]
    until: UntilWord,
    /// Not longer than this: 90s, 10m, 2h.
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    timeout: Option<Duration>,
}

/// What can be waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum UntilWord {
    /// It has ended; status 0 only when all have ended well.
    Done,
    /// It has ended, is idle, or waits for an answer.
    Idle,
    /// It has failed, timed out, been killed or lost.
    Failed,
}

pub(crate) fn run(ctx: &Context, args: &WaitArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    let until = match args.until {
        UntilWord::Done => Until::Over,
        UntilWord::Idle => Until::Idle,
        UntilWord::Failed => Until::Failed,
    };
    let deadline = args.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let mut waited = Vec::new();
    warn_of_hidden(ctx, &hidden::hidden(repo)?)?;
    for id in chosen(ctx, args)? {
        waited.push(wait(repo, &id, until, deadline)?);
    }
    settle_quietly(ctx)?;
    let now = ctx.afresh().world.now;
    let idle_after = list::idle_after(repo)?;
    let is_good = |one: &Waited| match (one, args.until) {
        (Waited::Reached(run), UntilWord::Done) => run.state(now, idle_after) == State::Done,
        (Waited::Reached(_), _) => true,
        (Waited::Never(_) | Waited::TimedOut(_), _) => false,
    };
    let exit = if waited.iter().all(is_good) { Exit::Good } else { Exit::Negative };
    let timed_out = waited.iter().any(|one| matches!(one, Waited::TimedOut(_)));
    let view = |one: &Waited| {
        let run = list::one(repo, &one.run().id).known().cloned().unwrap_or_else(|| one.run().clone());
        RunView::new(repo, &run, now, idle_after)
    };
    ctx.ui.answer(&WaitedView { runs: waited.iter().map(view).collect(), timed_out })?;
    Ok(exit)
}

fn chosen(ctx: &Context, args: &WaitArgs) -> Result<Vec<RunId>, CliError> {
    let all = list::all(ctx.repo()?)?;
    // It would wait for itself.
    let own = input::around(ctx.repo()?).map(|run| run.id);
    let is_other = |run: &&Run| own.as_ref() != Some(&run.id);
    if args.agents.is_empty() {
        return Ok(all.iter().filter(|run| run.is_live()).filter(is_other).map(|run| run.id.clone()).collect());
    }
    let mut ids = Vec::new();
    for meant in Meant::all(&args.agents)? {
        meant.check(ctx, &all)?;
        let of_it: Vec<&Run> = all.iter().filter(|run| meant.is(&run.plan().agent)).collect();
        if of_it.is_empty() {
            let error = CliError::refused("run-not-found", format!("{} has not run", meant.text));
            let start = format!("git agents run {}", meant.text);
            return Err(error.hint(if meant.is_pattern { "git agents runs".to_owned() } else { start }));
        }
        // The newest of each comes first.
        let mut seen = Vec::new();
        for run in of_it {
            if seen.contains(&&run.plan().agent) {
                continue;
            }
            seen.push(&run.plan().agent);
            if is_other(&run) {
                ids.push(run.id.clone());
            } else if !meant.is_pattern {
                let message = format!("this is called by the run of {}, which would wait for itself", meant.text);
                return Err(CliError::refused("own-run", message).hint("git agents wait"));
            }
        }
    }
    ids.sort();
    ids.dedup();
    Ok(ids)
}
