//! From an agent and a task to what is run: the command that was given, or that of a profile, with the values for its
//! placeholders; the place; and the environment. Whatever starts runs does it by this.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::RunError;
use super::how::{How, Known};
use super::id::RunId;
use super::list::{self, Run};
use super::program::{Missing, Places};
use super::record::Mode;
use super::settle;
use super::start::{self, Request, Started};
use super::tmux::{self, TmuxError};
use crate::agent::{Agent, AgentName};
use crate::git::{Repository, worktrees};
use crate::preset::{PresetError, Subject};
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
    /// How.
    pub how: &'a How,
    /// What the program is told; none for the task's brief.
    pub prompt: Option<&'a str>,
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
    /// The program is not there.
    #[error("{program} cannot be started: {missing}")]
    NoProgram {
        /// What was to be run.
        program: String,
        /// Where it is not.
        missing: Missing,
        /// How it is installed; empty when nobody has said.
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

    /// Start it without us: in the background, or in a window. `program` is where our own is.
    ///
    /// # Errors
    /// See [`RunError`] and [`TmuxError`]; nothing is left then.
    pub fn start(&self, repo: &Repository, world: &World, program: &Path) -> Result<Started, TmuxError> {
        match self.mode {
            Mode::Tmux => tmux::start(repo, world, program, &self.request()),
            Mode::Background | Mode::Foreground => Ok(start::start(repo, world, program, &self.request())?),
        }
    }
}

/// Put together what is to be run. A prompt that the program reads from a file is written.
///
/// # Errors
/// See [`ComposeError`].
pub fn compose(repo: &Repository, world: &World, state: &State, wanted: &Wanted<'_>) -> Result<Composed, ComposeError> {
    let Wanted { agent, task, how, resume, batch, .. } = *wanted;
    let name = &agent.name;
    let dir = worktree(repo, agent)?;
    let before = if resume { Some(resumable(repo, name)?) } else { None };
    let last = before.as_ref().map(|(run, _)| run.plan());
    let known = Known::of(repo);
    let profile = how.profile(&known, name, last.and_then(|plan| plan.profile.as_deref()))?;
    let (model, reason) = how.model(&known, &profile, task.map(Subject::from).as_ref())?;
    let mut env = ready::environment(repo, name, task.map(|task| &task.id), &dir)?;
    env.extend(how.env.iter().cloned());
    let mut composed = Composed {
        agent: name.clone(),
        task: task.map(|task| task.id.clone()).or_else(|| last?.task.clone()),
        argv: Vec::new(),
        env,
        input: Input::Nothing,
        profile: (!profile.is_given()).then(|| profile.name.clone()),
        model,
        reason,
        cost: CostSource::default(),
        resumes: before.as_ref().map(|(run, _)| run.id.clone()),
        mode: how.mode,
        timeout: how.timeout,
        batch: batch.map(ToOwned::to_owned),
        dir,
    };
    let session = before.as_ref().map(|(_, session)| session.as_str());
    let prompt = match (wanted.prompt, session) {
        (Some(prompt), _) => Some(prompt.to_owned()),
        (None, Some(_)) => Some(GO_ON.to_owned()),
        (None, None) => brief(repo, world, state, wanted, &profile, &composed.dir)?,
    };
    composed.command(repo, wanted, &profile, prompt.as_deref(), session)?;
    Ok(composed)
}

/// A task that is to be run, before anything of it need be there.
#[derive(Debug, Clone, Copy)]
pub struct Ahead<'a> {
    /// Who is to do it; the agent may have to be made.
    pub agent: &'a AgentName,
    /// Its worktree, when there is one.
    pub worktree: Option<&'a Path>,
    /// What it is called.
    pub task: &'a TaskId,
    /// What it is.
    pub subject: Subject<'a>,
    /// How.
    pub how: &'a How,
}

