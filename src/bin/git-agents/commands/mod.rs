//! A file a command, at the path that the user types.

pub(crate) mod agent;
pub(crate) mod assign;
pub(crate) mod attach;
mod begun;
pub(crate) mod brief;
pub(crate) mod claim;
pub(crate) mod claims;
pub(crate) mod cleanup;
pub(crate) mod complete;
pub(crate) mod complete_values;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod conflicts;
pub(crate) mod conflicts_path;
mod conflicts_watch;
pub(crate) mod create;
pub(crate) mod demo;
pub(crate) mod doctor;
mod enrolling;
pub(crate) mod execute;
pub(crate) mod fail;
pub(crate) mod fanout;
pub(crate) mod findings;
pub(crate) mod guard;
mod guard_hook;
pub(crate) mod hooks;
pub(crate) mod in_repository;
pub(crate) mod init;
pub(crate) mod kill;
pub(crate) mod log;
pub(crate) mod logs;
pub(crate) mod man;
pub(crate) mod merge;
pub(crate) mod merge_continue;
pub(crate) mod merge_order;
pub(crate) mod multi;
pub(crate) mod narrator;
pub(crate) mod next;
pub(crate) mod presets;
pub(crate) mod profiles;
pub(crate) mod ready;
pub(crate) mod rebase;
pub(crate) mod recover;
pub(crate) mod release;
pub(crate) mod report;
pub(crate) mod reset;
pub(crate) mod resolve;
pub(crate) mod run;
mod run_names;
pub(crate) mod runs;
pub(crate) mod send;
pub(crate) mod settle;
pub(crate) mod start;
pub(crate) mod status;
mod stranger;
pub(crate) mod sync;
pub(crate) mod task;
pub(crate) mod terms;
pub(crate) mod trust;
pub(crate) mod unassign;
pub(crate) mod undo;
pub(crate) mod wait;

use clap::CommandFactory;

use crate::cli::{Cli, Command};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::sharing;

/// Run what was asked for; nothing asked for is `status` in a repository that has agents, else the short help.
pub(crate) fn run(ctx: &Context, command: Option<Command>) -> Result<Exit, CliError> {
    let Some(command) = command else { return bare(ctx) };
    let before = sharing::before(ctx, &command);
    let exit = carry_out(ctx, command)?;
    sharing::ride_along(ctx, &before);
    Ok(exit)
}

fn carry_out(ctx: &Context, command: Command) -> Result<Exit, CliError> {
    match command {
        Command::Init(args) => init::run(ctx, &args),
        Command::Agent(args) => agent::run(ctx, args),
        Command::Task(args) => task::run(ctx, args),
        Command::Assign(args) => assign::run(ctx, args),
        Command::Unassign(args) => unassign::run(ctx, args),
        Command::Start(args) => start::run(ctx, args),
        Command::Next(args) => next::run(ctx, &args),
        Command::Complete(args) => complete::run(ctx, args),
        Command::Fail(args) => fail::run(ctx, &args),
        Command::Ready(args) => ready::run(ctx, &args),
        Command::Claim(args) => claim::run(ctx, args),
        Command::Release(args) => release::run(ctx, args),
        Command::Claims(args) => claims::run(ctx, &args),
        Command::Guard(args) => guard::run(ctx, &args),
        Command::Hooks(args) => hooks::run(ctx, &args),
        Command::Findings(args) => findings::run(ctx, args),
        Command::Conflicts(args) => conflicts::run(ctx, &args),
        Command::MergeOrder(args) => merge_order::run(ctx, &args),
        Command::Rebase(args) => rebase::run(ctx, &args),
        Command::Merge(args) => merge::run(ctx, &args),
        Command::Cleanup(args) => cleanup::run(ctx, &args),
        Command::Resolve(args) => resolve::run(ctx, &args),
        Command::Create(args) => create::run(ctx, args),
        Command::Multi(args) => multi::run(ctx, args),
        Command::Fanout(args) => fanout::run(ctx, args),
        Command::Execute(args) => execute::run(ctx, args),
        Command::Run(args) => run::run(ctx, args),
        Command::Runs(args) => runs::run(ctx, &args),
        Command::Logs(args) => logs::run(ctx, &args),
        Command::Send(args) => send::run(ctx, &args),
        Command::Report(args) => report::run(ctx, &args),
        Command::Wait(args) => wait::run(ctx, &args),
        Command::Kill(args) => kill::run(ctx, &args),
        Command::Log(args) => log::run(ctx, args),
        Command::Sync(args) => sync::run(ctx, args),
        Command::Undo(args) => undo::run(ctx, &args),
        Command::Recover(args) => recover::run(ctx, &args),
        Command::Reset(args) => reset::run(ctx, &args),
        Command::Config(args) => config::run(ctx, &args),
        Command::Attach(args) => attach::run(ctx, &args),
        Command::Brief(args) => brief::run(ctx, &args),
        Command::Profiles(args) => profiles::run(ctx, &args),
        Command::Presets(args) => presets::run(ctx, &args),
        Command::Trust(args) => trust::run(ctx, &args),
        Command::Doctor(args) => doctor::run(ctx, &args),
        Command::Status(args) => status::run(ctx, &args),
        Command::Demo(args) => demo::run(ctx, &args),
        Command::Completions(args) => completions::run(ctx, &args),
        Command::Man(args) => man::run(ctx, args),
    }
}

fn bare(ctx: &Context) -> Result<Exit, CliError> {
    if ctx.repo().is_ok_and(|repo| git_agents::store::tip(repo).is_ok_and(|tip| tip.is_some())) {
        return status::run(ctx, &status::StatusArgs::default());
    }
    let help = Cli::command().render_help().to_string();
    ctx.ui.raw(&help)?;
    Ok(Exit::Good)
}
