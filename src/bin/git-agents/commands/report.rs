//! `git agents report`

use clap::{Args, ValueEnum};
use git_agents::run::record::Reported;
use git_agents::run::{Run, input, list};
use git_agents::store::Scope;

use super::complete_values::agent_names;
use super::run_names::absent;
use crate::context::{Context, agent_name};
use crate::error::{CliError, Exit};
use crate::view::run_answers::ReportedView;

/// Say what the agent's run is doing: that it waits for an answer, or goes on.
///
/// For programs and their hooks: called from within a run, it is about that run.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// What it does.
    state: Word,
    /// In one line: what it waits for.
    #[arg(value_name = "TEXT")]
    text: Option<String>,
    /// The agent, when it is not the run that this is called from.
    #[arg(long, value_name = "AGENT", add = agent_names())]
    agent: Option<String>,
}

/// What can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Word {
    /// It goes on.
    Working,
    /// It needs an answer; it counts as waiting until it writes something again.
    Waiting,
}

pub(crate) fn run(ctx: &Context, args: &ReportArgs) -> Result<Exit, CliError> {
    let state = match args.state {
        Word::Working => Reported::Working,
        Word::Waiting => Reported::Waiting,
    };
    let run = chosen(ctx, args.agent.as_deref())?;
    let report = input::report(&run, &ctx.world, state, args.text.as_deref())?;
    ctx.ui.answer(&ReportedView::new(&run, state, report.text))?;
    Ok(Exit::Good)
}

fn chosen(ctx: &Context, named: Option<&str>) -> Result<Run, CliError> {
    let repo = ctx.repo()?;
    if let (None, Some(run)) = (named, input::around(repo)) {
        return Ok(run);
    }
    let agent = match named {
        Some(name) => agent_name(name)?,
        None => ctx.agent(&ctx.load(&Scope::open())?.state, None)?,
    };
    list::live_of(repo, &agent)?.ok_or_else(|| {
        let error = CliError::refused("not-running", format!("{agent} is not running"));
        absent(ctx, &agent, error.hint(format!("git agents run {agent}")))
    })
}
