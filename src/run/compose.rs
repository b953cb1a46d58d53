//! From an agent and a task to what is run: the command that was given, or that of a profile with the task's prompt; the
//! place; and the environment.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::error::RunError;
use super::id::RunId;
use super::list::{self, Run};
use super::record::Mode;
use super::settle;
use super::start::Request;
use crate::agent::{Agent, AgentName};
use crate::git::{Repository, worktrees};
use crate::preset::{self, PresetError};
use crate::profile::{self, CostSource, Input, Profile, ProfileError, Values};
use crate::prompt::{self, PromptError, Template};
use crate::state::State;
use crate::task::{Task, TaskId};
use crate::work::place::{self, Standing};
use crate::worktree::ready;
use crate::worktree::ready::ports::PortsError;
use crate::world::World;

/// What somebody wants to be run.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Whose run it is.
    pub agent: &'a Agent,
    /// What it is for.
    pub task: Option<&'a Task>,
    /// The program and its arguments; empty for the profile's.
    pub command: &'a [OsString],
    /// The profile; none for the agent's, or everybody's.
    pub profile: Option<&'a str>,
    /// The model; none for what the preset chooses for the task.
    pub model: Option<&'a str>,
    /// The preset; none for the one that is configured.
    pub preset: Option<&'a str>,
    /// Only these models; empty for all.
    pub models: &'a [String],
    /// What the program is told; none for the task's brief.
    pub prompt: Option<&'a str>,
    /// What the environment has besides.
    pub env: &'a [(String, OsString)],
    /// How it is started.
    pub mode: Mode,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// Go on with what the agent's last run has begun.
    pub resume: bool,
    /// The batch that it belongs to.
    pub batch: Option<&'a str>,
}

/// What is run.
#[derive(Debug, Clone)]
pub struct Composed {
    /// For whom.
    pub agent: AgentName,
    /// For what.
    pub task: Option<TaskId>,
    /// Where.
    pub dir: PathBuf,
    /// The program and its arguments.
    pub argv: Vec<OsString>,
    /// What the environment has besides.
    pub env: Vec<(String, OsString)>,
    /// The program's standard input.
    pub input: Input,
    /// The profile that it comes from.
    pub profile: Option<String>,
    /// The model that was chosen.
    pub model: Option<String>,
    /// Why that one.
    pub reason: Option<String>,
    /// How its output tells what it cost.
    pub cost: CostSource,
    /// The run that it goes on with.
    pub resumes: Option<RunId>,
    mode: Mode,
    timeout: Option<Duration>,
    batch: Option<String>,
}

