//! `git agents logs`

use std::io::{IsTerminal, Write};
use std::time::Duration;

use clap::Args;
use git_agents::plain::{Plain, plain};
use git_agents::run::folder::Stream;
use git_agents::run::output::{Follow, last};
use git_agents::run::{Mode, Run, RunError, list};

use super::complete_values::agent_names;
use super::run_names::absent;
use crate::context::{Context, agent_name};
use crate::error::{CliError, Exit};
use crate::view::run::bytes;
use crate::view::run_answers::LogsView;

/// How often it is looked for more.
const PAUSE: Duration = Duration::from_millis(100);

/// Show what the last run of an agent has written.
///
/// What would act on a terminal (colours, titles, the clipboard) is left out, also into a pipe, which may end on a
/// terminal; --raw gives the bytes as they were written.
#[derive(Debug, Args)]
pub(crate) struct LogsArgs {
    /// The agent.
    #[arg(add = agent_names())]
    agent: String,
    /// Go on showing what comes, until the run ends.
    #[arg(short, long)]
    follow: bool,
    /// Only the last N lines.
    #[arg(short = 'n', long, value_name = "N")]
    lines: Option<usize>,
    /// Standard error instead of standard output.
    #[arg(long)]
    stderr: bool,
    /// The bytes as they were written; not onto a terminal.
    #[arg(long)]
    raw: bool,
    /// Of this run instead of the last; the end of its id will do.
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
}

pub(crate) fn run(ctx: &Context, args: &LogsArgs) -> Result<Exit, CliError> {
    if args.raw && ctx.ui.json {
        return Err(CliError::usage("--raw is not JSON").hint(format!("git agents logs {} --raw", args.agent)));
    }
    if args.raw && std::io::stdout().is_terminal() {
        return Err(CliError::usage("--raw could harm the terminal that it would go to")
            .hint(format!("git agents logs {} --raw >FILE", args.agent)));
    }
    if args.follow && ctx.ui.json {
        return Err(CliError::usage("--follow has no end that one JSON object could be the answer at")
            .hint(format!("git agents logs {} --json", args.agent)));
    }
    let run = chosen(ctx, args)?;
    if run.plan().mode == Mode::Foreground {
        ctx.ui.note(&format!("{}'s run was in a terminal, and what it wrote was not kept", run.plan().agent));
    }
    if let Some(dropped) = run.dropped() {
        ctx.ui.note(&format!("{} of what {} wrote could not be kept", bytes(dropped), run.plan().agent));
    }
    if let Some(rotated) = run.rotated().filter(|_| args.lines.is_none()) {
        let limit = "agents.logLimit says how much is kept";
        ctx.ui.note(&format!(
            "{} of what {} wrote was given up for the rest; {limit}",
            bytes(rotated),
            run.plan().agent
        ));
    }
    let stream = if args.stderr { Stream::Err } else { Stream::Out };
    let failed = |error: std::io::Error| RunError::Io { path: run.folder.log(stream), reason: error.to_string() };
    if args.follow {
        follow(ctx, args, &run, stream).map_err(failed)?;
        return Ok(Exit::Good);
    }
    let bytes = last(&run.folder, stream, args.lines).map_err(failed)?;
    if args.raw {
        write(&bytes);
        return Ok(Exit::Good);
    }
    let (agent, id) = (run.plan().agent.to_string(), run.id.to_string());
    let stream = if args.stderr { "stderr" } else { "stdout" };
    ctx.ui.answer(&LogsView { agent, run: id, stream, text: plain(&bytes) })?;
    Ok(Exit::Good)
}

/// The run that is meant.
fn chosen(ctx: &Context, args: &LogsArgs) -> Result<Run, CliError> {
    let repo = ctx.repo()?;
    let agent = agent_name(&args.agent)?;
    let mut runs = list::all(repo)?.into_iter().filter(|run| run.plan().agent == agent);
    let found = match &args.run {
        Some(end) => runs.find(|run| run.id.as_str().ends_with(&end.to_ascii_lowercase())),
        None => runs.next(),
    };
    found.ok_or_else(|| {
        let (message, hint) = match &args.run {
            Some(_) => (format!("{agent} has no such run"), format!("git agents runs {agent} --json")),
            None => (format!("{agent} has not run"), format!("git agents run {agent}")),
        };
        absent(ctx, &agent, CliError::refused("run-not-found", message).hint(hint))
    })
}

fn follow(ctx: &Context, args: &LogsArgs, run: &Run, stream: Stream) -> std::io::Result<()> {
    let mut shown = Plain::default();
    let mut show = |bytes: &[u8]| match args.raw {
        true => write(bytes),
        false => write(shown.feed(bytes).as_bytes()),
    };
    let (mut follow, first) = Follow::begin(&run.folder, stream, args.lines)?;
    let mut is_read = show(&first);
    while is_read {
        // Looked at before the output, so that what was written at the end is not missed.
        let is_live = ctx.repo().is_ok_and(|repo| list::one(repo, &run.id).known().is_some_and(Run::is_live));
        let more = follow.more()?;
        is_read = show(&more);
        if more.is_empty() {
            if !is_live {
                break;
            }
            std::thread::sleep(PAUSE);
        }
    }
    if !args.raw {
        write(shown.end().as_bytes());
    }
    Ok(())
}

/// Whether somebody still reads.
fn write(bytes: &[u8]) -> bool {
    let mut out = std::io::stdout().lock();
    bytes.is_empty() || out.write_all(bytes).and_then(|()| out.flush()).is_ok()
}
