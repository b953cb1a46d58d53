//! `git agents agent …`

pub(crate) mod add;

use clap::{Args, Subcommand};

use crate::context::Context;
use crate::error::{CliError, Exit};

/// Add, list, show and remove agents.
#[derive(Debug, Args)]
pub(crate) struct AgentArgs {
    #[command(subcommand)]
    command: AgentCommand,
}

#[derive(Debug, Subcommand)]
enum AgentCommand {
    Add(add::AddArgs),
}

pub(crate) fn run(ctx: &Context, args: AgentArgs) -> Result<Exit, CliError> {
    match args.command {
        AgentCommand::Add(args) => add::run(ctx, args),
    }
}
