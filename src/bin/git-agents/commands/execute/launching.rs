//! The options that say which program agents are, and how it is called.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;
use git_agents::duration;
use git_agents::run::how::How;
use git_agents::run::{Mode, tmux};

use crate::commands::complete_values::{preset_names, profile_names};
use crate::context::Context;
use crate::error::CliError;

/// Which program agents are.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct LaunchArgs {
    /// The profile of the agent program: claude, codex, … or one of your own [default: that of the agent, or
    /// agents.profile].
    #[arg(long, value_name = "NAME", conflicts_with = "command", add = profile_names())]
    profile: Option<String>,
    /// The model, as the program calls it.
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["preset", "models"])]
    model: Option<String>,
    /// The preset that chooses the model for each task [default: agents.preset, or balanced].
    #[arg(long, value_name = "NAME", add = preset_names())]
    preset: Option<String>,
    /// Choose only among these models.
    #[arg(long, value_name = "MODEL,…", value_delimiter = ',')]
    models: Vec<String>,
    /// End a run that takes longer, such as 45m or 2h.
    #[arg(long, value_name = "DURATION", value_parser = span)]
    timeout: Option<Duration>,
    /// Run it in a window of tmux, where it can be seen and told things (git agents attach AGENT).
    #[arg(long)]
    tmux: bool,
    /// A variable for the agent's environment; may be repeated.
    #[arg(long = "env", value_name = "NAME=VALUE")]
    env: Vec<OsString>,
    /// The command instead of a profile's, with {prompt}, {prompt_file}, {task}, {branch}, {worktree}, {git_dir}, {agent},
    /// {model} and {port}; no shell is asked. A program with a path is looked for in the agent's worktree, then here.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl LaunchArgs {
    /// The same, checked.
    pub(crate) fn how(self, ctx: &Context) -> Result<How, CliError> {
        let LaunchArgs { profile, model, preset, models, timeout, tmux, env, command } = self;
        let env = env.iter().map(variable).collect::<Result<_, _>>()?;
        if tmux {
            tmux::look_for()?;
        }
        if command.first().is_some_and(|program| program.is_empty()) {
            return Err(CliError::usage("the command is empty"));
        }
        let mode = if tmux { Mode::Tmux } else { Mode::Background };
        let typed_in = ctx.absolute(".".as_ref())?;
        Ok(How { command, typed_in, profile, model, preset, models, timeout, mode, env })
    }
}

fn variable(text: &OsString) -> Result<(String, OsString), CliError> {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let bytes = text.as_bytes();
    let at = bytes.iter().position(|byte| *byte == b'=');
    let name = at.and_then(|at| std::str::from_utf8(&bytes[..at]).ok()).filter(|name| !name.is_empty());
    match (name, at) {
        (Some(name), Some(at)) => Ok((name.to_owned(), OsString::from_vec(bytes[at + 1..].to_vec()))),
        _ => Err(CliError::usage(format!("{text:?} is no variable: write --env NAME=VALUE"))),
    }
}

fn span(text: &str) -> Result<Duration, String> {
    match duration::parse(text) {
        Ok(span) if span.is_zero() => Err("it must be longer than nothing".to_owned()),
        Ok(span) => Ok(span),
        Err(error) => Err(error.to_string()),
    }
}
