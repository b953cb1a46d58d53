//! `git agents config …`

pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod set;

use clap::{Args, Subcommand};
use git_agents::config::keys::{self, Key};

use crate::context::Context;
use crate::error::{CliError, Exit};

/// List the settings with where each comes from; get and set one.
///
/// They are variables of git's configuration below `agents.`; `.agents.toml` in the target's tree may give defaults to
/// some of them.
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    command: Option<ConfigCommand>,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    List(list::ListArgs),
    Get(get::GetArgs),
    Set(set::SetArgs),
}

pub(crate) fn run(ctx: &Context, args: &ConfigArgs) -> Result<Exit, CliError> {
    match &args.command {
        None => list::run(ctx, &list::ListArgs {}),
        Some(ConfigCommand::List(args)) => list::run(ctx, args),
        Some(ConfigCommand::Get(args)) => get::run(ctx, args),
        Some(ConfigCommand::Set(args)) => set::run(ctx, args),
    }
}

/// The key that was meant, also without `agents.`.
fn key(text: &str) -> Result<(Key, String), CliError> {
    let whole =
        if text.to_ascii_lowercase().starts_with("agents.") { text.to_owned() } else { format!("agents.{text}") };
    keys::find(&whole).ok_or_else(|| {
        let shown: String = text.chars().take(60).collect();
        CliError::usage(format!("{shown:?} is no setting"))
            .hint(format!("git agents config get {}", keys::nearest(&whole)))
            .hint("git agents config list")
    })
}
