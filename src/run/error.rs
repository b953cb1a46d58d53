//! What stands in the way of a run.

use std::path::PathBuf;

use super::id::RunId;
use crate::agent::AgentName;
use crate::git::GitError;
use crate::git::refs::RefError;
use crate::store::StoreError;

/// Why a run was not started, stopped or looked at.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The agent has one.
    #[error("{agent} has a run already: {id}")]
    Busy {
        /// Whose.
        agent: AgentName,
        /// Which.
        id: RunId,
    },
    /// Something runs in the agent's worktree, or may.
    #[error("{agent} is running in its worktree")]
    StillRunning {
        /// Whose.
        agent: AgentName,
    },
    /// As many as may are running.
    #[error("as many agents are running as may at once: agents.maxConcurrent is {limit}")]
    OverLimit {
        /// How many may.
        limit: usize,
        /// How many are.
        live: usize,
    },
    /// There is nothing to run.
    #[error("there is no command to run")]
    NoCommand,
    /// The program is not there or cannot be run.
    #[error("{program} cannot be started: {reason}")]
    Program {
        /// What was to be run.
        program: String,
        /// What the system says.
        reason: String,
    },
    /// The folder that it is to run in is not there.
    #[error("{} is not a folder", .dir.display())]
    NoFolder {
        /// Where it was to run.
        dir: PathBuf,
    },
    /// A variable that the environment cannot have.
    #[error("{name:?} cannot be the name of a variable")]
    BadVariable {
        /// Its name.
        name: String,
    },
    /// What is to watch over it could not be started.
    #[error("the run's supervisor could not be started: {reason}")]
    Supervisor {
        /// What went wrong.
        reason: String,
    },
    /// Somebody else has been starting one for too long.
    #[error("somebody has been starting or removing an agent for {seconds} seconds{}", .first.map(|pid| format!(": process {pid}")).unwrap_or_default())]
    Queue {
        /// How long it was waited for.
        seconds: u64,
        /// The number of its process.
        first: Option<u32>,
    },
    /// A value of the configuration makes no sense.
    #[error("{key} is {value:?}, which is not what it takes")]
    Setting {
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
    },
    /// It has not ended, although everything was done to end it.
    #[error("{agent}'s run could not be ended: {left} of its processes are still there")]
    NotEnded {
        /// Whose.
        agent: AgentName,
        /// How many.
        left: usize,
    },
    /// It is held, and what holds it cannot be seen.
    #[error("{agent}'s run could not be ended: what watches over it cannot be seen from here")]
    OutOfReach {
        /// Whose.
        agent: AgentName,
    },
    /// The same of one of which nothing can be read.
    #[error("the run {id} could not be ended: {left} of its processes can be seen and are still there")]
    HiddenNotEnded {
        /// Which.
        id: RunId,
        /// How many.
        left: usize,
    },
    /// A run whose records cannot be read is alive.
    #[error("a run is alive whose records cannot be read: it may be {agent}'s")]
    Hidden {
        /// Whose it may be.
        agent: AgentName,
    },
    /// Agents run, and none may.
    #[error("{live} agents are running")]
    Live {
        /// How many.
        live: usize,
    },
    /// It does not read what is sent to it.
    #[error("{agent}'s program takes no input")]
    TakesNoInput {
        /// Whose.
        agent: AgentName,
    },
    /// Somebody has said that nothing more comes.
    #[error("{agent}'s input has ended: nothing more can be sent to it")]
    InputEnded {
        /// Whose.
        agent: AgentName,
    },
    /// It has not read what was sent to it before.
    #[error("{agent}'s program does not read its input: it has taken {taken} of {of} bytes")]
    DoesNotRead {
        /// Whose.
        agent: AgentName,
        /// How much it has taken.
        taken: usize,
        /// How much there was.
        of: usize,
    },
    /// How it ended could not be put into the history.
    #[error("how {id} ended cannot be recorded: {reason}")]
    NotRecorded {
        /// Which.
        id: RunId,
        /// What the rules say.
        reason: String,
    },
    /// It is not running.
    #[error("{id} is not running")]
    NotRunning {
        /// Which.
        id: RunId,
    },
    /// A file or a folder cannot be used.
    #[error("{}: {reason}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// git could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A ref could not be read.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// The state could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RunError {
    /// What the system said about a path.
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| RunError::Io { path, reason: error.to_string() }
    }
}
