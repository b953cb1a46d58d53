//! From a task to a command: which program, with which model, told what.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use crate::agent::Agent;
use crate::git::Repository;
use crate::preset::{self, PresetError, Wanted};
use crate::profile::{self, Call, CostSource, Input, Origin, Profile, ProfileError, Values, prompt_file};
use crate::prompt::{self, PromptError, Subject, Template};
use crate::state::State;
use crate::task::Task;
use crate::worktree::ready::{self, PortsError};
use crate::world::World;

/// How agents are run, when nothing else is said for one of them.
#[derive(Debug, Clone, Default)]
pub struct How {
    /// The command, with placeholders; empty for that of a profile.
    pub command: Vec<String>,
    /// The profile.
    pub profile: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// The preset that chooses the model.
    pub preset: Option<String>,
    /// The models that it may choose.
    pub models: Vec<String>,
    /// How long a run may take.
    pub timeout: Option<Duration>,
    /// In windows of tmux, not in the background.
    pub in_tmux: bool,
    /// More of the environment.
    pub env: Vec<(String, OsString)>,
}

/// What a plan says of a task's own way.
#[derive(Debug, Clone, Copy, Default)]
pub struct Own<'a> {
    /// Its profile.
    pub profile: Option<&'a str>,
    /// Its model.
    pub model: Option<&'a str>,
}

/// A command that is ready to be run.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The program and its arguments.
    pub argv: Vec<OsString>,
    /// More of the environment.
    pub env: Vec<(String, OsString)>,
    /// The profile that it comes from.
    pub profile: Option<String>,
    /// The model, when one is chosen.
    pub model: Option<String>,
    /// Why this model.
    pub reason: Option<String>,
    /// Its standard input.
    pub input: Input,
    /// Where it tells what it cost.
    pub cost: CostSource,
}

/// Why there is no command.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// Neither a command nor a profile was said.
    #[error("nothing says which program the agents are")]
    NoCommand,
    /// The program is not there.
    #[error("{program} is not installed")]
    NotInstalled {
        /// What was to be run.
        program: String,
        /// How it is installed, when that is known.
        install: String,
    },
    /// The profile.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The preset.
    #[error(transparent)]
    Preset(#[from] PresetError),
    /// The prompt.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// There are no ports for the agent.
    #[error(transparent)]
    Ports(#[from] PortsError),
    /// A file could not be written.
    #[error("the prompt cannot be written: {0}")]
    File(std::io::Error),
}

/// The profile that a task is run with: a command that was given counts as one of its own.
///
/// # Errors
/// See [`LaunchError`].
pub fn profile_of(repo: &Repository, how: &How, own: Own<'_>, agent: Option<&Agent>) -> Result<Profile, LaunchError> {
    if !how.command.is_empty() {
        return Ok(given(&how.command));
    }
    let name = own.profile.or(how.profile.as_deref());
    let found = profile::chosen(repo, agent.map(|agent| &agent.name), name)?;
    found.ok_or(LaunchError::NoCommand)
}

/// The model for a task, and why: what the plan says, else what the command says, else what the preset chooses. A
/// command that was given gets one only where somebody has said it.
///
/// # Errors
/// See [`LaunchError`].
pub fn model_of(
    repo: &Repository,
    how: &How,
    own: Own<'_>,
    profile: &Profile,
    task: &preset::Subject<'_>,
) -> Result<(Option<String>, Option<String>), LaunchError> {
    if let Some(model) = own.model.or(how.model.as_deref()) {
        return Ok((Some(model.to_owned()), None));
    }
    if !how.command.is_empty() && how.preset.is_none() && how.models.is_empty() {
        return Ok((None, None));
    }
    let wanted = Wanted { preset: how.preset.as_deref(), models: &how.models };
    let choice = preset::choose(repo, profile, &wanted, task)?;
    Ok((choice.model, Some(choice.reason)))
}

/// Refuse what would only fail later: a program that is not there.
///
/// # Errors
/// [`LaunchError::NotInstalled`]
pub fn check_installed(profile: &Profile, dir: &Path) -> Result<(), LaunchError> {
    let Call::Words(words) = &profile.command else { return Ok(()) };
    // A relative path is one in the agent's worktree, which may have to be made first.
    let Some(program) = words.first().filter(|program| !program.contains(['{', '/'])) else { return Ok(()) };
    match profile::command::is_installed(program.as_ref(), dir) {
        true => Ok(()),
        false => Err(LaunchError::NotInstalled { program: program.clone(), install: profile.install.clone() }),
    }
}

/// The command for `agent`, who is to do `task` in `worktree`; its prompt is written to a file.
///
/// # Errors
/// See [`LaunchError`].
pub fn launch(
    repo: &Repository,
    world: &World,
    state: &State,
    (agent, worktree, task): (&Agent, &Path, &Task),
    how: &How,
    own: Own<'_>,
) -> Result<Launch, LaunchError> {
    let profile = profile_of(repo, how, own, Some(agent))?;
    let (model, reason) = model_of(repo, how, own, &profile, &preset::Subject::from(task))?;
    let is_given = !how.command.is_empty();
    let subject = Subject {
        agent: Some(agent),
        worktree: Some(worktree),
        task: Some(task),
        profile: Some(&profile).filter(|_| !is_given),
    };
    let facts = prompt::gather(repo, world.now, state, &subject);
    let prompt = prompt::brief(&Template::configured(repo, world)?, &facts)?;
    let file = prompt_file::write(repo, &agent.name, &prompt).map_err(LaunchError::File)?;
    let mut env = ready::environment(repo, &agent.name, Some(&task.id), worktree)?;
    env.extend(how.env.iter().cloned());
    let values = Values {
        prompt: Some(&prompt),
        prompt_file: Some(&file),
        model: model.as_deref(),
        agent: agent.name.as_str(),
        task: Some(task.id.as_str()),
        branch: &agent.branch,
        worktree,
        git_dir: repo.common_dir(),
        port: port(&env),
        session: None,
    };
    let command = profile.command(&values, profile::Mode::Alone)?;
    let profile = (!is_given).then_some(profile.name);
    Ok(Launch { argv: command.argv, env, profile, model, reason, input: command.input, cost: command.cost })
}

/// A command that was given, as a profile.
fn given(words: &[String]) -> Profile {
    Profile {
        name: "the command".to_owned(),
        origin: Origin::Configured,
        command: Call::Words(words.to_vec()),
        interactive: None,
        opening: Vec::new(),
        model: Vec::new(),
        resume: None,
        stdin: profile::Stdin::Nothing,
        cost: profile::CostSource::default(),
        tiers: profile::Tiers::default(),
        instructions: String::new(),
        install: String::new(),
    }
}

fn port(env: &[(String, OsString)]) -> Option<u16> {
    let (_, port) = env.iter().find(|(name, _)| name == "GIT_AGENTS_PORT")?;
    port.to_str()?.parse().ok()
}
