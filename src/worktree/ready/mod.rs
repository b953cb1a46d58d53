//! Making a new worktree ready to work in: the ignored files that [`mod@include`] names are copied, and the commands of
//! `agents.setup` are run with the agent's own [`ports`] in their environment; before a worktree goes, those of
//! `agents.teardown`.
//!
//! All of it happens while the journal still knows how to undo the worktree's creation: a failure, or a kill, takes
//! worktree, branch and ports away again.

pub mod born;
pub mod commands;
pub mod copy;
pub mod include;
pub mod ports;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::agent::AgentName;
use crate::check::SettingsError;
use crate::config;
use crate::git::worktrees::{self, Worktree};
use crate::git::{GitError, Repository};
use crate::task::TaskId;

pub use born::Born;
pub use commands::{Commands, CommandsError, Event, Failure, Observer, Phase, Ran};
pub use copy::{Copied, CopyError, PassedOver, Why};
pub use include::{IncludeError, Source};
pub use ports::{Lease, PortsError};

/// What every new worktree gets, found out once for all that are made at the same time.
#[derive(Debug, Clone)]
pub struct Plan {
    source: Source,
    setup: Commands,
}

/// What was done to make a worktree ready.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prepared {
    /// What was copied; none where nobody has asked for anything.
    pub copied: Option<Copied>,
    /// Something was asked for, and there is no main worktree to copy it from.
    pub is_bare: bool,
    /// The commands that were run.
    pub ran: Vec<Ran>,
    /// The agent's ports, where a command may have used them.
    pub ports: Option<Lease>,
}

