//! `git agents send`

use std::io::Read;

use clap::Args;
use git_agents::run::{Mode, Run, RunError, input, list, tmux};

use super::complete_values::agent_names;
use super::run_names::absent;
use crate::context::{Context, agent_name};
use crate::error::{CliError, Exit};
use crate::view::run_answers::SentView;

/// Send text to an agent's program, with a line break at its end.
///
/// In tmux it is typed into the agent's window, with Enter at its end. Otherwise it goes to the program's standard input,
/// where its profile keeps that open (agents.profile.<name>.stdin). Text of several lines arrives as it is.
#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// The agent.
    #[arg(add = agent_names())]
    agent: String,
    /// The text; `-` reads it from standard input.
    #[arg(value_name = "TEXT", required_unless_present = "end")]
    text: Option<String>,
    /// Nothing more comes: its input ends after this.
    #[arg(long)]
    end: bool,
}

pub(crate) fn run(ctx: &Context, args: &SendArgs) -> Result<Exit, CliError> {
    let agent = agent_name(&args.agent)?;
    let run = list::live_of(ctx.repo()?, &agent)?.ok_or_else(|| {
        let error = CliError::refused("not-running", format!("{agent} is not running"));
        absent(ctx, &agent, error.hint(format!("git agents run {agent}")))
    })?;
    let mut bytes = match args.text.as_deref() {
        Some("-") => from_input()?,
        Some(text) => text.as_bytes().to_vec(),
        None => Vec::new(),
    };
    if args.text.is_some() && !bytes.ends_with(b"\n") {
        bytes.push(b'\n');
    }
    if run.plan().mode == Mode::Tmux {
        type_in(&run, &bytes, args.end)?;
    } else {
        input::send(&run, &bytes)?;
        if args.end {
            input::end_input(&run)?;
        }
    }
    ctx.ui.answer(&SentView { agent: agent.to_string(), run: run.id.to_string(), bytes: bytes.len() })?;
    Ok(Exit::Good)
}

/// A terminal takes text, and its input does not end.
fn type_in(run: &Run, bytes: &[u8], is_end: bool) -> Result<(), CliError> {
    if is_end {
        return Err(CliError::usage("the input of a window in tmux does not end")
            .hint(format!("git agents kill {}", run.plan().agent)));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| CliError::usage("what is to be sent is no UTF-8 text"))?;
    Ok(tmux::send(&tmux::window_of(run)?, text)?)
}

fn from_input() -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|error| RunError::Io { path: "standard input".into(), reason: error.to_string() })?;
    Ok(bytes)
}
