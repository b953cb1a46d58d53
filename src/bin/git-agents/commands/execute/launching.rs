//! The options that say which program agents are, and how it is called.

use std::time::Duration;

use clap::Args;
use git_agents::duration;
use git_agents::execute::launch::How;

use crate::error::CliError;

/// Which program agents are.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct LaunchArgs {
    /// The profile of the agent program [default: that of the agent, or agents.profile].
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The model.
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["preset", "models"])]
    model: Option<String>,
    /// The preset that chooses the model for each task [default: agents.preset, or balanced].
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Choose only among these models.
    #[arg(long, value_name = "MODEL,…", value_delimiter = ',')]
    models: Vec<String>,
    /// End a run that takes longer, such as 45m or 2h.
    #[arg(long, value_name = "DURATION", value_parser = span)]
    timeout: Option<Duration>,
    /// Run them in windows of tmux, where each can be seen (git agents attach AGENT).
    #[arg(long)]
    tmux: bool,
    /// A variable for the agents' environment; may be repeated.
    #[arg(long = "env", value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// The command instead of a profile's, with {prompt}, {prompt_file}, {task}, {branch}, {worktree}, {agent}, {model}
    /// and {port}; no shell is asked.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

impl LaunchArgs {
    /// The same, checked.
    pub(crate) fn how(self) -> Result<How, CliError> {
        let LaunchArgs { profile, model, preset, models, timeout, tmux, env, command } = self;
        let pair = |text: &String| match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.into())),
            _ => Err(CliError::usage(format!("{text:?} is no variable: write --env NAME=VALUE"))),
        };
        let env = env.iter().map(pair).collect::<Result<_, _>>()?;
        if tmux {
            git_agents::run::tmux::look_for()?;
        }
        if command.first().is_some_and(String::is_empty) {
            return Err(CliError::usage("the command is empty"));
        }
        Ok(How { command, profile, model, preset, models, timeout, in_tmux: tmux, env })
    }
}

fn span(text: &str) -> Result<Duration, String> {
    match duration::parse(text) {
        Ok(span) if span.is_zero() => Err("it must be longer than nothing".to_owned()),
        Ok(span) => Ok(span),
        Err(error) => Err(error.to_string()),
    }
}