/// Why a worktree could not be made ready, or its commands not be run.
#[derive(Debug, thiserror::Error)]
pub enum ReadyError {
    /// It is not known what to copy.
    #[error(transparent)]
    Include(#[from] IncludeError),
    /// Something could not be copied.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// A command failed.
    #[error(transparent)]
    Commands(#[from] CommandsError),
    /// The commands did not fail, and what they left is no worktree of the agent's branch.
    #[error("the setup has left {} {what}", .path.display())]
    Broken {
        /// The worktree.
        path: PathBuf,
        /// What it is instead.
        what: String,
        /// Where the output of the last command is.
        log: PathBuf,
    },
    /// There are no ports for it.
    #[error(transparent)]
    Ports(#[from] PortsError),
    /// The configuration makes no sense.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl Plan {
    /// What new worktrees get; `with_setup` says whether commands are to be run.
    ///
    /// # Errors
    /// [`ReadyError::Include`] and [`ReadyError::Settings`]. Nothing has been made yet.
    pub fn of(repo: &Repository, with_setup: bool) -> Result<Self, ReadyError> {
        let mut setup = Commands::of(repo, Phase::Setup)?;
        if !with_setup {
            setup.commands.clear();
        }
        Ok(Plan { source: include::read(repo)?, setup })
    }

    /// Whether there is nothing to do to a new worktree.
    pub fn is_empty(&self) -> bool {
        self.setup.commands.is_empty() && matches!(self.source, Source::Nothing)
    }
}

/// Make the new `worktree` of `agent` ready. `id` names the log; `mark` is in the environment of everything that is
/// started.
///
/// # Errors
/// See [`ReadyError`]; what was done before stays, for the caller to undo.
pub fn prepare(
    repo: &Repository,
    plan: &Plan,
    agent: &AgentName,
    worktree: &Worktree,
    (id, mark): (&str, &str),
    observer: Observer<'_>,
) -> Result<Prepared, ReadyError> {
    let mut prepared = Prepared::default();
    match &plan.source {
        Source::Nothing => {}
        Source::Bare => prepared.is_bare = true,
        Source::Files(include) => prepared.copied = Some(copy::copy(include, &worktree.path, plan.setup.timeout)?),
    }
    if !plan.setup.commands.is_empty() {
        prepared.ports = ports::lease(repo, agent)?;
        let environment = environment(repo, agent, None, &worktree.path)?;
        prepared.ran = plan.setup.run(repo, agent, &worktree.path, (id, mark), &environment, observer)?;
        check_still(repo, worktree, &prepared.ran)?;
    }
    let has_copied = prepared.copied.as_ref().is_some_and(|copied| copied.files > 0);
    if has_copied || !prepared.ran.is_empty() {
        let included = prepared.copied.as_ref().map_or(&[][..], |copied| &copied.paths);
        born::note(repo, agent, worktree, included)?;
    }
    Ok(prepared)
}

/// Refuse what commands have made of a worktree that is one no more, or another branch's.
fn check_still(repo: &Repository, worktree: &Worktree, ran: &[Ran]) -> Result<(), ReadyError> {
    let all = worktrees::list(repo)?;
    let now = all.iter().find(|now| now.path == worktree.path);
    let what = match now {
        Some(now) if now.is_intact() && now.branch == worktree.branch => return Ok(()),
        Some(now) if now.is_intact() => {
            let other = now.branch.as_deref().map(|name| name.strip_prefix("refs/heads/").unwrap_or(name));
            format!("with {} checked out", other.unwrap_or("no branch"))
        }
        _ if !worktree.path.exists() => "gone".to_owned(),
        _ => "without its .git, so that it is no worktree any more".to_owned(),
    };
    let log = ran.last().map(|ran| ran.log.clone()).unwrap_or_default();
    Err(ReadyError::Broken { path: worktree.path.clone(), what, log })
}

/// Whether there is anything to run before a worktree goes.
///
/// # Errors
/// [`ReadyError::Settings`].
pub fn has_teardown(repo: &Repository) -> Result<bool, ReadyError> {
    Ok(!Commands::of(repo, Phase::Teardown)?.commands.is_empty())
}

/// Run the commands of `agents.teardown` in a worktree that is about to go. `id` names the log.
///
/// # Errors
/// See [`ReadyError`]; the worktree is still there.
pub fn teardown(
    repo: &Repository,
    agent: &AgentName,
    worktree: &Path,
    id: &str,
    observer: Observer<'_>,
) -> Result<Vec<Ran>, ReadyError> {
    let commands = Commands::of(repo, Phase::Teardown)?;
    if commands.commands.is_empty() {
        return Ok(Vec::new());
    }
    let environment = environment(repo, agent, None, worktree)?;
    let mark = mark(id);
    Ok(commands.run(repo, agent, worktree, (&format!("{id}-{agent}"), &mark), &environment, observer)?)
}

/// The variable that names the agent to whatever works for it.
pub const AGENT_VARIABLE: &str = "GIT_AGENTS_AGENT";

/// What everything that works for an agent finds in its environment: who it is, its task, its worktree, where work lands,
/// and its ports, which are leased now when it has none.
///
/// # Errors
/// See [`PortsError`].
pub fn environment(
    repo: &Repository,
    agent: &AgentName,
    task: Option<&TaskId>,
    worktree: &Path,
) -> Result<Vec<(String, OsString)>, PortsError> {
    let mut all: Vec<(String, OsString)> =
        vec![(AGENT_VARIABLE.to_owned(), agent.as_str().into()), ("GIT_AGENTS_WORKTREE".to_owned(), worktree.into())];
    let mut add = |name: &str, value: String| all.push((name.to_owned(), value.into()));
    if let Some(task) = task {
        add("GIT_AGENTS_TASK", task.to_string());
    }
    if let Ok(target) = config::target(repo) {
        add("GIT_AGENTS_TARGET", target.branch);
    }
    if let Some(Lease { ports, .. }) = ports::lease(repo, agent)? {
        add("GIT_AGENTS_PORT", ports.first().to_string());
        add("GIT_AGENTS_PORTS", ports.to_string());
    }
    Ok(all)
}

/// The agent is gone, or was never registered: its ports are free, and what was noted of its worktree goes.
pub fn forget(repo: &Repository, agent: &AgentName) {
    // What could not be given back now is found by doctor.
    drop(ports::release(repo, |name| name == agent.as_str()));
    born::forget(repo, agent);
}

/// What marks the processes of one operation; ids may be made to repeat.
pub fn mark(id: &str) -> String {
    format!("{id}-{}", std::process::id())
}
