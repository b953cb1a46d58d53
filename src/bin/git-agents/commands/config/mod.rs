//! `git agents config …`

pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod set;

use clap::{Args, Subcommand};
use git_agents::config::keys::{self, Key};
use git_agents::config::shared::SharedFile;
use git_agents::config::{self, Setting, Source};
use git_agents::git::Repository;
use git_agents::sync::{self, MODE_KEY, Mode};

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

/// Every setting with what holds, and the names in git's configuration that are none.
fn settings(repo: &Repository, file: Option<&SharedFile>) -> Result<(Vec<Setting>, Vec<String>), CliError> {
    let (mut settings, unknown) = config::all(repo, file)?;
    // Nobody synchronises by himself who has never decided to share.
    let by_default = |one: &&mut Setting| one.name == MODE_KEY && one.source == Source::Default;
    if let (Some(setting), Ok(Mode::Manual)) = (settings.iter_mut().find(by_default), sync::mode(repo)) {
        setting.values = vec!["manual".to_owned()];
    }
    Ok((settings, unknown))
}

/// Say which of its values a setting does not take: they count for nothing, or stop what needs them.
fn warn_of_values(ctx: &Context, setting: &Setting) {
    let Some((key, name)) = keys::find(&setting.name) else { return };
    for error in setting.values.iter().filter_map(|value| keys::check(&key, &name, value).err()) {
        ctx.ui.warn(&error.to_string());
    }
}
