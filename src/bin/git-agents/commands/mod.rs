//! A file a command, at the path that the user types.

pub(crate) mod agent;
pub(crate) mod assign;
pub(crate) mod complete_values;
pub(crate) mod completions;
pub(crate) mod fail;
pub(crate) mod findings;
pub(crate) mod init;
pub(crate) mod log;
pub(crate) mod ready;
pub(crate) mod task;
pub(crate) mod unassign;

use clap::CommandFactory;

use crate::cli::{Cli, Command};
use crate::context::Context;
use crate::error::{CliError, Exit};

/// Run what was asked for; nothing asked for is `status` in a repository that has agents, else the short help.
pub(crate) fn run(ctx: &Context, command: Option<Command>) -> Result<Exit, CliError> {
    let Some(command) = command else { return bare(ctx) };
    match command {
        Command::Init(args) => init::run(ctx, args),
        Command::Agent(args) => agent::run(ctx, args),
        Command::Task(args) => task::run(ctx, args),
        Command::Assign(args) => assign::run(ctx, args),
        Command::Unassign(args) => unassign::run(ctx, args),
        Command::Fail(args) => fail::run(ctx, args),
        Command::Ready(args) => ready::run(ctx, args),
        Command::Findings(args) => findings::run(ctx, args),
        Command::Log(args) => log::run(ctx, args),
    }
}

fn bare(ctx: &Context) -> Result<Exit, CliError> {
    let help = Cli::command().render_help().to_string();
    ctx.ui.raw(&help)?;
    Ok(Exit::Good)
}