/// Refuse what would only be found when it is begun: a profile, a preset or a placeholder that there is not, a value that
/// is missing, a program that is nowhere. The model that it would get is given back, with the reason.
///
/// # Errors
/// See [`ComposeError`].
pub fn check(known: &Known<'_>, ahead: &Ahead<'_>) -> Result<(Option<String>, Option<String>), ComposeError> {
    let Ahead { agent, worktree, task, subject, how } = ahead;
    start::check_env(&how.env)?;
    let profile = how.profile(known, agent, None)?;
    let chosen = how.model(known, &profile, Some(subject))?;
    let dir = worktree.unwrap_or(&how.typed_in);
    // Of what is known only then, anything will do.
    let values = Values {
        prompt: Some(""),
        prompt_file: Some(dir),
        model: chosen.0.as_deref(),
        agent: agent.as_str(),
        task: Some(task.as_str()),
        branch: agent.as_str(),
        worktree: dir,
        git_dir: known.repo.common_dir(),
        port: Some(1),
        session: None,
    };
    let argv = profile.command(&values, profile::Mode::Alone)?.argv;
    // What holds a placeholder depends on what is known only then.
    if let Some(program) =
        profile.command.program().filter(|program| argv.first().is_some_and(|first| first == program))
    {
        let typed_in = Some(how.typed_in.as_path()).filter(|_| profile.is_given());
        let places = Places { worktree: *worktree, typed_in, env: &how.env };
        places.find_ahead(known.repo, program).map_err(|missing| no_program(program, missing, &profile))?;
    }
    Ok(chosen)
}

fn no_program(program: &OsStr, missing: Missing, profile: &Profile) -> ComposeError {
    let (program, install) = (program.to_string_lossy().into_owned(), profile.install.clone());
    ComposeError::NoProgram { program, missing, install }
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

/// What the agent is told about its task; in a terminal, where somebody can tell it, nothing will do. A command that was
/// given is told what it asks for.
fn brief(
    repo: &Repository,
    world: &World,
    state: &State,
    wanted: &Wanted<'_>,
    profile: &Profile,
    dir: &Path,
) -> Result<Option<String>, ComposeError> {
    let is_given = profile.is_given();
    if wanted.task.is_none() {
        return match wanted.how.mode {
            Mode::Background if !is_given => Err(ComposeError::NothingToDo { agent: wanted.agent.name.clone() }),
            _ => Ok(None),
        };
    }
    if is_given && !profile.command.says_prompt() {
        return Ok(None);
    }
    let template = Template::configured(repo, world)?;
    let told_by = Some(profile).filter(|_| !is_given);
    let subject =
        prompt::Subject { agent: Some(wanted.agent), worktree: Some(dir), task: wanted.task, profile: told_by };
    Ok(Some(prompt::brief(&template, &prompt::gather(repo, world.now, state, &subject))?))
}

impl Composed {
    /// The program, its arguments and its input.
    fn command(
        &mut self,
        repo: &Repository,
        wanted: &Wanted<'_>,
        profile: &Profile,
        prompt: Option<&str>,
        session: Option<&str>,
    ) -> Result<(), ComposeError> {
        let write = |prompt| {
            let folder = repo.agents_dir().join("prompts");
            profile::prompt_file::write(repo, &wanted.agent.name, prompt).map_err(RunError::io(folder))
        };
        let file = prompt.map(write).transpose()?;
        let port = self.env.iter().find(|(name, _)| name == "GIT_AGENTS_PORT");
        let values = Values {
            prompt,
            prompt_file: file.as_deref(),
            model: self.model.as_deref(),
            agent: self.agent.as_str(),
            task: self.task.as_ref().map(TaskId::as_str),
            branch: &wanted.agent.branch,
            worktree: &self.dir,
            git_dir: repo.common_dir(),
            port: port.and_then(|(_, value)| value.to_str()?.parse().ok()),
            session,
        };
        let mode = match (session, self.mode) {
            (Some(_), _) => profile::Mode::Resume,
            // Of a batch, nobody waits for one that is never done: in a window too it does its task and ends.
            (None, Mode::Tmux) if self.batch.is_some() => profile::Mode::Alone,
            (None, Mode::Background) => profile::Mode::Alone,
            (None, Mode::Tmux | Mode::Foreground) => profile::Mode::Terminal,
        };
        let made = profile.command(&values, mode)?;
        (self.argv, self.input, self.cost) = (made.argv, made.input, made.cost);
        let typed_in = Some(wanted.how.typed_in.as_path()).filter(|_| profile.is_given());
        let places = Places { worktree: Some(&self.dir), typed_in, env: &self.env };
        if let Some(program) = self.argv.first_mut() {
            let found = places.find(program).map_err(|missing| no_program(program, missing, profile))?;
            found.into_iter().for_each(|whole| *program = whole.into());
        }
        Ok(())
    }
}
