//! `git agents config set`

use clap::Args;
use git_agents::config::{self, Source, keys};
use git_agents::git::Repository;
use git_agents::{preset, profile};

use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::config::SettingView;

/// Set one, for this repository, in git's configuration.
///
/// The value is checked first. What is given for one command with `git -c`, or for one worktree, stays stronger.
#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    /// The setting, with or without `agents.`.
    key: String,
    /// Its value; an empty one takes it back.
    #[arg(allow_hyphen_values = true)]
    value: String,
}

pub(crate) fn run(ctx: &Context, args: &SetArgs) -> Result<Exit, CliError> {
    let repo = ctx.repo()?;
    let (key, name) = super::key(&args.key)?;
    if args.value.is_empty() {
        config::unset(repo, &name)?;
    } else {
        keys::check(&key, &name, &args.value)?;
        config::replace(repo, &name, &args.value)?;
    }
    let repo = Repository::discover(ctx.dir())?;
    // A file that cannot be read says nothing, which is not what this command is about.
    let file = config::shared::read(&repo).ok().flatten();
    let (settings, _) = super::settings(&repo, file.as_ref())?;
    let setting = settings.iter().find(|setting| setting.name == name);
    if let Some(setting) = setting.filter(|one| one.source != Source::Local && !args.value.is_empty()) {
        ctx.ui.warn(&format!("{name} is set, and what the {} says is stronger", setting.source.word()));
    }
    if let Some(problem) = unusable(&repo, &name).filter(|_| !args.value.is_empty()) {
        ctx.ui.warn(&problem);
    }
    ctx.ui.answer(&SettingView::of(&name, setting))?;
    Ok(Exit::Good)
}

/// Why what a name names cannot be used; it may still be on its way.
fn unusable(repo: &Repository, name: &str) -> Option<String> {
    if let Some(preset) = name.strip_prefix("agents.preset.").and_then(|rest| rest.split('.').next()) {
        return preset::find(repo, preset).err().map(|error| error.to_string());
    }
    match name {
        preset::PRESET_KEY => preset::active(repo, None).err().map(|error| error.to_string()),
        profile::PROFILE_KEY => profile::chosen(repo, None, None).err().map(|error| error.to_string()),
        _ => None,
    }
}
