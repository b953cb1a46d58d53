//! `git agents agent …`

pub(crate) mod add;
pub(crate) mod list;
pub(crate) mod remove;
pub(crate) mod show;

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
    List(list::ListArgs),
    Show(show::ShowArgs),
    Remove(remove::RemoveArgs),
}

pub(crate) fn run(ctx: &Context, args: AgentArgs) -> Result<Exit, CliError> {
    match args.command {
        AgentCommand::Add(args) => add::run(ctx, args),
        AgentCommand::List(args) => list::run(ctx, &args),
        AgentCommand::Show(args) => show::run(ctx, &args),
        AgentCommand::Remove(args) => remove::run(ctx, &args),
    }
}
