//! `git agents findings …`

pub(crate) mod add;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod resolve;

use clap::{Args, Subcommand, ValueEnum};
use git_agents::finding::{FindingId, Severity};
use git_agents::state::State;

use crate::context::Context;
use crate::error::{CliError, Exit};

/// List, add, resolve and import findings: what agents have noticed.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct FindingsArgs {
    #[command(subcommand)]
    command: Option<FindingsCommand>,
    #[command(flatten)]
    list: list::ListArgs,
}

#[derive(Debug, Subcommand)]
enum FindingsCommand {
    List(list::ListArgs),
    Add(add::AddArgs),
    Resolve(resolve::ResolveArgs),
    Import(import::ImportArgs),
}

pub(crate) fn run(ctx: &Context, args: FindingsArgs) -> Result<Exit, CliError> {
    match args.command {
        None => list::run(ctx, args.list),
        Some(FindingsCommand::List(args)) => list::run(ctx, args),
        Some(FindingsCommand::Add(args)) => add::run(ctx, args),
        Some(FindingsCommand::Resolve(args)) => resolve::run(ctx, &args),
        Some(FindingsCommand::Import(args)) => import::run(ctx, &args),
    }
}

/// A severity as the user types it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SeverityArg {
    Critical,
    High,
    Medium,
    Low,
    Info,
}

impl From<SeverityArg> for Severity {
    fn from(arg: SeverityArg) -> Self {
        match arg {
            SeverityArg::Critical => Severity::Critical,
            SeverityArg::High => Severity::High,
            SeverityArg::Medium => Severity::Medium,
            SeverityArg::Low => Severity::Low,
            SeverityArg::Info => Severity::Info,
        }
    }
}

/// An id that no finding has.
fn free_id(state: &State, random: &mut fastrand::Rng) -> FindingId {
    let parse = |id: &str| FindingId::try_from(id.to_owned());
    let taken = |id: &str| parse(id).is_ok_and(|id| state.findings.contains_key(&id));
    parse(&git_agents::task::generate_id(random, taken)).expect("base-32 letters are within the grammar")
}

fn invalid(error: &git_agents::finding::InvalidFinding) -> CliError {
    CliError::usage(error.to_string())
}