/// Why nothing can be run.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// The agent has no worktree here that is in order.
    #[error("{agent} has no worktree here to work in")]
    NoWorktree {
        /// Who.
        agent: AgentName,
    },
    /// Nobody has said what to run.
    #[error("nobody has said which program {agent} is")]
    NoProfile {
        /// Who.
        agent: AgentName,
    },
    /// There is nothing that the program could be told.
    #[error("{agent} has no task, so there is nothing to tell its program")]
    NothingToDo {
        /// Who.
        agent: AgentName,
    },
    /// There is nothing to go on with, for this reason.
    #[error("{agent} has nothing to go on with: {reason}")]
    NothingToResume {
        /// Who.
        agent: AgentName,
        /// Why.
        reason: &'static str,
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
    /// The ports.
    #[error(transparent)]
    Ports(#[from] PortsError),
    /// The prompt's file, or the runs.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// What a program is told that goes on with what it knows already.
const GO_ON: &str = "You were interrupted. Look at the state of your worktree, then go on with the task.";

impl Composed {
    /// The request for it.
    pub fn request(&self) -> Request<'_> {
        Request {
            agent: &self.agent,
            task: self.task.as_ref(),
            argv: self.argv.clone(),
            dir: &self.dir,
            env: self.env.clone(),
            profile: self.profile.clone(),
            model: self.model.clone(),
            mode: self.mode,
            timeout: self.timeout,
            input: self.input.clone(),
            resumes: self.resumes.clone(),
            batch: self.batch.clone(),
            cost: self.cost.clone(),
        }
    }
}

/// Put together what is to be run.
///
/// # Errors
/// See [`ComposeError`].
pub fn compose(repo: &Repository, world: &World, state: &State, wanted: &Wanted<'_>) -> Result<Composed, ComposeError> {
    let agent = &wanted.agent.name;
    let dir = worktree(repo, wanted.agent)?;
    let task = wanted.task.map(|task| &task.id);
    let mut env = ready::environment(repo, agent, task, &dir)?;
    env.extend(wanted.env.iter().cloned());
    let mut composed = Composed {
        agent: agent.clone(),
        task: task.cloned(),
        argv: wanted.command.to_vec(),
        env,
        input: Input::Nothing,
        profile: None,
        model: wanted.model.map(ToOwned::to_owned),
        reason: None,
        cost: CostSource::default(),
        resumes: None,
        mode: wanted.mode,
        timeout: wanted.timeout,
        batch: wanted.batch.map(ToOwned::to_owned),
        dir,
    };
    let before = if wanted.resume { Some(resumable(repo, agent)?) } else { None };
    if let Some((run, _)) = &before {
        composed.task = composed.task.or_else(|| run.plan().task.clone());
        composed.resumes = Some(run.id.clone());
    }
    if !wanted.command.is_empty() {
        return Ok(composed);
    }
    let given = wanted.profile.or_else(|| before.as_ref().and_then(|(run, _)| run.plan().profile.as_deref()));
    let profile = profile::chosen(repo, Some(agent), given)?;
    let profile = profile.ok_or_else(|| ComposeError::NoProfile { agent: agent.clone() })?;
    if composed.model.is_none() {
        (composed.model, composed.reason) = model(repo, &profile, wanted)?;
    }
    let session = before.as_ref().map(|(_, session)| session.as_str());
    let prompt = match (wanted.prompt, session) {
        (Some(prompt), _) => Some(prompt.to_owned()),
        (None, Some(_)) => Some(GO_ON.to_owned()),
        (None, None) => brief(repo, world, state, wanted, &profile, &composed.dir)?,
    };
    command(repo, wanted, &profile, prompt.as_deref(), session, &mut composed)?;
    Ok(composed)
}

/// The agent's worktree, when it is there and has its branch.
fn worktree(repo: &Repository, agent: &Agent) -> Result<PathBuf, ComposeError> {
    let all = worktrees::list(repo).map_err(RunError::from)?;
    match place::standing(repo, &all, agent) {
        Standing::At(worktree) => Ok(worktree.path.clone()),
        _ => Err(ComposeError::NoWorktree { agent: agent.name.clone() }),
    }
}

/// The last run of an agent, and the name by which its program can go on.
fn resumable(repo: &Repository, agent: &AgentName) -> Result<(Run, String), ComposeError> {
    let nothing = |reason| ComposeError::NothingToResume { agent: agent.clone(), reason };
    let run = list::newest_of(repo, agent)?.ok_or_else(|| nothing("it has never run"))?;
    if run.is_live() {
        return Err(RunError::Busy { agent: agent.clone(), id: run.id }.into());
    }
    let told = settle::settled(&run).and_then(|settled| settled.session).or_else(|| settle::told(&run).session);
    match told {
        Some(session) => Ok((run, session)),
        None => Err(nothing("its program has not told its session")),
    }
}

fn model(
    repo: &Repository,
    profile: &Profile,
    wanted: &Wanted<'_>,
) -> Result<(Option<String>, Option<String>), ComposeError> {
    let Some(task) = wanted.task else { return Ok((None, None)) };
    let wishes = preset::choose::Wanted { preset: wanted.preset, models: wanted.models };
    let choice = preset::choose::choose(repo, profile, &wishes, &task.into())?;
    Ok((choice.model, Some(choice.reason)))
}

/// What the agent is told about its task; in a terminal, where somebody can tell it, nothing will do.
fn brief(
    repo: &Repository,
    world: &World,
    state: &State,
    wanted: &Wanted<'_>,
    profile: &Profile,
    dir: &std::path::Path,
) -> Result<Option<String>, ComposeError> {
    if wanted.task.is_none() {
        return match wanted.mode {
            Mode::Background => Err(ComposeError::NothingToDo { agent: wanted.agent.name.clone() }),
            Mode::Tmux | Mode::Foreground => Ok(None),
        };
    }
    let template = Template::configured(repo, world)?;
    let subject =
        prompt::Subject { agent: Some(wanted.agent), worktree: Some(dir), task: wanted.task, profile: Some(profile) };
    Ok(Some(prompt::brief(&template, &prompt::gather(repo, world.now, state, &subject))?))
}

fn command(
    repo: &Repository,
    wanted: &Wanted<'_>,
    profile: &Profile,
    prompt: Option<&str>,
    session: Option<&str>,
    composed: &mut Composed,
) -> Result<(), ComposeError> {
    let agent = &wanted.agent.name;
    let write = |prompt| {
        profile::prompt_file::write(repo, agent, prompt).map_err(RunError::io(repo.agents_dir().join("prompts")))
    };
    let file = prompt.map(write).transpose()?;
    let port = composed.env.iter().find(|(name, _)| name == "GIT_AGENTS_PORT");
    let values = Values {
        prompt,
        prompt_file: file.as_deref(),
        model: composed.model.as_deref(),
        agent: agent.as_str(),
        task: composed.task.as_ref().map(TaskId::as_str),
        branch: &wanted.agent.branch,
        worktree: &composed.dir,
        git_dir: repo.common_dir(),
        port: port.and_then(|(_, value)| value.to_str()?.parse().ok()),
        session,
    };
    let mode = match (session, wanted.mode) {
        (Some(_), _) => profile::Mode::Resume,
        // Of a batch, nobody waits for one that is never done: in a window too it does its task and ends.
        (None, Mode::Tmux) if wanted.batch.is_some() => profile::Mode::Alone,
        (None, Mode::Background) => profile::Mode::Alone,
        (None, Mode::Tmux | Mode::Foreground) => profile::Mode::Terminal,
    };
    let made = profile.command(&values, mode)?;
    (composed.argv, composed.input, composed.cost) = (made.argv, made.input, made.cost);
    composed.profile = Some(profile.name.clone());
    Ok(())
}
