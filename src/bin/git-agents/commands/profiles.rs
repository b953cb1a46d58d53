//! `git agents profiles`

use std::path::Path;

use clap::Args;
use git_agents::profile::{self, Profile};
use git_agents::run::program::Places;

use super::complete_values::profile_names;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::view::profiles::{ProfileView, ProfilesView};

/// List the profiles, each of which says how one agent program is called.
///
/// With NAME, show its command lines and what its program tells of itself. A profile is chosen with
/// `git agents config set profile NAME`, for one agent with `git agents config set AGENT.profile NAME`, for one run with
/// `--profile NAME`. Own ones are made with `git agents config set profile.NAME.command "PROGRAM {prompt}"`; the same way
/// are set interactive, resume, model, strong, standard, fast, stdin, shell, session, cost, tokens and instructions.
///
/// With `shell = true` a command is a script for sh, in which a placeholder is one word whatever its value. It is that for
/// this shell alone: where a script hands its words to another one, as through ssh, a variable or a pipe into sh, that one
/// reads the value again. What is plain to see of that, such as `sh -c "echo {prompt}"`, is refused, here and in commands
/// without shell; `sh -c 'echo "$1"' sh {prompt}` says the same safely.
#[derive(Debug, Args)]
pub(crate) struct ProfilesArgs {
    /// Show all that this profile says.
    #[arg(add = profile_names())]
    name: Option<String>,
}

pub(crate) fn run(ctx: &Context, args: &ProfilesArgs) -> Result<Exit, CliError> {
    let ProfilesArgs { name } = args;
    let repo = ctx.repo()?;
    let top = git_agents::config::main_folder(repo);
    let active = git_agents::config::value(repo, profile::PROFILE_KEY).unwrap_or_default();
    let view = |profile: &Profile| ProfileView::new(profile, *profile.name == *active, is_installed(profile, &top));
    if let Some(name) = name {
        ctx.ui.answer(&view(&profile::find(repo, name)?))?;
        return Ok(Exit::Good);
    }
    let (mut usable, mut unusable) = (Vec::new(), Vec::new());
    for (name, found) in profile::all(repo) {
        match found {
            Ok(profile) => usable.push(view(&profile)),
            Err(error) => unusable.push((name, CliError::from(error))),
        }
    }
    for (name, error) in &unusable {
        ctx.ui.warn(&format!("{name} cannot be used: {}", error.message));
    }
    if !active.is_empty() && !usable.iter().any(|profile| profile.name == active) {
        ctx.ui.warn(&format!("{} names {active}, which cannot be used", profile::PROFILE_KEY));
    }
    ctx.ui.answer(&ProfilesView::new(usable, unusable))?;
    Ok(Exit::Good)
}

/// Whether the system finds its program; none where only a shell knows what that is.
fn is_installed(profile: &Profile, top: &Path) -> Option<bool> {
    let program = profile.command.program()?;
    Some(Places { worktree: Some(top), typed_in: None, env: &[] }.find(program).is_ok())
}
